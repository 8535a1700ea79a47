"""A TLS Secret with something else in it."""

from __future__ import annotations

import base64

from pointsman.tui.demo.scenario.faults.base import Fault, Objects, exists
from pointsman.tui.demo.scenario.routes import DOMAIN, http_route
from pointsman.tui.demo.scenario.world import DAY, World


def _plant(world: World) -> None:
    words = {"tls.crt": "-----BEGIN CERTIFICATE-----\npaste it here\n", "tls.key": "paste it here\n"}
    data = {key: base64.b64encode(value.encode()).decode() for key, value in words.items()}
    world.add("v1", "Secret", "shop-tls", {"data": data, "type": "kubernetes.io/tls"}, namespace="web", age=12 * DAY,
              generation=None)  # fmt: skip
    rule = f"Host(`shop.{DOMAIN}`)"
    http_route(world, "web", "shop", rule, "site", "http", [], "websecure", tls={"secretName": "shop-tls"})


def _holds(objects: Objects) -> bool:
    if not exists(objects, "Secret", "web", "shop-tls"):
        return False
    return b"END CERTIFICATE" not in base64.b64decode(objects.get("Secret", "web", "shop-tls")["data"]["tls.crt"])


ROUTE_BAD_SECRET = Fault(
    name="certificate-that-is-none",
    description="The Secret web/shop-tls was made from a template and still says to paste the certificate in: visitors of "
    "shop.home.example see the default one.",
    precondition="A route's TLS Secret holds no readable certificate.",
    object="IngressRoute/web/shop",
    finding="route-bad-secret",
    plant=_plant,
    holds=_holds,
)
