"""A row of small columns for a rate over time; plain data for a cell, no Textual."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell

_DOTS = (0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08)
"""Bits of the left and the right column of a braille cell, from the bottom up."""


def sparkline(
    values: Sequence[float | None],
    width: int,
    *,
    ceiling: float | None = None,
    style: str = "spark",
    braille: bool = False,
) -> Cell:
    """The newest values at the right end, one a cell (two with `braille`), scaled from 0 to `ceiling` or the largest.

    `None` is "not known" and leaves a dot in its place, which is not the same as 0 (the lowest column). Fewer values
    than room leave the left empty. Braille falls back to columns where the glyph set has none.
    """
    if width <= 0:
        return Cell("")
    dots = braille and glyphs.current.braille
    shown = list(values[-width * (2 if dots else 1) :])
    known = [value for value in shown if value is not None and isfinite(value)]
    top = ceiling if ceiling is not None and ceiling > 0 else max(known, default=0.0)
    if dots:
        return _braille(shown, width, top, style)
    signs = glyphs.current.spark
    parts: list[tuple[str, str]] = [(" " * (width - len(shown)), "")] if len(shown) < width else []
    for value in shown:
        if value is None or not isfinite(value):
            parts.append((glyphs.current.ribbon_unseen, "dim"))
        else:
            parts.append((signs[_level(value, top, len(signs))], style))
    return Cell(parts=_joined(parts))


def _level(value: float, top: float, levels: int) -> int:
    """Height of a value, 0 to levels - 1; whatever is above zero is above the lowest height."""
    if top <= 0 or value <= 0:
        return 0
    return max(1, min(levels - 1, round(value / top * (levels - 1))))


def _braille(shown: Sequence[float | None], width: int, top: float, style: str) -> Cell:
    padded: list[float | None] = [*([None] * (width * 2 - len(shown))), *shown]
    text = ""
    for left, right in zip(padded[::2], padded[1::2], strict=True):
        bits = 0
        for column, value in enumerate((left, right)):
            if value is None or not isfinite(value):
                continue
            for bit in _DOTS[column][: max(1, _level(value, top, 5))]:
                bits |= bit
        text += chr(0x2800 + bits)
    return Cell(text, style)


def _joined(parts: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Neighbours of one style as one part."""
    joined: list[tuple[str, str]] = []
    for text, style in parts:
        if joined and joined[-1][1] == style:
            joined[-1] = (joined[-1][0] + text, style)
        elif text:
            joined.append((text, style))
    return tuple(joined)
