"""Every fault of the broken homelab that a request can meet: the trace names the hop, by the objects alone and with what the
demo's Traefik says."""

from __future__ import annotations

import asyncio
import json

import pytest
import scenarios

from pointsman.tui.answers.routes.hops import BROKEN, Hop
from pointsman.tui.answers.routes.request import Resolution, parse_request
from pointsman.tui.answers.routes.trace import Trace, trace
from pointsman.tui.demo.homelab import Homelab
from pointsman.tui.demo.scenario.faults import FAULTS
from pointsman.tui.model import proxies
from pointsman.tui.sources.traefik import read
from pointsman.tui.store.snapshot import Snapshot, State

PLACE = ("deployments", "kube-system", "traefik")
VIP = Resolution(("192.168.7.100",), "test")
TABLE = [
    ("lease-that-flaps", "tcp://192.168.7.104:25565", "announcer", "it has changed hands"),
    ("ghost-address", "tcp://192.168.7.108:8123", "announcer", "probably nobody answers"),
    ("address-without-advertisement", "tcp://192.168.7.245:1883", "announcer", "nothing announces it"),
    ("route-to-a-missing-service", "https://movies.home.example/", "router", "Service media/radarr-web does not exist"),
    ("address-without-pods", "tcp://192.168.7.109:8554", "endpoint", "Service home/frigate has no endpoints"),
    ("route-to-a-missing-port", "https://s3.home.example/", "router", "Service backup/minio has no port s3"),
    ("route-without-pods", "https://wiki.home.example/", "endpoint", "Service web/wiki has no endpoints"),
    (
        "route-on-a-missing-entry-point",
        "https://status.home.example/",
        "router",
        "entry point https, which does not exist",
    ),
    (
        "route-with-an-old-rule",
        "https://blog.home.example/",
        "router",
        "its rule is invalid: Host takes 1 value, not 2",
    ),
    (
        "route-with-a-missing-tls-option",
        "https://vault.home.example/admin",
        "router",
        "TLSOption vault/modern does not exist",
    ),
    ("route-nobody-takes", "https://drafts.home.example/", "router", "its class is internal"),
    ("class-nobody-serves", "https://old.home.example/", "router", "nobody serves IngressClass cilium"),
    ("route-to-a-missing-middleware", "https://films.home.example/", "router", "Middleware web/auth does not exist"),
]
HARMLESS = ["https://vault.home.example/", "https://photos.home.example/", "https://series.home.example/indexer/x"]
"""Requests that other faults (a certificate that will end, policies that nobody enforces) stop in no way."""


def walk(snapshot: Snapshot, url: str) -> Trace:
    return trace(snapshot, parse_request(url, client="192.168.7.9"), VIP if "home.example" in url else Resolution())


@pytest.fixture(scope="module", params=["objects", "asked"])
def broken(request: pytest.FixtureRequest) -> Snapshot:
    store = scenarios.store_of("broken")
    if request.param == "asked":
        api = asyncio.run(Homelab("broken").traefik.ready())

        def items(path: str) -> list[object]:
            return list(json.loads(api.ask("GET", f"/api/{path}?per_page=500").body))

        routers = [item for protocol in ("http", "tcp", "udp")
                   for item in read.read_all(items(f"{protocol}/routers"), read.router, protocol)[0]]  # fmt: skip
        store.set_traefik([proxies.Replica("kube-system/traefik-0", PLACE, "3.7.15", tuple(routers))])
        store.set_link("traefik", State.LIVE, "3.7.15, 1 replica")
    return store.snapshot()


def first_broken(found: Trace) -> Hop:
    return next(hop for hop in found.hops if hop.state == BROKEN)


@pytest.mark.parametrize(("fault", "url", "kind", "words"), TABLE)
def test_the_fault_is_the_broken_hop(broken: Snapshot, fault: str, url: str, kind: str, words: str) -> None:
    assert fault in {item.name for item in FAULTS}
    found = walk(broken, url)
    assert found.verdict == "broken"
    hop = first_broken(found)
    assert (hop.kind, words in hop.detail) == (kind, True), hop


@pytest.mark.parametrize("url", HARMLESS)
def test_what_no_fault_stops(broken: Snapshot, url: str) -> None:
    assert walk(broken, url).verdict == "ok"


def test_two_routes_of_equal_rank_are_a_doubt_at_the_router(broken: Snapshot) -> None:
    found = walk(broken, "https://series.home.example/")
    assert found.verdict == "unknown"
    hop = next(hop for hop in found.hops if hop.kind == "router")
    assert (hop.state, "media/series-old" in hop.detail) == ("unknown", True)
