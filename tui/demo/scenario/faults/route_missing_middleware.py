"""A route that names a middleware of another namespace."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects
from pointsman.tui.demo.scenario.world import World


def _plant(world: World) -> None:
    route = world.get("IngressRoute", "media", "films")["spec"]["routes"][0]
    route["middlewares"] = [{"name": "auth", "namespace": "web"}, *route.get("middlewares", [])]


def _holds(objects: Objects) -> bool:
    there = {(o["metadata"]["namespace"], o["metadata"]["name"]) for o in objects.find("Middleware")}
    route = objects.get("IngressRoute", "media", "films")
    wanted = [(m.get("namespace", "media"), m["name"]) for m in route["spec"]["routes"][0]["middlewares"]]
    return any(one not in there for one in wanted)


ROUTE_MISSING_MIDDLEWARE = Fault(
    name="route-to-a-missing-middleware",
    description="The route of films.home.example names the middleware auth of namespace web; it exists in media and in "
    "monitoring only, so Traefik switches the route off.",
    precondition="An IngressRoute names a Middleware that does not exist.",
    object="IngressRoute/media/films",
    finding="route-missing-middleware",
    plant=_plant,
    holds=_holds,
)
