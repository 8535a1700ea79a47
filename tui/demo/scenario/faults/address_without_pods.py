"""An address that is announced for an application that was switched off."""

from __future__ import annotations

from pointsman.tui.demo.scenario.exposed import Exposed, expose
from pointsman.tui.demo.scenario.faults.base import Fault, Objects, exists, switched_off
from pointsman.tui.demo.scenario.platform.cilium_addresses import l2_lease
from pointsman.tui.demo.scenario.world import DAY, World

FRIGATE = Exposed("home", "frigate", "192.168.7.109", "rtsp:8554=rtsp http:5000=http", "frigate", days=40)


def _plant(world: World) -> None:
    switched_off(world, "home", "frigate", "ghcr.io/blakeblackshear/frigate:0.16.2", "rtsp:8554 http:5000")
    expose(world, FRIGATE)
    l2_lease(world, "home", "frigate", "shed", since=2 * DAY, duration=15, period=5, transitions=3)


def _holds(objects: Objects) -> bool:
    if not exists(objects, "Service", "home", "frigate"):
        return False
    return bool(objects.get("Deployment", "home", "frigate")["spec"]["replicas"] == 0)


ADDRESS_WITHOUT_PODS = Fault(
    name="address-without-pods",
    description="home/frigate was scaled to nothing to spare the machines; its address is still announced, and every "
    "connection to it fails.",
    precondition="A LoadBalancer service with an address has no ready endpoint.",
    object="Service/home/frigate",
    finding="no-endpoints",
    plant=_plant,
    holds=_holds,
)
