"""The line below a list where a filter is typed: words, how many rows match, and what is wrong with them."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.suggester import Suggester
from textual.timer import Timer
from textual.widgets import Input

from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell
from pointsman.widgets.filtering import FilterError
from pointsman.widgets.grid import Grid
from pointsman.widgets.inputline import InputLine, Words
from pointsman.widgets.lines import Lines

_MANY = 5_000
_PAUSE = 0.12


class _Words(Words):
    """The input; escape belongs to the bar."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "parent_escape", "Clear, then close", show=False, id="filter.escape"),
        Binding("tab", "complete", "Complete", show=False, id="filter.complete"),
    ]

    def action_complete(self) -> None:
        """Take the completion, or go on where there is none."""
        if self.cursor_at_end and self._suggestion:
            self.action_cursor_right()
        else:
            self.screen.focus_next()

    def action_parent_escape(self) -> None:
        bar = self.line
        if isinstance(bar, FilterBar):
            bar.escape()


class FilterBar(InputLine):
    """One line, hidden until `open()`; stays visible while a filter is set.

    Attached to a grid it filters while one types. Escape takes the words away and, once there are none, closes the bar;
    enter keeps them and gives the focus back to the list.
    """

    DEFAULT_CSS = """
    FilterBar {
        & > #prompt { width: 2; }
        & > #count { width: auto; max-width: 60%; }
    }
    """

    class _BarMessage(Message):
        def __init__(self, bar: FilterBar) -> None:
            self.bar = bar
            super().__init__()

        @property
        def control(self) -> FilterBar:
            """The bar it came from."""
            return self.bar

    class Changed(_BarMessage):
        """Other words."""

        def __init__(self, bar: FilterBar, text: str) -> None:
            self.text = text
            super().__init__(bar)

    class Closed(_BarMessage):
        """The bar gave the focus back; `text` is the filter that stays."""

        def __init__(self, bar: FilterBar, text: str) -> None:
            self.text = text
            super().__init__(bar)

    def __init__(
        self,
        grid: Grid[Any] | None = None,
        *,
        placeholder: str = "words   a|b   !not   column:word   /regex/   -f fuzzy",
        suggester: Suggester | None = None,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._grid = grid
        self._placeholder = placeholder
        self._suggester = suggester
        self._waiting: Timer | None = None
        self._trouble = ""

    def compose(self) -> ComposeResult:
        yield Lines([Cell(f"{glyphs.current.prompt} ", "accent bold")], id="prompt")
        yield _Words(self._placeholder, self._suggester)
        yield Lines(id="count")

    # -- state ------------------------------------------------------------------------------------------------------

    @property
    def trouble(self) -> str:
        """What is wrong with the words, empty when nothing is."""
        return self._trouble

    def attach(self, grid: Grid[Any]) -> None:
        """Filter this grid from now on, and show the filter it has."""
        if self._grid is not None and self._grid is not grid:
            self._grid.counts.unsubscribe(self)
        self._grid = grid
        grid.counts.subscribe(self, lambda counts: self.show_count(*counts), immediate=True)
        self.set_text(grid.model.filter_text)

    def set_text(self, text: str) -> None:
        """Put words in as if they had been there, without taking the focus."""
        with self.prevent(Input.Changed):
            self._input.value = text
        self.set_class(bool(text) or self._input.has_focus, "-open")
        self.show_count()

    def open(self) -> None:
        """Show the bar and take the focus."""
        self.focus_input()
        self.show_count()

    def close(self) -> None:
        """Give the focus back to the list; the bar stays while there are words in it."""
        self._flush()
        text = self.text.strip()
        if text:
            self.remember(text)
        self.set_class(bool(text), "-open")
        if self._grid is not None:
            self._grid.focus()
        self.post_message(self.Closed(self, text))

    def escape(self) -> None:
        """Take the words away, or close the bar when there are none."""
        if self.text:
            self.remember(self.text.strip())
            self._place = len(self._history)
            self._input.value = ""
        else:
            self.close()

    # -- what is shown at the right ---------------------------------------------------------------------------------

    def show_count(self, shown: int | None = None, total: int | None = None) -> None:
        """How many rows match; of the attached grid unless given."""
        if self._trouble:
            return
        if shown is None and self._grid is not None:
            shown, total = len(self._grid.model), self._grid.model.total
        words = Cell("")
        if self._grid is not None and self._grid.searching:
            words = Cell(" searching", "dim")
        elif shown is not None:
            style = "warn" if shown == 0 and total else "dim"
            words = Cell(f" {shown:,}/{total or 0:,}", style)
        self._say(words)

    def show_error(self, sentence: str) -> None:
        """Say what is wrong with the words; an empty sentence says that nothing is."""
        self._trouble = sentence
        if sentence:
            self._say(Cell(f" {glyphs.current.error} {sentence}", "error"))
        else:
            self.show_count()

    def _say(self, cell: Cell) -> None:
        self.query_one("#count", Lines).set_lines([cell])

    # -- events -----------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        if self._grid is not None:
            self.attach(self._grid)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._waiting is not None:
            self._waiting.stop()
            self._waiting = None
        # Searching a long list at every key would only be thrown away again.
        if self._grid is not None and self._grid.model.total > _MANY:
            self._waiting = self.set_timer(_PAUSE, self._apply)
        else:
            self._apply()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.close()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.open()

    def _flush(self) -> None:
        if self._waiting is not None:
            self._waiting.stop()
            self._apply()

    def _apply(self) -> None:
        self._waiting = None
        trouble = ""
        if self._grid is not None:
            try:
                self._grid.set_filter(self.text)
            except FilterError as error:
                trouble = str(error)
        self.show_error(trouble)
        self.post_message(self.Changed(self, self.text))
