"""Editing an object in the user's own editor, the app suspended meanwhile: then the same dialog as for every write."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pointsman.tui.actions.edit import Edit
from pointsman.tui.actions.editing import carry_out
from pointsman.tui.actions.editor import run_editor
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.sources.errors import KubeError

if TYPE_CHECKING:
    from pointsman.tui.actions.desk import Desk
    from pointsman.tui.actions.pipeline import Conflict
    from pointsman.tui.actions.plan import Plan
    from pointsman.tui.screens.host import Host
    from pointsman.tui.screens.writer import Writer

T = TypeVar("T")
OpenEdit = Callable[["Desk"], Awaitable[Edit]]


class Editing:
    """One edit in the app; the :class:`~pointsman.tui.actions.editing.Hand` that asks by dialogs."""

    def __init__(self, host: Host, writer: Writer, desk: Desk) -> None:
        self._host, self._writer, self._desk = host, writer, desk

    async def run(self, open_edit: OpenEdit) -> None:
        """From the first page to what became of it; says everything there is to say."""
        try:
            edit = await self.wait(open_edit(self._desk))
        except (ActionError, KubeError) as error:
            self._host.say(f"{error.sentence} {error.hint}".strip(), severity="warning", seconds=10)
            return
        outcome = await carry_out(self._desk, edit, self)
        calm = outcome.exit_code < 2
        self._host.say(
            outcome.text, severity="information" if calm else "warning", seconds=6 if outcome.written else 12
        )

    async def type(self, path: Path, line: int) -> None:
        with self._host.suspended():
            await run_editor(path, line)

    async def wait(self, work: Awaitable[T]) -> T:
        return await self._writer.planning(work)

    async def agree(self, plan: Plan) -> tuple[Plan | None, bool]:
        return await self._writer.ask(self._desk, plan, edit=True)

    async def start_again(self, title: str, conflict: Conflict) -> bool:
        from pointsman.tui.screens.modals.conflict import ConflictScreen

        screen = ConflictScreen(title, conflict, self._host.snapshot().now, again="Edit again with both")
        return await self._host.push_screen_wait(screen)

    def refused(self, edit: Edit) -> bool:  # noqa: ARG002
        """The page says it all."""
        return True
