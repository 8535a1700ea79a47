"""What is kept of the flows: a ring of the last ones, counters, and rates.

One thread (the Hubble reader) may add while others read: every step is one operation on a deque or an integer, and
readers copy. What the ring let go of is counted as dropped here; what the server lost is counted by where it was lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from pointsman.tui.model.flows import Event, Flow, Lost, NodeStatus

CAPACITY: Final = 20_000
RATE_SECONDS: Final = 60
"""How far back the rates reach."""


@dataclass(slots=True)
class Counts:
    """Since the start. ``evicted``: pushed out of the ring; ``skipped``: never stored, a filter or a duplicate;
    ``lost``: by the server, by source."""

    received: int = 0
    stored: int = 0
    dropped_verdicts: int = 0
    evicted: int = 0
    skipped: int = 0
    duplicates: int = 0
    lost: dict[str, int] = field(default_factory=dict)

    @property
    def lost_total(self) -> int:
        return sum(self.lost.values())


@dataclass(frozen=True, slots=True)
class Rates:
    """Per second, mean of the seconds asked for; ``history`` is one number a second, oldest first."""

    flows: float
    drops: float
    history: tuple[int, ...]
    drop_history: tuple[int, ...]


class FlowStore:
    """``capacity`` rows are kept. ``version`` grows with every change; ``sequence`` numbers the rows from 1."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        if capacity < 1:
            raise ValueError("a ring keeps at least one flow")
        self.capacity = capacity
        self.counts = Counts()
        self.nodes: dict[str, NodeStatus] = {}
        """The last status of each node."""
        self.sequence = 0
        self.version = 0
        self._ring: deque[Flow] = deque(maxlen=capacity)
        self._seconds: deque[tuple[int, int, int]] = deque(maxlen=RATE_SECONDS + 1)
        self._second = -1
        self._in_second = [0, 0]

    def add(self, event: Event, now: float) -> None:
        """Keep a flow, or note a status or a loss. ``now`` (epoch seconds) is when it came, which rates go by."""
        if isinstance(event, Flow):
            self.add_flows((event,), now)
        elif isinstance(event, Lost):
            self.counts.lost[event.source] = self.counts.lost.get(event.source, 0) + event.count
            self.version += 1
        else:
            for name in event.nodes:
                self.nodes[name] = event
            self.version += 1

    def add_flows(self, flows: Iterable[Flow], now: float) -> None:
        """Keep flows that came together."""
        ring, counts = self._ring, self.counts
        before = len(ring)
        number = dropped = 0
        for flow in flows:
            ring.append(flow)
            number += 1
            if flow.verdict == "DROPPED":
                dropped += 1
        counts.received += number
        counts.stored += number
        counts.dropped_verdicts += dropped
        counts.evicted += max(0, before + number - self.capacity)
        self.sequence += number
        self.version += 1
        self._tick(int(now))
        self._in_second[0] += number
        self._in_second[1] += dropped

    def skip(self, number: int = 1, *, duplicate: bool = False) -> None:
        """Count flows that were received and not kept."""
        self.counts.received += number
        self.counts.skipped += number
        if duplicate:
            self.counts.duplicates += number

    def flows(self) -> list[Flow]:
        """All that are kept, oldest first; a copy."""
        return list(self._ring)

    def since(self, sequence: int) -> list[Flow]:
        """Those after a number of :attr:`sequence` that are still kept, oldest first."""
        while True:
            new = min(self.sequence - sequence, len(self._ring))
            if new <= 0:
                return []
            try:
                return list(islice(self._ring, len(self._ring) - new, None))
            except RuntimeError:
                # The reader's thread added one meanwhile; so short a copy succeeds on the next turn.
                continue

    def newest(self, number: int, keep: Callable[[Flow], bool] | None = None) -> list[Flow]:
        """The last ``number`` that ``keep`` lets through, oldest first."""
        found: list[Flow] = []
        for flow in reversed(self.flows()):
            if keep is None or keep(flow):
                found.append(flow)
                if len(found) == number:
                    break
        return found[::-1]

    def rates(self, now: float, seconds: int = 10) -> Rates:
        """Means over the last whole ``seconds``, the running one left out."""
        self._tick(int(now))
        by_second = {second: (flows, drops) for second, flows, drops in self._seconds}
        last = int(now) - 1
        history = [by_second.get(second, (0, 0)) for second in range(last - RATE_SECONDS + 1, last + 1)]
        span = max(1, min(seconds, RATE_SECONDS))
        recent = history[-span:]
        return Rates(
            sum(item[0] for item in recent) / span,
            sum(item[1] for item in recent) / span,
            tuple(item[0] for item in history),
            tuple(item[1] for item in history),
        )

    def clear(self) -> None:
        """Forget the rows; the counters go on."""
        self._ring.clear()
        self.version += 1

    def _tick(self, second: int) -> None:
        if second != self._second:
            if self._second >= 0 and any(self._in_second):
                self._seconds.append((self._second, self._in_second[0], self._in_second[1]))
            self._second = second
            self._in_second = [0, 0]
