"""A rule in the words of Traefik 2."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects, exists
from pointsman.tui.demo.scenario.routes import DOMAIN, http_route
from pointsman.tui.demo.scenario.world import World


def _plant(world: World) -> None:
    rule = f"Host(`blog.{DOMAIN}`, `notes.{DOMAIN}`)"
    http_route(world, "web", "aliases", rule, "site", "http", [], "websecure", tls={})


def _holds(objects: Objects) -> bool:
    return exists(objects, "IngressRoute", "web", "aliases") and (
        "`, `" in objects.get("IngressRoute", "web", "aliases")["spec"]["routes"][0]["match"]
    )


ROUTE_INVALID_RULE = Fault(
    name="route-with-an-old-rule",
    description="web/aliases names two hosts in one Host(), as Traefik 2 allowed; Traefik 3 refuses the rule and "
    "switches the route off.",
    precondition="An IngressRoute's rule cannot be read.",
    object="IngressRoute/web/aliases",
    finding="route-invalid-rule",
    plant=_plant,
    holds=_holds,
)
