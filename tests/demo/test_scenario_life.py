"""The demo lives: what users change is followed, time brings renewals and mishaps, and a seed brings the same story."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from pointsman.tui.demo.clock import Clock
from pointsman.tui.demo.kube.events import Event
from pointsman.tui.demo.kube.logs import PodLogs
from pointsman.tui.demo.kube.storage import Storage
from pointsman.tui.demo.life import Life
from pointsman.tui.demo.scenario import VARIANTS, build
from pointsman.tui.demo.scenario.platform.metallb import elect
from pointsman.tui.demo.scenario.world import parse

NOW = datetime(2026, 11, 23, 18, 5, tzinfo=UTC)
Obj = dict[str, Any]


class Lab:
    """A homelab with its clock in the test's hand."""

    def __init__(self, variant: str, *, rate: float = 0.0, seed: int = 5) -> None:
        self.clock = Clock(NOW)
        self.scenario = build(variant, seed=seed, now=NOW)  # type: ignore[arg-type]
        self.storage = Storage(now=self.clock.now, seed=seed)
        self.storage.seed(self.scenario.objects)
        self.logs = PodLogs(fallback=lambda *place: self.life.log(*place))
        self.life = Life(self.storage, self.scenario, self.clock, rate=rate, logs=self.logs)
        self.events: list[Event] = []
        self.storage.listen(self.events.append)

    def step(self, seconds: float) -> None:
        self.life.step(seconds)

    def until(self, holds: Callable[[], object], limit: float = 60) -> float:
        """Step by half seconds until it holds; how long that took."""
        for half in range(int(limit * 2)):
            if holds():
                return half / 2
            self.step(0.5)
        pytest.fail(f"not within {limit} s")

    def get(self, resource: str, namespace: str, name: str) -> Obj:
        return self.storage.get(resource, namespace, name)

    def ip(self, namespace: str, name: str) -> str:
        ingress = self.get("services", namespace, name)["status"]["loadBalancer"].get("ingress")
        return ingress[0]["ip"] if ingress else ""

    def announcer(self, name: str) -> str:
        found = [
            s["status"]["node"]
            for s in self.storage.list("servicel2statuses.metallb.io")
            if s["status"]["serviceName"] == name
        ]
        assert len(found) <= 1
        return found[0] if found else ""

    def pods(self, namespace: str, app: str, label: str = "app.kubernetes.io/name") -> list[Obj]:
        return [p for p in self.storage.list("pods", namespace) if p["metadata"]["labels"].get(label) == app]

    def ready(self, namespace: str, app: str) -> int:
        return sum(is_ready(pod) for pod in self.pods(namespace, app))

    def balancer(self, name: str, notes: dict[str, str] | None = None, **spec: Any) -> None:
        """Create a LoadBalancer service in `default`."""
        body = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": "default", "annotations": notes or {}},
            "spec": {"type": "LoadBalancer", "selector": {"app": name}, "ports": [{"port": 80}], **spec},
        }
        self.storage.create(body, manager="kubectl-create")
        self.step(0)


def is_ready(pod: Obj) -> bool:
    conditions = pod["status"].get("conditions", [])
    return "deletionTimestamp" not in pod["metadata"] and any(
        c["type"] == "Ready" and c["status"] == "True" for c in conditions
    )


# -- at rest ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_start_is_what_the_controllers_want(variant: str) -> None:
    """Told that everything changed, they find nothing to do (but to say again what cannot be done)."""
    lab = Lab(variant)
    lab.life.resync()
    lab.step(0)
    assert [e for e in lab.events if e.key != ("", "events")] == []
    assert len(lab.events) <= (2 if variant == "broken" else 0)


@pytest.mark.parametrize(("variant", "most"), [("classic", 0.6), ("cilium", 1.8), ("broken", 2.6)])
def test_it_is_quiet_at_rest(variant: str, most: float) -> None:
    lab = Lab(variant)
    lab.step(300)
    assert 0 < len(lab.events) / 300 < most
    assert {e.key[1] for e in lab.events} <= {"leases", "nodes", "pods", "events"}


