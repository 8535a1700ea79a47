"""One container's log, followed through breaks, rotation and restarts without telling a line twice.

The API server can be asked for lines from a whole second on (``sinceTime``), so after a break what was read of that second
comes again; it is known by its time stamp and text. The kubelet now and then stops telling after it rotated a file: a log
that is silent for long is asked for anew.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Final

from pointsman.tui.answers.flows.traefiklog import Writer
from pointsman.tui.model.flows import Flow
from pointsman.tui.sources.errors import ForbiddenError, KubeError, NotFoundError
from pointsman.tui.store.snapshot import State
from pointsman.tui.wire.accesslog import parse_line

if TYPE_CHECKING:
    from pointsman.tui.sources.kube.client import KubeClient

FIRST_LINES: Final = 1000
"""Lines of the past that a follower begins with."""
FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 20.0
GOOD_AFTER: Final = 10.0
SILENCE: Final = 120.0
"""Seconds without a line after which the log is asked for anew."""
SECOND: Final = 19
"""Characters of ``2026-09-21T14:13:20``."""

log = logging.getLogger(__name__)
Take = Callable[[Flow, bool], None]
"""A flow, and whether it is of the past: written before the follower began."""


class Told:
    """Which lines of the last seconds were told, by whole second; and from where to go on."""

    def __init__(self) -> None:
        self._known: dict[bytes, set[tuple[bytes, bytes]]] = {}
        self.second = b""
        """The newest second with its zone, as ``sinceTime`` takes it."""

    def fresh(self, stamp: bytes, line: bytes) -> bool:
        """Whether this line was not told yet; it is from now on."""
        second = stamp[:SECOND]
        known = self._known.get(second)
        if known is None:
            if second < self.second[:SECOND]:
                # Out of order by more than a second: older than anything that is asked for again.
                return not self._known or second >= min(self._known)
            for old in sorted(self._known)[:-1]:
                del self._known[old]
            known = self._known[second] = set()
            zone = stamp[SECOND:].lstrip(b".0123456789")
            self.second = second + (zone or b"Z")
        key = (stamp[SECOND:], line)
        if key in known:
            return False
        known.add(key)
        return True


def split(line: bytes) -> tuple[bytes, bytes]:
    """The kubelet's time stamp and the line; an empty stamp where there is none."""
    stamp, space, rest = line.partition(b" ")
    if space and len(stamp) >= SECOND + 1 and stamp[4:5] == b"-" and stamp[10:11] == b"T":
        return stamp, rest
    return b"", line


class Follower:
    """Follows one container until cancelled or the pod is gone. ``state``, ``detail`` and ``hint`` say how it fares.

    It begins with the last ``first`` lines, or with those since a time (RFC 3339, whole seconds); ``caught_up`` is True
    once these are told.
    """

    def __init__(
        self,
        client: Callable[[], KubeClient | None],
        writer: Writer,
        take: Take,
        *,
        first: int = FIRST_LINES,
        since: str = "",
        settled: Callable[[], None] = lambda: None,
    ) -> None:
        self.writer = writer
        self.caught_up = False
        self.state = State.CONNECTING
        self.detail = ""
        self.hint = ""
        self.lines = 0
        self.flows = 0
        self.reconnects = 0
        self._client = client
        self._take = take
        self._first = first
        self._since = since
        self._settled = settled
        self._told = Told()
        self._run = -1

    async def run(self) -> None:
        wait = FIRST_WAIT
        while True:
            begun = time.monotonic()
            try:
                await self._read()
                self.state = State.CONNECTING
            except NotFoundError:
                self.state, self.detail, self.hint = State.ABSENT, "The pod is gone.", ""
                return
            except ForbiddenError as error:
                self.state, self.detail = State.FORBIDDEN, error.sentence
                self.hint = f"It needs get on pods/log in {self.writer.namespace}."
            except KubeError as error:
                self.state, self.detail, self.hint = State.DOWN, error.sentence, error.hint
            self._settled()
            log.info("log of %s/%s: %s", self.writer.namespace, self.writer.pod, self.detail or "ended")
            if time.monotonic() - begun > GOOD_AFTER:
                wait = FIRST_WAIT
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
            self.reconnects += 1

    async def _read(self) -> None:
        """One request to its end. Raises KubeError."""
        client = self._client()
        if client is None:
            return
        writer = self.writer
        if self._told.second and 0 <= self._run < writer.restarts:
            await self._catch_up(client)
        self._run = writer.restarts
        if not self.caught_up:
            if self._first or self._since:
                async for line in client.logs(
                    writer.namespace, writer.pod, writer.container, timestamps=True, since_time=self._since,
                    tail=None if self._since else self._first,
                ):  # fmt: skip
                    self._line(line, past=True)
            self.caught_up = True
        since = self._told.second.decode("ascii", "replace")
        lines = client.logs(
            writer.namespace, writer.pod, writer.container, follow=True, timestamps=True, since_time=since,
            tail=None if since else self._first,
        )  # fmt: skip
        self.state, self.detail, self.hint = State.LIVE, "", ""
        self._settled()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(SILENCE) as patience:
                async for line in lines:
                    patience.reschedule(loop.time() + SILENCE)
                    self._line(line)
        except TimeoutError:
            pass

    async def _catch_up(self, client: KubeClient) -> None:
        """The end of the run before the container's restart, which is told nowhere else."""
        writer = self.writer
        try:
            async for line in client.logs(
                writer.namespace, writer.pod, writer.container, previous=True, timestamps=True,
                since_time=self._told.second.decode("ascii", "replace"),
            ):  # fmt: skip
                self._line(line)
        except KubeError as error:
            log.info("the run before of %s/%s: %s", writer.namespace, writer.pod, error.sentence)

    def _line(self, line: bytes, *, past: bool = False) -> None:
        self.lines += 1
        stamp, text = split(line)
        if stamp and not self._told.fresh(stamp, text):
            return
        flow = parse_line(text, self.writer.node)
        if flow is not None:
            self.flows += 1
            self._take(flow, past)


async def past(
    client: KubeClient, writer: Writer, *, tail: int | None = None, since: str = ""
) -> AsyncGenerator[Flow | None]:
    """The flows of what a container has written, oldest first, and None for each line of its general log.

    ``tail`` lines at most; ``since`` as RFC 3339 in whole seconds. Raises KubeError.
    """
    async for line in client.logs(
        writer.namespace, writer.pod, writer.container, timestamps=True, tail=tail, since_time=since
    ):
        yield parse_line(split(line)[1], writer.node)
