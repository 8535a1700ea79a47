"""The cluster's objects as a snapshot, made again when one that Traefik reads has changed."""

from __future__ import annotations

from typing import Any

from pointsman.tui.answers.routes.build import READS
from pointsman.tui.demo.kube.storage import Storage
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import HELM_RELEASES, TLS_SECRETS, Kind
from pointsman.tui.store.snapshot import Cluster, Snapshot, State
from pointsman.tui.store.store import Store

KINDS: tuple[Kind[Any], ...] = tuple(kind for kind in dict.fromkeys(READS) if kind is not HELM_RELEASES)


class Pictures:
    """Keeps the last one."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._store = Store(clock=lambda: 0.0)
        self._store.set_cluster(Cluster("demo"))
        self._stale = {kind.id for kind in KINDS}
        self._of = {(kind.group, kind.kind): kind for kind in KINDS}
        storage.listen(self._note)

    def _note(self, event: Any) -> None:
        group = str(event.object.get("apiVersion", "")).rpartition("/")[0]
        kind = self._of.get((group, event.object.get("kind")))
        if kind is not None:
            self._stale.add(kind.id)

    def take(self) -> Snapshot:
        for kind in KINDS:
            if kind.id in self._stale:
                self._store.replace(kind, [from_doc(doc, kind) for doc in self._documents(kind)])
                self._store.set_kind_link(kind, State.LIVE)
        self._stale.clear()
        return self._store.snapshot()

    def _documents(self, kind: Kind[Any]) -> list[Any]:
        info = self._storage.resources.find(kind.group_resource)
        if info is None:
            return []
        found = self._storage.list(info)
        return [doc for doc in found if doc.get("type") == "kubernetes.io/tls"] if kind is TLS_SECRETS else list(found)
