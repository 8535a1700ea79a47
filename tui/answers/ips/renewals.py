"""How regularly the announcement leases are renewed, by when the renewals arrive here.

A holder that cannot renew in time loses the address, and until then nothing shows it but the pauses. The times that nodes
write into leases are of no use for this: their clocks differ. A pause counts only while news of other leases came in, so
that a slow connection of this program is not taken for a slow node.
"""

from __future__ import annotations

import statistics

from pointsman.tui.answers.ips.cilium import LEASE_PREFIX
from pointsman.tui.model.core import Lease
from pointsman.tui.model.kinds import LEASES
from pointsman.tui.model.meta import Key, Obj
from pointsman.tui.store.history import Beats, History
from pointsman.tui.store.snapshot import Snapshot

PREFIXES = (LEASE_PREFIX, "kubevip-", "plndr-")
"""How the names of leases begin that announce addresses: Cilium's, and the two ways of kube-vip."""
INTERVALS = 30
LATE_KEPT = 50
PULSES = 60
DAY = 86400.0
USUAL = 15.0
"""Seconds of a lease that does not say how long it is."""


def announces(lease: Obj[Lease]) -> bool:
    return lease.name.startswith(PREFIXES)


def renewals(snapshot: Snapshot) -> tuple[dict[Key, Beats], tuple[float, ...]]:
    """The beats and the pulse of the history, with what this picture adds. Call it when the leases changed."""
    history, now = snapshot.history, snapshot.now
    found: dict[Key, Beats] = {}
    for lease in snapshot.all(LEASES):
        if announces(lease):
            found[lease.key] = _beat(history, lease, now)
    return found, (*history.pulse[-PULSES:], now)


def _beat(history: History, lease: Obj[Lease], now: float) -> Beats:
    spec = lease.body.spec
    stamp = f"{spec.holder_identity} {spec.renew_time}"
    before = history.beats.get(lease.key)
    if before is None:
        return Beats(stamp, now, now)
    if stamp == before.stamp:
        return before
    pause = now - before.last
    late = tuple(one for one in before.late if one[0] > now - DAY)
    if pause > half(lease) and any(before.last + 1.0 < at < now - 1.0 for at in history.pulse):
        late = (*late, (now, pause))[-LATE_KEPT:]
    return Beats(stamp, before.first, now, (*before.every, pause)[-INTERVALS:], late)


def half(lease: Obj[Lease]) -> float:
    """From when a renewal is late: half of the time after which the lease may be taken by another."""
    return (lease.body.spec.lease_duration_seconds or USUAL) / 2


def usual(beats: Beats) -> float | None:
    """The middle one of the newest intervals; None before there are three."""
    return statistics.median(beats.every) if len(beats.every) >= 3 else None


def silence(beats: Beats, history: History, now: float) -> float | None:
    """Seconds since the last renewal arrived, as far as other leases show that news arrives at all."""
    later = [at for at in history.pulse if at > beats.last + 1.0]
    return (max(later) - beats.last) if later and now > beats.last else None


def missed(beats: Beats, since: float, duration: float) -> int:
    """How often since then it was not renewed for longer than it lasts, so that another one could have taken it."""
    return sum(1 for at, pause in beats.late if at > since and pause > duration)
