"""The API behind a way: every endpoint, page by page, and what each bad answer means in a sentence.

Traefik's traps: errors are JSON sent as ``text/plain``; ``X-Next-Page: 1`` is the last page; a page past the end is 400;
``/api/certificates`` exists since 3.7.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from pointsman.tui.model.flows import mask_url
from pointsman.tui.model.proxies import Certificate, Middleware, Replica, Router, Service
from pointsman.tui.sources.errors import KubeError
from pointsman.tui.sources.traefik import read
from pointsman.tui.sources.traefik.errors import LockedError, NotExposedError, NotTraefikError, TraefikError
from pointsman.tui.sources.traefik.ways import Answer, Way

T = TypeVar("T")

PER_PAGE: Final = 500
MOST_PAGES: Final = 40
"""Of one list: 20,000 entries."""
OLDER: Final = "this version of Traefik does not have it"


class Api:
    """``base`` stands before ``/api``. Bodies that have not changed are not read again."""

    def __init__(self, way: Way, base: str = "") -> None:
        self.way = way
        self.base = base
        self.asked = 0
        """Requests sent so far."""
        self._kept: dict[str, tuple[bytes, Any]] = {}

    async def pulse(self) -> bytes:
        """A mark that changes when the counts of the overview do: one small request in place of all. Raises KubeError."""
        return _mark(await self._overview())

    async def _overview(self) -> bytes:
        body = (await self._get("/api/overview", {})).body
        self._understood("/api/overview", read.overview, body)
        return body

    async def read(self, where: str, workload: tuple[str, str, str] | None = None) -> Replica:
        """Everything. Raises KubeError where the first answers cannot be used; what fails after that is told in ``unread``."""
        unread: list[str] = []
        version = self._understood("/api/version", read.version, (await self._get("/api/version", {})).body)
        features, providers = read.overview(await self._overview())
        routers: list[Router] = []
        services: list[Service] = []
        middlewares: list[Middleware] = []
        for protocol in ("http", "tcp", "udp"):
            routers += await self._list(f"/api/{protocol}/routers", read.router, protocol, unread)
            services += await self._list(f"/api/{protocol}/services", read.service, protocol, unread)
            if protocol != "udp":
                middlewares += await self._list(f"/api/{protocol}/middlewares", read.middleware, protocol, unread)
        points = await self._list("/api/entrypoints", read.entry_point, "", unread)
        return Replica(
            where, workload, version, tuple(routers), tuple(services), tuple(middlewares), tuple(points),
            await self._certificates(unread), features, providers, tuple(unread),
        )  # fmt: skip

    async def _certificates(self, unread: list[str]) -> tuple[Certificate, ...] | None:
        mine: list[str] = []
        found = await self._list("/api/certificates", read.certificate, "", mine)
        if any(text.endswith(OLDER) for text in mine):
            return None
        unread += mine
        return None if mine else tuple(found)

    async def _list(self, path: str, one: Callable[[Any, str], T], protocol: str, unread: list[str]) -> tuple[T, ...]:
        """The entries of all pages; what could not be read is told in ``unread``, one sentence without its full stop."""
        bodies: list[bytes] = []
        page = 1
        try:
            while True:
                answer = await self._get(path, {"per_page": str(PER_PAGE), "page": str(page)})
                bodies.append(answer.body)
                page = self._next(answer, page)
                if not page:
                    break
                if page > MOST_PAGES:
                    unread.append(f"{path} has more than {MOST_PAGES * PER_PAGE:,} entries; the rest is left out")
                    break
        except NotExposedError:
            unread.append(f"{path}: {OLDER}")
            return ()
        except KubeError as error:
            unread.append(f"{path}: {error.sentence.rstrip('.')}")
            return ()
        mark = _mark(b"\0".join(bodies))
        kept = self._kept.get(path)
        if kept is None or kept[0] != mark:
            found: list[Any] = []
            try:
                for body in bodies:
                    found += read.items(body)
            except (ValueError, RecursionError) as error:
                unread.append(f"{path} is not understood: {_why(error)}")
                return ()
            kept = self._kept[path] = (mark, read.read_all(found, one, protocol))
        items, bad = kept[1]
        if bad:
            unread.append(f"{path}: {bad} of its entries have no name, or are no objects")
        return tuple(items)

    @staticmethod
    def _next(answer: Answer, page: int) -> int:
        """The page after this one; 0 for none. A way without headers goes on while pages are full."""
        if answer.next_page is None:
            try:
                return page + 1 if len(read.items(answer.body)) >= PER_PAGE else 0
            except (ValueError, RecursionError):
                return 0
        told = int(answer.next_page) if answer.next_page.isascii() and answer.next_page.isdigit() else 1
        return told if told > page else 0

    def _understood(self, path: str, form: Callable[[bytes], T], body: bytes) -> T:
        try:
            return form(body)
        except (ValueError, RecursionError) as error:
            text = f"{self.way.where} answers {path} with something else than Traefik's API: {_why(error)}."
            raise NotTraefikError(text, "Is this Traefik's port, and its path?") from None

    async def _get(self, path: str, params: Mapping[str, str]) -> Answer:
        self.asked += 1
        answer = await self.way.ask(self.base + path, params)
        if answer.status == 200 and not _is_page(answer):
            return answer
        raise self._refused(answer, self.base + path)

    def _refused(self, answer: Answer, path: str) -> TraefikError:
        where = self.way.where
        if answer.status == 404:
            return NotExposedError(
                f"{where} answers {path} with 404: no route leads to its API there.",
                f"Its path may be another one (api.basePath){' than ' + self.base if self.base else ''}.",
            )
        if answer.status in (401, 403, 407):
            return LockedError(
                f"{where} does not let us see its API: it answers {answer.status}.",
                "A middleware asks for a password or another address. Give --traefik-url with --traefik-auth-file, or let a"
                " route without it lead to api@internal on an entry point that is not exposed.",
            )
        if 300 <= answer.status < 400:
            to = f" to {mask_url(answer.location)[:200]}" if answer.location else ""
            return NotTraefikError(
                f"{where} sends {path} on{to}: that is not Traefik's API.", "Give the API's own address."
            )
        if answer.status == 200:
            return NotTraefikError(
                f"{where} answers {path} with a web page, not with JSON.", "Is this Traefik's port, and its path?"
            )
        return NotTraefikError(f"{where} answers {path} with {answer.status}.")


def _mark(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()


def _is_page(answer: Answer) -> bool:
    return "html" in answer.content_type.lower() or answer.body[:200].lstrip()[:1] == b"<"


def _why(error: BaseException) -> str:
    if isinstance(error, msgspec.DecodeError):
        return "it is no JSON"
    return str(error)[:200] or type(error).__name__
