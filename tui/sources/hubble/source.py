"""Flows that go on: connect, read, come back after a break, without telling anything twice."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from pointsman.tui.model.flows import Event, Flow
from pointsman.tui.options import HubbleOptions
from pointsman.tui.sources.errors import ForbiddenError, KubeError
from pointsman.tui.sources.hubble.errors import HubbleError, MaskError, ReachError
from pointsman.tui.sources.hubble.find import Tls, find_relay
from pointsman.tui.store.snapshot import State
from pointsman.tui.wire import hubble
from pointsman.tui.wire.hubbleflow import decode

if TYPE_CHECKING:
    from pointsman.tui.sources.hubble.channel import Channel
    from pointsman.tui.sources.kube.client import KubeClient

FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 30.0
GOOD_AFTER: Final = 10.0
"""Seconds a stream must have lasted for the next wait to begin small again."""
GOOD_FLOWS: Final = 100
"""Or flows that it must have brought."""
OVERLAP_NS: Final = 2_000_000_000
"""Relay sorts loosely: after a break we ask from a little before the last flow, and drop what we have."""
REMEMBERED_NS: Final = 4_000_000_000
REMEMBERED: Final = 65_536
"""Identifiers of flows that duplicates are known by, in one generation."""

log = logging.getLogger(__name__)
Sink = Callable[[Event], None]
Report = Callable[[State, str, str], None]


class Seen:
    """Identifiers of the last flows, in two generations: at least the last ``least``, and those of the last ``REMEMBERED_NS`` as
    far as ``most`` allows. A flow without an identifier counts as new."""

    def __init__(self, least: int = 4_096, most: int = REMEMBERED) -> None:
        self._least, self._most = least, most
        self._new: set[str] = set()
        self._old: set[str] = set()
        self._since = 0

    def again(self, flow: Flow) -> bool:
        """Whether this flow was there before; it is from now on."""
        uuid = flow.uuid
        if not uuid:
            return False
        if uuid in self._new or uuid in self._old:
            return True
        self._new.add(uuid)
        number = len(self._new)
        if number >= self._most or (number >= self._least and (flow.ns or 0) - self._since > REMEMBERED_NS):
            self._old, self._new, self._since = self._new, set(), flow.ns or 0
        return False


class HubbleSource:
    """``sink`` gets every event, in the reader's thread; ``report`` gets the state of the link, in the loop's.

    ``client`` is asked for the API connection each time one is needed; it may be None while there is none.
    """

    name = "hubble"

    def __init__(
        self,
        options: HubbleOptions,
        client: Callable[[], KubeClient | None],
        sink: Sink,
        report: Report | None = None,
    ) -> None:
        self._options = options
        self._client = client
        self._sink = sink
        self._report: Report = report or _quiet
        self._seen = Seen()
        self._last_ns: int | None = None
        self.received = 0
        self.duplicates = 0
        self.undecoded = 0
        self.reconnects = 0
        self.status: Any = None
        """The server's status as of the last connection: a ServerStatusResponse."""
        self.version = ""

    async def once(self, request: Any) -> None:
        """One request to its end. Raises KubeError."""
        async with self._opened() as channel:
            await self._read(channel, request)

    async def standing(self) -> str:
        """Whether it can be reached: connect, hear the server's status, leave. Its words; raises KubeError."""
        async with self._opened():
            return self._words()

    async def follow(
        self,
        request: Any,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        gives_up: tuple[type[HubbleError], ...] = (),
    ) -> None:
        """The request, and again from where it broke off, until cancelled. Raises only for what no repetition mends.

        ``pause`` waits before the next attempt, at most so many seconds; ``gives_up`` are errors to raise all the same.
        """
        wait = FIRST_WAIT
        while True:
            begun, before = time.monotonic(), self.received
            try:
                self._report(State.CONNECTING, "", "")
                async with self._opened() as channel:
                    self._report(State.LIVE, self._words(), "")
                    await self._read(channel, self._resumed(request))
                problem: KubeError = HubbleError("The Relay ended the stream.")
            except MaskError as error:
                request.ClearField("field_mask")
                problem = error
            except HubbleError as error:
                if error.final or isinstance(error, gives_up):
                    raise
                problem = error
            except KubeError as error:
                problem = error
            state = State.FORBIDDEN if isinstance(problem, ForbiddenError) else State.DOWN
            self._report(state, problem.sentence, problem.hint)
            log.info("flows: %s", problem.sentence)
            if time.monotonic() - begun > GOOD_AFTER or self.received - before > GOOD_FLOWS:
                wait = FIRST_WAIT
            await pause(wait)
            wait = min(wait * 2, LONGEST_WAIT)
            self.reconnects += 1

    def _resumed(self, request: Any) -> Any:
        if self._last_ns is None:
            return request
        again = hubble.GetFlowsRequest()
        again.CopyFrom(request)
        again.number = 0
        since = max(0, self._last_ns - OVERLAP_NS)
        again.since.seconds, again.since.nanos = divmod(since, 1_000_000_000)
        return again

    def _words(self) -> str:
        status = self.status
        if status is None:
            return ""
        text = self.version and f"version {self.version}"
        if status.HasField("num_connected_nodes"):
            nodes = status.num_connected_nodes.value
            text = f"{text + ', ' if text else ''}{nodes} node{'' if nodes == 1 else 's'}"
            if away := status.num_unavailable_nodes.value:
                text += f", {away} unavailable"
        return text

    # -- reading ---------------------------------------------------------------------------------------------------------

    async def _read(self, channel: Channel, request: Any) -> None:
        from pointsman.tui.sources.hubble.channel import read

        loop = asyncio.get_running_loop()
        ended: asyncio.Future[HubbleError | None] = loop.create_future()

        def done(problem: HubbleError | None) -> None:
            # The loop may be gone by then, with the program.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(lambda: None if ended.done() else ended.set_result(problem))

        read(channel, request, self._take, done)
        problem = await ended
        if problem is not None:
            cause = problem.__cause__
            if cause is not None and not isinstance(cause, KubeError):
                raise cause
            raise problem

    def _take(self, raw: bytes) -> None:
        """One answer, in the reader's thread."""
        try:
            event = decode(raw)
        except Exception:  # protobuf's C decoder has its own error class for each runtime
            self.undecoded += 1
            return
        if isinstance(event, Flow):
            self.received += 1
            if self._seen.again(event):
                self.duplicates += 1
                return
            if event.ns is not None and (self._last_ns is None or event.ns > self._last_ns):
                self._last_ns = event.ns
        if event is not None:
            self._sink(event)

    # -- connecting ------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Channel]:
        if self._options.server:
            target, tls = await asyncio.to_thread(_given, self._options)
            async with self._connected(target, tls, f"Hubble at {self._options.server}") as channel:
                yield channel
            return
        client = self._client()
        if client is None:
            raise ReachError("There is no connection to the cluster yet, through which the Relay is reached.")
        relay = await find_relay(client)
        tls = _chosen(self._options, relay.tls)
        where = f"Hubble Relay {relay.namespace}/{relay.pod}"
        try:
            async with client.port_forward(relay.namespace, relay.pod, relay.port) as forward:
                try:
                    async with self._connected(f"unix:{forward.path}", tls, where) as channel:
                        yield channel
                except ReachError as error:
                    # The forward knows better than the gRPC client on top of it.
                    if forward.problem is not None:
                        raise ReachError(f"{where}: {forward.problem.sentence}", forward.problem.hint) from None
                    raise error from None
        except ForbiddenError as error:
            raise ForbiddenError(
                f"{where} was found, but the port-forward to it is not allowed: {error.sentence}",
                "It needs create on pods/portforward there; or give --hubble-server.",
                code=error.code,
            ) from None

    @asynccontextmanager
    async def _connected(self, target: str, tls: Tls | None, where: str) -> AsyncIterator[Channel]:
        channel = await asyncio.to_thread(_channel, target, tls, where)
        try:
            self.status = await asyncio.to_thread(channel.connect)
            self.version = channel.version
            yield channel
        finally:
            await asyncio.to_thread(channel.close)


