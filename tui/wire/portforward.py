"""Port-forward over a websocket: the framing of `v4.channel.k8s.io`, used by the client in the kube source and by the demo.

The request is GET /api/v1/namespaces/NS/pods/POD/portforward?ports=P with that subprotocol. Every binary message is one
channel byte and a payload. The n-th `ports` value has channel 2n for data and 2n+1 for errors. The server's first message
on each channel holds the port, two bytes little endian, and nothing else. One websocket carries one TCP connection per
port; there is no half-close, the end of the websocket is the end of the connections. A message on an error channel after
the first is the reason why the port cannot be reached (kubernetes/kubernetes, pkg/kubelet portforward websocket server).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SUBPROTOCOL: Final = "v4.channel.k8s.io"
"""The websocket subprotocol to offer and to expect back."""
MAX_PORTS: Final = 128
"""Ports that one byte of channel number has room for."""


class FramingError(ValueError):
    """A message that is not `v4.channel.k8s.io`; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: the index of its port in the request, whether it is about an error, and its payload."""

    port_index: int
    is_error: bool
    payload: bytes


def data_channel(port_index: int) -> int:
    """The channel that carries the bytes of the n-th port."""
    return 2 * port_index


def error_channel(port_index: int) -> int:
    """The channel that carries the reason when the n-th port cannot be reached."""
    return 2 * port_index + 1


def encode(channel: int, payload: bytes) -> bytes:
    """A message for `channel` (0 to 255)."""
    return bytes((channel,)) + payload


def encode_port(channel: int, port: int) -> bytes:
    """The server's first message on `channel`."""
    return bytes((channel,)) + port.to_bytes(2, "little")


def decode(message: bytes, port_count: int = MAX_PORTS) -> Message:
    """A message apart. Raises FramingError for an empty one and for a channel that no requested port has."""
    if not message:
        raise FramingError("a message without a channel byte")
    index, is_error = divmod(message[0], 2)
    if index >= port_count:
        raise FramingError(f"channel {message[0]} belongs to none of the {port_count} ports asked for")
    return Message(index, bool(is_error), message[1:])


class ClientFraming:
    """What a client reads: takes the first message off each channel and checks that it names the port asked for."""

    def __init__(self, ports: tuple[int, ...]) -> None:
        if not 0 < len(ports) <= MAX_PORTS:
            raise ValueError(f"between 1 and {MAX_PORTS} ports, not {len(ports)}")
        self._ports = ports
        self._begun: set[tuple[int, bool]] = set()

    def feed(self, message: bytes) -> Message | None:
        """The message, None for the first one of its channel. Raises FramingError."""
        parsed = decode(message, len(self._ports))
        channel = (parsed.port_index, parsed.is_error)
        if channel in self._begun:
            return parsed
        self._begun.add(channel)
        wanted = self._ports[parsed.port_index]
        if len(parsed.payload) != 2 or int.from_bytes(parsed.payload, "little") != wanted:
            raise FramingError(f"channel {message[0]} does not begin with port {wanted}")
        return None
