"""One kind kept current: list in pages, then watch, and whatever goes wrong in between.

The rules are those of client-go's reflector: a watch that ends is opened again at the last resource version; 410 means
the list is read again; bookmarks move the resource version on while nothing happens. Connection trouble is not handled
here but reported to the hub, which asks the server once for all kinds.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import random
import time
from dataclasses import dataclass
from typing import Any, Protocol

from pointsman.tui.model.decode import DecodeError, WatchLine, decode_items, decode_line
from pointsman.tui.model.kinds import Kind
from pointsman.tui.model.meta import Key, Obj
from pointsman.tui.sources.errors import (
    AuthError,
    ConfigError,
    ConnectError,
    ExpiredError,
    ForbiddenError,
    KubeError,
    NotFoundError,
    StatusError,
    TimedOutError,
)
from pointsman.tui.sources.kube.client import KubeClient
from pointsman.tui.sources.kube.report import ONLY, refused
from pointsman.tui.store.snapshot import State
from pointsman.tui.store.store import Store

log = logging.getLogger(__name__)

SLICE = 0.004
"""Seconds of decoding after which other tasks get their turn."""
SLICE_ITEMS = 16
LIVED = 5.0
"""Seconds a watch has to last for the pause after its end to begin small again."""
GARBAGE_BORNE = 20
"""Unreadable lines in one watch before the list is read again."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds, all of them; tests make them short."""

    watch: float = 570.0
    """How long a watch is asked for; up to a tenth more is added so that they do not all end together. With every kind
    of the table served that is one request in ten seconds."""
    silence: float = 150.0
    """Silence borne on a watch that has sent bookmarks (the API server sends one a minute)."""
    grace: float = 40.0
    """Silence borne beyond the asked length on a watch that has never sent one."""
    first_pause: float = 0.5
    longest_pause: float = 30.0
    forbidden: float = 300.0
    """Between two tries of a kind we may not read."""
    unwatchable: float = 60.0
    """Between two lists of a kind that may be listed but not watched."""
    discovery: float = 300.0
    """Between two looks at what is served when the CRDs may not be watched."""
    debounce: float = 0.7
    probe: float = 2.5
    """Time limit of the first question to a server that may be gone; later ones get four times as long."""
    refused: float = 5.0
    """Least pause after the server refused our credentials: accounts get locked by haste."""


class Backoff:
    """Pauses that double from ``first`` to ``longest``, each shortened at random by up to half."""

    def __init__(self, first: float, longest: float) -> None:
        self.first = first
        self.longest = longest
        self.failures = 0

    def reset(self) -> None:
        self.failures = 0

    def next(self, at_least: float | None = None) -> float:
        """The next pause; never shorter than the server asked for (``Retry-After``), up to five minutes."""
        pause = min(self.longest, self.first * 2.0 ** min(self.failures, 16)) * random.uniform(0.5, 1.0)
        self.failures += 1
        return max(pause, min(at_least or 0.0, 300.0))


class Hub(Protocol):
    """What a reflector needs of the source that runs it."""

    store: Store
    timing: Timing
    lists: asyncio.Semaphore
    online: asyncio.Event
    namespace: str

    @property
    def api(self) -> KubeClient: ...

    def suspect(self, error: KubeError) -> None:
        """The connection may be gone: clear ``online`` and find out."""

    def heard(self) -> None:
        """Something arrived from the server."""

    def vanished(self, kind: Kind[Any]) -> None:
        """The kind is no longer served."""

    def settled(self, kind: Kind[Any]) -> None:
        """The kind's first list was read or refused."""

    def crds_changed(self, names: list[str], listed: bool) -> None:
        """CRDs came, went or changed; ``listed`` if these are all there are."""


