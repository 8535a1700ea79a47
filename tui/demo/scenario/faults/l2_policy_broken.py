"""An announcement policy with a slip in its interface pattern."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects
from pointsman.tui.demo.scenario.platform.cilium_addresses import l2_policy
from pointsman.tui.demo.scenario.world import DAY, World, stamp

NAME = "cameras"


def _plant(world: World) -> None:
    policy = l2_policy(world, NAME, {"matchLabels": {"home.example/announce": "cameras"}})
    policy["spec"]["interfaces"] = ["^eth[0-9+$"]
    policy["status"] = {
        "conditions": [
            {
                "type": "io.cilium/bad-interface-regex",
                "status": "True",
                "observedGeneration": 1,
                "lastTransitionTime": stamp(world.ago(9 * DAY)),
                "reason": "error",
                "message": "error parsing regexp: missing closing ]: `[0-9+$`",
            }
        ]
    }


def _holds(objects: Objects) -> bool:
    return any(
        item["type"].startswith("io.cilium/bad-") and item["status"] == "True"
        for policy in objects.find("CiliumL2AnnouncementPolicy")
        for item in policy.get("status", {}).get("conditions", ())
    )


L2_POLICY_BROKEN = Fault(
    name="announcement-policy-with-a-typo",
    description="The announcement policy cameras names its interfaces by ^eth[0-9+$, which is no pattern: Cilium notes it "
    "in a condition and announces nothing by it.",
    precondition="A CiliumL2AnnouncementPolicy has a condition io.cilium/bad-* that is True.",
    object="CiliumL2AnnouncementPolicy/cameras",
    finding="l2-policy-broken",
    plant=_plant,
    holds=_holds,
)
