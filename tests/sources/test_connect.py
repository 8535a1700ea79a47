"""What stands between here and the API server: each fault is one sentence with a hint, and credentials renew themselves."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import ssl
import stat
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from authority import Authority, Issued, pem
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fakekube import TOKEN, FakeKube, fake_kube, status

from pointsman.tui.model.kinds import PODS
from pointsman.tui.sources.errors import (
    AuthError,
    ConfigError,
    ConflictError,
    ForbiddenError,
    KubeError,
    NotKubernetesError,
    ReadOnlyError,
    ServerError,
    ThrottledError,
    TimedOutError,
    TlsError,
    UnreachableError,
)
from pointsman.tui.sources.kube import connect, tls
from pointsman.tui.sources.kube.address import proxy_for, server_url
from pointsman.tui.sources.kube.client import KubeClient, allowed_read_only
from pointsman.tui.sources.kube.connect import Connection
from pointsman.tui.sources.kube.tls import check_certificate
from pointsman.tui.sources.kubeconfig import Blob, ClusterEntry, UserEntry
from pointsman.tui.sources.targets import Target, find_target

V1 = "client.authentication.k8s.io/v1"


@contextlib.asynccontextmanager
async def client_for(kubeconfig: str, *, read_only: bool = False) -> AsyncIterator[KubeClient]:
    client = KubeClient(Connection(find_target(kubeconfig)), read_only=read_only)
    try:
        yield client
    finally:
        await client.close()


async def ask(kubeconfig: str, path: str = "/version", **more: Any) -> bytes:
    async with client_for(kubeconfig) as client:
        return await client.get(path, **more)


@contextlib.asynccontextmanager
async def raw_server(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """A server on a raw socket; gives its port."""
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await handle(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def plain_config(tmp_path: Path, server: str, user: dict[str, Any] | None = None, **cluster: Any) -> str:
    fake = FakeKube()
    return fake.kubeconfig(tmp_path, user=user, server=server, **cluster)


# -- addresses -----------------------------------------------------------------------------------------------------------


async def test_refused(tmp_path: Path, unused_tcp_port: int) -> None:
    with pytest.raises(UnreachableError, match=f"127.0.0.1:{unused_tcp_port} refuses the connection") as caught:
        await ask(plain_config(tmp_path, f"https://127.0.0.1:{unused_tcp_port}"))
    assert caught.value.hint


async def test_unknown_host(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match=r"host name of no-such-host.invalid:6443 is not known"):
        await ask(plain_config(tmp_path, "https://no-such-host.invalid:6443"))


async def test_a_server_that_hangs(tmp_path: Path) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async with raw_server(hang) as port:
        started = time.monotonic()
        with pytest.raises(TimedOutError, match="does not answer in time"):
            await ask(plain_config(tmp_path, f"http://127.0.0.1:{port}"), total=0.5)
        assert time.monotonic() - started < 3


async def test_a_server_that_is_no_address(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not an address"):
        await ask(plain_config(tmp_path, "https://"))
    with pytest.raises(ConfigError, match="is not an address"):
        await ask(plain_config(tmp_path, "ftp://host:1"))


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (b"SSH-2.0-OpenSSH_9.7\r\n", NotKubernetesError, "does not speak HTTP"),
        (b"", UnreachableError, "closed the connection"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", UnreachableError, "closed the connection"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 33\r\n\r\n<html><title>My NAS</title></html", NotKubernetesError,
         r'web page \("My NAS"\)'),
        (b"HTTP/1.1 302 Found\r\nLocation: http://login.hotspot/\r\nContent-Length: 0\r\n\r\n", NotKubernetesError, "sends us elsewhere"),
        (b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n", NotKubernetesError, "wants TLS"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", NotKubernetesError, "web page"),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", ServerError, "HTTP 502"),
    ],
)  # fmt: skip
async def test_answers_of_no_api_server(tmp_path: Path, answer: bytes, error: type[KubeError], says: str) -> None:
    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    async with raw_server(reply) as port:
        with pytest.raises(error, match=says):
            await ask(plain_config(tmp_path, f"http://127.0.0.1:{port}"))


# -- TLS -----------------------------------------------------------------------------------------------------------------


async def test_another_authority_and_no_check_at_all(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        stranger = base64.b64encode(Authority().certificate).decode()
        with pytest.raises(TlsError, match="signed by an authority that the kubeconfig does not know") as caught:
            await ask(fake.kubeconfig(tmp_path, certificate_authority_data=stranger))
        assert "copy it again" in caught.value.hint
        insecure = fake.kubeconfig(tmp_path, certificate_authority_data=stranger, insecure_skip_tls_verify=True)
        assert b"v1.35.0" in await ask(insecure)
        assert Connection(find_target(insecure)).insecure


async def test_the_name_must_fit_and_tls_server_name_can_make_it(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        await fake.stop()
        issued = fake.authority.issue("kube-apiserver", server=True)
        del issued
        certificate = make_certificate(fake.authority, names=["kube.home"])
        serve_with(fake, tmp_path, certificate)
        await fake.start()
        with pytest.raises(TlsError, match="is for another name"):
            await ask(fake.kubeconfig(tmp_path))
        assert b"v1.35.0" in await ask(fake.kubeconfig(tmp_path, tls_server_name="kube.home"))


async def test_an_expired_server_certificate(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        await fake.stop()
        serve_with(fake, tmp_path, make_certificate(fake.authority, names=["localhost"], days=-2))
        await fake.start()
        with pytest.raises(TlsError, match="has expired"):
            await ask(fake.kubeconfig(tmp_path, server=f"https://localhost:{fake.port}"))


async def test_plain_http_where_tls_is_expected(tmp_path: Path) -> None:
    async with fake_kube() as fake:
        with pytest.raises(TlsError, match="does not speak TLS"):
            await ask(plain_config(tmp_path, f"https://127.0.0.1:{fake.port}"))


async def test_tls_where_plain_http_is_expected(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        with pytest.raises((UnreachableError, NotKubernetesError)):
            await ask(fake.kubeconfig(tmp_path, server=f"http://127.0.0.1:{fake.port}"))


def make_certificate(authority: Authority, names: list[str], days: float = 1, client: str = "") -> Issued:
    """A certificate with other names or another end than the helper makes."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    found = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, client or "server")]))
        .issuer_name(authority._name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
    )
    if names:
        found = found.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
    signed = found.sign(authority._key, hashes.SHA256())
    return Issued(signed.public_bytes(serialization.Encoding.PEM), pem(key))


