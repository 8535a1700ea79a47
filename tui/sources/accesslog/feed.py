"""Traefik's access log in the app's store."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from pointsman.tui.model.flows import Flow
from pointsman.tui.sources.accesslog.source import AccessLogSource
from pointsman.tui.store.snapshot import State

if TYPE_CHECKING:
    from pointsman.tui.sources.kube.client import KubeClient
    from pointsman.tui.sources.open import Opened

LINK: Final = "traefik-log"


async def run(opened: Opened) -> None:
    """Until cancelled."""
    store = opened.store

    def client() -> KubeClient | None:
        return opened.kube.client if opened.kube is not None else None

    def take(flow: Flow, past: bool) -> None:
        # What was written before this began is no traffic of now, so it counts for no rate.
        store.flows.add_flows((flow,), (flow.time or 0.0) if past else time.time())

    def report(state: State, detail: str, hint: str) -> None:
        store.set_link(LINK, state, detail, hint)

    await AccessLogSource(client, store.snapshot, take, report).run()
