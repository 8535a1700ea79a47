"""One connection to an API server: TLS, credentials that renew themselves, and the HTTP session under every request.

The one file that touches aiohttp's session. kubernetes.aio could make the session, but not correctly for a program that
stays open: it reads tokens, certificates and keys once, runs credential plugins with the terminal in their hands and
swallows their failure, follows a login page's redirects, and picks up ``~/.netrc`` (``trust_env``). Importing it costs
as much processor time as Textual itself (0.14 s) and 21 MB, for what is thirty lines here. So it is used where it is
right, for the service account of a pod (:mod:`pointsman.tui.sources.targets`); a test holds both to the same answers on
the same server.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import ssl
import time
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from pointsman.tui import __version__
from pointsman.tui.sources.errors import ConfigError, KubeError, UnreachableError
from pointsman.tui.sources.kube.address import keep_alive, proxy_for, server_url
from pointsman.tui.sources.kube.diagnose import from_exception, from_status
from pointsman.tui.sources.kube.execplugin import Credential, run_plugin
from pointsman.tui.sources.kube.tls import make_tls, read_blob, stamp_of
from pointsman.tui.sources.targets import Target

log = logging.getLogger(__name__)

FILES_CHECKED = 10.0
"""Seconds between looks at certificate and key files."""
TOKEN_FILE_READ = 60.0
"""Seconds between reads of a token file; the kubelet and client-go use the same."""
PLUGIN_PAUSE = 20.0
"""Seconds before a credential plugin that failed is run again."""
CONNECT_TIMEOUT = 5.0
ERROR_BODY = 256 * 1024
"""Bytes read of an error's body."""


