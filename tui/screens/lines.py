"""A line of text that repaints only the cells that changed: header, tabs, footer.

Over a slow line this matters: an age that counts seconds costs some forty bytes, not the whole line.
"""

from __future__ import annotations

from itertools import zip_longest

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import App
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from pointsman.tui.views.frame import Line, line_width
from pointsman.widgets.text import take_left, width
from pointsman.widgets.theming import tokens_of


def part_style(app: App[object], words: str) -> Style:
    """The style of a part: a badge (``badge:demo``) or a string of tokens."""
    tokens = tokens_of(app)
    if words.startswith("badge:"):
        return tokens.badge(words.removeprefix("badge:"))
    return tokens.style(words)


class LineWidget(Widget, can_focus=False):
    """One line of parts, each with a style and perhaps a command that a click runs."""

    DEFAULT_CSS = """
    LineWidget { height: 1; width: 1fr; }
    """

    class Clicked(Message):
        """A part with a command was clicked."""

        def __init__(self, command: str, argument: str) -> None:
            self.command, self.argument = command, argument
            super().__init__()

    def __init__(self, *, id: str | None = None, classes: str | None = None, fitted: bool = False) -> None:
        """``fitted``: as wide as its line, in place of all the room there is."""
        super().__init__(id=id, classes=classes)
        self._fitted = fitted
        self._line: Line = ()
        self._strip: Strip | None = None

    @property
    def line(self) -> Line:
        return self._line

    @property
    def plain(self) -> str:
        """The words of the line."""
        return "".join(part.text for part in self._line)

    def set_line(self, line: Line) -> None:
        """Show this line; costs nothing if it is the one that is shown."""
        if line == self._line:
            return
        before, self._line = self._line, line
        self._strip = None
        if self._fitted and (size := line_width(line)) != line_width(before):
            self.styles.width = size
        span = _difference(before, line)
        if span is None:
            self.refresh()
        else:
            self.refresh(Region(span[0], 0, span[1] - span[0], 1))

    def notify_style_update(self) -> None:
        self._strip = None
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        room = self.size.width
        if y:
            return Strip.blank(room, self.rich_style)
        if self._strip is None or self._strip.cell_length != room:
            base = self.rich_style
            segments: list[Segment] = []
            at = 0
            for part in self._line:
                text = part.text if at + width(part.text) <= room else take_left(part.text, room - at)
                if text:
                    segments.append(Segment(text, base + part_style(self.app, part.style)))
                    at += width(text)
            if at < room:
                segments.append(Segment(" " * (room - at), base))
            self._strip = Strip(segments, room)
        return self._strip

    def on_click(self, event: events.Click) -> None:
        at = 0
        for part in self._line:
            at += width(part.text)
            if event.x < at:
                if part.command:
                    event.stop()
                    self.post_message(self.Clicked(part.command, part.argument))
                return


def _difference(before: Line, after: Line) -> tuple[int, int] | None:
    """The span of cells in which two lines of equal width differ, or None if they are not equally wide."""
    first = last = -1
    at = 0
    for one, other in zip_longest(before, after):
        if one is None or other is None:
            return None
        size = width(one.text)
        if size != width(other.text):
            return None
        if one != other:
            if one.style == other.style and size == len(one.text) == len(other.text):
                marks = [index for index in range(size) if one.text[index] != other.text[index]] or [0]
                low, high = at + marks[0], at + marks[-1] + 1
            else:
                low, high = at, at + size
            first = low if first < 0 else first
            last = high
        at += size
    return (first, last) if first >= 0 else (0, 0)