@pytest.mark.parametrize("variant", VARIANTS)
def test_leases_are_renewed_in_time(variant: str) -> None:
    lab = Lab(variant)
    for _ in range(24):
        lab.step(5)
        for lease in lab.storage.list("leases.coordination.k8s.io"):
            spec = lease["spec"]
            age = (lab.clock.now() - parse(spec["renewTime"])).total_seconds()
            ghost = variant == "broken" and lease["metadata"]["name"].endswith("home-home-assistant")
            if variant == "broken" and lease["metadata"]["name"].endswith("games-minecraft"):
                assert (
                    age < spec["leaseDurationSeconds"] + 4
                )  # the one that flaps runs out before another node takes it
                continue
            assert (age > spec["leaseDurationSeconds"]) == ghost, lease["metadata"]["name"]


def test_steps_add_up() -> None:
    """Ten steps of a second and one of ten tell the same story, and another seed another one."""

    def story(lab: Lab) -> list[tuple[object, ...]]:
        return [
            (e.type, e.key, e.object["metadata"]["name"], e.object["metadata"].get("generation")) for e in lab.events
        ]

    one, many, other = Lab("classic", rate=20), Lab("classic", rate=20), Lab("classic", rate=20, seed=6)
    one.step(600)
    for _ in range(600):
        many.step(1)
    other.step(600)
    assert story(one) == story(many)
    assert [e.object for e in one.events] == [e.object for e in many.events]
    assert story(one) != story(other)


def test_a_crd_that_somebody_deletes_is_no_fault_of_a_controller(caplog: pytest.LogCaptureFixture) -> None:
    lab = Lab("classic")
    lab.storage.delete("customresourcedefinitions.apiextensions.k8s.io", "", "servicel2statuses.metallb.io")
    with caplog.at_level(logging.INFO):
        lab.step(5)
        lab.balancer("late")
        lab.step(5)
    assert any("was refused" in record.message for record in caplog.records)
    assert all(record.levelno < logging.WARNING for record in caplog.records)
    assert lab.ip("default", "late")  # the others' life goes on


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_hour_passes_without_a_complaint(variant: str, caplog: pytest.LogCaptureFixture) -> None:
    lab = Lab(variant, rate=6)
    with caplog.at_level(logging.ERROR):
        lab.step(3600)
    assert not caplog.records
    kinds = Counter(e.key[1] for e in lab.events)
    assert kinds["pods"] > 20, "pods restart"
    if variant == "classic":
        assert kinds["servicel2statuses"] > 4, "announcers move"
    else:
        moves = [
            o["spec"]["leaseTransitions"]
            for o in lab.storage.list("leases.coordination.k8s.io")
            if "leaseTransitions" in o["spec"]
        ]
        assert sum(moves) > len(moves)
    oldest = min(parse(e["lastTimestamp"]) for e in lab.storage.list("events"))
    assert lab.clock.now() - oldest < timedelta(minutes=62)
    phases = Counter(pod["status"]["phase"] for pod in lab.storage.list("pods"))
    assert phases["Running"] + phases["Pending"] == len(
        [p for p in lab.scenario.find("Pod") if p["status"]["phase"] in ("Running", "Pending")]
    )


def test_a_clock_that_runs_needs_no_seconds() -> None:
    clock = Clock()
    scenario = build("classic", seed=5, now=clock.now())
    storage = Storage(now=clock.now, seed=5)
    storage.seed(scenario.objects)
    life = Life(storage, scenario, clock)
    before = storage.get("leases.coordination.k8s.io", "kube-node-lease", "shed")["spec"]["renewTime"]
    life.step()
    life.step(30)
    lease = storage.get("leases.coordination.k8s.io", "kube-node-lease", "shed")
    assert lease["spec"]["renewTime"] > before
    assert parse(lease["spec"]["renewTime"]) > datetime.now(UTC), "it was moved ahead"
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)


# -- workloads --------------------------------------------------------------------------------------------------------


def test_a_deployment_scales_and_its_slice_follows() -> None:
    lab = Lab("classic")
    lab.storage.modify("deployments.apps", "web", "site", lambda o: o["spec"].update(replicas=4), manager="kubectl")
    lab.step(0)
    status = lab.get("deployments.apps", "web", "site")["status"]
    assert (status["replicas"], status["readyReplicas"], status["unavailableReplicas"]) == (4, 2, 2)
    assert lab.until(lambda: lab.ready("web", "site") == 4) > 1, "containers take time to start"
    status = lab.get("deployments.apps", "web", "site")["status"]
    assert (status["availableReplicas"], status.get("unavailableReplicas")) == (4, None)
    piece = next(s for s in lab.storage.list("endpointslices.discovery.k8s.io", "web"))
    assert len(piece["endpoints"]) == 4
    assert len({p["status"]["podIP"] for p in lab.storage.list("pods") if not p["spec"].get("hostNetwork")}) > 30
    lab.storage.modify("deployments.apps", "web", "site", lambda o: o["spec"].update(replicas=0), manager="kubectl")
    lab.until(lambda: not lab.pods("web", "site"))
    piece = next(s for s in lab.storage.list("endpointslices.discovery.k8s.io", "web"))
    assert piece["endpoints"] == []


