"""A route with a certificate that was never made."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects, exists
from pointsman.tui.demo.scenario.routes import DOMAIN, http_route
from pointsman.tui.demo.scenario.world import World


def _plant(world: World) -> None:
    tls = {"secretName": "registry-tls"}
    http_route(world, "git", "registry", f"Host(`registry.{DOMAIN}`)", "forgejo", "http", [], "websecure", tls=tls)


def _holds(objects: Objects) -> bool:
    return exists(objects, "IngressRoute", "git", "registry") and not exists(objects, "Secret", "git", "registry-tls")


ROUTE_MISSING_SECRET = Fault(
    name="route-without-its-certificate",
    description="git/registry names the TLS Secret registry-tls, which does not exist: visitors see the default "
    "certificate.",
    precondition="A route's tls.secretName names a Secret that does not exist.",
    object="IngressRoute/git/registry",
    finding="route-missing-secret",
    plant=_plant,
    holds=_holds,
)
