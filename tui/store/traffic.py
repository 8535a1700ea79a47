"""Counts flows by edge as they come, bounded, and gives the immutable picture of it.

:func:`end_of` and :func:`sides` say which edge a flow belongs to; they are pure, and counting all flows anew by them gives the
same picture as counting them one by one (tests hold this). The caller has the lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from pointsman.tui.model.flows import IDENTITIES, TRACE_SOCK, TRAEFIK_LOG, Flow, Peer
from pointsman.tui.model.traffic import (
    ADDRESS,
    BUCKET,
    BUCKETS,
    ENTITY,
    FQDN,
    OUTSIDE,
    POD,
    SERVICE,
    Edge,
    End,
    Rates,
    Traffic,
)

MOST_EDGES: Final = 2_000
KEEP_SECONDS: Final = 1_800
"""An edge unseen for so long is let go."""
MOST_NAMES: Final = 4_096
"""Addresses whose names are kept."""
NAMES_EACH: Final = 8
_MOST_ENDS: Final = 16_384
_PRIVATE: Final = ("10.", "192.168.", "127.", "169.254.", "fd", "fc", "fe8", "fe9", "fea", "feb", "::1")
_FORWARDED: Final = frozenset(("FORWARDED", "REDIRECTED"))
_DROPPED: Final = frozenset(("DROPPED", "ERROR"))


@lru_cache(maxsize=8192)
def is_private(ip: str) -> bool:
    """Whether an address is of a home's own networks (RFC 1918, 6598, 3927, 4193, link-local, loopback)."""
    if ip.startswith(_PRIVATE):
        return True
    head, _, rest = ip.partition(".")
    second = rest.partition(".")[0]
    if not second.isdecimal():
        return False
    return (head == "172" and 16 <= int(second) < 32) or (head == "100" and 64 <= int(second) < 128)


INGRESS: Final = Peer(identity=IDENTITIES.index("ingress"))


def sides(flow: Flow) -> tuple[Peer, Peer]:
    """Who asked and who was asked: a reply is turned around, and what no backend answered the ingress answered itself."""
    if flow.is_reply:
        return flow.destination, flow.source
    destination = flow.destination
    if not destination.ip and not destination.pod and flow.origin == TRAEFIK_LOG:
        return flow.source, INGRESS
    return flow.source, destination


def end_of(peer: Peer, *, asked: bool) -> End:
    """The end a peer is counted under. ``asked`` is the side that was asked.

    A workload stands for its pods. Of what is outside, an address of the home's own networks stands for itself; public ones
    are one end where they ask (the internet knocks from everywhere) and by name or address where they are asked.
    """
    if peer.pod or peer.workload:
        kind, _, name = peer.workload.rpartition("/")
        return End(kind or POD, peer.namespace, name) if name else End(POD, peer.namespace, peer.pod)
    if peer.service:
        return End(SERVICE, peer.service_namespace, peer.service)
    identity = peer.identity
    if identity is None:
        entity = "" if not peer.ip or is_private(peer.ip) else "world"
    else:
        # Node-local identities, of CIDRs and DNS names, are beyond the 24th bit; they are parts of the world.
        entity = IDENTITIES[identity] if identity < len(IDENTITIES) else "world" if identity >= 1 << 24 else ""
        if entity == "unknown":
            entity = ""
    if entity and entity not in OUTSIDE:
        return End(ENTITY, "", entity, entity)
    if peer.namespace:
        return End(POD, peer.namespace, "")
    if asked and peer.names:
        return End(FQDN, "", peer.names[0], entity)
    if entity and not asked and not (peer.ip and is_private(peer.ip)):
        return End(ENTITY, "", entity, entity)
    if entity and peer.ip and is_private(peer.ip):
        return End(ENTITY, "", entity, entity, peer.ip)
    if peer.ip:
        return End(ADDRESS, "", peer.ip, entity, peer.ip)
    return End(ENTITY, "", entity, entity)


class _Entry:
    """An edge while it is counted; ``edge`` is the last picture of it, None once it is out of date."""

    __slots__ = (
        "buckets",
        "destination",
        "dropped",
        "edge",
        "errors",
        "first",
        "forwarded",
        "last",
        "last_dropped",
        "origin",
        "other",
        "port",
        "protocol",
        "reason",
        "requests",
        "size",
        "source",
    )

    def __init__(self, source: End, destination: End, flow: Flow, port: int | None, now: float) -> None:
        self.source = source
        self.destination = destination
        self.port = port
        self.protocol = flow.protocol
        self.origin = flow.origin
        self.forwarded = self.dropped = self.other = self.requests = self.errors = 0
        self.size: int | None = None
        self.first = self.last = now
        self.last_dropped: float | None = None
        self.reason = ""
        self.buckets: dict[int, list[int]] = {}
        self.edge: Edge | None = None

    def picture(self) -> Edge:
        if self.edge is None:
            buckets = sorted(self.buckets)
            oldest = buckets[-1] - BUCKETS
            self.edge = Edge(
                self.source,
                self.destination,
                self.port,
                self.protocol,
                self.origin,
                self.forwarded,
                self.dropped,
                self.other,
                self.requests,
                self.errors,
                self.size,
                self.first,
                self.last,
                self.last_dropped,
                self.reason,
                tuple((at, *self.buckets[at]) for at in buckets if at > oldest),  # type: ignore[misc]
            )
        return self.edge