def test_a_rollout_replaces_pods_and_ends() -> None:
    lab = Lab("classic")
    before = {p["metadata"]["name"] for p in lab.pods("web", "site")}

    def restart(obj: Obj) -> None:
        obj["spec"]["template"]["metadata"].setdefault("annotations", {})["kubectl.kubernetes.io/restartedAt"] = "now"

    dep = lab.storage.modify("deployments.apps", "web", "site", restart, manager="kubectl")
    generation = dep["metadata"]["generation"]

    def done() -> bool:
        status = lab.get("deployments.apps", "web", "site")["status"]
        assert lab.ready("web", "site") >= 2, "never fewer than before"
        return bool(status["observedGeneration"] >= generation and status.get("updatedReplicas") == status["replicas"] == 2
                    and not before & {p["metadata"]["name"] for p in lab.pods("web", "site")})  # fmt: skip

    lab.until(done)
    dep = lab.get("deployments.apps", "web", "site")
    assert dep["status"]["conditions"][0]["reason"] == "NewReplicaSetAvailable"
    sets = lab.storage.list("replicasets.apps", "web")
    assert sorted(rs["spec"]["replicas"] for rs in sets) == [0, 2]
    assert dep["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == max(
        rs["metadata"]["annotations"]["deployment.kubernetes.io/revision"] for rs in sets
    )


def test_recreate_stops_before_it_starts() -> None:
    lab = Lab("classic")
    lab.storage.modify("deployments.apps", "vault", "vaultwarden",
                       lambda o: o["spec"]["template"]["spec"]["containers"][0].update(image="x:2"), manager="kubectl")  # fmt: skip
    most = 0
    for _ in range(40):
        lab.step(0.5)
        most = max(most, len(lab.pods("vault", "vaultwarden")))
    assert most == 1
    assert lab.ready("vault", "vaultwarden") == 1
    assert lab.pods("vault", "vaultwarden")[0]["spec"]["containers"][0]["image"] == "x:2"


@pytest.mark.parametrize(("namespace", "app", "same_name"), [("web", "site", False), ("db", "postgres", True)])
def test_a_deleted_pod_comes_back(namespace: str, app: str, same_name: bool) -> None:
    lab = Lab("classic")
    victim = lab.pods(namespace, app)[0]
    count = len(lab.pods(namespace, app))
    lab.storage.delete("pods", namespace, victim["metadata"]["name"])
    lab.step(0)
    piece = next(
        s for s in lab.storage.list("endpointslices.discovery.k8s.io", namespace) if app in s["metadata"]["name"]
    )
    gone = [p for p in piece["endpoints"] if p["targetRef"]["uid"] == victim["metadata"]["uid"]]
    assert [p["conditions"] for p in gone] == [{"ready": False, "serving": True, "terminating": True}]
    lab.until(lambda: lab.ready(namespace, app) == count and len(lab.pods(namespace, app)) == count)
    names = {p["metadata"]["name"] for p in lab.pods(namespace, app)}
    assert (victim["metadata"]["name"] in names) == same_name
    assert victim["metadata"]["uid"] not in {p["metadata"]["uid"] for p in lab.pods(namespace, app)}


def test_a_daemon_set_follows_the_nodes_labels() -> None:
    lab = Lab("broken")
    mark = {"home.example/metallb": "ready"}
    lab.storage.modify("nodes", "", "closet", lambda o: o["metadata"]["labels"].update(mark), manager="kubectl")
    lab.until(lambda: lab.get("daemonsets.apps", "metallb-system", "metallb-speaker")["status"]["numberReady"] == 3)


