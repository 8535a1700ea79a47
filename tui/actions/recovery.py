"""Writes whose program died, or whose answer was lost: read back at the next start, and said in the journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pointsman.tui.actions.change import fits, untouched
from pointsman.tui.actions.pipeline import note
from pointsman.tui.actions.undo import change_of
from pointsman.tui.actions.write import read_object
from pointsman.tui.disk.journal import Journal, State, Write
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.sources.errors import KubeError

if TYPE_CHECKING:
    from pointsman.tui.sources.kube.client import KubeClient

LATE = 600.0
"""Seconds for which a write that seemed not to have landed is looked at again: a request may hang on its way."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """``state`` is what is known now: DONE, FAILED (nothing was written) or still UNKNOWN. ``text`` is a sentence."""

    write: Write
    state: State
    text: str


async def recover(client: KubeClient, journal: Journal, now: float) -> list[Recovered]:
    """Read back every write that has no known outcome and is not under way. Raises JournalError if there is no reading
    the journal; what the cluster does is never raised. ``now`` is seconds since 1970."""
    found = []
    for write in journal.read().writes:
        open_end = write.state in (State.PENDING, State.UNKNOWN)
        if write.state is State.FAILED and not write.certain:
            open_end = now - (write.ended or write.intent.at) < LATE
        if not open_end or journal.under_way(write.op):
            continue
        found.append(await _recover(client, journal, write))
    return found


async def _recover(client: KubeClient, journal: Journal, write: Write) -> Recovered:
    title = write.intent.title or write.path
    if write.intent.kind not in KINDS:
        return Recovered(write, State.UNKNOWN, f"{title}: this version does not know the kind")
    change = change_of(write)
    try:
        live = await read_object(client, change)
    except KubeError as error:
        text = f"{title}: it is not known whether it was written, and it cannot be read back: {error.sentence}"
        if write.state is not State.UNKNOWN:
            note(journal, write.op, "unknown", text)
        return Recovered(write, State.UNKNOWN, text)
    if fits(change, live):
        note(journal, write.op, "verified", "read back at a later start: it is as it was wanted", live)
        if write.intent.undoes:
            note(journal, write.intent.undoes, "undone", title, undoes=write.op)
        return Recovered(write, State.DONE, f"{title}: it was written, as a look at the object shows")
    if untouched(change.before, live) and not write.sent:
        if write.state is not State.FAILED:
            note(journal, write.op, "missed", "read back at a later start: the object is unchanged")
        return Recovered(write, State.FAILED, f"{title}: it was not written; the object is unchanged")
    if write.sent:
        note(journal, write.op, "verified", "the server had accepted it; it was changed again since")
        return Recovered(write, State.DONE, f"{title}: it was written, and the object was changed again since")
    text = f"{title}: it is not known whether it was written; the object was changed by others since"
    if write.state is not State.UNKNOWN or write.text != text:
        note(journal, write.op, "unknown", text)
    return Recovered(write, State.UNKNOWN, text)
