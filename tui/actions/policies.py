"""The wishes about policies and routes: off for a while, off for good, on again. Pure."""

from __future__ import annotations

import math
from dataclasses import replace

from pointsman.tui.actions.change import Doc
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.plan import Risk, Wish, graver
from pointsman.tui.actions.risks import toggle_risks
from pointsman.tui.actions.timers import Timer
from pointsman.tui.actions.toggle import (
    DEFAULT_SECONDS,
    OFF,
    ON,
    can_park,
    duration_words,
    operation_of,
    switched_off,
    switched_on,
    was_switched,
)
from pointsman.tui.answers.policies.enforcement import ALL_KINDS
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.parking import ROUTE_KINDS, doc_of
from pointsman.tui.disk.journal import Write, new_id
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.store.snapshot import Snapshot


def off_wish(
    snapshot: Snapshot, ref: Ref, *, by: str, seconds: float | None = DEFAULT_SECONDS, now: float, op: str = ""
) -> Wish:
    """Switch a policy or a route off for ``seconds`` (None: for good) from ``now``. ``by`` is user@host. Raises ActionError."""
    if ref.kind not in ALL_KINDS and ref.kind not in {kind.id for kind in ROUTE_KINDS}:
        raise ActionError(f"{ref.title} is nothing that can be switched off: it is no policy and no route.")
    operation = op or new_id()
    until = None if seconds is None else _end(now, seconds)
    known = snapshot.get(KINDS[ref.kind], *ref.key)
    doc = doc_of(known) if known is not None else None
    notes: list[str] = []
    risks = list(toggle_risks(snapshot, ref, off=True))
    if doc is not None and was_switched(doc):
        notes.append(
            "It is off already: it gets this new time, and keeps what it was before it was first switched off."
        )
        risks = []
    elif doc is not None and not can_park(doc):
        risks.append(
            Risk("it has a rule without a subject and cannot be parked: it is deleted, and kept in the journal")
        )
        notes.append("Only this machine's journal can bring it back; other machines do not see the timer.")
    words = "for good" if seconds is None else f"for {duration_words(seconds)}"
    if seconds is None:
        risks.append(Risk("nothing switches it on again by itself", grave=False))

    def make(live: Doc | None) -> Doc | None:
        return switched_off(live, op=operation, until=until, by=by)

    wish = Wish(
        OFF,
        f"switch off {ref.title} {words}",
        ref,
        make,
        operation,
        until,
        risks=graver(risks),
        notes=tuple(notes),
    )
    if seconds is None:
        return wish

    def again(later: float) -> Wish:
        end = _end(later, seconds)
        return replace(
            wish, until=end, make=lambda live: switched_off(live, op=operation, until=end, by=by), again=again
        )

    return replace(wish, seconds=seconds, again=again)


def _end(now: float, seconds: float) -> float:
    """A time that RFC 3339 in whole seconds can say, never too early."""
    return float(math.ceil(now + seconds))


def on_wish(snapshot: Snapshot, ref: Ref, *, undoes: str = "", kept: Write | None = None, only: str = "") -> Wish:
    """Switch a policy on again. ``undoes`` is the operation that switched it off; ``kept`` the write that deleted it,
    for one that could not be parked. ``only``: refuse unless that operation is still the one that holds it off."""

    def make(live: Doc | None) -> Doc | None:
        if live is not None and only and was_switched(live) and operation_of(live) != only:
            raise ActionError(f"Another operation ({operation_of(live) or 'unnamed'}) has switched it off meanwhile.")
        return switched_on(live, kept.intent.before if kept is not None else None)

    return Wish(
        ON,
        f"switch on {ref.title}",
        ref,
        make,
        undoes=undoes,
        risks=toggle_risks(snapshot, ref, off=False),
    )


def wish_for(timer: Timer, snapshot: Snapshot, kept: Write | None = None) -> Wish:
    """What a timer wants done when it is due."""
    return on_wish(snapshot, timer.ref, undoes=timer.op, kept=kept, only=timer.op)
