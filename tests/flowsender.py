"""A Relay that only sends: flows made beforehand, over its own HTTP/2, faster than any gRPC server in Python could.

python flowsender.py SOCKET RATE COUNT    # in a process of its own; ends after COUNT flows

It answers ServerStatus (the request without a byte) and GetFlows (any other), counts what the client lets it send (flow
control), and paces itself. Each flow has a uuid of its own, written into the bytes as they go.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
import time
from pathlib import Path

from flowbytes import answer, fields, flow

PREFACE = 24
DATA, HEADERS, RST, SETTINGS, PING, GOAWAY, WINDOW = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
BEGIN = b"\x88\x0f\x10\x10application/grpc"
"""HPACK: ``:status: 200`` and the content type, no table needed."""
END = b"\x00\x0bgrpc-status\x010"
MARK = "00000000-0000-4000-8000-000000000000"
BATCH = 100
TICK = 0.005
BLOCK = 8
"""Different flows in a batch repeat after so many."""


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def message(raw: bytes) -> bytes:
    return b"\0" + struct.pack(">I", len(raw)) + raw


class Batch:
    """BATCH frames in one buffer, with the places of their uuids."""

    def __init__(self, stream: int) -> None:
        self.data = bytearray()
        self.places = []
        self.sizes = []
        for number in range(BATCH):
            policy = fields(_1="allow-sonarr", _2="db", _3=["k8s:a=b"], _4=7, _5="NetworkPolicy")
            more = {"_21002": policy} if number % 4 == 0 else {}
            if number % BLOCK == 7:
                more |= {"_2": 2, "_25": 133, "_19": fields(_1=1, _2=133), "_26": None}
            labels = [f"k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name=media{number}" for _ in range(3)]
            raw = answer(flow(_34=MARK, _37=labels, _4=fields(_1="b6:0a:34:00:02:01", _2="b6:0a:34:01:0c:01"), **more))
            piece = frame(DATA, 0, stream, message(raw))
            self.places.append(len(self.data) + piece.index(MARK.encode()))
            self.data += piece
            self.sizes.append(len(piece) - 9)

    def number(self, first: int) -> None:
        data = self.data
        for at, place in enumerate(self.places):
            data[place : place + 8] = b"%08d" % ((first + at) % 100_000_000)


class Client:
    """One connection."""

    def __init__(self, sock: socket.socket, rate: float, count: int) -> None:
        self.sock = sock
        self.rate, self.count = rate, count
        self.windows = {0: 65535}
        self.initial = 65535
        self.changed = threading.Condition()
        self.out = threading.Lock()
        self.gone = False

    def send(self, data: bytes | bytearray | memoryview) -> None:
        with self.out:
            self.sock.sendall(data)

    def read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self.sock.recv(size - len(data))
            if not part:
                raise ConnectionError
            data += part
        return data

    def serve(self) -> None:
        try:
            self.read(PREFACE)
            self.send(frame(SETTINGS, 0, 0, b""))
            while True:
                head = self.read(9)
                size, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
                stream = int.from_bytes(head[5:], "big") & 0x7FFFFFFF
                self.take(kind, flags, stream, self.read(size))
        except (ConnectionError, OSError):
            with self.changed:
                self.gone = True
                self.changed.notify_all()

    def take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == SETTINGS and not flags & ACK:
            for at in range(0, len(payload), 6):
                key, value = struct.unpack(">HI", payload[at : at + 6])
                if key == 4:
                    with self.changed:
                        for known in self.windows:
                            if known:
                                self.windows[known] += value - self.initial
                        self.initial = value
                        self.changed.notify_all()
            self.send(frame(SETTINGS, ACK, 0, b""))
        elif kind == PING and not flags & ACK:
            self.send(frame(PING, ACK, 0, payload))
        elif kind == WINDOW:
            with self.changed:
                self.windows[stream] = self.windows.get(stream, self.initial) + int.from_bytes(payload, "big")
                self.changed.notify_all()
        elif kind == HEADERS:
            with self.changed:
                self.windows.setdefault(stream, self.initial)
        elif kind == DATA and payload:
            self.send(frame(WINDOW, 0, 0, struct.pack(">I", len(payload))))
            self.send(frame(HEADERS, END_HEADERS, stream, BEGIN))
            if payload[1:5] == b"\0\0\0\0":
                status = fields(_1=1, _2=1, _8="bench")
                self.send(frame(DATA, 0, stream, message(status)))
                self.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, END))
            else:
                threading.Thread(target=self.stream, args=(stream,), daemon=True).start()
        elif kind in (RST, GOAWAY):
            raise ConnectionError

    def stream(self, stream: int) -> None:
        with contextlib.suppress(ConnectionError, OSError):
            batch = Batch(stream)
            sent, begun = 0, time.monotonic()
            while sent < self.count:
                due = min(self.count, int((time.monotonic() - begun) * self.rate) + BATCH)
                while sent + BATCH <= due:
                    batch.number(sent)
                    self.pass_on(stream, batch)
                    sent += BATCH
                time.sleep(TICK)
            self.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, END))

    def pass_on(self, stream: int, batch: Batch) -> None:
        """The batch, as far at a time as the client's windows let it."""
        view, begin, at = memoryview(batch.data), 0, 0
        while at < BATCH:
            with self.changed:
                while not self.gone and min(self.windows[0], self.windows[stream]) < batch.sizes[at]:
                    self.changed.wait()
                if self.gone:
                    raise ConnectionError
                room = min(self.windows[0], self.windows[stream])
                end, taken = begin, 0
                while at < BATCH and taken + batch.sizes[at] <= room:
                    taken += batch.sizes[at]
                    end += batch.sizes[at] + 9
                    at += 1
                self.windows[0] -= taken
                self.windows[stream] -= taken
            self.send(view[begin:end])
            begin = end


def main(path: str, rate: float, count: int) -> None:
    Path(path).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(path)
        server.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            sock, _ = server.accept()
            client = Client(sock, rate, count)
            threading.Thread(target=client.serve, daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
