"""Layers of a map from left to right, and what stands above what in each: Sugiyama's way.

Links that would close a circle are turned around, each box stands right of what leads to it, and a few sweeps by the mean of
the neighbours take crossings out. Boxes of a group stay together.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

from pointsman.widgets.mapmodel import Bundle, Link, Spot

SWEEPS = 6
MOST_COLUMNS = 9
"""A longer chain shares columns: a map that is read from left to right has to end somewhere."""
COUNTED = 4_000
"""Pairs of links up to which crossings are counted after each sweep; above, the last sweep is taken."""


def layers(spots: Sequence[Spot], links: Sequence[Link]) -> dict[str, int]:
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


class Order:
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
