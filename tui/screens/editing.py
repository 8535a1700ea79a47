"""Editing an object in the user's own editor, the app suspended meanwhile: then the same dialog as for every write.

Whatever is wrong with the text brings the editor back with the text as it was and the reason above it. What was typed is
on disk all the time, and stays there unless it was written.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from pointsman.tui.actions.edit import Edit, MovedError
from pointsman.tui.actions.editor import run_editor
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.pipeline import Conflict, Status
from pointsman.tui.actions.source import SourceError, Trouble
from pointsman.tui.disk.drafts import Draft, DraftError
from pointsman.tui.disk.journal import JournalError
from pointsman.tui.sources.errors import KubeError

if TYPE_CHECKING:
    from pointsman.tui.actions.desk import Desk
    from pointsman.tui.screens.host import Host
    from pointsman.tui.screens.writer import Writer

OpenEdit = Callable[["Desk"], Awaitable[Edit]]


class Editing:
    """One edit in the app."""

    def __init__(self, host: Host, writer: Writer, desk: Desk) -> None:
        self._host, self._writer, self._desk = host, writer, desk

    async def run(self, open_edit: OpenEdit) -> None:
        """From the first page to what became of it; says everything there is to say."""
        try:
            edit = await self._writer.planning(open_edit(self._desk))
            draft = Draft(edit.slug)
        except (ActionError, KubeError, DraftError) as error:
            self._say(error.sentence, getattr(error, "hint", ""))
            return
        said, written = "", False
        try:
            said, written = await self._until_done(edit, draft)
        except (ActionError, KubeError, JournalError, DraftError) as error:
            said = f"{error.sentence} {getattr(error, 'hint', '')}".strip()
        finally:
            kept = self._keep(edit, draft, written)
        self._say(said, kept, fine=written)

    def _keep(self, edit: Edit, draft: Draft, written: bool) -> str:
        """Leave nothing behind but what would be a loss; a sentence on where that is."""
        if written or not edit.typed:
            draft.discard()
            return ""
        # Where that fails it holds the page as it was, which is the same text with some lines above it.
        with contextlib.suppress(DraftError):
            draft.write(edit.text)
        return f"Your text is kept in {draft.path}."

    async def _until_done(self, edit: Edit, draft: Draft) -> tuple[str, bool]:
        """The last sentence, and whether it is written."""
        while True:
            draft.write(edit.page())
            if left := await self._in_editor(edit, draft):
                return left, False
            try:
                plan = await self._writer.planning(self._desk.plan_edit(edit))
            except SourceError as error:
                edit.refuse(error.troubles)
                continue
            except MovedError as error:
                if error.live is None:
                    raise
                if not await self._start_again(error.sentence, edit, error.live):
                    return f"{error.sentence} Nothing was written.", False
                edit.rebase(error.live)
                continue
            if plan.nothing:
                return "Nothing was written: the server has it like this already.", False
            agreed, again = await self._writer.ask(self._desk, plan, edit=True)
            if again:
                continue
            if agreed is None:
                return "Cancelled. Nothing was written.", False
            result, _ = await self._desk.execute(agreed)
            if result.status is Status.CONFLICT and result.stored is not None:
                if not await self._start_again(result.text, edit, result.stored, result.conflict):
                    return result.text, False
                edit.rebase(result.stored)
            elif result.status is Status.REFUSED:
                edit.refuse((Trouble(result.text),))
            else:
                return f"{result.text} {result.trouble}".strip(), result.status in (Status.DONE, Status.NOTHING)

    async def _in_editor(self, edit: Edit, draft: Draft) -> str:
        """Let the user type. A sentence if that means to leave it."""
        before = draft.stamp()
        failed = ""
        with self._host.suspended():
            try:
                await run_editor(draft.path, edit.line())
            except ActionError as error:
                failed = f"{error.sentence} {error.hint}".strip()
        left = edit.take(draft.read(), saved=draft.stamp() != before)
        return f"{failed} Nothing was written." if failed else left

    async def _start_again(self, title: str, edit: Edit, live: object, known: Conflict | None = None) -> bool:
        from pointsman.tui.actions.change import last_writer
        from pointsman.tui.screens.modals.conflict import ConflictScreen

        assert isinstance(live, dict)
        theirs, mine = edit.sides(live)
        manager, when = (known.manager, known.when) if known is not None else last_writer(live, edit.base)
        screen = ConflictScreen(
            title, Conflict(manager, when, mine, theirs), self._host.snapshot().now, again="Edit again with both"
        )
        return await self._host.push_screen_wait(screen)

    def _say(self, *parts: str, fine: bool = False) -> None:
        text = " ".join(part for part in parts if part)
        calm = fine or text.startswith("Cancelled")
        self._host.say(text, severity="information" if calm else "warning", seconds=6 if fine else 12)
