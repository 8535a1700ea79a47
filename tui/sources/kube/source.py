"""The live cluster as a source: connect, find out what is served, keep every kind current, and know when it is not."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from pointsman.tui.model.kinds import CRDS, KINDS, Kind
from pointsman.tui.sources.errors import (
    AuthError,
    ConfigError,
    ForbiddenError,
    KubeError,
    StatusError,
    TimedOutError,
    TlsError,
)
from pointsman.tui.sources.kube.client import KubeClient
from pointsman.tui.sources.kube.connect import Connection
from pointsman.tui.sources.kube.discovery import Discovery, discover
from pointsman.tui.sources.kube.identity import identify
from pointsman.tui.sources.kube.order import in_order
from pointsman.tui.sources.kube.reflector import Backoff, Reflector, Timing
from pointsman.tui.sources.kube.report import first_cluster, internal, live_detail, mark_down, refused
from pointsman.tui.sources.kube.tasks import together
from pointsman.tui.sources.targets import Target, find_target
from pointsman.tui.store.snapshot import State
from pointsman.tui.store.store import Store

log = logging.getLogger(__name__)

LISTS_AT_ONCE = 6
KUBE = "kube"
_OURS = {kind.group_resource for kind in KINDS.values() if not kind.core}


@dataclass(frozen=True)
class KubeOptions:
    """What to connect to. ``kubeconfig`` and ``context`` as kubectl's options; ``namespace`` is what is read where the
    whole cluster may not be. ``timing`` is for tests."""

    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    read_only: bool = False
    timing: Timing = field(default_factory=Timing)


class KubeSource:
    """A live cluster. :meth:`run` keeps the store current; :meth:`load` reads everything once, for a verb."""

    name = KUBE

    def __init__(self, store: Store, options: KubeOptions | None = None) -> None:
        self.store = store
        self.options = options or KubeOptions()
        self.timing = self.options.timing
        self.lists = asyncio.Semaphore(LISTS_AT_ONCE)
        self.online = asyncio.Event()
        self.namespace = self.options.namespace or ""
        self._kinds: Iterable[Kind[Any]] = KINDS.values()
        self._client: KubeClient | None = None
        self._target: Target | None = None
        self._discovery = Discovery()
        self._reflectors: dict[str, tuple[Reflector, asyncio.Task[None]]] = {}
        self._unsettled: set[str] = set()
        self._rediscover = asyncio.Event()
        self._suspected = asyncio.Event()
        self._error: KubeError | None = None
        self._stamped = 0.0
        self._ever_live = False
        self._answered = False

    @property
    def client(self) -> KubeClient | None:
        """The client once the cluster has answered (it stays when the cluster goes), else None."""
        return self._client if self._answered else None

    @property
    def api(self) -> KubeClient:
        """The client, answered or not; raises ConfigError before there is one."""
        if self._client is None:
            raise ConfigError("Not connected to a cluster yet.")
        return self._client

    @property
    def requests(self) -> int:
        """Requests sent so far, watches included."""
        return self._client.requests if self._client is not None else 0

    # -- life ------------------------------------------------------------------------------------------------------

    @property
    def error(self) -> KubeError | None:
        """Why there is no connection; None while there is one, or before the first attempt has ended."""
        return self._error

    async def run(self) -> None:
        """Connect, keep every kind current, reconnect; until cancelled. Never raises for what the cluster does.

        After :meth:`load` it goes on over the same connection.
        """
        try:
            if self._answered:
                self._reconcile(self._discovery)
            else:
                await self._connect_patiently()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_connected())
                group.create_task(self._keep_discovered())
        finally:
            await self.close()

    def watch_only(self, kinds: Iterable[Kind[Any]]) -> None:
        """Before :meth:`run`: the only kinds that are watched, for a verb that wants few."""
        self._kinds = tuple(kinds)

    async def close(self) -> None:
        """Stop all watches and close the connection; what is in the store stays."""
        tasks = [task for _, task in self._reflectors.values()]
        self._reflectors.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.close()

    async def load(self, deadline: float = 3.0, kinds: Iterable[Kind[Any]] | None = None) -> None:
        """Read each kind once and return when all lists are in or ``deadline`` (seconds) has passed.

        Raises KubeError if there is no cluster to read at all. A kind that is refused or late is not an error: its link
        says so.
        """
        wanted = in_order(KINDS.values() if kinds is None else kinds)
        try:
            if not self._answered:
                self._open()
            await self.api.connection.prepare()  # a credential plugin takes the time it takes
            started = time.monotonic()
            async with asyncio.timeout(deadline):
                discovery, _ = await together(discover(self.api), self._identify())
        except TimeoutError:
            error = TimedOutError(
                f"{self.api.server} gave no answer within {deadline:g} s.",
                "Is the node up, and this machine on its network?",
            )
            self._down(error)
            raise error from None
        except KubeError as error:
            self._down(error)
            raise
        self._discovery = discovery
        self._answered = True
        self.online.set()
        tasks: dict[str, asyncio.Task[None]] = {}
        for kind in wanted:
            version = discovery.version(kind)
            if version is None:
                self._absent(kind)
            else:
                tasks[kind.id] = asyncio.create_task(self._read_once(Reflector(self, kind, version)))
        if tasks:
            left = max(0.05, deadline - (time.monotonic() - started))
            _, late = await asyncio.wait(tasks.values(), timeout=left)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)
            for kind_id, task in tasks.items():
                if task in late:
                    text = f"no answer within {deadline:g} s"
                    self.store.set_kind_link(KINDS[kind_id], State.DOWN, text)
        self._ever_live = True
        self.store.set_link(KUBE, State.LIVE, live_detail(self.store.snapshot(), self._target, self.namespace))

    async def _read_once(self, reflector: Reflector) -> None:
        kind = reflector.kind
        try:
            await reflector.read()
        except ForbiddenError:
            self.store.set_kind_link(kind, State.FORBIDDEN, *refused(kind, self.namespace))
        except KubeError as error:
            self.store.set_kind_link(kind, State.DOWN, error.sentence, error.hint)
        except Exception as error:
            log.exception("reading %s failed", kind.id)
            self.store.set_kind_link(kind, State.DOWN, *internal(error))

    # -- connecting ------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        """Read the kubeconfig and prepare a client; nothing is sent. Raises ConfigError."""
        target = find_target(self.options.kubeconfig, self.options.context)
        connection = Connection(target)
        self._target = target
        self.namespace = self.options.namespace or target.namespace
        self._client = KubeClient(connection, read_only=self.options.read_only)
        self.store.set_cluster(first_cluster(target, connection))

    async def _identify(self) -> bool:
        """Ask for the version and the identity; whether the identity differs from a known one. Raises KubeError.

        Only a server that refuses the whole user (401) or cannot be reached raises; 403 and 404 leave things unknown.
        """
        found = await identify(self.api)
        before = self.store.cluster
        self.store.set_cluster(replace(before, version=found.version, uid=found.uid or before.uid, demo=found.demo))
        return bool(before.uid and found.uid and before.uid != found.uid)

    async def _connect_patiently(self) -> None:
        backoff = Backoff(self.timing.first_pause, self.timing.longest_pause)
        limit = self.timing.probe
        while True:
            try:
                self._open()
                plugin = self.api.connection.waits_for
                doing = f"running the credential plugin {plugin}" if plugin else f"connecting to {self.api.server}"
                self.store.set_link(KUBE, State.CONNECTING, doing)
                await self.api.connection.prepare()
                async with asyncio.timeout(limit):
                    self._discovery, _ = await together(discover(self.api), self._identify())
                break
            except TimeoutError:
                error: KubeError = TimedOutError(
                    f"{self.api.server} does not answer.", "Is the node up and this machine on its network?"
                )
                limit = min(limit * 4, 60.0)
            except KubeError as found:
                error = found
            self._down(error)
            if self._client is not None:
                await self._client.close()
            pause = backoff.next(self._least_pause(error))
            log.warning("not connected: %s; next try in %.1f s", error, pause)
            await asyncio.sleep(pause)
        self._error = None
        self._answered = True
        self.online.set()
        self._reconcile(self._discovery)

    async def _keep_connected(self) -> None:
        """Wait for a suspicion, ask the server, and let the reflectors go on when it answers."""
        while True:
            await self._suspected.wait()
            backoff = Backoff(self.timing.first_pause, self.timing.longest_pause)
            limit = self.timing.probe
            while True:
                try:
                    await self.api.connection.prepare()
                    async with asyncio.timeout(limit):
                        replaced = await self._identify()
                    break
                except TimeoutError:
                    error: KubeError = TimedOutError(
                        f"{self.api.server} does not answer.", "Is the node up and this machine on its network?"
                    )
                    limit = min(limit * 4, 60.0)
                except KubeError as found:
                    error = found
                self._down(error)
                if isinstance(error, (AuthError, TlsError, ConfigError)):
                    self._retarget()
                pause = backoff.next(self._least_pause(error))
                log.warning("connection lost: %s; next try in %.1f s", error, pause)
                await asyncio.sleep(pause)
            self._error = None
            self._suspected.clear()
            if replaced:
                log.warning("this is another cluster than before: everything is read again")
                for reflector, _ in self._reflectors.values():
                    reflector.resource_version = ""
            self.online.set()
            self._rediscover.set()
            self._report()

    def _retarget(self) -> None:
        """Read the kubeconfig again, for new credentials. Never another server or context: that is the user's choice."""
        assert self._target is not None
        try:
            target = find_target(self.options.kubeconfig, self._target.context)
        except ConfigError:
            return
        if target.cluster.server == self._target.cluster.server and target != self._target:
            log.info("the kubeconfig has changed: its new credentials are used")
            self._target = target
            self.api.connection.retarget(target)

    # -- discovery -------------------------------------------------------------------------------------------------

    async def _keep_discovered(self) -> None:
        """Look again at what is served when a CRD changed, a kind vanished, or (CRDs forbidden) now and then."""
        while True:
            try:
                async with asyncio.timeout(self.timing.discovery):
                    await self._rediscover.wait()
            except TimeoutError:
                if self.store.snapshot().state(CRDS) is State.LIVE and not self._promised():
                    continue  # the watch would have told us
            # A CRD is announced before it is served, and an install brings many: wait a little, then look until it fits.
            for attempt in range(6):
                await asyncio.sleep(self.timing.debounce * 2**attempt)
                await self.online.wait()
                self._rediscover.clear()
                try:
                    found = await discover(self.api)
                except KubeError as error:
                    log.warning("discovery: %s", error)
                    continue
                self._reconcile(found)
                if not self._promised():
                    break

    def _promised(self) -> list[str]:
        """Kinds whose CRD exists but that are not served yet, or the other way round."""
        snapshot = self.store.snapshot()
        if snapshot.state(CRDS) is not State.LIVE:
            return []
        names = {name for _, name in snapshot.table(CRDS).objects}
        return [
            kind.id
            for kind in KINDS.values()
            if not kind.core and (kind.group_resource in names) != (self._discovery.version(kind) is not None)
        ]

    def _reconcile(self, discovery: Discovery) -> None:
        """Start a reflector for what is served now, stop those of what is not."""
        self._discovery = discovery
        for kind in in_order(self._kinds):
            version = discovery.version(kind)
            have = self._reflectors.get(kind.id)
            if version is None:
                if kind.group in discovery.failed:
                    if have is None:
                        self.store.set_kind_link(kind, State.DOWN, discovery.failed[kind.group])
                    continue
                if have is not None:
                    have[1].cancel()
                    del self._reflectors[kind.id]
                self._unsettled.discard(kind.id)
                self._absent(kind)
            elif have is None or have[0].version != version or have[1].done():
                if have is not None:
                    have[1].cancel()
                if self.store.snapshot().state(kind) in (State.ABSENT, State.DOWN):
                    self.store.set_kind_link(kind, State.CONNECTING)
                reflector = Reflector(self, kind, version)
                task = asyncio.create_task(self._guarded(reflector), name=f"watch {kind.id}")
                self._reflectors[kind.id] = (reflector, task)
                self._unsettled.add(kind.id)
        self._report()

    async def _guarded(self, reflector: Reflector) -> None:
        """A mistake of ours with one kind must not take the others down, nor stay silent."""
        while True:
            try:
                await reflector.run()
            except Exception as error:
                log.exception("watch of %s failed", reflector.kind.id)
                self.store.set_kind_link(reflector.kind, State.STALE, *internal(error))
                reflector.resource_version = ""
                self.settled(reflector.kind)
                await asyncio.sleep(self.timing.longest_pause)

    def _absent(self, kind: Kind[Any]) -> None:
        self.store.set_kind_link(kind, State.ABSENT, f"the cluster has no {kind.group_resource}")

    # -- what reflectors report ------------------------------------------------------------------------------------

    def suspect(self, error: KubeError) -> None:
        if self._suspected.is_set():
            return
        log.info("the connection is in doubt: %s", error)
        self.online.clear()
        self._suspected.set()

    def heard(self) -> None:
        now = time.monotonic()
        if self._ever_live and now - self._stamped > 1.0 and self.online.is_set():
            self._stamped = now
            self._report()

    def vanished(self, kind: Kind[Any]) -> None:
        log.info("%s is no longer served", kind.group_resource)
        self._rediscover.set()

    def settled(self, kind: Kind[Any]) -> None:
        if kind.id in self._unsettled:
            self._unsettled.discard(kind.id)
            self._report()

    def crds_changed(self, names: list[str], listed: bool) -> None:
        # A list only tells of a change if it does not fit what is served; an event always may (a new version, say).
        if self._promised() if listed else not _OURS.isdisjoint(names):
            self._rediscover.set()

    # -- the state of the whole --------------------------------------------------------------------------------------

    def _report(self) -> None:
        if self._error is not None or not self.online.is_set():
            return
        if self._unsettled and not self._ever_live:
            total = len(self._reflectors)
            done = total - len(self._unsettled)
            self.store.set_link(KUBE, State.CONNECTING, f"reading the cluster: {done} of {total} kinds")
            return
        self._ever_live = True
        self.store.set_link(KUBE, State.LIVE, live_detail(self.store.snapshot(), self._target, self.namespace))

    def _least_pause(self, error: KubeError) -> float | None:
        if isinstance(error, (AuthError, ConfigError)):
            return self.timing.refused
        return error.retry_after if isinstance(error, StatusError) else None

    def _down(self, error: KubeError) -> None:
        """No connection: what is known stays and is marked stale, the rest is down. The reason is said once, in words."""
        self._error = error
        self.online.clear()
        mark_down(self.store, error, KUBE, ever_live=self._ever_live)
