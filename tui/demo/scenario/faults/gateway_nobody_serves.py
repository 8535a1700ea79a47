"""A Gateway of a controller that was switched off."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects, exists
from pointsman.tui.demo.scenario.world import DAY, World

CONTROLLER = "io.cilium/gateway-controller"


def _plant(world: World) -> None:
    api = "gateway.networking.k8s.io/v1"
    spec = {"controllerName": CONTROLLER, "description": "The default Cilium GatewayClass"}
    world.add(api, "GatewayClass", "cilium", {"spec": spec}, age=96 * DAY, manager="helm")
    listener = {"name": "web", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "Same"}}}
    body = {"spec": {"gatewayClassName": "cilium", "listeners": [listener]}}
    world.add(api, "Gateway", "trial", body, namespace="web", age=80 * DAY)


def _holds(objects: Objects) -> bool:
    served = exists(objects, "ConfigMap", "kube-system", "cilium-config") and (
        objects.get("ConfigMap", "kube-system", "cilium-config")["data"].get("enable-gateway-api") == "true"
    )
    return not served and any(o["spec"]["controllerName"] == CONTROLLER for o in objects.find("GatewayClass"))


GATEWAY_NOBODY_SERVES = Fault(
    name="gateway-nobody-serves",
    description="The Gateway web/trial is of class cilium, and Cilium's Gateway API was never switched on again: it has no "
    "address and no condition.",
    precondition="A Gateway is of a GatewayClass whose controller does not run.",
    object="GatewayClass/cilium",
    finding="gatewayclass-unserved",
    plant=_plant,
    holds=_holds,
)
