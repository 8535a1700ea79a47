"""The documents that ``-o json`` prints. Their fields are stable: some may be added, none renamed; ``null`` is unknown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from pointsman.tui.answers.ips import Address, Change, IpMap, Pool, Session
from pointsman.tui.answers.stack import Component, Node, StackReport
from pointsman.tui.model.kinds import HELM_RELEASES, KINDS
from pointsman.tui.model.times import rfc3339
from pointsman.tui.store.snapshot import Link, Snapshot, State

API_VERSION = "pointsman/v1"
Document = dict[str, Any]


def document(kind: str, body: Document) -> Document:
    return {"apiVersion": API_VERSION, "kind": kind, **body}


def dumps(doc: Document, *, lines: bool = False) -> str:
    """Indented for people, or on one line for streams. Only ASCII: no character of a name reaches a terminal as it is."""
    if lines:
        return json.dumps(doc, separators=(",", ":"))
    return json.dumps(doc, indent=2)


def time_text(seconds: float | None) -> str | None:
    """RFC 3339, or None for unknown; a time outside of what a calendar holds is unknown too."""
    if seconds is None:
        return None
    try:
        return rfc3339(seconds)
    except (ValueError, OverflowError, OSError):
        return None


# -- status ---------------------------------------------------------------------------------------------------------------
def status_json(report: StackReport, snapshot: Snapshot) -> Document:
    return document(
        "Status",
        {
            "context": snapshot.cluster.context or None,
            "server": snapshot.cluster.server or None,
            "distribution": report.distribution,
            "version": report.version,
            "stack": report.stack,
            "why": report.why,
            "components": [component_json(item) for item in report.components],
            "leftovers": list(report.leftovers),
            "nodes": [node_json(item) for item in report.nodes],
            "counts": dict(report.counts),
            "sources": [source_json(item, snapshot.now) for item in sources(snapshot)],
            "warnings": list(snapshot.cluster.warnings),
        },
    )


def component_json(item: Component) -> Document:
    return {
        "role": item.role.value,
        "name": item.name,
        "version": item.version,
        "health": item.health.value,
        "owner": item.owner,
        "detail": item.detail,
        "ready": item.ready,
        "wanted": item.wanted,
    }


def node_json(item: Node) -> Document:
    return {
        "name": item.name,
        "ready": item.ready,
        "schedulable": item.schedulable,
        "roles": list(item.roles),
        "version": item.version or None,
        "internal_ips": list(item.internal_ips),
        "os_image": item.os_image or None,
        "since": time_text(item.since),
        "problems": list(item.problems),
    }


IN_TROUBLE = (State.STALE, State.DOWN, State.FORBIDDEN, State.CONNECTING)


def sources(snapshot: Snapshot) -> list[Link]:
    """The sources as wholes, then each kind that is not as it should be. A CRD that is not served is no trouble."""
    kinds = (snapshot.table(kind).link for kind in KINDS.values())
    named = {kind.id: kind.group_resource for kind in KINDS.values()}
    named[HELM_RELEASES.id] = HELM_RELEASES.id  # Secrets too, but other ones than the certificates
    troubled = [
        Link(f"kube/{named[link.name]}", link.state, link.since, link.last_ok, link.detail, link.hint)
        for link in kinds
        if link.name in named and link.state in IN_TROUBLE
    ]
    return [*(snapshot.links[name] for name in sorted(snapshot.links)), *troubled]


def source_json(link: Link, now: float) -> Document:
    """``connecting`` is not among the states that scripts know: a verb that prints has stopped waiting, so it is down."""
    waiting = link.state is State.CONNECTING
    return {
        "name": link.name,
        "state": State.DOWN.value if waiting else link.state.value,
        "age_seconds": None if link.last_ok is None else round(max(0.0, now - link.last_ok), 1),
        "detail": link.detail or ("no answer in time" if waiting else ""),
    }


# -- ips ------------------------------------------------------------------------------------------------------------------
def ips_json(found: IpMap, namespace: str = "", snapshot: Snapshot | None = None) -> Document:
    """With a snapshot each address also has the moves of the last day that its history knows."""
    return document(
        "IpMap",
        {
            "items": [
                {**address_json(item), "moves": moves_json(item, snapshot)}
                if snapshot is not None
                else address_json(item)
                for item in in_namespace(found.items, namespace)
            ],
            "pools": [pool_json(item) for item in found.pools],
            "bgp": [session_json(item) for item in found.bgp],
        },
    )


def in_namespace(items: Sequence[Address], namespace: str) -> list[Address]:
    return [item for item in items if not namespace or item.service.namespace == namespace]


def address_json(item: Address) -> Document:
    return {
        "ip": item.ip,
        "kind": item.kind.value,
        "pool": item.pool,
        "announcers": [
            {"node": one.node, "since": time_text(one.since), "evidence": one.evidence.value, "source": one.source}
            for one in item.announcers
        ],
        "moves_last_hour": item.moves_last_hour,
        "service": item.service.path,
        "ports": list(item.ports),
        "urls": list(item.urls),
        "lan": {
            "checked": item.lan.checked,
            "mac": item.lan.mac,
            "node": item.lan.node,
            "state": item.lan.state,
            "why": item.lan.why,
            "time": time_text(item.lan.at),
        },
        "problems": [problem.text for problem in item.problems],
        "pending": item.pending or None,
        "hostname": item.hostname or None,
        "shared_with": [one.path for one in item.shared_with],
        "endpoints": {"ready": item.backends_ready, "total": item.backends_total},
    }


def moves_json(item: Address, snapshot: Snapshot) -> list[Document]:
    """The moves of the last day, oldest first; ``watched`` is false where nobody looked when it happened."""
    return [
        {
            "time": time_text(move.at),
            "from": move.before,
            "to": move.after,
            "gap_seconds": round(move.gap, 1),
            "watched": move.watched,
            "probable_cause": move.cause or None,
            "evidence": move.proof or None,
        }
        for move in snapshot.history.moves_of(item.ip or "", snapshot.now - 86400.0)
    ]


def pool_json(item: Pool) -> Document:
    return {
        "name": item.name,
        "kind": item.kind,
        "ranges": list(item.ranges),
        "total": item.total,
        "used": item.used,
        "available": item.available,
        "auto_assign": item.auto,
        "announced_by": list(item.announced_by),
        "problems": [problem.text for problem in item.problems],
    }


def session_json(item: Session) -> Document:
    return {
        "node": item.node,
        "peer": item.peer,
        "state": item.state,
        "since": time_text(item.since),
        "advertised": item.advertised,
        "received": item.received,
        "detail": item.detail,
    }


def change_json(change: Change, now: float) -> Document:
    """One line of ``ips watch -o json``."""
    return document(
        "IpChange",
        {
            "time": time_text(now),
            "event": change.event,
            "ip": change.ip,
            "service": change.service,
            "before": list(change.before),
            "after": list(change.after),
            "ip_kind": change.kind,
            "text": change.text,
            "probable_cause": change.cause or None,
        },
    )


def worst_first(severities: Iterable[str]) -> str:
    """The worst of some severities, empty for none."""
    found = set(severities)
    return next((word for word in ("error", "warn", "info") if word in found), "")
