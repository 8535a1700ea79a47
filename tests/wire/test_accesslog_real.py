"""The access log as the real Traefik writes it, in both forms, and the demo's beside it."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from demohome import tool
from realtraefik import free_ports

from pointsman.tui.demo.homelab import Homelab
from pointsman.tui.model.flows import Flow
from pointsman.tui.wire.accesslog import parse_line

REQUESTS = (
    ("GET", "site.example", "/a?token=abcdef", 200),
    ("POST", "site.example", "/b", 201),
    ("GET", "auth.example", "/", 401),
    ("GET", "old.example", "/x", 302),
    ("GET", "gone.example", "/", 502),
    ("GET", "nobody.example", "/none", 404),
)
LAST = "/last-of-all"


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(201 if self.command == "POST" else 200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def traefik_lines(folder: Path, form: str) -> Iterator[list[bytes]]:
    """What Traefik writes to its output while it is asked REQUESTS."""
    web, dead = free_ports(2)
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    routes = {
        "http": {
            "routers": {
                "site": {"rule": "Host(`site.example`)", "service": "site"},
                "auth": {"rule": "Host(`auth.example`)", "service": "site", "middlewares": ["auth"]},
                "old": {"rule": "Host(`old.example`)", "service": "site", "middlewares": ["to"]},
                "gone": {"rule": "Host(`gone.example`)", "service": "gone"},
            },
            "middlewares": {
                "auth": {"basicAuth": {"users": ["keeper:$apr1$OYJTdiU7$7QBoMzC/5LJKcrASPoaJB1"]}},
                "to": {"redirectRegex": {"regex": ".*", "replacement": "http://site.example/"}},
            },
            "services": {
                "site": {"loadBalancer": {"servers": [{"url": f"http://127.0.0.1:{site.server_port}"}]}},
                "gone": {"loadBalancer": {"servers": [{"url": f"http://127.0.0.1:{dead}"}]}},
            },
        }
    }
    file = folder / "routes.yml"
    file.write_text(yaml.safe_dump(routes))
    words = [f"--entryPoints.web.address=127.0.0.1:{web}", f"--providers.file.filename={file}", "--accesslog=true",
             f"--accesslog.format={form}", "--global.checkNewVersion=false", "--global.sendAnonymousUsage=false",
             "--log.format=json"]  # fmt: skip
    process = subprocess.Popen([tool("traefik"), *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        lines: list[bytes] = []
        for method, host, path, status in (*REQUESTS, ("GET", "nobody.example", LAST, 404)):
            assert ask(web, method, host, path, patient=not lines and path != LAST) == status
        for line in process.stdout:
            lines.append(line)
            if LAST.encode() in line:
                break
        yield lines
    finally:
        process.terminate()
        process.communicate(timeout=20)
        site.shutdown()
        site.server_close()


def ask(port: int, method: str, host: str, path: str, *, patient: bool) -> int:
    """The status; patient waits until Traefik is up and has read its routes."""
    pause = threading.Event()
    for _ in range(400 if patient else 1):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            with contextlib.closing(connection):
                connection.request(method, path, headers={"Host": host})
                status = connection.getresponse().status
            if status != 404 or host == "nobody.example":
                return status
        except OSError:
            pass
        pause.wait(0.05)
    raise AssertionError(f"Traefik did not answer for {host}")


@pytest.mark.parametrize("form", ["json", "common"])
def test_every_line_of_the_real_one_is_understood(form: str, tmp_path: Path) -> None:
    with traefik_lines(tmp_path, form) as lines:
        flows = [flow for line in lines if (flow := parse_line(line, "here")) is not None]
    by_path: dict[tuple[str, int | None], Flow] = {}
    for flow in flows:
        assert flow.l7 is not None
        assert flow.ns is not None
        by_path[flow.l7.url.rpartition("/")[2], flow.l7.code] = flow
    served = by_path["a?token=***", 200]
    assert served.l7 is not None
    assert (served.verdict, served.l7.method, served.l7.size, served.source.ip) == ("FORWARDED", "GET", 5, "127.0.0.1")
    assert served.l7.router == "site@file"
    assert (served.destination.ip, bool(served.destination.port)) == ("127.0.0.1", True)
    assert served.l7.latency_ns is not None
    assert by_path["b", 201].l7 is not None
    answered = {code: flow for (_, code), flow in by_path.items()}
    for code in (302, 401, 404):
        assert answered[code].verdict == "VERDICT_UNKNOWN", "Traefik answered itself"
        assert answered[code].destination.ip == ""
    assert answered[502].verdict == "VERDICT_UNKNOWN"
    assert len(flows) >= len(REQUESTS) + 1
    if form == "json":
        assert served.l7.entry_point == "web"
        demo_keys(next(line for line in lines if b'"OriginStatus":200,' in line))


def demo_keys(real: bytes) -> None:
    """The demo's lines have the real one's keys, and no others."""
    lab = Homelab("classic")
    (pod,) = [
        item for item in lab.storage.list("pods", "kube-system") if item["metadata"]["name"].startswith("traefik-")
    ]
    log = [line.text for line in lab.logs.read("kube-system", pod["metadata"]["name"], "traefik")]
    made = next(found for text in log if (found := json.loads(text)).get("OriginStatus") == 200)
    of_tls = {"TLSCipher", "TLSVersion", "TLSClientSubject"}
    assert set(made) - of_tls == set(json.loads(real)) - of_tls
