"""MetalLB's, Cilium's and kube-vip's objects on a real kube-apiserver: read right, and the actions written and taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import scenarios
import worlds
import yaml
from apiserver import RealCluster, real_apiserver
from writekit import Relay, desk_at, real_relay

from pointsman.tui.actions.addresses import pin_wish, pool_wish, share_wish
from pointsman.tui.actions.announcers import cordon_wish, restart_wish
from pointsman.tui.actions.desk import Desk
from pointsman.tui.actions.newpool import PoolAsked, pool_wishes
from pointsman.tui.actions.pipeline import Status
from pointsman.tui.actions.plan import Wish
from pointsman.tui.answers.ips import Address, Evidence, IpKind, ip_map
from pointsman.tui.answers.ips.metallb import EXCLUDE
from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.kinds import SERVICES

pytestmark = pytest.mark.realcluster
WEB, FILES = Ref(SERVICES.id, "media", "web"), Ref(SERVICES.id, "media", "files")


def crds() -> list[dict[str, Any]]:
    """The demo's definitions of both stacks, as plain manifests."""
    found = {}
    for variant in ("classic", "cilium"):
        for doc in scenarios.scenario(variant).objects:
            if doc["kind"] == "CustomResourceDefinition" and doc["spec"]["group"] in ("metallb.io", "cilium.io"):
                clean = {"apiVersion": doc["apiVersion"], "kind": doc["kind"], "spec": doc["spec"]}
                found[doc["metadata"]["name"]] = {**clean, "metadata": {"name": doc["metadata"]["name"]}}
    return list(found.values())


def world() -> list[dict[str, Any]]:
    """MetalLB gives and announces in ``media``; Cilium holds leases for a service of its class; kube-vip for one of its."""
    docs = [
        *worlds.k3s_nodes("--disable=servicelb"), *worlds.metallb(), *worlds.cilium(),
        worlds.metallb_pool("lan", "192.168.7.100-192.168.7.110"), worlds.metallb_pool("guests", "192.168.7.60-192.168.7.69"),
        worlds.l2_advertisement("lan", "lan"), worlds.l2_status("media/web", "shed"),
        worlds.service("web", "media", annotations={"metallb.io/ip-allocated-from-pool": "lan"}, ips=["192.168.7.100"]),
        worlds.service("files", "media", annotations={"metallb.io/ip-allocated-from-pool": "lan"}, ips=["192.168.7.101"],
                       ports=((445, "TCP"),)),
        worlds.service("game", "games", ips=["192.168.7.200"], spec={"loadBalancerClass": "io.cilium/l2-announcer"}),
        worlds.cilium_pool("more", {"start": "192.168.7.200", "stop": "192.168.7.210"}), worlds.l2_policy(),
        worlds.l2_lease("games/game", "loft"),
        worlds.daemonset("kube-vip", "kube-system", "ghcr.io/kube-vip/kube-vip:v1.0.1", {"app": "kube-vip"},
                         env={"svc_enable": "true"}),
        worlds.service("vip", "home", ips=["192.168.7.230"], spec={"loadBalancerClass": "kube-vip.io/kube-vip-class"},
                       annotations={"kube-vip.io/loadbalancerIPs": "192.168.7.230", "kube-vip.io/vipHost": "closet"}),
    ]  # fmt: skip
    for node in docs[:3]:
        node["metadata"]["labels"]["kubernetes.io/hostname"] = node["metadata"]["name"]
    return docs


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    with real_apiserver(tmp_path_factory.mktemp("real") / "cluster") as found:
        found.kubectl("apply", "--server-side", "-f", "-", input=yaml.safe_dump_all(crds()))
        found.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
        for name in ("media", "games", "home", "metallb-system"):
            found.kubectl("create", "namespace", name)
        docs = world()
        for doc in docs:
            put(found, doc)
        yield found


