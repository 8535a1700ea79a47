"""Who talked to whom lately, counted: the edges that the map, the edge list and FQDN policies are made from.

Plain immutable data. What is counted is *events*: Hubble tells of one connection several times (the verdict, each point
it passes, both nodes), so these numbers compare edges with each other and are no bytes and no connections.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import msgspec

BUCKET: Final = 5
"""Seconds that one number of an edge's history stands for."""
BUCKETS: Final = 60
"""Numbers of history kept for an edge: five minutes."""

ENTITY: Final = "entity"
FQDN: Final = "fqdn"
ADDRESS: Final = "ip"
SERVICE: Final = "Service"
POD: Final = "Pod"
OUTSIDE: Final = frozenset(("world", "world-ipv4", "world-ipv6"))


class End(msgspec.Struct, frozen=True, gc=False):
    """One end of an edge. ``kind`` says what ``name`` is:

    ``Deployment``, ``StatefulSet``, ``DaemonSet``, ... a workload of ``namespace``; ``Pod`` where no workload is known; ``Service``
    an address of a service that no backend stands for; ``entity`` a reserved identity (``world``, ``host``,
    ``remote-node``, ``kube-apiserver``, ``ingress``, ``health``, ...); ``fqdn`` a DNS name outside; ``ip`` an address.
    """

    kind: str
    namespace: str = ""
    name: str = ""
    entity: str = ""
    """The reserved identity that the end belongs to: ``world`` of an ``fqdn`` or an ``ip`` outside; empty if unknown."""
    ip: str = ""
    """Of what has no pod; empty where one end stands for many addresses."""

    @property
    def inside(self) -> bool:
        """Whether it is a workload, pod or service of the cluster."""
        return bool(self.namespace)

    @property
    def outside(self) -> bool:
        """Whether it is beyond the cluster and its nodes, as far as is known."""
        return self.entity in OUTSIDE or (not self.namespace and not self.entity)

    @property
    def text(self) -> str:
        """``media/jellyfin``, ``world``, ``world 192.168.7.23``, ``api.weather.example``, ``10.0.0.7``."""
        if self.namespace:
            return f"{self.namespace}/{self.name}"
        if self.kind == ENTITY and self.ip:
            return f"{self.name} {self.ip}"
        return self.name or "unknown"


class Edge(msgspec.Struct, frozen=True, gc=False):
    """Traffic one way of asking: ``source`` opened it, replies count here too. Times are seconds since the epoch."""

    source: End
    destination: End
    port: int | None
    """Of the destination; None for what has no ports."""
    protocol: str
    """TCP, UDP, SCTP, ICMPv4, ... or empty."""
    origin: str
    """Who told: :data:`pointsman.tui.model.flows.HUBBLE` or ``TRAEFIK_LOG``."""
    forwarded: int
    dropped: int
    other: int
    """Audited, traced, unknown."""
    requests: int
    """L7 requests, or lines of an access log."""
    errors: int
    """L7 answers with a status of 500 or more."""
    size: int | None
    """Bytes of the answers, where the origin tells them (access logs); None: not known."""
    first: float
    last: float
    last_dropped: float | None
    drop_reason: str
    """Of the last drop, the API's name (``POLICY_DENIED``); empty: none, or not told."""
    buckets: tuple[tuple[int, int, int], ...]
    """``(time // BUCKET, events, drops)``, oldest first, only those with events."""

    @property
    def flows(self) -> int:
        """All events."""
        return self.forwarded + self.dropped + self.other

    @property
    def key(self) -> tuple[End, End, int | None, str, str]:
        """What identifies an edge."""
        return (self.source, self.destination, self.port, self.protocol, self.origin)

    def series(self, at: float, *, drops: bool = False, length: int = BUCKETS) -> tuple[int, ...]:
        """Events in each of the last whole buckets before ``at``, oldest first."""
        end = int(at) // BUCKET
        numbers = [0] * length
        which = 2 if drops else 1
        for item in self.buckets:
            place = item[0] - end + length
            if 0 <= place < length:
                numbers[place] = item[which]
        return tuple(numbers)

    def rate(self, at: float, *, drops: bool = False) -> float:
        """Events per second: the mean of the last two whole buckets and the running one."""
        end = int(at) // BUCKET
        which = 2 if drops else 1
        total = sum(item[which] for item in self.buckets if end - 2 <= item[0] <= end)
        return total / max(1.0, at - (end - 2) * BUCKET)

    def lately(self, at: float, seconds: int = BUCKET * BUCKETS, *, drops: bool = False) -> int:
        """Events of the last ``seconds``, to the bucket."""
        since = (at - seconds) // BUCKET
        return sum(item[2 if drops else 1] for item in self.buckets if item[0] > since)


@dataclass(frozen=True, slots=True)
class Rates:
    """Per second, mean of the seconds asked for; ``history`` is one number a second, oldest first."""

    flows: float = 0.0
    drops: float = 0.0
    history: tuple[int, ...] = ()
    drop_history: tuple[int, ...] = ()
    errors: float = 0.0
    """Answers of layer 7 with a status of 500 or more."""
    error_history: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Traffic:
    """The picture of the recent traffic at ``at``.

    ``version`` grows when edges changed, ``names_version`` when names did; neither is part of ``Snapshot.version``, which would
    make every answer anew each second.
    """

    edges: tuple[Edge, ...] = ()
    """In the order they were first seen; bounded, the ones unseen for longest are let go."""
    names: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Address → the DNS names it was seen under: from the flows' own names and from DNS answers. The newest last."""
    rates: Rates = Rates()
    at: float = 0.0
    version: int = 0
    names_version: int = 0
    forgotten: int = 0
    """Edges that were let go for want of room."""
