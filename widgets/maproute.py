"""The lines of a map: from the places of its boxes to ways that run straight or turn at right angles, and to cells.

Between two columns there is a channel. All links that leave a box through it share one upright line, and all that come to a
box share the last stretch before it; two upright lines that would run into each other stand beside each other. Where lines
only cross, the upright one goes over the other, so that every corner and branch that is drawn is one.

A line that leaves in a row where another one arrives has to turn off before that (a rule between two nets of lines). Where
such rules close a circle, one of the nets goes by way of a free row.

Over 300 lines, because rules, tracks and cells are one algorithm; each step is a function or class of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pointsman.widgets.mapcells import LEFT, RIGHT, Point, Rows, Way
from pointsman.widgets.maplayers import bundles
from pointsman.widgets.maplayout import runs, taken
from pointsman.widgets.mapmodel import Bundle, Head, Link, Metrics, Rect, Skeleton

_PAIRED = 120
"""Nets of one channel up to which every two are compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A map that is ready to be drawn, in cells. ``rows`` are the lines' cells by line and column; ``ports`` are the cells
    of frames that a link leaves from, with the side it leaves at."""

    skeleton: Skeleton
    metrics: Metrics
    boxes: Mapping[str, Rect]
    heads: tuple[Head, ...]
    ways: Mapping[Link, Way]
    rows: Rows
    ports: Mapping[Point, tuple[int, tuple[Link, ...]]]
    width: int
    height: int

    def boxes_on(self, y: int) -> list[str]:
        """The boxes that a line of the map cuts."""
        return [key for key, rect in self.boxes.items() if rect.y <= y < rect.y + rect.height]


_Name = tuple[str, str]
_Rules = dict[_Name, dict[_Name, bool]]
"""For each net the nets that stand left of it; False: only better so."""


@dataclass(slots=True)
class _Net:
    """Lines of a channel that share an upright one: rows at the left and at the right that it joins, its track."""

    name: _Name
    left: set[int] = field(default_factory=set)
    right: set[int] = field(default_factory=set)
    track: int = -1
    span: tuple[int, int] = (0, 0)
    """First and last row, once all are known."""

    @property
    def straight(self) -> bool:
        return len(self.left | self.right) == 1

    def measure(self) -> None:
        rows = self.left | self.right
        self.span = (min(rows), max(rows))


class _Channel:
    """The nets between a column and the next, and where they turn."""

    def __init__(self) -> None:
        self.nets: dict[_Name, _Net] = {}
        self.by_way: dict[tuple[_Name, int], tuple[_Name, int]] = {}
        """Of a net's row at the right that it reaches through another net: that net, and the row between."""
        self.tracks = 0
        self.words = False
        """Whether a link arrives at a box through it, so that there has to be room for words."""

    def net(self, name: _Name) -> _Net:
        return self.nets.setdefault(name, _Net(name))

    def assign(self) -> None:
        """Give each net its track, left to right."""
        for net in self.nets.values():
            net.measure()
        placed: list[_Net] = []
        for net in self._ordered():
            low, high = net.span
            net.track = 1 + max(
                (
                    other.track
                    for other in placed
                    if (other.span[0] <= high and low <= other.span[1]) or other.left & net.right
                ),
                default=-1,
            )
            placed.append(net)
        self.tracks = 1 + max((net.track for net in placed), default=-1)

    def _ordered(self) -> list[_Net]:
        """Nets in the order of their tracks: rules first, then as few crossings as a greedy choice finds."""
        waiting = {name: net for name, net in sorted(self.nets.items()) if not net.straight}
        ends: dict[int, list[_Net]] = {}
        for net in waiting.values():
            for row in net.right:
                ends.setdefault(row, []).append(net)
        before: _Rules = {name: {} for name in waiting}
        for net in waiting.values():
            for row in net.left:
                for other in ends.get(row, ()):
                    if other is not net:
                        # If this net ends in that row too, and the other reaches all that this one does, the wrong order
                        # would say nothing that is not so: then it is only nicer.
                        hard = row not in net.right or not net.right <= other.right
                        before[other.name][net.name] = before[other.name].get(net.name, False) or hard
        score = _scores(waiting)
        placed: list[_Net] = []
        while waiting:
            free = [name for name in waiting if before[name].keys().isdisjoint(waiting)] or [
                name for name in waiting if not any(hard and other in waiting for other, hard in before[name].items())
            ]
            if not free:
                free = [self._open(waiting, before)]
                score = _scores(waiting)
            name = min(free, key=lambda one: (score[one], one))
            chosen = waiting.pop(name)
            placed.append(chosen)
            if len(score) <= _PAIRED:
                for other in waiting.values():
                    score[other.name] -= _cost(other, chosen) - _cost(chosen, other)
        return placed

    def _open(self, waiting: dict[_Name, _Net], before: _Rules) -> _Name:
        """Rules go round in a circle: the net that waits for fewest and holds up another gets a second upright line."""
        ahead = {name: {other for other, hard in before[name].items() if hard and other in waiting} for name in waiting}
        holds_up = set().union(*ahead.values())
        name = min(holds_up, key=lambda one: (len(ahead[one]), one))
        extra = self._split(waiting[name], ahead[name], waiting)
        before[name] = {}
        before[extra.name] = {**dict.fromkeys(ahead[name], True), name: True}
        waiting[extra.name] = extra
        return name

    def _split(self, net: _Net, others: set[_Name], waiting: Mapping[_Name, _Net]) -> _Net:
        """Have the rows that the others do not allow reached by way of a row that nobody else has."""
        lefts = set().union(*(waiting[other].left for other in others))
        moved = net.right & lefts
        used = set().union(*(one.left | one.right for one in self.nets.values()))
        start = min(net.left)
        row = next(at for step in range(1, 10_000) for at in (start + step, start - step) if at >= 0 and at not in used)
        extra = _Net((net.name[0], f"{net.name[1]}\0{row}"), {row}, moved)
        net.right = (net.right - moved) | {row}
        net.measure()
        extra.measure()
        self.nets[extra.name] = extra
        for at in moved:
            self.by_way[net.name, at] = (extra.name, row)
        return extra


