"""`trace --live`: one real request to a loopback server, held against what was foretold; and everything it does not send."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from authority import Authority

from pointsman.tui.answers.routes.names import covers
from pointsman.tui.answers.routes.request import parse_request
from pointsman.tui.cli import dispatch
from pointsman.tui.sources.probe import refusal, send

FILES = """
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: app, namespace: x}
spec:
  entryPoints: [web, websecure]
  routes:
  - {match: Host(`a.example`), kind: Rule, services: [{name: s, port: 80}]}
  - {match: Host(`r.example`), kind: Rule, middlewares: [{name: away}], services: [{name: s, port: 80}]}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: away, namespace: x}
spec: {redirectRegex: {regex: "^.*$", replacement: "https://b.example/x"}}
---
apiVersion: v1
kind: Service
metadata: {name: s, namespace: x}
spec: {ports: [{port: 80}], selector: {app: s}}
"""


class Far:
    """A server in a thread of its own; ``seen`` are the requests it got."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] = {"text": "fine"}
        self.seen: list[tuple[str, str, str]] = []
        self.port = 0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.seen.append((request.method, request.headers["Host"], request.path_qs))
        return web.Response(**self.answer)


@contextlib.contextmanager
def far(context: ssl.SSLContext | None = None) -> Iterator[Far]:
    found, ready, loop = Far(), threading.Event(), asyncio.new_event_loop()

    async def serve() -> None:
        runner = web.ServerRunner(web.Server(found.handle), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        found.port = runner.addresses[0][1]
        ready.set()
        try:
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    task = loop.create_task(serve())

    def run() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield found
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(10)


@pytest.fixture
def files(tmp_path: Path) -> str:
    path = tmp_path / "routes.yaml"
    path.write_text(FILES)
    return str(path)


def traced(files: str, url: str, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, Any]]:
    code = dispatch(["trace", url, "--live", "--resolve", "127.0.0.1", "--manifests", files, "-o", "json", *more])
    return code, json.loads(capsys.readouterr().out)


def by_what(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["what"]: item for item in document["live"]["checks"]}


def test_an_answer_as_foretold(files: str, capsys: pytest.CaptureFixture[str]) -> None:
    with far() as server:
        _, document = traced(files, f"http://a.example:{server.port}/p?q=1", capsys)
        assert server.seen == [("GET", f"a.example:{server.port}", "/p?q=1")]
    live = document["live"]
    assert (live["sent"], live["address"], live["status"], live["agrees"]) == (True, "127.0.0.1", 200, True)


def test_without_the_option_nothing_is_sent(files: str, capsys: pytest.CaptureFixture[str]) -> None:
    with far() as server:
        dispatch(
            ["trace", f"http://a.example:{server.port}/", "--resolve", "127.0.0.1", "--manifests", files, "-o", "json"]
        )
        assert server.seen == []
    assert json.loads(capsys.readouterr().out)["live"] is None


@pytest.mark.parametrize(
    ("host", "answer", "what", "agrees"),
    [
        ("r", {"status": 302, "headers": {"Location": "https://b.example/x"}}, "redirect", True),
        ("r", {"status": 302, "headers": {"Location": "https://b.example:443/x"}}, "redirect", True),
        ("r", {"status": 302, "headers": {"Location": "https://elsewhere.example/"}}, "redirect", False),
        ("r", {"status": 200, "text": "no redirect"}, "status", False),
        ("a", {"status": 404, "text": "404 page not found\n"}, "status", False),
        ("a", {"status": 404, "text": "no such film"}, "status", True),
        ("a", {"status": 502, "text": "Bad Gateway"}, "status", False),
        ("nobody", {"status": 404, "text": "404 page not found\n"}, "status", True),
        ("nobody", {"status": 200, "text": "somebody"}, "status", False),
    ],
)
def test_what_differs_is_said(
    files: str, capsys: pytest.CaptureFixture[str], host: str, answer: dict[str, Any], what: str, agrees: bool
) -> None:
    with far() as server:
        server.answer = answer
        code, document = traced(files, f"http://{host}.example:{server.port}/", capsys)
        assert len(server.seen) == 1, "redirects are not followed"
    assert by_what(document)[what]["agrees"] is agrees, document["live"]
    if not agrees:
        assert code == 1


def test_the_certificate(files: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    issued = Authority().issue("traefik", server=True)
    (tmp_path / "tls.pem").write_bytes(issued.certificate + issued.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.pem")
    with far(context) as server:
        _, document = traced(files, f"https://a.example:{server.port}/", capsys)
        checks = by_what(document)
        assert (checks["certificate"]["agrees"], "localhost" in checks["certificate"]["found"]) == (False, True)
        assert checks["its end"]["agrees"] is True
        assert checks["its chain"]["found"].startswith("not trusted here")
        _, document = traced(files, f"tcp://a.example:{server.port}", capsys, "--sni", "localhost")
        assert by_what(document)["certificate"]["agrees"] is True


def test_nobody_answers(files: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = traced(files, "http://a.example:1/", capsys)
    assert (code, by_what(document)["answer"]["agrees"]) == (1, False)


@pytest.mark.parametrize(
    ("url", "method", "address", "demo", "words"),
    [
        ("udp://a.example:53", "GET", "127.0.0.1", False, "silence would tell nothing"),
        ("https://a.example/", "POST", "127.0.0.1", False, "it may change something"),
        ("https://a.example/", "GET", "", False, "does not resolve from here"),
        ("https://a.example/", "GET", "192.168.7.100", True, "is on no network of this machine"),
        ("https://a.example/", "GET", "127.0.0.1", True, ""),
        ("https://a.example/", "HEAD", "192.168.7.100", False, ""),
    ],
)
def test_what_is_not_sent(url: str, method: str, address: str, demo: bool, words: str) -> None:
    found = refusal(parse_request(url, method), address, demo=demo)
    assert words in found
    assert bool(found) is bool(words)


def test_a_table_for_people(files: str, capsys: pytest.CaptureFixture[str]) -> None:
    with far() as server:
        server.answer = {"status": 502, "text": "Bad Gateway"}
        url = f"http://a.example:{server.port}/"
        dispatch(["trace", url, "--live", "--resolve", "127.0.0.1", "--manifests", files, "--no-color"])
    text = capsys.readouterr().out
    assert "502: the proxy got no answer from the service" in text
    assert "the answer is not what was foretold" in text


def test_a_server_that_speaks_no_http() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def rude() -> None:
            with contextlib.suppress(OSError):
                plug, _ = listener.accept()
                plug.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
                plug.close()

        thread = threading.Thread(target=rude, daemon=True)
        thread.start()
        said = send(parse_request(f"http://a.example:{listener.getsockname()[1]}/"), "127.0.0.1")
        thread.join(5)
    assert said.status is None
    assert said.problem.startswith("no answer")


def test_names_of_certificates() -> None:
    assert covers("*.home.example", "films.home.example")
    assert not covers("*.home.example", "home.example")
    assert not covers("*.home.example", "a.b.home.example")
    assert covers("Films.Home.Example", "films.home.example")
