"""``toPorts`` and ``icmps`` of a Cilium rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pointsman.tui.answers.policies.ports import (
    PORTED,
    PortError,
    Ports,
    join_ports,
    protocol_spans,
)
from pointsman.tui.answers.policies.read_np import port_range
from pointsman.tui.answers.policies.rules import INGRESS, Action

OTHER = ("VRRP", "IGMP", "GRE", "IPIP", "IPV6", "ESP", "AH")
MAX_PORTS = 40

ICMP_TYPES = {
    "IPv4": {
        "EchoReply": 0, "DestinationUnreachable": 3, "Redirect": 5, "Echo": 8, "EchoRequest": 8,
        "RouterAdvertisement": 9, "RouterSelection": 10, "TimeExceeded": 11, "ParameterProblem": 12, "Timestamp": 13,
        "TimestampReply": 14, "Photuris": 40, "ExtendedEcho Request": 42, "ExtendedEcho Reply": 43,
    },
    "IPv6": {
        "DestinationUnreachable": 1, "PacketTooBig": 2, "TimeExceeded": 3, "ParameterProblem": 4, "EchoRequest": 128,
        "EchoReply": 129, "MulticastListenerQuery": 130, "MulticastListenerReport": 131, "MulticastListenerDone": 132,
        "RouterSolicitation": 133, "RouterAdvertisement": 134, "NeighborSolicitation": 135,
        "NeighborAdvertisement": 136, "RedirectMessage": 137,
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class L4:
    """One entry of ``toPorts``: where it stands, its ports, and what its L7 rules decide."""

    path: str
    ports: Ports
    l7: str = ""
    unsure: str = ""


def read_ports(listed: Any, direction: str, action: Action, notes: list[str]) -> list[L4]:
    """The entries of ``toPorts``. Raises PortError."""
    if not isinstance(listed, list):
        raise PortError("toPorts is not a list")
    found = []
    for index, item in enumerate(listed):
        at = f".toPorts[{index}]"
        if not isinstance(item, dict):
            raise PortError(f"toPorts[{index}] is not an object")
        ports = item.get("ports") or []
        if not isinstance(ports, list):
            raise PortError("ports is not a list")
        if len(ports) > MAX_PORTS:
            raise PortError(f"{len(ports)} ports in one entry, Cilium takes at most {MAX_PORTS}")
        l7 = l7_words(item)
        if l7 and action is Action.DENY:
            raise PortError("a deny rule with L7 rules")
        if direction == INGRESS and isinstance(item.get("rules"), dict) and item["rules"].get("dns"):
            raise PortError("DNS rules on ingress")
        if not ports:
            found.append(L4(at, Ports(), l7, "toPorts without ports: Cilium's versions differ in what that means"))
            continue
        found.append(L4(at, join_ports(_port(entry, notes) for entry in ports), l7))
    return found


def _port(item: Any, notes: list[str]) -> Ports:
    if not isinstance(item, dict):
        raise PortError("a port is not an object")
    given = item.get("protocol") or "ANY"
    if not isinstance(given, str):
        raise PortError(f"{given!r} is not a protocol")
    protocol = given.upper()
    if protocol in OTHER:
        return Ports(protocol_spans("other"))
    if protocol in ("ICMP", "ICMPV6"):
        return Ports(protocol_spans("ICMP" if protocol == "ICMP" else "ICMPv6"))
    if protocol not in (*PORTED, "ANY"):
        raise PortError(f"{given!r} is not a protocol (TCP, UDP, SCTP, ANY)")
    kinds = PORTED if protocol == "ANY" else (protocol,)
    port, end = item.get("port"), item.get("endPort") or None
    if isinstance(port, int) and not isinstance(port, bool):
        notes.append(f"the port {port} is a number; the API server wants it as text")
        port = str(port)
    if not isinstance(port, str) or not port:
        raise PortError("a port needs a number or a name")
    if not port.isascii() or not port.isdigit():
        if port[0] == "-" or not any(letter.isalpha() for letter in port):
            raise PortError(f"{port!r} is neither a port nor a port name")
        # Cilium compares port names in lower case, and so are container port names.
        return Ports((), tuple((port.lower(), kind if protocol != "ANY" else "") for kind in kinds[:1]))
    if len(port) > 5:
        raise PortError(f"{port} is not a port (0 to 65535)")
    if int(port) == 0:
        return join_ports(Ports(protocol_spans(kind)) for kind in kinds)
    low, high = port_range(int(port), end)
    return join_ports(Ports(protocol_spans(kind, low, high)) for kind in kinds)


def read_icmps(listed: Any) -> Ports:
    """``icmps[].fields[]{family, type}``; a type is a number or Cilium's name for it. Raises PortError."""
    if not isinstance(listed, list):
        raise PortError("icmps is not a list")
    found = []
    for item in listed:
        fields = item.get("fields") if isinstance(item, dict) else None
        if not isinstance(fields, list):
            raise PortError("icmps without fields")
        for part in fields:
            if not isinstance(part, dict):
                raise PortError("an ICMP field is not an object")
            family = part.get("family") or "IPv4"
            if not isinstance(family, str) or family not in ICMP_TYPES:
                raise PortError(f"{family!r} is not an ICMP family (IPv4, IPv6)")
            kind = part.get("type")
            if isinstance(kind, str):
                kind = int(kind) if kind.isascii() and kind.isdigit() else ICMP_TYPES[family].get(kind)
            if isinstance(kind, bool) or not isinstance(kind, int) or not 0 <= kind <= 255:
                raise PortError(f"{part.get('type')!r} is not an ICMP type")
            found.append(Ports(protocol_spans("ICMP" if family == "IPv4" else "ICMPv6", kind, kind)))
    return join_ports(found)


def l7_words(item: dict[str, Any]) -> str:
    """What a proxy decides for an entry of ``toPorts``: ``HTTP GET /api``; empty if nothing does."""
    rules = item.get("rules")
    words = []
    if isinstance(rules, dict):
        for entry in _listed(rules.get("http")):
            parts = [str(entry[key]) for key in ("method", "host", "path") if entry.get(key)]
            words.append(f"HTTP {' '.join(parts)}" if parts else "HTTP")
        names = [str(entry.get("matchName") or entry.get("matchPattern") or "?") for entry in _listed(rules.get("dns"))]
        if names:
            words.append(f"DNS names {', '.join(names[:3])}{' and more' if len(names) > 3 else ''}")
        if rules.get("kafka") is not None:
            words.append("Kafka")
        if rules.get("l7proto"):
            words.append(str(rules["l7proto"]))
    if item.get("serverNames"):
        servers = item["serverNames"]
        words.append(f"TLS server names {', '.join(map(str, servers)) if isinstance(servers, list) else servers}")
    if item.get("listener"):
        words.append("an Envoy listener")
    if len(words) > 3:
        words = [*words[:3], f"{len(words) - 3} more"]
    return ", ".join(words)


def _listed(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
