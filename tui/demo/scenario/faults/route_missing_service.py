"""A route whose service was renamed."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects
from pointsman.tui.demo.scenario.world import World


def _plant(world: World) -> None:
    route = world.get("IngressRoute", "media", "movies")["spec"]["routes"][0]
    route["services"] = [{"name": "radarr-web", "port": "http"}]


def _holds(objects: Objects) -> bool:
    there = {o["metadata"]["name"] for o in objects.find("Service", "media")}
    route = objects.get("IngressRoute", "media", "movies")
    return any(s["name"] not in there for s in route["spec"]["routes"][0]["services"])


ROUTE_MISSING_SERVICE = Fault(
    name="route-to-a-missing-service",
    description="The route of movies.home.example leads to the service radarr-web, which does not exist: Traefik drops "
    "the route and says so only in its log.",
    precondition="An IngressRoute names a Service that does not exist.",
    object="IngressRoute/media/movies",
    finding="route-missing-service",
    plant=_plant,
    holds=_holds,
)
