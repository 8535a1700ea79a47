"""A running homelab: scenario, storage, controllers, API server and what listens in its pods, put together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Mapping
from typing import cast

from pointsman.tui.demo import control
from pointsman.tui.demo.clock import Clock
from pointsman.tui.demo.hubble.attach import Relay
from pointsman.tui.demo.kube import authz
from pointsman.tui.demo.kube.logs import PodLogs
from pointsman.tui.demo.kube.objects import Object
from pointsman.tui.demo.kube.ports import Ports, page
from pointsman.tui.demo.kube.server import KubeServer
from pointsman.tui.demo.kube.storage import Storage
from pointsman.tui.demo.life import Life
from pointsman.tui.demo.scenario import Variant, build
from pointsman.tui.demo.traefik.attach import TraefikPort

_LOG = logging.getLogger(__name__)

TICK_SECONDS = 0.5
SLICE_SECONDS = 60.0
SETTLE_SECONDS = 0.02
"""Controllers follow a write after this long; writes that come together are followed together."""

SITE = """\
<!doctype html><title>www.home.example</title>
<h1>It works</h1><p>The static site of the demo homelab.</p>
"""


class Homelab:
    """One variant, from its seed. Raises ValueError for an unknown variant."""

    def __init__(
        self, variant: str, *, seed: int = 1, cluster_uid: str | None = None, clock: Clock | None = None
    ) -> None:
        self.clock = clock or Clock()
        self.scenario = build(cast(Variant, variant), seed=seed, now=self.clock.now(), cluster_uid=cluster_uid)
        self.storage = Storage(now=self.clock.now, seed=seed)
        self.storage.seed(self.scenario.objects)
        self.storage.seed(obj for obj in authz.bootstrap() if not self._has(obj))
        self.logs = PodLogs(
            fallback=lambda *place: self.life.log(*place), earlier=lambda *place: self.life.log_before(*place)
        )
        self.life = Life(self.storage, self.scenario, self.clock, logs=self.logs)
        self.ports = Ports()
        self.ports.register("web", {"app.kubernetes.io/name": "site"}, 8080, page(SITE))
        self.relay = Relay(self)
        self.traefik = TraefikPort(self)
        self.server: KubeServer | None = None
        self._changed = asyncio.Event()
        self._beat: asyncio.Task[None] | None = None
        self.storage.listen(lambda _: self._changed.set())

    def _has(self, obj: Object) -> bool:
        info = self.storage.resources.of_kind(obj["apiVersion"], obj["kind"])
        return info is not None and self.storage.peek(info, "", obj["metadata"]["name"]) is not None

    async def start(self, context: ssl.SSLContext | None, tokens: Mapping[str, str]) -> int:
        """Listen on a free port of 127.0.0.1, which is returned; plain HTTP without a `context`.

        `tokens` has one for `admin` and one for `restricted`.
        """
        users = {tokens["admin"]: authz.ADMIN, tokens["restricted"]: authz.RESTRICTED}
        self.server = KubeServer(
            self.storage,
            users,
            git_version=self.scenario.version,
            logs=self.logs,
            ports=self.ports,
            extra={control.PREFIX: control.Control(self).handle},
        )
        port = await self.server.start(context)
        if self.clock.running:
            self._beat = asyncio.create_task(self._live())
        return port

    async def stop(self) -> None:
        if self._beat is not None:
            self._beat.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._beat
        await self.relay.stop()
        if self.server is not None:
            await self.server.stop()

    async def step(self, seconds: float) -> None:
        """Let time pass at once; what falls due happens in order. Readers get their share between the slices."""
        while seconds > 0:
            self.life.step(min(seconds, SLICE_SECONDS))
            seconds -= SLICE_SECONDS
            await asyncio.sleep(0)

    async def _live(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._changed.wait()
                    await asyncio.sleep(SETTLE_SECONDS)
            self._changed.clear()
            try:
                self.life.step()
            except Exception:  # a controller that stumbles must not stop the others' time
                _LOG.exception("the demo's life stumbled")
