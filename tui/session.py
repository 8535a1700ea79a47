"""One connection to one cluster: the store, the source that fills it, and what was asked for. No Textual.

The network libraries are imported here, in a thread, after the first paint.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
from typing import Any

from pointsman.tui.config import Config
from pointsman.tui.disk.recorder import Limits
from pointsman.tui.options import Options
from pointsman.tui.store.snapshot import Snapshot, State
from pointsman.tui.store.store import Store
from pointsman.tui.watch import Watch

log = logging.getLogger(__name__)
REPLAY_KEPT = 200_000
"""Flows of a recording that are kept to look through."""


class Session:
    """Ends when its context is left; nothing of it survives into the next one."""

    def __init__(self, options: Options, config: Config, store: Store | None = None) -> None:
        self.options = options
        self.config = config
        kept = max(config.flows_kept, REPLAY_KEPT) if options.replay else config.flows_kept
        self.store = store or Store(flows=kept)
        self.source: Any = None
        """A :class:`pointsman.tui.sources.base.Source` once it is opened; untyped here because importing it is late."""
        self._task: asyncio.Task[None] | None = None
        self.watch = Watch(self.store)
        self._lan: Any = None

    @property
    def read_only(self) -> bool:
        """Whether writes are refused: by the command line, by the settings, or because there is no cluster to write to."""
        context = self.store.cluster.context or self.options.context
        return (
            self.options.read_only
            or bool(self.options.manifests or self.options.replay)
            or self.config.is_read_only(context)
        )

    @property
    def client(self) -> Any:
        """The client of the live cluster, or None while there is none."""
        return getattr(getattr(self.source, "kube", None), "client", None)

    def contexts(self) -> Any:
        """The contexts one can switch to (a ``ContextList``)."""
        from pointsman.tui.sources.contexts import ContextList, list_contexts

        if self.options.manifests or self.options.replay:
            return ContextList((), "Files are read in place of a cluster; there are no contexts.")
        kubeconfig = getattr(self.source, "kubeconfig", "") or self.options.kubeconfig
        return list_contexts(kubeconfig or None)

    def look(self, *panes: str) -> None:
        """Say which pane is on screen, and what lies over it: some sources ask only while somebody looks."""
        self.store.audience.look(panes)

    def snapshot(self) -> Snapshot:
        return self.store.snapshot()

    def observe(self, snapshot: Snapshot) -> None:
        """Add to the history who announces which address now; costs next to nothing while nothing changed."""
        self.watch.look(snapshot)

    async def ask_lan(self) -> int:
        """Ask the local network who answers for the addresses; how many were asked. An address that was asked within the
        last ten seconds keeps the answer it has."""
        from pointsman.tui.answers.ips import ip_map
        from pointsman.tui.answers.ips.lan import askable, node_addresses
        from pointsman.tui.sources.neighbours import lan_check

        if self._lan is None:
            # The settings name the home's own router, which knows nothing of the demo homelab.
            neighbours = "" if self.store.cluster.demo else self.config.neighbours
            self._lan = lan_check(self.store, lambda: self.client, neighbours)
        picture = self.store.snapshot()
        ips = [item.ip for item in ip_map(picture).items if item.ip and askable(item)]
        asked: int = await self._lan.check(ips, node_addresses(picture))
        return asked

    def start(self) -> None:
        """Begin to fill the store, in the running loop."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="source")

    async def stop(self) -> None:
        """End the source and wait until it has let go of its connections and children."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task
        self.watch.end()

    async def _run(self) -> None:
        try:
            module = await asyncio.to_thread(importlib.import_module, "pointsman.tui.sources.open")
            self.source = module.open_source(self.store, self.options)
            self.source.hubble = lambda context: self.config.hubble_in(context, self.options.hubble)
            self.source.recording = Limits(self.config.record_megabytes, self.config.record_hours)
            self.source.traefik_at = lambda context: self.config.traefik_in(context, self.options.traefik)
            await self.source.run()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            sentence = getattr(error, "sentence", "")
            hint = getattr(error, "hint", "")
            if not sentence:
                log.exception("the source failed")
                sentence = f"The source stopped with an error of its own ({type(error).__name__})."
                hint = "The log file says more."
            self.store.set_link("kube", State.DOWN, sentence, hint)
