"""Port-forward on real sockets: real kubectl over websocket and SPDY, our own SPDY and v4 clients for what it cannot do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.demo.kube import spdy, spdy_session
from pointsman.tui.demo.kube.errors import ApiError
from pointsman.tui.demo.kube.portforward import PROTOCOL, TUNNEL, portforward
from pointsman.tui.wire import portforward as v4

PATH = "/api/v1/namespaces/x/pods/y/portforward"
BLOCK = bytes(range(256)) * 128
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    with contextlib.suppress(OSError):  # the peer may be gone by now
        writer.write(b"bye")
        writer.write_eof()


async def _source(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for _ in range(int(await reader.readline())):
        writer.write(BLOCK)
        await writer.drain()


async def _sink(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    total = 0
    while data := await reader.read(65536):
        total += len(data)
    writer.write(str(total).encode())


async def _breaker(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.transport.abort()


ECHO, SOURCE, SINK, BREAKER, DEAF, NOTHING = 80, 81, 82, 83, 84, 99
HANDLERS: dict[int, Handler] = {ECHO: _echo, SOURCE: _source, SINK: _sink, BREAKER: _breaker}


class Pod:
    """A pod's ports as servers on this machine, and the API that forwards to them."""

    def __init__(self) -> None:
        self.targets: dict[int, int] = {}
        self.url = ""
        self.port = 0
        self.hearing = asyncio.Event()
        """When set, the deaf target goes home."""
        self._busy = {"sessions": 0, "targets": 0}
        self._idle = {what: asyncio.Event() for what in self._busy}
        for event in self._idle.values():
            event.set()

    async def connect(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if port not in self.targets:
            raise ConnectionRefusedError(f"dial tcp4 127.0.0.1:{port}: connect: connection refused")
        return await asyncio.open_connection("127.0.0.1", self.targets[port])

    async def forward(self, request: web.Request) -> web.StreamResponse:
        with self._counted("sessions"):
            try:
                return await portforward(request, self.connect)
            except ApiError as error:
                return web.json_response(error.status(), status=error.code)

    async def deaf(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A target that takes a connection and never reads."""
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await self.hearing.wait()

    def counted(self, handler: Handler) -> Handler:
        async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with self._counted("targets"):
                with contextlib.suppress(ConnectionError):
                    await handler(reader, writer)
                writer.close()

        return run

    @contextlib.contextmanager
    def _counted(self, what: str) -> Iterator[None]:
        self._busy[what] += 1
        self._idle[what].clear()
        try:
            yield
        finally:
            self._busy[what] -= 1
            if not self._busy[what]:
                self._idle[what].set()

    async def idle(self, *what: str) -> None:
        """Until no session, or no connection to a target, is left."""
        async with asyncio.timeout(5):
            for each in what:
                await self._idle[each].wait()

    async def settled(self) -> None:
        self.hearing.set()
        await self.idle("sessions", "targets")


@pytest.fixture
async def pod() -> AsyncIterator[Pod]:
    pod = Pod()
    servers = []
    for port, handler in {**HANDLERS, DEAF: pod.deaf}.items():
        server = await asyncio.start_server(pod.counted(handler), "127.0.0.1", 0)
        servers.append(server)
        pod.targets[port] = server.sockets[0].getsockname()[1]
    document = {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": "y", "namespace": "x"},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
        "status": {"phase": "Running"},
    }
    resources = [{"name": "pods", "singularName": "pod", "namespaced": True, "kind": "Pod", "verbs": ["get"]}]
    answers = {
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
        "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": resources},
        "/api/v1/namespaces/x/pods/y": document,
    }

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(answers[request.path])

    app = web.Application()
    app.router.add_route("*", PATH, pod.forward)
    for path in answers:
        app.router.add_get(path, answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    pod.port = runner.addresses[0][1]
    pod.url = f"http://127.0.0.1:{pod.port}"
    yield pod
    await runner.cleanup()
    for server in servers:
        server.close()


# Real kubectl


def _kubectl() -> str:
    own = Path(sys.executable).with_name("kubectl")
    found = str(own) if own.exists() else shutil.which("kubectl")
    if found is None:
        pytest.skip("kubectl is not installed")
    return found


class Kubectl:
    """A running `kubectl port-forward`: pod port to local port, and what it says."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.local: dict[int, int] = {}
        self.said: list[str] = []

    async def ready(self, count: int) -> None:
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            while len(self.local) < count and (line := (await self.process.stdout.readline()).decode()):
                self.said.append(line)
                if match := re.match(r"Forwarding from 127\.0\.0\.1:(\d+) -> (\d+)", line):
                    self.local[int(match[2])] = int(match[1])
        assert len(self.local) == count, self.said

    async def dial(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.local[port])

    async def rest(self) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(20):
            self.said.append((await self.process.stdout.read()).decode())
            await self.process.wait()
        return "".join(self.said)


@pytest.fixture(params=["websocket", "spdy"])
async def kubectl(pod: Pod, request: pytest.FixtureRequest, own_home: Path) -> AsyncIterator[Kubectl]:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": pod.url}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {}}],
    }
    path = own_home / "kubeconfig"
    path.write_text(json.dumps(config))
    ports = [f":{port}" for port in (ECHO, SOURCE, SINK, BREAKER, NOTHING)]
    process = await asyncio.create_subprocess_exec(
        _kubectl(),
        *("--kubeconfig", str(path), "-n", "x", "port-forward", "pod/y", *ports, "--address", "127.0.0.1"),
        env={**os.environ, "KUBECTL_PORT_FORWARD_WEBSOCKETS": "true" if request.param == "websocket" else "false"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        running = Kubectl(process)
        await running.ready(len(ports))
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _round_trip(kubectl: Kubectl, data: bytes) -> bytes:
    reader, writer = await kubectl.dial(ECHO)

    async def send() -> None:
        writer.write(data)
        await writer.drain()
        writer.write_eof()

    async with asyncio.timeout(30):
        _, answer = await asyncio.gather(send(), reader.read(-1))
    writer.close()
    return answer


async def test_kubectl_forwards(pod: Pod, kubectl: Kubectl) -> None:
    """Half-close, many connections at once, much data either way; then nothing is left open."""
    assert await _round_trip(kubectl, b"hello ") == b"hello bye"
    blocks = [random.Random(i).randbytes(100_000) for i in range(20)]
    answers = await asyncio.gather(*(_round_trip(kubectl, block) for block in blocks))
    assert answers == [block + b"bye" for block in blocks]
    reader, writer = await kubectl.dial(SOURCE)
    writer.write(b"100\n")
    async with asyncio.timeout(30):
        assert await reader.read(-1) == BLOCK * 100
    writer.close()
    reader, writer = await kubectl.dial(SINK)
    writer.write(b"x" * 3_000_000)
    writer.write_eof()
    async with asyncio.timeout(30):
        assert await reader.read(-1) == b"3000000"
    writer.close()
    assert kubectl.process.returncode is None
    kubectl.process.terminate()
    said = await kubectl.rest()
    assert "error" not in said.replace("Handling connection", ""), said
    await pod.settled()


async def test_kubectl_says_why_a_port_is_refused(kubectl: Kubectl) -> None:
    _, writer = await kubectl.dial(NOTHING)
    said = await kubectl.rest()
    writer.close()
    assert "error forwarding port 99 to pod: dial tcp4 127.0.0.1:99: connect: connection refused" in said
    assert "lost connection to pod" in said


async def test_kubectl_survives_ends_that_break_off(pod: Pod, kubectl: Kubectl) -> None:
    reader, writer = await kubectl.dial(BREAKER)
    writer.write(b"x")
    async with asyncio.timeout(10):
        assert await reader.read(-1) == b""
    writer.close()
    reader, writer = await kubectl.dial(SOURCE)
    writer.write(b"2000\n")
    await reader.readexactly(1000)
    writer.transport.abort()
    assert await _round_trip(kubectl, b"still ") == b"still bye"
    kubectl.process.kill()
    await pod.settled()


# SPDY, spoken by the test


class Client:
    """A SPDY client inside the websocket tunnel, which does what kubectl does not: flow control, nonsense."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self.encoder = spdy.Encoder()
        self._decoder = spdy.Decoder()
        self._frames: list[spdy.Frame] = []

    async def open(
        self, stream: int, kind: str, port: int | str, request: str | None = "0", *, fin: bool = False
    ) -> None:
        headers = {"streamtype": kind, "port": str(port)}
        if request is not None:
            headers["requestid"] = request
        await self.ws.send_bytes(self.encoder.syn_stream(stream, headers, fin=fin))

    async def forward(self, port: int, first: int = 1, request: str | None = "0") -> None:
        await self.open(first, "error", port, request, fin=True)
        await self.open(first + 2, "data", port, request)

    async def next(self) -> spdy.Frame:
        async with asyncio.timeout(5):
            while not self._frames:
                message = await self.ws.receive()
                assert message.type is aiohttp.WSMsgType.BINARY, message
                self._frames.extend(self._decoder.feed(message.data))
        return self._frames.pop(0)

    async def replies(self, *streams: int) -> None:
        for stream in streams:
            assert await self.next() == spdy.SynReply(stream, {}, False)

    async def read(self, stream: int) -> bytes:
        """The stream's data to its end; frames of other streams are dropped."""
        got = b""
        while True:
            frame = await self.next()
            if isinstance(frame, spdy.Data) and frame.stream == stream:
                got += frame.data
                if frame.fin:
                    return got


@pytest.fixture
async def client(pod: Pod) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session, session.ws_connect(pod.url + PATH, protocols=(TUNNEL,)) as ws:
        assert ws.protocol == TUNNEL
        yield Client(ws)
    await pod.settled()


async def test_streams_pair_by_request_and_end_with_the_error_stream(client: Client) -> None:
    await client.forward(ECHO)
    await client.replies(1, 3)
    await client.ws.send_bytes(spdy.data(3, b"hello ", fin=True))
    got: dict[int, bytes] = {1: b"", 3: b""}
    ended: list[int] = []
    while len(ended) < 2:
        frame = await client.next()
        assert isinstance(frame, spdy.Data)
        got[frame.stream] += frame.data
        ended += [frame.stream] if frame.fin else []
    assert got == {1: b"", 3: b"hello bye"}
    assert ended == [3, 1]


async def test_streams_without_request_ids_pair_by_number(client: Client) -> None:
    await client.forward(ECHO, request=None)
    await client.forward(ECHO, first=5, request=None)
    await client.ws.send_bytes(spdy.data(7, b"two ", fin=True))
    assert await client.read(7) == b"two bye"


async def test_a_refusal_goes_to_the_error_stream_and_the_session_stays(client: Client) -> None:
    await client.forward(NOTHING)
    assert b"connection refused" in await client.read(1)
    await client.forward(ECHO, first=5, request="1")
    await client.ws.send_bytes(spdy.data(7, b"", fin=True))
    assert await client.read(7) == b"bye"


async def test_pings_of_the_client_are_answered(client: Client) -> None:
    await client.ws.send_bytes(spdy.ping(1) + spdy.ping(2) + spdy.ping(3))
    assert [await client.next(), await client.next()] == [spdy.Ping(1), spdy.Ping(3)]


async def test_frames_may_come_in_pieces(client: Client) -> None:
    whole = client.encoder.syn_stream(1, {"streamtype": "error", "port": "80", "requestid": "0"}, fin=True)
    whole += client.encoder.syn_stream(3, {"streamtype": "data", "port": "80", "requestid": "0"})
    whole += spdy.data(3, b"abc") + spdy.data(3, b"", fin=True)
    for i in range(len(whole)):
        await client.ws.send_bytes(whole[i : i + 1])
    assert await client.read(3) == b"abcbye"


async def test_a_reset_ends_the_connection_and_the_error_stream(pod: Pod, client: Client) -> None:
    await client.forward(SOURCE)
    await client.replies(1, 3)
    await client.ws.send_bytes(spdy.data(3, b"100000\n"))
    assert isinstance(await client.next(), spdy.Data)
    await client.ws.send_bytes(spdy.rst_stream(3, spdy.CANCEL))
    assert await client.read(1) == b""
    await pod.idle("targets")


async def test_windows_are_kept_for_a_client_that_keeps_them(client: Client) -> None:
    settings = struct.pack(">HHIIII", 0x8003, spdy.SETTINGS, 12, 1, 7, 1000)
    await client.ws.send_bytes(settings)
    await client.forward(SOURCE)
    await client.replies(1, 3)
    await client.ws.send_bytes(spdy.data(3, b"4\n"))
    got = 0
    while got < 1000:
        frame = await client.next()
        assert isinstance(frame, spdy.Data)
        got += len(frame.data)
    assert got == 1000
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await client.next()
    await client.ws.send_bytes(spdy.window_update(3, 10_000_000) + spdy.window_update(0, 10_000_000))
    assert len(await client.read(3)) == 4 * len(BLOCK) - 1000


async def test_a_client_that_keeps_windows_is_given_room(client: Client) -> None:
    await client.ws.send_bytes(spdy.window_update(0, 1))
    await client.forward(SINK)
    await client.replies(1, 3)
    for _ in range(4):
        await client.ws.send_bytes(spdy.data(3, b"x" * 16384))
    room = {0: 0, 3: 0}
    while min(room.values()) < 65536:
        frame = await client.next()
        assert isinstance(frame, spdy.Window)
        room[frame.stream] += frame.delta
    assert room == {0: 65536, 3: 65536}


async def test_a_target_that_does_not_read_holds_only_so_much(
    pod: Pod, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client is made to wait; it is pinged meanwhile, and when it is gone nothing stays behind."""
    monkeypatch.setattr(spdy_session, "PATIENCE", 0.05)
    await client.forward(DEAF)
    await client.replies(1, 3)
    sent = 0

    async def flood() -> None:
        nonlocal sent
        while True:
            await client.ws.send_bytes(spdy.data(3, BLOCK))
            sent += len(BLOCK)

    task = asyncio.create_task(flood())
    try:
        # Pings come only while the session waits for the target.
        assert await client.next() == spdy.Ping(2)
        assert await client.next() == spdy.Ping(2)
        stuck = sent
        await asyncio.sleep(0.2)
        assert sent == stuck
        assert sent < 64 * 1024 * 1024
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert client.ws._response.connection is not None
    client.ws._response.connection.transport.abort()
    await pod.idle("sessions")


@pytest.mark.parametrize(
    ("stream", "kind", "port", "status"),
    [
        (2, "error", 80, spdy.PROTOCOL_ERROR),
        (1, "video", 80, spdy.REFUSED_STREAM),
        (1, "data", 0, spdy.REFUSED_STREAM),
        (1, "data", 65536, spdy.REFUSED_STREAM),
        (1, "data", "http", spdy.REFUSED_STREAM),
    ],
)
async def test_streams_that_are_refused(client: Client, stream: int, kind: str, port: int | str, status: int) -> None:
    await client.open(stream, kind, port)
    assert await client.next() == spdy.RstStream(stream, status)


async def test_a_stream_number_is_used_once(client: Client) -> None:
    await client.open(5, "error", ECHO)
    await client.open(5, "data", ECHO)
    await client.open(3, "data", ECHO)
    await client.replies(5)
    assert await client.next() == spdy.RstStream(5, spdy.PROTOCOL_ERROR)
    assert await client.next() == spdy.RstStream(3, spdy.PROTOCOL_ERROR)


@pytest.mark.parametrize(
    "nonsense",
    [
        struct.pack(">HHI", 0x8002, spdy.PING, 4) + b"\0\0\0\1",
        struct.pack(">HHI", 0x8003, spdy.SYN_STREAM, 0xFFFFFF),
        struct.pack(">HHI", 0x8003, spdy.SYN_STREAM, 4) + b"\0\0\0\1",
        struct.pack(">HHI", 0x8003, spdy.SYN_STREAM, 14) + b"\0\0\0\1" + b"\0" * 6 + b"junk",
        struct.pack(">HHI", 0x8003, spdy.RST_STREAM, 2) + b"\0\0",
        struct.pack(">HHI", 0x8003, spdy.PING, 0),
    ],
)
async def test_a_broken_session_is_told_goodbye(client: Client, nonsense: bytes) -> None:
    await client.ws.send_bytes(nonsense)
    assert await client.next() == spdy.GoAway(0, spdy.PROTOCOL_ERROR)
    assert (await client.ws.receive(timeout=5)).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


async def test_a_header_bomb_is_not_unpacked(client: Client) -> None:
    await client.ws.send_bytes(client.encoder.syn_stream(1, {"a": "x" * 10_000_000}))
    assert isinstance(await client.next(), spdy.GoAway)


async def test_goaway_ends_the_session(pod: Pod, client: Client) -> None:
    await client.forward(ECHO)
    await client.replies(1, 3)
    await client.ws.send_bytes(spdy.go_away(0))
    await pod.settled()


# Requests that ask for something else


@pytest.mark.parametrize(
    ("method", "headers", "status", "text"),
    [
        ("GET", {}, 400, "missing upgrade headers"),
        ("POST", {"Upgrade": "h2c", "Connection": "Upgrade"}, 400, "missing upgrade headers"),
        ("POST", {"Upgrade": "SPDY/3.1", "Connection": "Upgrade"}, 403, "unable to negotiate protocol"),
        (
            "POST",
            {"Upgrade": "SPDY/3.1", "Connection": "Upgrade", "X-Stream-Protocol-Version": "v9"},
            403,
            "client supports [v9], server accepts [portforward.k8s.io]",
        ),
        (
            "GET",
            {
                "Upgrade": "websocket",
                "Connection": "Upgrade",
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
                "Sec-WebSocket-Protocol": "chat",
            },
            400,
            "none of the subprotocols",
        ),
    ],
)
async def test_upgrades_that_are_not_understood(
    pod: Pod, method: str, headers: dict[str, str], status: int, text: str
) -> None:
    async with aiohttp.ClientSession() as session, session.request(method, pod.url + PATH, headers=headers) as response:
        assert response.status == status
        assert text in (await response.json())["message"]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", 'query parameter "ports" is required'),
        ("?ports=", 'query parameter "ports" is required'),
        ("?ports=http", 'unable to parse "http" as a port'),
        ("?ports=80,0", 'unable to parse "0" as a port'),
        ("?ports=70000", 'unable to parse "70000" as a port'),
        ("?ports=" + ",".join(["80"] * 129), "at most 128 ports"),
    ],
)
async def test_channels_want_ports(pod: Pod, query: str, text: str) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await session.ws_connect(pod.url + PATH + query, protocols=(v4.SUBPROTOCOL,))
    assert caught.value.status == 400


async def test_plain_spdy_answers_101_and_the_protocol(pod: Pod) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", pod.port)
    request = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
    writer.write(f"{request}X-Stream-Protocol-Version: {PROTOCOL}\r\nContent-Length: 0\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    assert head.startswith("http/1.1 101 ")
    assert f"x-stream-protocol-version: {PROTOCOL}\r\n" in head
    assert "upgrade: spdy/3.1\r\n" in head
    assert "transfer-encoding" not in head
    encoder, decoder = spdy.Encoder(), spdy.Decoder()
    writer.write(encoder.syn_stream(1, {"streamtype": "error", "port": "80", "requestid": "r"}, fin=True))
    writer.write(encoder.syn_stream(3, {"streamtype": "data", "port": "80", "requestid": "r"}))
    writer.write(spdy.data(3, b"hi ", fin=True))
    got = b""
    async with asyncio.timeout(5):
        while not got.endswith(b"bye"):
            got += b"".join(f.data for f in decoder.feed(await reader.read(65536)) if isinstance(f, spdy.Data))
    assert got == b"hi bye"
    writer.close()
    await pod.settled()


# v4.channel.k8s.io


@contextlib.asynccontextmanager
async def _channels(pod: Pod, *ports: int) -> AsyncIterator[tuple[aiohttp.ClientWebSocketResponse, v4.ClientFraming]]:
    query = "&".join(f"ports={port}" for port in ports)
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{pod.url}{PATH}?{query}", protocols=(v4.SUBPROTOCOL,)) as ws,
    ):
        assert ws.protocol == v4.SUBPROTOCOL
        framing = v4.ClientFraming(ports)
        for _ in range(2 * len(ports)):
            assert framing.feed(await ws.receive_bytes(timeout=5)) is None
        yield ws, framing
    await pod.settled()


async def test_channels_carry_data_both_ways(pod: Pod) -> None:
    async with _channels(pod, ECHO, ECHO) as (ws, framing):
        await ws.send_bytes(v4.encode(2, b"second"))
        assert framing.feed(await ws.receive_bytes(timeout=5)) == v4.Message(1, False, b"second")
        await ws.send_bytes(v4.encode(0, b"first"))
        await ws.send_bytes(v4.encode(1, b"errors of the client go nowhere"))
        assert framing.feed(await ws.receive_bytes(timeout=5)) == v4.Message(0, False, b"first")


async def test_channels_close_when_the_target_does(pod: Pod) -> None:
    async with _channels(pod, SOURCE) as (ws, framing):
        await ws.send_bytes(v4.encode(0, b"50\n"))
        got = b""
        async for message in ws:
            parsed = framing.feed(message.data)
            assert parsed is not None
            got += parsed.payload
        assert got == BLOCK * 50
        assert ws.close_code == aiohttp.WSCloseCode.OK


async def test_channels_say_why_a_port_is_refused(pod: Pod) -> None:
    async with _channels(pod, NOTHING) as (ws, framing):
        message = framing.feed(await ws.receive_bytes(timeout=5))
        assert message is not None
        assert message.is_error
        assert b"connection refused" in message.payload
        assert (await ws.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE


@pytest.mark.parametrize("message", [b"", b"\x09x"])
async def test_channels_that_nobody_asked_for(pod: Pod, message: bytes) -> None:
    async with _channels(pod, ECHO) as (ws, _):
        await ws.send_bytes(message)
        closed = await ws.receive(timeout=5)
        assert closed.type is aiohttp.WSMsgType.CLOSE
        assert ws.close_code == aiohttp.WSCloseCode.PROTOCOL_ERROR


# The framing


def test_the_dictionary_is_the_protocols() -> None:
    assert len(spdy.HEADER_DICTIONARY) == 1423
    assert zlib.adler32(spdy.HEADER_DICTIONARY) == 0xE3C6A7C2


HEADERS = st.dictionaries(
    st.text(st.characters(codec="utf-8"), max_size=8).map(str.lower), st.text(max_size=20), max_size=4
)


@given(st.lists(HEADERS, max_size=4), st.binary(max_size=40), st.randoms(use_true_random=False))
def test_frames_survive_any_cut(blocks: list[dict[str, str]], payload: bytes, cuts: random.Random) -> None:
    encoder, decoder = spdy.Encoder(), spdy.Decoder()
    clean = [{k.lower(): v.encode("utf-8", "replace").decode() for k, v in block.items()} for block in blocks]
    wire = b""
    expected: list[spdy.Frame] = []
    for i, block in enumerate(clean):
        wire += encoder.syn_stream(2 * i + 1, block, fin=bool(i % 2)) + encoder.syn_reply(2 * i + 1, block)
        expected += [spdy.SynStream(2 * i + 1, block, bool(i % 2)), spdy.SynReply(2 * i + 1, block, False)]
    wire += spdy.data(9, payload, fin=True) + spdy.ping(7) + spdy.window_update(0, 5) + spdy.go_away(3, 1)
    frames: list[spdy.Frame] = []
    while wire:
        size = cuts.randint(1, len(wire))
        frames += decoder.feed(wire[:size])
        wire = wire[size:]
    data = [frame for frame in frames if isinstance(frame, spdy.Data)]
    assert b"".join(frame.data for frame in data) == payload
    assert [frame.fin for frame in data] == [False] * (len(data) - 1) + [True]
    others = [frame for frame in frames if not isinstance(frame, spdy.Data)]
    assert others == [*expected, spdy.Ping(7), spdy.Window(0, 5), spdy.GoAway(3, 1)]


@given(st.binary(max_size=200))
def test_noise_is_frames_or_an_error(noise: bytes) -> None:
    with contextlib.suppress(spdy.SpdyError):
        list(spdy.Decoder().feed(noise))
