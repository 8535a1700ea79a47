"""A port of a pod as a unix socket: bytes both ways, several connections, and the far end's reason when it fails."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from fakekube import FakeKube, fake_kube, status

from pointsman.tui.sources.errors import ForbiddenError, NotKubernetesError, UnreachableError
from pointsman.tui.sources.kube.client import KubeClient
from pointsman.tui.sources.kube.connect import Connection
from pointsman.tui.sources.kube.portforward import Forward
from pointsman.tui.sources.targets import find_target

PATH = "/api/v1/namespaces/kube-system/pods/traefik-0/portforward"
PORTS = bytes([0]) + (8080).to_bytes(2, "little"), bytes([1]) + (8080).to_bytes(2, "little")


async def client_of(fake: FakeKube, folder: Path) -> KubeClient:
    return KubeClient(Connection(find_target(fake.kubeconfig(folder))), read_only=True)


def pod(
    behave: Callable[[web.WebSocketResponse], Awaitable[None]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def hook(request: web.Request) -> web.StreamResponse:
        assert request.query["ports"] == "8080"
        ws = web.WebSocketResponse(protocols=("v4.channel.k8s.io",))
        await ws.prepare(request)
        for first in PORTS:
            await ws.send_bytes(first)
        await behave(ws)
        await ws.close()
        return ws

    return hook


async def echo(ws: web.WebSocketResponse) -> None:
    async for message in ws:
        assert message.data[0] == 0
        await ws.send_bytes(b"\0" + message.data[1:].upper())


async def talk(path: Path, data: bytes, size: int) -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(data)
    await writer.drain()
    answer = b""
    while len(answer) < size and (part := await reader.read(65536)):
        answer += part
    writer.close()
    await writer.wait_closed()
    return answer


async def test_bytes_both_ways_over_several_connections(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        fake.on(PATH, pod(echo))
        client = await client_of(fake, tmp_path)
        async with client.port_forward("kube-system", "traefik-0", 8080) as forward:
            assert stat.S_IMODE(forward.path.parent.stat().st_mode) == 0o700
            assert stat.S_IMODE(forward.path.stat().st_mode) == 0o600
            big = os.urandom(300_000).hex().encode()
            answers = await asyncio.gather(*(talk(forward.path, big, len(big)) for _ in range(3)))
            assert answers == [big.upper()] * 3
            assert forward.opened == 3
            assert forward.problem is None
            folder = forward.path.parent
        assert not folder.exists()
        await client.close()


async def test_the_far_ends_reason_is_told(tmp_path: Path) -> None:
    async def refuse(ws: web.WebSocketResponse) -> None:
        await ws.send_bytes(b"\1dial tcp 10.42.0.7:8080: connect: connection refused")

    async with fake_kube(tmp_path) as fake:
        fake.on(PATH, pod(refuse))
        client = await client_of(fake, tmp_path)
        async with client.port_forward("kube-system", "traefik-0", 8080) as forward:
            assert await talk(forward.path, b"x", 1) == b""
            assert isinstance(forward.problem, UnreachableError)
            assert "connection refused" in str(forward.problem)
        await client.close()


async def test_what_is_no_port_forward_is_told_at_once(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        client = await client_of(fake, tmp_path)

        async def forbid(request: web.Request) -> web.StreamResponse:
            return status(403, "Forbidden", "no")

        async def other(request: web.Request) -> web.StreamResponse:
            ws = web.WebSocketResponse()
            await ws.prepare(request)
            await ws.close()
            return ws

        for hook, error in ((forbid, ForbiddenError), (other, NotKubernetesError)):
            fake.on(PATH, hook)
            with pytest.raises(error):
                async with client.port_forward("kube-system", "traefik-0", 8080):
                    raise AssertionError("not reached")
        await client.close()


async def test_a_pod_that_goes_closes_its_connections_and_the_next_one_is_tried_afresh(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        sockets: list[web.WebSocketResponse] = []

        async def hold(ws: web.WebSocketResponse) -> None:
            sockets.append(ws)
            await echo(ws)

        fake.on(PATH, pod(hold))
        client = await client_of(fake, tmp_path)
        async with client.port_forward("kube-system", "traefik-0", 8080) as forward:
            reader, writer = await asyncio.open_unix_connection(str(forward.path))
            writer.write(b"a")
            assert await reader.read(1) == b"A"
            await sockets[-1].close()
            assert await reader.read(1) == b""
            writer.close()
            assert await talk(forward.path, b"again", 5) == b"AGAIN"
        await client.close()


async def test_an_open_connection_does_not_hold_up_the_end(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        fake.on(PATH, pod(echo))
        client = await client_of(fake, tmp_path)
        kept: Forward
        async with client.port_forward("kube-system", "traefik-0", 8080) as kept:
            reader, writer = await asyncio.open_unix_connection(str(kept.path))
            writer.write(b"a")
            assert await reader.read(1) == b"A"
        assert await reader.read(1) == b""
        writer.close()
        await client.close()


async def test_a_long_runtime_path_moves_the_socket_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("d" * 90)
    long.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    async with fake_kube(tmp_path) as fake:
        fake.on(PATH, pod(echo))
        client = await client_of(fake, tmp_path)
        async with client.port_forward("kube-system", "traefik-0", 8080) as forward:
            assert len(str(forward.path)) <= 104
            assert await talk(forward.path, b"a", 1) == b"A"
        await client.close()


async def test_logs_follow_and_end(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        client = await client_of(fake, tmp_path)
        release = asyncio.Event()

        async def hook(request: web.Request) -> web.StreamResponse:
            assert dict(request.query) == {"container": "c", "follow": "true", "tailLines": "5", "sinceSeconds": "60"}
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"one\ntw")
            await response.write(b"o\r\n\n\x1b[31mraw\xff")
            await release.wait()
            await response.write(b"\nlast")
            return response

        fake.on("/api/v1/namespaces/a/pods/p/log", hook)
        found: list[bytes] = []
        async for line in client.logs("a", "p", "c", follow=True, tail=5, since=60):
            found.append(line)
            if len(found) == 3:
                release.set()
        assert found == [b"one", b"two", b"", b"\x1b[31mraw\xff", b"last"]
        await client.close()
