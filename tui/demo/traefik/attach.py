"""Traefik's own port in the demo's Traefik pods; what answers there is loaded when the first connection comes."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from typing import TYPE_CHECKING

from pointsman.tui.demo.kube.ports import Reader, Writer

if TYPE_CHECKING:
    from pointsman.tui.demo.homelab import Homelab
    from pointsman.tui.demo.traefik.answers import Said
    from pointsman.tui.demo.traefik.api import TraefikApi

NAMESPACE = "kube-system"
LABELS = {"app.kubernetes.io/name": "traefik"}
PORT = 8080
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}


class TraefikPort:
    """Of one homelab. ``api`` is None until somebody connected."""

    def __init__(self, homelab: Homelab) -> None:
        self._homelab = homelab
        self._lock = asyncio.Lock()
        self.api: TraefikApi | None = None
        homelab.ports.register(NAMESPACE, LABELS, PORT, self._serve)

    async def ready(self) -> TraefikApi:
        async with self._lock:
            if self.api is None:
                module = await asyncio.to_thread(importlib.import_module, "pointsman.tui.demo.traefik.api")
                made: TraefikApi = module.TraefikApi(self._homelab)
                self.api = made
        return self.api

    async def _serve(self, reader: Reader, writer: Writer) -> None:
        """HTTP/1.1 with kept connections; a request body is not expected and ends the connection."""
        api = await self.ready()
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                return
            lines = head.decode("latin-1").split("\r\n")
            method, _, rest = lines[0].partition(" ")
            headers = {
                name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
            }
            said = api.ask(method, rest.partition(" ")[0], headers.get("host", ""))
            ends = headers.get("connection", "").lower() == "close" or "content-length" in headers
            writer.write(_framed(said, ends=ends, bare=method == "HEAD"))
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            if ends:
                return


def _framed(said: Said, *, ends: bool, bare: bool) -> bytes:
    head = [
        f"HTTP/1.1 {said.status} {REASONS.get(said.status, 'Status')}",
        f"Content-Type: {said.content_type}",
        f"Content-Length: {len(said.body)}",
    ]
    if said.next_page:
        head.append(f"X-Next-Page: {said.next_page}")
    if ends:
        head.append("Connection: close")
    return "\r\n".join((*head, "", "")).encode() + (b"" if bare else said.body)
