"""Every allowed connection: ends, ranges, ports, names, what Ingresses and routes let in, order."""

from __future__ import annotations

from typing import Any

from policyworld import FILES, Asked, ask, cnp, files, namespace, pod, policy, workload
from worlds import Doc, cilium, make_snapshot, make_store, node

from pointsman.tui.answers.policies.connections import Point, connections, port_list, reasons_of
from pointsman.tui.answers.policies.index import compile_index
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import EVENTS, NETWORKPOLICIES
from pointsman.tui.store.snapshot import Snapshot

WEB = workload("Deployment", "default/web", {"app": "web"}, [("http", "TCP", 8080)])
DB = workload("StatefulSet", "default/db", {"app": "db"}, [("pg", "TCP", 5432)])
SHUT = policy("{podSelector: {}, policyTypes: [Ingress, Egress]}", "default/shut")


def rows(snapshot: Snapshot) -> list[tuple[str, str, Any]]:
    index = Asked(snapshot).index
    return [(item.src.text, item.dst.text, port_list(item.ports)) for item in connections(index, snapshot)]


def tcp(*ports: int) -> list[Doc]:
    return [{"protocol": "TCP", "from": port, "to": port} for port in ports]


def service(name: str, selector: Doc, *ports: Doc) -> Doc:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": selector, "ports": list(ports)},
    }


def test_without_policies_everything_and_the_world() -> None:
    assert rows(files(WEB, DB)) == [
        ("0.0.0.0-255.255.255.255", "default/db", "all"),
        ("0.0.0.0-255.255.255.255", "default/web", "all"),
        ("default/db", "0.0.0.0-255.255.255.255", "all"),
        ("default/db", "default/web", "all"),
        ("default/web", "0.0.0.0-255.255.255.255", "all"),
        ("default/web", "default/db", "all"),
    ]


def test_only_what_both_ends_allow() -> None:
    snapshot = files(
        WEB, DB, SHUT,
        policy("{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {}}], ports: [{port: pg}, {port: 9}]}]}"),
        policy("{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{ports: [{port: 5432}]}]}", "default/out"),
    )  # fmt: skip
    assert rows(snapshot) == [
        ("default/web", "0.0.0.0-255.255.255.255", tcp(5432)),
        ("default/web", "default/db", tcp(5432)),
    ]


def test_ranges_are_cut_only_where_ports_differ() -> None:
    snapshot = files(
        WEB,
        policy(
            "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/9}}, {ipBlock: {cidr: 10.128.0.0/9}}]},"
            " {from: [{ipBlock: {cidr: 10.3.0.0/16}}], ports: [{port: 80}]},"
            " {from: [{ipBlock: {cidr: 11.0.0.0/8, except: [11.7.0.0/16]}}], ports: [{port: 443}]}]}"
        ),
    )
    assert [row for row in rows(snapshot) if row[1] == "default/web"] == [
        ("10.0.0.0-10.255.255.255", "default/web", "all"),
        ("11.0.0.0-11.6.255.255", "default/web", tcp(443)),
        ("11.8.0.0-11.255.255.255", "default/web", tcp(443)),
    ]


def test_all_ports_of_all_three_protocols_are_all() -> None:
    three = "{port: 1, endPort: 65535}, {protocol: UDP}, {protocol: SCTP, port: 1, endPort: 65535}"
    snapshot = files(WEB, DB, policy(f"{{podSelector: {{matchLabels: {{app: db}}}}, ingress: [{{ports: [{three}]}}]}}"))
    assert ("default/web", "default/db", "all") in rows(snapshot)


def test_ipv6_is_shown_where_the_cluster_has_it() -> None:
    shut = policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 'fd00:7::/64'}}]}]}")
    assert [row for row in rows(files(WEB, shut)) if row[1] == "default/web"] == []
    dual = files(WEB, shut, node("a", "fd00:7::1", version="v1.35.2"))
    assert [row for row in rows(dual) if row[1] == "default/web"] == [
        ("fd00:7::-fd00:7::ffff:ffff:ffff:ffff", "default/web", "all")
    ]


def owned(path: str, kind: str, name: str, **more: Any) -> Doc:
    return pod(
        path,
        {"app": "x", **more.pop("labels", {})},
        ownerReferences=[{"kind": kind, "name": name, "controller": True}],
        **more,
    )


def test_ends_are_the_workloads_as_far_as_the_objects_tell() -> None:
    replicaset = {
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": "web-1", "namespace": "default",
                     "ownerReferences": [{"kind": "Deployment", "name": "web", "controller": True}]},
    }  # fmt: skip
    ends = {
        (end.owner.kind, end.owner.name)
        for end in ask(
            WEB, replicaset, owned("default/web-1-a", "ReplicaSet", "web-1"), owned("default/web-1-b", "ReplicaSet", "web-1"),
            owned("default/lost-1-a", "ReplicaSet", "lost-1"), owned("default/job-a", "Job", "job"), pod("default/bare"),
            owned("default/static-a", "Node", "a"),
        ).index.ends if end.owner
    }  # fmt: skip
    assert ends == {
        ("Deployment", "web"), ("ReplicaSet", "lost-1"), ("Job", "job"), ("Pod", "bare"), ("Pod", "static-a"),
    }  # fmt: skip


