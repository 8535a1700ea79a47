"""What the words a person types or pastes may mean: an address, a URL, a host, a service, a pod, a node, a pool, a route, a
policy. Exact first, then what begins so, then what contains it, then what merely resembles it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pointsman.tui.answers.doctor.routes import GATEWAY_ROUTES, TRAEFIK_ROUTES
from pointsman.tui.answers.index import pods_by_ip
from pointsman.tui.answers.ips import ip_map
from pointsman.tui.answers.ips.urls import hosts_of
from pointsman.tui.answers.ranges import parse_ip
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.stack.counts import POLICIES
from pointsman.tui.model.kinds import (
    CILIUML2POLICIES,
    CILIUMPOOLS,
    DAEMONSETS,
    DEPLOYMENTS,
    GATEWAYS,
    INGRESSES,
    INGRESSROUTES,
    INGRESSROUTETCPS,
    L2ADVERTISEMENTS,
    METALLBPOOLS,
    MIDDLEWARES,
    NAMESPACES,
    NODES,
    PODS,
    SERVICES,
    STATEFULSETS,
    Kind,
    find_kind,
)
from pointsman.tui.model.meta import Obj, dig_list, dig_str
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot

MOST = 50
LONGEST = 300
"""Characters of the question that are looked at."""

ROUTES: tuple[Kind[Any], ...] = (INGRESSES, *TRAEFIK_ROUTES, *GATEWAY_ROUTES, GATEWAYS)
NAMED: tuple[tuple[str, tuple[Kind[Any], ...]], ...] = (
    ("ips", (SERVICES,)),
    ("overview", (NODES,)),
    ("ips", (METALLBPOOLS, CILIUMPOOLS, L2ADVERTISEMENTS, CILIUML2POLICIES)),
    ("routes", (*ROUTES, MIDDLEWARES)),
    ("policies", POLICIES),
    ("", (DEPLOYMENTS, STATEFULSETS, DAEMONSETS, PODS, NAMESPACES)),
)
"""Kinds in the order in which they win at equal likeness, by the pane they are at home in."""


@dataclass(frozen=True, slots=True)
class Found:
    """``pane`` is where it is at home (ips, overview, routes, policies; empty: none), ``title`` what to show, ``text`` what
    that pane would be filtered by; ``score`` is 0 for an exact hit and grows with the distance."""

    ref: Ref
    pane: str
    title: str
    text: str
    score: int


def find(snapshot: Snapshot, text: str) -> list[Found]:
    """At most :data:`MOST` things, the likeliest first; nothing for empty words."""
    words = text.strip()[:LONGEST]
    if not any(letter.isalnum() for letter in words):
        return []
    hits: dict[Ref, Found] = {}
    for found in (*_addresses(snapshot, words), *_hosts(snapshot, words), *_names(snapshot, words)):
        known = hits.get(found.ref)
        if known is None or found.score < known.score:
            hits[found.ref] = found
    ordered = sorted(hits.values(), key=lambda item: item.score)
    return ordered[:MOST]


# -- addresses --------------------------------------------------------------------------------------------------------
def _addresses(snapshot: Snapshot, words: str) -> Iterator[Found]:
    wanted = words.split("/")[-1] if "://" not in words and words.count("/") == 1 and "." in words else words
    host = _host(words)
    address = parse_ip(host.strip("[]")) or parse_ip(wanted)
    if words[:1].isdigit() and ("." in words or ":" in words):
        for item in ip_map(snapshot).items:
            if item.ip and item.ip.startswith(words):
                yield Found(item.service, "ips", f"{item.ip}  {item.service.path}", item.ip, 20)
    if address is None:
        return
    plain = str(address)
    for item in ip_map(snapshot).items:
        if item.ip and parse_ip(item.ip) == address:
            yield Found(item.service, "ips", f"{item.ip}  {item.service.path}", item.ip, 0)
    for node in snapshot.all(NODES):
        if any(parse_ip(one.address) == address for one in node.body.status.addresses):
            yield Found(ref(node), "overview", f"{plain}  node {node.name}", node.name, 1)
    for service in snapshot.all(SERVICES):
        spec = service.body.spec
        if plain in (spec.cluster_ip, *spec.cluster_ips):
            yield Found(ref(service), "ips", f"{plain}  cluster IP of {service.path}", service.name, 2)
    for pod in pods_by_ip(snapshot).get(plain, ()):
        if not pod.body.spec.host_network:
            yield Found(ref(pod), "", f"{plain}  pod {pod.path}", pod.name, 3)


def _host(words: str) -> str:
    """The host of a URL, of ``host:port``, or the words as they are; lower case."""
    try:
        parts = urlsplit(words if "://" in words else f"//{words}")
        return (parts.hostname or "").lower()
    except ValueError:
        return words.lower()


# -- hosts and URLs ---------------------------------------------------------------------------------------------------
@memoized(INGRESSES, INGRESSROUTES, INGRESSROUTETCPS, GATEWAYS, *GATEWAY_ROUTES)
def route_hosts(snapshot: Snapshot) -> Mapping[str, tuple[Ref, ...]]:
    """Routes by the hosts they name, in lower case."""
    found: dict[str, list[Ref]] = {}

    def add(host: str, obj: Obj[Any]) -> None:
        if host:
            found.setdefault(host.lower(), []).append(ref(obj))

    for ingress in snapshot.all(INGRESSES):
        for rule in ingress.body.spec.rules:
            add(rule.host, ingress)
    for kind in (INGRESSROUTES, INGRESSROUTETCPS):
        for route in snapshot.all(kind):
            for item in dig_list(route.body.spec, "routes"):
                for host in hosts_of(dig_str(item, "match").replace("HostSNI(", "Host(")):
                    add(host, route)
    for kind in GATEWAY_ROUTES:
        for route in snapshot.all(kind):
            for host in dig_list(route.body.spec, "hostnames"):
                add(host if isinstance(host, str) else "", route)
    return {host: tuple(sorted(set(refs))) for host, refs in found.items()}


def _hosts(snapshot: Snapshot, words: str) -> Iterator[Found]:
    host = _host(words)
    if not host or ("." not in host and "://" not in words):
        return
    table = route_hosts(snapshot)
    for target in table.get(host, ()):
        yield Found(target, "routes", f"{host}  {target.title}", host, 0)
    wildcard = f"*.{host.partition('.')[2]}"
    for target in table.get(wildcard, ()):
        yield Found(target, "routes", f"{wildcard}  {target.title}", wildcard, 5)
    for name, targets in table.items():
        if name != host and host in name:
            for target in targets:
                yield Found(target, "routes", f"{name}  {target.title}", name, 22)


# -- names ------------------------------------------------------------------------------------------------------------
@memoized(*(kind for _, kinds in NAMED for kind in kinds))
def _catalogue(snapshot: Snapshot) -> tuple[tuple[str, str, str, Ref, int], ...]:
    """Name, path, pane, object and rank of everything that can be found by name."""
    return tuple(
        (obj.name.lower(), obj.path.lower(), pane, ref(obj), rank)
        for rank, (pane, kinds) in enumerate(NAMED)
        for kind in kinds
        for obj in sorted(snapshot.all(kind), key=lambda item: item.key)
    )


def _names(snapshot: Snapshot, words: str) -> Iterator[Found]:
    wanted, kind = _kind_and_name(words.lower())
    if not wanted or "://" in wanted:
        return
    for name, path, pane, target, rank in _catalogue(snapshot):
        if kind is not None and target.kind != kind.id:
            continue
        score = _likeness(wanted, name, path)
        if score is not None:
            yield Found(target, pane, target.title, target.name, score + rank)


def _kind_and_name(words: str) -> tuple[str, Kind[Any] | None]:
    """``svc/media/jellyfin``, ``service media/jellyfin`` → the name and the kind; anything else is all name."""
    for mark in ("/", " "):
        head, found, rest = words.partition(mark)
        if found and rest.strip() and (kind := find_kind(head)) is not None:
            return rest.strip(), kind
    return words, None


def _likeness(wanted: str, name: str, path: str) -> int | None:
    """0 exact; 10 begins with it; 20 contains it; 40 and more has its letters in order, the more the wider they are
    spread; None not at all."""
    if wanted in (name, path):
        return 0
    if name.startswith(wanted) or path.startswith(wanted):
        return 10
    if wanted in path:
        return 20
    if len(wanted) < 3:
        return None
    at = first = -1
    for letter in wanted:
        at = name.find(letter, at + 1)
        if at < 0:
            return None
        first = at if first < 0 else first
    spread = at - first + 1 - len(wanted)
    return 40 + spread if spread <= len(wanted) else None
