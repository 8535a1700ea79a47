"""A thin scrollbar: half a cell of thumb on no track, plain ASCII where the glyph set is."""

from __future__ import annotations

from rich.color import Color
from rich.segment import Segment, Segments
from rich.style import Style
from textual.scrollbar import ScrollBar, ScrollBarRender

from pointsman.widgets import glyphs

_TRACK = Color.parse("#555555")
_THUMB = Color.parse("bright_magenta")


class ThinScrollBar(ScrollBarRender):
    """Draws whole cells only: every cell of the bar that changes costs bytes on a slow line."""

    @classmethod
    def render_bar(
        cls,
        size: int = 25,
        virtual_size: float = 50,
        window_size: float = 20,
        position: float = 0,
        thickness: int = 1,
        vertical: bool = True,
        back_color: Color = _TRACK,
        bar_color: Color = _THUMB,
    ) -> Segments:
        ascii_only = glyphs.current.ascii
        thumb_sign = ("#" if ascii_only else "▐") if vertical else ("=" if ascii_only else "▂")
        track_style = Style(bgcolor=back_color)
        thumb_style = Style(color=bar_color, bgcolor=back_color)
        wide = thickness if vertical else 1
        start = end = 0
        if window_size and size and virtual_size > window_size:
            thumb = max(1, round(size * window_size / virtual_size))
            start = round((size - thumb) * min(1.0, position / (virtual_size - window_size)))
            end = start + thumb
        above = Segment(" " * wide, track_style + Style(meta={"@mouse.down": "scroll_up"}))
        below = Segment(" " * wide, track_style + Style(meta={"@mouse.down": "scroll_down"}))
        grip = Segment(thumb_sign * wide, thumb_style + Style(meta={"@mouse.down": "grab"}))
        segments = [above if y < start else grip if y < end else below for y in range(int(size))]
        if vertical:
            return Segments(segments, new_lines=True)
        return Segments([*segments, Segment.line()] * thickness, new_lines=False)


def install() -> None:
    """Use it for every scrollbar of the program."""
    ScrollBar.renderer = ThinScrollBar
