"""A pool that was meant to be small and holds the machines themselves."""

from __future__ import annotations

import ipaddress

from pointsman.tui.demo.scenario.faults.base import Fault, Objects
from pointsman.tui.demo.scenario.platform.metallb import NS
from pointsman.tui.demo.scenario.world import DAY, World

NAME = "lab"


def _plant(world: World) -> None:
    spec = {"addresses": ["192.168.7.8/29"], "autoAssign": False, "avoidBuggyIPs": False}
    world.add("metallb.io/v1beta1", "IPAddressPool", NAME, {"spec": spec}, namespace=NS, age=DAY)


def _holds(objects: Objects) -> bool:
    machines = [
        ipaddress.ip_address(item["address"])
        for node in objects.find("Node")
        for item in node["status"]["addresses"]
        if item["type"] == "InternalIP"
    ]
    nets = [
        ipaddress.ip_network(text)
        for pool in objects.find("IPAddressPool")
        for text in pool["spec"]["addresses"]
        if "/" in text
    ]
    return any(machine in net for machine in machines for net in nets)


POOL_HOLDS_MACHINES = Fault(
    name="pool-with-the-machines-in-it",
    description="The pool lab is 192.168.7.8/29, which holds the addresses of shed, loft and closet: a service that asks for "
    "it may be given a machine's own address.",
    precondition="A pool holds the InternalIP of a node.",
    object="IPAddressPool/metallb-system/lab",
    finding="pool-holds-cluster-addresses",
    plant=_plant,
    holds=_holds,
)
