"""A Traefik API that answers from saved answers of a real one, page by page, and misbehaves on demand."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

ANSWERS = Path(__file__).parent / "traefik" / "answers"
Hook = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


def saved(folder: str, name: str) -> Any:
    """``name`` as the path below ``/api`` with dashes: ``http-routers``."""
    return json.loads((ANSWERS / folder / f"{name}.json").read_text())


class FakeApi:
    """``answers`` may be changed by a test; ``hook`` sees every request first."""

    def __init__(self, folder: str = "kubernetes", base: str = "") -> None:
        self.base = base
        self.answers = {path.stem: saved(folder, path.stem) for path in (ANSWERS / folder).glob("*.json")}
        self.hits: Counter[str] = Counter()
        self.hook: Hook | None = None
        self.url = ""
        self.connections: set[Any] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.hits[request.path] += 1
        self.connections.add(request.transport)
        if self.hook is not None and (answer := await self.hook(request)) is not None:
            return answer
        path = request.path.removeprefix(self.base)
        name = path.removeprefix("/api/").replace("/", "-")
        if not request.path.startswith(f"{self.base}/api/") or name not in self.answers:
            return web.Response(status=404, text="404 page not found\n")
        found = self.answers[name]
        if not isinstance(found, list):
            return web.json_response(found)
        page, size = int(request.query.get("page", "1")), int(request.query.get("per_page", "100"))
        start = (page - 1) * size
        if start >= len(found) and start:
            return web.Response(status=400, text=json.dumps({"message": "invalid request: page"}))
        more = start + size < len(found)
        return web.json_response(found[start : start + size], headers={"X-Next-Page": str(page + 1 if more else 1)})


@contextlib.asynccontextmanager
async def fake_api(folder: str = "kubernetes", base: str = "", tls: Any = None) -> AsyncIterator[FakeApi]:
    fake = FakeApi(folder, base)
    runner = web.ServerRunner(web.Server(fake.handle), shutdown_timeout=0.1)  # type: ignore[arg-type]
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    port = runner.addresses[0][1]
    fake.url = f"http{'s' if tls else ''}://127.0.0.1:{port}"
    try:
        yield fake
    finally:
        await runner.cleanup()
