"""`:` and ctrl+p: run a command by its name, or open an object by what is typed or pasted."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from pointsman.tui.screens.panel import content_of
from pointsman.tui.views.opening import suggest
from pointsman.tui.views.palette import Entry, entries
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike, Column
from pointsman.widgets.grid import Grid
from pointsman.widgets.gridmodel import GridModel
from pointsman.widgets.lines import Lines

if TYPE_CHECKING:
    from pointsman.tui.screens.host import Host


class _Words(Input):
    """The arrows move in the list below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "screen.move('cursor_up')", show=False),
        Binding("down", "screen.move('cursor_down')", show=False),
        Binding("pageup", "screen.move('page_up')", show=False),
        Binding("pagedown", "screen.move('page_down')", show=False),
        Binding("ctrl+p", "screen.move('cursor_up')", show=False),
        Binding("ctrl+n", "screen.move('cursor_down')", show=False),
        Binding("tab", "screen.complete", show=False),
    ]


def _title(entry: Entry) -> CellLike:
    if entry.opening is not None:
        return Cell.join((f"{glyphs.current.arrow} ", "accent"), entry.title)
    return Cell(entry.title, "dim" if entry.why_not else "bold")


def _detail(entry: Entry) -> CellLike:
    return Cell(entry.why_not or entry.detail, "dim italic" if entry.why_not else "muted")


class PaletteScreen(ModalScreen[Entry | None]):
    CSS_PATH: ClassVar = "palette.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", show=False),
        Binding("ctrl+c", "leave", "Leave", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        model: GridModel[Entry] = GridModel(
            [
                Column("title", "", _title, max_width=44),
                Column("detail", "", _detail, flex=1, shorten="end", priority=2, min_width=10),
                Column("hint", "", lambda entry: Cell(entry.hint, "key"), align="right", max_width=20, priority=1),
            ]
        )
        self.grid: Grid[Entry] = Grid(model, empty=self._nothing, show_header=False, id="found", classes="-lit")

    @property
    def host(self) -> Host:
        return cast("Host", self.app)

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = content_of((("command or object", ""),))
            box.border_subtitle = content_of((("enter runs or opens   tab completes   esc leaves", ""),))
            yield _Words(placeholder="a command, address, host, URL, service or pod", compact=True)
            yield Lines(compose_lines=lambda cells: [Cell(glyphs.current.rule * cells, "rule")], shorten="none")
            yield self.grid

    def on_mount(self) -> None:
        self.grid.can_focus = False
        below = self.app.screen_stack[-2] if len(self.app.screen_stack) > 1 else self
        place = getattr(below, "place", "")
        self._commands = [command for command in self.host.all_commands() if command.applies(place)]
        why_not = getattr(below, "why_not", None)
        self._why_not = why_not or (lambda _command: "")
        self._fill("")
        self.query_one(Input).focus()

    def _nothing(self) -> list[CellLike]:
        words = self.query_one(Input).value
        return [f"Nothing here is called {words}." if words else "nothing to run"]

    def _fill(self, text: str) -> None:
        snapshot = self.host.snapshot()
        found = entries(
            text,
            self._commands,
            self.host.keymap,
            lambda command: self.host.why_not_writing(command) or self._why_not(command),
            lambda words: suggest(snapshot, words) if len(words) > 1 else [],
        )
        self.grid.set_items(found, lambda entry: entry.key)
        if self.grid.model.total:
            self.grid.action_top()
        else:
            self.grid.changed()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._fill(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._take(self.grid.selected_item)

    @on(Grid.RowChosen)
    def _chosen(self, event: Grid.RowChosen) -> None:
        event.stop()
        self._take(event.item)

    @on(Grid.RowSelected)
    @on(Grid.ViewChanged)
    def _quiet(self, event: Grid.RowSelected | Grid.ViewChanged) -> None:
        event.stop()

    def _take(self, entry: Entry | None) -> None:
        if entry is None:
            return
        if entry.why_not:
            self.host.say(entry.why_not, severity="warning")
            return
        self.dismiss(entry)

    def action_move(self, name: str) -> None:
        getattr(self.grid, f"action_{name}")()

    def action_complete(self) -> None:
        """Put the selected command's word into the line, for its argument."""
        entry = self.grid.selected_item
        if entry is not None and entry.command:
            word = next(
                (word.removeprefix(":") for word in entry.hint.split() if word.startswith(":") and len(word) > 1), ""
            )
            if word:
                line = self.query_one(Input)
                line.value = f"{word} "
                line.cursor_position = len(line.value)

    def action_leave(self) -> None:
        self.dismiss(None)
