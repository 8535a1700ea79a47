"""Where the boxes of a map stand: layers from left to right by the direction of the links, boxes of a group together.

Pure and deterministic: numbers on the links have no say, so a busier line moves nothing. A plan is made from the one
before: boxes that are still there stay, a new one gets a free place. Only when much is new is everything arranged anew
(see :data:`GROWTH`). The lines are drawn into the plan by :mod:`~pointsman.widgets.maproute`.

The way is Sugiyama's: links that would close a circle are turned around, each box stands right of what leads to it, a few
sweeps by the mean of the neighbours take crossings out, and rows are aligned by medians. All unit lengths are cells.

One module of more than 300 lines, since its steps only make sense one after the other.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Link = tuple[str, str]
"""Keys of the box it leaves and of the box it leads to."""

GROWTH = 3
"""Everything is arranged anew when a ``1/GROWTH`` of the boxes came since the last time (and more than :data:`FEW`)."""
FEW = 3
SWEEPS = 6
MOST_COLUMNS = 9
"""A longer chain shares columns: a map that is read from left to right has to end somewhere."""
COUNTED = 4_000
"""Pairs of links up to which crossings are counted after each sweep; above, the last sweep is taken."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A box that wants a place. ``side`` is ``left`` for what stands at the left whatever leads to it; ``width`` the cells
    of its words."""

    key: str
    group: str
    width: int
    side: str = ""


@dataclass(frozen=True, slots=True)
class Metrics:
    """``height``: lines of a box; ``foot``: lines below the last box of a group; ``gap``: lines between two groups;
    ``words``: widest box; ``label``: cells of a line kept free for words before its arrow; ``step``: cells from one
    upright line to the next."""

    height: int = 3
    foot: int = 0
    gap: int = 1
    words: int = 20
    label: int = 8
    step: int = 2

    @property
    def line(self) -> int:
        """The line of a box where links leave and come in, from its top."""
        return self.height // 2

    @property
    def back(self) -> int:
        """The line where links that run to the left leave and come in."""
        return self.height - 1


@dataclass(frozen=True, slots=True)
class Rect:
    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column beyond."""
        return self.x + self.width


