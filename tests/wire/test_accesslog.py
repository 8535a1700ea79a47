"""Traefik's access log in both forms; lines as Traefik 3.7 writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies

from pointsman.tui.wire.accesslog import parse_line

JSON: dict[str, Any] = {
    "ClientAddr": "192.168.7.31:51514", "ClientHost": "192.168.7.31", "ClientPort": "51514", "DownstreamContentSize": 1234,
    "DownstreamStatus": 200, "Duration": 5_250_000, "OriginDuration": 5_000_000, "OriginStatus": 200, "Overhead": 250_000,
    "RequestAddr": "jellyfin.home.example", "RequestHost": "jellyfin.home.example", "RequestMethod": "GET",
    "RequestPath": "/web/?api_key=abcdef", "RequestProtocol": "HTTP/2.0", "RequestScheme": "https", "RetryAttempts": 0,
    "RouterName": "media-jellyfin-1@kubernetescrd", "ServiceAddr": "10.42.1.4:8096",
    "ServiceName": "media-jellyfin-8096@kubernetescrd", "ServiceURL": "http://10.42.1.4:8096",
    "StartUTC": "2026-09-21T14:13:20.345678901Z", "entryPointName": "websecure", "level": "info", "msg": "",
    "time": "2026-09-21T14:13:20Z",
}  # fmt: skip
COMMON = (
    '192.168.7.31 - - [21/Sep/2026:14:13:20 +0000] "GET /a?token=abc HTTP/1.1" 404 19 "-" "curl/8 \\"x\\"" 7 '
    '"media-jellyfin-1@kubernetescrd" "http://10.42.1.4:8096" 12ms'
)


def of(**more: Any) -> bytes:
    return json.dumps({key: value for key, value in (JSON | more).items() if value is not None}).encode()


def test_json() -> None:
    found = parse_line(of(), node="loft")
    assert found is not None
    assert (found.origin, found.verdict, found.ns, found.node) == (
        "traefik-log", "FORWARDED", 1_790_000_000_345_678_901, "loft",
    )  # fmt: skip
    assert (found.source.ip, found.source.port) == ("192.168.7.31", 51514)
    assert (found.destination.ip, found.destination.port) == ("10.42.1.4", 8096)
    l7 = found.l7
    assert l7 is not None
    assert (l7.code, l7.method, l7.latency_ns, l7.size, l7.entry_point) == (200, "GET", 5_250_000, 1234, "websecure")
    assert (l7.router, l7.service) == ("media-jellyfin-1@kubernetescrd", "media-jellyfin-8096@kubernetescrd")
    assert l7.url == "https://jellyfin.home.example/web/?api_key=***"
    assert found.masked
    assert "abcdef" not in found.summary


def test_what_traefik_answered_itself_was_not_forwarded() -> None:
    found = parse_line(of(RouterName=None, ServiceName=None, ServiceAddr=None, ServiceURL=None, OriginStatus=None,
                          DownstreamStatus=404))  # fmt: skip
    assert found is not None
    assert (found.verdict, found.destination.ip) == ("VERDICT_UNKNOWN", "")
    assert found.l7 is not None
    assert (found.l7.router, found.l7.code) == ("", 404)


def test_common() -> None:
    found = parse_line(COMMON.encode() + b"\n")
    assert found is not None
    assert found.ns == 1_790_000_000 * 10**9
    assert found.l7 is not None
    assert (found.l7.code, found.l7.size, found.l7.latency_ns, found.l7.url) == (404, 19, 12_000_000, "/a?token=***")
    assert (found.destination.ip, found.destination.port) == ("10.42.1.4", 8096)
    unmatched = parse_line(b'10.0.0.1 - bob [21/Sep/2026:14:13:20 +0000] "GET / HTTP/1.1" 404 19 "-" "-" 7 "-" "-" 0ms')
    assert unmatched is not None
    assert (unmatched.verdict, unmatched.destination.ip) == ("VERDICT_UNKNOWN", "")


def test_ipv6() -> None:
    found = parse_line(of(ClientAddr="[fd00::31]:5000", ServiceAddr="[fd00::4]:80"))
    assert found is not None
    assert (found.source.ip, found.source.port, found.destination.ip, found.destination.port) == (
        "fd00::31", 5000, "fd00::4", 80,
    )  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        b'{"level":"info","message":"Configuration loaded","time":"2026-09-21T14:13:20Z"}', b"", b"{", b"[]", b"\xff\xfe",
        b"2026-09-21T14:13:20Z INF Starting", b'{"RequestMethod":"GET"' + b" " * 70_000 + b"}",
        b'{"RequestMethod":' + b"[" * 5000,
    ],
)  # fmt: skip
def test_other_lines_are_no_flows(line: bytes) -> None:
    assert parse_line(line) is None


def test_wrong_types_are_unknown() -> None:
    found = parse_line(
        of(Duration="5", DownstreamStatus=True, StartUTC=7, time="never", ClientAddr=[], RequestPath=None)
    )
    assert found is not None
    assert found.ns is None
    assert found.l7 is not None
    assert (found.l7.latency_ns, found.l7.code) == (None, None)


@given(strategies.binary(max_size=300))
def test_no_line_breaks_it(line: bytes) -> None:
    parse_line(line)
    parse_line(b'{"RequestMethod":"GET","RequestPath":' + json.dumps(line.decode("latin-1")).encode() + b"}")
