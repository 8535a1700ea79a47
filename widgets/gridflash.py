"""Which cells changed a moment ago: they are lit, then fade, then are as before. Plain Python."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from pointsman.widgets.cells import Cell, Column

BRIGHT = 0.8
FADING = 0.4


class Flashes:
    """Remembers changed cells by row for `BRIGHT` + `FADING` seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._at: dict[Hashable, dict[int, float]] = {}

    def __bool__(self) -> bool:
        return bool(self._at)

    def note(
        self,
        columns: Sequence[Column[Any]],
        before: Mapping[Hashable, tuple[Cell, ...]],
        after: Mapping[Hashable, tuple[Cell, ...]],
    ) -> None:
        """Light up every cell whose words differ in a row that was on screen before and is now."""
        now = self._clock()
        for key, new in after.items():
            old = before.get(key)
            if old is None or old is new:
                continue
            for number, (one, other) in enumerate(zip(old, new, strict=True)):
                if columns[number].flash and one.plain != other.plain:
                    self._at.setdefault(key, {})[number] = now

    def expire(self) -> None:
        """Forget what has gone out."""
        limit = self._clock() - BRIGHT - FADING
        for key, cells in list(self._at.items()):
            kept = {number: at for number, at in cells.items() if at > limit}
            if kept:
                self._at[key] = kept
            else:
                del self._at[key]

    def of(self, key: Hashable) -> tuple[tuple[int, int], ...]:
        """`(column, stage)` of the lit cells of a row: stage 1 is bright, 2 fading."""
        cells = self._at.get(key)
        if not cells:
            return ()
        now = self._clock()
        return tuple(
            (number, 1 if now - at < BRIGHT else 2) for number, at in cells.items() if now - at < BRIGHT + FADING
        )
