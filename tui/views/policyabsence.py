"""What stands in the Policies pane where there are no rows: why, and what would fill it."""

from __future__ import annotations

from typing import Any

from pointsman.tui.answers.policies.index import POLICY_KINDS
from pointsman.tui.model.kinds import NETWORKPOLICIES, PODS, Kind
from pointsman.tui.store.snapshot import Snapshot, State
from pointsman.tui.views.policies import Board
from pointsman.tui.views.policy_text import enforcement_words
from pointsman.tui.views.states import connection
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike


def _unread(snapshot: Snapshot, *wanted: str) -> list[CellLike]:
    """Why kinds that are needed are not there, the connection's trouble first; empty if they are."""
    every: tuple[Kind[Any], ...] = (*POLICY_KINDS, PODS)
    kinds = [kind for kind in every if kind.id in wanted and not snapshot.known(kind)]
    if not kinds:
        return []
    if trouble := connection(snapshot):
        return trouble
    lines: list[CellLike] = []
    for state, head, style in (
        (State.FORBIDDEN, f"{glyphs.current.forbidden} forbidden", "source-forbidden"),
        (State.DOWN, "could not be read", "source-down"),
    ):
        for kind in kinds:
            link = snapshot.table(kind).link
            if link.state is state:
                lines.append(Cell.join((head, style), f"  {kind.group_resource}"))
                lines.append(Cell(link.detail or f"needs list {kind.group_resource}", "muted"))
    if lines:
        return lines[:8]
    names = ", ".join(kind.group_resource for kind in kinds[:3])
    return [Cell(f"reading {names} {glyphs.current.ellipsis}", "muted")]


def no_policies(snapshot: Snapshot, board: Board | None, namespace: str) -> list[CellLike]:
    """An empty list of policies."""
    unread = _unread(snapshot, NETWORKPOLICIES.id) or _unread(snapshot, *(kind.id for kind in POLICY_KINDS))
    if unread:
        return unread
    if board is None:
        return [Cell(f"reading policies {glyphs.current.ellipsis}", "muted")]
    if board.policies and namespace:
        return [f"no policy in {namespace}", Cell("Everything may reach its pods. 0 shows all namespaces.", "muted")]
    return [
        "no policy: everything may reach everything",
        Cell(f"A NetworkPolicy fills this; {enforcement_words(board.index.enforcement)}.", "muted"),
    ]


def no_pods(snapshot: Snapshot, board: Board | None, namespace: str) -> list[CellLike]:
    """An empty list of pods."""
    if unread := _unread(snapshot, PODS.id):
        return unread
    if board is None:
        return [Cell(f"reading pods {glyphs.current.ellipsis}", "muted")]
    if board.pods and namespace:
        return [f"no pod in {namespace}", Cell("0 shows all namespaces.", "muted")]
    return ["no pod", Cell("Pods and workloads are listed here with what may reach them.", "muted")]
