"""Plaintext, TLS and mutual TLS, each with a right and a wrong guess: what is wrong is told from what the handshake says."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pointsman.tui.sources.hubble.channel import Channel
from pointsman.tui.sources.hubble.errors import RelayTlsError
from pointsman.tui.sources.hubble.find import Tls
from pointsman.tui.wire import hubble

grpc: Any = pytest.importorskip("grpc")


class Authority:
    """Signs certificates; one without `signer` is its own."""

    def __init__(self, name: str, signer: Authority | None = None, days: float = 10) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(self._name)
            .issuer_name(signer._name if signer else self._name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=20))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(signer is None, None), critical=True)
        )
        if signer is not None:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        self._certificate = builder.sign(signer._key if signer else self._key, hashes.SHA256())

    @property
    def certificate(self) -> bytes:
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key(self) -> bytes:
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


class Status(grpc.GenericRpcHandler):  # type: ignore[misc]
    def service(self, _call: Any) -> Any:
        answer = hubble.ServerStatusResponse(num_flows=7).SerializeToString()
        return grpc.unary_unary_rpc_method_handler(lambda _request, _context: answer)


class Servers:
    def __init__(self, folder: Path) -> None:
        self.ca, self.stranger = Authority("Cilium CA"), Authority("another CA")
        self.client = Authority("*.hubble-ui.cilium.io", self.ca)
        self._folder = folder
        self._running: list[Any] = []
        served = Authority("*.hubble-relay.cilium.io", self.ca)
        late = Authority("*.hubble-relay.cilium.io", self.ca, days=-1)
        pair, old = [(served.key, served.certificate)], [(late.key, late.certificate)]
        self.paths = {
            "plain": self._serve("plain", None),
            "tls": self._serve("tls", grpc.ssl_server_credentials(pair)),
            "expired": self._serve("expired", grpc.ssl_server_credentials(old)),
            "mtls": self._serve("mtls", grpc.ssl_server_credentials(pair, self.ca.certificate, True)),
        }

    def _serve(self, name: str, credentials: Any) -> str:
        server = grpc.server(ThreadPoolExecutor(2), handlers=[Status()])
        address = f"unix:{self._folder / name}"
        if credentials is None:
            server.add_insecure_port(address)
        else:
            server.add_secure_port(address, credentials)
        server.start()
        self._running.append(server)
        return address

    def stop(self) -> None:
        for server in self._running:
            server.stop(0)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    found = Servers(tmp_path_factory.mktemp("r"))
    yield found
    found.stop()


def ask(servers: Servers, server: str, tls: Tls | None) -> int:
    channel = Channel(servers.paths[server], tls, "Relay")
    try:
        return int(channel.connect(3).num_flows)
    finally:
        channel.close()


def test_right_guesses(servers: Servers) -> None:
    ca = servers.ca.certificate
    assert ask(servers, "plain", None) == 7
    assert ask(servers, "tls", Tls(ca)) == 7
    assert ask(servers, "mtls", Tls(ca, servers.client.certificate, servers.client.key)) == 7


@pytest.mark.parametrize(
    ("server", "guess", "part", "hint"),
    [
        ("tls", "none", "expects TLS", "--tls"), ("mtls", "none", "expects TLS", "--tls"),
        ("plain", "tls", "speaks plaintext", "Leave out --tls"), ("tls", "stranger", "not signed by the known CA", "--tls-ca"),
        ("tls", "name", "another name than x.example", "--tls-server-name"), ("expired", "tls", "has expired", "Renew"),
        ("mtls", "tls", "may ask for a client certificate", "--tls-client-cert-file"),
    ],
)  # fmt: skip
def test_wrong_guesses(servers: Servers, server: str, guess: str, part: str, hint: str) -> None:
    tls = {
        "none": None,
        "tls": Tls(servers.ca.certificate),
        "stranger": Tls(servers.stranger.certificate),
        "name": Tls(servers.ca.certificate, server_name="x.example"),
    }[guess]
    with pytest.raises(RelayTlsError) as caught:
        ask(servers, server, tls)
    assert part in caught.value.sentence
    assert hint in caught.value.hint
