"""From cells to strips, for every widget that draws lines."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.strip import Strip

from pointsman.widgets.cells import Align, Cell, CellLike, as_cell, fit_parts
from pointsman.widgets.text import Shorten, clean
from pointsman.widgets.theming import Tokens


class Pen:
    """Collects text in as few segments as the styles allow: every segment costs bytes on the wire."""

    __slots__ = ("_segments", "_style", "_text")

    def __init__(self, style: Style) -> None:
        self._segments: list[Segment] = []
        self._text: list[str] = []
        self._style = style

    def write(self, text: str, style: Style) -> None:
        """Add clean text."""
        if not text:
            return
        if style is not self._style and style != self._style and not (text.isspace() and _blank(style, self._style)):
            self._flush()
            self._style = style
        self._text.append(text)

    def _flush(self) -> None:
        if self._text:
            self._segments.append(Segment("".join(self._text), self._style))
            self._text = []

    def segments(self) -> list[Segment]:
        """All that was written."""
        self._flush()
        return self._segments


def _blank(one: Style, other: Style) -> bool:
    """Whether a space looks the same in both: on the same ground, and without a line through or under it."""
    return one.bgcolor == other.bgcolor and not any(
        style.underline or style.reverse or style.strike for style in (one, other)
    )


def draw_cell(
    cell: Cell, room: int, base: Style, tokens: Tokens, align: Align = "left", how: Shorten = "middle"
) -> Strip:
    """One cell as a strip of exactly `room` cells; texts are cleaned."""
    pen = Pen(base)
    parts = tuple((clean(text), style) for text, style in cell.segments())
    for text, words in fit_parts(parts, room, align, how):
        pen.write(text, base + tokens.style(words) if words else base)
    return Strip(pen.segments(), room)


def plain_content(text: str, limit: int = 120) -> Content:
    """A text for a border title or a Static: clean, and never read as markup."""
    return Content(clean(text, limit))


def cell_content(cell: CellLike, tokens: Tokens) -> Content:
    """A cell as Textual content, for border titles and other places that take no strip."""
    return Content.assemble(
        *((clean(text), tokens.visual(style)) if style else clean(text) for text, style in as_cell(cell).segments())
    )
