"""A policy that Cilium refuses."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects, exists
from pointsman.tui.demo.scenario.policies import LAN_CIDR, app, endpoint, to_ports, valid
from pointsman.tui.demo.scenario.world import DAY, World


def _plant(world: World) -> None:
    peers = {"fromEndpoints": [endpoint("home", "home-assistant")], "fromCIDR": [LAN_CIDR]}
    spec = {"endpointSelector": app("mosquitto"), "ingress": [{**peers, "toPorts": to_ports("1883 8883")}]}
    problem = "combining FromEndpoints and FromCIDR is not supported yet"
    world.add(
        "cilium.io/v2",
        "CiliumNetworkPolicy",
        "broker-in",
        {"spec": spec, "status": valid(world, problem, days=6)},
        namespace="home",
        age=6 * DAY,
        status_manager="cilium-operator-generic",
    )


def _holds(objects: Objects) -> bool:
    if not exists(objects, "CiliumNetworkPolicy", "home", "broker-in"):
        return False
    conditions = objects.get("CiliumNetworkPolicy", "home", "broker-in")["status"]["conditions"]
    return any(c["type"] == "Valid" and c["status"] == "False" for c in conditions)


POLICY_INVALID = Fault(
    name="policy-cilium-refuses",
    description="home/broker-in names pods and a CIDR in one rule, which Cilium does not accept; it marks the policy "
    "invalid and ignores it.",
    precondition="A CiliumNetworkPolicy has the condition Valid=False.",
    object="CiliumNetworkPolicy/home/broker-in",
    finding="policy-invalid",
    plant=_plant,
    holds=_holds,
)
