"""The stream of flows on screen: what came since the last frame, at a pace the eye and the line can follow.

While it follows, the newest rows are taken up ten times a second, above a hundred a second twice. As soon as the reader
moves away from the end (or pauses) the rows stand still: at some thousand a second the ring would otherwise pull them away
from under the cursor. What comes meanwhile is counted, and taken up when it follows again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final

from pointsman.tui.model.flows import Flow
from pointsman.tui.screens.panel import Panel
from pointsman.tui.store.flows import FlowStore
from pointsman.tui.views.flowfilter import reader
from pointsman.tui.views.flows import COLUMNS, search_text
from pointsman.widgets.cells import CellLike
from pointsman.widgets.tailmodel import TailModel

BUSY: Final = 100.0
"""Matching rows a second above which the stream is drawn at two pictures a second."""
BUSY_PAUSE: Final = 0.5
MOST_AT_ONCE: Final = 4_000
"""Rows taken up in one tick: what a filter with regular expressions judges without being felt."""


class FlowTail(Panel[Flow]):
    """Rows of one store; another store (another cluster) empties it."""

    def __init__(self, capacity: int, *, id: str, empty: Callable[[], Sequence[CellLike]]) -> None:
        self._tail = TailModel[Flow](COLUMNS, capacity, search=search_text, reader=reader())
        super().__init__(COLUMNS, id=id, key=lambda flow: flow.uuid, empty=empty, show_header=True, model=self._tail)
        self._store: FlowStore | None = None
        self._sequence = 0
        self._version = -1
        self._drawn = 0.0
        self._rate = 0.0
        self._marked: int | None = None
        """While it stands still: up to where what came was counted."""
        self.newer = 0

    @property
    def following(self) -> bool:
        return self._tail.following

    def pause(self) -> None:
        """Stand still."""
        self._tail.following = False
        self.changed()

    def follow(self) -> None:
        """To the newest row, and on."""
        self.action_bottom()

    def show_rows(self, rows: Sequence[Flow]) -> None:
        """Only for emptying: rows come by :meth:`take`."""
        if not rows:
            self._tail.clear()
            self._tail.follow()
            self._store = None
            self.changed()

    def take(self, store: FlowStore) -> bool:
        """Take up or count what came since the last time; says whether anything did."""
        if store is not self._store:
            self._tail.clear()
            self._store, self._sequence, self._version, self._marked = store, 0, -1, None
        if not self._tail.following:
            return self._count(store)
        now = monotonic()
        resumed = self._marked is not None
        if store.version == self._version and not resumed:
            return False
        if not resumed and self._rate > BUSY and now - self._drawn < BUSY_PAUSE:
            return False
        if resumed:
            self._marked, self.newer = None, 0
        rows, sequence = store.after(self._sequence)
        if len(rows) > MOST_AT_ONCE and self._filtered:
            sequence -= len(rows) - MOST_AT_ONCE
            del rows[MOST_AT_ONCE:]
        elif len(rows) >= self._tail.capacity:
            del rows[: -self._tail.capacity]
        self._version = -1 if sequence != store.sequence else store.version
        self._sequence = sequence
        matched = self._tail.append(rows)
        passed = max(0.05, now - self._drawn)
        self._rate = 0.5 * self._rate + 0.5 * matched / passed if passed < 5 else 0.0
        self._drawn = now
        if rows:
            self.changed()
        return bool(rows)

    @property
    def _filtered(self) -> bool:
        return len(self._tail) != self._tail.total or bool(self._tail.query)

    def _count(self, store: FlowStore) -> bool:
        """How many that pass the filter came since it stands still."""
        if self._marked is None:
            self._marked, self.newer = self._sequence, 0
        if store.sequence == self._marked:
            return False
        rows, sequence = store.after(self._marked)
        unseen = sequence - self._marked - len(rows)
        self.newer += self._tail.passing(rows) + (0 if self._filtered else unseen)
        self._marked = sequence
        return True