class Connection:
    """An open session to one API server as one user.

    ``requests`` counts what was sent, for gates on traffic at rest. Errors are those of
    :mod:`pointsman.tui.sources.errors`; nothing else comes out.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.url = server_url(target)
        self.server = f"{self.url.host}:{self.url.port}"
        self.requests = 0
        self._proxy = proxy_for(target, self.url)
        self._secure = self.url.scheme == "https"
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        self._tls: ssl.SSLContext | bool = True
        self._tls_stamp: tuple[Any, ...] | None = None
        self._tls_looked = 0.0
        self._token_text = ""
        self._token_read = -1e9
        self._credential: Credential | None = None
        self._failure: ConfigError | None = None
        self._failed_at = -1e9
        self._running: asyncio.Task[None] | None = None

    @property
    def insecure(self) -> bool:
        """Whether the server's identity is not checked, or nothing is encrypted."""
        return self.target.cluster.insecure or not self._secure

    async def close(self) -> None:
        """Close every connection. Nothing can be sent afterwards."""
        self._closed = True
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def retarget(self, target: Target) -> None:
        """Go on with new credentials for the same server."""
        self.target = target
        self._tls_stamp = None
        self._token_text, self._token_read = "", -1e9
        self._credential = self._failure = None

    def _open_session(self) -> aiohttp.ClientSession:
        if self._closed:
            raise UnreachableError(f"The connection to {self.server} was closed here.")
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, socket_factory=keep_alive, ttl_dns_cache=30)
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                read_bufsize=2**17,
                skip_auto_headers=("User-Agent",),
            )
        return self._session

    # -- credentials -----------------------------------------------------------------------------------------------

    @property
    def waits_for(self) -> str:
        """The credential plugin that runs before anything can be sent; empty if there is none to run."""
        user = self.target.user
        plugin = user.exec is not None and not user.token and not user.token_file and self._secure
        return user.exec.command if plugin and user.exec is not None and self._credential is None else ""

    async def prepare(self) -> None:
        """Get the credentials ready, which may take as long as a person takes to sign in. Raises KubeError."""
        await self._prepare()

    async def _prepare(self) -> str:
        """Bring TLS and token up to date; the Authorization header's value, empty for none."""
        user = self.target.user
        if not self._secure:
            return ""  # client-go, too, sends no credentials in clear
        if user.exec is not None and not user.token and not user.token_file:
            await self._plugin()
        now = time.monotonic()
        if self._tls_stamp is None or now - self._tls_looked > FILES_CHECKED:
            self._tls_looked = now
            stamp = (stamp_of(self.target.cluster.ca, user.certificate, user.key), id(self._credential))
            if stamp != self._tls_stamp:
                self._tls = await asyncio.to_thread(self._make_tls)
                self._tls_stamp = stamp
        token = await self._token()
        if not token and self._credential is not None:
            token = self._credential.token
        if token:
            return f"Bearer {token}"
        if user.username:
            pair = f"{user.username}:{user.password}".encode()
            return f"Basic {base64.b64encode(pair).decode()}"
        return ""

    def _make_tls(self) -> ssl.SSLContext:
        user = self.target.user
        certificate = key = b""
        if self._credential is not None and self._credential.certificate:
            certificate, key = self._credential.certificate, self._credential.key
        elif user.certificate:
            certificate = read_blob(user.certificate, "client-certificate")
            key = read_blob(user.key, "client-key")
        return make_tls(self.target, certificate, key)

    async def _token(self, again: bool = False) -> str:
        """The token; a token file wins over an inline token and is read once a minute."""
        user = self.target.user
        if not user.token_file:
            return user.token
        now = time.monotonic()
        if again or now - self._token_read > TOKEN_FILE_READ:
            self._token_read = now
            try:
                text = (await asyncio.to_thread(Path(user.token_file).read_text)).strip()
            except (OSError, UnicodeDecodeError) as error:
                text = ""
                log.warning("token file %s: %s", user.token_file, error)
            if text:
                self._token_text = text
            elif not self._token_text and not user.token:
                raise ConfigError(
                    f"The token file {user.token_file} named in the kubeconfig cannot be read or is empty.",
                    "Check the path.",
                )
        return self._token_text or user.token

    async def _plugin(self, rejected: Credential | None = None) -> None:
        """Have a credential that is not expired (and is not the one the server rejected).

        The plugin runs in a task of its own, once for all who wait: a request's time limit must not kill a login that
        somebody is typing into a browser.
        """
        have = self._credential
        if have is not None and have is not rejected and (have.expires is None or have.expires > time.time()):
            return
        if self._failure is not None and time.monotonic() - self._failed_at < PLUGIN_PAUSE:
            raise self._failure
        if self._running is None:
            self._running = asyncio.create_task(self._run_plugin())
            # Nobody may be left to ask for its error, which asyncio would then write to stderr.
            self._running.add_done_callback(lambda task: task.cancelled() or task.exception())
        await asyncio.shield(self._running)

    async def _run_plugin(self) -> None:
        spec = self.target.user.exec
        assert spec is not None
        try:
            ca = b""
            if self.target.cluster.ca:
                ca = await asyncio.to_thread(read_blob, self.target.cluster.ca, "certificate-authority")
            fresh = await run_plugin(spec, self.target.cluster, ca)
        except ConfigError as error:
            self._failure, self._failed_at = error, time.monotonic()
            raise
        finally:
            self._running = None
        self._credential, self._failure = fresh, None

    async def _renew(self, used: str, credential: Credential | None) -> bool:
        """After a 401: whether there is now something else to try."""
        user = self.target.user
        if user.token_file:
            return f"Bearer {await self._token(again=True)}" != used
        if user.exec is not None and not user.token:
            await self._plugin(rejected=credential)
            return self._credential is not credential
        return False

    def _headers(self, authorization: str) -> dict[str, str]:
        user = self.target.user
        headers = {"User-Agent": f"pointsman/{__version__}"}
        if authorization:
            headers["Authorization"] = authorization
        if user.impersonate:
            headers["Impersonate-User"] = user.impersonate
        if user.impersonate_uid:
            headers["Impersonate-Uid"] = user.impersonate_uid
        return headers

    # -- requests --------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        total: float | None = 30.0,
        idle: float | None = 30.0,
        what: str = "",
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send one request and give its open response (status below 300). Raises KubeError, also from the block's reads.

        ``total`` and ``idle`` are seconds for the whole exchange and between two pieces of it; None is no limit.
        ``what`` is the request in words, for an error's sentence. A 401 is tried once more if there are new credentials.
        """
        response = await self._exchange(method, path, params, headers, body, total, idle, what)
        try:
            yield response
        except KubeError:
            raise
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise from_exception(error, self.server) from error
        finally:
            response.close()

    def full_url(self, path: str, params: Mapping[str, str] | None = None) -> URL:
        """``path`` (already escaped) on this server, behind any prefix the kubeconfig's address has."""
        query = f"?{urllib.parse.urlencode(params)}" if params else ""
        return URL(f"{str(self.url).rstrip('/')}{path}{query}", encoded=True)

    async def _exchange(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        body: bytes | None,
        total: float | None,
        idle: float | None,
        what: str,
    ) -> aiohttp.ClientResponse:
        url = self.full_url(path, params)
        timeout = aiohttp.ClientTimeout(total=total, sock_connect=CONNECT_TIMEOUT, sock_read=idle)
        for attempt in (1, 2):
            authorization = await self._prepare()
            credential = self._credential
            self.requests += 1
            try:
                response = await self._open_session().request(
                    method,
                    url,
                    headers=self._multi({**self._headers(authorization), **(headers or {})}),
                    data=body,
                    timeout=timeout,
                    allow_redirects=False,
                    ssl=self._tls if self._secure else True,
                    server_hostname=self.target.cluster.tls_server_name or None if self._secure else None,
                    proxy=self._proxy,
                )
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                raise from_exception(error, self.server) from error
            if response.status < 300:
                return response
            try:
                raw = await response.content.read(ERROR_BODY) if response.status != 204 else b""
                while len(raw) < ERROR_BODY and (more := await response.content.read(ERROR_BODY)):
                    raw += more
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                raise from_exception(error, self.server) from error
            finally:
                response.close()
            if response.status == 401 and attempt == 1 and await self._renew(authorization, credential):
                continue
            raise from_status(
                response.status,
                raw,
                self.server,
                content_type=response.headers.get("Content-Type", ""),
                retry_after=response.headers.get("Retry-After", ""),
                what=what,
                user=self.target.user.name,
            )
        raise AssertionError("unreachable")

    def _multi(self, headers: Mapping[str, str]) -> list[tuple[str, str]]:
        """Headers as pairs, with the impersonation headers that may repeat."""
        user = self.target.user
        pairs = list(headers.items())
        if user.impersonate:
            pairs += [("Impersonate-Group", group) for group in user.impersonate_groups]
            for key, values in user.impersonate_extra:
                name = f"Impersonate-Extra-{urllib.parse.quote(key, safe='')}"
                pairs += [(name, value) for value in values]
        return pairs

    async def websocket(self, path: str, params: Mapping[str, str], protocol: str) -> aiohttp.ClientWebSocketResponse:
        """Open a websocket with one subprotocol. Raises KubeError, with the server's own words if it refused."""
        authorization = await self._prepare()
        self.requests += 1
        try:
            return await self._open_session().ws_connect(
                self.full_url(path, params),
                protocols=(protocol,),
                headers=self._multi(self._headers(authorization)),
                ssl=self._tls if self._secure else True,
                server_hostname=self.target.cluster.tls_server_name or None if self._secure else None,
                proxy=self._proxy,
                max_msg_size=16 * 1024 * 1024,
                timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
            )
        except aiohttp.WSServerHandshakeError as error:
            raise from_status(
                error.status, b"", self.server, what="port-forward", user=self.target.user.name
            ) from error
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise from_exception(error, self.server) from error
