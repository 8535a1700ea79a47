"""The three homelabs.

`classic`: k3s with flannel and kube-proxy inside, MetalLB for addresses, Traefik for routes. All is well.
`cilium`: the same machines and applications on Cilium: no flannel, no kube-proxy, LB-IPAM and L2 announcements.
`broken`: the move from Cilium back to classic, left half way: flannel carries the pods and MetalLB hands out the
addresses, but Cilium still answers for most of them and still replaces kube-proxy, with policy enforcement switched off.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, get_args

from pointsman.tui.demo.scenario import faults
from pointsman.tui.demo.scenario.apps import add_apps, add_namespaces
from pointsman.tui.demo.scenario.events import add_recent
from pointsman.tui.demo.scenario.exposed import add_services
from pointsman.tui.demo.scenario.nodes import K3S, add_nodes, list_images
from pointsman.tui.demo.scenario.platform import cilium, cilium_addresses, cilium_endpoints, metallb
from pointsman.tui.demo.scenario.platform.k3s import add_k3s
from pointsman.tui.demo.scenario.platform.traefik import add_traefik
from pointsman.tui.demo.scenario.policies import add_cilium_policies, add_network_policies
from pointsman.tui.demo.scenario.routes import add_routes
from pointsman.tui.demo.scenario.tls import authority
from pointsman.tui.demo.scenario.world import DAY, Obj, Variant, World, stamp, uid_for

VARIANTS: tuple[Variant, ...] = get_args(Variant)


@dataclass(frozen=True)
class Scenario:
    """What a start of the demo begins with.

    `traits` holds what the demo's life has to know and no object says: which leases flap, which agents are dead.
    """

    variant: Variant
    seed: int
    now: datetime
    cluster_uid: str
    objects: list[Obj]
    traits: dict[str, Any] = field(default_factory=dict)
    version: str = K3S

    def find(self, kind: str, namespace: str | None = None) -> list[Obj]:
        """All objects of a kind, in one namespace or in all."""
        return [
            o
            for o in self.objects
            if o["kind"] == kind and (namespace is None or o["metadata"].get("namespace", "") == namespace)
        ]

    def get(self, kind: str, namespace: str, name: str) -> Obj:
        """One object. Raises KeyError."""
        for obj in self.find(kind, namespace):
            if obj["metadata"]["name"] == name:
                return obj
        raise KeyError(f"{kind}/{namespace}/{name}")


def build(variant: Variant, *, seed: int = 1, now: datetime | None = None, cluster_uid: str | None = None) -> Scenario:
    """The objects of a variant as of `now` (whole seconds, UTC; the present by default).

    The same seed, time and cluster UID give the same objects, but for the keys and signatures of certificates. Without
    a `cluster_uid` it follows from the seed. Raises ValueError for an unknown variant.
    """
    if variant not in VARIANTS:
        raise ValueError(f"no such demo: {variant!r}; there are {', '.join(VARIANTS)}")
    now = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    world = World(variant, seed, now, cluster_uid or uid_for("cluster", seed))
    world.traits |= {"ca.crt": authority(now.year).pem, "moved": stamp(world.ago(41 * DAY))}
    if variant == "cilium":
        world.pod_net = "10.52"
    add_nodes(world)
    add_namespaces(world)
    add_k3s(world)
    _network(world)
    add_apps(world)
    add_traefik(world)
    add_recent(world)
    add_services(world)
    add_routes(world)
    add_network_policies(world)
    _load_balancer(world)
    if variant == "broken":
        faults.plant(world)
    if variant != "cilium":
        metallb.count_pools(world)
    else:
        cilium_addresses.count_pools(world)
    list_images(world)
    world.finish()
    return Scenario(variant, seed, now, world.cluster_uid, list(world.objects.values()), world.traits)


def _network(world: World) -> None:
    """What carries pods, where it leaves objects; flannel inside k3s leaves none."""
    if world.variant == "cilium":
        cilium.add_cilium(world)
    elif world.variant == "broken":
        cilium.add_cilium(world, cilium.HALF_WAY, cilium.HALF_WAY_VALUES)


def _load_balancer(world: World) -> None:
    if world.variant == "classic":
        pools = [("lan", metallb.LAN, True), ("guests", metallb.GUESTS, False)]
        metallb.add_metallb(world, pools, [("lan", ["lan"]), ("guests", ["guests"])])
        metallb.announce(world, ["lan", "guests"])
    elif world.variant == "cilium":
        cilium_addresses.add_load_balancer(world, [("lan", metallb.LAN), ("guests", metallb.GUESTS)])
        add_cilium_policies(world)
        cilium_endpoints.add_endpoints(world)
    else:
        cilium_addresses.add_half_way(world)
        add_cilium_policies(world)
