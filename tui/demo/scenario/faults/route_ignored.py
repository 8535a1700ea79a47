"""A route for another Traefik."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects, exists
from pointsman.tui.demo.scenario.routes import DOMAIN, http_route
from pointsman.tui.demo.scenario.world import World


def _plant(world: World) -> None:
    route = http_route(world, "web", "drafts", f"Host(`drafts.{DOMAIN}`)", "site", "http", [], "websecure", tls={})
    route["spec"]["ingressClassName"] = "internal"


def _holds(objects: Objects) -> bool:
    return exists(objects, "IngressRoute", "web", "drafts") and not exists(objects, "IngressClass", "", "internal")


ROUTE_IGNORED = Fault(
    name="route-nobody-takes",
    description="web/drafts is of class internal, which belonged to a second Traefik that is gone: the one that runs "
    "ignores it.",
    precondition="An IngressRoute's class is not one that Traefik takes.",
    object="IngressRoute/web/drafts",
    finding="route-ignored",
    plant=_plant,
    holds=_holds,
)
