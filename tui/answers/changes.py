"""What changed lately that matters to the network: announcements, nodes, restarts, new objects, and the cluster's events.

Each source is one function that yields happenings; a new one is one function and one line in :data:`SOURCES`. What a source
tells twice (an event and the move it speaks of) is told once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pointsman.tui.answers.index import event_count, event_time, event_writer
from pointsman.tui.answers.ips import ip_map
from pointsman.tui.answers.ips.metallb import ASSIGNED
from pointsman.tui.answers.ips.model import ONE_ANNOUNCER, Evidence
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.stack import detect
from pointsman.tui.answers.stack.counts import POLICIES, ROUTES
from pointsman.tui.model.core import Event
from pointsman.tui.model.kinds import (
    BGPADVERTISEMENTS,
    BGPPEERS,
    CILIUML2POLICIES,
    CILIUMPOOLS,
    EVENTS,
    KINDS,
    L2ADVERTISEMENTS,
    METALLBPOOLS,
    MIDDLEWARES,
    NODES,
    PODS,
    SERVICES,
    Kind,
)
from pointsman.tui.model.meta import Obj, condition
from pointsman.tui.model.times import epoch
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot, State

MOST = 200
"""Happenings kept, the newest."""
SPAN = 24 * 3600.0
"""Seconds back to which states (a node's condition, a creation) count as news; events live an hour anyway."""
NEAR = 90.0
"""Seconds within which two reports in the same words are one: a status object, its event and a lease are not written at
the same moment. Moves that were watched are each their own."""

MADE: tuple[Kind[Any], ...] = (
    METALLBPOOLS, L2ADVERTISEMENTS, BGPADVERTISEMENTS, BGPPEERS, CILIUMPOOLS, CILIUML2POLICIES, MIDDLEWARES, *POLICIES,
    *ROUTES,
)  # fmt: skip
"""Kinds whose making is news by itself."""
TOLD_KINDS = frozenset({"Service", "Node", "Gateway", "DaemonSet", "HelmChart", *(kind.kind for kind in MADE)})
"""Objects whose every event is told; of all others (pods above all) only the warnings."""
QUIET = frozenset({"SuccessfulCreate", "SuccessfulDelete", "Sync", "Scheduled", "ScalingReplicaSet"})
"""Reasons that say only that a controller did its work."""


@dataclass(frozen=True, slots=True)
class Happening:
    """``at`` is when, ``subject`` what it happened to, ``text`` what (both from the cluster, in part), ``severity`` as of
    findings. ``id`` stays the same from picture to picture."""

    at: float
    severity: str
    subject: str
    text: str
    ref: Ref | None
    id: str


def what_changed(snapshot: Snapshot) -> tuple[Happening, ...]:
    """The newest first, at most :data:`MOST`."""
    found: list[Happening] = []
    for source in SOURCES:
        found.extend(item for item in source(snapshot) if item.at <= snapshot.now + NEAR)
    found.sort(key=lambda item: (-item.at, item.id))
    told: dict[tuple[str, str], list[float]] = {}
    result: list[Happening] = []
    for item in found:
        times = told.setdefault((item.subject, item.text), [])
        if not item.id.startswith("move ") and any(abs(item.at - other) <= NEAR for other in times):
            continue
        times.append(item.at)
        result.append(item)
        if len(result) == MOST:
            break
    return tuple(result)


# -- announcements ----------------------------------------------------------------------------------------------------
def _moves(snapshot: Snapshot) -> Iterator[Happening]:
    """Announcers that changed in the last day, as far as anybody watched. Where watching began is no change."""
    services = {item.ip: item.service for item in ip_map(snapshot).items if item.ip}
    for ip, past in snapshot.history.by_ip.items():
        for before, after in itertools.pairwise(past):
            if before.node == after.node or after.at < snapshot.now - SPAN:
                continue
            if not after.node:
                severity, text = "warn", f"is announced by nobody; it was {before.node}"
            elif not before.node:
                severity, text = "info", f"is announced by {after.node}"
            else:
                severity, text = "warn", f"moved from {before.node} to {after.node}"
            if after.cause:
                text += f" (probably {after.cause})"
            yield Happening(after.at, severity, ip, text, services.get(ip), f"move {ip} {after.at}")


def _announcements(snapshot: Snapshot) -> Iterator[Happening]:
    """Announcements that began lately, as leases and status objects date them; the history knows the later ones."""
    start = snapshot.now - SPAN
    for item in ip_map(snapshot).items:
        if item.ip is None or item.kind not in ONE_ANNOUNCER:
            continue
        last = snapshot.history.last(item.ip)
        for one in item.announcers:
            if one.since is None or one.since < start or one.evidence in (Evidence.PREDICTED, Evidence.EVENT):
                continue
            if last is not None and abs(last.at - one.since) <= NEAR and len(snapshot.history.by_ip[item.ip]) > 1:
                continue
            text = f"is announced by {one.node}"
            yield Happening(one.since, "info", item.ip, text, item.service, f"announced {item.ip} {one.since}")


# -- nodes and pods ---------------------------------------------------------------------------------------------------
@memoized(NODES)
def _nodes(snapshot: Snapshot) -> tuple[Happening, ...]:
    found = []
    for node in snapshot.all(NODES):
        ready = condition(node.body.status.conditions, "Ready")
        at = epoch(ready.last_transition_time) if ready is not None else None
        if ready is None or at is None:
            continue
        good = ready.status == "True"
        text = "is ready" if good else f"is not ready: {ready.message or ready.reason}"
        subject = f"node {node.name}"
        found.append(Happening(at, "info" if good else "error", subject, text, ref(node), f"ready {node.name} {at}"))
    return tuple(found)


def _recent_nodes(snapshot: Snapshot) -> Iterator[Happening]:
    return (item for item in _nodes(snapshot) if item.at >= snapshot.now - SPAN)


def _restarts(snapshot: Snapshot) -> Iterator[Happening]:
    """Containers of the network's own components that ended and came back."""
    workloads = {(target.namespace, target.name) for item in detect(snapshot).components for target in item.objects}
    namespaces = {namespace for namespace, _ in workloads}
    for pod in snapshot.all(PODS):
        if pod.namespace not in namespaces:
            continue
        if not any(pod.namespace == space and pod.name.startswith(f"{name}-") for space, name in workloads):
            continue
        for status in pod.body.status.container_statuses:
            ended = status.last_state.terminated or status.state.terminated
            at = epoch(ended.finished_at) if ended is not None else None
            if ended is None or at is None or at < snapshot.now - SPAN:
                continue
            times = f", for the {status.restart_count}th time" if status.restart_count > 1 else ""
            text = (
                f"{status.name} ended on {pod.body.spec.node_name} ({ended.reason}, exit code {ended.exit_code}){times}"
            )
            severity = "info" if status.ready else "warn"
            yield Happening(at, severity, f"pod {pod.path}", text, ref(pod), f"ended {pod.path} {status.name} {at}")


# -- objects ----------------------------------------------------------------------------------------------------------
@memoized(*MADE)
def _creations(snapshot: Snapshot) -> tuple[Happening, ...]:
    found = []
    for kind in MADE:
        for obj in snapshot.all(kind):
            at = epoch(obj.meta.creation_timestamp)
            if at is not None:
                found.append(
                    Happening(at, "info", f"{kind.kind} {obj.path}", "was made", ref(obj), f"made {kind.id} {obj.path}")
                )
    found.sort(key=lambda item: -item.at)
    return tuple(found[:MOST])


def _made(snapshot: Snapshot) -> Iterator[Happening]:
    return itertools.takewhile(lambda item: item.at >= snapshot.now - SPAN, _creations(snapshot))


# -- events -----------------------------------------------------------------------------------------------------------
_KIND_IDS = {kind.kind: kind.id for kind in reversed(KINDS.values())}
"""An event names only the kind, not its group; of two kinds of one name the first in the table is meant."""


@memoized(EVENTS, SERVICES)
def _events(snapshot: Snapshot) -> tuple[Happening, ...]:
    found = [item for obj in snapshot.all(EVENTS) if (item := _event(obj, snapshot)) is not None]
    found.sort(key=lambda item: -item.at)
    return tuple(found)


def _recent_events(snapshot: Snapshot) -> Iterator[Happening]:
    """The newest, leaving out what a node with a fast clock dates into the future."""
    latest = snapshot.now + NEAR
    return itertools.islice((item for item in _events(snapshot) if item.at <= latest), MOST)


def _missing(snapshot: Snapshot) -> Iterator[Happening]:
    """That events cannot be read is itself worth a line: the other witnesses know only a part."""
    link = snapshot.table(EVENTS).link
    if not snapshot.known(EVENTS) and link.state is not State.CONNECTING:
        yield Happening(link.since, "warn", "events", link.detail or "cannot be read", None, "no events")


def _event(obj: Obj[Event], snapshot: Snapshot) -> Happening | None:
    event = obj.body
    about = event.involved_object
    warning = event.type == "Warning"
    if event.reason in QUIET or not (warning or about.kind in TOLD_KINDS):
        return None
    at = event_time(event)
    if at is None:
        return None
    namespace = "" if about.kind == "Node" else about.namespace
    path = f"{namespace}/{about.name}" if namespace else about.name
    kind = _KIND_IDS.get(about.kind, "")
    target = Ref(kind, namespace, about.name) if kind else None
    told = _announced(event, snapshot, namespace, about.name)
    if told is not None:
        return Happening(at, "info", *told, target, f"event {obj.path}")
    count = event_count(event)
    times = f" ({count} times)" if count > 1 else ""
    text = f"{event.message or event.reason}{times}"
    return Happening(
        at, "warn" if warning else "info", f"{about.kind.lower()} {path}", text, target, f"event {obj.path}"
    )


def _announced(event: Event, snapshot: Snapshot, namespace: str, name: str) -> tuple[str, str] | None:
    """MetalLB's word that a node announces a service, told of the address, as the other sources tell it."""
    if event.reason != "nodeAssigned" or "metallb" not in event_writer(event):
        return None
    match = ASSIGNED.search(event.message)
    service = snapshot.get(SERVICES, namespace, name)
    if match is None or service is None:
        return None
    ips = [point.ip for point in service.body.status.load_balancer.ingress if point.ip]
    return (ips[0], f"is announced by {match.group(1)}") if ips else None


SOURCES: tuple[Callable[[Snapshot], Iterator[Happening]], ...] = (
    _moves,
    _announcements,
    _recent_nodes,
    _restarts,
    _made,
    _recent_events,
    _missing,
)
"""At the same time and with the same words the earlier one counts."""