class Reflector:
    """Keeps one kind in the store. ``version`` is the API version it is read at."""

    def __init__(self, hub: Hub, kind: Kind[Any], version: str) -> None:
        self.hub = hub
        self.kind = kind
        self.version = version
        self.namespace = ""
        self.resource_version = ""
        self.bookmarks = False
        self.live = False
        self._was_live = False
        self._backoff = Backoff(hub.timing.first_pause, hub.timing.longest_pause)
        self._refusals = 0

    async def run(self) -> None:
        """List and watch until cancelled or until the kind is no longer served."""
        while True:
            await self.hub.online.wait()
            try:
                if not self.resource_version:
                    await self.read()
                await self._watch()
            except (AuthError, ConnectError, ConfigError) as error:
                self.live = False
                self.hub.suspect(error)
                # The hub decides when to go on. The pause is for a request that fails although the server answers.
                await asyncio.sleep(self._backoff.next())
            except ExpiredError as error:
                log.info("%s: %s", self.kind.id, error)
                self.resource_version = ""
                self._stale("reading the list again")
                await asyncio.sleep(self._backoff.next() if self._backoff.failures else 0.0)
                self._backoff.failures = max(1, self._backoff.failures)
            except ForbiddenError as error:
                await self._forbidden(error)
            except NotFoundError:
                self.hub.vanished(self.kind)
                self.resource_version = ""
                await asyncio.sleep(self._backoff.next())
            except KubeError as error:
                self._failed(error)
                pause = self._backoff.next(error.retry_after if isinstance(error, StatusError) else None)
                log.warning("%s: %s; next try in %.1f s", self.kind.id, error, pause)
                await asyncio.sleep(pause)

    # -- list ------------------------------------------------------------------------------------------------------

    async def read(self) -> None:
        """Read the whole list into the store, in the user's namespace alone if no more is allowed."""
        async with self.hub.lists:
            try:
                await self._read_pages()
            except ForbiddenError:
                if self.namespace or not self.hub.namespace or not self.kind.namespaced:
                    raise
                self.namespace = self.hub.namespace
                try:
                    await self._read_pages()
                except KubeError:
                    self.namespace = ""
                    raise
        self.hub.settled(self.kind)

    async def _read_pages(self) -> None:
        kind = self.kind
        objects: list[Obj[Any]] = []
        after = ""
        limit = 500
        while True:
            try:
                page = await self.hub.api.list_page(kind, self.version, self.namespace, limit=limit, after=after)
            except ExpiredError:
                if not after:
                    raise
                # The list took so long that its snapshot is gone: take it in one piece, as client-go does.
                objects, after, limit = [], "", 0
                continue
            self.hub.heard()
            if kind.secret and not kind.metadata_only and page.items:
                # 60 ms of import, needed to read the first certificate: not on the event loop.
                await asyncio.to_thread(importlib.import_module, "cryptography.x509")
            await asyncio.sleep(0)
            started = time.perf_counter()
            api_version = kind.api_version(self.version)
            for at in range(0, len(page.items), SLICE_ITEMS):
                objects += decode_items(page.items[at : at + SLICE_ITEMS], kind, api_version)
                if time.perf_counter() - started > SLICE:
                    await asyncio.sleep(0)
                    started = time.perf_counter()
            after = page.next_page
            if not after:
                self.resource_version = page.resource_version
                break
        await asyncio.sleep(0)
        self.hub.store.replace(kind, objects)
        self._is_live()
        if kind.id == "customresourcedefinitions":
            self.hub.crds_changed([obj.name for obj in objects], True)

    # -- watch -----------------------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        timing = self.hub.timing
        seconds = max(1, int(timing.watch * random.uniform(1.0, 1.1)))
        started = time.monotonic()
        loop = asyncio.get_running_loop()
        garbage = 0
        try:
            async with self.hub.api.watch(
                self.kind, self.version, self.namespace, resource_version=self.resource_version, seconds=seconds
            ) as batches:
                self._is_live()
                async with asyncio.timeout(seconds + timing.grace) as alarm:
                    async for lines in batches:
                        garbage += self._take(lines)
                        if garbage > GARBAGE_BORNE:
                            self.resource_version = ""
                            raise KubeError(f"The watch on {self.kind.resource} sends lines that cannot be read.")
                        limit = timing.silence if self.bookmarks else seconds + timing.grace
                        alarm.reschedule(loop.time() + limit)
        except TimeoutError:
            raise TimedOutError(
                f"{self.hub.api.server} has gone silent.", "The connection is checked and opened again."
            ) from None
        except ForbiddenError as error:
            error.verb = "watch"
            raise
        finally:
            if time.monotonic() - started > LIVED:
                self._backoff.reset()
        if time.monotonic() - started < min(1.0, timing.watch / 2):
            # A server or proxy that ends every watch at once must not be asked in a tight loop.
            await asyncio.sleep(self._backoff.next())
        else:
            self._backoff.reset()

    def _take(self, lines: list[bytes]) -> int:
        """Apply the lines that came together as one change; how many of them could not be read."""
        kind = self.kind
        changes: dict[Key, Obj[Any] | None] = {}
        garbage = 0
        problem: WatchLine | None = None
        for data in lines:
            try:
                line = decode_line(data, kind)
            except DecodeError as error:
                garbage += 1
                log.warning("%s: %s", kind.id, error)
                continue
            if line.obj is not None:
                # Bring the last change of an object to the end: the store applies deletes after upserts, by key.
                changes.pop(line.obj.key, None)
                changes[line.obj.key] = None if line.type == "DELETED" else line.obj
            elif line.type == "BOOKMARK":
                self.bookmarks = True
            elif line.type == "ERROR":
                problem = line
                break
            if line.resource_version:
                self.resource_version = line.resource_version
        if changes:
            self.hub.store.change(
                kind,
                [obj for obj in changes.values() if obj is not None],
                [key for key, obj in changes.items() if obj is None],
            )
            if kind.id == "customresourcedefinitions":
                self.hub.crds_changed([key[1] for key in changes], False)
        if garbage < len(lines):
            self._is_live()
            self.hub.heard()
        if problem is not None:
            self._raise(problem)
        return garbage

    def _raise(self, line: WatchLine) -> None:
        """What an ERROR event means: 410 and unknown trouble read the list again, 429 and 5xx only wait."""
        status = line.status
        code = status.code if status else 0
        reason = status.reason if status else ""
        message = (status.message if status else "") or "the server gave no reason"
        if code == 410 or reason in ("Expired", "Gone"):
            raise ExpiredError(message, code=410, reason=reason, message=message)
        if code not in (429, 500, 503, 504):
            self.resource_version = ""
        sentence = f"The watch on {self.kind.resource} broke off: {message}"
        raise StatusError(sentence, code=code, reason=reason, message=message)

    # -- states ----------------------------------------------------------------------------------------------------

    def _is_live(self) -> None:
        self.live = self._was_live = True
        self._refusals = 0
        detail = ""
        if self.namespace:
            detail = f"{ONLY} {self.namespace}: {self.kind.group_resource} of all namespaces may not be listed"
        self.hub.store.set_kind_link(self.kind, State.LIVE, detail)

    def _stale(self, detail: str, hint: str = "") -> None:
        self.live = False
        self.hub.store.set_kind_link(self.kind, State.STALE if self._was_live else State.CONNECTING, detail, hint)

    def _failed(self, error: KubeError) -> None:
        self.live = False
        state = State.STALE if self._was_live else State.DOWN
        self.hub.store.set_kind_link(self.kind, state, error.sentence, error.hint)
        self.hub.settled(self.kind)

    async def _forbidden(self, error: ForbiddenError) -> None:
        timing = self.hub.timing
        self.live = False
        if error.verb == "watch" and self._was_live:
            self.resource_version = ""
            self.hub.store.set_kind_link(
                self.kind,
                State.STALE,
                f"{self.kind.group_resource} may be listed but not watched; read again every {timing.unwatchable:.0f} s",
                f"Ask for a role that may watch {self.kind.group_resource}.",
            )
            await asyncio.sleep(timing.unwatchable)
            return
        self.hub.store.set_kind_link(self.kind, State.FORBIDDEN, *refused(self.kind, self.hub.namespace))
        self.hub.settled(self.kind)
        # A starting API server refuses everything until its RBAC caches are filled, so what was allowed is soon tried again.
        early = (timing.first_pause * 2, timing.first_pause * 10, timing.longest_pause)
        pause = timing.forbidden
        if self._was_live and self._refusals < len(early):
            pause = early[self._refusals]
        self._refusals += 1
        self.resource_version = ""
        await asyncio.sleep(pause * random.uniform(0.9, 1.1))
