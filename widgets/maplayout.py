"""Where the boxes of a map stand: layers from left to right by the direction of the links, boxes of a group together.

Pure and deterministic: numbers on the links have no say, so a busier line moves nothing. A plan is made from the one
before: boxes that are still there stay, a new one gets a free place. Only when much is new is everything arranged anew
(see :data:`GROWTH`). The lines are drawn into the plan by :mod:`~pointsman.widgets.maproute`.

Layers and order come from :mod:`~pointsman.widgets.maplayers`; here rows are aligned by medians. All lengths are cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pointsman.widgets.maplayers import Order, layers
from pointsman.widgets.mapmodel import Bundle, Link, Metrics, Skeleton, Spot

GROWTH = 3
"""Everything is arranged anew when a ``1/GROWTH`` of the boxes came since the last time (and more than :data:`FEW`)."""
FEW = 3


def settle(spots: Sequence[Spot], links: Iterable[Link], metrics: Metrics, before: Skeleton | None = None) -> Skeleton:
    """Places for all spots. Links to boxes that are not there are ignored, and so are links of a box to itself."""
    spots = sorted({spot.key: spot for spot in spots}.values(), key=lambda spot: spot.key)
    known = {spot.key for spot in spots}
    wanted = sorted({link for link in links if link[0] != link[1] and link[0] in known and link[1] in known})
    if before is not None and before.arranged:
        new = [spot for spot in spots if spot.key not in before.column or before.group[spot.key] != spot.group]
        fresh = before.fresh + len(new)
        if fresh <= max(FEW, before.arranged // GROWTH):
            return _added(spots, new, wanted, metrics, before, fresh)
    return _arranged(spots, wanted, metrics)


# -- everything anew ------------------------------------------------------------------------------------------------------
def _arranged(spots: Sequence[Spot], links: Sequence[Link], metrics: Metrics) -> Skeleton:
    layer = layers(spots, links)
    group = {spot.key: spot.group for spot in spots}
    order = Order(spots, links, layer, group)
    order.improve()
    line, lanes = _lines(order, metrics)
    return Skeleton(layer, line, group, lanes, _widths(spots, layer, metrics), len(spots), 0)


def _widths(spots: Sequence[Spot], layer: Mapping[str, int], metrics: Metrics) -> tuple[int, ...]:
    """Cells of the boxes of each column, frame included."""
    widths = [6] * (max(layer.values(), default=-1) + 1)
    for spot in spots:
        at = layer[spot.key]
        widths[at] = max(widths[at], min(metrics.words, max(spot.width, len(spot.group) + 1)) + 4)
    return tuple(widths)


# -- lines ----------------------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class _Block:
    """Things of a column that stand under each other without room to move."""

    wants: list[float]
    first: int
    last: int

    @property
    def at(self) -> float:
        return sorted(self.wants)[(len(self.wants) - 1) // 2]


def _lines(order: Order, metrics: Metrics) -> tuple[dict[str, int], dict[tuple[Bundle, int], int]]:
    """The first line of every box, and the line of every passing bundle: straight lines where there can be any."""
    columns = [_pieces(order, column, metrics) for column in order.columns]
    centre: dict[str, int] = {}
    for pieces in columns:
        at = 0
        for piece in pieces:
            at += piece.space
            _put(piece, at, centre)
            at += piece.height
    for number in range(5):
        side = number % 2
        span = range(1, len(columns)) if side == 0 else range(len(columns) - 2, -1, -1)
        for at in span:
            _align(columns[at], centre, order, side)
    low = min((centre[piece.names[0]] - piece.offsets[0] for pieces in columns for piece in pieces), default=0)
    line: dict[str, int] = {}
    lanes: dict[tuple[Bundle, int], int] = {}
    for name, at in centre.items():
        if name in order.lane:
            lanes[order.lane[name]] = at - low
        else:
            line[name] = at - low - metrics.line
    return _closed_up(line, lanes, order, metrics)


def _closed_up(
    line: dict[str, int], lanes: dict[tuple[Bundle, int], int], order: Order, metrics: Metrics
) -> tuple[dict[str, int], dict[tuple[Bundle, int], int]]:
    """Without the lines that are free in every column, but for the gap between groups."""
    used = set(lanes.values()).union(*taken(order.layer, line, order.group, metrics))
    moved: dict[int, int] = {}
    at = free = 0
    for row in range(max(used, default=-1) + 1):
        free = 0 if row in used else free + 1
        moved[row] = at
        at += free <= metrics.gap
    return (
        {key: moved[row - 1] + 1 for key, row in line.items()},
        {key: moved[row] for key, row in lanes.items()},
    )


@dataclass(slots=True)
class _Piece:
    """A run of a group's boxes, or a passing bundle. ``offsets`` are the lines of its links from its first line."""

    names: list[str]
    offsets: list[int]
    height: int
    space: int
    """Lines to keep free above it."""


