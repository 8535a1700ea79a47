"""Ask every replica, over lines that are kept open, and write what they say and how well that went into the store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from pointsman.tui.answers.routes.exposure import Door
from pointsman.tui.answers.words import plural
from pointsman.tui.model.proxies import Replica
from pointsman.tui.options import TraefikOptions
from pointsman.tui.sources.errors import ConfigError, ForbiddenError, KubeError
from pointsman.tui.sources.traefik.api import Api
from pointsman.tui.sources.traefik.errors import LockedError, NotExposedError, NotTraefikError, TraefikError
from pointsman.tui.sources.traefik.places import (
    Place,
    authorization,
    checked_url,
    places,
    trust,
    unchecked,
)
from pointsman.tui.sources.traefik.ways import HttpWay, ProxyWay, Way
from pointsman.tui.store.snapshot import State
from pointsman.tui.store.store import Store

if TYPE_CHECKING:
    from pointsman.tui.sources.kube.client import KubeClient

LINK: Final = "traefik"
AT_ONCE: Final = 4
Connect = Callable[[], Awaitable[tuple[AsyncExitStack, Api, bytes]]]

log = logging.getLogger(__name__)


class _Line:
    """A replica that answers: its API, what it said last, and what to close in the end."""

    def __init__(self, stack: AsyncExitStack, api: Api, sign: object) -> None:
        self.stack = stack
        self.api = api
        self.sign = sign
        """What the line was made from; another one needs another line."""
        self.pulse = b""
        self.said: Replica | None = None


class Asker:
    """``client`` gives the API connection, or None while there is none; ``options`` an address to ask in place of pods.

    One question at a time; :meth:`close` it.
    """

    def __init__(
        self,
        store: Store,
        client: Callable[[], KubeClient | None],
        options: Callable[[], TraefikOptions] = TraefikOptions,
    ) -> None:
        self._store = store
        self._client = client
        self._given = options
        self._lines: dict[str, _Line] = {}
        self._lock = asyncio.Lock()
        self.asked = 0
        """Requests to Traefik so far."""
        self.forwards = 0
        """Port-forwards opened so far."""

    async def ask(self, *, whole: bool = True) -> bool:
        """Ask all. With ``whole`` everything, else only whether the counts have changed, and everything where they have.

        Returns whether at least one answered; the store's link says the rest. Raises nothing that Traefik does.
        """
        async with self._lock:
            try:
                options = self._given()
                return await (self._ask_url(options, whole) if options.url else self._ask_pods(whole))
            except ConfigError as error:
                self._store.set_link(LINK, State.DOWN, error.sentence, error.hint)
                return False

    async def close(self) -> None:
        """End all lines. Safe to call twice."""
        async with self._lock:
            await self._drop(*self._lines)

    # -- whom ----------------------------------------------------------------------------------------------------------
    async def _ask_pods(self, whole: bool) -> bool:
        found = places(self._store.snapshot())
        await self._drop(*(set(self._lines) - {place.where for place in found.found}))
        if not found.found:
            state = State.DOWN if found.silent else State.ABSENT
            self._store.set_traefik((), found.silent)
            self._store.set_link(LINK, state, found.why, found.hint)
            return False
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(place: Place) -> Replica | KubeError:
            async with gate:
                return await self._answer(
                    place.where, place.exposure, lambda: self._to_pod(place), whole, place.workload
                )

        said = await asyncio.gather(*(one(place) for place in found.found))
        return self._report(
            [(place.where, answer) for place, answer in zip(found.found, said, strict=True)], found.silent
        )

    async def _ask_url(self, options: TraefikOptions, whole: bool) -> bool:
        origin, path = checked_url(options.url)
        # Files are read when a line is made, so a renewed password is taken up after the old one was refused.
        answer = await self._answer(origin, options, lambda: self._to_url(options, origin, path), whole, None)
        return self._report([(origin, answer)], ())

    async def _answer(
        self, where: str, sign: object, connect: Connect, whole: bool, workload: tuple[str, str, str] | None
    ) -> Replica | KubeError:
        line = self._lines.get(where)
        if line is not None and line.sign != sign:
            await self._drop(where)
            line = None
        try:
            if line is None:
                stack, api, pulse = await connect()
                line = self._lines[where] = _Line(stack, api, sign)
            else:
                pulse = await line.api.pulse()
            if whole or line.said is None or pulse != line.pulse:
                line.said = await line.api.read(where, workload)
                line.pulse = pulse
            return line.said
        except KubeError as error:
            await self._drop(where)
            return error

    # -- how -----------------------------------------------------------------------------------------------------------
    async def _to_pod(self, place: Place) -> tuple[AsyncExitStack, Api, bytes]:
        """The first door that leads to the API. Raises KubeError: of the last door, or why there is none."""
        client = self._client()
        if client is None:
            raise TraefikError("There is no connection to the cluster yet, through which Traefik is reached.")
        problem: KubeError = NotExposedError(place.exposure.why, place.exposure.mend)
        for door in place.doors:
            async with AsyncExitStack() as stack:
                try:
                    api = Api(await self._way(stack, client, place, door), door.base)
                    pulse = await self._pulse(api)
                except (NotExposedError, NotTraefikError) as error:
                    if door.sure:
                        problem = error
                    continue
                except LockedError as error:
                    problem = error
                    continue
                return stack.pop_all(), api, pulse
        raise problem

    async def _way(self, stack: AsyncExitStack, client: KubeClient, place: Place, door: Door) -> Way:
        way: Way
        try:
            forward = await stack.enter_async_context(client.port_forward(place.namespace, place.pod, door.port))
        except ForbiddenError as error:
            if client.read_only or door.tls or door.host:
                raise _forbidden(place, error) from None
            way = ProxyWay(client, place.namespace, place.pod, door.port)
        else:
            self.forwards += 1
            way = HttpWay(
                f"Traefik {place.where}",
                "https://traefik" if door.tls else "http://traefik",
                socket=str(forward.path),
                host=door.host,
                verify=await asyncio.to_thread(unchecked) if door.tls else False,
                problem=lambda: forward.problem,
            )
        stack.push_async_callback(way.close)
        return way

    async def _pulse(self, api: Api) -> bytes:
        try:
            return await api.pulse()
        except ForbiddenError as error:
            raise ForbiddenError(
                f"{api.way.where} was found, but neither a port-forward nor the pod proxy is allowed: {error.sentence}",
                "It needs create on pods/portforward, or get on pods/proxy, there; or give --traefik-url.",
                code=error.code,
            ) from None
        finally:
            self.asked += api.asked
            api.asked = 0

    async def _to_url(self, options: TraefikOptions, origin: str, path: str) -> tuple[AsyncExitStack, Api, bytes]:
        def made() -> Way:
            headers = authorization(options)
            verify = trust(options) if origin.startswith("https") else False
            return HttpWay(f"Traefik at {origin}", origin, headers=headers, verify=verify)

        async with AsyncExitStack() as stack:
            way = await asyncio.to_thread(made)
            stack.push_async_callback(way.close)
            api = Api(way, path)
            pulse = await self._pulse(api)
            return stack.pop_all(), api, pulse

    async def _drop(self, *wanted: str) -> None:
        """End lines, all at once: one that does not end well, or is slow to, keeps no other open."""
        lines = [line for where in wanted if (line := self._lines.pop(where, None)) is not None]
        self.asked += sum(line.api.asked for line in lines)
        for problem in await asyncio.gather(*(line.stack.aclose() for line in lines), return_exceptions=True):
            if isinstance(problem, Exception):
                log.info("a line to Traefik did not end well: %r", problem)

    # -- what comes of it ----------------------------------------------------------------------------------------------
    def _report(self, said: list[tuple[str, Replica | KubeError]], silent: tuple[str, ...]) -> bool:
        replicas = [answer for _, answer in said if isinstance(answer, Replica)]
        failed = [(where, answer) for where, answer in said if isinstance(answer, KubeError)]
        quiet = [*silent, *(f"{where}: {error.sentence.rstrip('.')}" for where, error in failed)]
        if replicas:
            self._store.set_traefik(replicas, quiet)
            unread = [text for replica in replicas for text in replica.unread]
            hint = "; ".join(dict.fromkeys([*quiet, *unread]))[:500]
            self._store.set_link(LINK, State.LIVE, _words(replicas, len(replicas) + len(quiet)), hint)
            return True
        error = failed[0][1]
        log.info("Traefik's API: %s", error.sentence)
        state = State.FORBIDDEN if isinstance(error, ForbiddenError) else getattr(error, "state", State.DOWN)
        known = self._store.snapshot().traefik.replicas
        if known and state is State.DOWN:
            # It was there a moment ago: what it said stays, with its age, until it is clear what has become of it.
            self._store.set_link(LINK, State.STALE, error.sentence, error.hint)
        else:
            self._store.set_traefik((), quiet)
            self._store.set_link(LINK, state, error.sentence, error.hint)
        return False


def _words(replicas: list[Replica], wanted: int) -> str:
    versions = sorted({replica.version for replica in replicas if replica.version}) or ["unknown version"]
    count = len(replicas)
    return (
        f"{' and '.join(versions)}, {plural(count, 'replica') if count == wanted else f'{count} of {wanted} replicas'}"
    )


def _forbidden(place: Place, error: ForbiddenError) -> ForbiddenError:
    return ForbiddenError(
        f"Traefik {place.where} was found, but the port-forward to it is not allowed: {error.sentence}",
        "It needs create on pods/portforward there; or give --traefik-url.",
        code=error.code,
    )
