"""Plain tables for the verbs: fitted to the terminal, coloured only on one, whole where the output goes to a file or pipe.

Cells are those of the lists on screen (text and style tokens), so a name from the cluster is cleaned before it is printed.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from pointsman.widgets import glyphs
from pointsman.widgets.cells import Align, Cell, CellLike, as_cell, fit_parts, wrap_cell
from pointsman.widgets.text import Shorten, clean, width

SGR = {
    "bold": "1",
    "dim": "2",
    "muted": "2",
    "italic": "3",
    "predicted": "3",
    "underline": "4",
    "ok": "32",
    "warn": "33",
    "error": "31",
    "info": "34",
    "unknown": "35",
    "accent": "36",
    "stack-cilium": "36",
    "stack-classic": "32",
    "stack-mixed": "33",
}
"""Style tokens as the terminal's own 16 colours: a verb's output stands among the user's other output."""
GAP = "  "
Parts = tuple[tuple[str, str], ...]
"""Text and style."""


@dataclass(frozen=True, slots=True)
class Paper:
    """Where a table goes. ``width`` None: not to a terminal, nothing is shortened. ``color`` False: words alone."""

    width: int | None = None
    color: bool = False

    def paint(self, text: str, style: str) -> str:
        codes = ";".join(code for word in style.split() if (code := SGR.get(word)))
        return f"\x1b[{codes}m{text}\x1b[0m" if self.color and codes and text.strip() else text


def paper(stream: TextIO, *, no_color: bool = False, ascii: bool = False) -> Paper:
    """For a stream; also chooses the set of signs (ASCII if asked for, or if the stream cannot carry others)."""
    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "")
    glyphs.use(ascii=ascii or not encoding.startswith("utf"))
    if not stream.isatty():
        return Paper()
    columns = shutil.get_terminal_size((100, 24)).columns
    return Paper(max(20, columns), not no_color and os.environ.get("TERM") != "dumb")


@dataclass(frozen=True, slots=True)
class Head:
    """A column. ``shrink`` above 0 may be made narrower, the highest first, down to ``least``; ``drop`` above 0 goes
    away when that is not enough, the highest first. What does not fit is cut as ``how`` says (names in the middle), or
    with ``wrap`` goes on in the next line."""

    title: str
    align: Align = "left"
    shrink: int = 0
    least: int = 8
    drop: int = 0
    how: Shorten = "end"
    wrap: bool = False


@dataclass(slots=True)
class Table:
    """Rows under headings. A column without a single word in it is left out."""

    heads: Sequence[Head]
    rows: list[Sequence[CellLike]] = field(default_factory=list)

    def add(self, *cells: CellLike) -> None:
        self.rows.append(cells)

    def lines(self, paper: Paper) -> list[str]:
        grid = [[_clean(cell) for cell in row] for row in self.rows]
        sizes = [
            max([width(head.title), *(_width(row[index]) for row in grid)]) for index, head in enumerate(self.heads)
        ]
        shown = [index for index in range(len(self.heads)) if any(_width(row[index]) for row in grid) or not index]
        if paper.width is not None:
            shown = self._fit(sizes, shown, paper.width)
        lines = [self._line([((head.title.upper(), "dim"),) for head in self.heads], sizes, shown, paper)]
        for row in grid:
            lines.extend(self._line(part, sizes, shown, paper) for part in self._wrapped(row, sizes, shown))
        return lines

    def _wrapped(self, row: Sequence[Parts], sizes: list[int], shown: list[int]) -> Iterator[Sequence[Parts]]:
        """The row, and below it what its wrapping columns have left over."""
        left = {
            index: [tuple(cell.segments()) for cell in wrap_cell(Cell(parts=tuple(row[index])), sizes[index])]
            for index in shown
            if self.heads[index].wrap and _width(row[index]) > sizes[index]
        }
        height = max((len(parts) for parts in left.values()), default=1)
        for line in range(height):
            yield [
                (left[index][line] if line < len(left[index]) else ()) if index in left else (cell if line == 0 else ())
                for index, cell in enumerate(row)
            ]

    def _fit(self, sizes: list[int], shown: list[int], room: int) -> list[int]:
        """Shrink columns, then drop some, until the line fits; ``sizes`` is changed in place."""
        full = list(sizes)
        while True:
            over = sum(sizes[index] for index in shown) + len(GAP) * (len(shown) - 1) - room
            if over <= 0:
                return shown
            for index in sorted((i for i in shown if self.heads[i].shrink), key=lambda i: -self.heads[i].shrink):
                give = min(over, sizes[index] - min(sizes[index], self.heads[index].least))
                sizes[index] -= give
                over -= give
            if over <= 0:
                return shown
            droppable = [index for index in shown if self.heads[index].drop]
            if not droppable:
                return shown
            gone = max(droppable, key=lambda index: self.heads[index].drop)
            shown = [index for index in shown if index != gone]
            sizes[:] = full

    def _line(self, cells: Sequence[Parts], sizes: list[int], shown: list[int], paper: Paper) -> str:
        parts = []
        for index in shown:
            head = self.heads[index]
            fitted = fit_parts(tuple(cells[index]) or (("", ""),), sizes[index], head.align, head.how)
            parts.append("".join(paper.paint(text, style) for text, style in fitted))
        line = GAP.join(parts)
        return line.rstrip(" ")


def wrapped(cell: CellLike, paper: Paper, indent: int = 2) -> list[str]:
    """A sentence over as many lines as the paper's width asks for."""
    lines = [as_cell(cell)] if paper.width is None else wrap_cell(cell, paper.width, indent)
    return ["".join(paper.paint(text, style) for text, style in _clean(line)) for line in lines]


def _clean(cell: CellLike) -> Parts:
    return tuple((clean(text), style) for text, style in as_cell(cell).segments())


def _width(parts: Parts) -> int:
    return sum(width(text) for text, _ in parts)


def print_lines(lines: Sequence[str], stream: TextIO | None = None) -> None:
    """Write and flush; what the stream's encoding cannot carry becomes ``?``."""
    out = stream or sys.stdout
    text = "".join(f"{line}\n" for line in lines)
    encoding = getattr(out, "encoding", None) or "utf-8"
    out.write(text.encode(encoding, "replace").decode(encoding))
    out.flush()
