"""SPDY/3.1 framing, as much of it as Kubernetes streaming uses (SPDY protocol draft 3.1, chromium.org).

`Decoder` turns bytes into frames as they come; data is handed on in the pieces that arrive, so no frame is ever held whole.
`Encoder` writes frames; it keeps the header compressor, so frames must leave in the order they were encoded.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

SYN_STREAM: Final = 1
SYN_REPLY: Final = 2
RST_STREAM: Final = 3
SETTINGS: Final = 4
PING: Final = 6
GOAWAY: Final = 7
HEADERS: Final = 8
WINDOW_UPDATE: Final = 9

PROTOCOL_ERROR: Final = 1
INVALID_STREAM: Final = 2
REFUSED_STREAM: Final = 3
CANCEL: Final = 5

INITIAL_WINDOW: Final = 64 * 1024
"""Bytes a peer that keeps flow control may send on a stream before its first WINDOW_UPDATE."""

_FIN = 1
_VERSION = 3
_INITIAL_WINDOW_SIZE = 7
_MAX_CONTROL = 64 * 1024
_MAX_HEADERS = 64 * 1024

# The words that both sides' header compressors start with: length-prefixed names and values, then loose text.
_NAMES = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow"
    " authorization cache-control connection content-base content-encoding content-language content-length"
    " content-location content-md5 content-range content-type date etag expect expires from host if-match"
    " if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma"
    " proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade"
    " user-agent vary via warning www-authenticate method get status"
)
_WORDS = [*_NAMES.split(), "200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie", "keep-alive", "origin"]
_TEXT = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden"
    "404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
    "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,"
    "publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)
HEADER_DICTIONARY: Final = b"".join(struct.pack(">I", len(word)) + word.encode() for word in _WORDS) + _TEXT.encode()
"""The zlib dictionary of SPDY/3 header blocks (Adler-32 0xe3c6a7c2)."""


class SpdyError(ValueError):
    """Bytes that are no SPDY/3 session; it cannot go on, because header compression has lost its state."""


@dataclass(frozen=True, slots=True)
class SynStream:
    stream: int
    headers: Mapping[str, str]
    fin: bool


@dataclass(frozen=True, slots=True)
class SynReply:
    stream: int
    headers: Mapping[str, str]
    fin: bool


@dataclass(frozen=True, slots=True)
class Data:
    """A piece of a stream's bytes; `fin` comes with the last piece of the frame that ends the peer's side."""

    stream: int
    data: bytes
    fin: bool


@dataclass(frozen=True, slots=True)
class RstStream:
    stream: int
    status: int


@dataclass(frozen=True, slots=True)
class Ping:
    id: int


@dataclass(frozen=True, slots=True)
class GoAway:
    last_stream: int
    status: int


@dataclass(frozen=True, slots=True)
class Window:
    """More room on a stream, or on the whole session when `stream` is 0."""

    stream: int
    delta: int


@dataclass(frozen=True, slots=True)
class InitialWindow:
    """The peer's SETTINGS said how much room every stream starts with."""

    size: int


Frame: TypeAlias = SynStream | SynReply | Data | RstStream | Ping | GoAway | Window | InitialWindow