def serve_with(fake: FakeKube, folder: Path, issued: Issued) -> None:
    (folder / "other.crt").write_bytes(issued.certificate)
    (folder / "other.key").write_bytes(issued.key)
    assert fake.tls is not None
    fake.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    fake.tls.load_cert_chain(folder / "other.crt", folder / "other.key")


# -- client certificates ---------------------------------------------------------------------------------------------------


async def test_an_expired_client_certificate_is_found_before_anything_is_sent(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        issued = make_certificate(fake.authority, names=[], days=-3, client="me")
        user = {
            "client-certificate-data": base64.b64encode(issued.certificate).decode(),
            "client-key-data": base64.b64encode(issued.key).decode(),
        }
        with pytest.raises(TlsError, match='client certificate of user "tester" expired on 20') as caught:
            await ask(fake.kubeconfig(tmp_path, user=user))
        assert caught.value.hint
        assert not fake.hits


async def test_certificates_inline_and_in_files_that_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_home: Path
) -> None:
    monkeypatch.setattr(connect, "FILES_CHECKED", 0.0)
    fake = FakeKube()
    fake.use_tls(tmp_path, mutual=True)
    await fake.start()
    try:
        issued = fake.authority.issue("me")
        inline = {
            "client-certificate-data": base64.b64encode(issued.certificate).decode(),
            "client-key-data": base64.b64encode(issued.key).decode(),
        }
        before = set(Path(tempfile.gettempdir()).iterdir())
        assert b"v1.35.0" in await ask(fake.kubeconfig(tmp_path, user=inline))
        assert not [path for path in set(Path(tempfile.gettempdir()).iterdir()) - before if "pem" in path.name]

        (tmp_path / "me.crt").write_bytes(issued.certificate)
        (tmp_path / "me.key").write_bytes(issued.key)
        files = {"client-certificate": "me.crt", "client-key": "me.key"}
        async with client_for(fake.kubeconfig(tmp_path, user=files)) as client:
            await client.get("/version")
            assert peer_name(fake) == "me"
            other = fake.authority.issue("renewed")
            (tmp_path / "me.crt").write_bytes(other.certificate)
            (tmp_path / "me.key").write_bytes(other.key)
            await client.get("/version")
            assert peer_name(fake) == "renewed"
    finally:
        await fake.stop()