def _scores(nets: Mapping[_Name, _Net]) -> dict[_Name, int]:
    """For each net how many more crossings there are with it left of all others than right of them."""
    score = dict.fromkeys(nets, 0)
    if len(nets) <= _PAIRED:
        items = list(nets.values())
        for number, one in enumerate(items):
            for other in items[number + 1 :]:
                more = _cost(one, other) - _cost(other, one)
                score[one.name] += more
                score[other.name] -= more
    return score


def _cost(one: _Net, other: _Net) -> int:
    """Crossings of two nets if the first stands left of the second."""
    low, high = one.span
    other_low, other_high = other.span
    if high < other_low or other_high < low:
        return 0
    found = 0
    for row in one.right:
        found += other_low < row < other_high
    for row in other.left:
        found += low < row < high
    return found


@dataclass(slots=True)
class _Hop:
    """A link's part in one channel: its net, the rows it comes from and goes to; ``turns`` back to the same side."""

    channel: int
    net: tuple[str, str]
    start: int
    end: int
    turns: bool = False


def route(skeleton: Skeleton, links: Iterable[Link], metrics: Metrics) -> Plan:
    """The plan of a skeleton with these links drawn into it."""
    column, line = skeleton.column, skeleton.line
    wanted = sorted({link for link in links if link[0] != link[1] and link[0] in column and link[1] in column})
    channels = [_Channel() for _ in range(len(skeleton.widths))]
    lanes = _lanes(skeleton, wanted, metrics)
    way = bundles(wanted, column)
    hops: dict[Link, list[_Hop]] = {link: _hops(link, column, line, lanes, way, metrics, channels) for link in wanted}
    for channel in channels:
        channel.assign()
    starts = _columns(skeleton, channels, metrics)
    boxes = {
        key: Rect(starts[column[key]], line[key], skeleton.widths[column[key]], metrics.height)
        for key in sorted(column)
    }
    ways = {link: _way(link, hops[link], channels, starts, skeleton, metrics) for link in wanted}
    rows, ports = Rows(ways), _ports(ways, boxes)
    heads = tuple(
        Head(run.group, starts[run.column], run.top - 1, skeleton.widths[run.column], run.bottom + metrics.foot)
        for run in runs(column, line, skeleton.group, metrics)
    )
    last = len(skeleton.widths) - 1
    right = 0
    if last >= 0:
        right = starts[last] + skeleton.widths[last] + 1 + channels[last].tracks * metrics.step
    bottom = max([*(head.foot for head in heads), *rows, 0]) + 1 if heads else 0
    kept = Skeleton(column, line, skeleton.group, lanes, skeleton.widths, skeleton.arranged, skeleton.fresh)
    return Plan(kept, metrics, boxes, heads, ways, rows, ports, right, bottom)


