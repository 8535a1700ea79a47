"""Somebody else was first: what they changed, what was wanted here, and whether to start again from what is there now."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from pointsman.tui.actions.pipeline import Conflict
from pointsman.tui.model.times import age, epoch
from pointsman.tui.screens.modals.confirm import sentence
from pointsman.tui.screens.modals.seen import Acknowledge, Choice, SeenScreen
from pointsman.tui.screens.panel import content_of
from pointsman.widgets.cells import Cell
from pointsman.widgets.diffview import DiffView
from pointsman.widgets.lines import Lines

BESIDES = 8
"""Lines of the dialog that are always there beside its two differences."""


class ConflictScreen(SeenScreen[bool]):
    """True: begin again on the object as it is now. Nothing was written, and closing it writes nothing.

    ``title`` says in a sentence what happened; ``again`` is the word for starting again; ``now`` is seconds since 1970.
    """

    BINDINGS: ClassVar = [
        ("escape", "leave", "Leave it"),
        ("n", "leave", "Leave it"),
        ("a", "again", "Again"),
        ("left", "move(-1)", "Left"),
        ("right", "move(1)", "Right"),
        ("tab", "move(1)", "Right"),
        ("shift+tab", "move(-1)", "Left"),
    ]

    DEFAULT_CSS = """
    ConflictScreen {
        align: center middle;
        & > #conflict {
            width: 120; max-width: 96%; height: auto; max-height: 100%; padding: 0 1;
            border: round $warning; background: $surface; border-subtitle-color: $text-muted;
        }
        & Lines { height: auto; }
        & DiffView { height: auto; }
        & #conflict-mine { margin: 1 0 0 0; }
        & #conflict-buttons { height: 1; align-horizontal: right; }
    }
    """

    def __init__(
        self,
        title: str,
        conflict: Conflict,
        now: float,
        *,
        again: str = "Plan again",
        acknowledge: Acknowledge | None = None,
    ) -> None:
        super().__init__(acknowledge)
        self._title, self._conflict, self._now, self._again = title, conflict, now, again

    def compose(self) -> ComposeResult:
        with Vertical(id="conflict"):
            yield Lines(id="conflict-theirs")
            yield DiffView(*self._conflict.theirs, id="conflict-their-diff")
            yield Lines(id="conflict-mine")
            yield DiffView(*self._conflict.mine, id="conflict-my-diff")
            with Horizontal(id="conflict-buttons"):
                yield Choice("Leave it", id="conflict-leave", disabled=True)
                yield Choice(f"a  {self._again}", id="conflict-again", disabled=True)

    def on_mount(self) -> None:
        box = self.query_one("#conflict", Vertical)
        box.border_title = content_of(((sentence(self._title), "bold"),))
        box.border_subtitle = content_of((("a starts again from what is there now  esc leaves it", ""),))
        self.query_one("#conflict-theirs", Lines).set_lines([self._who(), Cell("nothing was overwritten", "muted")])
        self.query_one("#conflict-mine", Lines).set_lines([Cell("what was to be changed here", "bold")])
        self.on_resize()
        super().on_mount()

    def _who(self) -> Cell:
        conflict = self._conflict
        parts = [("what ", "bold"), (conflict.manager or "somebody", "accent bold"), (" changed", "bold")]
        when = epoch(conflict.when)
        if when is not None:
            parts.append((f"   {age(self._now - when)} ago", "muted"))
        if not conflict.manager:
            parts.append(("   the object does not say who", "muted"))
        return Cell.join(*parts)

    def on_resize(self) -> None:
        """Each side has half the room; what does not fit is scrolled."""
        room = max(6, self.size.height - BESIDES)
        for side in self.query(DiffView):
            side.styles.max_height = room // 2

    def now_seen(self) -> None:
        for choice in self.query(Choice):
            choice.disabled = False
        self.query_one("#conflict-leave", Choice).focus()

    def action_move(self, step: int) -> None:
        if step > 0:
            self.focus_next()
        else:
            self.focus_previous()

    def action_leave(self) -> None:
        self.dismiss(False)

    def action_again(self) -> None:
        if self.seen:
            self.dismiss(True)

    @on(Choice.Chosen, "#conflict-leave")
    def _left(self) -> None:
        self.action_leave()

    @on(Choice.Chosen, "#conflict-again")
    def _go_on(self) -> None:
        self.action_again()
