"""The graph behind the map: who is who, what is folded, what is declared."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import pytest
from appkit import NOW, Clock, fill
from hypothesis import given, settings
from hypothesis import strategies as st
from traffickit import fill_flows, talk_flows

from pointsman.tui.answers.flows.declared import declared_graph
from pointsman.tui.answers.flows.graph import (
    CALLED,
    IN,
    INGRESS,
    LATELY,
    MOST_NAMES,
    Graph,
    Line,
    Role,
    cast,
    traffic_graph,
)
from pointsman.tui.answers.flows.narrowing import (
    MOST_BOXES,
    MOST_LINES,
    around,
    busiest,
    foldable,
    folded,
    in_namespace,
    kept,
)
from pointsman.tui.model.flows import HUBBLE, TRAEFIK_LOG
from pointsman.tui.model.traffic import ENTITY, FQDN, Edge, End
from pointsman.tui.store.snapshot import Snapshot
from pointsman.tui.store.store import Store

AT = NOW.timestamp()


def edge(source: End, destination: End, **more: Any) -> Edge:
    values: dict[str, Any] = {
        "port": 80, "protocol": "TCP", "origin": HUBBLE, "forwarded": 1, "dropped": 0, "other": 0, "requests": 0, "errors": 0,
        "size": None, "first": AT - 60, "last": AT - 1, "last_dropped": None, "drop_reason": "", "buckets": (),
    }  # fmt: skip
    return Edge(source, destination, **{**values, **more})


def app(name: str, namespace: str = "media", kind: str = "Deployment") -> End:
    return End(kind, namespace, name)


@functools.cache
def snapshot(variant: Any = "classic", *, flows: bool = False) -> Snapshot:
    store = Store(Clock())
    fill(store, variant)
    if flows:
        fill_flows(store, AT)
    return store.snapshot()


WORLD = End(ENTITY, "", "world", "world")
LAN = End(ENTITY, "", "world", "world", "192.168.7.31")


def test_ends_become_boxes() -> None:
    edges = [
        edge(LAN, app("jellyfin")),
        edge(replace_ip(LAN, "192.168.7.50"), app("jellyfin")),
        edge(WORLD, app("jellyfin")),
        edge(End(ENTITY, "", "host", "host"), app("jellyfin")),
        edge(End(ENTITY, "", "remote-node", "remote-node"), app("jellyfin")),
        edge(app("jellyfin"), End(FQDN, "", "api.example.org", "world")),
        edge(app("jellyfin"), End("ip", "", "203.0.113.9", "world", "203.0.113.9")),
        edge(app("jellyfin"), End(ENTITY, "", "kube-apiserver", "kube-apiserver")),
        edge(End(ENTITY, "", "ingress", "ingress"), app("jellyfin")),
        edge(app("jellyfin"), End("", "", "")),
    ]
    graph = traffic_graph(edges, AT)
    boxes = {key: (box.name, box.group, box.role) for key, box in graph.boxes.items()}
    assert boxes == {
        "media/jellyfin/Deployment": ("jellyfin", "media", Role.WORKLOAD),
        "in//lan": ("local network", IN, Role.OUTSIDE),
        "in//internet": ("internet", IN, Role.OUTSIDE),
        "cluster//nodes": ("nodes", "cluster", Role.CLUSTER),
        "called/api.example.org": ("api.example.org", CALLED, Role.OUTSIDE),
        "called//internet": ("internet", CALLED, Role.OUTSIDE),
        "cluster//kube-apiserver": ("kube-apiserver", "cluster", Role.CLUSTER),
        "ingress//cilium": ("cilium ingress", INGRESS, Role.INGRESS),
        "called//unknown": ("unknown", CALLED, Role.OUTSIDE),
    }
    assert graph.boxes["in//lan"].members == ("192.168.7.31", "192.168.7.50")
    assert graph.boxes["in//lan"].inside == 2
    assert graph.lines["in//lan", "media/jellyfin/Deployment"].forwarded == 2


def replace_ip(end: End, ip: str) -> End:
    return End(end.kind, end.namespace, end.name, end.entity, ip)


def test_lines_add_up() -> None:
    one, other = app("sonarr"), app("qbittorrent")
    graph = traffic_graph(
        [
            edge(one, other, port=8080, forwarded=5, requests=5, errors=1),
            edge(one, other, port=53, protocol="UDP", forwarded=9, last=AT - 3),
            edge(one, other, port=22, forwarded=0, dropped=4, last_dropped=AT - 9, drop_reason="POLICY_DENIED"),
            edge(one, other, port=23, forwarded=0, dropped=1, last_dropped=AT - 2, drop_reason="POLICY_DENY"),
        ],
        AT,
    )
    (line,) = graph.lines.values()
    assert (line.forwarded, line.dropped, line.requests, line.errors, line.total) == (14, 5, 5, 1, 19)
    assert line.ports[0] == (53, "UDP")
    assert (line.last_dropped, line.drop_reason, line.last) == (AT - 2, "POLICY_DENY", AT - 1)


def test_old_edges_leave_and_are_counted() -> None:
    old = edge(app("a"), app("b"), last=AT - LATELY - 1)
    graph = traffic_graph([old, edge(app("a"), app("c"))], AT)
    assert (len(graph.lines), graph.hidden) == (1, 1)
    assert len(traffic_graph([old], AT, lately=None).lines) == 1
    assert traffic_graph([], AT).boxes == {}


def test_many_names_outside_are_folded_and_keep_their_place() -> None:
    def named(number: int, flows: int) -> Edge:
        return edge(app("prowlarr"), End(FQDN, "", f"n{number:02}.example.org", "world"), forwarded=flows)

    graph = traffic_graph([named(number, 100 - number) for number in range(20)], AT)
    names = {key for key in graph.boxes if key.startswith("called/n")}
    assert len(names) == MOST_NAMES
    assert "called/n00.example.org" in names
    assert graph.boxes["called//names"].inside == 20 - MOST_NAMES
    # A name that becomes a little busier than one on the map does not push it off.
    busier = [named(number, 110 if number == 15 else 100 - number) for number in range(20)]
    again = traffic_graph(busier, AT, shown=frozenset(graph.boxes))
    assert {key for key in again.boxes if key.startswith("called/n")} == names


def test_a_line_of_an_access_log_goes_through_the_proxy() -> None:
    classic = cast(snapshot())
    edges = [edge(LAN, app("jellyfin"), origin=TRAEFIK_LOG, requests=3),
             edge(LAN, End(ENTITY, "", "", ""), origin=TRAEFIK_LOG)]  # fmt: skip
    graph = traffic_graph(edges, AT, classic)
    door = "kube-system/traefik/Deployment"
    assert set(graph.lines) == {("in//lan", door), (door, "media/jellyfin/Deployment")}
    assert graph.lines["in//lan", door].ports == ()
    assert graph.lines[door, "media/jellyfin/Deployment"].ports == ((80, "TCP"),)
    assert graph.boxes[door].role is Role.INGRESS
    assert graph.boxes[door].total == 1
    assert set(traffic_graph(edges, AT).lines) == {
        ("in//lan", "ingress//traefik"), ("ingress//traefik", "media/jellyfin/Deployment")
    }  # fmt: skip


def test_what_hubble_tells_is_not_counted_again_from_the_log() -> None:
    classic = cast(snapshot())
    door = End("Deployment", "kube-system", "traefik")
    edges = [edge(door, app("jellyfin"), forwarded=7),
             edge(LAN, app("jellyfin"), origin=TRAEFIK_LOG, forwarded=5, requests=5, errors=2)]  # fmt: skip
    line = traffic_graph(edges, AT, classic).lines["kube-system/traefik/Deployment", "media/jellyfin/Deployment"]
    assert (line.forwarded, line.requests, line.errors) == (7, 5, 2)
    assert line.origins == (HUBBLE, TRAEFIK_LOG)


def test_pods_are_counted_by_their_workload() -> None:
    known = cast(snapshot())
    assert known.pods["Deployment", "dns", "pihole"] == (2, 2)
    assert ("kube-system", "traefik") in known.doors


# -- less of it -----------------------------------------------------------------------------------------------------------
@functools.cache
def full() -> Graph:
    found = snapshot("cilium", flows=True)
    return traffic_graph(found.traffic.edges, AT, cast(found))


def numbers(graph: Graph) -> tuple[int, ...]:
    lines = graph.lines.values()
    return (
        sum(line.forwarded for line in lines), sum(line.dropped for line in lines), sum(line.requests for line in lines),
    )  # fmt: skip


def test_folding_keeps_every_event() -> None:
    graph = full()
    names = foldable(graph)
    assert "media" in names
    assert "ingress" not in names
    small = folded(graph, names)
    assert numbers(small) == numbers(graph)
    assert small.rate == pytest.approx(graph.rate)
    assert small.boxes["namespace//media"].inside == sum(box.group == "media" for box in graph.boxes.values())
    assert ("namespace//media", "namespace//media") in small.lines
    assert folded(graph, frozenset()) is graph


@given(st.sets(st.sampled_from(sorted(foldable(full())))))
@settings(max_examples=20, deadline=None)
def test_any_fold_keeps_every_event(names: set[str]) -> None:
    graph = full()
    small = folded(graph, frozenset(names))
    assert numbers(small) == numbers(graph)
    assert set(small.boxes) >= {end for pair in small.lines for end in pair}
    assert len(small.boxes) == len(graph.boxes) - sum(
        sum(box.group == name for box in graph.boxes.values()) - 1 for name in names
    )


def test_around_a_box() -> None:
    graph = around(full(), "db/postgres/StatefulSet")
    assert "media/immich-server/Deployment" in graph.boxes
    assert "dns/unbound/StatefulSet" not in graph.boxes
    assert all(set(pair) <= graph.boxes.keys() for pair in graph.lines)


def test_a_namespace_and_a_filter() -> None:
    graph = in_namespace(full(), "db")
    assert graph.lines
    assert all("db/" in pair[0] or "db/" in pair[1] for pair in graph.lines)
    dropped = kept(full(), lambda line: bool(line.dropped))
    assert dropped.lines
    assert {end for pair in dropped.lines for end in pair} == set(dropped.boxes)
    assert in_namespace(graph, "") is graph


def test_far_too_much_is_cut_to_the_busiest() -> None:
    one = full().boxes["db/postgres/StatefulSet"]
    boxes = {f"k{number}": replace(one, key=f"k{number}") for number in range(500)}
    lines = {}
    for number in range(5_000):
        pair = (f"k{number % 500}", f"k{(number * 7 + number // 500) % 500}")
        lines[pair] = Line(*pair, forwarded=number, dropped=1 if number == 3 else 0)
    small = busiest(Graph(boxes, lines))
    assert len(small.boxes) <= MOST_BOXES
    assert len(small.lines) <= MOST_LINES
    assert any(line.dropped for line in small.lines.values())
    assert busiest(full()).lines == full().lines


# -- declared -------------------------------------------------------------------------------------------------------------
def test_declared_paths_of_the_demo() -> None:
    graph = declared_graph(snapshot())
    assert graph.declared
    door = "kube-system/traefik/Deployment"
    assert graph.lines["address//192.168.7.100", door].words.startswith("80")
    route = next(key for key, box in graph.boxes.items() if box.name == "films.home.example")
    assert graph.lines[door, route].declared
    assert graph.lines[route, "media/jellyfin/Deployment"].words == "media/jellyfin:8096"
    assert graph.boxes["media/jellyfin/Deployment"].total == 1
    assert graph.unknown == ""


def test_a_broken_path_says_why() -> None:
    graph = declared_graph(snapshot("broken"))
    broken = [line for line in graph.lines.values() if line.broken]
    assert broken
    assert any("does not exist" in line.broken for line in broken)
    assert any(line.broken.startswith("no address yet") for line in broken)


def test_nothing_declared() -> None:
    assert declared_graph(Store(Clock()).snapshot()).boxes == {}


def test_every_talk_of_the_demo_is_on_the_map() -> None:
    graph = full()
    assert sum(line.total for line in graph.lines.values()) == len(talk_flows(AT))