class TrafficBook:
    """``fold`` is called for every batch of flows by whoever adds them, ``picture`` by whoever wants to see."""

    def __init__(self, most_edges: int = MOST_EDGES) -> None:
        self._most = most_edges
        self._entries: dict[tuple[int, int, int | None, str, str], _Entry] = {}
        self._ends: dict[tuple[object, ...], int] = {}
        """What of a peer decides its end → the end's number."""
        self._numbers: dict[End, int] = {}
        self._by_number: dict[int, End] = {}
        self._next = 0
        self._names: dict[str, tuple[str, ...]] = {}
        self._last = Traffic()
        self._version = 0
        self._names_version = 0
        self._forgotten = 0
        self._pruned = 0.0

    # -- counting -----------------------------------------------------------------------------------------------------

    def fold(self, flows: Iterable[Flow], now: float) -> None:
        """Count flows that were seen at ``now``. Translations at the socket are left out: the same connection comes again,
        with the address it really goes to."""
        entries = self._entries
        number = self._number
        bucket = int(now) // BUCKET
        for flow in flows:
            if flow.event == TRACE_SOCK:
                continue
            source, destination = sides(flow)
            port = destination.port
            key = (number(source, False), number(destination, True), port, flow.protocol, flow.origin)
            entry = entries.get(key)
            if entry is None:
                ends = self._by_number
                entry = entries[key] = _Entry(ends[key[0]], ends[key[1]], flow, port, now)
            entry.edge = None
            if now > entry.last:
                entry.last = now
            elif now < entry.first:
                entry.first = now
            counted = entry.buckets.get(bucket)
            if counted is None:
                counted = entry.buckets[bucket] = [0, 0]
                if len(entry.buckets) > 2 * BUCKETS:
                    for old in sorted(entry.buckets)[:-BUCKETS]:
                        del entry.buckets[old]
            counted[0] += 1
            verdict = flow.verdict
            if verdict in _FORWARDED:
                entry.forwarded += 1
            elif verdict in _DROPPED:
                entry.dropped += 1
                counted[1] += 1
                if entry.last_dropped is None or now >= entry.last_dropped:
                    entry.last_dropped, entry.reason = now, flow.drop_reason
            else:
                entry.other += 1
            if flow.l7 is not None:
                self._layer7(entry, flow)
            if source.names:
                self._learn(source.ip, source.names)
            if destination.names:
                self._learn(destination.ip, destination.names)
        self._version += 1
        if len(entries) > self._most:
            self._let_go()
        if self._next > _MOST_ENDS:
            self._renumber()

    def _layer7(self, entry: _Entry, flow: Flow) -> None:
        l7 = flow.l7
        assert l7 is not None
        logged = flow.origin != "hubble"
        if l7.type == "REQUEST" or logged:
            entry.requests += 1
        if l7.code is not None and l7.code >= 500 and (logged or l7.type != "REQUEST"):
            entry.errors += 1
        if l7.size is not None:
            entry.size = (entry.size or 0) + l7.size
        if l7.answers and l7.query:
            for ip in l7.answers:
                self._learn(ip, (l7.query.rstrip("."),))

    def _number(self, peer: Peer, asked: bool) -> int:
        if peer.pod or peer.workload:
            key: tuple[object, ...] = (peer.namespace, peer.workload or peer.pod, bool(peer.workload))
        else:
            key = (asked, peer.identity, peer.ip, peer.names, peer.namespace, peer.service, peer.service_namespace)
        found = self._ends.get(key)
        if found is None:
            end = end_of(peer, asked=asked)
            found = self._numbers.get(end)
            if found is None:
                found = self._numbers[end] = self._next
                self._by_number[found] = end
                self._next += 1
            if len(self._ends) > 2 * _MOST_ENDS:
                self._ends.clear()
            self._ends[key] = found
        return found

    def _learn(self, ip: str, names: tuple[str, ...]) -> None:
        if not ip:
            return
        known = self._names.get(ip, ())
        fresh = tuple(name for name in names if name and name not in known)
        if not fresh:
            return
        self._names.pop(ip, None)
        self._names[ip] = (*known, *fresh)[-NAMES_EACH:]
        if len(self._names) > MOST_NAMES:
            del self._names[next(iter(self._names))]
        self._names_version += 1

    # -- letting go ---------------------------------------------------------------------------------------------------

    def _let_go(self) -> None:
        """Forget a tenth, the ones unseen for longest, so that it need not be done for each new one."""
        oldest = sorted(self._entries, key=lambda key: self._entries[key].last)
        for key in oldest[: len(self._entries) - self._most * 9 // 10]:
            del self._entries[key]
            self._forgotten += 1

    def _renumber(self) -> None:
        """Forget the ends that no edge has, and count them from 0 again."""
        used = sorted({number for key in self._entries for number in key[:2]})
        again = {old: new for new, old in enumerate(used)}
        self._by_number = {again[old]: self._by_number[old] for old in used}
        self._numbers = {end: number for number, end in self._by_number.items()}
        self._entries = {(again[key[0]], again[key[1]], *key[2:]): entry for key, entry in self._entries.items()}
        self._ends.clear()
        self._next = len(used)

    # -- looking ------------------------------------------------------------------------------------------------------

    def picture(self, now: float, rates: Rates) -> Traffic:
        """All edges as of ``now``; those that did not change are the same objects."""
        last = self._last
        if now - self._pruned > 30:
            self._pruned = now
            gone = [key for key, entry in self._entries.items() if now - entry.last > KEEP_SECONDS]
            for key in gone:
                del self._entries[key]
            self._version += bool(gone)
        changed = self._version != last.version
        edges = tuple(entry.picture() for entry in self._entries.values()) if changed else last.edges
        names: Mapping[str, tuple[str, ...]] = last.names
        if self._names_version != last.names_version:
            names = MappingProxyType(dict(self._names))
        self._last = Traffic(edges, names, rates, now, self._version, self._names_version, self._forgotten)
        return self._last

    def clear(self) -> None:
        """Forget everything that was counted and learnt."""
        self._entries.clear()
        self._names.clear()
        self._version += 1
        self._names_version += 1
