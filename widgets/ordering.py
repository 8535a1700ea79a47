"""Put things in order in a box: move, take out, add from those that are not in it yet."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike, Column, wrap_cell
from pointsman.widgets.drawing import plain_content
from pointsman.widgets.grid import Grid
from pointsman.widgets.gridmodel import GridModel
from pointsman.widgets.lines import Lines
from pointsman.widgets.picker import Choice, PickerScreen


class OrderScreen(ModalScreen["tuple[Hashable, ...] | None"]):
    """Ends with the keys in their new order, or `None`.

    `chosen` are in it now, in order; `others` may be added. `says` gives lines below for an order: what it means.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel", show=False, id="order.cancel"),
        Binding("enter,ctrl+s", "give_in", "Done", show=False, id="order.done", priority=True),
        Binding("a", "add", "Add", show=False, id="order.add"),
        Binding("x,delete", "take_out", "Take out", show=False, id="order.remove"),
        Binding("K,shift+up", "move(-1)", "Up", show=False, id="order.up"),
        Binding("J,shift+down", "move(1)", "Down", show=False, id="order.down"),
        Binding("j", "cursor(1)", show=False),
        Binding("k", "cursor(-1)", show=False),
    ]

    DEFAULT_CSS = """
    OrderScreen {
        align: center middle;

        & > #box {
            width: 96; max-width: 94%; height: auto; max-height: 90%; padding: 0 1;
            border: round $border; border-title-color: $foreground; border-subtitle-color: $text-muted;
            background: $surface;
            &.-ascii { border: ascii $border; }
        }
        & Grid { height: auto; min-height: 2; max-height: 16; }
        & #says { height: auto; max-height: 8; margin-top: 1; }
    }
    """

    def __init__(
        self,
        title: str,
        chosen: Sequence[Choice],
        others: Sequence[Choice],
        *,
        empty: str = "nothing here; a adds",
        says: Callable[[Sequence[Hashable]], Sequence[CellLike]] | None = None,
    ) -> None:
        super().__init__()
        self._caption = title
        self._known = {choice.key: choice for choice in (*others, *chosen)}
        self._order = [choice.key for choice in chosen]
        self._says = says
        model: GridModel[tuple[int, Choice]] = GridModel(
            [
                Column("number", "", lambda row: Cell(f"{row[0]}.", "dim"), width=3, align="right"),
                Column("title", "", lambda row: Cell(row[1].title, "bold"), max_width=40),
                Column("detail", "", lambda row: row[1].detail, flex=1, min_width=1, shorten="end"),
            ]
        )
        self.grid: Grid[tuple[int, Choice]] = Grid(model, empty=lambda: [Cell(empty, "muted")], show_header=False)

    def compose(self) -> ComposeResult:
        with Vertical(id="box", classes="-ascii" if glyphs.current.ascii else "") as box:
            box.border_title = plain_content(self._caption)
            box.border_subtitle = "a adds  x takes out  J K move  enter is done  esc leaves"
            yield self.grid
            yield Lines(compose_lines=self._said, id="says")

    def on_mount(self) -> None:
        self._draw()
        self.grid.focus()

    @property
    def order(self) -> tuple[Hashable, ...]:
        """The keys as they are now."""
        return tuple(self._order)

    def _said(self, cells: int) -> Sequence[CellLike]:
        if self._says is None:
            return []
        return [line for said in self._says(self.order) for line in wrap_cell(said, cells, indent=2)]

    def _draw(self) -> None:
        rows = [(number, self._known[key]) for number, key in enumerate(self._order, start=1)]
        self.grid.set_items(rows, key=lambda row: row[1].key)
        self.query_one("#says", Lines).update_lines()

    def _at(self) -> int | None:
        row = self.grid.selected_item
        return self._order.index(row[1].key) if row is not None else None

    def action_move(self, by: int) -> None:
        """Move the one under the cursor."""
        at = self._at()
        if at is None or not 0 <= at + by < len(self._order):
            return
        self._order[at], self._order[at + by] = self._order[at + by], self._order[at]
        self._draw()
        self.grid.select(self._order[at + by])

    def action_cursor(self, by: int) -> None:
        """Move the cursor."""
        if by > 0:
            self.grid.action_cursor_down()
        else:
            self.grid.action_cursor_up()

    def action_take_out(self) -> None:
        """Take the one under the cursor out."""
        at = self._at()
        if at is not None:
            del self._order[at]
            self._draw()

    def action_add(self) -> None:
        """Add one at the end."""
        left = [choice for key, choice in self._known.items() if key not in self._order]

        def added(key: Hashable) -> None:
            if key is not None:
                self._order.append(key)
                self._draw()
                self.grid.select(key)

        self.app.push_screen(PickerScreen("add", left, empty="there is nothing else to add"), added)

    def action_give_in(self) -> None:
        """Done."""
        self.dismiss(self.order)

    def action_leave(self) -> None:
        """Leave it as it was."""
        self.dismiss(None)
