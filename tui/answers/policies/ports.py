"""Protocols and ports as one line of numbers, so that a rule's ports are plain spans.

Each protocol has 65,536 places: ports of TCP, UDP and SCTP, types of ICMP and ICMPv6, and one more for every other
protocol together. A rule without ports is :data:`EVERYTHING`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pointsman.tui.answers.policies.spans import NOTHING, Spans, covers, intersect, spans, union

PROTOCOLS = ("TCP", "UDP", "SCTP", "ICMP", "ICMPv6", "other")
SIZE = 1 << 16
EVERYTHING: Spans = ((0, len(PROTOCOLS) * SIZE - 1),)
PORTED = ("TCP", "UDP", "SCTP")
TRANSPORT: Spans = spans((PROTOCOLS.index(name) * SIZE + 1, PROTOCOLS.index(name) * SIZE + SIZE - 1) for name in PORTED)
"""All ports, 1 to 65535, of TCP, UDP and SCTP."""

PortTable = frozenset[tuple[str, str, int]]
"""The named ports of a destination: name, protocol, number."""
NO_PORTS: PortTable = frozenset()


class PortError(ValueError):
    """A port or protocol that no API server would take; the text is a sentence without its full stop."""


def protocol_spans(protocol: str, low: int = 0, high: int = SIZE - 1) -> Spans:
    """Ports ``low`` to ``high`` of one protocol."""
    base = PROTOCOLS.index(protocol) * SIZE
    return ((base + low, base + high),)


def point(port: int | None, protocol: str) -> Spans:
    """What a question asks about. Without a port, all ports of the protocol."""
    if protocol not in PROTOCOLS:
        raise PortError(f"{protocol!r} is not a protocol ({', '.join(PROTOCOLS[:-1])})")
    if port is None:
        low = 1 if protocol in PORTED else 0
        return protocol_spans(protocol, low)
    highest = SIZE - 1 if protocol in PORTED else 255
    if not (1 if protocol in PORTED else 0) <= port <= highest:
        raise PortError(f"{port} is not a port" if protocol in PORTED else f"{port} is not an ICMP type")
    return protocol_spans(protocol, port, port)


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of a rule. ``named`` are (name, protocol); an empty protocol stands for TCP, UDP and SCTP."""

    fixed: Spans = EVERYTHING
    named: tuple[tuple[str, str], ...] = ()

    def at(self, table: PortTable) -> Spans:
        """The ports at a destination with these named ports; a name it does not have stands for no port."""
        if not self.named:
            return self.fixed
        found = [
            protocol_spans(protocol, number, number)
            for name, protocol, number in table
            for wanted, kind in self.named
            if name == wanted and kind in ("", protocol)
        ]
        result = self.fixed
        for item in found:
            result = union(result, item)
        return result

    @property
    def everything(self) -> bool:
        return self.fixed == EVERYTHING


ALL_PORTS = Ports()


def join_ports(items: Iterable[Ports]) -> Ports:
    """The union of several; no item at all is no port."""
    fixed: list[tuple[int, int]] = []
    named: list[tuple[str, str]] = []
    for item in items:
        fixed.extend(item.fixed)
        named.extend(item.named)
    return Ports(spans(fixed), tuple(dict.fromkeys(named)))


def split(conns: Spans) -> list[tuple[str, int, int]]:
    """(protocol, low, high) for each span, cut at the protocols' borders."""
    found = []
    for low, high in conns:
        while low <= high:
            index = low // SIZE
            last = min(high, index * SIZE + SIZE - 1)
            found.append((PROTOCOLS[index], low - index * SIZE, last - index * SIZE))
            low = last + 1
    return found


def transport(conns: Spans) -> list[tuple[str, int, int]]:
    """The TCP, UDP and SCTP part, in that order, ports from 1."""
    return split(intersect(conns, TRANSPORT))


def all_transport(conns: Spans) -> bool:
    return covers(conns, TRANSPORT)


def port_words(conns: Spans) -> str:
    """``5432/tcp``, ``80/tcp and 443/tcp``, ``all ports``, ``53/udp, 8000-8010/tcp …``; ``no port`` for none."""
    if conns == NOTHING:
        return "no port"
    if all_transport(conns):
        return "all ports"
    words = []
    for protocol, low, high in split(conns):
        name = protocol.lower() if protocol in PORTED else protocol
        if protocol == "other":
            words.append("other protocols")
        elif protocol in PORTED:
            if low <= 1 and high == SIZE - 1:
                words.append(f"all {protocol} ports")
            else:
                words.append(f"{low}/{name}" if low == high else f"{low}-{high}/{name}")
        else:
            words.append(name if high - low >= 255 else f"{name} type {low}" + (f"-{high}" if high > low else ""))
    if len(words) > 6:
        words = [*words[:5], f"{len(words) - 5} more"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
