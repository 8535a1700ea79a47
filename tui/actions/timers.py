"""Policies that are off, and when they come back: read from the objects themselves, so every machine sees the same. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pointsman.tui.actions.toggle import OFF, operation_of, until_of, was_switched
from pointsman.tui.answers.policies.index import POLICY_KINDS
from pointsman.tui.answers.policies.toggles import OFF_BY, OFF_UNTIL
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.parking import ROUTE_KINDS, doc_of
from pointsman.tui.disk.journal import State, Write
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Timer:
    """A policy that is off. ``until`` is when it comes back (seconds since 1970), None for good. ``by`` is who did it.

    ``deleted`` says that it could not be parked and is kept in this machine's journal alone. ``unreadable`` is a
    deadline that is no time: it is never due by itself.
    """

    ref: Ref
    op: str
    until: float | None
    by: str = ""
    deleted: bool = False
    unreadable: str = ""

    def left(self, now: float) -> float | None:
        """Seconds until it comes back (negative: overdue); None for good."""
        return None if self.until is None else self.until - now

    def due(self, now: float) -> bool:
        return self.until is not None and self.until <= now


TOGGLED = (*POLICY_KINDS, *ROUTE_KINDS)
"""The kinds that can be switched off."""


@memoized(*TOGGLED)
def parked_timers(snapshot: Snapshot) -> tuple[Timer, ...]:
    """Every policy and route that is parked, from the objects."""
    found = []
    for kind in TOGGLED:
        for obj in snapshot.all(kind):
            notes = obj.meta.annotations
            if OFF_UNTIL not in notes and b"pointsman.dev/switched-off" not in obj.raw:
                continue
            doc = doc_of(obj)
            if not was_switched(doc):
                continue
            until = until_of(doc)
            said = notes.get(OFF_UNTIL, "")
            strange = said if until is None and said not in ("", "permanent") else ""
            found.append(
                Timer(Ref(kind.id, *obj.key), operation_of(doc), until, notes.get(OFF_BY, ""), unreadable=strange)
            )
    return tuple(sorted(found, key=_order))


def deleted_timers(snapshot: Snapshot, writes: Iterable[Write]) -> tuple[Timer, ...]:
    """Policies that were switched off by deleting them, by the journal, and are not there again."""
    found: dict[Ref, Timer] = {}
    for write in writes:
        intent = write.intent
        ref = Ref(intent.kind, intent.namespace, intent.name)
        if intent.action == OFF and intent.verb == "delete" and write.state in (State.DONE, State.UNKNOWN):
            kind = next((kind for kind in POLICY_KINDS if kind.id == intent.kind), None)
            if kind is None or snapshot.get(kind, *ref.key) is not None:
                continue
            found[ref] = Timer(ref, write.op, intent.until, intent.actor.partition(" pid ")[0], deleted=True)
        else:
            found.pop(ref, None)
    return tuple(found.values())


def timers(snapshot: Snapshot, writes: Iterable[Write] = ()) -> tuple[Timer, ...]:
    """All policies that are off, the one that comes back first at the head, those for good at the end."""
    return tuple(sorted((*parked_timers(snapshot), *deleted_timers(snapshot, writes)), key=_order))


def _order(timer: Timer) -> tuple[float, Ref]:
    return (float("inf") if timer.until is None else timer.until, timer.ref)
