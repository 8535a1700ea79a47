"""Taking a journalled write back, also after other changes. Pure."""

from __future__ import annotations

from pointsman.tui.actions.change import Change, Doc, fits
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.plan import Risk, Wish
from pointsman.tui.actions.write import Reverse, reverse
from pointsman.tui.answers.ref import Ref
from pointsman.tui.disk.journal import State, Write
from pointsman.tui.model.kinds import KINDS

UNDO = "undo"
RESTART = "announcer-restart"
"""The action that deletes a pod so that its owner makes another one."""


def change_of(write: Write) -> Change:
    """The change that a journalled write was."""
    intent = write.intent
    return Change(Ref(intent.kind, intent.namespace, intent.name), intent.before, intent.after, intent.version)


def undo_wish(write: Write, live: Doc | None) -> Wish:
    """Take a write back. ``live`` is the object as it is now: what others changed since stays, and the wish's risks say
    what cannot be put back. Raises ActionError if nothing can."""
    change = change_of(write)
    if write.intent.kind not in KINDS:
        raise ActionError(f"Operation {write.op} is about a kind that this version does not know.")
    if write.state is State.UNDONE:
        raise ActionError(f"Operation {write.op} is undone already (by {write.undone_by or 'another one'}).")
    if write.state is State.FAILED:
        raise ActionError(f"Operation {write.op} wrote nothing, so there is nothing to undo: {write.text}")
    if write.intent.action == RESTART:
        raise ActionError("A restart cannot be undone, and need not be: the pod's DaemonSet has started another one.")
    if change.kind.secret and change.before is not None:
        raise ActionError("The journal keeps no contents of Secrets, so it cannot put them back.")
    if write.state is not State.DONE and not write.sent and not fits(change, live):
        raise ActionError(f"It is not known whether operation {write.op} was written, and the object does not show it.")
    back = _reverse(write, change, live)
    if back.change is None:
        raise ActionError(f"It cannot be undone: {'; '.join(back.lost)}.")
    if back.change.empty and back.lost:
        raise ActionError("There is nothing left to put back.", "", back.lost)
    risks = [Risk(f"not put back: {text}") for text in back.lost]

    def make(now: Doc | None) -> Doc | None:
        found = _reverse(write, change, now)
        if found.change is None:
            raise ActionError(f"It cannot be undone: {'; '.join(found.lost)}.")
        return found.change.after

    title = f"undo {write.op}: {write.intent.title}"
    return Wish(UNDO, title, change.ref, make, undoes=write.op, risks=tuple(risks), notes=back.notes)


def _reverse(write: Write, change: Change, live: Doc | None) -> Reverse:
    return reverse(change, write.stored, live)
