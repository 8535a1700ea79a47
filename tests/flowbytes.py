"""Flows as bytes, made without the program's own field table or protobuf: numbers and wire types as the API documents them."""

from __future__ import annotations

from typing import Any


def varint(number: int) -> bytes:
    if number < 0:
        number += 1 << 64
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number: int, value: Any) -> bytes:
    """One field: an int (or bool) as varint, text or bytes with its length, a list as repeated fields."""
    if isinstance(value, list):
        return b"".join(field(number, item) for item in value)
    if isinstance(value, int):
        return varint(number << 3) + varint(int(value))
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def fields(**numbered: Any) -> bytes:
    """``_1=…`` for field 1; a nested message is the bytes of its own fields."""
    return b"".join(field(int(name[1:]), value) for name, value in numbered.items())


def stamp(seconds: int, nanos: int = 0) -> bytes:
    return fields(_1=seconds, _2=nanos)


AT = 1_790_000_000
"""2026-09-21 14:13:20 UTC."""


def flow(**more: Any) -> bytes:
    """A forwarded SYN from media/sonarr to db/postgres; ``_2=…`` puts a field in its place."""
    numbers: dict[str, Any] = {
        "_1": stamp(AT, 345_678_901),
        "_2": 1,
        "_5": fields(_1="10.52.0.6", _2="10.52.1.12", _3=1),
        "_6": fields(_1=fields(_1=40746, _2=5432, _3=fields(_2=1, _5=1))),
        "_8": fields(
            _1=831, _2=61988, _3="media", _4=["k8s:app.kubernetes.io/name=sonarr"], _5="sonarr-0",
            _6=[fields(_1="sonarr", _2="Deployment")], _7="default",
        ),
        "_9": fields(_2=40401, _3="db", _4=["k8s:app.kubernetes.io/name=postgres"], _5="postgres-0"),
        "_10": 1,
        "_11": "default/loft",
        "_19": fields(_1=4, _2=0),
        "_22": 1,
        "_26": fields(_1=0),
        "_34": "11111111-2222-4333-8444-555555555555",
        "_100000": "TCP Flags: SYN, ACK",
    }  # fmt: skip
    numbers.update(more)
    return fields(**{name: value for name, value in numbers.items() if value is not None})


def answer(inner: bytes, number: int = 1, node: str = "default/loft", at: int = AT) -> bytes:
    """A GetFlowsResponse around a flow (1), a node's status (2) or lost events (3)."""
    return fields(**{f"_{number}": inner, "_1000": node, "_1001": stamp(at)})
