"""Hubble's own certificate, which only an upgrade of the chart renews."""

from __future__ import annotations

import base64
from datetime import timedelta

from cryptography import x509

from pointsman.tui.demo.scenario.faults.base import Fault, Objects, exists
from pointsman.tui.demo.scenario.tls import tls_data
from pointsman.tui.demo.scenario.world import World, parse

DAYS = 5
NAME = "hubble-relay-client-certs"


def _plant(world: World) -> None:
    world.get("Secret", "kube-system", NAME)["data"] |= tls_data(world, ["*.hubble-relay.cilium.io"], DAYS)


def _holds(objects: Objects) -> bool:
    if not exists(objects, "Secret", "kube-system", NAME):
        return False
    chain = x509.load_pem_x509_certificates(
        base64.b64decode(objects.get("Secret", "kube-system", NAME)["data"]["tls.crt"])
    )
    now = max(parse(c["lastHeartbeatTime"]) for node in objects.find("Node") for c in node["status"]["conditions"])
    return chain[0].not_valid_after_utc - now < timedelta(days=DAYS + 1)


HUBBLE_CERTIFICATE = Fault(
    name="hubble-certificate-about-to-expire",
    description="The certificate by which Hubble Relay talks to the agents ends in 5 days; the chart made it for a year.",
    precondition="A kubernetes.io/tls Secret of Hubble ends within 14 days.",
    object="Secret/kube-system/hubble-relay-client-certs",
    finding="hubble-certificate-expires",
    plant=_plant,
    holds=_holds,
)