def _pieces(order: Order, column: Sequence[str], metrics: Metrics) -> list[_Piece]:
    pieces: list[_Piece] = []
    run = ""
    for name in column:
        if name in order.lane:
            pieces.append(_Piece([name], [0], 1, 0))
            run = ""
            continue
        if order.run_of(name) != run or not pieces:
            run = order.run_of(name)
            above = bool(pieces) and pieces[-1].names[0] not in order.lane
            pieces.append(_Piece([], [], 1 + metrics.foot, metrics.gap if above else 0))
        piece = pieces[-1]
        piece.offsets.append(1 + len(piece.names) * metrics.height + metrics.line)
        piece.names.append(name)
        piece.height += metrics.height
    return pieces


def _put(piece: _Piece, at: int, centre: dict[str, int]) -> None:
    for name, offset in zip(piece.names, piece.offsets, strict=True):
        centre[name] = at + offset


def _align(pieces: Sequence[_Piece], centre: dict[str, int], order: Order, side: int) -> None:
    """Move the pieces of a column, in their order, as near as can be to where their neighbours' lines are."""
    offsets: list[int] = []
    total = 0
    for piece in pieces:
        total += piece.space
        offsets.append(total)
        total += piece.height
    blocks: list[_Block] = []
    for index, piece in enumerate(pieces):
        near = [
            centre[other] - offset - offsets[index]
            for name, offset in zip(piece.names, piece.offsets, strict=True)
            for other in order.beside[name][side]
        ]
        # A box comes first: of two lines it is the one to a box that is to be straight.
        wants = [float(one) for one in near] * (1 if piece.names[0] in order.lane else 3) or [
            float(centre[piece.names[0]] - piece.offsets[0] - offsets[index])
        ]
        blocks.append(_Block(wants, index, index))
        while len(blocks) > 1 and blocks[-2].at > blocks[-1].at:
            last = blocks.pop()
            blocks[-1] = _Block(blocks[-1].wants + last.wants, blocks[-1].first, last.last)
    for block in blocks:
        at = round(block.at)
        for index in range(block.first, block.last + 1):
            _put(pieces[index], at + offsets[index], centre)


# -- some more ------------------------------------------------------------------------------------------------------------
def _added(
    spots: Sequence[Spot], new: Sequence[Spot], links: Sequence[Link], metrics: Metrics, before: Skeleton, fresh: int
) -> Skeleton:
    """The plan before without what is gone and with what is new; nothing that stays moves."""
    stay = {spot.key for spot in spots} - {spot.key for spot in new}
    column = {key: at for key, at in before.column.items() if key in stay}
    line = {key: at for key, at in before.line.items() if key in stay}
    group = {spot.key: spot.group for spot in spots if spot.key in stay}
    widths = list(before.widths)
    lanes = dict(before.lanes)
    for spot in new:
        at = _column_for(spot, links, column)
        if at == len(widths):
            widths.append(6)
            lanes = {key: value for key, value in lanes.items() if key[1] < at}
        if not any(where == at for where in column.values()):
            widths[at] = max(widths[at], min(metrics.words, max(spot.width, len(spot.group) + 1)) + 4)
        line[spot.key] = _room_for(spot, at, column, line, group, lanes, metrics)
        column[spot.key] = at
        group[spot.key] = spot.group
    return Skeleton(column, line, group, lanes, tuple(widths), before.arranged, fresh)


