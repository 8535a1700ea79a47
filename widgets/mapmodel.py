"""What a map is made of: boxes that want a place, the measures of a drawing, and where everything stands. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Link = tuple[str, str]
"""Keys of the box it leaves and of the box it leads to."""
Bundle = tuple[str, str]
"""Links that share their way through a column: ``("to", key)`` or ``("from", key)``."""


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
