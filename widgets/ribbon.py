"""Who held something over time: one shade for each holder, a gap where nobody did, dots where nobody looked; plain data,
no Textual."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell

SHADES = 9


@dataclass(frozen=True, slots=True)
class Hold:
    """From `start` up to `end` (any unit, such as seconds) `who` held it; `None` is nobody.

    `seen` is False where nobody watched and only a later word tells who held it all that time.
    """

    start: float
    end: float
    who: str | None
    seen: bool = True


def shades(holders: Iterable[str]) -> dict[str, int]:
    """A shade from 1 to 9 for each holder, by name, so that a node has one colour everywhere."""
    return {name: number % SHADES + 1 for number, name in enumerate(sorted(set(holders)))}


def ribbon(holds: Sequence[Hold], begin: float, end: float, width: int, shade_of: Mapping[str, int]) -> Cell:
    """The time from `begin` to `end` in `width` cells.

    A cell shows who held it longest within its slice of time. What one looks for wins over it: a part in which nobody
    held it makes the cell a gap, more than one holder makes it a mixed one. A thin line is a holder that was told, not
    seen; a dot is time that no hold tells of. Later holds win over earlier ones where they overlap.
    """
    if width <= 0 or end <= begin:
        return Cell("")
    step = (end - begin) / width
    parts: list[tuple[str, str]] = []
    for column in range(width):
        text, style = _slice(holds, begin + column * step, begin + (column + 1) * step, shade_of)
        if parts and parts[-1][1] == style and parts[-1][0][-1] == text:
            parts[-1] = (parts[-1][0] + text, style)
        else:
            parts.append((text, style))
    return Cell(parts=tuple(parts))


def legend(shade_of: Mapping[str, int]) -> Cell:
    """The holders with their shades in one line."""
    parts: list[tuple[str, str]] = []
    for name, shade in sorted(shade_of.items(), key=lambda item: item[1]):
        if parts:
            parts.append(("  ", ""))
        parts.extend([(_sign(shade), f"node-{shade}"), (f" {name}", "")])
    return Cell(parts=tuple(parts))


def _sign(shade: int) -> str:
    signs = glyphs.current.ribbon
    return signs[(shade - 1) % len(signs)]


def _slice(holds: Sequence[Hold], start: float, end: float, shade_of: Mapping[str, int]) -> tuple[str, str]:
    # Borders of all holds inside the slice cut it into pieces, each with one holder.
    marks = sorted({start, end, *(edge for hold in holds for edge in (hold.start, hold.end) if start < edge < end)})
    held: dict[str, float] = {}
    seen = 0.0
    for left, right in pairwise(marks):
        middle = (left + right) / 2
        covering = [hold for hold in holds if hold.start <= middle < hold.end]
        if not covering:
            continue
        hold = covering[-1]
        if hold.who is None:
            return glyphs.current.ribbon_gap, "error"
        held[hold.who] = held.get(hold.who, 0.0) + right - left
        seen += (right - left) * hold.seen
    if not held:
        return glyphs.current.ribbon_unseen, "dim"
    shade = shade_of.get(max(held, key=lambda name: held[name]), SHADES)
    if len(held) > 1:
        return glyphs.current.ribbon_mixed, f"node-{shade}"
    return (_sign(shade) if seen else glyphs.current.ribbon_told), f"node-{shade}"
