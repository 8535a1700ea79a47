"""Cilium's LB-IPAM pools, L2 announcement policies and leases; and the half-finished move away from them."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.tui.demo.scenario.exposed import Exposed, expose
from pointsman.tui.demo.scenario.platform import metallb
from pointsman.tui.demo.scenario.world import DAY, Obj, World, micro, selects, stamp

NS = "kube-system"
LEASE_PREFIX = "cilium-l2announce-"
SPEAKERS = ("shed", "loft")
GUEST_SERVICES = (
    Exposed("web", "site-guests", "192.168.7.240", "http:80=http", "site", pool="guests", days=2),
    Exposed("media", "jellyfin-guests", "192.168.7.241", "http:8096=http", "jellyfin", pool="guests", days=2),
)


def add_load_balancer(world: World, pools: Sequence[tuple[str, str]]) -> None:
    """Pools, one announcement policy for the whole LAN, and a lease for each service that has an address."""
    for name, span in pools:
        lb_pool(world, name, span)
    l2_policy(world, "lan", {"matchExpressions": [{"key": "home.example/silent", "operator": "DoesNotExist"}]})
    order = ("shed", "loft", "closet")
    for svc in balanced(world):
        meta = svc["metadata"]
        node = order[_turn(svc) % 3]
        l2_lease(world, meta["namespace"], meta["name"], node, since=5 * DAY + world.jitter(9 * DAY, _turn(svc)),
                 duration=30, period=10)  # fmt: skip


def _turn(svc: Obj) -> int:
    """Who came first to the lease; the same for services that share an address, else two nodes would answer for it."""
    return int(svc["status"]["loadBalancer"]["ingress"][0]["ip"].rpartition(".")[2])


def balanced(world: World) -> list[Obj]:
    """Services that hold an address."""
    return [svc for svc in world.find("Service") if svc.get("status", {}).get("loadBalancer", {}).get("ingress")]


def lb_pool(world: World, name: str, span: str) -> Obj:
    first, last = span.split("-")
    spec: Obj = {"blocks": [{"start": first, "stop": last}], "disabled": False}
    if name != "lan":
        spec["serviceSelector"] = {"matchLabels": {"home.example/pool": name}}
    return world.add("cilium.io/v2", "CiliumLoadBalancerIPPool", name, {"spec": spec}, age=90 * DAY,
                     status_manager="cilium-operator-lb-ipam")  # fmt: skip


def l2_policy(world: World, name: str, services: Obj | None, nodes: Obj | None = None) -> Obj:
    spec: Obj = {"loadBalancerIPs": True, "interfaces": ["^enp[0-9]+s[0-9]+$", "^eno[0-9]+$", "^eth[0-9]+$"]}
    if services:
        spec["serviceSelector"] = services
    if nodes:
        spec["nodeSelector"] = nodes
    return world.add("cilium.io/v2alpha1", "CiliumL2AnnouncementPolicy", name, {"spec": spec}, age=90 * DAY)


def l2_lease(
    world: World,
    namespace: str,
    name: str,
    node: str,
    *,
    since: float,
    duration: int,
    period: float,
    transitions: int = 1,
    renewed: float | None = None,
) -> Obj:
    """The lease by which the agents agree who announces a service; `renewed` seconds ago, by default within a period."""
    if renewed is None:
        renewed = world.jitter(period, "lease", namespace, name)
    spec = {
        "holderIdentity": node,
        "leaseDurationSeconds": duration,
        "acquireTime": micro(world.ago(since)),
        "renewTime": micro(world.ago(renewed)),
        "leaseTransitions": transitions,
    }
    return world.add("coordination.k8s.io/v1", "Lease", f"{LEASE_PREFIX}{namespace}-{name}", {"spec": spec},
                     namespace=NS, age=60 * DAY, generation=None, manager="cilium-agent")  # fmt: skip


def count_pools(world: World) -> None:
    """Each pool's conditions: the numbers are in the messages."""
    for pool in world.find("CiliumLoadBalancerIPPool"):
        block = pool["spec"]["blocks"][0]
        select = pool["spec"].get("serviceSelector")
        used = {
            item["ip"]
            for svc in balanced(world)
            if (select is None or selects(select, svc["metadata"].get("labels", {})))
            for item in svc["status"]["loadBalancer"]["ingress"]
        }
        pool["status"] = {"conditions": pool_conditions(metallb.span_size(f"{block['start']}-{block['stop']}"), len(used),
                                                        stamp(world.ago(28 * DAY)))}  # fmt: skip


def pool_conditions(size: int, used: int, at: str) -> list[Obj]:
    numbers = {"IPsTotal": size, "IPsAvailable": size - used, "IPsUsed": used}
    out: list[Obj] = [{"type": "cilium.io/PoolConflict", "status": "False", "lastTransitionTime": at, "reason": "resolved",
            "message": ""}]  # fmt: skip
    out.extend(
        {"type": f"cilium.io/{name}", "status": "Unknown", "lastTransitionTime": at, "reason": "noreason",
         "message": str(number)}
        for name, number in numbers.items()
    )  # fmt: skip
    return out


def add_half_way(world: World) -> None:
    """Addresses come from MetalLB, but only `guests` is advertised by it; Cilium still announces all that is in `lan`.

    MetalLB's speakers run where a label lets them, on two of the three nodes. Cilium's LB-IPAM is off and its pool a
    leftover; its announcement policies are not.
    """
    where = {"home.example/metallb": "ready"}
    for name in SPEAKERS:
        world.get("Node", "", name)["metadata"]["labels"] |= where
    pools = [("lan", "192.168.7.100-192.168.7.239", True), ("guests", "192.168.7.240-192.168.7.244", False)]
    metallb.add_metallb(world, pools, [("guests", ["guests"])], speakers=SPEAKERS, age=2 * DAY, node_selector=where)
    for one in GUEST_SERVICES:
        expose(world, one)
    metallb.announce(world, ["guests"], SPEAKERS)
    pool = lb_pool(world, "lan", metallb.LAN)
    pool["status"] = {"conditions": pool_conditions(151, 9, stamp(world.ago(28 * DAY)))}
    absent = [{"key": f"home.example/{key}", "operator": "DoesNotExist"} for key in ("announce", "pool")]
    l2_policy(world, "lan", {"matchExpressions": absent})
    for svc in balanced(world):
        meta = svc["metadata"]
        if "home.example/pool" not in meta["labels"]:
            node = SPEAKERS[_turn(svc) % 2]
            since = 2 * DAY + world.jitter(DAY, _turn(svc))
            l2_lease(world, meta["namespace"], meta["name"], node, since=since, duration=15, period=5, transitions=3)
