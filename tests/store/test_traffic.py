"""Edges counted as flows come: the same as counting all of them anew, bounded, with ends in the words of the objects."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import Any

import pytest
from flowrows import BARE, HOST, JELLYFIN, LAN, POSTGRES, WEATHER, WORLD, flow
from hypothesis import given, strategies

from pointsman.tui.model.flows import HUBBLE, L7, TRAEFIK_LOG, Flow, Peer
from pointsman.tui.model.traffic import BUCKET, BUCKETS, Edge, End, Rates
from pointsman.tui.store.flows import FlowStore
from pointsman.tui.store.traffic import NAMES_EACH, TrafficBook, end_of, is_private, sides


@pytest.mark.parametrize(
    ("peer", "asked", "end"),
    [
        (JELLYFIN, False, End("Deployment", "media", "jellyfin")),
        (BARE, True, End("Pod", "lab", "toolbox")),
        (WORLD, False, End("entity", "", "world", "world")),
        (WORLD, True, End("ip", "", "203.0.113.9", "world", "203.0.113.9")),
        (LAN, False, End("entity", "", "world", "world", "192.168.7.23")),
        (WEATHER, True, End("fqdn", "", "api.weather.example", "world")),
        (HOST, True, End("entity", "", "host", "host")),
        (Peer(identity=7, ip="192.168.7.11"), True, End("entity", "", "kube-apiserver", "kube-apiserver")),
        (Peer(service="web", service_namespace="lab", ip="10.43.0.9"), True, End("Service", "lab", "web")),
        (Peer(ip="203.0.113.9"), False, End("entity", "", "world", "world")),
        (Peer(ip="192.168.7.23"), False, End("ip", "", "192.168.7.23", "", "192.168.7.23")),
        (Peer(), True, End("entity")),
        (Peer(identity=99_999, ip="10.42.9.9"), True, End("ip", "", "10.42.9.9", "", "10.42.9.9")),
    ],
)
def test_ends(peer: Peer, asked: bool, end: End) -> None:
    assert end_of(peer, asked=asked) == end


def test_words_of_ends() -> None:
    words = [end_of(peer, asked=asked).text for peer, asked in ((JELLYFIN, False), (LAN, False), (WEATHER, True))]
    assert words == ["media/jellyfin", "world 192.168.7.23", "api.weather.example"]
    assert not end_of(HOST, asked=True).outside
    assert end_of(LAN, asked=False).outside


def test_private_addresses() -> None:
    assert all(
        map(is_private, ("10.1.2.3", "172.16.0.1", "172.31.0.1", "192.168.1.1", "100.64.0.1", "fd00::1", "fe80::1"))
    )
    assert not any(map(is_private, ("172.32.0.1", "100.128.0.1", "8.8.8.8", "2001:db8::1", "", "fqdn", "1")))


def test_a_reply_belongs_to_the_edge_it_answers() -> None:
    store = FlowStore()
    store.add_flows([flow(), flow(POSTGRES, JELLYFIN, is_reply=True)], 100.0)
    (edge,) = store.traffic(100.0).edges
    assert (edge.source.name, edge.port, edge.forwarded) == ("jellyfin", 5432, 2)


def test_layer_7_bytes_and_errors() -> None:
    store = FlowStore()
    http = L7("http", "REQUEST", method="GET", url="/")
    store.add_flows([flow(l7=http), flow(POSTGRES, JELLYFIN, is_reply=True, l7=L7("http", "RESPONSE", code=503))], 1.0)
    logged = L7("http", "RESPONSE", code=502, size=700)
    store.add_flows(
        [flow(origin=TRAEFIK_LOG, l7=logged), flow(origin=TRAEFIK_LOG, l7=L7("http", code=200, size=300))], 1.0
    )
    one, other = store.traffic(1.0).edges
    assert (one.requests, one.errors, one.size) == (1, 1, None)
    assert (other.requests, other.errors, other.size) == (2, 1, 1000)


def test_names_from_answers_and_from_peers() -> None:
    store = FlowStore()
    dns = L7("dns", "RESPONSE", query="api.weather.example.", answers=("198.51.100.4", "2001:db8::4"))
    store.add_flows([flow(l7=dns), flow(destination=WEATHER)], 1.0)
    seen = store.traffic(1.0)
    assert seen.names == {"198.51.100.4": ("api.weather.example",), "2001:db8::4": ("api.weather.example",)}
    version = seen.names_version
    store.add_flows([flow(destination=WEATHER)], 3.0)
    assert store.traffic(3.0).names_version == version
    many = [flow(destination=Peer(identity=2, ip="198.51.100.4", names=(f"n{at}.example",))) for at in range(20)]
    store.add_flows(many, 4.0)
    assert store.traffic(4.0).names["198.51.100.4"] == tuple(f"n{at}.example" for at in range(20 - NAMES_EACH, 20))
    assert len(seen.names["198.51.100.4"]) == 1, "an older picture changed"


def test_the_socket_s_translation_is_not_counted_twice() -> None:
    store = FlowStore()
    store.add_flows([flow(event=7), flow()], 1.0)
    assert [edge.flows for edge in store.traffic(1.0).edges] == [1]


def test_rates_and_history() -> None:
    store = FlowStore()
    for second in range(30):
        store.add_flows([flow()] * 4 + [flow(verdict="DROPPED", drop_reason="POLICY_DENIED")], 1000.0 + second)
    (edge,) = store.traffic(1030.0).edges
    assert edge.rate(1030.0) == pytest.approx(5.0)
    assert edge.rate(1030.0, drops=True) == pytest.approx(1.0)
    assert edge.series(1030.0, length=7) == (0, 25, 25, 25, 25, 25, 25)
    assert edge.lately(1030.0) == 150
    assert edge.lately(1030.0, drops=True) == 30
    assert edge.rate(1100.0) == 0
    assert (edge.drop_reason, edge.last_dropped) == ("POLICY_DENIED", 1029.0)


def test_edges_that_did_not_change_are_the_same_objects() -> None:
    store = FlowStore()
    store.add_flows([flow(), flow(destination=WEATHER)], 1.0)
    before = store.traffic(1.0).edges
    store.add_flows([flow()], 2.0)
    after = store.traffic(2.0).edges
    assert after[1] is before[1]
    assert after[0].flows == 2
    assert store.traffic(3.0).edges is after


def test_bounded() -> None:
    book = TrafficBook(most_edges=50)
    for at in range(500):
        book.fold([flow(Peer(identity=2, ip=f"10.0.{at // 250}.{at % 250}"), POSTGRES)], float(at))
        book.fold([flow()], float(at))
    seen = book.picture(500.0, Rates())
    assert len(seen.edges) <= 50
    assert seen.forgotten == 501 - len(seen.edges)
    assert any(edge.flows == 500 for edge in seen.edges), "the busy one was let go"
    assert len(book.picture(5000.0, Rates()).edges) == 0, "old edges stay for ever"


def test_ends_are_numbered_afresh_without_mixing_them_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pointsman.tui.store.traffic._MOST_ENDS", 20)
    book = TrafficBook(most_edges=10)
    for at in range(300):
        book.fold([flow(Peer(identity=2, ip=f"10.1.0.{at % 250}"), POSTGRES), flow()], float(at))
    for edge in book.picture(300.0, Rates()).edges:
        assert edge.destination.name == "postgres"
        assert edge.source.name == "jellyfin" or edge.source.ip.startswith("10.1.0.")


PEERS = (JELLYFIN, POSTGRES, WORLD, LAN, WEATHER, HOST, BARE)
ONE = strategies.builds(
    flow,
    strategies.sampled_from(PEERS),
    strategies.sampled_from(PEERS),
    strategies.sampled_from(("FORWARDED", "DROPPED", "REDIRECTED", "AUDIT", "ERROR")),
    is_reply=strategies.sampled_from((None, True, False)),
    event=strategies.sampled_from((1, 4, 5, 7, 129)),
    drop_reason=strategies.sampled_from(("", "POLICY_DENIED")),
    protocol=strategies.sampled_from(("TCP", "UDP")),
)
BATCHES = strategies.lists(
    strategies.tuples(strategies.lists(ONE, max_size=6), strategies.integers(0, 400)), max_size=12
)


@given(BATCHES)
def test_counting_as_they_come_is_counting_all_anew(batches: list[tuple[list[Flow], int]]) -> None:
    store = FlowStore()
    looked = 0
    for number, (flows, at) in enumerate(batches):
        store.add_flows(flows, float(at))
        if number % 3 == 0:
            looked += len(store.traffic(float(at)).edges)
    counted: dict[Any, dict[str, Any]] = {}
    for flows, at in batches:
        for one in flows:
            if one.event == 7:
                continue
            source, destination = sides(one)
            key = (end_of(source, asked=False), end_of(destination, asked=True), destination.port, one.protocol, HUBBLE)
            new: dict[str, Any] = {"f": 0, "d": 0, "o": 0, "first": at, "last": at, "all": defaultdict(lambda: [0, 0])}
            edge = counted.setdefault(key, new)
            kind = {"FORWARDED": "f", "REDIRECTED": "f", "DROPPED": "d", "ERROR": "d"}.get(one.verdict, "o")
            edge[kind] += 1
            edge["first"], edge["last"] = min(edge["first"], at), max(edge["last"], at)
            edge["all"][at // BUCKET][0] += 1
            edge["all"][at // BUCKET][1] += kind == "d"
    edges: dict[Any, Edge] = {edge.key: edge for edge in store.traffic(400.0).edges}
    assert edges.keys() == counted.keys()
    for key, edge in edges.items():
        want = counted[key]
        assert (edge.forwarded, edge.dropped, edge.other) == (want["f"], want["d"], want["o"])
        assert (edge.first, edge.last) == (want["first"], want["last"])
        newest = max(want["all"])
        assert edge.buckets == tuple((at, *want["all"][at]) for at in sorted(want["all"]) if at > newest - BUCKETS)


def test_threads_add_and_look_at_once() -> None:
    store = FlowStore(500)

    def add() -> None:
        for _ in range(200):
            store.add_flows([flow(), flow(destination=WEATHER)], 1.0)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert len(store.since(0)) <= 500
        assert len(store.traffic(1.0).edges) <= 2
    assert sum(edge.flows for edge in store.traffic(1.0).edges) == store.sequence == 1600
