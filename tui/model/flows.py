"""One flow, whatever told of it: Hubble's protobuf, its JSON lines, or a line of Traefik's access log.

A row is small and immutable and holds what lists, filters and printers need at speed. What is needed rarely (labels,
policies, trace identifiers) stays in the kept original and is decoded again on demand
(:func:`pointsman.tui.wire.hubbleflow.message_of`). ``gc=False``: a row refers to strings, numbers and other rows of this
kind only, so no cycle can pass through it, and the collector need not walk tens of thousands of them.

Query values and sensitive headers are masked in every field; only the original has them in clear, and only an explicit
``-o jsonpb`` or ``-o compact`` prints from it.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

HUBBLE: Final = "hubble"
TRAEFIK_LOG: Final = "traefik-log"

IDENTITIES: Final = (
    "unknown", "host", "world", "unmanaged", "health", "init", "remote-node", "kube-apiserver", "ingress",
    "world-ipv4", "world-ipv6",
)  # fmt: skip
"""Reserved identities, by number."""
TRACE_SOCK: Final = 7
"""Event type: an address translated at a socket."""

MASK: Final = "***"
SENSITIVE_HEADERS: Final = frozenset(
    {
        "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key", "apikey", "x-auth-token",
        "x-access-token", "x-csrf-token", "x-xsrf-token", "x-amz-security-token", "x-plex-token", "x-emby-token",
        "x-emby-authorization", "x-vault-token", "x-gitlab-token", "private-token", "x-forwarded-access-token",
        "x-session-token", "x-hub-signature", "x-hub-signature-256",
    }
)  # fmt: skip
_SECRET_WORD = re.compile(r"token|secret|passw|credential|session|signature|(^|-)auth($|-)|api-?key", re.IGNORECASE)
_QUERY = re.compile(r"(\?)([^\s#)\"]*)")
_USERINFO = re.compile(r"(?<=://)[^/?#@\s]+@")


class Peer(msgspec.Struct, frozen=True, gc=False):
    """One end. Empty strings are unknown, ``None`` too; ``workload`` is ``Kind/name`` or ``name``."""

    namespace: str = ""
    pod: str = ""
    workload: str = ""
    identity: int | None = None
    ip: str = ""
    port: int | None = None
    names: tuple[str, ...] = ()
    """DNS names of the address, as the proxy learned them."""
    service: str = ""
    """Name of the service whose address it is."""
    service_namespace: str = ""


class L7(msgspec.Struct, frozen=True, gc=False):
    """A request or response. ``kind`` is ``http``, ``dns``, ``kafka`` or ``l7`` (unknown); ``type`` REQUEST, RESPONSE …"""

    kind: str
    type: str = ""
    latency_ns: int | None = None
    code: int | None = None
    method: str = ""
    url: str = ""
    protocol: str = ""
    query: str = ""
    """DNS: the name that was asked for."""
    answers: tuple[str, ...] = ()
    """DNS: addresses that came back."""
    rcode: int | None = None
    entry_point: str = ""
    router: str = ""
    service: str = ""
    backend: str = ""
    size: int | None = None
    """Bytes of the answer, where known."""


class Flow(msgspec.Struct, frozen=True, gc=False):
    """``ns`` is nanoseconds since the epoch (None: unknown). ``verdict`` and ``drop_reason`` are the API's names, a number
    as text where it has none. ``kind`` is what the hubble CLI prints as type (``to-endpoint``, ``Policy denied``)."""

    origin: str
    ns: int | None
    verdict: str
    direction: str
    """``ingress``, ``egress`` or empty."""
    source: Peer
    destination: Peer
    protocol: str
    """TCP, UDP, ICMPv4, ICMPv6, SCTP, VRRP, IGMP, or empty."""
    kind: str
    event: int = 0
    """Monitor message type (:data:`pointsman.tui.wire.hubble.EVENT_TYPES`)."""
    sub: int = 0
    summary: str = ""
    is_reply: bool | None = None
    drop_reason: str = ""
    node: str = ""
    uuid: str = ""
    l7: L7 | None = None
    auth: str = ""
    ip_trace: int = 0
    masked: bool = False
    """The original says more than this row."""
    raw: bytes = b""
    """The original: a serialized ``GetFlowsResponse``, or the line of the log."""

    @property
    def time(self) -> float | None:
        """Seconds since the epoch."""
        return None if self.ns is None else self.ns / 1e9

    @property
    def dropped(self) -> bool:
        return self.verdict in ("DROPPED", "ERROR")


class Details(msgspec.Struct, frozen=True, gc=False):
    """What a row leaves out and a document has: labels, policies, headers in clear, MAC addresses where there is no IP."""

    source_labels: tuple[str, ...] = ()
    destination_labels: tuple[str, ...] = ()
    policies: tuple[tuple[str, str, str, str], ...] = ()
    """The list it stands in (``egress_allowed_by``), kind, namespace, name."""
    headers: tuple[tuple[str, str], ...] = ()
    macs: tuple[str, str] | tuple[()] = ()
    """Of source and destination."""


NO_DETAILS: Final = Details()


class NodeStatus(msgspec.Struct, frozen=True, gc=False):
    """What Relay says of its nodes: ``state`` is NODE_CONNECTED, NODE_UNAVAILABLE, NODE_GONE or NODE_ERROR."""

    ns: int | None
    state: str
    nodes: tuple[str, ...]
    message: str = ""
    reporter: str = ""
    raw: bytes = b""


class Lost(msgspec.Struct, frozen=True, gc=False):
    """``count`` events were lost at the server; ``source`` says where (HUBBLE_RING_BUFFER: this reader was too slow)."""

    ns: int | None
    source: str
    count: int
    cpu: int | None = None
    first_ns: int | None = None
    last_ns: int | None = None
    node: str = ""
    raw: bytes = b""


Event = Flow | NodeStatus | Lost


def mask_url(text: str) -> str:
    """A URL (or a sentence with URLs) with the values of its query, and user and password, masked."""
    if "?" in text:
        text = _QUERY.sub(_mask_query, text)
    if "@" in text:
        text = _USERINFO.sub(f"{MASK}@", text)
    return text


def _mask_query(found: re.Match[str]) -> str:
    return found[1] + "&".join(_mask_pair(pair) for pair in found[2].split("&"))


def _mask_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    if equals:
        return f"{name}={MASK}" if value else pair
    # A query without names (`?abcdef`) may be nothing but a token.
    return MASK if len(name) > 12 else name


def mask_header(name: str, value: str) -> str:
    """The value of a header, masked where its name says that it is sensitive."""
    known = name.lower()
    if known in SENSITIVE_HEADERS or _SECRET_WORD.search(known):
        return MASK
    return mask_url(value) if "?" in value or "@" in value else value
