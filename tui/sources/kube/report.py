"""What is told of a connection: the state of the whole, the words on a live one, and what a lost one does to each kind."""

from __future__ import annotations

from typing import Any

from pointsman.tui.model.kinds import KINDS, Kind
from pointsman.tui.sources.errors import KubeError
from pointsman.tui.sources.kube.connect import Connection
from pointsman.tui.sources.targets import Target
from pointsman.tui.store.snapshot import Cluster, Snapshot, State
from pointsman.tui.store.store import Store

ONLY = "only namespace"
NAMED = 3
"""Kinds that are named before the rest is counted."""


def first_cluster(target: Target, connection: Connection) -> Cluster:
    """What is known before anything was asked: context, server, user, and what the user should be warned of."""
    warnings: list[str] = []
    if target.cluster.insecure:
        warnings.append("The server's certificate is not checked (insecure-skip-tls-verify).")
    elif connection.insecure:
        warnings.append("The connection is not encrypted (http).")
    user = target.user.name or ("with a certificate" if target.user.certificate else "anonymous")
    if target.user.impersonate:
        user = f"{user} as {target.user.impersonate}"
    return Cluster(
        context=target.context,
        server=connection.server,
        user=user,
        insecure=connection.insecure,
        warnings=tuple(warnings),
    )


def live_detail(snapshot: Snapshot, target: Target | None, namespace: str) -> str:
    """What a person should know of a live connection: where it was found, what may not be read."""
    parts = []
    if target is not None and target.on_node:
        parts.append(f"from {target.origin}")
    if any(table.link.state is State.LIVE and table.link.detail.startswith(ONLY) for table in snapshot.tables.values()):
        parts.append(f"{ONLY} {namespace} may be read")
    for words, state in (("not allowed to read", State.FORBIDDEN), ("cannot read", State.DOWN)):
        kinds = list(dict.fromkeys(kind.group_resource for kind in KINDS.values() if snapshot.state(kind) is state))
        if kinds:
            more = f" and {len(kinds) - NAMED} more" if len(kinds) > NAMED else ""
            parts.append(f"{words} {', '.join(kinds[:NAMED])}{more}")
    return "; ".join(parts)


def refused(kind: Kind[Any], namespace: str) -> tuple[str, str]:
    """Detail and hint of a kind that may not be read."""
    where = (f" in namespace {namespace}" if namespace else " in all namespaces") if kind.namespaced else ""
    return (
        f"{kind.group_resource} may not be listed{where}",
        f"Ask for a role that may list and watch {kind.group_resource}.",
    )


def internal(error: Exception) -> tuple[str, str]:
    """Detail and hint of a mistake of ours."""
    return f"internal error: {type(error).__name__}", "The log file has the details."


def mark_down(store: Store, error: KubeError, name: str, *, ever_live: bool) -> None:
    """No connection: what is known stays and is stale, the rest is down. The reason is said in words, with its hint."""
    snapshot = store.snapshot()
    for kind in KINDS.values():
        state = snapshot.state(kind)
        if state in (State.LIVE, State.STALE):
            store.set_kind_link(kind, State.STALE, error.sentence)
        elif state in (State.CONNECTING, State.DOWN):
            store.set_kind_link(kind, State.DOWN, error.sentence)
    store.set_link(name, State.STALE if ever_live else State.DOWN, error.sentence, error.hint)
