"""An IngressClass of a controller that was switched off."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects, exists
from pointsman.tui.demo.scenario.routes import DOMAIN
from pointsman.tui.demo.scenario.world import DAY, Obj, World

CONTROLLER = "cilium.io/ingress-controller"


def _plant(world: World) -> None:
    world.add("networking.k8s.io/v1", "IngressClass", "cilium", {"spec": {"controller": CONTROLLER}}, age=96 * DAY)
    path: Obj = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "site", "port": {"name": "http"}}}}
    rules = [{"host": f"old.{DOMAIN}", "http": {"paths": [path]}}]
    body = {"spec": {"ingressClassName": "cilium", "rules": rules}, "status": {"loadBalancer": {}}}
    world.add("networking.k8s.io/v1", "Ingress", "old-site", body, namespace="web", age=80 * DAY)


def _holds(objects: Objects) -> bool:
    served = exists(objects, "ConfigMap", "kube-system", "cilium-config") and (
        objects.get("ConfigMap", "kube-system", "cilium-config")["data"].get("enable-ingress-controller") == "true"
    )
    return not served and any(item["spec"]["controller"] == CONTROLLER for item in objects.find("IngressClass"))


CLASS_NOBODY_SERVES = Fault(
    name="class-nobody-serves",
    description="web/old-site is of class cilium, and Cilium's ingress controller was switched off for the move: nobody "
    "answers for old.home.example.",
    precondition="An Ingress is of an IngressClass whose controller does not run.",
    object="IngressClass/cilium",
    finding="ingressclass-unserved",
    plant=_plant,
    holds=_holds,
)