def test_a_pod_that_found_no_node_finds_one_later() -> None:
    lab = Lab("classic")
    lab.storage.modify("nodes", "", "loft", lambda o: o["spec"].update(unschedulable=True), manager="kubectl")
    lab.storage.delete("pods", "vault", lab.pods("vault", "vaultwarden")[0]["metadata"]["name"])
    lab.step(10)
    (pod,) = lab.pods("vault", "vaultwarden")
    assert (pod["status"]["phase"], pod["spec"].get("nodeName")) == ("Pending", None), "its volume is on loft"
    assert "FailedScheduling" in {e["reason"] for e in lab.storage.list("events", "vault")}
    lab.storage.modify("nodes", "", "loft", lambda o: o["spec"].pop("unschedulable"), manager="kubectl")
    lab.until(lambda: lab.ready("vault", "vaultwarden") == 1)
    assert lab.pods("vault", "vaultwarden")[0]["spec"]["nodeName"] == "loft"


def test_pods_of_two_containers_start() -> None:
    lab = Lab("cilium")
    lab.storage.delete("pods", "kube-system", lab.pods("kube-system", "hubble-ui", "k8s-app")[0]["metadata"]["name"])
    lab.step(30)
    (pod,) = lab.pods("kube-system", "hubble-ui", "k8s-app")
    assert is_ready(pod)
    started = [e["message"] for e in lab.storage.list("events", "kube-system") if e["reason"] == "Started"]
    assert sorted(started) == ["Started container backend", "Started container frontend"]


def test_jobs_run_and_finish() -> None:
    lab = Lab("classic")
    template = lab.get("cronjobs.batch", "backup", "restic")["spec"]["jobTemplate"]["spec"]["template"]
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "now", "namespace": "backup"},
        "spec": {"template": template},
    }
    lab.storage.create(job, manager="kubectl")
    lab.until(lambda: (lab.get("jobs.batch", "backup", "now").get("status") or {}).get("succeeded") == 1)
    assert lab.pods("backup", "now", "job-name")[0]["status"]["phase"] == "Succeeded"


def test_the_nightly_backup_runs_once() -> None:
    lab = Lab("classic")
    assert lab.get("cronjobs.batch", "backup", "restic")["status"]["lastScheduleTime"] == "2026-11-23T02:30:00Z"
    lab.step(8 * 3600 + 26 * 60)  # to 02:31
    cron = lab.get("cronjobs.batch", "backup", "restic")
    assert cron["status"]["lastScheduleTime"] == "2026-11-24T02:30:00Z"
    assert cron["status"]["lastSuccessfulTime"].startswith("2026-11-24T02:30:")
    jobs = lab.storage.list("jobs.batch", "backup")
    assert len(jobs) == 2, "the history holds two"
    assert jobs[-1]["metadata"]["name"] == f"restic-{int(datetime(2026, 11, 24, 2, 30, tzinfo=UTC).timestamp() // 60)}"
    assert len(lab.pods("backup", "restic")) == 2, "the oldest job's pod went with it"


def test_a_new_namespace_gets_its_account() -> None:
    lab = Lab("classic")
    lab.storage.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}}, manager="kubectl")
    lab.step(0)
    assert lab.get("serviceaccounts", "new", "default")
    assert lab.get("configmaps", "new", "kube-root-ca.crt")["data"]["ca.crt"].startswith("-----BEGIN CERT")


# -- addresses --------------------------------------------------------------------------------------------------------


def test_metallb_gives_an_address_announces_it_and_takes_it_back() -> None:
    lab = Lab("classic")
    lab.balancer("front")
    assert lab.ip("default", "front") == "192.168.7.109"
    service = lab.get("services", "default", "front")
    assert service["metadata"]["annotations"]["metallb.io/ip-allocated-from-pool"] == "lan"
    assert lab.announcer("front") == elect(("shed", "loft", "closet"), "192.168.7.109")[0]
    assert lab.get("ipaddresspools.metallb.io", "metallb-system", "lan")["status"]["assignedIPv4"] == 10
    reasons = {e["reason"] for e in lab.storage.list("events", "default") if e["involvedObject"]["name"] == "front"}
    assert reasons == {"IPAllocated", "nodeAssigned"}
    lab.storage.delete("services", "default", "front")
    lab.step(0)
    assert lab.announcer("front") == ""
    assert lab.get("ipaddresspools.metallb.io", "metallb-system", "lan")["status"]["assignedIPv4"] == 9


