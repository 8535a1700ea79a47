"""The server's side of port-forward, in the three forms clients speak.

- websocket `SPDY/3.1+portforward.k8s.io` (kubectl since 1.31): a SPDY session inside binary messages;
- `Upgrade: SPDY/3.1` with `X-Stream-Protocol-Version: portforward.k8s.io` (older kubectl): the same session on the socket;
- websocket `v4.channel.k8s.io`: one TCP connection per port, framing in `pointsman.tui.wire.portforward`.

What a SPDY session does is in `spdy_session`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final, cast

import aiohttp
from aiohttp import web

from pointsman.tui.demo.kube.errors import ApiError, bad_request
from pointsman.tui.demo.kube.spdy_session import CHUNK, PATIENCE, QUEUED, Connect, Session, port_number
from pointsman.tui.wire import portforward as v4

PROTOCOL: Final = "portforward.k8s.io"
TUNNEL: Final = f"SPDY/3.1+{PROTOCOL}"
_VERSION_HEADER: Final = "X-Stream-Protocol-Version"

_MAX_MESSAGE = 16 * 1024 * 1024


async def portforward(request: web.BaseRequest, connect: Connect) -> web.StreamResponse:
    """Forward ports for `request` until the client is gone; `connect(port)` opens a connection to the pod.

    Whatever `connect` raises is a refusal: its text goes to the client's error stream, the session stays. Raises ApiError
    for a request that asks for no known protocol.
    """
    upgrade = request.headers.get("Upgrade", "").lower()
    if upgrade == "websocket":
        offered = [
            name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if name.strip()
        ]
        if TUNNEL in offered:
            return await _tunnel(request, connect)
        if v4.SUBPROTOCOL in offered or not offered:
            return await _channels(request, connect)
        raise bad_request(f"unable to upgrade: none of the subprotocols {offered} is known, {v4.SUBPROTOCOL} is")
    if upgrade == "spdy/3.1":
        return await _upgrade(request, connect)
    raise bad_request(f"unable to upgrade: missing upgrade headers in request: {request.method} {request.path}")


# Transports of a SPDY session


async def _tunnel(request: web.BaseRequest, connect: Connect) -> web.StreamResponse:
    ws = web.WebSocketResponse(protocols=(TUNNEL,), timeout=2.0, max_msg_size=_MAX_MESSAGE, compress=False)
    await ws.prepare(request)
    try:
        await Session(ws.send_bytes, connect).run(_messages(ws))
    finally:
        with contextlib.suppress(ConnectionError, RuntimeError):
            await ws.close()
    return ws


async def _messages(ws: web.WebSocketResponse) -> AsyncIterator[bytes]:
    async for message in ws:
        if message.type is not aiohttp.WSMsgType.BINARY:
            return
        yield message.data


class _Incoming:
    """Takes a connection's bytes over from the HTTP parser, as a websocket's reader does, and keeps them few."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._buffer = bytearray()
        self._news = asyncio.Event()
        self._ended = False

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self._buffer += data
        self._news.set()
        if len(self._buffer) > CHUNK * QUEUED:
            self._transport.pause_reading()
        return False, b""

    def feed_eof(self) -> None:
        self._ended = True
        self._news.set()

    def set_exception(self, _error: BaseException, _cause: BaseException | None = None) -> None:
        self.feed_eof()

    async def chunks(self) -> AsyncIterator[bytes]:
        """What has come, as it comes, until the connection ends."""
        while True:
            await self._news.wait()
            self._news.clear()
            chunk = bytes(self._buffer)
            self._buffer.clear()
            if chunk:
                if not self._transport.is_closing():
                    self._transport.resume_reading()
                yield chunk
            if self._ended and not self._buffer:
                return


async def _upgrade(request: web.BaseRequest, connect: Connect) -> web.StreamResponse:
    offered = [name.strip() for value in request.headers.getall(_VERSION_HEADER, []) for name in value.split(",")]
    if PROTOCOL not in offered:
        raise ApiError(
            403,
            "Forbidden",
            "unable to upgrade: unable to negotiate protocol:"
            f" client supports [{' '.join(offered)}], server accepts [{PROTOCOL}]",
        )
    response = web.StreamResponse(
        status=101, headers={"Connection": "Upgrade", "Upgrade": "SPDY/3.1", _VERSION_HEADER: PROTOCOL}
    )
    response.force_close()
    if request.transport is None:
        raise ConnectionResetError("the client is gone")
    incoming = _Incoming(request.transport)
    request.protocol.set_parser(cast("aiohttp.http.WebSocketReader", incoming))
    writer = await response.prepare(request)
    assert writer is not None

    async def send(frame: bytes) -> None:
        await writer.write(frame)
        await writer.drain()

    await Session(send, connect).run(incoming.chunks())
    return response