def _column_for(spot: Spot, links: Sequence[Link], column: Mapping[str, int]) -> int:
    """Right of what leads to it; else left of what it leads to; else the second."""
    if spot.side == "left" or not column:
        return 0
    last = max(column.values())
    before = [column[one] for one, other in links if other == spot.key and one in column]
    after = [column[other] for one, other in links if one == spot.key and other in column]
    least = min(1, last)
    if before:
        return min(max(before) + 1, last + 1)
    if after:
        return max(min(after) - 1, least)
    return least


def taken(
    column: Mapping[str, int], line: Mapping[str, int], group: Mapping[str, str], metrics: Metrics
) -> list[set[int]]:
    """The lines that boxes and titles take, by column."""
    found: list[set[int]] = [set() for _ in range(max(column.values(), default=-1) + 1)]
    for key, at in column.items():
        top = line[key]
        found[at].update(range(top, top + metrics.height))
    for run in runs(column, line, group, metrics):
        found[run.column].update(range(run.top - 1, run.bottom + 1 + metrics.foot))
    return found


@dataclass(frozen=True, slots=True)
class Run:
    """Boxes of a group that stand under each other. ``top`` and ``bottom`` are its first and last line; a box that has gone
    may have left a hole between them."""

    group: str
    column: int
    top: int
    bottom: int


def runs(column: Mapping[str, int], line: Mapping[str, int], group: Mapping[str, str], metrics: Metrics) -> list[Run]:
    found: list[Run] = []
    for key in sorted(column, key=lambda one: (column[one], line[one], one)):
        last = found[-1] if found else None
        if (
            last is not None
            and last.column == column[key]
            and last.group == group[key]
            and line[key] - last.bottom - 1 < 1 + metrics.foot  # no room to end one and begin another
        ):
            found[-1] = Run(last.group, last.column, last.top, line[key] + metrics.height - 1)
        else:
            found.append(Run(group[key], column[key], line[key], line[key] + metrics.height - 1))
    return found


def _room_for(
    spot: Spot,
    at: int,
    column: Mapping[str, int],
    line: Mapping[str, int],
    group: Mapping[str, str],
    lanes: Mapping[tuple[Bundle, int], int],
    metrics: Metrics,
) -> int:
    """The first line of a new box: under its group if there is room, else in the first gap, else at the bottom."""
    rows = taken(column, line, group, metrics)
    full = (rows[at] if at < len(rows) else set()) | {where for (_, place), where in lanes.items() if place == at}
    here = [run for run in runs(column, line, group, metrics) if run.column == at]
    boxes = {
        row for key, where in column.items() if where == at for row in range(line[key], line[key] + metrics.height)
    }
    for run in here:
        for top in range(run.top, run.bottom + 2 - metrics.height):
            if run.group == spot.group and boxes.isdisjoint(range(top, top + metrics.height)):
                return top
    for run in here:
        feet = set(range(run.bottom + 1, run.bottom + 1 + metrics.foot))
        want = set(range(run.bottom + 1, run.bottom + 1 + metrics.height + metrics.foot + metrics.gap))
        if run.group == spot.group and not want & (full - feet):
            return run.bottom + 1
    need = 1 + metrics.height + metrics.foot
    bottom = max(full, default=-metrics.gap - 1)
    for top in range(bottom + metrics.gap + 2):
        if not full & set(range(top - metrics.gap, top + need + metrics.gap)):
            return top + 1
    return bottom + metrics.gap + 2
