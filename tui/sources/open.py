"""Which source the command line means: files, the demo homelab, or a cluster."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from pointsman.tui.disk.recorder import Limits
from pointsman.tui.options import HubbleOptions, Options, TraefikOptions
from pointsman.tui.sources.errors import ConfigError
from pointsman.tui.store.memory import expect_many_objects
from pointsman.tui.store.snapshot import State
from pointsman.tui.store.store import Store

if TYPE_CHECKING:
    from pointsman.tui.sources.demo_child import DemoChild
    from pointsman.tui.sources.kube import KubeSource
    from pointsman.tui.sources.kube.client import KubeClient
    from pointsman.tui.sources.manifests import ManifestSource
    from pointsman.tui.sources.replay import ReplaySource
    from pointsman.tui.sources.traefik.asker import Asker

log = logging.getLogger(__name__)


class Opened:
    """The sources behind one store, as one. ``kube`` or ``manifests`` is set once it is known; the other stays None."""

    def __init__(self, store: Store, options: Options) -> None:
        self.store = store
        self.options = options
        self.name = "manifests" if options.manifests else "replay" if options.replay else "kube"
        self.kube: KubeSource | None = None
        self.manifests: ManifestSource | None = None
        self.traefik: Asker | None = None
        """Asks Traefik's API, once its feed (or a verb) has begun to."""
        self._demo: DemoChild | None = None
        self.hubble: Callable[[str], HubbleOptions] = lambda _context: options.hubble
        """How Hubble is reached in a context; the session puts the settings file's word in."""
        self.recording = Limits(0)
        """What the flight recorder may keep; the session says."""
        self.traefik_at: Callable[[str], TraefikOptions] = lambda _context: options.traefik
        """How Traefik's API is reached, likewise."""
        if options.manifests:
            store.set_link("hubble", State.ABSENT, "files tell of no traffic")
            store.set_link("traefik-log", State.ABSENT, "files tell of no traffic")
        else:
            store.set_link("hubble", State.CONNECTING)
            store.set_link("traefik-log", State.CONNECTING)
        store.set_link(
            "traefik",
            State.ABSENT,
            "files are read in place of a cluster" if options.manifests else "Traefik's API was not asked",
        )
        self._replay = _replay(store, options) if options.replay else None
        if options.manifests:
            store.set_link("manifests", State.CONNECTING, "reading the files")
            store.set_link("kube", State.ABSENT, "files are read in place of a cluster")

    @property
    def kubeconfig(self) -> str:
        """The kubeconfig in use: the demo's own, or the one that was named; empty for the usual places."""
        return self._demo.kubeconfig if self._demo is not None else self.options.kubeconfig

    @property
    def hopeless(self) -> bool:
        """Whether waiting would not help: a kubeconfig or files that cannot be used as they are, or no demo homelab."""
        if self.kube is not None:
            return isinstance(self.kube.error, ConfigError)
        link = self.store.snapshot().links.get(self.name)
        return link is not None and link.state is State.DOWN

    async def _prepare(self) -> None:
        if self.options.manifests:
            from pointsman.tui.sources.manifests import ManifestSource

            self.manifests = ManifestSource(self.store, self.options.manifests)
            return
        if self._replay is not None:
            return
        kubeconfig = self.options.kubeconfig
        context = self.options.context
        if self.options.demo:
            from pointsman.tui.sources.demo_child import start_demo

            self.store.set_link("kube", State.CONNECTING, "starting the demo homelab")
            self._demo = await start_demo(self.options.demo)
            kubeconfig = self._demo.kubeconfig
        # aiohttp takes 0.15 s to import: in a thread, so that the screen goes on.
        self.kube = await asyncio.to_thread(_kube_source, self.store, self.options, kubeconfig, context)

    async def run(self) -> None:
        """Fill the store until cancelled; nothing the cluster, the files or the demo do is raised."""
        try:
            try:
                await self._prepare()
            except ConfigError as error:
                self.store.set_link(self.name, State.DOWN, error.sentence, error.hint)
                await asyncio.Event().wait()
            if self.kube is not None:
                await self._run_with_feeds(self.kube)
            else:
                await asyncio.gather(*(source.run() for source in (self.manifests, self._replay) if source is not None))
        finally:
            await self.close()

    async def _run_with_feeds(self, source: KubeSource) -> None:
        from pointsman.tui.sources.feeds import run_feeds

        feeds = asyncio.create_task(run_feeds(self), name="feeds")
        try:
            await source.run()
        finally:
            feeds.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await feeds

    async def load(self, deadline: float = 3.0) -> None:
        """Read everything once, for a verb. Raises KubeError if there is nothing to read; call :meth:`close` after."""
        self.store.set_link("hubble", State.ABSENT, "this verb does not ask Hubble; pointsman flows does")
        self.store.set_link("traefik-log", State.ABSENT, "this verb does not read the access log; pointsman flows does")
        await self._prepare()
        if self.manifests is not None:
            report = await self.manifests.load()
            if not report.objects and report.problems:
                raise ConfigError(str(report.problems[0]), "Give --manifests a file or folder of YAML or JSON.")
        elif self.kube is not None:
            await self.kube.load(deadline)

    async def connect(self, deadline: float = 3.0) -> KubeClient:
        """The connection to the API and nothing read over it, for a verb that wants no objects. Raises KubeError."""
        await self._prepare()
        if self.kube is None:
            raise ConfigError("Files are read in place of a cluster.", "Leave out --manifests.")
        await self.kube.load(deadline, kinds=())
        if self.kube.client is None:
            raise ConfigError("There is no connection to the cluster.")
        return self.kube.client

    async def close(self) -> None:
        """End what was started. Safe to call twice."""
        if self.kube is not None:
            await self.kube.close()
        if self._demo is not None:
            demo, self._demo = self._demo, None
            with contextlib.suppress(OSError):
                await demo.stop()


def _replay(store: Store, options: Options) -> ReplaySource:
    from pointsman.tui.sources.replay import ReplaySource

    return ReplaySource(store, options.replay, alone=not options.manifests)


def _kube_source(store: Store, options: Options, kubeconfig: str, context: str) -> KubeSource:
    from pointsman.tui.sources.kube import KubeOptions, KubeSource

    return KubeSource(
        store,
        KubeOptions(
            kubeconfig=kubeconfig or None,
            context=context or None,
            namespace=options.namespace or None,
            read_only=options.read_only,
        ),
    )


def open_source(store: Store, options: Options) -> Opened:
    """The source for these options. Nothing is read, started or imported before ``run`` or ``load``."""
    expect_many_objects()
    return Opened(store, options)
