"""A SPDY session that forwards ports: the streams of Kubernetes port-forward and the connections behind them.

Every forwarded connection is a pair of client streams, told by the headers `streamtype` (error or data), `port` and
`requestid`. The reason for a refusal goes to the error stream; its end tells the client that the connection is over.
Clients built on spdystream (all of client-go) keep no flow control; peers that do are respected as soon as they send a
WINDOW_UPDATE or an initial window. Otherwise buffers are bounded by not reading on.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from pointsman.tui.demo.kube import spdy

Connect: TypeAlias = Callable[[int], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
Send: TypeAlias = Callable[[bytes], Awaitable[None]]

CHUNK: Final = 32 * 1024
"""Bytes read from a target, or queued for one, at a time."""
QUEUED: Final = 16
"""Chunks a connection may have waiting for its target: half a megabyte."""
PATIENCE: Final = 10.0
"""Seconds of standstill after which a client is pinged: a write is what finds out that it is gone."""
_MAX_STREAMS = 2000


def port_number(text: str) -> int:
    """A port number, 0 for text that is none."""
    port = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
    return port if port < 65536 else 0


class _Stream:
    """A client's stream: what it is for, and what the client has sent on it."""

    def __init__(self, id_: int, headers: Mapping[str, str], window: int) -> None:
        self.id = id_
        self.kind = headers.get("streamtype", "")
        self.port = headers.get("port", "")
        # Clients from before request ids open the error stream first and the data stream next.
        self.request = headers.get("requestid") or str(id_ if self.kind == "error" else id_ - 2)
        self.inbox: asyncio.Queue[bytes] = asyncio.Queue(QUEUED)
        self.window = window
        self.room = asyncio.Event()
        self.can_send = True
        self.can_receive = True