def peer_name(fake: FakeKube) -> str:
    return str(dict(part[0] for part in fake.peers[-1]["subject"])["commonName"])


async def test_where_there_is_no_memory_file_a_private_folder_is_used_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    modes: list[int] = []
    load = ssl.SSLContext.load_cert_chain

    def watched(self: ssl.SSLContext, certfile: Any, keyfile: Any = None, password: Any = None) -> None:
        modes.append(stat.S_IMODE(Path(certfile).parent.stat().st_mode))
        load(self, certfile, keyfile, password)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", watched)
    issued = Authority().issue("me")
    user = UserEntry("me", Blob(issued.certificate), Blob(issued.key))
    tls.make_tls(Target("x", ClusterEntry("x", "https://x"), user), issued.certificate, issued.key)
    assert modes == [0o700]
    assert list(tls.runtime_dir().iterdir()) == []


def test_a_key_that_does_not_fit_or_is_encrypted() -> None:
    authority = Authority()
    issued, other = authority.issue("me"), authority.issue("you")
    target = Target("x", ClusterEntry("x", "https://x"), UserEntry("me"))
    with pytest.raises(ConfigError, match="cannot be used"):
        tls.make_tls(target, issued.certificate, other.key)
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    with pytest.raises(ConfigError, match="is encrypted"):
        tls.make_tls(target, issued.certificate, key)


def test_certificate_times() -> None:
    certificate = make_certificate(Authority(), names=[], days=1).certificate
    check_certificate(certificate, "x")
    with pytest.raises(TlsError, match="expired"):
        check_certificate(certificate, "x", time.time() + 2 * 86400)
    with pytest.raises(TlsError, match="not valid before"):
        check_certificate(certificate, "x", time.time() - 20 * 86400)
    with pytest.raises(ConfigError, match="not a readable PEM"):
        check_certificate(b"hello", "x")


# -- tokens and plugins ----------------------------------------------------------------------------------------------------


