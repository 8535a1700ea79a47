"""The event log behind watches: every change of one resource in order, with a floor below which history is gone."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Literal

from pointsman.tui.demo.kube.errors import expired
from pointsman.tui.demo.kube.objects import Object

EventType = Literal["ADDED", "MODIFIED", "DELETED"]

# A reader this far behind is cut off; client-go then watches again from its last version.
MAX_BACKLOG = 10_000


@dataclass(frozen=True, slots=True)
class Event:
    """One committed change. `object` is the new state (the last state, at the version of its removal, for DELETED)."""

    type: EventType
    key: tuple[str, str]
    object: Object
    previous: Object | None
    version: int


class Watch:
    """A reader of one resource's changes; `next` waits for one. Close it when done."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._queue: deque[Event] = deque()
        self._wake = asyncio.Event()
        self.closed = False

    def push(self, event: Event) -> None:
        if len(self._queue) >= MAX_BACKLOG:
            self.close()
            return
        self._queue.append(event)
        self._wake.set()

    def take(self) -> list[Event]:
        """Everything that waits now, without waiting."""
        taken = list(self._queue)
        self._queue.clear()
        self._wake.clear()
        return taken

    async def next(self, timeout: float | None = None) -> list[Event]:
        """All waiting events; if none, waits at most `timeout` seconds. An empty list means time-out or closed."""
        if not self._queue and not self.closed:
            try:
                async with asyncio.timeout(timeout):
                    await self._wake.wait()
            except TimeoutError:
                return []
        return self.take()

    def close(self) -> None:
        self.closed = True
        self._wake.set()
        self._log.readers.discard(self)


class EventLog:
    """The last `size` events of one resource and who reads them.

    `floor` is the highest version whose event is no longer held: a watch may start at `floor` or above.
    """

    def __init__(self, floor: int, size: int) -> None:
        self.floor = floor
        self.readers: set[Watch] = set()
        self._events: deque[Event] = deque()
        self._size = size

    def append(self, event: Event) -> None:
        self._events.append(event)
        while len(self._events) > self._size:
            self.floor = self._events.popleft().version
        for reader in tuple(self.readers):
            reader.push(event)

    def compact(self, version: int) -> None:
        """Forget the events up to `version`, as etcd's compaction does."""
        while self._events and self._events[0].version <= version:
            self._events.popleft()
        self.floor = max(self.floor, version)

    def open(self, since: int) -> Watch:
        """A reader of what happens after version `since`. Raises 410 Expired below the floor."""
        if since < self.floor:
            raise expired(since, self.floor)
        watch = Watch(self)
        for event in self._events:
            if event.version > since:
                watch.push(event)
        self.readers.add(watch)
        return watch

    def cut(self) -> None:
        """End every reader, as when the resource is no longer served."""
        for reader in tuple(self.readers):
            reader.close()
