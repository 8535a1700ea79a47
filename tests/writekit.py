"""A relay in front of an API server that can hold, cut or spoil any request, before or after it was passed on.

with Relay(server, token, ca) as relay:
    relay.cut_after("PATCH")          # the server does it, the client never hears of it
    ... KUBECONFIG=relay.kubeconfig
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web
from apiserver import RealCluster
from demohome import Demo

from pointsman.tui.actions.desk import Desk
from pointsman.tui.actions.guard import folder as guard_folder
from pointsman.tui.answers.ref import Ref
from pointsman.tui.options import Options
from pointsman.tui.verbs.writing import at_desk

NP = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"
MERGE = "application/merge-patch+json"
SPEC = {
    "podSelector": {"matchLabels": {"app": "db"}},
    "policyTypes": ["Ingress"],
    "ingress": [
        {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"protocol": "TCP", "port": 5432}]}
    ],
}
Rule = Callable[[web.Request], bool]


def writes(request: web.Request) -> bool:
    """A real write to an object: no dry run, no review."""
    return (
        request.method in ("PATCH", "POST", "PUT", "DELETE")
        and not rehearses(request)
        and "reviews" not in request.path
    )


def rehearses(request: web.Request) -> bool:
    return "dryRun" in request.query


class Stop:
    """A place where requests wait. ``reached`` is set when one is there; ``go`` lets it on, ``drop`` ends it."""

    def __init__(self, rule: Rule, *, after: bool, action: str) -> None:
        self.rule, self.after, self.action = rule, after, action
        self.reached = threading.Event()
        self.go = threading.Event()
        self.left = 1


class Relay:
    """Plain HTTP for clients on 127.0.0.1; speaks TLS to the server. Runs in a thread of its own."""

    def __init__(self, folder: Path, server: str, token: str, ca: str) -> None:
        self.server, self.token, self.ca = server, token, ca
        self.kubeconfig = folder / "relay.kubeconfig"
        self.stops: list[Stop] = []
        self.seen: list[str] = []
        self.sent: list[tuple[str, bytes]] = []
        """Method and body of each request that had one."""
        self.refusing = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Relay:
        self._thread.start()
        port = self._call(self._start())
        config = {
            "apiVersion": "v1", "kind": "Config", "current-context": "relay",
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
            "contexts": [{"name": "relay", "context": {"cluster": "c", "user": "u"}}],
            "users": [{"name": "u", "user": {"token": self.token}}],
        }  # fmt: skip
        self.kubeconfig.write_text(yaml.safe_dump(config))
        self.kubeconfig.chmod(0o600)
        return self

    def __exit__(self, *_: object) -> None:
        for stop in self.stops:
            stop.go.set()
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _call(self, work: Awaitable[Any]) -> Any:
        async def run() -> Any:
            return await work

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(30)

    # -- what a test asks for --------------------------------------------------------------------------------------

    def hold(self, rule: Rule, *, after: bool = False, then: str = "pass") -> Stop:
        """Hold the next request of the rule, before it is passed on or after it was answered, until ``go`` is set; then
        ``pass`` it or ``cut`` the connection."""
        stop = Stop(rule, after=after, action=then)
        self.stops.append(stop)
        return stop

    def cut(self, rule: Rule, *, after: bool, times: int = 1) -> Stop:
        """Cut the connection of the next requests, before the server saw them or after it answered."""
        stop = self.hold(rule, after=after, then="cut")
        stop.left = times
        stop.go.set()
        return stop

    # -- the relay itself ------------------------------------------------------------------------------------------

    async def _start(self) -> int:
        context = ssl.create_default_context(cadata=self.ca)
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context), auto_decompress=False)
        app = web.Application(client_max_size=1 << 26)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2, handle_signals=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def _end(self) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _stopped(self, request: web.Request, *, after: bool) -> bool:
        """Whether the connection is to be cut here."""
        for stop in self.stops:
            if stop.after is after and stop.left > 0 and stop.rule(request):
                stop.left -= 1
                stop.reached.set()
                await asyncio.to_thread(stop.go.wait)
                return stop.action == "cut"
        return False

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(f"{request.method} {request.path_qs}")
        body = await request.read()
        if body:
            self.sent.append((request.method, body))
        if self.refusing or await asyncio.shield(self._stopped(request, after=False)):
            return self._break(request)
        if "watch" in request.query:
            return await self._stream(request)
        # The client may be gone by now; the request goes its way all the same, as it would through a real network.
        status, headers, answer = await asyncio.shield(self._pass_on(request, body))
        if await self._stopped(request, after=True):
            return self._break(request)
        return web.Response(status=status, body=answer, headers=headers)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """A watch, as it comes."""
        headers = {"Accept-Encoding": "identity", "Authorization": f"Bearer {self.token}"}
        async with self._session.get(
            f"{self.server}{request.path_qs}", headers=headers, timeout=aiohttp.ClientTimeout(total=None)
        ) as response:
            answer = web.StreamResponse(status=response.status, headers={"Content-Type": response.content_type})
            await answer.prepare(request)
            with contextlib.suppress(ConnectionError):
                async for chunk in response.content.iter_any():
                    await answer.write(chunk)
            return answer

    async def _pass_on(self, request: web.Request, body: bytes) -> tuple[int, dict[str, str], bytes]:
        kept = ("Content-Type", "Accept")
        headers = {key: request.headers[key] for key in kept if key in request.headers}
        # Clients send no token over plain HTTP, rightly; it is added here.
        headers |= {"Accept-Encoding": "identity", "Authorization": f"Bearer {self.token}"}
        async with self._session.request(
            request.method, f"{self.server}{request.path_qs}", data=body or None, headers=headers
        ) as response:
            answer = await response.read()
            back = {key: response.headers[key] for key in ("Content-Type", "Warning") if key in response.headers}
            return response.status, back, answer

    @staticmethod
    def _break(request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError

    # -- straight to the server ------------------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> tuple[int, Any]:
        """One request past all stops: status and decoded body."""

        async def run() -> tuple[int, Any]:
            headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind, "Accept-Encoding": "identity"}
            data = None if body is None else json.dumps(body)
            async with self._session.request(method, f"{self.server}{path}", data=data, headers=headers) as response:
                raw = await response.read()
                with contextlib.suppress(ValueError):
                    return response.status, json.loads(raw)
                return response.status, raw

        status, answer = self._call(run())
        return int(status), answer

    # -- policies to play with -------------------------------------------------------------------------------------

    def make(
        self, name: str, spec: Any = SPEC, path: str = NP, kind: str = "networking.k8s.io/v1 NetworkPolicy"
    ) -> None:
        version, word = kind.split()
        doc = {"apiVersion": version, "kind": word, "metadata": {"name": name}}
        doc["specs" if isinstance(spec, list) else "spec"] = spec
        status, answer = self.ask("POST", f"{path}?fieldManager=kubectl", doc)
        assert status == 201, answer

    def sweep(self) -> None:
        """Delete the policies that tests have made."""
        for item in self.ask("GET", NP)[1]["items"]:
            self.ask("DELETE", f"{NP}/{item['metadata']['name']}")

    def read(self, name: str, path: str = NP) -> dict[str, Any]:
        status, answer = self.ask("GET", f"{path}/{name}")
        assert status == 200, answer
        assert isinstance(answer, dict)
        return answer

    def change(self, name: str, patch: Any, manager: str = "somebody", path: str = NP) -> None:
        status, answer = self.ask("PATCH", f"{path}/{name}?fieldManager={manager}", patch, MERGE)
        assert status == 200, answer


@contextlib.contextmanager
def no_guards_left() -> Iterator[None]:
    """End the guards that a test has left behind."""
    try:
        yield
    finally:
        for path in guard_folder().glob("*.lock"):
            with contextlib.suppress(ValueError, ProcessLookupError, FileNotFoundError):
                os.kill(int(path.read_text()), signal.SIGKILL)


@contextlib.contextmanager
def tiny_disk(place: Path) -> Iterator[Path]:
    """A disk of 64 KB for the length of the block; only root can mount one."""
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(place)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can only be mounted by root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def fill(place: Path) -> None:
    """Leave no byte of a disk."""
    with (place / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 512)


def pointsman(relay: Relay, *words: str, **more: Any) -> subprocess.Popen[str]:
    """The program as a user starts it, through the relay."""
    return subprocess.Popen(
        [sys.executable, "-m", "pointsman.tui", "--kubeconfig", str(relay.kubeconfig), *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more,
    )  # fmt: skip


def run(relay: Relay, *words: str, **more: Any) -> tuple[int, str, str]:
    """Run it to its end: exit code, stdout, stderr."""
    child = pointsman(relay, *words, **more)
    out, err = child.communicate(timeout=60)
    assert "Traceback" not in err
    return child.returncode, out, err


def until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


def demo_relay(folder: Path, demo: Demo) -> Relay:
    return Relay(folder, demo.server, demo.token(), demo.ca)


def real_relay(folder: Path, cluster: RealCluster) -> Relay:
    return Relay(folder, cluster.url, cluster.tokens["admin"], cluster.ca_file.read_text())


@contextlib.asynccontextmanager
async def desk_at(relay: Relay, **options: Any) -> AsyncIterator[Desk]:
    async with at_desk(Options(kubeconfig=str(relay.kubeconfig), **options)) as desk:
        yield desk


def ref(name: str) -> Ref:
    return Ref("networkpolicies", "default", name)