def put(cluster: RealCluster, doc: dict[str, Any]) -> None:
    """Make an object and give it the status that its controller would."""
    doc = json.loads(json.dumps(doc))
    status = doc.pop("status", None)
    doc["metadata"].pop("uid", None)
    if doc["kind"] == "Pod":
        doc["metadata"]["ownerReferences"] = [
            {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "speaker", "uid": "u-1", "controller": True}
        ]
        doc["spec"] |= {"automountServiceAccountToken": False, "serviceAccountName": "default"}
        cluster.kubectl("create", "serviceaccount", "default", "-n", doc["metadata"]["namespace"], check=False)
    if doc["kind"] == "Lease":  # its times have microseconds
        doc["spec"] |= {
            key: value.replace("Z", ".000000Z") for key, value in doc["spec"].items() if key.endswith("Time")
        }
    cluster.kubectl("create", "-f", "-", input=json.dumps(doc))
    if status:
        where = ["-n", doc["metadata"]["namespace"]] if doc["metadata"].get("namespace") else []
        kind, name = doc["kind"].lower(), doc["metadata"]["name"]
        if doc["kind"] in ("Service", "Node", "Pod", "DaemonSet", "Deployment") or doc["apiVersion"].startswith(
            "cilium"
        ):
            patch = json.dumps({"status": status})
            cluster.kubectl("patch", kind, name, *where, "--subresource=status", "--type=merge", "-p", patch)
        else:
            done = cluster.kubectl(
                "patch", f"{kind}.{doc['apiVersion'].partition('/')[0]}", name, *where, "--subresource=status",
                "--type=merge", "-p", json.dumps({"status": status}), check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr


@pytest.fixture
def relay(cluster: RealCluster, tmp_path: Path) -> Iterator[Relay]:
    with real_relay(tmp_path, cluster) as found:
        yield found


def at(desk: Desk, ip: str) -> Address:
    return ip_map(desk.snapshot()).by_ip[ip][0]


async def done(desk: Desk, wish: Wish) -> str:
    plan = await desk.plan(wish)
    assert plan.refusal == ""
    assert plan.dry_run.accepted, plan.dry_run.text
    result, _ = await desk.execute(plan)
    assert result.status is Status.DONE, result.text
    return plan.op


async def back(desk: Desk, op: str) -> None:
    result, _ = await desk.execute(await desk.plan_undo(op))
    assert result.status is Status.DONE, result.text


async def test_the_objects_of_three_load_balancers_are_read_right(relay: Relay) -> None:
    async with desk_at(relay) as desk:
        web, game, vip = at(desk, "192.168.7.100"), at(desk, "192.168.7.200"), at(desk, "192.168.7.230")
        assert (web.kind, web.pool, web.announcers[0].node) == (IpKind.METALLB_L2, "lan", "shed")
        assert web.announcers[0].evidence is Evidence.STATUS
        assert (game.kind, game.pool, game.announcers[0].node) == (IpKind.CILIUM_L2, "more", "loft")
        assert game.announcers[0].evidence is Evidence.LEASE
        assert (vip.kind, vip.announcers[0].node) == (IpKind.KUBE_VIP, "closet")
        pools = {pool.name: pool for pool in ip_map(desk.snapshot()).pools}
        assert (pools["lan"].total, pools["lan"].announced_by) == (11, ("L2Advertisement lan",))
        assert pools["more"].total == 11


async def test_wishes_about_an_address_and_back(relay: Relay, cluster: RealCluster) -> None:
    def notes(name: str = "web", namespace: str = "media") -> dict[str, str]:
        doc = json.loads(cluster.kubectl("get", "service", name, "-n", namespace, "-o", "json").stdout)
        return dict(doc["metadata"].get("annotations") or {})

    before = notes()
    async with desk_at(relay) as desk:
        op = await done(desk, pin_wish(desk.snapshot(), WEB, "192.168.7.105"))
        assert notes()["metallb.io/loadBalancerIPs"] == "192.168.7.105"
        await back(desk, op)
        assert notes() == before
        op = await done(desk, pool_wish(desk.snapshot(), WEB, "guests"))
        assert notes()["metallb.io/address-pool"] == "guests"
        await back(desk, op)
        op = await done(desk, share_wish(desk.snapshot(), WEB, FILES))
        assert notes("files")["metallb.io/allow-shared-ip"] == "media-files"
        await back(desk, op)
        op = await done(desk, pin_wish(desk.snapshot(), Ref(SERVICES.id, "games", "game"), "192.168.7.205"))
        assert notes("game", "games")["lbipam.cilium.io/ips"] == "192.168.7.205"
        await back(desk, op)
    assert notes() == before


async def test_pools_and_announcers_and_back(relay: Relay, cluster: RealCluster) -> None:
    async with desk_at(relay) as desk:
        ops = [
            await done(desk, wish)
            for stack, name, span in (
                ("metallb", "iot", "192.168.7.50-192.168.7.55"),
                ("cilium", "iot2", "192.168.7.40/30"),
            )
            for wish in pool_wishes(desk.snapshot(), stack, PoolAsked(name, span, "none"))
        ]
        assert len(ops) == 3  # Cilium's policy announces every service already
        for op in reversed(ops):
            await back(desk, op)
        web, game = at(desk, "192.168.7.100"), at(desk, "192.168.7.200")
        op = await done(desk, cordon_wish(desk.snapshot(), "shed", web))
        labels = json.loads(cluster.kubectl("get", "node", "shed", "-o", "json").stdout)["metadata"]["labels"]
        assert EXCLUDE in labels
        await back(desk, op)
        op = await done(desk, cordon_wish(desk.snapshot(), "loft", game))
        await back(desk, op)
        await done(desk, restart_wish(desk.snapshot(), "shed", IpKind.METALLB_L2))
    left = json.loads(cluster.kubectl("get", "pods", "-n", "metallb-system", "-o", "json").stdout)["items"]
    shed = [pod for pod in left if pod["spec"].get("nodeName") == "shed"]
    assert all("deletionTimestamp" in pod["metadata"] for pod in shed)
