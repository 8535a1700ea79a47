"""The framing of v4.channel.k8s.io, from both sides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.wire import portforward as v4


def test_channels_alternate_data_and_error() -> None:
    assert [(v4.data_channel(i), v4.error_channel(i)) for i in range(3)] == [(0, 1), (2, 3), (4, 5)]


def test_a_port_is_two_bytes_little_endian() -> None:
    assert v4.encode_port(1, 8080) == b"\x01\x90\x1f"
    assert v4.encode_port(0, 65535) == b"\x00\xff\xff"


@given(st.integers(0, v4.MAX_PORTS - 1), st.booleans(), st.binary(max_size=64))
def test_messages_survive(index: int, is_error: bool, payload: bytes) -> None:
    channel = v4.error_channel(index) if is_error else v4.data_channel(index)
    assert v4.decode(v4.encode(channel, payload)) == v4.Message(index, is_error, payload)


@pytest.mark.parametrize(("message", "ports"), [(b"", 1), (b"\x02x", 1), (b"\xffx", 127)])
def test_messages_that_are_none(message: bytes, ports: int) -> None:
    with pytest.raises(v4.FramingError):
        v4.decode(message, ports)


def test_a_client_takes_the_ports_off_first() -> None:
    framing = v4.ClientFraming((4244, 9000))
    for index, port in enumerate((4244, 9000)):
        assert framing.feed(v4.encode_port(v4.data_channel(index), port)) is None
        assert framing.feed(v4.encode_port(v4.error_channel(index), port)) is None
    assert framing.feed(b"\x02hello") == v4.Message(1, False, b"hello")
    assert framing.feed(b"\x01no such port") == v4.Message(0, True, b"no such port")
    assert framing.feed(b"\x00") == v4.Message(0, False, b"")


@pytest.mark.parametrize("first", [b"\x00", b"\x00\x01", b"\x00\x94\x11x", b"\x00data"])
def test_a_client_wants_the_port_it_asked_for(first: bytes) -> None:
    with pytest.raises(v4.FramingError, match="does not begin with port 4244"):
        v4.ClientFraming((4244,)).feed(first)


@pytest.mark.parametrize("ports", [(), tuple(range(1, 130))])
def test_a_client_asks_for_some_ports(ports: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        v4.ClientFraming(ports)
