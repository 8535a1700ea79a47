"""Text to read: YAML, descriptions, logs. Scrolls, wraps, searches, follows; draws only what is on screen.

The lines, their wrapping and the search are in `textbuffer`, colours in `highlight`. This file stays over 400 lines because
wrapping, following and searching all move the same view.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from pointsman.widgets import glyphs
from pointsman.widgets.cells import Parts, slice_parts
from pointsman.widgets.drawing import Pen
from pointsman.widgets.highlight import Highlighter, YamlHighlighter, plain
from pointsman.widgets.text import take_left, width, wrap
from pointsman.widgets.textbuffer import MAX_LINES, TextBuffer
from pointsman.widgets.theming import tokens_of

_CACHED = 1024
_SIDE_STEP = 8


class TextView(ScrollView, can_focus=True, inherit_bindings=False):
    """A read-only text.

    Text may come from outside: it is cleaned, never markup. `show_yaml` and `show_text` replace it, `append` adds lines
    to a log. While it follows, new lines scroll into view; scrolling up stops that.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "line_up", "Up", show=False, id="text.up"),
        Binding("down", "line_down", "Down", show=False, id="text.down"),
        Binding("pageup", "page_up", "Page up", show=False, id="text.page-up"),
        Binding("pagedown", "page_down", "Page down", show=False, id="text.page-down"),
        Binding("home", "top", "Top", show=False, id="text.top"),
        Binding("end", "bottom", "Bottom", show=False, id="text.bottom"),
        Binding("left", "side_left", "Scroll left", show=False, id="text.left"),
        Binding("right", "side_right", "Scroll right", show=False, id="text.right"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {"text-view--match", "text-view--current", "text-view--empty"}
    """`match` is what a search finds, `current` the line it stands on, `empty` the note of an empty text."""

    DEFAULT_CSS = """
    TextView {
        height: 1fr;
        padding: 0 1;
        overflow-x: auto;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;

        & > .text-view--match { text-style: underline; }
        & > .text-view--current { background: $block-cursor-blurred-background; }
        & > .text-view--empty { color: $text-muted; }
        &:nocolor > .text-view--current { text-style: reverse; }
    }
    """

    wrapped: reactive[bool] = reactive(False, repaint=False, init=False)
    """Long lines go on in the next row; otherwise the view scrolls sideways."""
    following: reactive[bool] = reactive(False, repaint=False, init=False)
    """The end stays in view while lines are appended."""

    class _ViewMessage(Message):
        def __init__(self, view: TextView) -> None:
            self.view = view
            super().__init__()

        @property
        def control(self) -> TextView:
            """The view it came from."""
            return self.view

    class FollowChanged(_ViewMessage):
        """Following began or ended."""

        def __init__(self, view: TextView, following: bool) -> None:
            self.following = following
            super().__init__(view)

    class Searched(_ViewMessage):
        """The search found `total` lines and stands on number `current` of them (from 1, 0 is none)."""

        def __init__(self, view: TextView, current: int, total: int) -> None:
            self.current, self.total = current, total
            super().__init__(view)

    def __init__(
        self,
        text: str = "",
        *,
        highlight: Highlighter = plain,
        empty: str = "nothing to show",
        max_lines: int = MAX_LINES,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.buffer = TextBuffer(max_lines)
        self._highlight = highlight
        self._empty_note = empty
        self._parts_cache: OrderedDict[int, Parts] = OrderedDict()
        self._strip_cache: OrderedDict[tuple[object, ...], Strip] = OrderedDict()
        self._current: int | None = None
        self.lines_highlighted = 0
        """Lines coloured so far, to show that only visible ones are."""
        if text:
            self.buffer.set_text(text)

    # -- content ----------------------------------------------------------------------------------------------------

    def show_text(self, text: str, highlight: Highlighter = plain, *, keep_place: bool = False) -> None:
        """Replace the text; `keep_place` stays at the same row (an object was read again)."""
        place = self.scroll_offset
        self.buffer.set_text(text)
        self._highlight = highlight
        self._forget()
        self._current = None
        if not self.is_attached:
            return
        self._fit()
        if keep_place:
            self._to(place.y)
        else:
            self.scroll_to(0, 0, animate=False, force=True)

    def show_yaml(self, text: str, *, keep_place: bool = False) -> None:
        """Replace the text by YAML, coloured."""
        self.show_text(text, keep_place=keep_place)
        self._highlight = YamlHighlighter([self.buffer.line(number) for number in range(self.buffer.end)])
        self._forget()

    def append(self, lines: Iterable[str]) -> None:
        """Add lines of a log; the oldest go when there are too many."""
        before = self.buffer.end
        gone = self.buffer.extend(lines)
        if self.buffer.end == before and not gone:
            return
        if not self.is_attached or not self.size.width:
            return
        if gone:
            self._strip_cache.clear()
        top = self.scroll_offset.y
        was_full = self.virtual_size.height >= self.size.height
        self._fit()
        if self.following:
            self._to(self.buffer.rows)
            if not was_full:
                self.refresh()
        elif gone:
            self._to(top - gone)
            self.refresh()
        elif not was_full:
            self.refresh()

    def clear(self) -> None:
        """Forget the text."""
        self.show_text("")

    # -- search -----------------------------------------------------------------------------------------------------

    def search(self, needle: str) -> int:
        """Mark what is found and go to the first below the top of the view; gives the lines found.

        Raises `FilterError` for a bad regular expression and leaves the old search.
        """
        self.buffer.search(needle)
        self._strip_cache.clear()
        self._current = None
        if self.buffer.matches:
            at = self.buffer.at_row(self.scroll_offset.y)
            found = self.buffer.next_match((at[0] if at else 0) - 1, 1)
            self._show_match(found)
        else:
            self.refresh()
            self.post_message(self.Searched(self, 0, 0))
        return len(self.buffer.matches)

    def action_next_match(self) -> None:
        """To the next line found."""
        self._step(1)

    def action_previous_match(self) -> None:
        """To the previous line found."""
        self._step(-1)

    def _step(self, step: int) -> None:
        at = self.buffer.at_row(self.scroll_offset.y)
        start = self._current if self._current is not None else (at[0] if at else 0)
        self._show_match(self.buffer.next_match(start, step))

    def _show_match(self, number: int | None) -> None:
        if number is None:
            return
        self._current = number
        row = self.buffer.row_of(number)
        if not self.scroll_offset.y <= row < self.scroll_offset.y + self._page:
            self.following = False
            self._to(row - self._page // 3)
        self._bring_in(number)
        self.refresh()
        self.post_message(self.Searched(self, self.buffer.matches.index(number) + 1, len(self.buffer.matches)))

    def _bring_in(self, number: int) -> None:
        """Scroll sideways so that the first thing found in a line can be seen."""
        text = self.buffer.line(number)
        spans = self.buffer.spans(text)
        if self.wrapped or not spans:
            return
        start, end = width(text[: spans[0][0]]), width(text[: spans[0][1]])
        left = self.scroll_offset.x
        if start <= left or end >= left + self._room - 1:
            most = max(0, self.buffer.longest - self._room)
            left = 0 if end < self._room else min(most, start - self._room // 3)
            self.scroll_to(x=left, animate=False, force=True)

    # -- geometry ---------------------------------------------------------------------------------------------------

    @property
    def _page(self) -> int:
        return max(1, self.size.height)

    @property
    def _room(self) -> int:
        """Cells for text: the width without the scrollbar, which is always given its cell so that wrapping is stable."""
        return max(1, self.size.width - self._bar)

    @property
    def _bar(self) -> int:
        return self.styles.scrollbar_size_vertical

    def _fit(self) -> None:
        if not self.size.width:
            return
        self.buffer.wrap(self._room if self.wrapped else 0)
        # The scrollbar's cell counts as text, or without a scrollbar the last column could not be reached.
        across = 1 if self.wrapped or self.buffer.longest <= self._room else self.buffer.longest + self._bar
        size = Size(across, max(1, self.buffer.rows))
        if size != self.virtual_size:
            self.virtual_size = size

    def _to(self, row: int) -> None:
        target = max(0, min(row, self.buffer.rows - self._page))
        if target != self.scroll_offset.y:
            self.scroll_to(y=target, animate=False, force=True)

    def _forget(self) -> None:
        self._parts_cache.clear()
        self._strip_cache.clear()
        self.refresh()

    # -- drawing ----------------------------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        self._strip_cache.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        room = self._room
        base = self.rich_style
        row = y + self.scroll_offset.y
        at = self.buffer.at_row(row)
        if at is None:
            return self._draw_note(y, room)
        number, start, end = at
        left = 0 if self.wrapped else self.scroll_offset.x
        current = number == self._current
        key = (number, start, left, room, current, self.wrapped)
        known = self._strip_cache.get(key)
        if known is not None:
            self._strip_cache.move_to_end(key)
            return known
        tokens = tokens_of(self.app)
        if current:
            base += self.get_component_rich_style("text-view--current", partial=True)
            base += Style(bold=True) if tokens.ansi else tokens.ground("selection-blurred")
        match = self.get_component_rich_style("text-view--match", partial=True) + tokens.style("match")
        text = self.buffer.line(number)
        before = after = ""
        if not self.wrapped:
            # A line that goes on beyond the edge says so.
            start = len(take_left(text, left))
            before = glyphs.current.more_left if start else ""
            after = glyphs.current.more_right if width(text[start:]) > room else ""
            start = len(take_left(text, left + len(before)))
            end = start + len(take_left(text[start:], room - len(before) - len(after)))
        pen = Pen(base)
        spans = self.buffer.spans(text)
        edge = base + tokens.style("accent")
        pen.write(before, edge)
        used = len(before)
        at_char = start
        for piece, words in slice_parts(self._parts(number, text), start, end):
            style = base + tokens.style(words) if words else base
            for letters, found in _split(piece, at_char, spans):
                pen.write(letters, style + match if found else style)
                used += width(letters)
            at_char += len(piece)
        pen.write(" " * max(0, room - used - len(after)), base)
        pen.write(after, edge)
        used += len(after)
        strip = Strip(pen.segments(), max(used, room))
        self._strip_cache[key] = strip
        if len(self._strip_cache) > _CACHED:
            self._strip_cache.popitem(last=False)
        return strip

    def _parts(self, number: int, text: str) -> Parts:
        known = self._parts_cache.get(number)
        if known is None:
            self.lines_highlighted += 1
            known = self._parts_cache[number] = self._highlight(number, text)
            if len(self._parts_cache) > _CACHED:
                self._parts_cache.popitem(last=False)
        return known

    def _draw_note(self, y: int, room: int) -> Strip:
        base = self.rich_style
        if len(self.buffer) or not self._empty_note:
            return Strip.blank(room, base)
        lines = wrap(self._empty_note, room)
        first = max(0, (self._page - len(lines)) * 2 // 5)
        if not first <= y < first + len(lines):
            return Strip.blank(room, base)
        style = self.get_component_rich_style("text-view--empty") + tokens_of(self.app).style("muted")
        pen = Pen(style)
        pen.write(lines[y - first].center(room), style)
        return Strip(pen.segments(), room)

    # -- events -----------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self._fit()

    def on_resize(self) -> None:
        at = self.buffer.at_row(self.scroll_offset.y)
        self._strip_cache.clear()
        self._fit()
        if self.following:
            self._to(self.buffer.rows)
        elif at is not None:
            self._to(self.buffer.row_of(at[0]))

    def on_show(self) -> None:
        # Lines that came while it was hidden were kept but not drawn.
        self._strip_cache.clear()
        self._fit()
        if self.following:
            self._to(self.buffer.rows)
        self.refresh()

    def watch_wrapped(self) -> None:
        if not self.is_attached:
            return
        at = self.buffer.at_row(self.scroll_offset.y)
        self._strip_cache.clear()
        self._fit()
        if at is not None:
            self.scroll_to(0, self.buffer.row_of(at[0]), animate=False, force=True)
        self.refresh()

    def watch_following(self, following: bool) -> None:
        if not self.is_attached:
            return
        if following:
            self._to(self.buffer.rows)
        self.post_message(self.FollowChanged(self, following))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(new_value) < round(old_value) and self.following and new_value < self.buffer.rows - self._page:
            self.following = False

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_line_up(self) -> None:
        """One row up."""
        self._to(self.scroll_offset.y - 1)

    def action_line_down(self) -> None:
        """One row down."""
        self._to(self.scroll_offset.y + 1)

    def action_page_up(self) -> None:
        """One page up."""
        self._to(self.scroll_offset.y - max(1, self._page - 1))

    def action_page_down(self) -> None:
        """One page down."""
        self._to(self.scroll_offset.y + max(1, self._page - 1))

    def action_half_up(self) -> None:
        """Half a page up."""
        self._to(self.scroll_offset.y - max(1, self._page // 2))

    def action_half_down(self) -> None:
        """Half a page down."""
        self._to(self.scroll_offset.y + max(1, self._page // 2))

    def action_top(self) -> None:
        """To the first line."""
        self._to(0)

    def action_bottom(self) -> None:
        """To the last line."""
        self._to(self.buffer.rows)

    def action_side_left(self) -> None:
        """Show what is further left."""
        self.scroll_to(x=max(0, self.scroll_offset.x - _SIDE_STEP), animate=False, force=True)

    def action_side_right(self) -> None:
        """Show what is further right."""
        most = 0 if self.wrapped else max(0, self.buffer.longest - self._room)
        self.scroll_to(x=min(most, self.scroll_offset.x + _SIDE_STEP), animate=False, force=True)

    def action_toggle_wrap(self) -> None:
        """Wrap long lines, or not."""
        self.wrapped = not self.wrapped

    def action_toggle_follow(self) -> None:
        """Keep the end in view, or not."""
        self.following = not self.following


def _split(piece: str, offset: int, spans: list[tuple[int, int]]) -> list[tuple[str, bool]]:
    """A piece of a line that starts at `offset`, cut where a search found something."""
    if not spans:
        return [(piece, False)]
    found: list[tuple[str, bool]] = []
    at = 0
    for start, end in spans:
        left, right = max(0, start - offset), min(len(piece), end - offset)
        if right <= at or left >= len(piece):
            continue
        if left > at:
            found.append((piece[at:left], False))
        found.append((piece[max(at, left) : right], True))
        at = right
    if at < len(piece):
        found.append((piece[at:], False))
    return found