def test_metallb_honours_what_is_asked_for() -> None:
    lab = Lab("classic")
    lab.balancer("pinned", {"metallb.io/loadBalancerIPs": "192.168.7.222"})
    lab.balancer("older", {"metallb.universe.tf/loadBalancerIPs": "192.168.7.223"})
    lab.balancer("oldest", loadBalancerIP="192.168.7.230")
    lab.balancer("guest", {"metallb.io/address-pool": "guests"})
    names = ("pinned", "older", "oldest", "guest")
    assert [lab.ip("default", name) for name in names] == [
        "192.168.7.222", "192.168.7.223", "192.168.7.230", "192.168.7.60",
    ]  # fmt: skip
    lab.balancer("other", loadBalancerClass="example.com/lb")
    assert lab.ip("default", "other") == "", "somebody else's"


@pytest.mark.parametrize(
    ("notes", "why"),
    [
        ({"metallb.io/address-pool": "attic"}, 'unknown pool "attic"'),
        ({"metallb.io/loadBalancerIPs": "10.0.0.1"}, "is not allowed in config"),
        ({"metallb.io/loadBalancerIPs": "192.168.7.101"}, "sharing key"),
        (
            {"metallb.io/loadBalancerIPs": "192.168.7.101", "metallb.io/allow-shared-ip": "dns"},
            "udp/53 is already in use",
        ),
    ],
)
def test_metallb_says_why_not(notes: dict[str, str], why: str) -> None:
    lab = Lab("classic")
    lab.balancer("wish", notes, ports=[{"port": 53, "protocol": "UDP"}])
    assert lab.ip("default", "wish") == ""
    found = [e for e in lab.storage.list("events", "default") if e["involvedObject"]["name"] == "wish"]
    assert [(e["type"], e["reason"]) for e in found] == [("Warning", "AllocationFailed")]
    assert why in found[0]["message"]


def test_a_full_pool_and_a_freed_address() -> None:
    lab = Lab("broken")
    assert lab.ip("games", "creative-guests") == ""
    lab.storage.delete("services", "web", "site-guests")
    lab.step(0)
    assert lab.ip("games", "creative-guests") == "192.168.7.240"


def test_an_address_outside_all_pools_is_taken_away() -> None:
    lab = Lab("classic")
    lab.storage.modify("ipaddresspools.metallb.io", "metallb-system", "lan",
                       lambda o: o["spec"].update(addresses=["192.168.7.150-192.168.7.160"]), manager="kubectl")  # fmt: skip
    lab.step(0)
    ips = {lab.ip(s["metadata"]["namespace"], s["metadata"]["name"]) for s in lab.storage.list("services")}
    assert not any(ip.startswith("192.168.7.10") for ip in ips)
    assert "192.168.7.150" in ips
    assert lab.ip("kube-system", "traefik") == "", "it insists on its own address"


def test_a_speaker_that_goes_hands_over_and_takes_back() -> None:
    lab = Lab("classic")
    ip, nodes = "192.168.7.104", ["shed", "loft", "closet"]
    first, second, _ = elect(nodes, ip)
    assert lab.announcer("minecraft") == first
    speaker = next(
        p
        for p in lab.pods("metallb-system", "speaker", "app.kubernetes.io/component")
        if p["spec"]["nodeName"] == first
    )
    lab.storage.delete("pods", "metallb-system", speaker["metadata"]["name"])
    lab.step(0)
    assert lab.announcer("minecraft") == second
    lab.until(lambda: lab.announcer("minecraft") == first)
    told = [e["message"] for e in lab.storage.list("events", "games") if e["reason"] == "nodeAssigned"]
    assert any(second in text for text in told)


def test_local_traffic_is_announced_only_where_an_endpoint_is() -> None:
    lab = Lab("classic")
    homes = {p["spec"]["nodeName"] for p in lab.pods("dns", "pihole")}
    assert lab.announcer("pihole-udp") in homes
    lab.storage.modify("deployments.apps", "dns", "pihole", lambda o: o["spec"].update(replicas=0), manager="kubectl")
    lab.until(lambda: not lab.pods("dns", "pihole"))
    lab.step(0)
    assert lab.announcer("pihole-udp") == ""