@dataclass(frozen=True, slots=True)
class Head:
    """The title over the boxes of a group that stand together; ``foot`` is the last line of the last of them."""

    group: str
    x: int
    y: int
    width: int
    foot: int


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Where everything stands, in columns and lines; what the next plan is made from.

    ``lanes`` are the lines on which bundles of links pass a column: ``(bundle, column) -> line``.
    """

    column: Mapping[str, int] = field(default_factory=dict)
    line: Mapping[str, int] = field(default_factory=dict)
    group: Mapping[str, str] = field(default_factory=dict)
    lanes: Mapping[tuple[tuple[str, str], int], int] = field(default_factory=dict)
    widths: tuple[int, ...] = ()
    arranged: int = 0
    """Boxes there were when everything was arranged last."""
    fresh: int = 0
    """Boxes that came since."""


Bundle = tuple[str, str]
"""Links that share their way through a column: ``("to", key)`` or ``("from", key)``."""


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
    layer = _layers(spots, links)
    group = {spot.key: spot.group for spot in spots}
    order = _Order(spots, links, layer, group)
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


def _layers(spots: Sequence[Spot], links: Sequence[Link]) -> dict[str, int]:
    """The column of each box: right of all that lead to it, as far as there is no circle."""
    after: dict[str, list[str]] = {spot.key: [] for spot in spots}
    into: dict[str, list[str]] = {spot.key: [] for spot in spots}
    place = {key: number for number, key in enumerate(_line_up(spots, links))}
    for one, other in links:
        first, then = (one, other) if place[one] < place[other] else (other, one)
        after[first].append(then)
        into[then].append(first)
    layer: dict[str, int] = {}
    for key in sorted(place, key=place.__getitem__):
        layer[key] = max((layer[one] + 1 for one in into[key]), default=0)
    left = {spot.key for spot in spots if spot.side == "left"}
    least = 1 if left else 0
    for spot in spots:  # nothing but what belongs at the left stands there
        if spot.key not in left and not into[spot.key]:
            layer[spot.key] = max(layer[spot.key], least)
    for key in sorted(place, key=place.__getitem__):
        layer[key] = max([layer[key], *(layer[one] + 1 for one in into[key])])
    # What nothing leads to stands just left of the nearest it leads to.
    for key in sorted(place, key=place.__getitem__, reverse=True):
        if key not in left and not into[key] and after[key]:
            layer[key] = max(layer[key], min(layer[one] for one in after[key]) - 1)
    _together(spots, layer, into, after)
    used = {at: number for number, at in enumerate(sorted(set(layer.values())))}
    over = max(1.0, len(used) / MOST_COLUMNS)
    return {key: int(used[at] / over) for key, at in layer.items()}


def _together(
    spots: Sequence[Spot], layer: dict[str, int], into: Mapping[str, list[str]], after: Mapping[str, list[str]]
) -> None:
    """Boxes that may stand in several columns go where most of their group are."""
    members: dict[str, dict[int, int]] = {}
    for spot in spots:
        columns = members.setdefault(spot.group, {})
        columns[layer[spot.key]] = columns.get(layer[spot.key], 0) + 1
    for spot in spots:
        key, columns = spot.key, members[spot.group]
        if not after[key] or not into[key] or spot.side:
            continue
        low = max(layer[one] for one in into[key]) + 1
        high = min(layer[one] for one in after[key]) - 1
        best = max(range(low, high + 1), key=lambda at: (columns.get(at, 0) - (at == layer[key]), -at), default=None)
        if best is not None and best != layer[key] and columns.get(best, 0) >= columns[layer[key]]:
            columns[layer[key]] -= 1
            columns[best] = columns.get(best, 0) + 1
            layer[key] = best


def _line_up(spots: Sequence[Spot], links: Sequence[Link]) -> list[str]:
    """All boxes in a row so that few links run backwards (the greedy way of Eades, Lin and Smyth)."""
    out: dict[str, set[str]] = {spot.key: set() for spot in spots}
    into: dict[str, set[str]] = {spot.key: set() for spot in spots}
    for one, other in links:
        out[one].add(other)
        into[other].add(one)
    head: list[str] = []
    tail: list[str] = []
    left = {spot.key for spot in spots}

    def take(key: str, where: list[str]) -> None:
        where.append(key)
        left.discard(key)
        for other in out[key]:
            into[other].discard(key)
        for other in into[key]:
            out[other].discard(key)

    for spot in spots:
        if spot.side == "left":
            take(spot.key, head)
    while left:
        ends = sorted(key for key in left if not out[key])
        if ends:
            for key in ends:
                take(key, tail)
            continue
        starts = sorted(key for key in left if not into[key])
        if starts:
            for key in starts:
                take(key, head)
            continue
        take(min(left, key=lambda key: (len(into[key]) - len(out[key]), key)), head)
    return head + tail[::-1]


def bundles(links: Iterable[Link], column: Mapping[str, int]) -> dict[Link, Bundle]:
    """By which bundle each link that passes a column goes: with the others to its end, or with those of its start."""
    long = [link for link in links if abs(column[link[0]] - column[link[1]]) > 1]
    starts: dict[str, int] = {}
    ends: dict[str, int] = {}
    for one, other in long:
        back = column[one] > column[other]
        starts[_of(one, back)] = starts.get(_of(one, back), 0) + 1
        ends[_of(other, back)] = ends.get(_of(other, back), 0) + 1
    found = {}
    for one, other in long:
        back = column[one] > column[other]
        to, fro = _of(other, back), _of(one, back)
        found[one, other] = ("to", to) if ends[to] >= starts[fro] else ("from", fro)
    return found


def _of(key: str, back: bool) -> str:
    """Links to the left never share their way with links to the right."""
    return f"<{key}" if back else f">{key}"


class _Order:
    """What stands above what in each column: boxes by group, and the bundles that pass."""

    def __init__(
        self, spots: Sequence[Spot], links: Sequence[Link], layer: Mapping[str, int], group: Mapping[str, str]
    ) -> None:
        self.layer, self.group = layer, group
        self.columns: list[list[str]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
        self.lane: dict[str, tuple[Bundle, int]] = {}
        """Names of passing bundles → bundle and column."""
        self.beside: dict[str, tuple[set[str], set[str]]] = {}
        """Neighbours in the column before and in the one after."""
        for spot in spots:
            self.columns[layer[spot.key]].append(spot.key)
            self.beside[spot.key] = (set(), set())
        way = bundles(links, layer)
        for link in links:
            one, other = link if layer[link[0]] <= layer[link[1]] else link[::-1]
            before = one
            for at in range(layer[one] + 1, layer[other]):
                name = f"\0{way[link][0]}{way[link][1]}\0{at}"
                if name not in self.lane:
                    self.lane[name] = (way[link], at)
                    self.columns[at].append(name)
                    self.beside[name] = (set(), set())
                self._join(before, name)
                before = name
            if layer[one] != layer[other]:
                self._join(before, other)
        self.best: list[list[str]] = []

    def _join(self, one: str, other: str) -> None:
        self.beside[one][1].add(other)
        self.beside[other][0].add(one)

    def run_of(self, name: str) -> str:
        """What it must stand together with: its group, a passing bundle only with itself."""
        return name if name in self.lane else f"\1{self.group[name]}"

    def improve(self) -> None:
        """Sweeps from left to right and back; the order with the fewest crossings is kept."""
        self.columns = [self._grouped(column, {name: float(at) for at, name in enumerate(column)})
                        for column in self.columns]  # fmt: skip
        best, fewest = [list(column) for column in self.columns], self.crossings()
        for number in range(SWEEPS):
            if not fewest:
                break
            side = number % 2
            order = range(1, len(self.columns)) if side == 0 else range(len(self.columns) - 2, -1, -1)
            for at in order:
                beside = self.columns[at - 1 if side == 0 else at + 1]
                place = {name: index for index, name in enumerate(beside)}
                want: dict[str, float] = {}
                for index, name in enumerate(self.columns[at]):
                    near = [place[other] for other in self.beside[name][side] if other in place]
                    want[name] = sum(near) / len(near) if near else index * len(beside) / len(self.columns[at])
                self.columns[at] = self._grouped(self.columns[at], want)
            crossings = self.crossings()
            if crossings is None or fewest is None or crossings < fewest:
                best, fewest = [list(column) for column in self.columns], crossings
        self.columns = best

    def _grouped(self, column: Sequence[str], want: Mapping[str, float]) -> list[str]:
        """The column sorted by what each wants, with groups together."""
        runs: dict[str, list[str]] = {}
        for name in column:
            runs.setdefault(self.run_of(name), []).append(name)
        mean = {run: sum(want[name] for name in names) / len(names) for run, names in runs.items()}
        place = {name: index for index, name in enumerate(column)}
        return [
            name
            for run in sorted(runs, key=lambda run: (mean[run], min(place[name] for name in runs[run])))
            for name in sorted(runs[run], key=lambda name: (want[name], place[name]))
        ]

    def crossings(self) -> int | None:
        """How many pairs of lines cross, or None if there are too many to count."""
        total = 0
        for at in range(len(self.columns) - 1):
            after = {name: index for index, name in enumerate(self.columns[at + 1])}
            ends = [
                after[other]
                for name in self.columns[at]
                for other in sorted(self.beside[name][1], key=lambda one: after.get(one, -1))
                if other in after
            ]
            if len(ends) > COUNTED:
                return None
            seen: list[int] = []
            for end in ends:
                where = bisect_right(seen, end)
                total += len(seen) - where
                seen.insert(where, end)
        return total


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


def _lines(order: _Order, metrics: Metrics) -> tuple[dict[str, int], dict[tuple[Bundle, int], int]]:
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
    line: dict[str, int], lanes: dict[tuple[Bundle, int], int], order: _Order, metrics: Metrics
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


def _pieces(order: _Order, column: Sequence[str], metrics: Metrics) -> list[_Piece]:
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


def _align(pieces: Sequence[_Piece], centre: dict[str, int], order: _Order, side: int) -> None:
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
