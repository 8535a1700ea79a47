"""The store: sources write batches, readers take snapshots.

Copy on write: a batch replaces the dict of its kind, so a reader's snapshot never changes under it. One thread (the event
loop's) writes; any thread may read a snapshot it was given. There are no callbacks: a reader compares ``version``. Flows are
apart, in ``Store.flows``, which any thread may add to; a snapshot holds what they sum up to, as of its second.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pointsman.tui.model.kinds import KINDS, Kind
from pointsman.tui.model.meta import Key, Obj
from pointsman.tui.model.neighbours import LanReading
from pointsman.tui.model.proxies import NOBODY, ProxyState, Replica
from pointsman.tui.model.traffic import Traffic
from pointsman.tui.store.audience import Audience
from pointsman.tui.store.flows import CAPACITY, FlowStore
from pointsman.tui.store.history import Beats, History, Observation, Span
from pointsman.tui.store.snapshot import Cluster, Link, Snapshot, State, Table

_versions = itertools.count(1)
"""Process-wide, so that a table's version never means two things, not even across two stores."""


class Store:
    """Objects by kind, the state of each source, and the cluster's identity."""

    def __init__(self, clock: Callable[[], float] = time.time, *, flows: int = CAPACITY) -> None:
        """``flows`` is how many of the last flows are kept."""
        self._clock = clock
        self.flows = FlowStore(flows)
        self._traffic = Traffic()
        self._tables: dict[str, Table[Any]] = {
            kind.id: Table(link=Link(kind.id, since=clock())) for kind in KINDS.values()
        }
        self._links: dict[str, Link] = {}
        self._cluster = Cluster()
        self._history = History(started=clock())
        self._traefik = NOBODY
        self.audience = Audience()
        self._lan: dict[str, LanReading] = {}
        self._snapshot: Snapshot | None = None
        self.version = next(_versions)
        self.applied = 0
        """Objects written or removed so far; counted-work tests read it."""

    def _touch(self) -> None:
        self.version = next(_versions)
        self._snapshot = None

    def replace(self, kind: Kind[Any], objects: Iterable[Obj[Any]]) -> None:
        """The kind's complete list, as after a list request. Objects that did not change keep their identity."""
        old = self._tables[kind.id]
        fresh: dict[Key, Obj[Any]] = {}
        for obj in objects:
            before = old.objects.get(obj.key)
            same = before is not None and obj.meta.resource_version and before.raw == obj.raw
            fresh[obj.key] = before if same and before is not None else obj
        self.applied += len(fresh)
        if fresh == old.objects and old.link.state is State.LIVE:
            return
        self._tables[kind.id] = replace(old, objects=fresh, version=next(_versions))
        self._touch()

    def change(self, kind: Kind[Any], upserts: Iterable[Obj[Any]] = (), deletes: Iterable[Key] = ()) -> None:
        """A batch of changes from a watch; later entries win."""
        old = self._tables[kind.id]
        objects = dict(old.objects)
        count = 0
        for obj in upserts:
            objects[obj.key] = obj
            count += 1
        for key in deletes:
            objects.pop(key, None)
            count += 1
        if not count:
            return
        self.applied += count
        self._tables[kind.id] = replace(old, objects=objects, version=next(_versions))
        self._touch()

    def set_kind_link(self, kind: Kind[Any], state: State, detail: str = "", hint: str = "") -> None:
        """The state of one kind's watch. LIVE also stamps ``last_ok``; ABSENT drops what was known of the kind."""
        old = self._tables[kind.id]
        link = self._next_link(old.link, state, detail, hint)
        objects = {} if state is State.ABSENT else old.objects
        if (link.state, link.detail, link.hint) == (old.link.state, old.link.detail, old.link.hint):
            self._tables[kind.id] = replace(old, link=link)
            self._snapshot = None
            return
        self._tables[kind.id] = replace(old, link=link, objects=objects, version=next(_versions))
        self._touch()

    def set_link(self, name: str, state: State, detail: str = "", hint: str = "") -> None:
        """The state of a source as a whole."""
        old = self._links.get(name, Link(name, since=self._clock()))
        link = self._next_link(old, state, detail, hint)
        changed = (link.state, link.detail, link.hint) != (old.state, old.detail, old.hint) or name not in self._links
        self._links[name] = link
        self._snapshot = None
        if changed:
            self._touch()

    def _next_link(self, old: Link, state: State, detail: str, hint: str) -> Link:
        now = self._clock()
        return Link(
            old.name,
            state,
            old.since if state is old.state else now,
            now if state is State.LIVE else old.last_ok,
            detail,
            hint,
        )

    def set_cluster(self, cluster: Cluster) -> None:
        if cluster != self._cluster:
            self._cluster = cluster
            self._touch()

    @property
    def cluster(self) -> Cluster:
        return self._cluster

    def observe(self, items: Iterable[Observation]) -> bool:
        """Add observations of announcers; True if any differed from what was known."""
        history = self._history.observed(items)
        if history is self._history:
            return False
        self._history = history
        self._touch()
        return True

    def looked(self) -> None:
        """The announcements were looked at just now. No news, so the version stays."""
        self._history = self._history.looked(self._clock())
        self._snapshot = None

    def set_beats(self, beats: Mapping[Key, Beats], pulse: tuple[float, ...]) -> None:
        """How regularly leases are renewed. The leases themselves are the news, so the version stays."""
        self._history = replace(self._history, beats=beats, pulse=pulse)
        self._snapshot = None

    def remember(self, by_ip: Mapping[str, Sequence[Observation]], watched: Iterable[Span]) -> None:
        """Add what was known of announcers before this program began."""
        self._history = self._history.with_past(by_ip, watched)
        self._touch()

    def set_traefik(self, replicas: Iterable[Replica], silent: Iterable[str] = ()) -> bool:
        """What Traefik's replicas say; True if anything differs from what was known."""
        fresh = ProxyState(tuple(replicas), tuple(silent), self._traefik.version)
        if fresh == self._traefik:
            return False
        self._traefik = ProxyState(fresh.replicas, fresh.silent, next(_versions))
        self._touch()
        return True

    def set_lan(self, readings: Iterable[LanReading]) -> None:
        """What a check of the local network saw, by address; the newest reading of each."""
        self._lan = {**self._lan, **{item.ip: item for item in readings}}
        self._touch()

    def restore(self, picture: Snapshot) -> None:
        """Show a picture of another time: its objects, states and history. The clock stands still at its ``now``."""
        self._clock = lambda: picture.now
        self._tables = {kind.id: replace(picture.table(kind), version=next(_versions)) for kind in KINDS.values()}
        self._links = {**self._links, **picture.links}
        self._cluster = picture.cluster
        self._history = picture.history
        self._traffic = picture.traffic
        self._traefik = picture.traefik
        self._touch()

    def stand_still(self, at: float) -> None:
        """Take ``at`` (epoch seconds) for now, from now on: what is shown is of another time."""
        self._clock = lambda: at
        self._touch()

    def snapshot(self) -> Snapshot:
        """The picture now. Cheap when nothing changed but the time; what flows sum up to is at most a second old."""
        now = self._clock()
        if self.flows.version and not 0 <= now - self._traffic.at < 1:
            self._traffic = self.flows.traffic(now)
        found = self._snapshot
        if found is None:
            found = Snapshot(
                dict(self._tables),
                dict(self._links),
                self._cluster,
                self._history,
                now,
                self.version,
                traffic=self._traffic,
                traefik=self._traefik,
                lan=self._lan,
            )
        elif found.now != now or found.traffic is not self._traffic:
            found = replace(found, now=now, traffic=self._traffic)
        self._snapshot = found
        return found
