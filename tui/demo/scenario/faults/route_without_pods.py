"""A route to an application that was switched off."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects, exists, switched_off
from pointsman.tui.demo.scenario.routes import DOMAIN, http_route
from pointsman.tui.demo.scenario.services import service
from pointsman.tui.demo.scenario.world import DAY, World


def _plant(world: World) -> None:
    switched_off(world, "web", "wiki", "ghcr.io/requarks/wiki:2.5.309", "http:3000")
    service(world, "web", "wiki", "http:80=http", {"app.kubernetes.io/name": "wiki"}, age=60 * DAY)
    http_route(world, "web", "wiki", f"Host(`wiki.{DOMAIN}`)", "wiki", "http", [], "websecure", tls={})


def _holds(objects: Objects) -> bool:
    return exists(objects, "IngressRoute", "web", "wiki") and not any(
        pod["metadata"]["labels"].get("app.kubernetes.io/name") == "wiki" for pod in objects.find("Pod", "web")
    )


ROUTE_WITHOUT_PODS = Fault(
    name="route-without-pods",
    description="web/wiki was scaled to nothing; its route is still there and answers 503.",
    precondition="A route's service has no ready endpoint.",
    object="IngressRoute/web/wiki",
    finding="route-no-endpoints",
    plant=_plant,
    holds=_holds,
)