def _lanes(skeleton: Skeleton, links: Iterable[Link], metrics: Metrics) -> dict[tuple[Bundle, int], int]:
    """The line of each bundle in each column it passes: the one it had, or the free one that is nearest."""
    column, line = skeleton.column, skeleton.line
    way = bundles(links, column)
    rows = taken(column, line, skeleton.group, metrics)
    wants: dict[tuple[Bundle, int], list[int]] = {}
    for (one, other), bundle in way.items():
        low, high = sorted((column[one], column[other]))
        for at in range(low + 1, high):
            wants.setdefault((bundle, at), []).extend((line[one] + metrics.line, line[other] + metrics.line))
    found: dict[tuple[Bundle, int], int] = {}
    for key in wants:
        where = skeleton.lanes.get(key)
        if where is not None and where not in rows[key[1]]:
            found[key] = where
            rows[key[1]].add(where)
    for key in sorted(wants, key=lambda key: (key[1], key[0])):
        if key in found:
            continue
        near = wants[key]
        want = sum(near) // len(near)
        full = rows[key[1]]
        step = 0
        while True:
            free = next((at for at in (want - step, want + step) if at >= 0 and at not in full), None)
            if free is not None:
                break
            step += 1
        found[key] = free
        full.add(free)
    return found


def _hops(
    link: Link,
    column: Mapping[str, int],
    line: Mapping[str, int],
    lanes: Mapping[tuple[Bundle, int], int],
    way: Mapping[Link, Bundle],
    metrics: Metrics,
    channels: list[_Channel],
) -> list[_Hop]:
    """The link's parts from left to right, each entered in the net it belongs to."""
    one, other = link
    if column[one] == column[other]:
        at = column[one]
        start, end = line[one] + metrics.line, line[other] + metrics.back
        net = channels[at].net((other, "back"))
        net.left.update((start, end))
        return [_Hop(at, net.name, start, end, turns=True)]
    back = column[one] > column[other]
    low, high = (other, one) if back else (one, other)
    name = (low, "back" if back else "out")
    at = line[low] + (metrics.back if back else metrics.line)
    found: list[_Hop] = []
    for place in range(column[low], column[high]):
        last = place + 1 == column[high]
        if last:
            to = line[high] + (metrics.back if back else metrics.line)
            channels[place].words |= not back
        else:
            to = lanes[way[link], place + 1]
        net = channels[place].net(name)
        net.left.add(at)
        net.right.add(to)
        found.append(_Hop(place, name, at, to))
        if not last:
            name, at = way[link], to
    return found


def _columns(skeleton: Skeleton, channels: list[_Channel], metrics: Metrics) -> list[int]:
    """The first cell of each column."""
    starts: list[int] = []
    at = 0
    for width, channel in zip(skeleton.widths, channels, strict=True):
        starts.append(at)
        at += width + 3 + max(0, channel.tracks) * metrics.step + (metrics.label if channel.words else 0)
    return starts


def _way(
    link: Link, hops: list[_Hop], channels: list[_Channel], starts: list[int], skeleton: Skeleton, metrics: Metrics
) -> Way:
    def edge(at: int) -> int:
        """The first cell right of a column's boxes."""
        return starts[at] + skeleton.widths[at]

    def track(hop_channel: int, name: tuple[str, str]) -> int:
        return edge(hop_channel) + 1 + channels[hop_channel].nets[name].track * metrics.step

    points: list[Point] = []
    for hop in hops:
        channel = channels[hop.channel]
        x = edge(hop.channel)
        points.append((x, hop.start))
        if hop.turns:
            turn = track(hop.channel, hop.net)
            points += [(turn, hop.start), (turn, hop.end), (x, hop.end)]
            return Way(_corners(points), True)
        through = channel.by_way.get((hop.net, hop.end))
        name, start = hop.net, hop.start
        while through is not None:
            x = track(hop.channel, name)
            points += [(x, start), (x, through[1])]
            name, start = through
            through = channel.by_way.get((name, hop.end))
        if start != hop.end:
            x = track(hop.channel, name)
            points += [(x, start), (x, hop.end)]
        points.append((starts[hop.channel + 1] - 1, hop.end))
    back = skeleton.column[link[0]] > skeleton.column[link[1]]
    return Way(_corners(points[::-1] if back else points), back)


def _corners(points: list[Point]) -> tuple[Point, ...]:
    """Without points that lie on the line between their neighbours."""
    found: list[Point] = []
    for point in points:
        if found and point == found[-1]:
            continue
        if len(found) > 1 and (found[-2][0] == found[-1][0] == point[0] or found[-2][1] == found[-1][1] == point[1]):
            found[-1] = point
        else:
            found.append(point)
    return tuple(found)


def _ports(ways: Mapping[Link, Way], boxes: Mapping[str, Rect]) -> dict[Point, tuple[int, tuple[Link, ...]]]:
    """Where links leave the frames of their boxes."""
    ports: dict[Point, tuple[int, tuple[Link, ...]]] = {}
    for link, way in ways.items():
        x, y = way.points[0]
        box = boxes[link[0]]
        right = x >= box.right
        port = (box.right - 1 if right else box.x, y)
        ports[port] = (RIGHT if right else LEFT, (*ports.get(port, (0, ()))[1], link))
    return ports
