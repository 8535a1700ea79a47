"""A tunnel that ends at an address the machine no longer has."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects
from pointsman.tui.demo.scenario.world import World

NOTE = "flannel.alpha.coreos.com/public-ip"


def _plant(world: World) -> None:
    world.get("Node", "", "closet")["metadata"]["annotations"][NOTE] = "192.168.7.43"


def _holds(objects: Objects) -> bool:
    for node in objects.find("Node"):
        own = {item["address"] for item in node["status"]["addresses"]}
        if node["metadata"]["annotations"].get(NOTE, next(iter(own))) not in own:
            return True
    return False


TUNNEL_ADDRESS = Fault(
    name="tunnel-to-an-old-address",
    description="flannel's annotation on closet still names 192.168.7.43, which the machine had over Wi-Fi: the other nodes "
    "send closet's pods their packets there.",
    precondition="flannel's public-ip annotation is none of the node's addresses.",
    object="Node/closet",
    finding="flannel-tunnels",
    plant=_plant,
    holds=_holds,
)
