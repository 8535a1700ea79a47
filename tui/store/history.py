"""Who announced which address when: observations appended on change, from which moves and ribbons are derived; beside
them the times in which anybody looked, and how regularly leases are renewed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pointsman.tui.model.meta import Key
from pointsman.tui.model.observation import Observation

__all__ = ["GLANCE", "KEPT", "Beats", "History", "Move", "Observation", "Span", "joined"]

KEPT = 500
"""Observations kept for each address; the oldest go first."""
GLANCE = 15.0
"""Seconds between two looks that still count as watching without a break: shorter than any lease is lost and won back."""

Span = tuple[float, float]
"""From when to when somebody looked, seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Move:
    """``before`` gave the address up and ``after`` took it at ``at``. ``gap`` is how long nobody was seen between them, in
    seconds; ``watched`` whether the program looked all the time since ``before`` was last seen."""

    at: float
    before: str
    after: str
    gap: float = 0.0
    watched: bool = True
    cause: str = ""
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Beats:
    """The renewals of one lease, by when they arrived here; the clocks of nodes play no part.

    ``stamp`` is the renewal that was seen last (as the lease writes it), ``first`` and ``last`` when the first and the last
    one arrived, ``every`` the newest intervals in seconds, ``late`` when an interval ended that was longer than half the
    lease's duration, and how long it was.
    """

    stamp: str
    first: float
    last: float
    every: tuple[float, ...] = ()
    late: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """Immutable: :meth:`observed` and :meth:`looked` give a new history that shares what did not change."""

    by_ip: Mapping[str, tuple[Observation, ...]] = field(default_factory=dict)
    started: float = 0.0
    """When this program began: before this only what was kept on disk is known."""
    watched: tuple[Span, ...] = ()
    """When anybody looked, in order and without overlaps; empty means from ``started`` on."""
    beats: Mapping[Key, Beats] = field(default_factory=dict)
    """By the namespace and name of the lease."""
    pulse: tuple[float, ...] = ()
    """When news of any lease at all arrived last: while these come the connection is alive, and a lease that is silent is
    silent itself."""

    def observed(self, items: Iterable[Observation]) -> History:
        """This history with the observations that differ from the last one of their address."""
        changed: dict[str, tuple[Observation, ...]] = {}
        for item in items:
            past = changed.get(item.ip) or self.by_ip.get(item.ip, ())
            if past and past[-1].node == item.node:
                continue
            changed[item.ip] = (*past, item)[-KEPT:]
        if not changed:
            return self
        return replace(self, by_ip={**self.by_ip, **changed})

    def looked(self, now: float) -> History:
        """This history with ``now`` watched; what lies between two looks counts if it is no more than GLANCE."""
        if self.watched and 0 <= now - self.watched[-1][1] <= GLANCE:
            begin = self.watched[-1][0]
            return replace(self, watched=(*self.watched[:-1], (begin, max(now, self.watched[-1][1]))))
        return replace(self, watched=joined((*self.watched, (now, now))))

    def with_past(self, by_ip: Mapping[str, Sequence[Observation]], watched: Iterable[Span]) -> History:
        """This history after an older one: what was known before this program began."""
        merged = {ip: tuple(items[-KEPT:]) for ip, items in by_ip.items()}
        for ip, items in self.by_ip.items():
            both = sorted((*merged.get(ip, ()), *items), key=lambda item: item.at)
            merged[ip] = _distinct(both)[-KEPT:]
        return replace(self, by_ip=merged, watched=joined((*watched, *self.watched)))

    def spans(self, now: float) -> tuple[Span, ...]:
        """When somebody looked, up to ``now``."""
        if not self.watched:
            return ((self.started, now),) if now > self.started else ()
        begin, end = self.watched[-1]
        if 0 <= now - end <= GLANCE:
            return (*self.watched[:-1], (begin, now))
        return self.watched

    def unwatched(self, since: float, now: float) -> float:
        """Seconds between the two in which nobody looked."""
        seen = sum(max(0.0, min(end, now) - max(begin, since)) for begin, end in self.spans(now))
        return max(0.0, now - since - seen)

    def moves_of(self, ip: str, since: float = 0.0) -> tuple[Move, ...]:
        """When the address went from one node to another after ``since``, in order.

        A gap (nobody) between two times of the same node is no move.
        """
        found: list[Move] = []
        last: Observation | None = None
        left = 0.0
        for item in self.by_ip.get(ip, ()):
            if not item.node:
                left = left or item.at
                continue
            if last is not None and item.node != last.node and item.at > since:
                gap = item.at - left if left else 0.0
                seen = not self.watched or self.unwatched(max(last.at, item.at - GLANCE), item.at) < 1.0
                found.append(Move(item.at, last.node, item.node, gap, seen, item.cause, item.proof))
            last, left = item, 0.0
        return tuple(found)

    def moves(self, ip: str, since: float) -> int:
        """How often the announcer changed from one node to another after ``since`` (seconds since 1970)."""
        return len(self.moves_of(ip, since))

    def last(self, ip: str) -> Observation | None:
        past = self.by_ip.get(ip, ())
        return past[-1] if past else None


def _distinct(items: Iterable[Observation]) -> tuple[Observation, ...]:
    found: list[Observation] = []
    for item in items:
        if not found or found[-1].node != item.node:
            found.append(item)
    return tuple(found)


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans in order; those that overlap or lie no more than GLANCE apart made one."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin - found[-1][1] <= GLANCE:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return tuple(found)
