"""Keys one after the other: what is typed ahead reaches what the key before has opened.

Over SSH, or from a paste, ``/pihole`` arrives in one piece. The toolkit hands each key at once to whatever has the focus at
that moment, and the filter bar has not got it yet when ``p`` is handed on. So keys wait here: each is given out when the
widgets are done with the one before, and when the screen on top has its widgets and a focus.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.message_pump import MessagePump

PATIENCE = 0.4
"""Seconds a key waits at most for what is busy; then it is given out all the same."""
MOST = 4096
"""Keys that may wait; what is typed on top of that into a program that hangs is lost."""


class KeyFeed:
    """Gives out keys in order. ``deliver`` handles one key."""

    def __init__(self, app: App[Any], deliver: Callable[[events.Key], Awaitable[None]]) -> None:
        self._app = app
        self._deliver = deliver
        self._waiting: deque[events.Key] = deque(maxlen=MOST)
        self._task: asyncio.Task[None] | None = None

    async def drained(self) -> None:
        """Until no key waits."""
        if self._task is not None:
            await asyncio.wait({self._task})

    def put(self, event: events.Key) -> None:
        """Take a key; runs in the app's own task."""
        self._waiting.append(event)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), name="keys")

    async def _run(self) -> None:
        try:
            while self._waiting and self._app.is_running:
                await self._settled()
                await self._deliver(self._waiting.popleft())
                if self._waiting:
                    await self._processed()
        except Exception as error:
            self._waiting.clear()
            self._app._handle_exception(error)

    async def _settled(self) -> None:
        """Until the screen on top has its widgets and, if it wants one, its focus."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE
        while self._app.is_running and loop.time() < end:
            screen = self._app.screen
            if screen.is_mounted and (screen.focused is not None or not self._wants_focus()):
                return
            await asyncio.sleep(0.005)

    def _wants_focus(self) -> bool:
        return any(widget.focusable and widget.display for widget in self._app.screen.focus_chain)

    async def _processed(self) -> None:
        """Until every widget from the focused one up to the app has worked off what is in its queue.

        Two rounds: a widget may tell its parent in the first, and the parent move the focus in the second.
        """
        for _ in range(2):
            focused = self._app.focused
            nodes: Iterable[DOMNode] = (
                focused.ancestors_with_self if focused is not None else (self._app.screen, self._app)
            )
            for node in list(nodes):
                if isinstance(node, MessagePump):
                    await self._flushed(node)

    async def _flushed(self, node: MessagePump) -> None:
        done = asyncio.get_running_loop().create_future()

        def told() -> None:
            if not done.done():
                done.set_result(None)

        if node.is_running and node.call_later(told):
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(done, PATIENCE)
