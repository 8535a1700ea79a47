"""A port of a pod as a unix socket here.

Each connection to the socket is one websocket to the API server (``v4.channel.k8s.io``), which carries one TCP connection
to the pod. A unix socket in a private folder, and not a port on 127.0.0.1, because any user of this machine could use a
port, with our credentials.

The end of the forward (pod gone, idle time-out of the kubelet, network) closes the connections on it; making a new one
is the caller's business, who also has to look up the pod again. What went wrong is in :attr:`Forward.problem`, in the
API server's or the kubelet's own words.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from pointsman.tui.paths import private_dir, runtime_dir
from pointsman.tui.sources.errors import KubeError, NotKubernetesError, UnreachableError
from pointsman.tui.sources.kube.connect import Connection
from pointsman.tui.wire.portforward import SUBPROTOCOL, ClientFraming, FramingError, data_channel, encode

log = logging.getLogger(__name__)

CHUNK = 64 * 1024
LONGEST_SOCKET_PATH = 100
"""Bytes; ``sun_path`` holds 104 on macOS and 108 on Linux."""


class Forward:
    """One open forward. ``path`` is its socket; ``opened`` counts the connections made so far."""

    def __init__(self, connection: Connection, namespace: str, pod: str, port: int) -> None:
        self._connection = connection
        self._path = f"/api/v1/namespaces/{namespace}/pods/{pod}/portforward"
        self._port = port
        self._name = f"{namespace}/{pod}:{port}"
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._folder: Path | None = None
        self.path = Path()
        self.opened = 0
        self.problem: KubeError | None = None
        """Why the last connection that failed did; None while all went well."""

    async def start(self) -> None:
        """Begin to listen, after one websocket has shown that the pod can be reached. Raises KubeError if it cannot.

        The kubelet tells only with the first bytes whether something listens on the port; that comes out in
        ``problem`` of a later connection.
        """
        probe = await self._open()
        await probe.close()
        self._folder = _socket_folder()
        self.path = self._folder / "s"
        self._server = await asyncio.start_unix_server(self._accept, path=str(self.path), limit=CHUNK)
        self.path.chmod(0o600)

    async def stop(self) -> None:
        """Close the socket and every connection on it, and remove the folder."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._folder is not None:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _open(self) -> aiohttp.ClientWebSocketResponse:
        ws = await self._connection.websocket(self._path, {"ports": str(self._port)}, SUBPROTOCOL)
        if ws.protocol != SUBPROTOCOL:
            await ws.close()
            raise NotKubernetesError(f"{self._connection.server} does not speak {SUBPROTOCOL} for port-forwards.")
        return ws

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._bridge(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _bridge(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        ws: aiohttp.ClientWebSocketResponse | None = None
        try:
            ws = await self._open()
            up = asyncio.create_task(self._send(reader, ws))
            try:
                await self._receive(ws, writer)
            finally:
                up.cancel()
                await asyncio.gather(up, return_exceptions=True)
        except KubeError as error:
            self.problem = error
            log.warning("port-forward to %s: %s", self._name, error)
        except (OSError, aiohttp.ClientError) as error:
            self.problem = UnreachableError(f"The port-forward to {self._name} broke off.")
            log.info("port-forward to %s: %s", self._name, error)
        finally:
            if ws is not None:
                with contextlib.suppress(OSError, aiohttp.ClientError, asyncio.CancelledError):
                    await ws.close()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _send(self, reader: asyncio.StreamReader, ws: aiohttp.ClientWebSocketResponse) -> None:
        channel = data_channel(0)
        while data := await reader.read(CHUNK):
            await ws.send_bytes(encode(channel, data))
        # There is no half-close in the protocol: when the client here has finished, so is the connection. Closing at
        # once would lose an answer still on its way, so the far end gets a moment to finish by itself.
        await asyncio.sleep(1.0)
        await ws.close()

    async def _receive(self, ws: aiohttp.ClientWebSocketResponse, writer: asyncio.StreamWriter) -> None:
        framing = ClientFraming((self._port,))
        async for message in ws:
            if message.type is aiohttp.WSMsgType.BINARY:
                try:
                    part = framing.feed(message.data)
                except FramingError as error:
                    raise NotKubernetesError(f"The port-forward to {self._name} is not understood: {error}.") from None
                if part is None or not part.payload:
                    continue
                if part.is_error:
                    text = part.payload.decode("utf-8", "replace").strip()
                    raise UnreachableError(f"The port-forward to {self._name} failed: {text}")
                writer.write(part.payload)
                await writer.drain()
            elif message.type is aiohttp.WSMsgType.ERROR:
                raise UnreachableError(f"The port-forward to {self._name} broke off.")


def _socket_folder() -> Path:
    """A new folder (0700) for a socket, in the runtime folder, or in the temporary one where that path is too long."""
    for base in (runtime_dir(), Path(tempfile.gettempdir())):
        try:
            home = private_dir(base) if base == runtime_dir() else base
            folder = Path(tempfile.mkdtemp(prefix="pf-", dir=home))
        except OSError:
            continue
        if len(os.fsencode(folder)) + 2 <= LONGEST_SOCKET_PATH:
            return folder
        folder.rmdir()
    raise UnreachableError("There is no folder for the port-forward's socket (its path would be too long).")


@asynccontextmanager
async def forward(connection: Connection, namespace: str, pod: str, port: int) -> AsyncIterator[Forward]:
    """An open forward for the length of the block. Names must be escaped for a path."""
    found = Forward(connection, namespace, pod, port)
    try:
        await found.start()
        yield found
    finally:
        await found.stop()
