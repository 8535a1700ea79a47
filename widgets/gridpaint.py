"""How a grid's header, rows and note are drawn: styles, strips and the cache of them. Knows no scrolling and no events."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike, Parts, fit_parts, wrap_cell
from pointsman.widgets.drawing import Pen
from pointsman.widgets.gridlayout import Layout
from pointsman.widgets.rowmodel import RowModel
from pointsman.widgets.text import clean, fit, take_left, width
from pointsman.widgets.theming import Tokens

_STRIPS = 512


@dataclass(frozen=True, slots=True)
class Line:
    """What one screen line shows; two equal lines look the same."""

    key: Hashable
    cells: tuple[Cell, ...]
    cursor: bool
    marked: bool
    flash: tuple[tuple[int, int], ...]
    """`(column, stage)` of the cells that are lit, see `gridflash`."""


@dataclass(frozen=True, slots=True)
class Look:
    """Styles of a grid, resolved once per theme and focus and not once per row."""

    tokens: Tokens
    base: Style
    cursor: Style
    header: Style
    sorted: Style
    marked: Style
    empty: Style
    match: Style
    plain_cursor: bool
    """With sixteen colours the selected row has one pair of colours, or nothing would be readable on it."""

    @classmethod
    def of(cls, grid: Widget, tokens: Tokens) -> Look:
        """The styles a grid has now, from its component classes and the theme's tokens."""
        get = grid.get_component_rich_style
        base, cursor = grid.rich_style, get("grid--cursor")
        return cls(
            tokens=tokens,
            base=base,
            cursor=cursor,
            header=get("grid--header") + tokens.style("header"),
            sorted=get("grid--sorted"),
            marked=get("grid--marked", partial=True) + tokens.ground("mark"),
            empty=get("grid--empty") + tokens.style("muted"),
            match=get("grid--match", partial=True) + tokens.style("match"),
            plain_cursor=tokens.ansi and cursor.bgcolor != base.bgcolor,
        )


class Painter:
    """Draws lines and remembers them until `forget` (other styles, other columns)."""

    def __init__(self) -> None:
        self._rows: OrderedDict[tuple[Any, ...], tuple[tuple[Cell, ...], Strip]] = OrderedDict()
        self._header: tuple[Any, Strip] | None = None
        self._note: tuple[Any, dict[int, Strip]] | None = None

    def forget(self) -> None:
        """Draw everything afresh from now on."""
        self._rows.clear()
        self._header = None
        self._note = None

    # -- header -----------------------------------------------------------------------------------------------------

    def header(self, model: RowModel[Any], layout: Layout, look: Look, left: int, room: int) -> Strip:
        """The line that names the columns, as it is when scrolled `left` cells in a room of `room`."""
        if not model.total:  # nothing to name: the note has the room to itself
            return Strip.blank(room, look.base)
        key = (layout, model.sort_key, model.sort_reverse, left, room)
        if self._header is not None and self._header[0] == key:
            return self._header[1]
        pen = Pen(look.header)
        at = 0
        for place in layout.placements:
            column = model.columns[place.index]
            pen.write(" " * (place.x - at), look.header)
            at = place.x + place.width
            title = clean(column.title)
            style = look.header
            if column.key == model.sort_key:
                style = look.sorted
                arrow = glyphs.current.down_arrow if model.sort_reverse else glyphs.current.up
                title = take_left(title, place.width - 2) + (" " if place.width > width(title) + 1 else "") + arrow
            pen.write(fit(title, place.width, column.align, "end"), style)
        strip = Strip(pen.segments(), at)
        end = left + room
        if at > end:  # columns go on to the right: say so where the eye ends
            strip = Strip([*strip.crop(0, end - 1), Segment(glyphs.current.more_right, look.sorted)], end)
        self._header = (key, strip)
        return strip

    # -- rows -------------------------------------------------------------------------------------------------------

    def row(self, line: Line, model: RowModel[Any], layout: Layout, look: Look, room: int, stale: bool) -> Strip:
        """One row, at least `room` cells wide (wider if the columns do not fit)."""
        cells = line.cells
        key = (id(cells), line.cursor, line.marked, line.flash, stale, room, model.query.text)
        known = self._rows.get(key)
        if known is not None and known[0] is cells:
            self._rows.move_to_end(key)
            return known[1]
        strip = self._draw(line, model, layout, look, room, stale)
        self._rows[key] = (cells, strip)
        if len(self._rows) > _STRIPS:
            self._rows.popitem(last=False)
        return strip

    def _draw(self, line: Line, model: RowModel[Any], layout: Layout, look: Look, room: int, stale: bool) -> Strip:
        tokens = look.tokens
        base = look.cursor if line.cursor else look.base
        plain_cursor = line.cursor and look.plain_cursor
        if stale and not plain_cursor:
            base += tokens.style("muted")
        if line.marked and not line.cursor:
            base += look.marked
        flat = stale or plain_cursor
        pen = Pen(base)
        sign = glyphs.current.mark if line.marked else glyphs.current.cursor if line.cursor else " "
        pen.write(sign, base if flat else base + tokens.style("accent"))
        at = 1
        lit = dict(line.flash)
        for place in layout.placements:
            column = model.columns[place.index]
            pen.write(" " * (place.x - at), base)
            at = place.x + place.width
            ground = base if line.cursor else base + _glow(tokens, lit.get(place.index, 0))
            colourless = flat
            if plain_cursor and column.shorten == "none" and not stale:
                # A strip of signs lives by its colours: it keeps them and its own ground.
                ground, colourless = look.base, False
            segments = line.cells[place.index].segments()
            for text, words in fit_parts(segments, place.width, column.align, column.shorten):
                style = ground if colourless or not words else ground + tokens.style(words)
                _write_found(pen, text, style, model, style + (Style(underline=True) if flat else look.match))
        if at < room:
            pen.write(" " * (room - at), base)
            at = room
        return Strip(pen.segments(), at)

    # -- nothing to show --------------------------------------------------------------------------------------------

    def note(self, entries: Sequence[CellLike], look: Look, room: int, height: int, row: int) -> Strip:
        """A line of the note that stands in the middle of an empty list."""
        key = (tuple(entries), room, height)
        if self._note is None or self._note[0] != key:
            lines: list[Parts] = []
            for entry in entries:
                lines.extend(line.segments() for line in wrap_cell(entry, max(1, room - 4)))
            first = max(0, (height - len(lines)) * 2 // 5)
            strips: dict[int, Strip] = {}
            for number, parts in enumerate(lines):
                left = (room - min(room, sum(width(text) for text, _ in parts))) // 2
                pen = Pen(look.empty)
                pen.write(" " * left, look.empty)
                for text, words in fit_parts(parts, room - left, "left", "end"):
                    pen.write(text, look.empty + look.tokens.style(words) if words else look.empty)
                strips[first + number] = Strip(pen.segments(), room)
            self._note = (key, strips)
        return self._note[1].get(row) or Strip.blank(room, look.base)


def _glow(tokens: Tokens, stage: int) -> Style:
    """What is added to the ground of a cell that just changed."""
    if not stage:
        return Style.null()
    if tokens.no_color or tokens.ansi:
        return Style(underline=True)
    return tokens.ground("flash" if stage == 1 else "flash-fading")


def _write_found(pen: Pen, text: str, style: Style, model: RowModel[Any], found: Style) -> None:
    """Write a piece of a cell, the words the filter found in it marked."""
    spans = model.query.spans(text) if model.query else ()
    at = 0
    for start, end in spans:
        if start >= at:
            pen.write(text[at:start], style)
            pen.write(text[start:end], found)
            at = end
    pen.write(text[at:], style)
