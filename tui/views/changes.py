"""What changed lately, as the list on Overview shows it: newest first, with the time of day."""

from __future__ import annotations

import time
from dataclasses import dataclass

from pointsman.tui.answers.changes import what_changed
from pointsman.tui.answers.ref import Ref
from pointsman.tui.store.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Change:
    """One line. ``clock`` is the local time of day, or the day if it is not today's."""

    at: float
    clock: str
    severity: str
    subject: str
    text: str
    ref: Ref | None
    id: str

    @property
    def key(self) -> str:
        return self.id


def changes(snapshot: Snapshot, namespace: str = "") -> tuple[Change, ...]:
    """What changed, of one namespace (and of what belongs to none) or of all."""
    today = time.localtime(snapshot.now)[:3]
    return tuple(
        Change(item.at, _clock(item.at, today), item.severity, item.subject, item.text, item.ref, item.id)
        for item in what_changed(snapshot)
        if not namespace or item.ref is None or item.ref.namespace in ("", namespace)
    )


def _clock(at: float, today: tuple[int, ...]) -> str:
    local = time.localtime(at)
    return time.strftime("%H:%M:%S" if local[:3] == today else "%d %b", local)
