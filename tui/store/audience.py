"""Who is looking at what: a source that has to ask again and again (and cannot watch) asks only while somebody looks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable


class Audience:
    """The panes (and what lies over them) that are on screen. One thread, the event loop's."""

    def __init__(self) -> None:
        self.panes: frozenset[str] = frozenset()
        self._waiting: list[asyncio.Future[None]] = []

    def look(self, panes: Iterable[str]) -> None:
        """What is on screen from now on."""
        found = frozenset(panes)
        if found == self.panes:
            return
        self.panes = found
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def any(self, wanted: frozenset[str]) -> bool:
        return bool(self.panes & wanted)

    async def changed(self, seconds: float | None = None) -> None:
        """Return when other panes are on screen, or after ``seconds``."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            pass
        finally:
            if future in self._waiting:
                self._waiting.remove(future)
