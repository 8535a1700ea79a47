"""A block of styled lines: headers, status lines, dense facts. Only the lines that changed are repainted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from pointsman.widgets.cells import Cell, CellLike, as_cell
from pointsman.widgets.drawing import draw_cell
from pointsman.widgets.text import Shorten, width
from pointsman.widgets.theming import tokens_of


class Lines(Widget):
    """Draws given cells, one a line, cut to the width with an ellipsis.

    `compose_lines` may be given in place of fixed lines: a function of the width in cells, asked again after a resize.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Lines { height: auto; width: 1fr; }
    """

    stale: reactive[bool] = reactive(False)
    """Draw everything dimmed: the data is old."""

    def __init__(
        self,
        lines: Sequence[CellLike] = (),
        *,
        compose_lines: Callable[[int], Sequence[CellLike]] | None = None,
        shorten: Shorten = "end",
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._fixed = [as_cell(line) for line in lines]
        self._source = compose_lines
        self._made: tuple[int, list[Cell]] | None = None
        self._shorten: Shorten = shorten

    def set_lines(self, lines: Sequence[CellLike]) -> None:
        """Show these lines."""
        self._source = None
        self._change([as_cell(line) for line in lines])

    def set_source(self, compose_lines: Callable[[int], Sequence[CellLike]]) -> None:
        """Show what a function of the width gives."""
        self._source = compose_lines
        self.update_lines()

    def update_lines(self) -> None:
        """Ask the function again: what it tells of has changed."""
        if self._source is None:
            return
        if not self.size.width:
            # Hidden. What was drawn before must not be shown again when it comes back in the same size.
            if self._made is not None:
                self._made = None
                self.refresh(layout=True)
            return
        self._change([as_cell(line) for line in self._source(self.size.width)])

    def _change(self, lines: list[Cell]) -> None:
        before = self._current(self.size.width) if self._made is not None or self._source is None else []
        if lines == before:
            return
        self._fixed = lines
        self._made = (self.size.width, lines) if self._source is not None else None
        if not self.is_attached:
            return
        if len(lines) != len(before) or (self.styles.is_auto_width and _widest(lines) != _widest(before)):
            self.refresh(layout=True)
            return
        for y, (old, new) in enumerate(zip(before, lines, strict=True)):
            if old != new:
                self.refresh(Region(0, y, self.size.width, 1))

    def _current(self, cells: int) -> list[Cell]:
        if self._source is None:
            return self._fixed
        if self._made is None or self._made[0] != cells:
            self._made = (cells, [as_cell(line) for line in self._source(cells)])
        return self._made[1]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return len(self._current(width))

    def get_content_width(self, container: Size, viewport: Size) -> int:  # noqa: ARG002
        if self._source is not None:
            return container.width
        return _widest(self._fixed)

    def render_line(self, y: int) -> Strip:
        room = self.size.width
        lines = self._current(room)
        base = self.rich_style
        if y >= len(lines):
            return Strip.blank(room, base)
        tokens = tokens_of(self.app)
        cell = lines[y]
        if self.stale:
            base += tokens.style("muted")
            cell = Cell(cell.plain)
        return draw_cell(cell, room, base, tokens, how=self._shorten)


def _widest(lines: Sequence[Cell]) -> int:
    return max((width(line.plain) for line in lines), default=0)
