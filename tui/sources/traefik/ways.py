"""How a Traefik is reached: through a port-forward to its pod, the API server's pod proxy, or at a URL. What differs between
them ends here."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import httpx

from pointsman.tui import __version__
from pointsman.tui.model.flows import mask_url
from pointsman.tui.sources.errors import ForbiddenError, KubeError, NotFoundError, StatusError
from pointsman.tui.sources.kube.client import KubeClient, segment
from pointsman.tui.sources.traefik.errors import NotTraefikError, SilentError, TraefikError

ANSWER_SECONDS: Final = 5.0
LARGEST_ANSWER: Final = 64 * 1024 * 1024
KEPT_SECONDS: Final = 150.0
"""How long an idle connection is kept: Traefik closes its own after three minutes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``next_page`` is the header ``X-Next-Page`` (1: this was the last), None where the way does not carry headers."""

    status: int
    body: bytes
    content_type: str = ""
    next_page: str | None = None
    location: str = ""


class Way(Protocol):
    """``where`` names the far end in sentences. ``ask`` raises KubeError when nothing came back at all."""

    where: str

    async def ask(self, path: str, params: Mapping[str, str]) -> Answer: ...

    async def close(self) -> None: ...


class HttpWay:
    """By HTTP: over a unix socket that leads to the pod, or to a URL."""

    def __init__(
        self,
        where: str,
        url: str,
        *,
        socket: str = "",
        host: str = "",
        headers: Mapping[str, str] | None = None,
        verify: ssl.SSLContext | bool = True,
        problem: Callable[[], KubeError | None] = lambda: None,
    ) -> None:
        self.where = where
        self._problem = problem
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEPT_SECONDS)
        transport = httpx.AsyncHTTPTransport(uds=socket or None, verify=verify, limits=limits, trust_env=False)
        sent = {"User-Agent": f"pointsman/{__version__}", "Accept": "application/json", **(headers or {})}
        if host:
            sent["Host"] = host
        self._extensions = {"sni_hostname": host} if host else {}
        self._client = httpx.AsyncClient(
            transport=transport, base_url=url, headers=sent, timeout=ANSWER_SECONDS, follow_redirects=False,
            trust_env=False,
        )  # fmt: skip

    async def ask(self, path: str, params: Mapping[str, str]) -> Answer:
        try:
            # A limit on the whole too: httpx's own starts again with every byte that drips in.
            async with (
                asyncio.timeout(ANSWER_SECONDS * 2),
                self._client.stream("GET", path, params=dict(params), extensions=self._extensions) as response,
            ):
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > LARGEST_ANSWER:
                        raise NotTraefikError(f"{self.where} sends an answer that does not end.")
                header = response.headers.get
                return Answer(
                    response.status_code, bytes(body), header("Content-Type", ""), header("X-Next-Page", "1"),
                    header("Location", ""),
                )  # fmt: skip
        except (TimeoutError, httpx.TimeoutException):
            raise self._failed(f"{self.where} does not answer in time.") from None
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            raise self._failed(f"{self.where} cannot be reached: {_reason(error)}.") from None

    def _failed(self, sentence: str) -> TraefikError:
        # The forward knows better than the HTTP client on top of it.
        cause = self._problem()
        if cause is not None:
            return SilentError(f"{self.where}: {cause.sentence}", cause.hint)
        hint = (
            "The certificate is not of a CA known here: name it with --traefik-ca-file."
            if "certificate" in sentence
            else ""
        )
        return SilentError(sentence, hint)

    async def close(self) -> None:
        await self._client.aclose()


def _reason(error: BaseException) -> str:
    text = mask_url(str(error)).strip().rstrip(".")
    return text if text and len(text) < 200 else type(error).__name__


class ProxyWay:
    """By the API server's pod proxy: where a port-forward is not allowed. Never in read-only mode, which refuses it."""

    def __init__(self, client: KubeClient, namespace: str, pod: str, port: int) -> None:
        self.where = f"Traefik {namespace}/{pod}"
        self._client = client
        self._path = f"/api/v1/namespaces/{segment(namespace)}/pods/{segment(pod)}:{port}/proxy"

    async def ask(self, path: str, params: Mapping[str, str]) -> Answer:
        try:
            body = await self._client.request(
                "GET", self._path + path, params=params, what="get pods/proxy", total=ANSWER_SECONDS * 2
            )
        except ForbiddenError:
            raise
        except NotFoundError as error:
            # The proxy passes the far end's 404 on; a pod that has gone is a 404 of the API server's own.
            if error.reason == "NotFound" and "pods" in error.message:
                raise SilentError(f"{self.where} has gone.") from None
            return Answer(404, b"404 page not found", "text/plain")
        except StatusError as error:
            if error.code in (502, 503):
                raise SilentError(f"{self.where}: {error.sentence}", error.hint) from None
            return Answer(error.code, error.message.encode())
        return Answer(200, body, "application/json")

    async def close(self) -> None:
        """The connection is the program's own; it stays."""
