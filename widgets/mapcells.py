"""What runs through the cells of a map: the links' ways, and of a line of the screen what is drawn where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pointsman.widgets.mapmodel import Link

UP, RIGHT, DOWN, LEFT = 1, 2, 4, 8
Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Way:
    """The corners of one link, from where it leaves to its arrow. ``back`` links come to the right side of their box."""

    points: tuple[Point, ...]
    back: bool = False

    @property
    def arrow(self) -> Point:
        return self.points[-1]


@dataclass(slots=True)
class Crossing:
    """What runs through one cell. ``bends`` says that at least one link turns here."""

    mask: int = 0
    links: list[Link] = field(default_factory=list)
    masks: list[int] = field(default_factory=list)
    bends: bool = False


class Rows(Mapping[int, Mapping[int, Crossing]]):
    """The lines' cells by line and column of the map. A line's cells are only worked out when they are asked for: of a large
    map most are never seen."""

    def __init__(self, ways: Mapping[Link, Way]) -> None:
        self._flat: dict[int, list[tuple[Link, int, int]]] = {}
        self._upright: dict[int, list[tuple[Link, int, int]]] = {}
        self._ends: dict[int, list[tuple[Link, int, int]]] = {}
        self._made: dict[int, dict[int, Crossing]] = {}
        for link, way in ways.items():
            for (x, y), (to_x, to_y) in zip(way.points, way.points[1:], strict=False):
                if y == to_y:
                    low, high = (x, to_x) if x < to_x else (to_x, x)
                    self._flat.setdefault(y, []).append((link, low, high))
                else:
                    low, high = (y, to_y) if y < to_y else (to_y, y)
                    for row in range(low, high + 1):
                        bits = (DOWN if row < high else 0) | (UP if row > low else 0)
                        self._upright.setdefault(row, []).append((link, x, bits))
            starts_right = len(way.points) > 1 and way.points[1][0] > way.points[0][0]
            ends_left = len(way.points) > 1 and way.points[-2][0] > way.points[-1][0]
            x, y = way.points[0]
            self._ends.setdefault(y, []).append((link, x, LEFT if starts_right else RIGHT))
            x, y = way.arrow
            self._ends.setdefault(y, []).append((link, x, LEFT if ends_left else RIGHT))
        self._known = sorted(self._flat.keys() | self._upright.keys() | self._ends.keys())

    def __iter__(self) -> Iterator[int]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def __getitem__(self, row: int) -> Mapping[int, Crossing]:
        found = self._made.get(row)
        if found is None:
            if row not in self._flat and row not in self._upright and row not in self._ends:
                raise KeyError(row)
            found = self._made[row] = self._make(row)
        return found

    def _make(self, row: int) -> dict[int, Crossing]:
        own: dict[Link, dict[int, int]] = {}
        for link, low, high in self._flat.get(row, ()):
            masks = own.setdefault(link, {})
            for at in range(low + 1, high):
                masks[at] = LEFT | RIGHT
            masks[low] = masks.get(low, 0) | RIGHT
            masks[high] = masks.get(high, 0) | LEFT
        for link, x, bits in (*self._upright.get(row, ()), *self._ends.get(row, ())):
            masks = own.setdefault(link, {})
            masks[x] = masks.get(x, 0) | bits
        cells: dict[int, Crossing] = {}
        for link, masks in own.items():
            for x, mask in masks.items():
                cell = cells.get(x)
                if cell is None:
                    cell = cells[x] = Crossing()
                cell.mask |= mask
                cell.links.append(link)
                cell.masks.append(mask)
                if mask not in (UP | DOWN, LEFT | RIGHT):
                    cell.bends = True
        return cells
