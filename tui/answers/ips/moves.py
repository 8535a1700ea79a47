"""How often an address changed its announcer in the last hour, as far as anything proves it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from pointsman.tui.answers.ips.model import Announcer, Evidence
from pointsman.tui.store.history import History

HOUR = 3600.0
TOLERATED = 60.0
"""Seconds of an hour that may be missing: a restart of the program makes nobody blind to what an hour was like."""


def moves_last_hour(
    ip: str,
    announcers: Sequence[Announcer],
    assigned: Sequence[tuple[str, float | None]],
    history: History,
    now: float,
) -> int | None:
    """The number of moves, or None.

    Three witnesses. What was watched counts if it covers the hour, or if it saw moves. A lease or status object that has
    stood for an hour proves that there were none. ``assigned`` (node and time of ``nodeAssigned`` events) counts changes
    between different nodes; a single event proves nothing, as a speaker repeats it when it restarts.
    """
    start = now - HOUR
    blind = history.unwatched(start, now)
    seen = history.moves(ip, start)
    told = _changes(assigned, start)
    steady = bool(announcers) and all(
        item.evidence in (Evidence.LEASE, Evidence.STATUS) and item.since is not None and item.since <= start
        for item in announcers
    )
    if seen or told:
        return max(seen, told)
    if steady or (blind < TOLERATED and ip in history.by_ip):
        return 0
    return None


def _changes(assigned: Sequence[tuple[str, float | None]], start: float) -> int:
    timed = sorted((at, node) for node, at in assigned if at is not None)
    count = 0
    for (_, before), (at, node) in itertools.pairwise(timed):
        count += node != before and at > start
    return count
