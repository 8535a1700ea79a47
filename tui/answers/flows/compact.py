"""Rows as the hubble CLI's ``compact`` and ``table`` forms write them, line for line (facts of its printer).

Escape characters and carriage returns become visible, as the CLI makes them; line ends inside a field too, which the CLI
leaves (a hostile name must not make a second line).
"""

from __future__ import annotations

import datetime
import posixpath
from collections.abc import Iterable, Sequence
from typing import Any, Final

from pointsman.tui.model.flows import Event, Flow, Lost, NodeStatus, Peer
from pointsman.tui.wire.hubble import identity_text
from pointsman.tui.wire.hubbleflow import message_of

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_NAMES_WIDTH: Final = 50
"""Characters of node names after which the rest is only counted."""
COLUMNS: Final = ("TIMESTAMP", "SOURCE", "DESTINATION", "TYPE", "VERDICT", "SUMMARY")
_GAP: Final = "   "
_WORDS: Final = {
    "FORWARDED": "ALLOWED", "REDIRECTED": "ALLOWED", "DROPPED": "DENIED", "ERROR": "DENIED", "AUDIT": "AUDITED",
}  # fmt: skip
"""Verdicts of policy-verdict events."""
_ESCAPES: Final = {number: f"\\x{number:02x}" for number in (*range(32), *range(127, 160)) if number != 9} | {
    0x1B: "^[",
    0x0D: "\\r",
    0x0A: "\\n",
}


def compact_line(event: Event, *, node: bool = False, numeric: bool = False, verbatim: bool = False) -> str | None:
    """One line without its end; None for what the CLI does not print (nodes that connect).

    ``verbatim`` takes the summary from the original, with query values in clear. A node's status is the CLI's line on
    stderr.
    """
    if isinstance(event, Flow):
        told = message_of(event) if verbatim and event.masked else None
        source, destination = _hosts(event, numeric, told)
        one = f"{source} ({_identity(event.source)})"
        other = f"{destination} ({_identity(event.destination)})"
        arrow = "->"
        if event.is_reply is None:
            arrow = "<>"
        elif event.is_reply:
            one, other, arrow = other, one, "<-"
        where = f" [{event.node if told is None else told.node_name}]" if node else ""
        return _clean(
            f"{stamp_milli(event.ns)}{where}: {one} {arrow} {other} {event.kind} {verdict_word(event)}"
            f" ({summary_of(event, verbatim)})"
        )
    if isinstance(event, Lost):
        return _clean(f"{stamp_milli(event.ns)} EVENTS LOST: {event.source} {_lost(event)}")
    return status_line(event)


def status_line(event: NodeStatus, everything: bool = False) -> str | None:
    """The CLI's words for a node's status; None for good news, unless ``everything``."""
    prefix = f"{stamp_milli(event.ns)} [{event.reporter}]"
    names, count = _cut(event.nodes), len(event.nodes)
    match event.state:
        case "NODE_UNAVAILABLE":
            text = f"{prefix}: {count} nodes are unavailable: {names}"
        case "NODE_ERROR":
            text = f"{prefix}: Error {_quoted(event.message)} on {count} nodes: {names}"
        case "NODE_CONNECTED" if everything:
            text = f"{prefix}: Receiving flows from {count} nodes: {names}"
        case "NODE_GONE" if everything:
            text = f"{prefix}: {count} nodes removed from cluster: {names}"
        case _:
            return None
    return _clean(text)


_SHORT: Final = {
    '"': '\\"', "\\": "\\\\", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
}  # fmt: skip


def _quoted(text: str) -> str:
    """As Go quotes a text."""
    return f'"{"".join(_sign(sign) for sign in text)}"'


def _sign(sign: str) -> str:
    code = ord(sign)
    if sign in _SHORT:
        return _SHORT[sign]
    if sign.isprintable():
        return sign
    return f"\\x{code:02x}" if code < 128 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def table_lines(events: Iterable[Event], *, node: bool = False, verbatim: bool = False) -> list[str]:
    """The CLI's table, header first; nothing at all without a row. Statuses of nodes are left out."""
    rows: list[Sequence[str]] = []
    for event in events:
        if isinstance(event, Flow):
            row = [
                stamp_milli(event.ns),
                *([event.node] if node else []),
                *_hosts(event, False, message_of(event) if verbatim and event.masked else None),
                event.kind,
                verdict_word(event),
                summary_of(event, verbatim),
            ]
        elif isinstance(event, Lost):
            text = _lost(event, " - ")
            row = [
                stamp_milli(event.ns),
                *([event.node or "-"] if node else []),
                event.source,
                "-",
                "EVENTS LOST",
                "-",
                text,
            ]
        else:
            continue
        rows.append([_clean(cell) for cell in row])
    if not rows:
        return []
    header = [COLUMNS[0], *(["NODE"] if node else []), *COLUMNS[1:]]
    rows.insert(0, header)
    widths = [max(len(row[at]) for row in rows) for at in range(len(header) - 1)]
    return [
        _GAP.join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    ]