class Decoder:
    """Frames of one direction of a session."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._inflate = zlib.decompressobj(zdict=HEADER_DICTIONARY)
        self._stream = 0
        self._left = 0
        self._fin = False

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """The frames that `chunk` completes, and the data it brings. Raises SpdyError."""
        self._buffer += chunk
        while True:
            if self._left:
                if not self._buffer:
                    return
                piece = bytes(self._buffer[: self._left])
                del self._buffer[: len(piece)]
                self._left -= len(piece)
                yield Data(self._stream, piece, self._fin and not self._left)
                continue
            if len(self._buffer) < 8:
                return
            first, second = struct.unpack_from(">II", self._buffer)
            flags, length = second >> 24, second & 0xFFFFFF
            if not first & 0x80000000:
                del self._buffer[:8]
                self._stream, self._left, self._fin = first, length, bool(flags & _FIN)
                if not length:
                    yield Data(first, b"", self._fin)
                continue
            if (first >> 16) & 0x7FFF != _VERSION:
                raise SpdyError(f"version {(first >> 16) & 0x7FFF} instead of {_VERSION}")
            if length > _MAX_CONTROL:
                raise SpdyError(f"a control frame of {length} bytes")
            if len(self._buffer) < 8 + length:
                return
            body = bytes(self._buffer[8 : 8 + length])
            del self._buffer[: 8 + length]
            yield from self._control(first & 0xFFFF, flags, body)

    def _control(self, kind: int, flags: int, body: bytes) -> Iterator[Frame]:
        fin = bool(flags & _FIN)
        try:
            if kind == SYN_STREAM:
                yield SynStream(_number(body, 0), self._headers(body[10:]), fin)
            elif kind == SYN_REPLY:
                yield SynReply(_number(body, 0), self._headers(body[4:]), fin)
            elif kind == HEADERS:
                # Nobody sends any here, but the decompressor must see them all.
                self._headers(body[4:])
                if fin:
                    yield Data(_number(body, 0), b"", True)
            elif kind == RST_STREAM:
                yield RstStream(_number(body, 0), _number(body, 4))
            elif kind == PING:
                yield Ping(struct.unpack_from(">I", body)[0])
            elif kind == GOAWAY:
                yield GoAway(_number(body, 0), _number(body, 4))
            elif kind == WINDOW_UPDATE:
                yield Window(_number(body, 0), _number(body, 4))
            elif kind == SETTINGS:
                for i in range(_number(body, 0)):
                    setting, value = struct.unpack_from(">II", body, 4 + 8 * i)
                    if setting & 0xFFFFFF == _INITIAL_WINDOW_SIZE:
                        yield InitialWindow(value)
        except struct.error as error:
            raise SpdyError(f"a control frame of type {kind} that is too short") from error

    def _headers(self, block: bytes) -> Mapping[str, str]:
        try:
            plain = self._inflate.decompress(block, _MAX_HEADERS)
        except zlib.error as error:
            raise SpdyError(f"headers that cannot be decompressed: {error}") from error
        if self._inflate.unconsumed_tail:
            raise SpdyError(f"more than {_MAX_HEADERS} bytes of headers")
        headers = {}
        at = 4
        for _ in range(_number(plain, 0)):
            parts = []
            for _ in range(2):
                size = _number(plain, at)
                if at + 4 + size > len(plain):
                    raise SpdyError("headers that end too early")
                parts.append(plain[at + 4 : at + 4 + size].decode("utf-8", "replace"))
                at += 4 + size
            headers[parts[0].lower()] = parts[1]
        return headers


class Encoder:
    """Frames for the other direction."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(zdict=HEADER_DICTIONARY)

    def syn_stream(self, stream: int, headers: Mapping[str, str], *, fin: bool = False) -> bytes:
        return _control(SYN_STREAM, fin, struct.pack(">IIH", stream, 0, 0) + self._headers(headers))

    def syn_reply(self, stream: int, headers: Mapping[str, str]) -> bytes:
        return _control(SYN_REPLY, False, struct.pack(">I", stream) + self._headers(headers))

    def _headers(self, headers: Mapping[str, str]) -> bytes:
        block = struct.pack(">I", len(headers))
        for pair in headers.items():
            for part in pair:
                encoded = part.encode()
                block += struct.pack(">I", len(encoded)) + encoded
        return self._deflate.compress(block) + self._deflate.flush(zlib.Z_SYNC_FLUSH)


def data(stream: int, payload: bytes, *, fin: bool = False) -> bytes:
    return struct.pack(">II", stream, (_FIN << 24 if fin else 0) | len(payload)) + payload


def rst_stream(stream: int, status: int) -> bytes:
    return _control(RST_STREAM, False, struct.pack(">II", stream, status))


def ping(id_: int) -> bytes:
    return _control(PING, False, struct.pack(">I", id_))


def go_away(last_stream: int, status: int = 0) -> bytes:
    return _control(GOAWAY, False, struct.pack(">II", last_stream, status))


def window_update(stream: int, delta: int) -> bytes:
    return _control(WINDOW_UPDATE, False, struct.pack(">II", stream, delta))


def _control(kind: int, fin: bool, body: bytes) -> bytes:
    return struct.pack(">HHI", 0x8000 | _VERSION, kind, (_FIN << 24 if fin else 0) | len(body)) + body


def _number(body: bytes, at: int) -> int:
    """A 31-bit number; the top bit is reserved."""
    if at + 4 > len(body):
        raise SpdyError("a frame that ends too early")
    return int(struct.unpack_from(">I", body, at)[0]) & 0x7FFFFFFF
