"""A running homelab: scenario, storage, API server, controllers and what listens in its pods, put together."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime

from pointsman.tui.demo.kube import authz
from pointsman.tui.demo.kube.logs import PodLogs
from pointsman.tui.demo.kube.ports import Ports
from pointsman.tui.demo.kube.server import KubeServer
from pointsman.tui.demo.kube.storage import Storage
from pointsman.tui.demo.scenario import build


class Homelab:
    """One variant, from its seed. Raises ValueError for an unknown variant."""

    def __init__(self, variant: str, *, seed: int, cluster_uid: str) -> None:
        now = datetime.now(UTC)
        self.scenario = build(variant, seed=seed, now=now, cluster_uid=cluster_uid)  # type: ignore[arg-type]
        self.storage = Storage(now=lambda: datetime.now(UTC), seed=seed)
        self.storage.seed(self.scenario.objects)
        self.storage.seed(obj for obj in authz.bootstrap() if not self._has(obj))
        self.logs = PodLogs()
        self.ports = Ports()
        self._server: KubeServer | None = None

    def _has(self, obj: dict[str, object]) -> bool:
        info = self.storage.resources.of_kind(str(obj["apiVersion"]), str(obj["kind"]))
        meta = obj["metadata"]
        return info is not None and isinstance(meta, dict) and self.storage.peek(info, "", meta["name"]) is not None

    async def start(self, context: ssl.SSLContext | None, tokens: Mapping[str, str]) -> int:
        """Listen on a free port of 127.0.0.1, which is returned. `tokens` has one for `admin` and one for `restricted`."""
        users = {tokens["admin"]: authz.ADMIN, tokens["restricted"]: authz.RESTRICTED}
        self._server = KubeServer(
            self.storage, users, git_version=self.scenario.version, logs=self.logs, ports=self.ports
        )
        return await self._server.start(context)

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop()