def _quiet(_state: State, _detail: str, _hint: str) -> None:
    pass


def _channel(target: str, tls: Tls | None, where: str) -> Channel:
    # grpc takes 0.1 s to import: in a thread, so that the screen goes on.
    from pointsman.tui.sources.hubble.channel import Channel

    return Channel(target, tls, where)


def _given(options: HubbleOptions) -> tuple[str, Tls | None]:
    server = options.server
    wanted = options.tls
    for prefix, tls in (("tls://", True), ("tcp://", False)):
        if server.startswith(prefix):
            server = server.removeprefix(prefix)
            wanted = tls if wanted is None else wanted
    if server.startswith("unix://"):
        server = f"unix:{server.removeprefix('unix://')}"
    if not wanted and not (options.ca_file or options.certificate_file):
        return server, None
    return server, _with_files(options, Tls(server_name=""))


def _chosen(options: HubbleOptions, found: Tls | None) -> Tls | None:
    if options.tls is False:
        return None
    if found is None and not options.tls and not options.ca_file:
        return None
    return _with_files(options, found or Tls())


def _with_files(options: HubbleOptions, tls: Tls) -> Tls:
    contents = []
    for name in (options.ca_file, options.certificate_file, options.key_file):
        try:
            with open(name, "rb") if name else contextlib.nullcontext() as file:  # noqa: PTH123
                contents.append(b"" if file is None else file.read())
        except OSError as error:
            raise ReachError(f"The file {name} cannot be read: {error.strerror}.") from None
    return Tls(
        contents[0] or tls.ca,
        contents[1] or tls.certificate,
        contents[2] or tls.key,
        options.server_name or tls.server_name,
        mutual=tls.mutual,
        why=tls.why,
    )
