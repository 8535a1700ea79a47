"""What a column is and what stands in a cell; plain data, no Textual.

A style is a short string of semantic tokens from the theme (`ok`, `warn`, `error`, `dim`, `accent`, `stack-cilium`,
`node-3`, ...), optionally with `bold`, `italic`, `underline`, `reverse` or `strike`: `"error bold"`. The cell never
names a colour, so every theme, 16 colours and no colour at all draw the same cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from pointsman.widgets.text import Shorten, clean, fit, width, wrap_spans

T = TypeVar("T")

Align = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: `Cell("loft", "dim")`, or several styled parts by `Cell.join(("●", "ok"), " agrees")`.

    `parts` wins over `text` when it is given; `plain` is the words of either. Texts may come from outside: they are
    cleaned when the cell is formatted.
    """

    text: str = ""
    style: str = ""
    parts: tuple[tuple[str, str], ...] = ()

    @classmethod
    def join(cls, *pieces: CellLike | tuple[str, str]) -> Cell:
        """A cell of several pieces; each is a text, a `(text, style)` pair or anything that is a cell."""
        parts: list[tuple[str, str]] = []
        for piece in pieces:
            if isinstance(piece, tuple) and len(piece) == 2 and isinstance(piece[0], str):
                parts.append((piece[0], str(piece[1])))
            else:
                parts.extend(as_cell(piece).segments())
        return cls(parts=tuple(parts))

    @property
    def plain(self) -> str:
        """The words without their styles."""
        if self.parts:
            return "".join(text for text, _ in self.parts)
        return self.text

    def segments(self) -> tuple[tuple[str, str], ...]:
        """The cell as `(text, style)` pairs."""
        return self.parts or ((self.text, self.style),)


Parts: TypeAlias = tuple[tuple[str, str], ...]
CellLike: TypeAlias = str | Cell | Parts
"""A text, a cell, or plain `(text, style)` parts: view models need not know the class."""
EMPTY = Cell()


@dataclass(frozen=True)
class Column(Generic[T]):
    """One column of a list.

    `render` gives the cell of a row and `value` what the row sorts by (no `value`: the column does not sort; `None` as
    a value is "unknown" and sorts last in both directions). With neither `width` nor `flex` the column is as wide as
    the widest cell seen so far, at most `max_width`. `flex` columns share what is left over, in proportion and first
    where cells would be cut, and are never narrower than `min_width`.

    A column with a `max_terminal_width` is the short form of another one, for terminals up to that width.
    A column disappears below `min_terminal_width` terminal columns, and when the rest does not fit (a list may have
    only a part of the screen): first those that ask for more width than there is, then the highest `priority` number.
    One with priority 0 and no such limit never goes; the list then scrolls sideways. `shorten="none"` is for strips of
    signs (bars, ribbons) that are cut without an ellipsis. `flash=False` is for cells that change by themselves.
    """

    key: str
    title: str
    render: Callable[[T], CellLike]
    value: Callable[[T], Any] | None = None
    width: int | None = None
    flex: int = 0
    align: Align = "left"
    min_terminal_width: int = 0
    max_terminal_width: int = 0
    priority: int = 0
    shorten: Shorten = "middle"
    min_width: int = 8
    max_width: int = 40
    flash: bool = True

    def cell(self, item: T) -> Cell:
        """The formatted cell of a row: every text in it is clean."""
        return clean_cell(self.render(item))


def fit_parts(
    parts: tuple[tuple[str, str], ...], cells: int, align: Align = "left", how: Shorten = "middle"
) -> list[tuple[str, str]]:
    """Clean `(text, style)` parts shortened and padded to exactly `cells` cells, every letter keeping its style."""
    if cells <= 0:
        return []
    if len(parts) == 1:
        text, style = parts[0]
        return [(fit(text, cells, align, how), style)]
    used = sum(width(text) for text, _ in parts)
    if used <= cells:
        padding = (" " * (cells - used), "")
        fitted = [part for part in parts if part[0]]
        if padding[0]:
            fitted = [padding, *fitted] if align == "right" else [*fitted, padding]
        return fitted
    plain = "".join(text for text, _ in parts)
    short = fit(plain, cells, align, how)
    # The shortened text is a beginning of the plain one, perhaps an ellipsis, and an ending of it.
    head = _common(short, plain)
    tail = min(_common(short[::-1], plain[::-1]), len(short) - head) if how == "middle" else 0
    gap = short[head : len(short) - tail]
    fitted = slice_parts(parts, 0, head)
    if gap:
        fitted.append((gap, "dim" if gap.strip() else ""))
    fitted.extend(slice_parts(parts, len(plain) - tail, len(plain)))
    return fitted


def wrap_cell(cell: CellLike, cells: int, indent: int = 0) -> list[Cell]:
    """A cell broken into lines of at most `cells`; lines after the first start with `indent` spaces. Texts are cleaned."""
    parts = tuple((clean(text), style) for text, style in as_cell(cell).segments())
    plain = "".join(text for text, _ in parts)
    room = max(1, cells - indent)
    if width(plain) <= cells:
        return [Cell(parts=parts)]
    spans = wrap_spans(plain, cells)
    first_end = spans[0][1]
    lines = [Cell(parts=tuple(slice_parts(parts, 0, first_end)))]
    rest = first_end + (1 if plain[first_end : first_end + 1] == " " else 0)
    margin = ((" " * indent, ""),) if indent else ()
    for start, end in wrap_spans(plain[rest:], room):
        lines.append(Cell(parts=(*margin, *slice_parts(parts, rest + start, rest + end))))
    return lines


def as_cell(cell: CellLike) -> Cell:
    """Anything that is a cell as one."""
    if isinstance(cell, Cell):
        return cell
    return Cell(cell) if isinstance(cell, str) else Cell(parts=cell)


def clean_cell(cell: CellLike) -> Cell:
    """A cell whose texts are safe to draw."""
    if isinstance(cell, str):
        return Cell(clean(cell))
    cell = as_cell(cell)
    if cell.parts:
        return Cell(parts=tuple((clean(text), style) for text, style in cell.parts))
    return Cell(clean(cell.text), cell.style)


def _common(one: str, other: str) -> int:
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def slice_parts(parts: tuple[tuple[str, str], ...], start: int, end: int) -> list[tuple[str, str]]:
    """The parts from one character of their joined text up to another."""
    found: list[tuple[str, str]] = []
    at = 0
    for text, style in parts:
        piece = text[max(0, start - at) : max(0, end - at)]
        if piece:
            found.append((piece, style))
        at += len(text)
    return found