async def test_a_wrong_token(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        with pytest.raises(AuthError, match='does not accept the credentials of user "tester"'):
            await ask(fake.kubeconfig(tmp_path, user={"token": "wrong"}))
        assert fake.hits["/version"] == 1


async def test_a_token_file_is_read_again_after_a_401(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        (tmp_path / "token").write_text(f"{TOKEN}\n")
        async with client_for(fake.kubeconfig(tmp_path, user={"tokenFile": "token", "token": "loses"})) as client:
            await client.get("/version")
            fake.tokens = {"rotated"}
            (tmp_path / "token").write_text("rotated\n")
            await client.get("/version")
            fake.tokens = {"never"}
            with pytest.raises(AuthError):
                await client.get("/version")
        assert fake.hits["/version"] == 4


async def test_a_token_file_is_read_each_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "TOKEN_FILE_READ", 0.0)
    async with fake_kube(tmp_path) as fake:
        (tmp_path / "token").write_text(TOKEN)
        async with client_for(fake.kubeconfig(tmp_path, user={"tokenFile": "token"})) as client:
            await client.get("/version")
            fake.tokens.add("rotated")
            (tmp_path / "token").write_text("rotated")
            await client.get("/version")
            assert fake.seen[-1].headers["Authorization"] == "Bearer rotated"
            (tmp_path / "token").unlink()
            await client.get("/version")
            assert fake.seen[-1].headers["Authorization"] == "Bearer rotated"


async def test_a_password(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:

        async def hook(request: web.Request) -> web.Response:
            return web.json_response({"gitVersion": request.headers["Authorization"]})

        fake.on("/version", hook)
        body = await ask(fake.kubeconfig(tmp_path, user={"username": "jane", "password": "pw"}))
        assert json.loads(body)["gitVersion"] == "Basic " + base64.b64encode(b"jane:pw").decode()


async def test_no_credentials_over_plain_http(tmp_path: Path) -> None:
    async with fake_kube() as fake:
        await ask(fake.kubeconfig(tmp_path))
        assert "Authorization" not in fake.seen[-1].headers


async def test_impersonation(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        user = {
            "token": TOKEN,
            "as": "jane",
            "as-uid": "7",
            "as-groups": ["dev", "ops"],
            "as-user-extra": {"scopes": ["view", "edit"]},
        }
        await ask(fake.kubeconfig(tmp_path, user=user))
        headers = fake.seen[-1].headers
        assert (headers["Impersonate-User"], headers["Impersonate-Uid"]) == ("jane", "7")
        assert headers.getall("Impersonate-Group") == ["dev", "ops"]
        assert headers.getall("Impersonate-Extra-scopes") == ["view", "edit"]


def plugin_user(tmp_path: Path, body: str) -> dict[str, Any]:
    path = tmp_path / "plugin.sh"
    path.write_text(f"#!/bin/sh\necho run >> {tmp_path}/runs\n{body}\n")
    path.chmod(0o755)
    return {"exec": {"command": "./plugin.sh", "apiVersion": V1, "interactiveMode": "Never"}}


def credential(**fields: str) -> str:
    return "echo '" + json.dumps({"kind": "ExecCredential", "apiVersion": V1, "status": fields}) + "'"


def runs(tmp_path: Path) -> int:
    return (tmp_path / "runs").read_text().count("run")


async def test_a_plugin_is_run_once_for_many_requests_and_again_after_a_401(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        user = plugin_user(tmp_path, credential(token="$(cat TOKEN)").replace("$(cat TOKEN)", f"'$(cat {tmp_path}/t)'"))
        (tmp_path / "t").write_text(TOKEN)
        async with client_for(fake.kubeconfig(tmp_path, user=user)) as client:
            await asyncio.gather(*(client.get("/version") for _ in range(8)))
            assert runs(tmp_path) == 1
            fake.tokens = {"second"}
            (tmp_path / "t").write_text("second")
            await asyncio.gather(*(client.get("/version") for _ in range(8)))
            assert runs(tmp_path) == 2
            fake.tokens = {"third"}
            before = fake.hits["/version"]
            with pytest.raises(AuthError):
                await client.get("/version")
            assert fake.hits["/version"] - before == 2  # one retry, no more
            assert runs(tmp_path) == 3


async def test_an_expired_plugin_credential_is_renewed_before_it_is_used(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        user = plugin_user(tmp_path, credential(token=TOKEN, expirationTimestamp="2020-01-01T00:00:00Z"))
        async with client_for(fake.kubeconfig(tmp_path, user=user)) as client:
            await client.get("/version")
            await client.get("/version")
        assert runs(tmp_path) == 2


async def test_a_plugin_that_gives_a_certificate(tmp_path: Path) -> None:
    fake = FakeKube()
    fake.use_tls(tmp_path, mutual=True)
    await fake.start()
    try:
        issued = fake.authority.issue("by-plugin")
        (tmp_path / "answer.json").write_text(
            json.dumps(
                {
                    "kind": "ExecCredential",
                    "apiVersion": V1,
                    "status": {
                        "clientCertificateData": issued.certificate.decode(),
                        "clientKeyData": issued.key.decode(),
                    },
                }
            )
        )
        user = plugin_user(tmp_path, f"cat {tmp_path}/answer.json")
        await ask(fake.kubeconfig(tmp_path, user=user))
        assert peer_name(fake) == "by-plugin"
    finally:
        await fake.stop()


async def test_a_plugin_that_fails_is_not_run_in_a_loop(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        user = plugin_user(tmp_path, "echo 'session is over' >&2; exit 1")
        async with client_for(fake.kubeconfig(tmp_path, user=user)) as client:
            for _ in range(5):
                with pytest.raises(ConfigError, match="session is over"):
                    await client.get("/version")
        assert runs(tmp_path) == 1
        assert not fake.hits


# -- proxies and addresses -------------------------------------------------------------------------------------------------


async def test_through_a_proxy(tmp_path: Path) -> None:
    """A CONNECT tunnel, with TLS end to end inside it."""
    asked: list[str] = []

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.split(b"\r\n")[0].decode())
        host, port = head.split()[1].decode().split(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")

        async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
            sink.close()

        await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))

    async with fake_kube(tmp_path) as fake, raw_server(tunnel) as port:
        body = await ask(fake.kubeconfig(tmp_path, proxy_url=f"http://127.0.0.1:{port}"))
        assert b"v1.35.0" in body
        assert asked == [f"CONNECT 127.0.0.1:{fake.port} HTTP/1.1"]


async def test_proxies_that_do_not_help(tmp_path: Path, unused_tcp_port: int) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with fake_kube(tmp_path) as fake, raw_server(refuse) as port:
        with pytest.raises(UnreachableError, match=r"proxy refused .* it answered 403"):
            await ask(fake.kubeconfig(tmp_path, proxy_url=f"http://127.0.0.1:{port}"))
        with pytest.raises(UnreachableError, match=r"proxy for .* cannot be reached: connection refused"):
            await ask(fake.kubeconfig(tmp_path, proxy_url=f"http://127.0.0.1:{unused_tcp_port}"))
        with pytest.raises(ConfigError, match="socks5 proxy"):
            await ask(fake.kubeconfig(tmp_path, proxy_url="socks5://127.0.0.1:1080"))


@pytest.mark.parametrize(
    ("server", "no_proxy", "used"),
    [
        ("https://kube.home:6443", "", True),
        ("https://kube.home:6443", "home", False),
        ("https://kube.home:6443", ".home", False),
        ("https://home:6443", ".home", True),
        ("https://kube.home:6443", "other,kube.home:6443", False),
        ("https://kube.home:6443", "kube.home:443", True),
        ("https://192.168.7.10:6443", "192.168.0.0/16", False),
        ("https://192.168.7.10:6443", "10.0.0.0/8", True),
        ("https://192.168.7.10:6443", "*", False),
        ("https://127.0.0.1:6443", "", False),
        ("https://localhost:6443", "", False),
        ("https://[::1]:6443", "", False),
        ("http://kube.home:8080", "", False),
    ],
)
def test_proxy_of_the_environment(server: str, no_proxy: str, used: bool) -> None:
    target = Target("x", ClusterEntry("x", server), UserEntry())
    environ = {"https_proxy": "proxy.home:3128", "NO_PROXY": no_proxy}
    found = proxy_for(target, server_url(target), environ)
    assert (str(found) if found else "") == ("http://proxy.home:3128" if used else "")


@pytest.mark.parametrize(
    ("server", "url"),
    [
        ("https://host", "https://host"),
        ("https://host:6443/k8s/clusters/c-1/", "https://host:6443/k8s/clusters/c-1"),
        ("https://[fd00::1]:6443", "https://[fd00::1]:6443"),
        ("host:8080", "http://host:8080"),
    ],
)
def test_server_addresses(server: str, url: str) -> None:
    assert str(server_url(Target("x", ClusterEntry("x", server), UserEntry()))) == url


async def test_a_prefix_in_the_address_stands_before_every_path(tmp_path: Path) -> None:
    async with fake_kube() as fake:

        async def hook(request: web.Request) -> web.Response:
            return web.json_response({"path": request.path})

        fake.on("*", hook)
        body = await ask(fake.kubeconfig(tmp_path, server=f"http://127.0.0.1:{fake.port}/k8s/c-1/"), "/api/v1/pods")
        assert json.loads(body) == {"path": "/k8s/c-1/api/v1/pods"}


# -- the server's own refusals ---------------------------------------------------------------------------------------------


async def test_refusals_keep_the_servers_words(tmp_path: Path) -> None:
    async with fake_kube() as fake:
        path = "/api/v1/pods"
        config = fake.kubeconfig(tmp_path)

        def answer(*args: Any, **more: Any) -> None:
            async def hook(request: web.Request) -> web.Response:
                return status(*args, **more)

            fake.on(path, hook)

        async with client_for(config) as client:
            answer(403, "Forbidden", 'pods is forbidden: User "jane" cannot list resource "pods"')
            with pytest.raises(ForbiddenError, match='User "jane" cannot list') as forbidden:
                await client.list_page(PODS, "v1")
            assert (forbidden.value.verb, forbidden.value.resource) == ("list", "pods")
            answer(429, "TooManyRequests", "slow down", Retry_After="7")
            with pytest.raises(ThrottledError) as throttled:
                await client.get(path)
            assert throttled.value.retry_after == 7.0
            answer(409, "Conflict", "the object has been modified")
            with pytest.raises(ConflictError, match="has been modified"):
                await client.patch(path, {"x": 1})


# -- read-only ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/v1/pods", True),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", True),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", True),
        ("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", True),
        ("POST", "/api/v1/namespaces/a/pods/b/portforward", True),
        ("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", False),
        ("POST", "/api/v1/namespaces/a/pods/b/exec", False),
        ("GET", "/api/v1/namespaces/a/pods/b/exec", False),
        ("GET", "/api/v1/namespaces/a/pods/b/attach", False),
        ("GET", "/api/v1/namespaces/a/services/b/proxy/x", False),
        ("POST", "/api/v1/namespaces/a/pods", False),
        ("PATCH", "/api/v1/namespaces/a/pods/b", False),
        ("PUT", "/api/v1/namespaces/a/pods/b", False),
        ("DELETE", "/api/v1/namespaces/a/pods/b", False),
        ("POST", "/api/v1/namespaces/selfsubjectaccessreviews/pods", False),
    ],
)
def test_what_read_only_allows(method: str, path: str, allowed: bool) -> None:
    assert allowed_read_only(method, path) is allowed


async def test_read_only_sends_nothing(tmp_path: Path) -> None:
    async with fake_kube() as fake, client_for(fake.kubeconfig(tmp_path), read_only=True) as client:
        path = "/api/v1/namespaces/a/pods/b"
        writes = (
            client.apply(path, b"{}"),
            client.apply(path, b"{}", dry_run=True),
            client.patch(path, {}),
            client.create("/api/v1/namespaces/a/pods", b"{}"),
            client.replace(path, b"{}"),
            client.delete(path),
        )
        for write in writes:
            with pytest.raises(ReadOnlyError, match="Read-only"):
                await write
        assert not fake.hits


async def test_writes_as_they_go_over_the_wire(tmp_path: Path) -> None:
    async with fake_kube() as fake, client_for(fake.kubeconfig(tmp_path)) as client:
        seen: list[tuple[str, str, dict[str, str], bytes]] = []

        async def hook(request: web.Request) -> web.Response:
            kind = request.headers.get("Content-Type", "")
            seen.append((request.method, kind, dict(request.query), await request.read()))
            return web.json_response({})

        fake.on("*", hook)
        text = b"# kept\nspec: {on: 0755}\n"
        always = {"fieldManager": "pointsman", "fieldValidation": "Strict"}
        await client.apply("/x", text, dry_run=True, force=True)
        await client.create("/x", text)
        await client.patch("/x", {"spec": {"a": None}}, resource_version="5")
        await client.delete("/x", uid="u", resource_version="6")
        assert seen[0] == ("PATCH", "application/apply-patch+yaml", {**always, "dryRun": "All", "force": "true"}, text)
        assert seen[1] == ("POST", "application/yaml", always, text)
        assert seen[2][:3] == ("PATCH", "application/merge-patch+json", always)
        assert json.loads(seen[2][3]) == {"spec": {"a": None}, "metadata": {"resourceVersion": "5"}}
        assert json.loads(seen[3][3])["preconditions"] == {"uid": "u", "resourceVersion": "6"}
