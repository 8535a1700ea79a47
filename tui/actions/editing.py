"""The way of one edit: the editor, the plan, the question, the write; and back to the editor where something is wrong.

Whatever is wrong with the text brings the editor back with the text as it was and the reason above it. What was typed is
on disk all the time, and stays there unless it was written. The app and the verb share this; they differ in who asks.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from pointsman.tui.actions.change import Doc, last_writer
from pointsman.tui.actions.edit import Edit, MovedError
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.pipeline import Conflict, Result, Status
from pointsman.tui.actions.source import SourceError, Trouble
from pointsman.tui.disk.drafts import Draft, DraftError
from pointsman.tui.disk.journal import JournalError
from pointsman.tui.sources.errors import KubeError

if TYPE_CHECKING:
    from pointsman.tui.actions.desk import Desk
    from pointsman.tui.actions.plan import Plan

T = TypeVar("T")


class Hand(Protocol):
    """Who asks the user."""

    async def type(self, path: Path, line: int) -> None:
        """Run the editor. Raises ActionError if that fails."""

    async def wait(self, work: Awaitable[T]) -> T:
        """Wait for the server."""

    async def agree(self, plan: Plan) -> tuple[Plan | None, bool]:
        """The plan that is agreed to, or None; and whether to edit again."""

    async def start_again(self, title: str, conflict: Conflict) -> bool:
        """Show both sides; whether to go on editing from what is there now."""

    def refused(self, edit: Edit) -> bool:
        """Something is wrong with the text; whether the editor is to come again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """``text`` says what became of it, with where the user's text is if that would be a loss. ``result`` is that of the
    write, None if none was tried. ``refused``: the last text was not accepted."""

    text: str
    result: Result | None = None
    plan: Plan | None = None
    refused: bool = False

    @property
    def written(self) -> bool:
        return self.result is not None and self.result.exit_code == 0

    @property
    def exit_code(self) -> int:
        """0 done, 1 declined, 2 refused or unknown."""
        if self.written:
            return 0
        return 2 if self.refused or self.result is not None else 1


async def carry_out(desk: Desk, edit: Edit, hand: Hand) -> Outcome:
    """From the first page to the end. Raises nothing for what the cluster, the disk or the editor do."""
    try:
        draft = Draft(edit.slug)
    except DraftError as error:
        return Outcome(f"Nothing can be edited: {error.sentence}", refused=True)
    outcome = Outcome("")
    try:
        outcome = await _until_done(desk, edit, draft, hand)
    except (ActionError, KubeError, JournalError, DraftError) as error:
        outcome = Outcome(f"{error.sentence} {getattr(error, 'hint', '')}".strip(), refused=True)
    finally:
        kept = _keep(edit, draft, written=outcome.written)
    return Outcome(f"{outcome.text} {kept}".strip(), outcome.result, outcome.plan, outcome.refused)


def _keep(edit: Edit, draft: Draft, *, written: bool) -> str:
    """Leave nothing behind but what would be a loss; a sentence on where that is."""
    if written or not edit.typed:
        draft.discard()
        return ""
    # Where that fails the file holds the page as it was: the same text with some lines above it.
    with contextlib.suppress(DraftError):
        draft.write(edit.text)
    return f"Your text is kept in {draft.path}."


async def _until_done(desk: Desk, edit: Edit, draft: Draft, hand: Hand) -> Outcome:
    while True:
        draft.write(edit.page())
        wrong = bool(edit.troubles)
        failed, left = await _typed(edit, draft, hand)
        if failed or left:
            return Outcome(failed or left, refused=wrong or bool(failed))
        try:
            plan = await hand.wait(desk.plan_edit(edit))
        except SourceError as error:
            edit.refuse(error.troubles)
            if hand.refused(edit):
                continue
            return Outcome("Nothing was written.", refused=True)
        except MovedError as error:
            if error.live is None:
                raise
            if not await _start_again(error.sentence, edit, error.live, hand):
                return Outcome(f"{error.sentence} Nothing was written.", refused=True)
            continue
        if plan.nothing:
            return Outcome("Nothing was written: the server has it like this already.")
        agreed, again = await hand.agree(plan)
        if again:
            continue
        if agreed is None:
            return Outcome(plan.refusal or "Cancelled. Nothing was written.", refused=bool(plan.refusal))
        result, _ = await desk.execute(agreed)
        if result.status is Status.CONFLICT and result.stored is not None:
            if await _start_again(result.text, edit, result.stored, hand, result.conflict):
                continue
        elif result.status is Status.REFUSED:
            edit.refuse((Trouble(result.text),))
            if hand.refused(edit):
                continue
        return Outcome(f"{result.text} {result.trouble}".strip(), result, agreed)


async def _typed(edit: Edit, draft: Draft, hand: Hand) -> tuple[str, str]:
    """Let the user type. What is wrong with the editor, and a sentence if what it left means to leave it."""
    before = draft.stamp()
    failed = ""
    try:
        await hand.type(draft.path, edit.line())
    except ActionError as error:
        failed = f"{error.sentence} {error.hint}".strip()
    saved = draft.stamp() != before
    left = edit.take(draft.read(), saved=saved)
    return f"{failed} Nothing was written." if failed else "", left


async def _start_again(title: str, edit: Edit, live: Doc, hand: Hand, known: Conflict | None = None) -> bool:
    """Show both sides; if they are to be put together, the next page has them so."""
    theirs, mine = edit.sides(live)
    manager, when = (known.manager, known.when) if known is not None else last_writer(live, edit.base)
    if not await hand.start_again(title, Conflict(manager, when, mine, theirs)):
        return False
    await asyncio.to_thread(edit.rebase, live)
    return True
