"""A TLS certificate that nobody renewed."""

from __future__ import annotations

import base64
from datetime import timedelta

from cryptography import x509

from pointsman.tui.demo.scenario.faults.base import Fault, Objects
from pointsman.tui.demo.scenario.tls import tls_data
from pointsman.tui.demo.scenario.world import World, parse

DAYS = 9


def _plant(world: World) -> None:
    secret = world.get("Secret", "vault", "vaultwarden-tls")
    secret["data"] = tls_data(world, ["vault.home.example"], DAYS, lifetime=90)


def _holds(objects: Objects) -> bool:
    secret = objects.get("Secret", "vault", "vaultwarden-tls")
    chain = x509.load_pem_x509_certificates(base64.b64decode(secret["data"]["tls.crt"]))
    # The youngest heartbeat is the cluster's own idea of now, to some minutes.
    now = max(parse(c["lastHeartbeatTime"]) for node in objects.find("Node") for c in node["status"]["conditions"])
    return chain[0].not_valid_after_utc - now < timedelta(days=DAYS + 1)


CERTIFICATE_EXPIRES = Fault(
    name="certificate-about-to-expire",
    description="The certificate of vault.home.example ends in 9 days and nothing renews it.",
    precondition="A kubernetes.io/tls Secret that a route uses ends within 14 days.",
    object="Secret/vault/vaultwarden-tls",
    finding="certificate-expires",
    plant=_plant,
    holds=_holds,
)
