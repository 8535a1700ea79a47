"""A route with a TLSOption that is not there."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects, exists
from pointsman.tui.demo.scenario.routes import DOMAIN, http_route
from pointsman.tui.demo.scenario.world import World


def _plant(world: World) -> None:
    rule = f"Host(`vault.{DOMAIN}`) && PathPrefix(`/admin`)"
    tls = {"options": {"name": "modern"}}
    http_route(world, "vault", "vaultwarden-admin", rule, "vaultwarden", "http", ["web/lan-only"], "websecure", tls=tls)


def _holds(objects: Objects) -> bool:
    return exists(objects, "IngressRoute", "vault", "vaultwarden-admin") and not exists(
        objects, "TLSOption", "vault", "modern"
    )


ROUTE_TLS_OPTION = Fault(
    name="route-with-a-missing-tls-option",
    description="vault/vaultwarden-admin asks for the TLSOption modern, which was never created: Traefik switches the "
    "route off.",
    precondition="A route's tls.options names a TLSOption that does not exist.",
    object="IngressRoute/vault/vaultwarden-admin",
    finding="route-missing-tls-option",
    plant=_plant,
    holds=_holds,
)
