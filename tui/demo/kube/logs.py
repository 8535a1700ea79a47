"""Container logs: a ring of lines for each container, the previous run's too, and readers that follow."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pointsman.tui.demo.kube.objects import micro_timestamp

MAX_LINES = 5000
Source = Callable[[str, str, str], "Iterable[Line]"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its newline, as the container wrote it at `time` (aware)."""

    time: datetime
    text: str


@dataclass(slots=True)
class _Ring:
    lines: deque[Line] = field(default_factory=lambda: deque(maxlen=MAX_LINES))
    previous: list[Line] = field(default_factory=list)
    followers: set[asyncio.Queue[Line | None]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Window:
    """What part of a log is asked for: the query of `GET pods/NAME/log`."""

    tail: int | None = None
    since: datetime | None = None
    limit: int | None = None
    timestamps: bool = False

    def select(self, lines: Iterable[Line]) -> list[Line]:
        kept = [line for line in lines if self.since is None or line.time >= self.since]
        if self.tail is not None:
            kept = kept[-self.tail :] if self.tail else []
        return kept

    def render(self, line: Line) -> bytes:
        text = f"{micro_timestamp(line.time)} {line.text}\n" if self.timestamps else f"{line.text}\n"
        return text.encode("utf-8", "replace")


class PodLogs:
    """Logs by (namespace, pod, container).

    `fallback` makes the lines of a container that nobody has written yet, `earlier` those of its previous run.
    """

    def __init__(self, fallback: Source | None = None, earlier: Source | None = None) -> None:
        self._rings: dict[tuple[str, str, str], _Ring] = {}
        self._fallback = fallback
        self._earlier = earlier

    def write(self, namespace: str, pod: str, container: str, line: Line) -> None:
        ring = self._ring(namespace, pod, container)
        ring.lines.append(line)
        for follower in ring.followers:
            follower.put_nowait(line)

    def read(self, namespace: str, pod: str, container: str) -> list[Line]:
        return list(self._ring(namespace, pod, container).lines)

    def previous(self, namespace: str, pod: str, container: str) -> list[Line]:
        kept = self._ring(namespace, pod, container).previous
        if not kept and self._earlier is not None:
            return list(self._earlier(namespace, pod, container))
        return list(kept)

    def restart(self, namespace: str, pod: str, container: str) -> None:
        """The container started anew: its lines become the previous run's, and who follows gets to the end."""
        ring = self._rings.get((namespace, pod, container))
        if ring is not None:
            ring.previous = list(ring.lines)
            ring.lines.clear()
            for follower in ring.followers:
                follower.put_nowait(None)
            ring.followers.clear()

    def forget(self, namespace: str, pod: str) -> None:
        """The pod is gone; who follows it gets to the end."""
        for key in [key for key in self._rings if key[:2] == (namespace, pod)]:
            for follower in self._rings.pop(key).followers:
                follower.put_nowait(None)

    def follow(self, namespace: str, pod: str, container: str) -> asyncio.Queue[Line | None]:
        """A queue of new lines; None is the end. Give it back with `unfollow`."""
        queue: asyncio.Queue[Line | None] = asyncio.Queue()
        self._ring(namespace, pod, container).followers.add(queue)
        return queue

    def unfollow(self, namespace: str, pod: str, container: str, queue: asyncio.Queue[Line | None]) -> None:
        if (ring := self._rings.get((namespace, pod, container))) is not None:
            ring.followers.discard(queue)

    def _ring(self, namespace: str, pod: str, container: str) -> _Ring:
        key = (namespace, pod, container)
        ring = self._rings.get(key)
        if ring is None:
            ring = self._rings[key] = _Ring()
            if self._fallback is not None:
                ring.lines.extend(self._fallback(namespace, pod, container))
        return ring


def since_seconds(now: datetime, seconds: int) -> datetime:
    return now - timedelta(seconds=seconds)
