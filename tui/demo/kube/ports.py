"""What listens in the demo's pods: in-process handlers by namespace, pod and port, reached through port-forward."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from pointsman.tui.demo.kube.objects import Object, metadata

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
Handler = Callable[[Reader, Writer], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Listener:
    namespace: str
    pod: str | Mapping[str, str]
    port: int
    handler: Handler

    def serves(self, pod: Object, port: int) -> bool:
        meta = metadata(pod)
        if self.port != port or self.namespace != meta.get("namespace"):
            return False
        if isinstance(self.pod, str):
            return self.pod == meta.get("name")
        labels = meta.get("labels") or {}
        return all(labels.get(key) == value for key, value in self.pod.items())


class Ports:
    """The registry. A handler gets the pod's end of each connection and closes the writer when it is done."""

    def __init__(self) -> None:
        self._listeners: list[_Listener] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def register(self, namespace: str, pod: str | Mapping[str, str], port: int, handler: Handler) -> None:
        """Listen on `port` in a pod by its name, or in every pod that has these labels. Later ones win."""
        self._listeners.insert(0, _Listener(namespace, pod, port, handler))

    async def connect(self, pod: Object, port: int) -> tuple[Reader, Writer]:
        """Both ends of a new connection into the pod, as its client sees them. Raises ConnectionRefusedError."""
        for listener in self._listeners:
            if listener.serves(pod, port):
                return await self._open(listener.handler)
        raise ConnectionRefusedError(f"failed to connect to localhost:{port} inside the pod: connection refused")

    async def _open(self, handler: Handler) -> tuple[Reader, Writer]:
        import socket

        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            inner_reader, inner_writer = await asyncio.open_connection(sock=theirs)
        except BaseException:
            # Who asked has gone meanwhile, as a client does that only tries the way.
            writer.close()
            theirs.close()
            raise

        async def serve() -> None:
            try:
                with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                    await handler(inner_reader, inner_writer)
            finally:
                inner_writer.close()

        task = asyncio.create_task(serve())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return reader, writer


def page(body: str, status: str = "200 OK", content_type: str = "text/html; charset=utf-8") -> Handler:
    """A tiny HTTP/1.1 responder: every request gets this page."""
    payload = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(payload)}\r\n\r\n".encode()

    async def answer(reader: Reader, writer: Writer) -> None:
        while True:
            request = await reader.readuntil(b"\r\n\r\n")
            bare = request.startswith(b"HEAD ")
            writer.write(head if bare else head + payload)
            await writer.drain()

    return answer
