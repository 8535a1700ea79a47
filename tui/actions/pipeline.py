"""Doing what was planned: journal, apply, read back, verify, journal. Nothing is ever assumed to have happened.

The order is fixed: the intent is on disk before anything is sent; a server that did not answer is asked what the object
is like now; what even that does not tell stays *unknown*, on screen and in the journal, until a later look tells.
"""

from __future__ import annotations

import asyncio
import enum
import getpass
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pointsman.tui.actions.change import Doc, last_writer, readable
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.operation import Found
from pointsman.tui.actions.plan import Plan
from pointsman.tui.actions.write import ObjectWrite
from pointsman.tui.disk.journal import Entry, Journal, JournalError
from pointsman.tui.model.times import age, since
from pointsman.tui.sources.errors import ConflictError, ConnectError, KubeError, NotFoundError, ServerError

if TYPE_CHECKING:
    from pointsman.tui.sources.kube.client import KubeClient

LOOKS = (0.0, 0.5, 1.5, 3.0)
"""Seconds to wait before each look at the object when an answer was lost."""
LONGEST_LOOK = 5.0
MOST_REBASES = 3
"""How often a write is sent again because a controller wrote the object's status meanwhile."""
FIELD_MANAGER = "pointsman"


class Status(enum.StrEnum):
    """DONE: read back and as wanted. NOTHING: it was so already, or somebody else made it so. REFUSED: nothing was
    written. CONFLICT: somebody changed the object meanwhile; nothing was written. UNKNOWN: it may or may not have been
    written."""

    DONE = "done"
    NOTHING = "nothing"
    REFUSED = "refused"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Conflict:
    """The other change. ``manager`` wrote last, at ``when`` (RFC 3339); both may be empty. ``mine`` and ``theirs`` are
    (before, after) as YAML, for two diffs."""

    manager: str
    when: str
    mine: tuple[str, str]
    theirs: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Result:
    """``text`` is one sentence. ``trouble`` is what else went wrong (the outcome could not be journalled). ``until`` is
    when a toggle really ends: its time begins when what takes it back is ready."""

    status: Status
    text: str
    op: str
    conflict: Conflict | None = None
    stored: Doc | None = None
    trouble: str = ""
    until: float | None = None

    @property
    def exit_code(self) -> int:
        """0 done (or nothing to do), 2 refused or unknown."""
        return 0 if self.status in (Status.DONE, Status.NOTHING) else 2


