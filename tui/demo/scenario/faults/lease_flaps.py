"""An announcer that changes all the time."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects
from pointsman.tui.demo.scenario.platform.cilium_addresses import LEASE_PREFIX
from pointsman.tui.demo.scenario.world import World, micro

PERIOD = 40.0  # seconds between two changes of the holder


def _plant(world: World) -> None:
    spec = world.get("Lease", "kube-system", f"{LEASE_PREFIX}games-minecraft")["spec"]
    spec |= {"holderIdentity": "loft", "leaseTransitions": 2317, "acquireTime": micro(world.ago(22))}
    world.traits.setdefault("flapping", {})["games/minecraft"] = PERIOD


def _holds(objects: Objects) -> bool:
    name = f"{LEASE_PREFIX}games-minecraft"
    lease = next((o for o in objects.find("Lease", "kube-system") if o["metadata"]["name"] == name), None)
    return lease is not None and lease["spec"]["leaseTransitions"] > 100


LEASE_FLAPS = Fault(
    name="lease-that-flaps",
    description="shed and loft take the lease of games/minecraft from each other every 40 seconds: the agents' requests "
    "are throttled, renewals come too late, and players lose the connection each time.",
    precondition="The lease of an announced service changes its holder several times in ten minutes.",
    object="Lease/kube-system/cilium-l2announce-games-minecraft",
    finding="l2-lease-flapping",
    plant=_plant,
    holds=_holds,
)
