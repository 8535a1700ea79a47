"""The demo homelab's routes in the real Traefik, read from the demo's API: the same routers, and for requests really sent the
same router wins as in our trace."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import re
import ssl
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import scenarios
from demohome import Demo, demo_homelab
from traefikhome import traefik_on

from pointsman.tui.answers.routes.build import route_list
from pointsman.tui.answers.routes.check import check
from pointsman.tui.answers.routes.model import TRAEFIK, Route
from pointsman.tui.answers.routes.request import parse_request
from pointsman.tui.answers.routes.trace import trace
from pointsman.tui.model.kinds import INGRESSES
from pointsman.tui.sources.probe import send
from pointsman.tui.store.snapshot import Snapshot

pytestmark = pytest.mark.timeout(240)

REQUESTS = [
    "https://films.home.example/", "https://films.home.example/web/index.html", "https://series.home.example/",
    "https://series.home.example/indexer", "https://series.home.example/indexer/api?x=1", "https://series.home.example/inde",
    "https://movies.home.example/", "https://home.home.example/", "https://zigbee.home.example/", "https://git.home.example/a/b",
    "https://alerts.home.example/", "https://prometheus.home.example/graph", "https://vault.home.example/",
    "https://photos.home.example/", "https://photos.home.example/api", "https://grafana.home.example/d/1",
    "https://www.home.example/", "https://www.home.example/feed.xml", "https://nobody.home.example/", "https://home.example/",
    "http://www.home.example/feed.xml", "http://www.home.example/feed.xml/x", "http://www.home.example/",
    "http://films.home.example/", "http://nobody.home.example/", "http://home.example/", "http://elsewhere.example/",
    "http://FILMS.home.example/", "https://PIHOLE.home.example/admin/",
]  # fmt: skip


@dataclass
class Sent:
    demo: Demo
    snapshot: Snapshot
    ports: dict[str, int]
    log: Path

    def api(self, path: str) -> Any:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.ports['traefik']}/api/{path}?per_page=500", timeout=5
        ) as answer:
            return json.load(answer)

    def ask(self, url: str) -> str | None:
        """The name of the router that handled it, by Traefik's access log; None for no router."""
        scheme, _, rest = url.partition("://")
        host, slash, path = rest.partition("/")
        before = self.lines()
        if scheme == "https":
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            connection: http.client.HTTPConnection = _Named(host, self.ports["websecure"], context)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.ports["web"], timeout=15)
        with contextlib.closing(connection):
            connection.request("GET", f"{slash}{path}", headers={"Host": host})
            connection.getresponse().read()
        ends = time.monotonic() + 10
        while time.monotonic() < ends:
            if new := self.lines()[len(before) :]:
                name = new[0].get("RouterName")
                return bare(str(name)) if name else None
            time.sleep(0.02)
        raise AssertionError(f"{url} is not in the access log")

    def lines(self) -> list[dict[str, Any]]:
        if not self.log.exists():
            return []
        found = (json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{"))
        return [line for line in found if line.get("entryPointName") in ("web", "websecure")]


class _Named(http.client.HTTPSConnection):
    """To loopback, with another name in the TLS hello."""

    def __init__(self, name: str, port: int, context: ssl.SSLContext) -> None:
        super().__init__("127.0.0.1", port, context=context, timeout=15)
        self.name, self.own = name, context

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self.own.wrap_socket(self.sock, server_hostname=self.name)


@pytest.fixture(scope="module", params=["classic", "broken"])
def sent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    folder = tmp_path_factory.mktemp("demo")
    snapshot = scenarios.store_of(request.param).snapshot()
    wanted = sum(1 for route in route_list(snapshot).items if route.controller == TRAEFIK and not route.dropped
                 and route.protocol == "http")  # fmt: skip
    with demo_homelab(folder, request.param) as demo, traefik_on(demo, folder) as (ports, log):
        found = Sent(demo, snapshot, ports, log)
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            with contextlib.suppress(OSError):
                enabled = [item for item in found.api("http/routers") if item["provider"] != "internal"]
                if len([item for item in enabled if item["status"] == "enabled"]) >= wanted:
                    break
            time.sleep(0.3)
        yield found


def bare(name: str) -> str:
    """Without the provider, and without what Traefik puts before it where routers of a host disagree about TLS options."""
    return re.sub(r"^\w+-conflicted-", "", name.partition("@")[0])


def expected_name(route: Route) -> str:
    """Traefik's name for a router of ours, without the provider."""
    if route.ref.kind == INGRESSES.id:
        return re.sub(r"[^a-z0-9]+", "-", f"{route.ref.namespace}-{route.ref.name}-{route.hosts[0]}-/").strip("-")
    mark = hashlib.sha256(route.match.encode()).hexdigest()[:20]
    return f"{route.ref.namespace}-{route.ref.name}-{mark}"


def test_the_same_routers_with_the_same_priority(sent: Sent) -> None:
    theirs = {
        bare(item["name"]): item["priority"]
        for item in sent.api("http/routers")
        if item["provider"] != "internal" and item["status"] == "enabled"
    }
    ours = {
        expected_name(route): route.priority
        for route in route_list(sent.snapshot).items
        if route.controller == TRAEFIK and route.protocol == "http" and not route.dropped
    }
    assert ours == theirs


def test_the_same_streams(sent: Sent) -> None:
    for protocol in ("tcp", "udp"):
        theirs = [item for item in sent.api(f"{protocol}/routers") if item["status"] == "enabled"]
        ours = [
            route
            for route in route_list(sent.snapshot).items
            if route.controller == TRAEFIK and route.protocol == protocol and not route.dropped
        ]
        assert len(ours) == len(theirs)


def test_the_same_router_wins_for_requests_really_sent(sent: Sent) -> None:
    by_key = {route.key: route for route in route_list(sent.snapshot).items}
    wrong = []
    for url in REQUESTS:
        found = trace(sent.snapshot, parse_request(url, client="127.0.0.1"))
        ours = None
        if found.winner is not None:
            key = next(
                key for key, route in by_key.items()
                if (route.ref.title.split()[0], *key[1], key[2])
                == (found.winner.kind, found.winner.namespace, found.winner.name, found.winner.rule_index)
            )  # fmt: skip
            ours = expected_name(by_key[key])
        theirs = sent.ask(url)
        if any(hop.kind == "router" and hop.state == "unknown" for hop in found.hops):
            continue  # two routers with the same rule and priority: which of them wins is not defined
        if ours != theirs:
            wrong.append((url, ours, theirs))
    assert wrong == []


def test_the_proxys_own_answers_are_as_foretold(sent: Sent) -> None:
    """Redirects, 404, 401 and 403 of requests really sent, status and goal, as ``trace --live`` compares them."""
    seen: set[int] = set()
    for url in REQUESTS:
        found = trace(sent.snapshot, parse_request(url, client="127.0.0.1"))
        if found.answer is None or any(hop.kind == "router" and hop.state == "unknown" for hop in found.hops):
            continue
        request = replace(found.request, port=sent.ports["websecure" if url.startswith("https") else "web"])
        said = send(request, "127.0.0.1")
        checks = {item.what: item for item in check(found, said, 0.0).checks}
        assert checks["answer"].agrees, (url, said)
        assert checks["status"].agrees, (url, checks["status"])
        if "redirect" in checks and found.answer[1]:
            assert checks["redirect"].found.replace(f":{request.port}", "") == checks["redirect"].expected, url
        seen.add(found.answer[0])
    assert {301, 403, 404} <= seen