_last: tuple[int, str] = (-1, "")


def stamp_milli(ns: int | None) -> str:
    """``Sep  8 10:11:12.345`` in UTC, ``N/A`` without a time."""
    global _last
    if ns is None:
        return "N/A"
    second, rest = divmod(ns, 1_000_000_000)
    # Flows come many to the second, and a date costs ten times the rest of the line's time.
    known, text = _last
    if known != second:
        at = _EPOCH + datetime.timedelta(seconds=second)
        text = f"{_MONTHS[at.month - 1]} {at.day:2d} {at:%H:%M:%S}"
        _last = (second, text)
    return f"{text}.{rest // 1_000_000:03d}"


def verdict_word(flow: Flow) -> str:
    """FORWARDED, DROPPED …; ALLOWED, DENIED, AUDITED for a policy verdict."""
    return _WORDS.get(flow.verdict, flow.verdict) if flow.event == 5 else flow.verdict


def summary_of(flow: Flow, verbatim: bool = False) -> str:
    """TCP flags, HTTP line …, with the IP trace before and authentication after it."""
    text = flow.summary
    if verbatim and flow.masked and (message := message_of(flow)) is not None:
        text = message.Summary
    if flow.ip_trace:
        text = f"IP Trace ID: {flow.ip_trace}; {text}"
    return f"{text}; Auth: {flow.auth}" if flow.auth else text


def host_of(peer: Peer) -> str:
    """``ns/pod``, ``ns/service``, the DNS names, or the address; without the port."""
    # A service's namespace stands for the pod's, also where the pod is named.
    namespace = peer.service_namespace if peer.service or peer.service_namespace else peer.namespace
    name = peer.pod or peer.service
    if name:
        joined = f"{namespace}/{name}" if namespace else name
        return _cleaned(joined) if "." in joined or joined.endswith("/") or "//" in joined else joined
    return ",".join(peer.names) if peer.names else peer.ip


def _cleaned(path: str) -> str:
    """As Go's path.Clean; Python's keeps two slashes at the beginning."""
    clean = posixpath.normpath(path)
    return clean[1:] if clean.startswith("//") else clean


def _host(peer: Peer, numeric: bool) -> str:
    host = peer.ip if numeric else host_of(peer)
    if peer.port:
        return f"[{host}]:{peer.port}" if ":" in host else f"{host}:{peer.port}"
    return host


def _identity(peer: Peer) -> str:
    return identity_text(peer.identity or 0)


def _hosts(flow: Flow, numeric: bool, told: Any = None) -> tuple[str, str]:
    """Both ends; MAC addresses (or nothing) for a flow without an IP layer. ``told`` is the original, where it says more."""
    if not flow.source.ip and not flow.destination.ip:
        message = message_of(flow)
        if message is not None and not message.HasField("IP"):
            return message.ethernet.source, message.ethernet.destination
    source, destination = flow.source, flow.destination
    if told is not None:
        source, destination = _bare(source, told, "source"), _bare(destination, told, "destination")
    return _host(source, numeric), _host(destination, numeric)


def _bare(peer: Peer, told: Any, which: str) -> Peer:
    """Without its namespace, where a service is given that has none: its namespace counts, empty or not."""
    if told.HasField(f"{which}_service") and not peer.service and not peer.service_namespace:
        return Peer(pod=peer.pod, ip=peer.ip, port=peer.port, names=peer.names)
    return peer


def _lost(event: Lost, between: str = " ") -> str:
    text = f"CPU({event.cpu or 0}){between}{event.count}"
    if event.first_ns is not None and event.last_ns is not None:
        text += f" (first: {stamp_milli(event.first_ns)}, last: {stamp_milli(event.last_ns)})"
    return text


def _cut(names: Sequence[str]) -> str:
    length, end = 0, len(names)
    for at, name in enumerate(names):
        length += len(name.encode()) + 2
        if length > _NAMES_WIDTH and at:
            end = at
            break
    joined = ", ".join(names[:end])
    return joined if end == len(names) else f"{joined} (and {len(names) - end} more)"


def _clean(text: str) -> str:
    return text if text.isprintable() else text.translate(_ESCAPES)
