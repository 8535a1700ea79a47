"""The app on a store that is filled by hand: the demo's objects without its server, a fixed clock, no network."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pointsman.tui.config import Config
from pointsman.tui.demo.scenario import Variant, build
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.options import Options
from pointsman.tui.session import Session
from pointsman.tui.store.snapshot import Cluster, State
from pointsman.tui.store.store import Store

NOW = datetime(2026, 3, 14, 13, 2, 11, tzinfo=UTC)


class Clock:
    """Seconds since 1970 that move only when told to."""

    def __init__(self, now: float = NOW.timestamp()) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def fill(store: Store, variant: Variant, *, demo: bool = True) -> None:
    """Everything the demo homelab starts with, as if a source had listed it."""
    scenario = build(variant, now=NOW)
    by_kind: dict[str, list[dict[str, Any]]] = {}
    groups = set()
    for doc in scenario.objects:
        by_kind.setdefault(f"{doc['apiVersion'].rpartition('/')[0]}/{doc['kind']}", []).append(doc)
        groups.add(doc["apiVersion"].rpartition("/")[0])
    for kind in KINDS.values():
        docs = by_kind.get(f"{kind.group}/{kind.kind}", [])
        if kind.id == "secrets":
            docs = [doc for doc in docs if doc.get("type") == "kubernetes.io/tls"]
        elif kind.id == "helmreleases":
            docs = [doc for doc in docs if doc["metadata"].get("labels", {}).get("owner") == "helm"]
        if kind.core or kind.group in groups:
            store.set_kind_link(kind, State.LIVE)
            store.replace(kind, [from_doc(doc, kind) for doc in docs])
        else:
            store.set_kind_link(kind, State.ABSENT)
    store.set_cluster(
        Cluster(
            "demo", "127.0.0.1:6443", scenario.cluster_uid, scenario.version, "demo-admin", demo=variant if demo else ""
        )
    )
    store.set_link("kube", State.LIVE)
    store.set_link("hubble", State.ABSENT, "There is no Hubble on this stack: it comes with Cilium.")
    store.set_link(
        "traefik",
        State.ABSENT,
        "Traefik's API was not asked",
    )


def make_app(
    variant: Variant | None = "classic",
    options: Options | None = None,
    config: Config | None = None,
    *,
    clock: Callable[[], float] | None = None,
    demo: bool = True,
) -> Any:
    """The app as ``run`` makes it, but on a filled store and without a source."""
    from pointsman.tui.app.program import Pointsman

    options = options or Options()
    config = config or Config()
    store = Store(clock or Clock())
    if variant is not None:
        fill(store, variant, demo=demo)
    return Pointsman(options, config, Session(options, config, store))
