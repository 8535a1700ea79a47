"""The immutable picture that answers are made from.

An answer is a pure function of a :class:`Snapshot`: it reads no clock and no file, so it gives the same result on a live
cluster, on a folder of manifests and in a test. ``now`` is the time of the picture; answers give times, views turn them
into ages.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pointsman.tui.model.kinds import Kind
from pointsman.tui.model.meta import Key, Obj, Resource
from pointsman.tui.model.neighbours import LanReading
from pointsman.tui.model.proxies import NOBODY, ProxyState
from pointsman.tui.model.traffic import Traffic
from pointsman.tui.store.history import History

B = TypeVar("B", bound=Resource)


class State(enum.StrEnum):
    """How much a source's data can be trusted. Everything but LIVE needs a word on screen."""

    CONNECTING = "connecting"
    LIVE = "live"
    STALE = "stale"
    DOWN = "down"
    ABSENT = "absent"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Link:
    """The state of one source (``kube``, ``hubble``, ``traefik``) or of one kind's watch.

    ``since`` is when this state began, ``last_ok`` when data last arrived or was confirmed current (None: never), both
    seconds since 1970. ``detail`` is one sentence for people, ``hint`` what would mend it.
    """

    name: str
    state: State = State.CONNECTING
    since: float = 0.0
    last_ok: float | None = None
    detail: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What the objects came from. ``uid`` (of the kube-system namespace) is its identity; None until it is known.

    ``server`` is the API host as people should see it in a dialog; ``origin`` is ``cluster``, ``manifests`` or
    ``snapshot`` (a file that holds what a cluster was at ``Snapshot.now``).
    """

    context: str = ""
    server: str = ""
    uid: str | None = None
    version: str | None = None
    user: str = ""
    origin: str = "cluster"
    insecure: bool = False
    demo: str = ""
    """The demo homelab's variant; empty for a real cluster."""
    warnings: tuple[str, ...] = ()
    """Sentences about the input as a whole: documents that could not be read, an insecure connection."""

    @property
    def identity(self) -> str:
        """What is kept on disk is kept under this: the uid or, for a user who may not read it, a word of the address."""
        if self.uid:
            return self.uid
        return f"at-{hashlib.sha256(self.server.encode()).hexdigest()[:24]}"


@dataclass(frozen=True, slots=True)
class Table(Generic[B]):
    """All objects of one kind. ``version`` grows with every change and is never reused within a process."""

    objects: Mapping[Key, Obj[B]] = field(default_factory=dict)
    version: int = 0
    link: Link = Link("")


EMPTY: Table[Any] = Table()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the answers may look at."""

    tables: Mapping[str, Table[Any]] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=dict)
    cluster: Cluster = Cluster()
    history: History = field(default_factory=History)
    now: float = 0.0
    version: int = 0
    traffic: Traffic = field(default_factory=Traffic)
    """Recent edges, observed DNS names, rates. It changes every second, and ``version`` does not with it: what is made
    from it compares ``traffic.version`` or ``traffic.names_version``."""
    traefik: ProxyState = NOBODY
    """What Traefik's API said last; ``links["traefik"]`` says how old that is."""
    lan: Mapping[str, LanReading] = field(default_factory=dict)
    """What the local network said of an address when it was asked last, by address."""

    def table(self, kind: Kind[B]) -> Table[B]:
        return self.tables.get(kind.id, EMPTY)

    def all(self, kind: Kind[B]) -> Iterator[Obj[B]]:
        """Every object of the kind, in no promised order."""
        return iter(self.table(kind).objects.values())

    def get(self, kind: Kind[B], namespace: str, name: str) -> Obj[B] | None:
        return self.table(kind).objects.get((namespace, name))

    def count(self, kind: Kind[Any]) -> int:
        return len(self.table(kind).objects)

    def state(self, kind: Kind[Any]) -> State:
        """LIVE means the list is complete and current; ABSENT that the cluster does not serve the kind."""
        return self.table(kind).link.state

    def known(self, kind: Kind[Any]) -> bool:
        """Whether an empty table means "there is none": the list was read (live or stale) or the kind is not served."""
        return self.state(kind) in (State.LIVE, State.STALE, State.ABSENT)

    def versions(self, *kinds: Kind[Any]) -> tuple[int, ...]:
        return tuple(self.table(kind).version for kind in kinds)
