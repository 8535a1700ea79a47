"""A route on an entry point of another installation."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects, exists
from pointsman.tui.demo.scenario.routes import DOMAIN, http_route
from pointsman.tui.demo.scenario.world import World


def _plant(world: World) -> None:
    http_route(world, "web", "status", f"Host(`status.{DOMAIN}`)", "site", "http", [], "https", tls={})


def _holds(objects: Objects) -> bool:
    if not exists(objects, "IngressRoute", "web", "status"):
        return False
    args = " ".join(
        objects.get("Deployment", "kube-system", "traefik")["spec"]["template"]["spec"]["containers"][0]["args"]
    )
    return f"--entryPoints.{objects.get('IngressRoute', 'web', 'status')['spec']['entryPoints'][0]}." not in args


ROUTE_ENTRY_POINT = Fault(
    name="route-on-a-missing-entry-point",
    description="web/status was copied from a guide and is on the entry point https; here it is called websecure.",
    precondition="An IngressRoute names an entry point that Traefik does not have.",
    object="IngressRoute/web/status",
    finding="route-unknown-entry-point",
    plant=_plant,
    holds=_holds,
)
