"""Plain tables for the verbs: fitted to the terminal, coloured only on one, whole where the output goes to a file or pipe.

Cells are those of the lists on screen (text and style tokens), so a name from the cluster is cleaned before it is printed.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TextIO

from pointsman.widgets import glyphs
from pointsman.widgets.cells import Align, CellLike, as_cell, fit_parts
from pointsman.widgets.text import clean, width

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
    away when that is not enough, the highest first."""

    title: str
    align: Align = "left"
    shrink: int = 0
    least: int = 8
    drop: int = 0


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
        lines.extend(self._line(row, sizes, shown, paper) for row in grid)
        return lines

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

    def _line(
        self, cells: Sequence[Sequence[tuple[str, str]]], sizes: list[int], shown: list[int], paper: Paper
    ) -> str:
        parts = []
        for index in shown:
            fitted = fit_parts(tuple(cells[index]), sizes[index], self.heads[index].align, "end")
            parts.append("".join(paper.paint(text, style) for text, style in fitted))
        line = GAP.join(parts)
        return line.rstrip(" ")


def _clean(cell: CellLike) -> tuple[tuple[str, str], ...]:
    return tuple((clean(text), style) for text, style in as_cell(cell).segments())


def _width(parts: Sequence[tuple[str, str]]) -> int:
    return sum(width(text) for text, _ in parts)


def print_lines(lines: Sequence[str], stream: TextIO | None = None) -> None:
    """Write and flush; what the stream's encoding cannot carry becomes ``?``."""
    out = stream or sys.stdout
    text = "".join(f"{line}\n" for line in lines)
    encoding = getattr(out, "encoding", None) or "utf-8"
    out.write(text.encode(encoding, "replace").decode(encoding))
    out.flush()
