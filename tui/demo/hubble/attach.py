"""The Relay behind the homelab's port-forward: made when the first connection to it comes, and kept up to date."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pointsman.tui.demo.kube.ports import Reader, Writer

if TYPE_CHECKING:
    from pointsman.tui.demo.homelab import Homelab
    from pointsman.tui.demo.hubble.observer import Observer
    from pointsman.tui.demo.hubble.relay import RelayServer

NAMESPACE = "kube-system"
LABELS = {"k8s-app": "hubble-relay"}
PORT = 4245
CHUNK = 64 * 1024
DOWN_SECONDS = 3.0
SETTLE_SECONDS = 1.0
"""Policies and pods that change are looked at again at most this often."""
_WATCHED = frozenset(
    {"Pod", "Node", "Namespace", "Service", "ConfigMap", "DaemonSet", "CiliumEndpoint", "NetworkPolicy",
     "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy"}
)  # fmt: skip
log = logging.getLogger(__name__)


class Relay:
    """The Relay of one homelab. ``observer`` is None until someone connected."""

    def __init__(self, homelab: Homelab) -> None:
        self._homelab = homelab
        self._lock = asyncio.Lock()
        self._server: RelayServer | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._open: set[Writer] = set()
        self._back: datetime | None = None
        self.observer: Observer | None = None
        homelab.ports.register(NAMESPACE, LABELS, PORT, self._connect)
        homelab.storage.listen(self._note)

    def _note(self, event: Any) -> None:
        if self.observer is not None and event.object.get("kind") in _WATCHED:
            self._changed.set()

    async def ready(self) -> Observer:
        """The observer, after the server was started if it was not."""
        async with self._lock:
            if self._server is None:
                self._server = await asyncio.to_thread(self._start, self._objects())
                self.observer = self._server.observer
                self._keeper = asyncio.create_task(self._keep())
        assert self.observer is not None
        return self.observer

    def _objects(self) -> list[Any]:
        storage = self._homelab.storage
        found = (storage.raw(key, place) for key in storage.filled() for place in storage.places(key))
        return [obj for obj in found if obj is not None]

    def _start(self, objects: list[Any]) -> RelayServer:
        from pointsman.tui.demo.hubble.observer import Observer
        from pointsman.tui.demo.hubble.relay import RelayServer
        from pointsman.tui.demo.hubble.scene import scenes

        clock = self._homelab.clock
        nodes = {
            obj["metadata"]["name"]: next(a["address"] for a in obj["status"]["addresses"] if a["type"] == "InternalIP")
            for obj in objects
            if obj["kind"] == "Node"
        }
        cast = scenes(objects, clock.now().timestamp(), managed=self._managed(objects))
        return RelayServer(Observer(cast, nodes, lambda: int(clock.now().timestamp() * 1_000_000) * 1000))

    @staticmethod
    def _managed(objects: list[Any]) -> bool:
        return any(obj["kind"] == "CiliumEndpoint" for obj in objects)

    async def _keep(self) -> None:
        from pointsman.tui.demo.hubble.scene import scenes

        while True:
            await self._changed.wait()
            await asyncio.sleep(SETTLE_SECONDS)
            self._changed.clear()
            objects = self._objects()
            try:
                now = self._homelab.clock.now().timestamp()
                cast = await asyncio.to_thread(scenes, objects, now, managed=self._managed(objects))
            except Exception:  # a policy nobody can read must not silence the Relay: it goes on with what it had
                log.exception("the demo's Relay could not look at the cluster again")
                continue
            assert self.observer is not None
            await asyncio.to_thread(self.observer.recast, cast)

    # -- faults -------------------------------------------------------------------------------------------------------
    def cut(self) -> None:
        """Cut the connections of every port-forward to the Relay; new ones are taken."""
        for writer in list(self._open):
            writer.close()

    async def restart(self, down: float = DOWN_SECONDS) -> None:
        """End the Relay's container: streams break off, and for ``down`` seconds nobody answers."""
        homelab = self._homelab
        observer = await self.ready()
        self._back = homelab.clock.now() + timedelta(seconds=down)
        observer.abort()
        self.cut()
        for pod in homelab.storage.list("pods", NAMESPACE):
            if LABELS.items() <= (pod["metadata"].get("labels") or {}).items():
                homelab.life.restart(NAMESPACE, pod["metadata"]["name"], down=down)

    @property
    def connections(self) -> int:
        return len(self._open)

    async def _connect(self, reader: Reader, writer: Writer) -> None:
        if self._back is not None and self._homelab.clock.now() < self._back:
            writer.close()
            return
        await self.ready()
        assert self._server is not None
        far_reader, far_writer = await asyncio.open_unix_connection(str(self._server.path), limit=CHUNK)
        up = asyncio.create_task(_pump(reader, far_writer))
        self._open.add(writer)
        try:
            await _pump(far_reader, writer)
        finally:
            self._open.discard(writer)
            up.cancel()
            await asyncio.gather(up, return_exceptions=True)
            far_writer.close()

    async def stop(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        if self._server is not None:
            await asyncio.to_thread(self._server.stop)


async def _pump(reader: Reader, writer: Writer) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()
