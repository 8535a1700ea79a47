"""The map as a graph: who talks to whom, by workload, from the edges that were counted of the flows.

What is outside is folded: addresses of the home's own networks are one box, public ones another; names that were asked for
are boxes of their own, the busiest of them. Who comes in and what is called stand apart, as traffic is read from left to
right. Nodes, the API server and other reserved identities are boxes of the cluster.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from pointsman.tui.answers.index import pod_ready
from pointsman.tui.answers.policies.ends import owner_of_pod
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.stack import ingress, traefik
from pointsman.tui.answers.stack.facts import facts
from pointsman.tui.model import kinds as k
from pointsman.tui.model.flows import HUBBLE, TRAEFIK_LOG
from pointsman.tui.model.kinds import Kind
from pointsman.tui.model.meta import Key
from pointsman.tui.model.traffic import ENTITY, FQDN, SERVICE, Edge, End
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot
from pointsman.tui.store.traffic import is_private

MOST_NAMES = 8
"""Names outside that are boxes of their own; the rest is one box."""
LATELY = 300.0
"""Seconds without a flow after which an edge leaves the map."""
IN, CALLED, INGRESS, CLUSTER, ADDRESSES = "outside", "called outside", "ingress", "cluster", "addresses"
"""Titles of the groups that are no namespace."""
WORKLOADS: dict[str, Kind[Any]] = {kind.kind: kind for kind in (k.DEPLOYMENTS, k.STATEFULSETS, k.DAEMONSETS, k.REPLICASETS, k.JOBS,
                                          k.CRONJOBS, k.PODS, k.SERVICES)}  # fmt: skip
_ENTITIES = {"host": "nodes", "remote-node": "nodes", "kube-apiserver": "kube-apiserver"}


class Role(enum.StrEnum):
    """What a box stands for."""

    WORKLOAD = "workload"
    SERVICE = "service"
    INGRESS = "ingress"
    OUTSIDE = "outside"
    CLUSTER = "cluster"
    """Nodes, the API server and other parts of the cluster that are no workload."""
    ADDRESS = "address"
    ROUTE = "route"
    NAMESPACE = "namespace"
    """A namespace with all that is in it."""


Pair = tuple[str, str]
"""Keys of the box that asks and of the one that is asked."""


@dataclass(frozen=True, slots=True)
class Box:
    """``group`` is the namespace, or a title for what has none. ``ready`` and ``total`` count pods, None where that is not
    known; ``inside`` counts what is folded into the box; ``detail`` are words for people."""

    key: str
    name: str
    group: str
    role: Role = Role.WORKLOAD
    kind: str = ""
    ref: Ref | None = None
    ready: int | None = None
    total: int | None = None
    inside: int = 0
    detail: str = ""
    members: tuple[str, ...] = ()
    """Addresses or names that the box stands for, the first of them."""

    @property
    def text(self) -> str:
        """``media/jellyfin``; what has no namespace by its name alone."""
        here = self.role in (Role.WORKLOAD, Role.SERVICE, Role.ROUTE)
        space = self.ref.namespace if self.ref is not None and self.role is Role.INGRESS else self.group if here else ""
        return f"{space}/{self.name}" if space else self.name


@dataclass(frozen=True, slots=True)
class Line:
    """Traffic from one box to another, or a declared path. Rates are events per second; counts are of the time the edges
    were kept. ``ports`` are pairs of number and protocol, the busiest first."""

    source: str
    target: str
    forwarded: int = 0
    dropped: int = 0
    other: int = 0
    rate: float = 0.0
    drop_rate: float = 0.0
    requests: int = 0
    errors: int = 0
    ports: tuple[tuple[int | None, str], ...] = ()
    first: float | None = None
    last: float | None = None
    last_dropped: float | None = None
    drop_reason: str = ""
    origins: tuple[str, ...] = ()
    declared: bool = False
    words: str = ""
    """Of a declared path: what it is (``films.home.example``, ``443``)."""
    broken: str = ""
    """Of a declared path: why nothing gets through."""

    @property
    def pair(self) -> Pair:
        return (self.source, self.target)

    @property
    def total(self) -> int:
        return self.forwarded + self.dropped + self.other


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """``declared`` graphs are made of objects, the others of flows. ``hidden`` counts edges that are too old to show;
    ``unknown`` says what could not be read."""

    boxes: Mapping[str, Box] = field(default_factory=dict)
    lines: Mapping[Pair, Line] = field(default_factory=dict)
    declared: bool = False
    hidden: int = 0
    unknown: str = ""
    at: float = 0.0

    @property
    def rate(self) -> float:
        return sum(line.rate for line in self.lines.values())

    @property
    def drop_rate(self) -> float:
        return sum(line.drop_rate for line in self.lines.values())


# -- what the objects say -------------------------------------------------------------------------------------------------
Who = tuple[str, str, str]
"""Kind, namespace and name of a workload."""
PARENTS: dict[str, Kind[Any]] = {
    kind.kind: kind for kind in (k.REPLICASETS, k.DEPLOYMENTS, k.DAEMONSETS, k.STATEFULSETS, k.JOBS, k.CRONJOBS)
}


@dataclass(frozen=True, slots=True)
class Cast:
    """Of the workloads: which are ingress controllers, and how many of their pods are ready of how many."""

    doors: frozenset[Key]
    pods: Mapping[Who, tuple[int, int]]
    owner: Mapping[Key, Who]
    """Which workload a pod belongs to."""


@memoized(k.DEPLOYMENTS, k.DAEMONSETS, k.STATEFULSETS, k.INGRESSCLASSES)
def doors(snapshot: Snapshot) -> frozenset[Key]:
    """Namespace and name of the workloads that are ingress controllers."""
    found = facts(snapshot)
    items = [*traefik.workloads(found)]
    for controller in ingress.CONTROLLERS:
        item = ingress.workload(found, controller)
        if item is not None and any(obj.body.spec.controller == controller for obj in snapshot.all(k.INGRESSCLASSES)):
            items.append(item)
    return frozenset(item.key for item in items)


@memoized(k.PODS, k.REPLICASETS, k.DEPLOYMENTS, k.DAEMONSETS, k.STATEFULSETS, k.JOBS, k.CRONJOBS, k.INGRESSCLASSES)
def cast(snapshot: Snapshot) -> Cast:
    """See :class:`Cast`."""
    parents = {(title, *obj.key): obj for title, kind in PARENTS.items() for obj in snapshot.all(kind)}
    pods: dict[Who, tuple[int, int]] = {}
    owner: dict[Key, Who] = {}
    for pod in snapshot.all(k.PODS):
        if pod.body.status.phase in ("Succeeded", "Failed"):
            continue
        above = owner_of_pod(pod.meta, parents)
        key = owner[pod.key] = (above.kind, above.namespace, above.name)
        ready, total = pods.get(key, (0, 0))
        pods[key] = (ready + pod_ready(pod.body), total + 1)
    return Cast(doors(snapshot), pods, owner)


def workload_box(kind: str, namespace: str, name: str, known: Cast | None) -> Box:
    """The box of a workload, pod or service."""
    home = WORKLOADS.get(kind)
    where = Ref(home.id, namespace, name) if home is not None and name else None
    is_door = known is not None and (namespace, name) in known.doors
    ready, total = known.pods.get((kind, namespace, name), (None, None)) if known is not None else (None, None)
    role = Role.INGRESS if is_door else Role.SERVICE if kind == SERVICE else Role.WORKLOAD
    return Box(f"{namespace}/{name}/{kind}", name or "unknown pod", INGRESS if is_door else namespace, role, kind, where,
               ready, total)  # fmt: skip


# -- from the flows -------------------------------------------------------------------------------------------------------
def traffic_graph(
    edges: Iterable[Edge],
    at: float,
    known: Cast | None = None,
    *,
    lately: float | None = LATELY,
    span: float | None = None,
    shown: frozenset[str] = frozenset(),
) -> Graph:
    """The graph of the edges at a time.

    Rates are those of the last seconds, or with ``span`` means of so many seconds. ``shown`` are keys that are on the map: of
    names outside they are preferred, so that two that are equally busy do not take turns. ``lately`` None shows edges however
    old. A line of an access log is two: to the proxy that wrote it, and on to the backend.
    """
    wanted = list(edges)
    fresh = [edge for edge in wanted if lately is None or at - edge.last <= lately]
    names = _named(fresh, shown)
    boxes: dict[str, Box] = {}
    members: dict[str, dict[str, None]] = {}
    found: dict[Pair, list[Edge]] = {}
    memo: dict[tuple[End, bool], Box] = {}
    for edge in fresh:
        keys = []
        for end, asked in ((edge.source, False), (edge.destination, True)):
            box = memo.get((end, asked))
            if box is None:
                box = memo[end, asked] = _box(end, asked, names, known)
            if asked and edge.origin == TRAEFIK_LOG:
                door = _door(known)
                keys.append(boxes.setdefault(door.key, door).key)
                if not end.inside:
                    continue  # the proxy answered by itself
            boxes.setdefault(box.key, box)
            said = end.ip or end.name
            if box.role in (Role.OUTSIDE, Role.CLUSTER) and said and said != box.name:
                members.setdefault(box.key, {})[said] = None
            keys.append(box.key)
        for leg, pair in enumerate(itertools.pairwise(keys)):
            # The log's port is the backend's; at which one the client came in is not told by an edge.
            met = edge.origin == TRAEFIK_LOG and leg == 0
            found.setdefault(pair, []).append(msgspec.structs.replace(edge, port=None, protocol="") if met else edge)
    for key, some in members.items():
        boxes[key] = replace(boxes[key], members=tuple(some)[:64], inside=len(some))
    lines = {pair: _line(pair, together, at, span) for pair, together in found.items()}
    return Graph(boxes, lines, hidden=len(wanted) - len(fresh), at=at)


def _door(known: Cast | None) -> Box:
    """The proxy that wrote an access log."""
    doors = sorted(known.doors) if known is not None else []
    for kind, namespace, name in known.pods if known is not None and len(doors) == 1 else ():
        if (namespace, name) == doors[0]:
            return workload_box(kind, namespace, name, known)
    return Box("ingress//traefik", "traefik", INGRESS, Role.INGRESS)


def _named(edges: Iterable[Edge], shown: frozenset[str]) -> frozenset[str]:
    """The names outside that are boxes of their own: the busiest, those on the map already counting double."""
    busy: dict[str, int] = {}
    for edge in edges:
        if edge.destination.kind == FQDN:
            busy[edge.destination.name] = busy.get(edge.destination.name, 0) + edge.flows
    if len(busy) <= MOST_NAMES:
        return frozenset(busy)
    ranked = sorted(busy, key=lambda name: (-busy[name] * (2 if f"called/{name}" in shown else 1), name))
    return frozenset(ranked[:MOST_NAMES])


def _box(end: End, asked: bool, names: frozenset[str], known: Cast | None) -> Box:
    if end.inside:
        return workload_box(end.kind, end.namespace, end.name, known)
    group, side = (CALLED, "called") if asked else (IN, "in")
    if end.kind == FQDN:
        if end.name in names and asked:
            return Box(f"called/{end.name}", end.name, group, Role.OUTSIDE, FQDN)
        return Box(f"{side}//names", "other names", group, Role.OUTSIDE)
    if end.kind == ENTITY and not end.outside:
        if end.entity == "ingress":
            return Box("ingress//cilium", "cilium ingress", INGRESS, Role.INGRESS)
        name = _ENTITIES.get(end.entity, end.entity)
        return Box(f"cluster//{name}", name, CLUSTER, Role.CLUSTER)
    if end.ip and is_private(end.ip):
        return Box(f"{side}//lan", "local network", group, Role.OUTSIDE)
    if end.ip or end.entity:
        return Box(f"{side}//internet", "internet", group, Role.OUTSIDE)
    return Box(f"{side}//unknown", "unknown", group, Role.OUTSIDE)


def _line(pair: Pair, told: list[Edge], at: float, span: float | None) -> Line:
    """The edges between two boxes as one line. What Hubble tells of is not counted again from an access log, which only adds
    how requests were answered."""
    edges = [edge for edge in told if edge.origin == HUBBLE] or told
    ports: dict[tuple[int | None, str], int] = {}
    for edge in edges:
        if edge.port is not None or edge.protocol:
            port = (edge.port, edge.protocol)
            ports[port] = ports.get(port, 0) + edge.flows
    drops = [edge for edge in edges if edge.last_dropped is not None]
    worst = max(drops, key=lambda edge: edge.last_dropped or 0.0, default=None)
    by_origin = {origin: [edge for edge in told if edge.origin == origin] for origin in {edge.origin for edge in told}}
    return Line(
        *pair,
        forwarded=sum(edge.forwarded for edge in edges),
        dropped=sum(edge.dropped for edge in edges),
        other=sum(edge.other for edge in edges),
        rate=sum(edge.rate(at) if span is None else edge.flows / span for edge in edges),
        drop_rate=sum(edge.rate(at, drops=True) if span is None else edge.dropped / span for edge in edges),
        requests=max(sum(edge.requests for edge in some) for some in by_origin.values()),
        errors=max(sum(edge.errors for edge in some) for some in by_origin.values()),
        ports=tuple(sorted(ports, key=lambda port: (-ports[port], port[0] or 0, port[1]))),
        first=min(edge.first for edge in told),
        last=max(edge.last for edge in told),
        last_dropped=worst.last_dropped if worst is not None else None,
        drop_reason=worst.drop_reason if worst is not None else "",
        origins=tuple(sorted(by_origin)),
    )