def test_cilium_gives_addresses_and_holds_leases() -> None:
    lab = Lab("cilium")
    lab.balancer("front")
    assert lab.ip("default", "front") == "192.168.7.109"
    condition = lab.get("services", "default", "front")["status"]["conditions"][0]
    assert (condition["type"], condition["status"], condition["reason"]) == (
        "cilium.io/IPAMRequestSatisfied", "True", "satisfied",
    )  # fmt: skip
    lease = lab.get("leases.coordination.k8s.io", "kube-system", "cilium-l2announce-default-front")
    assert lease["spec"]["holderIdentity"] in ("shed", "loft", "closet")
    lab.step(60)
    again = lab.get("leases.coordination.k8s.io", "kube-system", "cilium-l2announce-default-front")
    assert again["spec"]["renewTime"] > lease["spec"]["renewTime"]
    assert again["spec"]["acquireTime"] == lease["spec"]["acquireTime"]
    lab.storage.delete("services", "default", "front")
    lab.step(0)
    assert lab.storage.peek("leases.coordination.k8s.io", "kube-system", "cilium-l2announce-default-front") is None


def test_a_cilium_lease_moves_when_its_agent_goes_and_stays_there() -> None:
    lab = Lab("cilium")
    name = "cilium-l2announce-games-minecraft"
    before = lab.get("leases.coordination.k8s.io", "kube-system", name)["spec"]
    agent = next(
        p for p in lab.pods("kube-system", "cilium", "k8s-app") if p["spec"]["nodeName"] == before["holderIdentity"]
    )
    lab.storage.delete("pods", "kube-system", agent["metadata"]["name"])
    lab.step(30)
    after = lab.get("leases.coordination.k8s.io", "kube-system", name)["spec"]
    assert after["holderIdentity"] != before["holderIdentity"]
    assert after["leaseTransitions"] == before["leaseTransitions"] + 1
    agents = lab.get("daemonsets.apps", "kube-system", "cilium")["status"]["numberReady"]
    assert agents == 3, "the agent is back, the lease is not: first come, first served"


def test_cilium_judges_policies_and_follows_endpoints() -> None:
    lab = Lab("cilium")
    rule = {"fromEndpoints": [{}], "fromCIDR": ["192.168.7.0/24"]}
    policy = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {"name": "mixed", "namespace": "vault"},
        "spec": {"endpointSelector": {}, "ingress": [rule]},
    }
    lab.storage.create(policy, manager="kubectl")
    lab.step(0)
    valid = lab.get("ciliumnetworkpolicies.cilium.io", "vault", "mixed")["status"]["conditions"][0]
    assert (valid["type"], valid["status"]) == ("Valid", "False")
    lab.storage.modify("deployments.apps", "web", "site", lambda o: o["spec"].update(replicas=3), manager="kubectl")
    lab.until(lambda: lab.ready("web", "site") == 3)
    names = {p["metadata"]["name"] for p in lab.pods("web", "site")}
    assert {o["metadata"]["name"] for o in lab.storage.list("ciliumendpoints.cilium.io", "web")} == names


def test_the_flapping_lease_flaps_and_the_ghost_stays_dead() -> None:
    lab = Lab("broken")
    flaps = [
        e.object["spec"]["holderIdentity"]
        for _ in range(60)
        if lab.step(10) is None
        for e in lab.events
        if e.object["metadata"]["name"] == "cilium-l2announce-games-minecraft"
        and e.previous
        and e.previous["spec"]["holderIdentity"] != e.object["spec"]["holderIdentity"]
        and not lab.events.clear()
    ]
    assert 5 <= len(flaps) <= 16
    ghost = lab.get("leases.coordination.k8s.io", "kube-system", "cilium-l2announce-home-home-assistant")
    assert lab.clock.now() - parse(ghost["spec"]["renewTime"]) > timedelta(minutes=30)
    dead = next(p for p in lab.pods("kube-system", "cilium", "k8s-app") if p["spec"]["nodeName"] == "closet")
    assert dead["status"]["containerStatuses"][0]["restartCount"] > 9


# -- logs and strange objects -----------------------------------------------------------------------------------------


