"""The same host and path twice."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects, exists
from pointsman.tui.demo.scenario.routes import DOMAIN, http_route
from pointsman.tui.demo.scenario.world import World


def _plant(world: World) -> None:
    http_route(world, "media", "series-old", f"Host(`series.{DOMAIN}`)", "sonarr", "http", [], "websecure", tls={})


def _holds(objects: Objects) -> bool:
    if not exists(objects, "IngressRoute", "media", "series-old"):
        return False
    names = ("series", "series-old")
    rules = {objects.get("IngressRoute", "media", name)["spec"]["routes"][0]["match"] for name in names}
    return len(rules) == 1


ROUTE_TWICE = Fault(
    name="route-written-twice",
    description="media/series-old was meant to be deleted when media/series came: both have the same rule and the "
    "same priority, only one of them asks for a login, and which of them answers is not defined.",
    precondition="Two IngressRoutes have the same rule at the same entry point.",
    object="IngressRoute/media/series",
    finding="route-duplicate",
    plant=_plant,
    holds=_holds,
)
