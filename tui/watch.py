"""Watching announcers: what each picture says of them goes into the history, and from there to the disk.

The app and ``ips watch`` look with the same eyes; what either saw is there for the other, and after a restart.
"""

from __future__ import annotations

from collections.abc import Callable

from pointsman.tui.disk.history import HistoryFile, Keeper
from pointsman.tui.model.kinds import LEASES
from pointsman.tui.store.snapshot import Snapshot, State
from pointsman.tui.store.store import Store

EVERY = 1.0
"""Seconds between two notes that somebody looks."""

File = Callable[[str], HistoryFile]


class Watch:
    """Bound to one store. Nothing is kept on disk of files, of pictures of another time, and of the demo homelab, which is
    another one at each start."""

    def __init__(self, store: Store, file: File = HistoryFile) -> None:
        self._store = store
        self._file = file
        self._version = 0
        self._leases = 0
        self._keeper: Keeper | None = None
        self._identity: str | None = None
        self._looked = float("-inf")

    def look(self, snapshot: Snapshot) -> None:
        """Take in a picture. Cheap while nothing changed."""
        link = snapshot.links.get("kube")
        settled = snapshot.state(LEASES) in (State.LIVE, State.FORBIDDEN, State.ABSENT)
        live = link is not None and link.state is State.LIVE and settled
        if live and self._identity is None and snapshot.cluster.origin == "cluster":
            self._recall(snapshot)
        if snapshot.version != self._version:
            from pointsman.tui.answers.ips import observe
            from pointsman.tui.answers.ips.renewals import renewals

            version = snapshot.table(LEASES).version
            if live and version != self._leases:
                self._store.set_beats(*renewals(snapshot))
                self._leases = version
                snapshot = self._store.snapshot()
            self._store.observe(observe(snapshot))
            self._version = self._store.version
        if live and snapshot.now - self._looked >= EVERY:
            self._looked = snapshot.now
            self._store.looked()
            self._keep()

    def end(self) -> None:
        """The last words on disk: how long it was watched."""
        self._keep(last=True)

    def _recall(self, snapshot: Snapshot) -> None:
        self._identity = snapshot.cluster.identity
        if snapshot.cluster.demo:
            return
        file = self._file(self._identity)
        past = file.load()
        self._store.remember(past.by_ip, past.watched)
        self._keeper = Keeper(file, self._store.snapshot().history.by_ip)

    def _keep(self, *, last: bool = False) -> None:
        if self._keeper is None:
            return
        picture = self._store.snapshot()
        history = picture.history
        span = history.watched[-1] if history.watched else None
        self._keeper.keep(history.by_ip, span, picture.now, last=last)


def recalled(store: Store) -> None:
    """For a verb that looks once: the history that programs which watched have left."""
    cluster = store.cluster
    if cluster.origin == "cluster" and not cluster.demo and (cluster.uid or cluster.server):
        past = HistoryFile(cluster.identity).load()
        store.remember(past.by_ip, past.watched)