class Session:
    """One client's streams. `send` writes bytes to it in order, `connect(port)` opens a connection to the pod."""

    def __init__(self, send: Send, connect: Connect) -> None:
        self._send = send
        self._connect = connect
        self._encoder = spdy.Encoder()
        self._lock = asyncio.Lock()
        self._streams: dict[int, _Stream] = {}
        self._waiting: dict[str, _Stream] = {}
        self._forwards: dict[int, tuple[_Stream, asyncio.Task[None]]] = {}
        self._last_stream = 0
        self._keeps_windows = False
        self._initial_window = spdy.INITIAL_WINDOW
        self._window = spdy.INITIAL_WINDOW

    async def run(self, chunks: AsyncIterator[bytes]) -> None:
        """Until the client says GOAWAY, ends or breaks the connection, or breaks the protocol."""
        decoder = spdy.Decoder()
        try:
            async for chunk in chunks:
                for frame in decoder.feed(chunk):
                    if isinstance(frame, spdy.GoAway):
                        return
                    await self._handle(frame)
        except spdy.SpdyError:
            with contextlib.suppress(ConnectionError, RuntimeError):
                await self._write(spdy.go_away(self._last_stream, spdy.PROTOCOL_ERROR))
        except ConnectionError:
            pass
        finally:
            tasks = [task for _, task in self._forwards.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _write(self, frame: bytes) -> None:
        async with self._lock:
            await self._send(frame)

    async def _handle(self, frame: spdy.Frame) -> None:
        match frame:
            case spdy.SynStream():
                await self._begin(frame)
            case spdy.Data():
                await self._receive(frame)
            case spdy.RstStream():
                await self._reset(frame.stream)
            case spdy.Ping() if frame.id % 2:
                # Odd ids are the client's own; even ones are its answers to ours.
                await self._write(spdy.ping(frame.id))
            case spdy.Window():
                self._grant(frame)
            case spdy.InitialWindow():
                self._keeps_windows = True
                for stream in self._streams.values():
                    stream.window += frame.size - self._initial_window
                    stream.room.set()
                self._initial_window = frame.size

    async def _begin(self, frame: spdy.SynStream) -> None:
        if frame.stream % 2 == 0 or frame.stream <= self._last_stream:
            await self._write(spdy.rst_stream(frame.stream, spdy.PROTOCOL_ERROR))
            return
        self._last_stream = frame.stream
        stream = _Stream(frame.stream, frame.headers, self._initial_window)
        if stream.kind not in ("error", "data") or not port_number(stream.port) or len(self._streams) >= _MAX_STREAMS:
            await self._write(spdy.rst_stream(frame.stream, spdy.REFUSED_STREAM))
            return
        self._streams[stream.id] = stream
        async with self._lock:
            # The reply passes the header compressor, so encoding and sending must not come apart.
            await self._send(self._encoder.syn_reply(stream.id, {}))
        if frame.fin:
            await self._receive(spdy.Data(stream.id, b"", True))
        other = self._waiting.pop(stream.request, None)
        if other is None or other.kind == stream.kind:
            self._waiting[stream.request] = stream
            return
        error, data = (other, stream) if stream.kind == "data" else (stream, other)
        task = asyncio.create_task(self._forward(error, data))
        self._forwards[data.id] = (error, task)
        task.add_done_callback(lambda _: self._forget(error, data))

    def _forget(self, *streams: _Stream) -> None:
        for stream in streams:
            self._forwards.pop(stream.id, None)
            self._streams.pop(stream.id, None)
            # Whoever waits to put something must not wait for a reader that is gone.
            while not stream.inbox.empty():
                stream.inbox.get_nowait()

    async def _receive(self, frame: spdy.Data) -> None:
        for start in range(0, len(frame.data), CHUNK):
            await self._put(frame.stream, frame.data[start : start + CHUNK])
        if frame.fin:
            await self._put(frame.stream, b"")

    async def _put(self, id_: int, chunk: bytes) -> None:
        """Queue a chunk, or the end, for a data stream's target; waits while the target is behind."""
        stream = self._streams.get(id_)
        if stream is None or stream.kind != "data" or not stream.can_receive:
            return
        stream.can_receive = bool(chunk)
        while True:
            try:
                async with asyncio.timeout(PATIENCE):
                    await stream.inbox.put(chunk)
                return
            except TimeoutError:
                await self._write(spdy.ping(2))

    async def _reset(self, id_: int) -> None:
        stream = self._streams.get(id_)
        if stream is None:
            return
        stream.can_send = False
        if id_ in self._forwards:
            error, task = self._forwards[id_]
            task.cancel()
            # kubectl resets the data stream of every connection that ends and waits for the error stream to end too.
            await self._finish(error)
        elif self._waiting.get(stream.request) is stream:
            del self._waiting[stream.request]
            self._forget(stream)

    def _grant(self, frame: spdy.Window) -> None:
        self._keeps_windows = True
        if frame.stream == 0:
            self._window += frame.delta
        elif frame.stream in self._streams:
            self._streams[frame.stream].window += frame.delta
        for stream in self._streams.values():
            stream.room.set()

    async def _forward(self, error: _Stream, data: _Stream) -> None:
        """One forwarded connection, until both sides have ended it or the client resets it."""
        try:
            reader, writer = await self._connect(int(data.port))
        except Exception as refusal:
            # Whatever it is, the client is to read it: that is what the error stream is for.
            text = f"error forwarding port {data.port} to pod: {refusal}"
            with contextlib.suppress(ConnectionError, RuntimeError):
                await self._finish(error, text.encode("utf-8", "replace")[:CHUNK])
                await self._finish(data)
            return
        up = asyncio.create_task(self._up(data, writer))
        try:
            await self._down(data, reader)
            await self._finish(data)
            await self._finish(error)
            await up
            writer.close()
        except (ConnectionError, RuntimeError):
            # The client is gone; the session is about to notice.
            pass
        finally:
            up.cancel()
            if not writer.is_closing():
                writer.transport.abort()
            await asyncio.gather(up, return_exceptions=True)

    async def _finish(self, stream: _Stream, last: bytes = b"") -> None:
        if stream.can_send:
            stream.can_send = False
            await self._write(spdy.data(stream.id, last, fin=True))

    async def _up(self, data: _Stream, writer: asyncio.StreamWriter) -> None:
        """Client to target. When the target takes no more, the rest is thrown away, so that the session goes on."""
        alive, taken = True, 0
        while chunk := await data.inbox.get():
            if alive:
                try:
                    writer.write(chunk)
                    await writer.drain()
                except OSError:
                    alive = False
            taken += len(chunk)
            if self._keeps_windows and taken >= spdy.INITIAL_WINDOW // 2:
                await self._write(spdy.window_update(data.id, taken) + spdy.window_update(0, taken))
                taken = 0
        if alive and writer.can_write_eof():
            with contextlib.suppress(OSError):
                writer.write_eof()

    async def _down(self, data: _Stream, reader: asyncio.StreamReader) -> None:
        """Target to client. A target that breaks off ends the stream like one that closes, as a pod's socket would."""
        while True:
            try:
                chunk = await reader.read(CHUNK)
            except OSError:
                return
            if not chunk:
                return
            while chunk:
                size = await self._room(data, len(chunk))
                await self._write(spdy.data(data.id, chunk[:size]))
                chunk = chunk[size:]

    async def _room(self, data: _Stream, wanted: int) -> int:
        """How many bytes may be sent now; waits for room when the client keeps windows."""
        while self._keeps_windows and (data.window <= 0 or self._window <= 0):
            data.room.clear()
            await data.room.wait()
        size = min(wanted, data.window, self._window) if self._keeps_windows else wanted
        data.window -= size
        self._window -= size
        return size