def test_a_lone_replicaset_of_a_file_is_an_end() -> None:
    replicaset = {**WEB, "kind": "ReplicaSet"}
    (end,) = ask(replicaset).index.ends
    assert (end.owner and end.owner.kind, end.facts["l:app"]) == ("ReplicaSet", "web")


def test_pods_of_one_workload_are_one_end_and_never_reach_each_other_in_the_list() -> None:
    pods = [owned(f"default/w-{at}", "StatefulSet", "w", labels={"pod": str(at)}) for at in range(3)]
    some = policy("{podSelector: {matchLabels: {pod: '1'}}, ingress: [{ports: [{port: 80}]}]}")
    found = rows(files(pods, some, DB))
    assert [row for row in found if row[0] == row[1]] == []
    assert ("default/db", "default/w", "all") in found  # some of its pods are open


def test_finished_pods_are_no_ends() -> None:
    done = pod("default/done")
    done["status"]["phase"] = "Succeeded"
    assert ask(done).index.ends == ()


def test_what_an_ingress_lets_in() -> None:
    ingress = {
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i", "namespace": "default"},
        "spec": {"rules": [{"http": {"paths": [
            {"path": "/", "backend": {"service": {"name": "web", "port": {"name": "main"}}}},
            {"path": "/x", "backend": {"service": {"name": "nothing", "port": {"number": 1}}}},
        ]}}]},
    }  # fmt: skip
    front = service(
        "web", {"app": "web"}, {"name": "main", "port": 80, "targetPort": "http"}, {"name": "more", "port": 81}
    )
    found = [row for row in rows(files(WEB, front, ingress)) if row[0] == "ingress-controller"]
    assert found == [("ingress-controller", "default/web", tcp(8080))]
    shut = rows(files(WEB, front, ingress, SHUT))
    assert [row for row in shut if row[0] == "ingress-controller"] == []
    anyone = policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}", "default/open")
    assert ("ingress-controller", "default/web", tcp(8080)) in rows(files(WEB, front, ingress, SHUT, anyone))


def test_the_controller_that_runs_is_the_one_that_is_judged() -> None:
    route = {
        "apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": {"name": "r", "namespace": "default"},
        "spec": {"routes": [{"services": [{"name": "web", "port": 80}, {"name": "w", "kind": "TraefikService"}]}]},
    }  # fmt: skip
    weighted = {
        "apiVersion": "traefik.io/v1alpha1", "kind": "TraefikService", "metadata": {"name": "w", "namespace": "default"},
        "spec": {"weighted": {"services": [{"name": "db", "port": 5432}, {"name": "w", "kind": "TraefikService"}]}},
    }  # fmt: skip
    traefik = workload("Deployment", "kube-system/traefik", {"app.kubernetes.io/name": "traefik"})
    only = policy(
        "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}]}]}"
    )
    objects = [
        WEB, DB, service("web", {"app": "web"}, {"port": 80, "targetPort": 8080}), service("db", {"app": "db"}, {"port": 5432}),
        route, weighted, only,
    ]  # fmt: skip
    assert [row for row in rows(files(objects)) if row[0] == "ingress-controller"] == []
    assert [row for row in rows(files(objects, traefik)) if row[0] == "ingress-controller"] == [
        ("ingress-controller", "default/db", tcp(5432)),
        ("ingress-controller", "default/web", tcp(8080)),
    ]


def test_ciliums_own_ingress_is_an_identity() -> None:
    ingress = {
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i", "namespace": "default"},
        "spec": {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}},
    }  # fmt: skip
    front = service("web", {"app": "web"}, {"port": 80, "targetPort": 8080})

    def seen(rule: str) -> list[Any]:
        only = cnp(f"{{endpointSelector: {{}}, ingress: [{rule}]}}")
        found = rows(make_snapshot(WEB, front, ingress, cilium({"enable-ingress-controller": "true"}), only))
        return [row for row in found if row[0] == "ingress-controller"]

    assert seen("{fromEntities: [ingress]}") == [("ingress-controller", "default/web", tcp(8080))]
    assert seen("{fromEndpoints: [{}]}") == []


def test_what_a_gateway_route_lets_in() -> None:
    route = {
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "r", "namespace": "default"},
        "spec": {"rules": [{"backendRefs": [{"name": "web", "port": 80}, {"name": "b", "kind": "Bucket", "group": "x"}]}]},
    }  # fmt: skip
    front = service("web", {"app": "web"}, {"port": 80, "targetPort": 8080})
    assert ("ingress-controller", "default/web", tcp(8080)) in rows(files(WEB, front, route))


