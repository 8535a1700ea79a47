"""Objects looked up by what relates them, each index built once per change of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from pointsman.tui.answers.words import from_files
from pointsman.tui.model.core import EndpointSlice, Event, Pod, Service
from pointsman.tui.model.kinds import ENDPOINTSLICES, EVENTS, PODS, SERVICES
from pointsman.tui.model.meta import Key, Obj, condition
from pointsman.tui.model.times import epoch
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot

SERVICE_NAME = "kubernetes.io/service-name"


def event_time(event: Event) -> float | None:
    """When an Event last happened. Writers fill one of four fields; the newest that is readable counts."""
    texts = [event.last_timestamp, event.event_time, event.first_timestamp, event.metadata.creation_timestamp]
    if event.series is not None:
        texts.append(event.series.last_observed_time)
    times = [at for at in map(epoch, texts) if at is not None]
    return max(times, default=None)


def event_count(event: Event) -> int:
    """How often it happened, 1 if the writer does not count."""
    series = event.series.count if event.series is not None else 0
    return max(event.count or 0, series, 1)


def event_writer(event: Event) -> str:
    return event.reporting_component or event.source.component


ObjectKey = tuple[str, str, str]
"""API kind (``Service``), namespace, name."""


@memoized(EVENTS)
def events_by_object(snapshot: Snapshot) -> Mapping[ObjectKey, tuple[Obj[Event], ...]]:
    """The events of each object, newest first."""
    found: dict[ObjectKey, list[tuple[float, Obj[Event]]]] = {}
    for obj in snapshot.all(EVENTS):
        target = obj.body.involved_object
        found.setdefault((target.kind, target.namespace, target.name), []).append((event_time(obj.body) or 0.0, obj))
    return {
        key: tuple(obj for _, obj in sorted(items, key=lambda item: (-item[0], item[1].key)))
        for key, items in found.items()
    }


@memoized(ENDPOINTSLICES)
def slices_by_service(snapshot: Snapshot) -> Mapping[Key, tuple[Obj[EndpointSlice], ...]]:
    found: dict[Key, list[Obj[EndpointSlice]]] = {}
    for obj in snapshot.all(ENDPOINTSLICES):
        service = obj.meta.labels.get(SERVICE_NAME)
        if service:
            found.setdefault((obj.namespace, service), []).append(obj)
    return {key: tuple(sorted(items, key=lambda item: item.name)) for key, items in found.items()}


@dataclass(frozen=True, slots=True)
class Backends:
    """The endpoints of one service, each counted once however many slices name it.

    ``ready_nodes`` are the nodes that hold a ready endpoint. ``nodeless`` counts ready endpoints that name no node (as
    Cilium's placeholder for its Gateways does).
    """

    ready: int = 0
    total: int = 0
    ready_nodes: frozenset[str] = frozenset()
    nodeless: int = 0
    pods: tuple[Key, ...] = ()
    addresses: tuple[str, ...] = ()


NO_BACKENDS = Backends()


@memoized(ENDPOINTSLICES)
def backends_by_service(snapshot: Snapshot) -> Mapping[Key, Backends]:
    """Readiness counts as the consumers of EndpointSlices take it: an unset ``ready`` means ready."""
    result: dict[Key, Backends] = {}
    for key, slices in slices_by_service(snapshot).items():
        ready: dict[object, bool] = {}
        nodes: set[str] = set()
        pods: list[Key] = []
        addresses: list[str] = []
        nodeless = 0
        for piece in slices:
            for item in piece.body.endpoints:
                good = item.conditions.ready is not False
                target = item.target_ref
                identity: object = (
                    (target.kind, target.namespace, target.name) if target and target.name else item.addresses
                )
                first = identity not in ready
                ready[identity] = ready.get(identity, False) or good
                if good and item.node_name:
                    nodes.add(item.node_name)
                if first:
                    addresses.extend(item.addresses)
                    if good and not item.node_name:
                        nodeless += 1
                    if target and target.kind == "Pod":
                        pods.append((target.namespace or key[0], target.name))
        result[key] = Backends(
            sum(ready.values()), len(ready), frozenset(nodes), nodeless, tuple(pods), tuple(addresses)
        )
    return result


def backends(snapshot: Snapshot, key: Key) -> Backends:
    return backends_by_service(snapshot).get(key, NO_BACKENDS)


@memoized(PODS)
def pods_by_label(snapshot: Snapshot) -> Mapping[tuple[str, str, str], tuple[Obj[Pod], ...]]:
    """Pods by namespace, label key and label value."""
    found: dict[tuple[str, str, str], list[Obj[Pod]]] = {}
    for obj in snapshot.all(PODS):
        namespace = obj.namespace
        for name, value in obj.meta.labels.items():
            found.setdefault((namespace, name, value), []).append(obj)
    return {key: tuple(items) for key, items in found.items()}


def pods_selected(snapshot: Snapshot, namespace: str, selector: Mapping[str, str]) -> list[Obj[Pod]]:
    """The pods of a Service's selector; none for an empty selector (such a Service selects nothing)."""
    if not selector:
        return []
    table = pods_by_label(snapshot)
    lists = [table.get((namespace, name, value), ()) for name, value in selector.items()]
    smallest = min(lists, key=len)
    wanted = selector.items()
    return sorted((pod for pod in smallest if wanted <= pod.meta.labels.items()), key=lambda pod: pod.name)


@memoized(PODS)
def pods_by_ip(snapshot: Snapshot) -> Mapping[str, tuple[Obj[Pod], ...]]:
    """Pods by each of their addresses; several only for pods on their node's network."""
    found: dict[str, list[Obj[Pod]]] = {}
    for obj in snapshot.all(PODS):
        status = obj.body.status
        for ip in {status.pod_ip, *(item.ip for item in status.pod_ips)}:
            if ip:
                found.setdefault(ip, []).append(obj)
    return {ip: tuple(items) for ip, items in found.items()}


@memoized(PODS)
def pods_by_node(snapshot: Snapshot) -> Mapping[str, tuple[Obj[Pod], ...]]:
    found: dict[str, list[Obj[Pod]]] = {}
    for obj in snapshot.all(PODS):
        if obj.body.spec.node_name:
            found.setdefault(obj.body.spec.node_name, []).append(obj)
    return {node: tuple(sorted(items, key=lambda item: item.key)) for node, items in found.items()}


@memoized(SERVICES)
def services_by_namespace(snapshot: Snapshot) -> Mapping[str, tuple[Obj[Service], ...]]:
    found: dict[str, list[Obj[Service]]] = {}
    for obj in snapshot.all(SERVICES):
        found.setdefault(obj.namespace, []).append(obj)
    return {key: tuple(sorted(items, key=lambda item: item.name)) for key, items in found.items()}


def pod_ready(pod: Pod) -> bool:
    ready = condition(pod.status.conditions, "Ready")
    return ready is not None and ready.status == "True"


class _Status(msgspec.Struct):
    status: dict[str, Any] | None = None


def unreported(snapshot: Snapshot, obj: Obj[Any]) -> bool:
    """Whether this is a manifest as people write them, without a status: nothing can be said of how it fares."""
    if not from_files(snapshot):
        return False
    try:
        return not msgspec.json.decode(obj.raw, type=_Status).status
    except msgspec.DecodeError:
        return True
