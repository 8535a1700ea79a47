"""Certificates of the homelab's own authority, made fresh at every start.

Keys are P-256, which is fast to make and what a browser takes. Nothing here guards anything: the demo listens on the
loopback address alone and its hosts do not exist.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pointsman.tui.demo.scenario.world import DAY, Obj, World


@dataclass(frozen=True)
class Authority:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()


@cache
def authority(year: int) -> Authority:
    """The homelab's CA, one for a process."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Home Lab"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Home Lab CA"),
        ]
    )
    begin = datetime(year - 1, 1, 1)  # noqa: DTZ001 - x509 takes naive UTC
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, certificate)


def pair(ca: Authority, hosts: Sequence[str], start: datetime, end: datetime) -> tuple[bytes, bytes]:
    """Certificate chain and key, both PEM, for server use of `hosts`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(ca.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(ca.key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + ca.pem.encode(), private


def tls_data(world: World, hosts: Sequence[str], days_left: float, lifetime: float = 365) -> dict[str, str]:
    """`tls.crt` and `tls.key`, base64, of a certificate that ends in `days_left` days."""
    end = world.now + timedelta(days=days_left)
    chain, key = pair(authority(world.now.year), hosts, end - timedelta(days=lifetime), end)
    return {"tls.crt": base64.b64encode(chain).decode(), "tls.key": base64.b64encode(key).decode()}


def tls_secret(world: World, namespace: str, name: str, hosts: Sequence[str], days_left: float) -> Obj:
    """A kubernetes.io/tls Secret of that certificate."""
    return world.add(
        "v1",
        "Secret",
        name,
        {"data": tls_data(world, hosts, days_left), "type": "kubernetes.io/tls"},
        namespace=namespace,
        age=(365 - days_left) * DAY if days_left > 230 else 100 * DAY,
        generation=None,
    )