# v4.channel.k8s.io


async def _channels(request: web.BaseRequest, connect: Connect) -> web.StreamResponse:
    ports = _ports(request)
    ws = web.WebSocketResponse(protocols=(v4.SUBPROTOCOL,), timeout=2.0, max_msg_size=_MAX_MESSAGE, compress=False)
    await ws.prepare(request)
    for i, port in enumerate(ports):
        await ws.send_bytes(v4.encode_port(v4.data_channel(i), port))
        await ws.send_bytes(v4.encode_port(v4.error_channel(i), port))
    inboxes: list[asyncio.Queue[bytes]] = [asyncio.Queue(QUEUED) for _ in ports]
    tasks = [asyncio.create_task(_channel(ws, i, ports[i], inboxes[i], connect)) for i in range(len(ports))]
    closer = asyncio.create_task(_close_after(ws, tasks))
    try:
        async for message in _messages(ws):
            parsed = v4.decode(message, len(ports))
            for start in range(0, 0 if parsed.is_error else len(parsed.payload), CHUNK):
                await _queue(
                    ws, tasks[parsed.port_index], inboxes[parsed.port_index], parsed.payload[start : start + CHUNK]
                )
    except v4.FramingError as error:
        await ws.close(code=aiohttp.WSCloseCode.PROTOCOL_ERROR, message=str(error).encode()[:120])
    except ConnectionError:
        pass
    finally:
        for task in (*tasks, closer):
            task.cancel()
        await asyncio.gather(*tasks, closer, return_exceptions=True)
    return ws


async def _close_after(ws: web.WebSocketResponse, tasks: list[asyncio.Task[None]]) -> None:
    await asyncio.wait(tasks)
    await ws.close()


async def _queue(
    ws: web.WebSocketResponse, task: asyncio.Task[None], inbox: asyncio.Queue[bytes], chunk: bytes
) -> None:
    """Queue a chunk for a target, waiting while it is behind; nothing once its connection has ended."""
    while not task.done():
        try:
            async with asyncio.timeout(PATIENCE):
                await inbox.put(chunk)
            return
        except TimeoutError:
            await ws.ping()


def _ports(request: web.BaseRequest) -> list[int]:
    texts = [text for value in request.query.getall("ports", []) for text in value.split(",") if text]
    if not texts:
        raise bad_request('query parameter "ports" is required')
    if len(texts) > v4.MAX_PORTS:
        raise bad_request(f"at most {v4.MAX_PORTS} ports can be forwarded in one request")
    for text in texts:
        if not port_number(text):
            raise bad_request(f'unable to parse "{text}" as a port')
    return [port_number(text) for text in texts]


async def _channel(
    ws: web.WebSocketResponse, index: int, port: int, inbox: asyncio.Queue[bytes], connect: Connect
) -> None:
    """One port's connection; it ends when the target ends it, or with the websocket."""
    try:
        reader, writer = await connect(port)
    except Exception as refusal:
        # As above: the reason is for the client.
        text = f"error forwarding port {port} to pod: {refusal}".encode("utf-8", "replace")[:CHUNK]
        with contextlib.suppress(ConnectionError, RuntimeError):
            await ws.send_bytes(v4.encode(v4.error_channel(index), text))
        return

    async def up() -> None:
        while True:
            writer.write(await inbox.get())
            await writer.drain()

    task = asyncio.create_task(up())
    try:
        with contextlib.suppress(OSError, RuntimeError):
            while chunk := await reader.read(CHUNK):
                await ws.send_bytes(v4.encode(v4.data_channel(index), chunk))
    finally:
        task.cancel()
        writer.transport.abort()
        await asyncio.gather(task, return_exceptions=True)
        while not inbox.empty():
            inbox.get_nowait()
