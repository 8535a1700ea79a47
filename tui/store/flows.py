"""What is kept of the flows: a ring of the last ones, counters, rates, and the edges between ends.

Any thread may add (the Hubble reader's, an access log's feed) and any may read: what changes more than one thing is done
under one lock, held for microseconds a flow, and readers get copies. What the ring let go of is counted as dropped here;
what the server lost is counted by where it was lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock
from typing import Final

from pointsman.tui.model.flows import Event, Flow, Lost, NodeStatus
from pointsman.tui.model.traffic import Rates, Traffic
from pointsman.tui.store.traffic import TrafficBook

__all__ = ["CAPACITY", "RATE_SECONDS", "Counts", "FlowStore", "Rates"]

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
    undecoded: int = 0
    lost: dict[str, int] = field(default_factory=dict)

    @property
    def lost_total(self) -> int:
        return sum(self.lost.values())


class FlowStore:
    """``capacity`` rows are kept. ``version`` grows with every change; ``sequence`` numbers the rows from 1."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        if capacity < 1:
            raise ValueError("a ring keeps at least one flow")
        self.capacity = capacity
        self.counts = Counts()
        self.nodes: dict[str, NodeStatus] = {}
        """The last status of each node."""
        self.lost_at: float | None = None
        """When the server last said that it lost something."""
        self.last_at: float | None = None
        """When something last came, epoch seconds."""
        self.sequence = 0
        self.version = 0
        self.book = TrafficBook()
        self._lock = Lock()
        self._ring: deque[Flow] = deque(maxlen=capacity)
        self._seconds: dict[int, list[int]] = {}

    def add(self, event: Event, now: float) -> None:
        """Keep a flow, or note a status or a loss. ``now`` (epoch seconds) is when it came, which rates go by."""
        if isinstance(event, Flow):
            self.add_flows((event,), now)
            return
        with self._lock:
            self.last_at = now
            if isinstance(event, Lost):
                self.counts.lost[event.source] = self.counts.lost.get(event.source, 0) + event.count
                self.lost_at = now
            else:
                for name in event.nodes:
                    self.nodes[name] = event
            self.version += 1

    def add_flows(self, flows: Sequence[Flow], now: float) -> None:
        """Keep flows that came together, oldest first, from any thread. ``now`` is when they came (or, of flows from before
        the stream began, when they were seen): rates and edges go by it."""
        if not flows:
            return
        with self._lock:
            before = len(self._ring)
            self._ring.extend(flows)
            number = len(flows)
            dropped = failed = 0
            for flow in flows:
                if flow.verdict == "DROPPED":
                    dropped += 1
                elif flow.l7 is not None and (flow.l7.code or 0) >= 500:
                    failed += 1
            counts = self.counts
            counts.received += number
            counts.stored += number
            counts.dropped_verdicts += dropped
            counts.evicted += max(0, before + number - self.capacity)
            second = self._seconds.get(int(now))
            if second is None:
                second = self._seconds[int(now)] = [0, 0, 0]
                if len(self._seconds) > 2 * RATE_SECONDS:
                    for old in sorted(self._seconds)[:-RATE_SECONDS]:
                        del self._seconds[old]
            second[0] += number
            second[1] += dropped
            second[2] += failed
            self.book.fold(flows, now)
            if self.last_at is None or now > self.last_at:
                self.last_at = now
            self.sequence += number
            self.version += 1

    def skip(self, number: int = 1, *, duplicate: bool = False) -> None:
        """Count flows that were received and not kept."""
        with self._lock:
            self.counts.received += number
            self.counts.skipped += number
            if duplicate:
                self.counts.duplicates += number

    def flows(self) -> list[Flow]:
        """All that are kept, oldest first; a copy."""
        with self._lock:
            return list(self._ring)

    def since(self, sequence: int) -> list[Flow]:
        """Those after a number of :attr:`sequence` that are still kept, oldest first."""
        return self.after(sequence)[0]

    def after(self, sequence: int) -> tuple[list[Flow], int]:
        """The same, with the number to ask with the next time."""
        with self._lock:
            new = min(self.sequence - sequence, len(self._ring))
            if new <= 0:
                return [], self.sequence
            return list(islice(reversed(self._ring), new))[::-1], self.sequence

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
        last = int(now) - 1
        with self._lock:
            none = (0, 0, 0)
            known = self._seconds
            history = [tuple(known.get(second, none)) for second in range(last - RATE_SECONDS + 1, last + 1)]
        span = max(1, min(seconds, RATE_SECONDS))
        recent = history[-span:]
        return Rates(
            sum(item[0] for item in recent) / span,
            sum(item[1] for item in recent) / span,
            tuple(item[0] for item in history),
            tuple(item[1] for item in history),
            sum(item[2] for item in recent) / span,
            tuple(item[2] for item in history),
        )

    def traffic(self, now: float) -> Traffic:
        """The edges, names and rates as of ``now``. Edges that did not change are the same objects as the last time."""
        rates = self.rates(now)
        with self._lock:
            return self.book.picture(now, rates)

    def clear(self) -> None:
        """Forget the rows and the edges; the counters go on."""
        with self._lock:
            self._ring.clear()
            self.book.clear()
            self.version += 1