def test_names_are_ends_of_their_own() -> None:
    out = cnp(
        "{endpointSelector: {matchLabels: {app: web}}, egress: [{toFQDNs: [{matchName: a.example.org}, {matchPattern: '*.b.org'}],"
        " toPorts: [{ports: [{port: '443', protocol: TCP}]}]}]}"
    )
    found = [row for row in rows(files(WEB, out)) if row[0] == "default/web"]
    assert found == [("default/web", "*.b.org", tcp(443)), ("default/web", "a.example.org", tcp(443))]


def test_pods_on_the_nodes_network_reach_their_own_nodes_pods() -> None:
    agent = pod("default/agent", {"app": "agent"}, node="a", host=True)
    found = rows(files(namespace("default"), agent, pod("default/x", node="a"), pod("default/y", node="b"), SHUT))
    assert ("default/agent", "default/x", "all") in found
    assert ("default/agent", "default/y", "all") not in found
    assert ("0.0.0.0-255.255.255.255", "default/agent", "all") in found


def test_audit_mode_lets_everything_pass() -> None:
    nodes = [node("a", "192.168.7.11", version="v1.35.2")]
    found = rows(make_snapshot(nodes, cilium({"policy-audit-mode": "true"}), WEB, DB, SHUT))
    assert ("default/web", "default/db", "all") in found


def test_every_connection_can_be_explained() -> None:
    snapshot = files(WEB, DB, policy("{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {}}]}]}"))
    index = Asked(snapshot).index
    found = connections(index, snapshot)
    for item, because in zip(found, reasons_of(index, snapshot, found), strict=True):
        assert because, item
        assert {reason.decision for reason in because} == {"allow"}
    rule = dict(
        zip([(item.src.text, item.dst.text) for item in found], reasons_of(index, snapshot, found), strict=True)
    )
    assert "spec.ingress[0]" in {reason.rule for reason in rule[("default/web", "default/db")]}


def test_points_name_one_thing() -> None:
    assert Point("default", "web", "Deployment").text == "default/web"
    assert Point(cidr="10.0.0.0-10.0.0.1").text == "10.0.0.0-10.0.0.1"
    assert Point(name="ingress-controller").text == "ingress-controller"


def test_the_index_is_kept_until_a_kind_it_reads_changes() -> None:
    store = make_store(WEB, DB, cluster=FILES)
    first = compile_index(store.snapshot())
    store.change(EVENTS, [from_doc({"metadata": {"name": "e", "namespace": "x"}}, EVENTS)])
    assert compile_index(store.snapshot()) is first
    store.change(NETWORKPOLICIES, [from_doc(dict(SHUT), NETWORKPOLICIES)])
    second = compile_index(store.snapshot())
    assert second is not first
    assert [policy.ref.path for policy in second.policies] == ["default/shut"]


def cron(path: str, labels: Doc) -> Doc:
    space, name = path.split("/")
    made = workload("Job", path, labels)
    return {
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name, "namespace": space},
        "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": made["spec"]["template"]}}},
    }  # fmt: skip


def batch_job(path: str, labels: Doc, *, owner: str = "", ended: str = "") -> Doc:
    made = workload("Job", path, labels)
    made["apiVersion"] = "batch/v1"
    if owner:
        made["metadata"]["ownerReferences"] = [{"kind": "CronJob", "name": owner, "controller": True}]
    if ended:
        made["status"] = {"conditions": [{"type": ended, "status": "True"}]}
    return made


def test_jobs_and_cronjobs_are_ends_by_their_templates() -> None:
    jobs = [
        cron("default/backup", {"app": "backup"}),
        batch_job("default/backup-29", {"app": "backup"}, owner="backup"),
        batch_job("default/import", {"app": "import"}),
        batch_job("default/old", {"app": "old"}, ended="Complete"),
        batch_job("default/sad", {"app": "sad"}, ended="Failed"),
        batch_job("default/orphan", {"app": "orphan"}, owner="gone"),
    ]
    ends = [(end.owner.kind, end.owner.name, end.labels) for end in ask(jobs).index.ends if end.owner]
    assert ends == [
        ("CronJob", "backup", {"app": "backup"}),
        ("Job", "import", {"app": "import"}),
        ("Job", "orphan", {"app": "orphan"}),
    ]
    only = policy(
        "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: backup}}}]}]}"
    )
    found = [row for row in rows(files(jobs, DB, only)) if row[1] == "default/db"]
    assert found == [("default/backup", "default/db", "all")]


def test_a_pod_of_a_cronjobs_job_is_the_cronjobs() -> None:
    snapshot = files(
        cron("default/backup", {"app": "backup"}), batch_job("default/backup-29", {"app": "backup"}, owner="backup"),
        owned("default/backup-29-x", "Job", "backup-29", labels={"app": "backup"}),
    )  # fmt: skip
    (end,) = Asked(snapshot).index.ends
    assert end.owner is not None
    assert (end.owner.kind, end.owner.name, end.text) == ("CronJob", "backup", "default/backup-29-x")
    assert Asked(snapshot)("cj/backup", "world") is Asked(snapshot)("default/backup", "world")
