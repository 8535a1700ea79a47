"""A demo homelab on a port of this process with its Relay, and the program's sources on it."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from pathlib import Path
from typing import Any

from pointsman.tui.demo import tls
from pointsman.tui.demo.homelab import Homelab
from pointsman.tui.demo.serve import kubeconfig
from pointsman.tui.model.flows import Event, Flow
from pointsman.tui.options import HubbleOptions, Options
from pointsman.tui.sources.hubble.source import HubbleSource
from pointsman.tui.sources.open import Opened, open_source
from pointsman.tui.store.snapshot import State
from pointsman.tui.store.store import Store


class Lab:
    """A homelab on a port, and a source over it."""

    def __init__(self, lab: Homelab, opened: Opened) -> None:
        self.lab = lab
        self.opened = opened
        self.events: list[Event] = []
        self.states: list[tuple[State, str]] = []
        self.source = self.over(HubbleOptions())

    def over(self, options: HubbleOptions) -> HubbleSource:
        return HubbleSource(
            options,
            lambda: self.opened.kube.client if self.opened.kube else None,
            self.events.append,
            lambda state, detail, hint: self.states.append((state, detail)),
        )

    @property
    def flows(self) -> list[Flow]:
        return [event for event in self.events if isinstance(event, Flow)]

    async def until(self, what: Any, seconds: float = 15) -> None:
        async with asyncio.timeout(seconds):
            while not what():  # noqa: ASYNC110 - what is waited for comes from a thread
                await asyncio.sleep(0.05)


async def start(variant: str, folder: Path, user: str = "admin") -> Lab:
    lab = Homelab(variant, seed=1, cluster_uid=str(uuid.uuid4()))
    tokens = {name: secrets.token_urlsafe(16) for name in ("admin", "restricted")}
    pki = tls.make()
    port = await lab.start(pki.server_context(folder), tokens)
    path = folder / "config"
    path.write_text(kubeconfig(variant, port, pki.ca, tokens["admin"], tokens["restricted"]))
    context = f"demo-{variant}" + ("" if user == "admin" else "-restricted")
    opened = open_source(Store(), Options(kubeconfig=str(path), context=context))
    await opened.connect()
    return Lab(lab, opened)
