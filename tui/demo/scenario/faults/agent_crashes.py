"""A component that runs on two of three nodes."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects
from pointsman.tui.demo.scenario.world import World


def _plant(world: World) -> None:
    """Nothing to do: the ghost address is there because closet's agent is down (`vip_ghost`)."""


def _holds(objects: Objects) -> bool:
    found = [o for o in objects.find("DaemonSet", "kube-system") if o["metadata"]["name"] == "cilium"]
    return any(o["status"]["numberReady"] < o["status"]["desiredNumberScheduled"] for o in found)


AGENT_CRASHES = Fault(
    name="agent-that-crashes",
    description="Cilium's agent on closet starts over and over and is never ready: two of three nodes have a working one.",
    precondition="A DaemonSet of the network has fewer ready pods than nodes.",
    object="DaemonSet/kube-system/cilium",
    finding="component-degraded",
    plant=_plant,
    holds=_holds,
)
