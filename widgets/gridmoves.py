"""Moving about in a list: the geometry of a grid on screen and every movement as an action."""

from __future__ import annotations

from abc import abstractmethod
from typing import Generic, TypeVar

from textual.geometry import Size
from textual.scroll_view import ScrollView

from pointsman.widgets.gridlayout import GUTTER, Layout
from pointsman.widgets.rowmodel import RowModel

T = TypeVar("T")

_SIDE_STEP = 8


class GridMoves(ScrollView, Generic[T], can_focus=True, inherit_bindings=False):
    """Scrolls over a `RowModel` of one line a row, below `_head` lines of header; what is drawn is the grid's affair."""

    model: RowModel[T]

    def __init__(self, *, head: int, name: str | None, id: str | None, classes: str | None, disabled: bool) -> None:
        super().__init__(name=name, id=id, classes=classes, disabled=disabled)
        self._head = head
        self._layout_now = Layout((), GUTTER, ())

    @abstractmethod
    def changed(self, *, keep: int | None = None, data: bool = False) -> None:
        """The model changed."""

    @abstractmethod
    def sort_by(self, column: str | None, reverse: bool | None = None) -> None:
        """Sort a table."""

    # -- geometry ---------------------------------------------------------------------------------------------------

    def _fit_height(self) -> None:
        """Tell Textual how large the list is, only when it changed: it lays out the screen again."""
        overflow = self._layout_now.width if self._layout_now.width > self._room else 1
        wanted = Size(overflow, max(1, len(self.model) + self._head))
        if self.virtual_size != wanted:
            self.virtual_size = wanted

    def _scroll(self, top: int) -> None:
        if not self.is_attached or not self.size.height:
            return  # not on screen yet; the first resize brings the cursor into view
        target = max(0, min(top, len(self.model) - self._page))
        if target != self._top:
            self.scroll_to(y=target, animate=False, force=True)

    def _reveal(self) -> None:
        """Scroll as little as shows the cursor."""
        cursor = self.model.cursor
        if cursor < 0:
            return
        if cursor < self._top:
            self._scroll(cursor)
        elif cursor >= self._top + self._page:
            self._scroll(cursor - self._page + 1)

    def _visible(self) -> range:
        return range(self._top, min(len(self.model), self._top + self._page))

    @property
    def _room(self) -> int:
        """Cells a row may take: what is left of the width once the scrollbar is there, if there will be one."""
        bar = self.styles.scrollbar_size_vertical
        always = self.styles.overflow_y == "scroll" or self.styles.scrollbar_gutter == "stable"
        needed = self.styles.overflow_y == "auto" and len(self.model) + self._head > self.size.height
        return max(1, self.size.width - (bar if always or needed else 0))

    @property
    def _top(self) -> int:
        return self.scroll_offset.y

    @property
    def _page(self) -> int:
        """Rows that fit below the header."""
        return max(1, self.size.height - self._head)

    def _cursor_line(self) -> int | None:
        """Screen line of the cursor among the rows, if it is on screen."""
        line = self.model.cursor - self._top
        return line if self.model.cursor >= 0 and 0 <= line < self._page else None

    # -- actions ----------------------------------------------------------------------------------------------------

    def _go(self, index: int) -> None:
        """Move the cursor as the user asked."""
        self.model.move_to(index)
        self._reveal()
        self.changed()

    def action_cursor_up(self) -> None:
        """One row up."""
        self._go(self.model.cursor - 1)

    def action_cursor_down(self) -> None:
        """One row down."""
        self._go(self.model.cursor + 1)

    def action_page_up(self) -> None:
        """One page up; the cursor keeps its screen line where it can."""
        self._turn(-1)

    def action_page_down(self) -> None:
        """One page down; the cursor keeps its screen line where it can."""
        self._turn(1)

    def action_half_up(self) -> None:
        """Half a page up."""
        self._go(self.model.cursor - max(1, self._page // 2))

    def action_half_down(self) -> None:
        """Half a page down."""
        self._go(self.model.cursor + max(1, self._page // 2))

    def _turn(self, direction: int) -> None:
        step = direction * max(1, self._page - 1)
        line = self._cursor_line()
        self.model.move_to(self.model.cursor + step)
        if line is not None:
            self._scroll(self.model.cursor - line)
        self._reveal()
        self.changed()

    def action_top(self) -> None:
        """To the first row."""
        self._go(0)

    def action_bottom(self) -> None:
        """To the last row; in a stream this follows again."""
        self.model.follow()
        self._go(len(self.model) - 1)

    def action_side_left(self) -> None:
        """Show columns further left."""
        self.scroll_to(x=max(0, self.scroll_offset.x - _SIDE_STEP), animate=False, force=True)

    def action_side_right(self) -> None:
        """Show columns further right, if there is no room for all."""
        most = max(0, self._layout_now.width - self._room)
        self.scroll_to(x=min(most, self.scroll_offset.x + _SIDE_STEP), animate=False, force=True)

    def action_toggle_mark(self) -> None:
        """Mark or unmark the row and go to the next."""
        key = self.model.selected
        if key is not None:
            self.model.toggle_mark(key)
            self._go(self.model.cursor + 1)

    def action_mark_range(self) -> None:
        """Mark from the nearest marked row to this one."""
        key = self.model.selected
        if key is not None:
            self.model.mark_range(key)
            self.changed()

    def action_clear_marks(self) -> None:
        """Unmark every row."""
        self.model.clear_marks()
        self.changed()

    def action_next_match(self) -> None:
        """To the next row the last filter finds."""
        self._match(1)

    def action_previous_match(self) -> None:
        """To the previous row the last filter finds."""
        self._match(-1)

    def _match(self, step: int) -> None:
        index = self.model.next_match(step)
        if index is not None:
            self._go(index)

    def action_sort(self, column: str) -> None:
        """Sort by a column; again turns it around."""
        self.sort_by(column)

    def action_sort_next(self) -> None:
        """Sort by the next visible column that can sort."""
        keys = [
            self.model.columns[place.index].key
            for place in self._layout_now.placements
            if self.model.columns[place.index].value is not None
        ]
        if keys:
            at = keys.index(self.model.sort_key) if self.model.sort_key in keys else -1
            self.sort_by(keys[(at + 1) % len(keys)], reverse=False)

    def action_sort_reverse(self) -> None:
        """Turn the order around."""
        if self.model.sort_key is not None:
            self.sort_by(self.model.sort_key)