def test_logs_grow_and_a_follower_sees_it() -> None:
    lab = Lab("classic")
    pod = lab.pods("dns", "pihole")[0]["metadata"]["name"]
    before = lab.logs.read("dns", pod, "pihole")
    assert len(before) > 50
    assert [line.time for line in before] == sorted(line.time for line in before)
    queue = lab.logs.follow("dns", pod, "pihole")
    lab.step(900)
    after = lab.logs.read("dns", pod, "pihole")
    fresh = after[len(before) :]
    assert len(fresh) > 5
    assert queue.qsize() == len(fresh)
    assert all(NOW < line.time <= lab.clock.now() for line in fresh)
    again = Lab("classic")
    again.step(900)
    assert again.logs.read("dns", pod, "pihole")[-len(fresh) :] == fresh, "a log does not depend on who reads it"


def test_a_restart_leaves_the_previous_log() -> None:
    lab = Lab("broken")
    pod = next(p for p in lab.pods("media", "qbittorrent"))
    name = pod["metadata"]["name"]
    restarted = parse(pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"])
    now, before = lab.logs.read("media", name, "qbittorrent"), lab.logs.previous("media", name, "qbittorrent")
    assert now[0].time >= restarted > before[-1].time
    assert len(before) > 20
    unread = lab.pods("web", "site")[0]
    lab.step(40)
    lab.life.restart("web", unread["metadata"]["name"], down=3)
    lab.step(60)
    old, new = (read("web", unread["metadata"]["name"], "site") for read in (lab.logs.previous, lab.logs.read))
    assert old[-1].time <= NOW + timedelta(seconds=40) < new[0].time
    assert new[0].text == "starting site"
    dead = next(p for p in lab.pods("kube-system", "cilium", "k8s-app") if p["spec"]["nodeName"] == "closet")
    for read in (lab.logs.read, lab.logs.previous):
        assert "level=fatal" in read("kube-system", dead["metadata"]["name"], "cilium-agent")[-1].text


def test_every_container_has_something_to_say() -> None:
    for variant in VARIANTS:
        lab = Lab(variant)
        for pod in lab.storage.list("pods"):
            for one in pod["spec"]["containers"] if pod["status"]["phase"] != "Pending" else ():
                meta = pod["metadata"]
                assert lab.logs.read(meta["namespace"], meta["name"], one["name"]), (variant, meta["name"], one["name"])


STRANGE = """
{apiVersion: v1, kind: Pod, metadata: {name: bare}, spec: {containers: [{name: c, image: i}]}}
---
apiVersion: v1
kind: Pod
metadata: {name: moon, namespace: kube-system}
spec: {nodeName: moon, containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Service
metadata: {name: empty}
spec: {type: LoadBalancer, selector: {a: b}, ports: [{port: 80}]}
---
{apiVersion: v1, kind: Service, metadata: {name: ext}, spec: {type: ExternalName, externalName: x.example}}
---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: odd, namespace: metallb-system}
spec: {addresses: [not-an-address, "fd00::/64", 192.168.7.70]}
---
{apiVersion: metallb.io/v1beta1, kind: L2Advertisement, metadata: {name: all, namespace: metallb-system}, spec: {}}
---
{apiVersion: cilium.io/v2, kind: CiliumLoadBalancerIPPool, metadata: {name: odd}, spec: {blocks: [{stop: 1.2.3.4}]}}
---
{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: bare, namespace: web}}
---
{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: node, namespace: web}, spec: {nodeSelector: {}}}
---
{apiVersion: cilium.io/v2alpha1, kind: CiliumL2AnnouncementPolicy, metadata: {name: odd}, spec: {loadBalancerIPs: true}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pinned}
spec:
  selector: {matchLabels: {x: y}}
  template:
    metadata: {labels: {x: y}}
    spec: {nodeSelector: {nowhere: "true"}, containers: [{name: c, image: i}]}
"""


@pytest.mark.parametrize("variant", VARIANTS)
def test_strange_objects_stop_nobody(variant: str, caplog: pytest.LogCaptureFixture) -> None:
    lab = Lab(variant)
    with caplog.at_level(logging.ERROR):
        for obj in yaml.safe_load_all(STRANGE):
            if lab.storage.resources.of_kind(obj["apiVersion"], obj["kind"]) is not None:
                obj["metadata"].setdefault("namespace", "default")
                lab.storage.create(obj, manager="kubectl")
        lab.step(120)
    assert not caplog.records, caplog.text
    assert lab.get("pods", "default", "bare")["status"]["phase"] == "Running"
    assert lab.get("pods", "kube-system", "moon")["status"]["phase"] == "Pending", "nobody is on the moon"
    assert lab.ip("default", "empty").startswith("192.168.7.")
