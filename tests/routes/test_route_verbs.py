"""The verbs `routes` and `trace` on files: documents, tables, exit codes; and the one question to DNS."""

from __future__ import annotations

import json
import socket
import struct
import threading
from pathlib import Path

import pytest

from pointsman.tui.cli import dispatch
from pointsman.tui.sources.dns import ask

FILES = """
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: app, namespace: x}
spec:
  entryPoints: [websecure]
  routes:
  - match: Host(`a.example`) && PathPrefix(`/api`)
    kind: Rule
    middlewares: [{name: strip}]
    services: [{name: s, port: 80}]
  - {match: Host(`b.example`, kind: Rule, services: [{name: s, port: 80}]}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: strip, namespace: x}
spec: {stripPrefix: {prefixes: [/api]}}
---
apiVersion: v1
kind: Service
metadata: {name: s, namespace: x}
spec: {ports: [{port: 80}], selector: {app: s}}
""".replace("Host(`b.example`,", "'Host(`b.example`',")


@pytest.fixture
def files(tmp_path: Path) -> str:
    path = tmp_path / "routes.yaml"
    path.write_text(FILES)
    return str(path)


def test_routes_as_json(files: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["routes", "--manifests", files, "-o", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["apiVersion"], document["kind"]) == ("pointsman/v1", "Routes")
    first, second = document["items"]
    assert {
        "kind", "namespace", "name", "hosts", "match", "entry_points", "middlewares", "services", "endpoints", "tls",
        "priority", "live", "problems",
    } <= set(first)  # fmt: skip
    assert first["hosts"] == ["a.example"]
    assert first["endpoints"] == {"ready": None, "total": None}
    live = {"name": None, "state": None, "errors": [], "why": "Traefik API not asked", "service": None, "down": []}
    assert first["live"] == live
    assert first["problems"] == []
    assert [problem["id"] for problem in second["problems"]] == ["route-invalid-rule"]
    assert "at character 17" in second["problems"][0]["text"]
    assert second["loaded"] is False


def test_routes_as_a_table(files: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["routes", "--manifests", files]) == 0
    out = capsys.readouterr().out
    assert "x/app" in out
    assert "2 routes, 1 broken" in out
    assert "no Traefik is among the objects" in out


def test_trace_as_json(files: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["trace", "https://a.example/api/x", "--manifests", files, "-o", "json", "--resolve", "192.0.2.1"]
    assert dispatch(words) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["kind"] == "Trace"
    assert document["verdict"] == "ok"
    assert document["winner"] == {"kind": "IngressRoute", "namespace": "x", "name": "app", "rule_index": 0}
    assert [(hop["kind"], hop["state"]) for hop in document["hops"]] == [
        ("dns", "unknown"), ("ip", "unknown"), ("service", "skipped"), ("entry-point", "ok"), ("router", "ok"),
        ("middleware", "ok"), ("backend", "ok"), ("endpoint", "skipped"),
    ]  # fmt: skip


def test_exit_codes_and_sentences(files: str, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--manifests", files, "--resolve", "192.0.2.1"]
    assert dispatch(["trace", "https://a.example/other", *common]) == 1
    out = capsys.readouterr().out
    assert "broken at the router: no router matches: 404" in out
    assert "PathPrefix(/api) does not match" in out
    for words in (["ftp://a"], ["https://a", "--client-ip", "me"], ["tcp://a"], ["https://a", "--header", "x"],
                  ["https://a", "--dns", "name"]):  # fmt: skip
        assert dispatch(["trace", *words, *common]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith("pointsman: ")
        assert said.err.count("\n") == 1


def serve(answer: object) -> int:
    """A DNS server for two questions: `answer` makes the records of each."""
    plug = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    plug.bind(("127.0.0.1", 0))

    def work() -> None:
        with plug:
            plug.settimeout(5)
            for _ in range(2):
                try:
                    query, who = plug.recvfrom(512)
                except TimeoutError:
                    return
                plug.sendto(answer(query), who)  # type: ignore[operator]

    threading.Thread(target=work, daemon=True).start()
    return int(plug.getsockname()[1])


def records(query: bytes) -> bytes:
    """A CNAME and, for A, an address behind it."""
    kind = struct.unpack(">H", query[-4:-2])[0]
    alias = b"\xc0\x0c" + struct.pack(">HHIH", 5, 1, 60, 2) + b"\xc0\x0c"
    address = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton("192.0.2.7")
    found = [alias, address] if kind == 1 else [alias]
    return query[:2] + struct.pack(">5H", 0x8180, 1, len(found), 0, 0) + query[12:] + b"".join(found)


def test_a_named_dns_server() -> None:
    found = ask("a.example", "127.0.0.1", 3, serve(records))
    assert found.addresses == ("192.0.2.7",)
    assert found.source == "127.0.0.1"
    found = ask(
        "a.example",
        "127.0.0.1",
        3,
        serve(lambda query: query[:2] + struct.pack(">5H", 0x8183, 1, 0, 0, 0) + query[12:]),
    )
    assert found.addresses == ()
    assert "knows no such name" in found.detail
    found = ask("a.example", "127.0.0.1", 3, serve(lambda query: query[:2] + b"\x81\x80\x00\x01\x00\x01"))
    assert found.addresses is None
    assert "no DNS answer" in found.detail
