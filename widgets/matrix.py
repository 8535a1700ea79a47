"""A table of signs with names on both sides and a cursor in two directions: who with whom, at a glance.

Names of columns lie flat where there is room for all of them and stand upright otherwise. The row and column of the
cursor are lit, and the cell is in brackets where there is room for them, so that it can be found without colour too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike, as_cell
from pointsman.widgets.drawing import Pen, draw_cell
from pointsman.widgets.text import clean, fit, shorten_middle, width
from pointsman.widgets.theming import tokens_of

LONGEST_NAME = 28
"""Cells of a row's name at most."""
TALLEST_NAME = 14
"""Lines of an upright column name at most."""

FLAT = 11
"""Cells of a column from which its name lies flat, even if it has to be shortened."""


@dataclass(frozen=True, slots=True)
class MatrixLayout:
    """Cells of the names at the left, of one column, lines of the names above, and how much fits beside and below."""

    names: int
    pitch: int
    head: int
    upright: bool
    columns: int
    rows: int


def lay_out(rows: Sequence[str], columns: Sequence[str], room: int, lines: int, corner: str = "") -> MatrixLayout:
    """How a matrix is drawn in a room of cells by lines."""
    names = min(max((width(name) for name in (*rows, corner)), default=0), LONGEST_NAME, max(8, room // 3))
    left = max(1, room - names - 2)
    longest = max((width(name) for name in columns), default=1)
    if min(longest + 2, FLAT) * len(columns) <= left:
        pitch, head, upright = min(longest + 2, left // max(1, len(columns))), 1, False
    else:
        pitch = 3 if 3 * len(columns) <= left else 2
        pitch = 4 if 4 * len(columns) <= left else pitch
        head, upright = max(1, min(longest, TALLEST_NAME, lines // 2)), True
    return MatrixLayout(
        names, pitch, head, upright, max(1, min(len(columns), left // pitch)), max(1, min(len(rows), lines - head))
    )


class Matrix(Widget, can_focus=True, inherit_bindings=False):
    """Signs in rows and columns. The screen owns the keys; every movement is an ``action_*`` method."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"matrix--cursor", "matrix--lit", "matrix--name"}
    DEFAULT_CSS = """
    Matrix {
        height: 1fr;
        & > .matrix--lit { background: $block-cursor-blurred-background; }
        & > .matrix--cursor {
            background: $block-cursor-blurred-background;
            color: $block-cursor-blurred-foreground;
            text-style: bold;
        }
        &:focus > .matrix--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: bold;
        }
        & > .matrix--name { color: $accent; text-style: bold; }
        &:nocolor > .matrix--cursor { text-style: reverse; }
    }
    """

    stale: reactive[bool] = reactive(False)
    """Draw every sign dimmed: the data is old."""

    class _MatrixMessage(Message):
        def __init__(self, matrix: Matrix, row: int, column: int) -> None:
            self.matrix, self.row, self.column = matrix, row, column
            super().__init__()

        @property
        def control(self) -> Matrix:
            """The matrix it came from."""
            return self.matrix

    class CellSelected(_MatrixMessage):
        """The cursor is on another cell."""

    class CellChosen(_MatrixMessage):
        """A double click on a cell."""

    def __init__(
        self, corner: str = "", *, name: str | None = None, id: str | None = None, classes: str | None = None
    ) -> None:
        """``corner`` says what rows and columns are: ``from ↓ to →``."""
        super().__init__(name=name, id=id, classes=classes)
        self._corner = corner
        self._rows: tuple[str, ...] = ()
        self._columns: tuple[str, ...] = ()
        self._cells: tuple[tuple[Cell, ...], ...] = ()
        self._foot: tuple[Cell, ...] = ()
        self._note: tuple[Cell, ...] = ()
        self._at = (0, 0)
        self._from = (0, 0)
        self._layout_now: MatrixLayout | None = None

    # -- data -------------------------------------------------------------------------------------------------------

    def set_axes(self, rows: Sequence[str], columns: Sequence[str], at: tuple[int, int] = (0, 0)) -> None:
        """Other names: the cells are empty until they are set, the cursor is put at a row and column."""
        self._rows = tuple(clean(name) for name in rows)
        self._columns = tuple(clean(name) for name in columns)
        self._cells = ()
        self._at = (0, 0)
        self._from = (0, 0)
        self._layout_now = None
        self.move_to(*at)
        self.refresh()

    def set_cells(self, cells: Sequence[Sequence[CellLike]]) -> None:
        """The signs, row by row; rows that are not there yet are left empty."""
        fresh = tuple(tuple(as_cell(cell) for cell in row) for row in cells)
        if fresh != self._cells:
            self._cells = fresh
            self.refresh()

    def set_foot(self, lines: Sequence[CellLike]) -> None:
        """Lines below the matrix: what the cell means, the legend."""
        fresh = tuple(as_cell(line) for line in lines)
        if fresh != self._foot:
            before, self._foot = self._foot, fresh
            if len(before) != len(fresh):
                self._layout_now = None
                self.refresh()
            else:
                top = self.size.height - len(fresh)
                for number, (old, new) in enumerate(zip(before, fresh, strict=True)):
                    if old != new:
                        self.refresh(Region(0, top + number, self.size.width, 1))

    def set_note(self, lines: Sequence[CellLike]) -> None:
        """What is said in place of an empty matrix."""
        fresh = tuple(as_cell(line) for line in lines)
        if fresh != self._note:
            self._note = fresh
            self.refresh()

    @property
    def at(self) -> tuple[int, int]:
        """Row and column of the cursor."""
        return self._at

    # -- moving -----------------------------------------------------------------------------------------------------

    def move_to(self, row: int, column: int) -> None:
        """Put the cursor on a cell (clamped) and bring it into view."""
        if not self._rows or not self._columns:
            return
        fresh = (max(0, min(row, len(self._rows) - 1)), max(0, min(column, len(self._columns) - 1)))
        before, self._at = self._at, fresh
        moved = self._reveal()
        if fresh == before:
            return
        if moved or fresh[1] != before[1]:
            self.refresh()
        else:
            for number in (before[0], fresh[0]):
                self.refresh(Region(0, self._lay_out().head + number - self._from[0], self.size.width, 1))
        self.post_message(self.CellSelected(self, *fresh))

    def _reveal(self) -> bool:
        layout = self._lay_out()
        top, left = self._from
        row, column = self._at
        top = max(min(top, row, len(self._rows) - layout.rows), row - layout.rows + 1, 0)
        left = max(min(left, column, len(self._columns) - layout.columns), column - layout.columns + 1, 0)
        moved = (top, left) != self._from
        self._from = (top, left)
        return moved

    def action_cursor_up(self) -> None:
        self.move_to(self._at[0] - 1, self._at[1])

    def action_cursor_down(self) -> None:
        self.move_to(self._at[0] + 1, self._at[1])

    def action_side_left(self) -> None:
        self.move_to(self._at[0], self._at[1] - 1)

    def action_side_right(self) -> None:
        self.move_to(self._at[0], self._at[1] + 1)

    def action_page_up(self) -> None:
        self.move_to(self._at[0] - self._lay_out().rows, self._at[1])

    def action_page_down(self) -> None:
        self.move_to(self._at[0] + self._lay_out().rows, self._at[1])

    def action_top(self) -> None:
        self.move_to(0, self._at[1])

    def action_bottom(self) -> None:
        self.move_to(len(self._rows) - 1, self._at[1])

    # -- drawing ----------------------------------------------------------------------------------------------------

    def _lay_out(self) -> MatrixLayout:
        if self._layout_now is None:
            lines = max(2, self.size.height - len(self._foot) - (1 if self._foot else 0))
            self._layout_now = lay_out(self._rows, self._columns, self.size.width, lines, self._corner)
        return self._layout_now

    def render_line(self, y: int) -> Strip:
        room, base, tokens = self.size.width, self.rich_style, tokens_of(self.app)
        below = self.size.height - len(self._foot)
        if self._foot and y >= below:
            return draw_cell(self._foot[y - below], room, base, tokens, how="end")
        if not self._rows or not self._columns:
            note = y - max(0, (below - len(self._note)) // 2)
            if 0 <= note < len(self._note):
                said = self._note[note]
                margin = " " * max(0, (room - width(clean(said.plain))) // 2)
                return draw_cell(Cell.join((margin, ""), said), room, base, tokens, how="end")
            return Strip.blank(room, base)
        layout = self._lay_out()
        if y < layout.head:
            return self._header(y, layout, base)
        row = y - layout.head + self._from[0]
        if y - layout.head >= layout.rows or row >= len(self._rows):
            return Strip.blank(room, base)
        return self._row(row, layout, base)

    def _header(self, y: int, layout: MatrixLayout, base: Style) -> Strip:
        tokens, room = tokens_of(self.app), self.size.width
        plain = base + tokens.style("header")
        here = base + self.get_component_rich_style("matrix--name", partial=True)
        pen = Pen(base)
        last = y == layout.head - 1
        pen.write(fit(clean(self._corner) if last else "", layout.names, "left", "end") + "  ", plain)
        at = layout.names + 2
        for column in self._shown(layout):
            style = here if column == self._at[1] else plain
            if layout.upright:
                name = shorten_middle(self._columns[column], layout.head)
                sign = name[y - (layout.head - len(name))] if y >= layout.head - len(name) else " "
                left = (layout.pitch - 1) // 2
                text = " " * left + sign + " " * (layout.pitch - left - 1)
            else:
                text = _centred(self._columns[column], layout.pitch - 1)
            pen.write(fit(text, layout.pitch, "left", "none"), style)
            at += layout.pitch
        if last and self._from[1] + layout.columns < len(self._columns) and at < room:
            pen.write(glyphs.current.more_right, here)
            at += 1
        pen.write(" " * max(0, room - at), base)
        return Strip(pen.segments()).adjust_cell_length(room, base)

    def _row(self, row: int, layout: MatrixLayout, base: Style) -> Strip:
        tokens, room = tokens_of(self.app), self.size.width
        lit = row == self._at[0]
        ground = base + (self.get_component_rich_style("matrix--lit", partial=True) if lit else Style.null())
        named = ground + self.get_component_rich_style("matrix--name", partial=True) if lit else base
        cursor = base + self.get_component_rich_style("matrix--cursor", partial=True)
        pen = Pen(base)
        pen.write(fit(self._rows[row], layout.names, "left", "middle"), named)
        pen.write(f"{glyphs.current.more_left} " if self._from[1] else "  ", ground)
        at = layout.names + 2
        cells = self._cells[row] if row < len(self._cells) else ()
        left = (layout.pitch - 1) // 2
        for column in self._shown(layout):
            cell = cells[column] if column < len(cells) else Cell(" ")
            selected = lit and column == self._at[1]
            style = cursor if selected else ground
            # With sixteen colours the cursor has one pair of colours, or its sign would not be readable.
            sign = (
                style
                if selected and tokens.ansi
                else style + tokens.style("muted" if self.stale else cell.segments()[0][1])
            )
            before, after = " " * left, " " * (layout.pitch - left - 1)
            if selected and left and len(after):
                before, after = before[:-1] + "[", "]" + after[1:]
            pen.write(before, style)
            pen.write(clean(cell.plain)[:1] or " ", sign)
            pen.write(after, style)
            at += layout.pitch
        pen.write(" " * max(0, room - at), ground)
        return Strip(pen.segments()).adjust_cell_length(room, base)

    def _shown(self, layout: MatrixLayout) -> range:
        return range(self._from[1], min(len(self._columns), self._from[1] + layout.columns))

    # -- events -----------------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self._layout_now = None
        self._reveal()
        self.refresh()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        layout = self._lay_out()
        if offset is None or not self._rows or offset.y < layout.head or offset.x < layout.names + 2:
            return
        row = offset.y - layout.head + self._from[0]
        column = (offset.x - layout.names - 2) // layout.pitch + self._from[1]
        if offset.y - layout.head >= layout.rows or row >= len(self._rows) or column not in self._shown(layout):
            return
        event.stop()
        self.move_to(row, column)
        if event.chain == 2:
            self.post_message(self.CellChosen(self, *self._at))


def _centred(text: str, cells: int) -> str:
    """The text in the middle, half a cell to the left, as its sign is."""
    short = shorten_middle(text, cells)
    left = max(0, (cells - width(short)) // 2)
    return " " * left + short