def actor() -> str:
    """``user@host pid 1234``: who writes."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()} pid {os.getpid()}"


async def execute(
    client: KubeClient, journal: Journal, plan: Plan, *, arm: Callable[[], Awaitable[Plan | None]] | None = None
) -> Result:
    """Do what was planned and confirmed. Never raises for what the cluster, the disk or the network do.

    ``arm`` is awaited when the intent is on disk and before anything is sent: it starts what will take the write back
    (a guard); if it raises ActionError nothing is written. The plan it gives, if any, is the same one with its timer
    started anew: what takes the write back may take a while to be ready.
    """
    change, op = plan.change, plan.op
    if plan.refusal:
        return Result(Status.REFUSED, plan.refusal, op)
    if change.empty:
        return Result(Status.NOTHING, "It is so already; nothing was written.", op)
    if client.server != plan.cluster.server:
        return Result(Status.REFUSED, "The connection now leads to another server; nothing was written.", op)
    try:
        with journal.hold(op):
            journal.append(intent_of(plan))
            if arm is not None:
                try:
                    fresh = await arm()
                except ActionError as error:
                    note(journal, op, "failed", error.sentence)
                    return Result(Status.REFUSED, f"Nothing was written: {error.sentence} {error.hint}".strip(), op)
                except asyncio.CancelledError:
                    note(journal, op, "failed", "it was stopped before anything was sent")
                    raise
                if fresh is not None:
                    plan, change = fresh, fresh.change
                    journal.append(Entry(op=op, event="restated", after=change.after, until=plan.wish.until))
            return await _carry_out(ObjectWrite(client, change), journal, plan)
    except JournalError as error:
        return Result(Status.REFUSED, f"Nothing was written: {error.sentence} {error.hint}".strip(), op)


def intent_of(plan: Plan) -> Entry:
    wish, change, cluster = plan.wish, plan.change, plan.cluster
    return Entry(
        op=wish.op,
        event="intent",
        actor=actor(),
        action=wish.action,
        title=wish.title,
        kind=change.ref.kind,
        version=change.version,
        namespace=change.ref.namespace,
        name=change.ref.name,
        verb=change.verb,
        before=change.before,
        after=change.after,
        source=change.source,
        context=cluster.context,
        server=cluster.server,
        undoes=wish.undoes,
        until=wish.until,
    )


def note(journal: Journal, op: str, event: str, text: str, after: Doc | None = None, undoes: str = "") -> str:
    """Say in the journal what became of a write. A journal that refuses now stops nothing; the sentence says so."""
    try:
        journal.append(Entry(op=op, event=event, text=text, after=after, undoes=undoes, actor=actor()))
    except JournalError as error:
        return f"The outcome is not in the journal: {error.sentence} It will be looked at again at the next start."
    return ""


async def _carry_out(write: ObjectWrite, journal: Journal, plan: Plan) -> Result:
    op = plan.op
    try:
        write = await _applied(write)
    except (ConnectError, ServerError, ConflictError, NotFoundError) as error:
        # A conflict too may be our own deletion, sent twice by the transport: only a look at the object tells.
        return await _look(write, journal, plan, error)
    except KubeError as error:
        trouble = note(journal, op, "failed", error.sentence)
        return Result(Status.REFUSED, f"Nothing was written: {error.sentence}", op, trouble=trouble)
    except asyncio.CancelledError:
        note(journal, op, "unknown", "it was stopped while it waited for the server's answer")
        raise
    trouble = note(journal, op, "applied", "", write.stored)
    found = await _settled(write)
    if found is Found.DONE:
        trouble = finished(journal, plan, "read back: it is as it was wanted", write.live) or trouble
        return Result(Status.DONE, f"Done: {plan.title}.", op, stored=write.live, trouble=trouble)
    if found is Found.UNKNOWN:
        text = "The server accepted it, but it could not be read back."
        trouble = note(journal, op, "unknown", text) or trouble
        return Result(Status.UNKNOWN, text, op, trouble=trouble)
    manager, _ = last_writer(write.live, write.stored)
    who = f" ({manager} wrote last)" if manager else ""
    text = f"It was written, but when it was read back it was not as wanted: somebody has changed it again{who}."
    trouble = note(journal, op, "unknown", text, write.live) or trouble
    return Result(Status.UNKNOWN, text, op, _conflict(write, plan), write.live, trouble)


async def _applied(write: ObjectWrite) -> ObjectWrite:
    """Send it. An object of which only the status has changed since it was read is still the one that was asked about: a
    conflict with that is no conflict, and the write is sent for the object as it is now."""
    for _ in range(MOST_REBASES):
        try:
            await write.apply()
        except ConflictError:
            if not await write.only_moved():
                raise
            write = ObjectWrite(write.client, replace(write.change, before=write.live))
        else:
            return write
    await write.apply()
    return write


async def _look(write: ObjectWrite, journal: Journal, plan: Plan, error: KubeError) -> Result:
    """The answer was lost, or was a conflict: find out by reading."""
    op = plan.op
    found = await _settled(write, calm=isinstance(error, (ConnectError, ServerError)))
    clash = isinstance(error, (ConflictError, NotFoundError))
    theirs = write.once or last_writer(write.live, plan.change.before)[0] not in ("", FIELD_MANAGER)
    if found is Found.DONE and clash and plan.change.verb == "update" and theirs:
        # What is sent once had this refusal for its only answer: the change that is there is another's.
        text = "Nothing was written: somebody else made the same change first."
        return Result(Status.NOTHING, text, op, stored=write.live, trouble=note(journal, op, "failed", text))
    if found is Found.DONE:
        text = f"Done: {plan.title} (the answer was lost; it was read back)."
        trouble = finished(journal, plan, "the answer was lost; read back: it is as it was wanted", write.live)
        return Result(Status.DONE, text, op, stored=write.live, trouble=trouble)
    if found is Found.BEFORE:
        lost = isinstance(error, (ConnectError, ServerError))
        trouble = note(
            journal, op, "missed" if lost else "failed", f"{error.sentence} Read back: the object is unchanged."
        )
        return Result(
            Status.REFUSED, f"Nothing was written: {error.sentence} The object is unchanged.", op, trouble=trouble
        )
    if found is Found.OTHER and clash:
        conflict = _conflict(write, plan)
        text = f"Nothing was written: {conflict_words(write, conflict)}"
        trouble = note(journal, op, "failed", text)
        return Result(Status.CONFLICT, text, op, conflict, write.live, trouble)
    if found is Found.OTHER:
        text = f"Unknown: {error.sentence} Read back: the object is neither as it was nor as it was wanted."
        trouble = note(journal, op, "unknown", text)
        return Result(Status.UNKNOWN, text, op, _conflict(write, plan), write.live, trouble)
    text = f"Unknown whether it was written: {error.sentence} It could not be read back."
    trouble = note(journal, op, "unknown", text)
    return Result(Status.UNKNOWN, text, op, trouble=trouble)


async def _settled(write: ObjectWrite, *, calm: bool = False) -> Found:
    """Look until the object says something. ``calm`` looks again at an unchanged one: a request on its way may land."""
    found = Found.UNKNOWN
    unchanged = 0
    for pause in LOOKS:
        await asyncio.sleep(pause)
        try:
            async with asyncio.timeout(LONGEST_LOOK):
                found = await write.verify()
        except TimeoutError:
            found = Found.UNKNOWN
        if found is Found.BEFORE and calm and not unchanged:
            unchanged += 1
            continue
        if found is not Found.UNKNOWN:
            return found
    return found


def finished(journal: Journal, plan: Plan, text: str, live: Doc | None) -> str:
    """Journal that a write is done and, if it takes another one back, that that one is undone."""
    trouble = note(journal, plan.op, "verified", text, live)
    if plan.wish.undoes:
        trouble = note(journal, plan.wish.undoes, "undone", plan.title, undoes=plan.op) or trouble
    return trouble


def _conflict(write: ObjectWrite, plan: Plan) -> Conflict:
    manager, when = last_writer(write.live, write.stored or plan.change.before)
    kind = plan.change.kind
    before = readable(plan.change.before, kind)
    return Conflict(manager, when, plan.texts, (before, readable(write.live, kind)))


def conflict_words(write: ObjectWrite, conflict: Conflict, now: float | None = None) -> str:
    """Who changed it meanwhile, as a sentence."""
    title = write.change.ref.title
    if write.live is None:
        return f"{title} is not there any more; somebody deleted it meanwhile."
    if write.change.before is None:
        return f"{title} is there already."
    who = conflict.manager or "somebody"
    when = ""
    if conflict.when and now is not None:
        when = f" {age(since(conflict.when, now))} ago"
    return f"{title} was changed meanwhile by {who}{when}; look at both changes and try again."
