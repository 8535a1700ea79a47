"""Lines of text to read: bounded, wrapped on demand, searchable while they come in. Plain Python."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from pointsman.widgets.filtering import FilterError
from pointsman.widgets.text import clean, clean_lines, take_left, width

MAX_LINES = 100_000
LINE_LIMIT = 16_384
"""Characters kept of one line."""


def cut_spans(line: str, cells: int) -> list[tuple[int, int]]:
    """Where a line is cut when it is wrapped: after `cells` cells, wherever that is, so that code stays as it is."""
    if cells <= 0 or not line:
        return [(0, len(line))]
    if line.isascii():
        return [(start, min(start + cells, len(line))) for start in range(0, len(line), cells)]
    spans: list[tuple[int, int]] = []
    start = 0
    while start < len(line):
        taken = len(take_left(line[start:], cells)) or 1
        spans.append((start, start + taken))
        start += taken
    return spans


class TextBuffer:
    """Clean lines under numbers that never change while older lines fall out at the front."""

    def __init__(self, max_lines: int = MAX_LINES) -> None:
        if max_lines < 1:
            raise ValueError("a buffer holds at least one line")
        self.max_lines = max_lines
        self._lines: list[str] = []
        self.first = 0
        """Number of the oldest line kept; that many were dropped."""
        self.longest = 0
        """Cells of the longest line seen."""
        self._cells = 0
        # Screen row on which each line starts, counted from an origin that moves when lines are dropped.
        self._starts: list[int] = []
        self._rows_end = 0
        self._pattern: re.Pattern[str] | None = None
        self.needle = ""
        self.matches: list[int] = []
        """Numbers of the lines the search finds, ascending."""

    # -- lines ------------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def end(self) -> int:
        """Number the next line will get."""
        return self.first + len(self._lines)

    def line(self, number: int) -> str:
        """A line by its number; `IndexError` if it is not kept."""
        index = number - self.first
        if not 0 <= index < len(self._lines):
            raise IndexError(number)
        return self._lines[index]

    def set_text(self, text: str) -> None:
        """Replace everything by a text; a last empty line is left out."""
        lines = clean_lines(text, LINE_LIMIT)
        if lines and not lines[-1]:
            lines.pop()
        self.clear()
        self._add(lines)

    def extend(self, lines: Iterable[str]) -> int:
        """Append raw lines (each cleaned and without its line end); gives the screen rows that fell out at the front."""
        return self._add([clean(line.rstrip("\r\n").replace("\t", "    "), LINE_LIMIT) for line in lines])

    def clear(self) -> None:
        """Forget all lines; numbers start again."""
        self._lines.clear()
        self._starts.clear()
        self.matches.clear()
        self.first = self._rows_end = self.longest = 0

    def _add(self, lines: list[str]) -> int:
        number = self.end
        pattern = self._pattern
        for line in lines:
            self._lines.append(line)
            self.longest = max(self.longest, width(line))
            self._starts.append(self._rows_end)
            self._rows_end += self._rows_of(line)
            if pattern is not None and pattern.search(line):
                self.matches.append(number)
            number += 1
        # A tenth over the bound is let in, so that the costly cut at the front is rare.
        if len(self._lines) <= self.max_lines + self.max_lines // 10:
            return 0
        return self._drop(len(self._lines) - self.max_lines)

    def _drop(self, count: int) -> int:
        origin = self._starts[0]
        del self._lines[:count]
        del self._starts[:count]
        self.first += count
        del self.matches[: bisect_left(self.matches, self.first)]
        return (self._starts[0] if self._starts else self._rows_end) - origin

    # -- wrapping ---------------------------------------------------------------------------------------------------

    def wrap(self, cells: int) -> None:
        """Wrap at this many cells; 0 does not wrap."""
        if cells == self._cells:
            return
        self._cells = cells
        self._starts = []
        self._rows_end = 0
        for line in self._lines:
            self._starts.append(self._rows_end)
            self._rows_end += self._rows_of(line)

    def _rows_of(self, line: str) -> int:
        cells = self._cells
        if cells <= 0 or len(line) <= cells // 2:  # no character is wider than two cells
            return 1
        if line.isascii():
            return max(1, -(-len(line) // cells))
        return len(cut_spans(line, cells))

    @property
    def rows(self) -> int:
        """Screen rows of all lines."""
        return self._rows_end - self._starts[0] if self._starts else 0

    def at_row(self, row: int) -> tuple[int, int, int] | None:
        """Line number, and start and end within it, of what stands on a screen row; `None` below the end."""
        if not 0 <= row < self.rows:
            return None
        wanted = row + self._starts[0]
        index = bisect_right(self._starts, wanted) - 1
        line = self._lines[index]
        if self._cells <= 0:
            return self.first + index, 0, len(line)
        start, end = cut_spans(line, self._cells)[wanted - self._starts[index]]
        return self.first + index, start, end

    def row_of(self, number: int) -> int:
        """Screen row on which a line starts."""
        index = max(0, min(number - self.first, len(self._starts) - 1))
        return self._starts[index] - self._starts[0] if self._starts else 0

    # -- search -----------------------------------------------------------------------------------------------------

    def search(self, needle: str) -> None:
        """Find lines with a text, case as in vi (any, unless there is a capital), or `/regex/`; raises `FilterError`."""
        self.needle = needle
        self._pattern = _pattern(needle)
        pattern = self._pattern
        if pattern is None:
            self.matches = []
        else:
            find = pattern.search
            self.matches = [number for number, line in enumerate(self._lines, self.first) if find(line)]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where in a text the search finds something."""
        if self._pattern is None:
            return []
        return [match.span() for match in self._pattern.finditer(text) if match.end() > match.start()]

    def next_match(self, number: int, step: int) -> int | None:
        """The matching line after (`step` 1) or before (-1) a line, wrapping around; `None` if nothing matches."""
        if not self.matches:
            return None
        if step > 0:
            at = bisect_right(self.matches, number)
            return self.matches[at % len(self.matches)]
        return self.matches[bisect_left(self.matches, number) - 1]


def _pattern(needle: str) -> re.Pattern[str] | None:
    if not needle:
        return None
    regex = len(needle) > 2 and needle.startswith("/") and needle.endswith("/")
    source = needle[1:-1] if regex else re.escape(needle)
    flags = re.IGNORECASE if needle == needle.lower() else re.NOFLAG
    try:
        return re.compile(source, flags)
    except (re.error, RecursionError, OverflowError) as error:
        raise FilterError(f"not a regular expression: {error}") from None
