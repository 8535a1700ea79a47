"""What Relay knows and answers: a ring for each node, and GetFlows by the rules of the real one.

A number of flows is meant for each node; ``since`` takes precedence over it; a stream that follows without either begins
now. The node's status comes first. Threads of the gRPC server ask; one lock keeps the rings whole.
"""

from __future__ import annotations

import heapq
import itertools
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pointsman.tui.answers.flows.predicates import FilterError, Predicate, matcher
from pointsman.tui.demo.hubble.scene import Scene
from pointsman.tui.demo.hubble.stream import CLUSTER, Made, Stream
from pointsman.tui.model.flows import Flow
from pointsman.tui.wire import hubble, hubbleflow

CAPACITY = 4095
"""Flows that each node keeps, as an agent does by default."""
PAST_SECONDS = 60
RATE = 25.0
MOST_RATE = 5000.0
POLL_SECONDS = 0.1
LONGEST_GAP_SECONDS = 120
"""After a longer sleep the flows between are not made up: the rings would not hold them."""
VERSION = "1.20.2"
REFUSED = "connection error: dial tcp: connect: connection refused"


class BadRequestError(ValueError):
    """A request Relay refuses; the text goes to the client."""


class Observer:
    """``now`` gives nanoseconds. ``nodes`` are the cluster's nodes with their addresses."""

    def __init__(
        self, cast: Sequence[Scene], nodes: dict[str, str], now: Callable[[], int], *, seed: int = 1, rate: float = RATE
    ) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._started = now()
        self.nodes = nodes
        self.unavailable: set[str] = set()
        """Nodes whose agent does not answer."""
        self._told = self._started - PAST_SECONDS * 1_000_000_000
        self._rings: dict[str, deque[Made]] = {f"{CLUSTER}/{name}": deque(maxlen=CAPACITY) for name in nodes}
        self._recent: deque[Made] = deque(maxlen=CAPACITY * max(1, len(nodes)))
        self._last = 0
        self.stream = Stream(cast, self._told, rate, seed)
        self._losses: deque[bytes] = deque(maxlen=64)
        self._lost = 0
        self.generation = 0
        """Raised to break every stream off, as a Relay that is restarted does."""

    # -- making ----------------------------------------------------------------------------------------------------------

    def recast(self, cast: Sequence[Scene]) -> None:
        """Other pods or policies from now on."""
        with self._lock:
            self._advance()
            self.stream.recast(cast)

    def set_rate(self, rate: float) -> None:
        """Flows a second from now on, at most MOST_RATE. Raises ValueError."""
        if not 0 < rate <= MOST_RATE:
            raise ValueError(f"a rate is above 0 and at most {MOST_RATE:g} flows a second")
        with self._lock:
            self._advance()
            self.stream.rate = rate

    def set_available(self, node: str, on: bool) -> None:
        """Whether a node's agent answers. Streams that are open learn of it. Raises ValueError for no node of these."""
        if node not in self.nodes:
            raise ValueError(f"there is no node {node!r} ({', '.join(sorted(self.nodes))})")
        name = f"{CLUSTER}/{node}"
        if on == (name not in self.unavailable):
            return
        with self._lock:
            self.unavailable = self.unavailable - {name} if on else self.unavailable | {name}
            text = "" if on else REFUSED
            self._losses.append(self._status(1 if on else 2, [name], text))
            self._lost += 1

    def abort(self) -> None:
        """Break off every stream, as a Relay that is restarted does."""
        self.generation += 1

    def lose(self, count: int, source: str = "HUBBLE_RING_BUFFER") -> None:
        """Tell those who follow that events were lost."""
        numbers = {name: number for number, name in hubble.LOST_SOURCES.items()}
        at = self._now()
        lost = {"source": numbers[source], "num_events_lost": count, "cpu": {"value": 0}}
        node = next(iter(self._rings), "")
        answer = hubble.GetFlowsResponse(lost_events=lost, node_name=node, time=_stamp(at))
        with self._lock:
            self._losses.append(answer.SerializeToString())
            self._lost += 1

    def _advance(self) -> None:
        now = self._now()
        if now - self._told > LONGEST_GAP_SECONDS * 1_000_000_000:
            self.stream.skip_to(now - LONGEST_GAP_SECONDS * 1_000_000_000)
        for made in self.stream.until(now):
            self._last += 1
            item = (made[0], self._last, made[2])
            self._recent.append(item)
            node = _node_of(made[2])
            ring = self._rings.get(node)
            if ring is not None:
                ring.append(item)
        self._told = now

    # -- asking ----------------------------------------------------------------------------------------------------------

    def get_flows(self, request: Any, alive: Callable[[], bool]) -> Iterator[bytes]:
        """Serialized answers until the end, or until ``alive`` says no. Raises BadRequestError before the first."""
        if request.first and request.follow:
            raise BadRequestError("first cannot be specified with follow")
        try:
            # Most readers want all there is: their flows need not be decoded to be judged.
            filtered = bool(request.whitelist or request.blacklist)
            keep = matcher(request.whitelist, request.blacklist) if filtered else None
        except FilterError as error:
            raise BadRequestError(str(error)) from None
        mask = request.field_mask
        if mask.paths and not mask.IsValidForDescriptor(hubble.Flow.DESCRIPTOR):
            raise BadRequestError("invalid fieldmask")
        return self._answers(request, keep, mask if mask.paths else None, alive)

    def _answers(self, request: Any, keep: Predicate | None, mask: Any, alive: Callable[[], bool]) -> Iterator[bytes]:
        generation = self.generation
        until = _ns(request, "until")
        with self._lock:
            self._advance()
            after, lost, away = self._last, self._lost, self.unavailable
            rings = {name: list(ring) for name, ring in self._rings.items() if name not in away}
        yield self._status(1, list(rings))
        if away:
            yield self._status(2, sorted(away), REFUSED)
        for raw in self._past(request, rings, keep, until):
            yield _masked(raw, mask)
        while request.follow and alive() and generation == self.generation:
            time.sleep(POLL_SECONDS)
            with self._lock:
                self._advance()
                new = self._last - after
                fresh = list(itertools.islice(self._recent, max(0, len(self._recent) - new), None)) if new else []
                after = self._last
                missed = list(self._losses)[-(self._lost - lost) :] if self._lost > lost else []
                lost = self._lost
            yield from missed
            for at, _, raw in fresh:
                if until is not None and at > until:
                    return
                if (not self.unavailable or _node_of(raw) not in self.unavailable) and self._kept(raw, keep):
                    yield _masked(raw, mask)
        if request.follow and generation != self.generation:
            raise ConnectionAbortedError("the Relay is shutting down")

    def _past(
        self, request: Any, rings: dict[str, list[Made]], keep: Predicate | None, until: int | None
    ) -> list[bytes]:
        since, number = _ns(request, "since"), min(int(request.number), sys.maxsize)
        if request.follow and since is None and not number:
            return []
        chosen: list[list[Made]] = []
        for ring in rings.values():
            items = sorted(ring)
            if since is not None:
                items = [item for item in items if item[0] >= since]
            if until is not None:
                items = [item for item in items if item[0] <= until]
            if since is not None or not number:
                chosen.append([item for item in items if self._kept(item[2], keep)])
                continue
            order = items if request.first else reversed(items)
            found = list(itertools.islice((item for item in order if self._kept(item[2], keep)), number))
            chosen.append(found if request.first else found[::-1])
        return [raw for _, _, raw in heapq.merge(*chosen)]

    @staticmethod
    def _kept(raw: bytes, keep: Predicate | None) -> bool:
        if keep is None:
            return True
        event = hubbleflow.decode(raw)
        return not isinstance(event, Flow) or keep(event)

    def _status(self, state: int, nodes: Sequence[str], message: str = "") -> bytes:
        status = {"state_change": state, "node_names": nodes, "message": message}
        answer = hubble.GetFlowsResponse(node_status=status, node_name="hubble-relay", time=_stamp(self._now()))
        return bytes(answer.SerializeToString())

    def server_status(self) -> Any:
        """A ServerStatusResponse."""
        with self._lock:
            self._advance()
            up = self._now() - self._started + PAST_SECONDS * 1_000_000_000
            held = sum(len(ring) for ring in self._rings.values())
            seen = self.stream.seen
        return hubble.ServerStatusResponse(
            num_flows=held,
            max_flows=CAPACITY * len(self._rings),
            seen_flows=seen,
            uptime_ns=up,
            num_connected_nodes={"value": len(self._rings) - len(self.unavailable)},
            num_unavailable_nodes={"value": len(self.unavailable)},
            unavailable_nodes=sorted(self.unavailable),
            version=f"hubble-relay {VERSION}",
            flows_rate=self.stream.rate,
        )

    def get_nodes(self) -> Any:
        """A GetNodesResponse."""
        with self._lock:
            self._advance()
            nodes = [
                {
                    "name": f"{CLUSTER}/{name}",
                    "version": f"cilium {VERSION}",
                    "address": f"{address}:4244",
                    "state": 2 if f"{CLUSTER}/{name}" in self.unavailable else 1,
                    "tls": {"enabled": True, "server_name": f"{name}.{CLUSTER}.hubble-grpc.cilium.io"},
                    "uptime_ns": self._now() - self._started + PAST_SECONDS * 1_000_000_000,
                    "num_flows": len(self._rings[f"{CLUSTER}/{name}"]),
                    "max_flows": CAPACITY,
                    "seen_flows": len(self._rings[f"{CLUSTER}/{name}"]),
                }
                for name, address in self.nodes.items()
            ]
        return hubble.GetNodesResponse(nodes=nodes)

    def get_namespaces(self) -> Any:
        """A GetNamespacesResponse: namespaces of the flows that are kept, sorted."""
        with self._lock:
            self._advance()
            held = list(self._recent)
        found = set()
        for _, _, raw in held:
            event = hubbleflow.decode(raw)
            if isinstance(event, Flow):
                found |= {event.source.namespace, event.destination.namespace}
        return hubble.GetNamespacesResponse(
            namespaces=[{"cluster": CLUSTER, "namespace": name} for name in sorted(found) if name]
        )


_parse = hubble.GetFlowsResponse.FromString


def _node_of(raw: bytes) -> str:
    return str(_parse(raw).node_name)


def _masked(raw: bytes, mask: Any) -> bytes:
    if mask is None:
        return raw
    answer = _parse(raw)
    if answer.WhichOneof("response_types") != "flow":
        return raw
    flow = hubble.Flow()
    mask.MergeMessage(answer.flow, flow)
    answer.flow.CopyFrom(flow)
    return bytes(answer.SerializeToString())


def _ns(request: Any, field: str) -> int | None:
    if not request.HasField(field):
        return None
    at = getattr(request, field)
    return int(at.seconds) * 1_000_000_000 + int(at.nanos)


def _stamp(ns: int) -> dict[str, int]:
    seconds, nanos = divmod(ns, 1_000_000_000)
    return {"seconds": seconds, "nanos": nanos}
