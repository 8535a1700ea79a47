"""How wide each column is: a pure function of the columns, the room and what was seen in the cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pointsman.widgets.cells import Column
from pointsman.widgets.text import width

_NARROW = 100
_FRAME = 4

GUTTER = 2
"""Cells left of the first column: the cursor's bar or a mark, and a space."""


@dataclass(frozen=True, slots=True)
class Placement:
    """One visible column: its index among all columns, where it starts and how wide it is, in cells."""

    index: int
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns are. `width` is what they take altogether and may be more than the room there is."""

    placements: tuple[Placement, ...]
    width: int
    hidden: tuple[str, ...]
    """Keys of the columns there is no room for."""

    def column_at(self, x: int) -> int | None:
        """Index of the column under a cell, the gap after a column included."""
        for placement in reversed(self.placements):
            if x >= placement.x:
                return placement.index
        return self.placements[0].index if self.placements else None


def lay_out(
    columns: Sequence[Column[Any]],
    room: int,
    terminal_width: int,
    seen: Mapping[str, int],
    *,
    wide: bool = False,
) -> Layout:
    """Place the columns in `room` cells.

    `seen` is the widest cell seen in each column without a fixed width. Columns go by `min_terminal_width` and `priority` (see
    `Column`), unless all are wanted (`wide`); what is left over goes to the `flex` columns. With no flex column the
    room at the right stays empty.
    """
    gap = 2
    shown = [
        index
        for index, column in enumerate(columns)
        if (
            terminal_width >= column.min_terminal_width
            and terminal_width <= (column.max_terminal_width or terminal_width)
            and not (wide and column.max_terminal_width)
        )
        or (wide and not column.max_terminal_width)
    ]
    least = {index: _least(columns[index], seen) for index in shown}

    def needed() -> int:
        return GUTTER + sum(least[index] for index in shown) + gap * max(0, len(shown) - 1)

    if needed() > room and terminal_width < _NARROW:
        gap = 1  # here a narrower gap is better than a column less

    def dispensable(index: int) -> tuple[bool, int, int]:
        # In half a screen a list first gives up what it would not show on a terminal of that width.
        return columns[index].min_terminal_width > room + _FRAME, columns[index].priority, index

    gone: list[int] = []
    while needed() > room and not wide:
        candidates = [index for index in shown if columns[index].priority > 0 or columns[index].min_terminal_width > 0]
        if not candidates:
            break
        gone.append(max(candidates, key=dispensable))
        shown.remove(gone[-1])
    # The last one to go may have been a wide one: a narrow one that went before it may fit in what no other needs.
    for index in reversed(gone):
        wanted = sum(max(0, seen.get(columns[at].key, 0) - least[at]) for at in shown if columns[at].flex)
        if not dispensable(index)[0] and needed() + wanted + least[index] + gap <= room:
            shown = sorted([*shown, index])
    if needed() > room:
        gap = 1
    widths = {index: least[index] for index in shown}
    _share(columns, shown, widths, seen, max(0, room - needed()))
    placements: list[Placement] = []
    x = GUTTER
    for index in shown:
        placements.append(Placement(index, x, widths[index]))
        x += widths[index] + gap
    total = x - gap if shown else GUTTER
    kept = set(shown)
    hidden = tuple(column.key for index, column in enumerate(columns) if index not in kept)
    return Layout(tuple(placements), total, hidden)


def _least(column: Column[Any], seen: Mapping[str, int]) -> int:
    # Two cells beside the title stay free for the sort arrow.
    title = width(column.title) + (2 if column.value is not None and column.title else 0)
    if column.width is not None:
        return max(1, column.width)
    if column.flex:
        # The least there must be for what is in it; where all cells are shorter, others have more use for the room.
        least = column.min_width if column.key not in seen else min(column.min_width, seen[column.key])
        return max(1, least, min(title, column.max_width))
    return max(1, title, min(column.max_width, seen.get(column.key, 0)))


def _share(
    columns: Sequence[Column[Any]], shown: Sequence[int], widths: dict[int, int], seen: Mapping[str, int], spare: int
) -> None:
    """Give spare cells to the flex columns in proportion: first up to what their cells need, then what is left."""
    flexible = [index for index in shown if columns[index].flex and columns[index].width is None]
    hungry = {index: seen.get(columns[index].key, 0) - widths[index] for index in flexible}
    while spare > 0 and (takers := [index for index in flexible if hungry[index] > 0]):
        for index, share in zip(takers, _portions([columns[index].flex for index in takers], spare), strict=True):
            given = min(share, hungry[index])
            widths[index] += given
            hungry[index] -= given
            spare -= given
    for index, share in zip(flexible, _portions([columns[index].flex for index in flexible], spare), strict=True):
        widths[index] += share


def _portions(weights: Sequence[int], amount: int) -> list[int]:
    """An amount in whole parts by weight; what does not divide goes to the first ones."""
    total = sum(weights)
    parts = [amount * weight // total for weight in weights]
    for index in range(amount - sum(parts) if weights else 0):
        parts[index] += 1
    return parts
