"""Who announced which address when: observations appended on change, from which moves and ribbons are derived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

KEPT = 500
"""Observations kept for each address; the oldest go first."""


class Observation(msgspec.Struct, frozen=True, gc=False):
    """``ip`` was announced by ``node`` (empty: by nobody) from ``at`` on, as ``evidence`` says (lease, status, event)."""

    ip: str
    node: str
    evidence: str
    at: float


@dataclass(frozen=True, slots=True)
class History:
    """Immutable: :meth:`observed` gives a new history that shares what did not change."""

    by_ip: Mapping[str, tuple[Observation, ...]] = field(default_factory=dict)
    started: float = 0.0
    """When watching began: before this nothing is known, and an absence of moves proves nothing."""

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
        return History({**self.by_ip, **changed}, self.started)

    def moves(self, ip: str, since: float) -> int:
        """How often the announcer changed from one node to another after ``since`` (seconds since 1970).

        A gap (nobody) between two times of the same node is no move.
        """
        moves = 0
        last = ""
        for item in self.by_ip.get(ip, ()):
            if not item.node:
                continue
            if last and item.node != last and item.at > since:
                moves += 1
            last = item.node
        return moves

    def last(self, ip: str) -> Observation | None:
        past = self.by_ip.get(ip, ())
        return past[-1] if past else None
