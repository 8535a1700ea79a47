"""An advertisement for a machine that was retired."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects
from pointsman.tui.demo.scenario.platform.metallb import NS
from pointsman.tui.demo.scenario.world import DAY, World, selects


def _plant(world: World) -> None:
    spec = {"ipAddressPools": ["lab"], "nodeSelectors": [{"matchLabels": {"kubernetes.io/hostname": "attic"}}]}
    world.add("metallb.io/v1beta1", "L2Advertisement", "lab", {"spec": spec}, namespace=NS, age=DAY)


def _holds(objects: Objects) -> bool:
    labels = [node["metadata"]["labels"] for node in objects.find("Node")]
    wanted = [one["spec"].get("nodeSelectors") for one in objects.find("L2Advertisement")]
    return any(some and not any(selects(one, mine) for one in some for mine in labels) for some in wanted)


ADVERTISEMENT_WITHOUT_NODE = Fault(
    name="advertisement-for-a-retired-machine",
    description="The L2Advertisement lab selects the node attic, which was retired: no speaker may announce the pool.",
    precondition="An L2Advertisement's nodeSelectors match no node.",
    object="L2Advertisement/metallb-system/lab",
    finding="l2-selects-no-node",
    plant=_plant,
    holds=_holds,
)
