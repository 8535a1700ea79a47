"""The Flows pane's tables: one row an edge, one row an end (top talkers), edges with drops."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from pointsman.tui.model.flows import IDENTITIES, Flow, Peer
from pointsman.tui.model.times import age
from pointsman.tui.model.traffic import ADDRESS, ENTITY, FQDN, POD, SERVICE, Edge, End, Traffic
from pointsman.tui.views.flows import REASONS, Pair
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike, Column
from pointsman.widgets.sparkline import sparkline

NODES: Final = frozenset(("host", "remote-node", "kube-apiserver"))
SPARK: Final = 12
"""Buckets drawn, one a cell: a minute."""


KIND_WORDS: Final = {ENTITY: "identity", FQDN: "DNS name", ADDRESS: "address"}


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """An edge at a time. Rates per second, counts of the last five minutes."""

    edge: Edge
    rate: float
    drop_rate: float
    lately: int
    drops: int
    series: tuple[int, ...]
    seen: str
    """How long ago."""

    @property
    def key(self) -> object:
        return self.edge.key


@dataclass(frozen=True, slots=True)
class TalkerRow:
    """One end with all its edges. ``sent`` and ``received`` are rates of what it asked and was asked."""

    end: End
    sent: float
    received: float
    lately: int
    drops: int
    peers: int
    series: tuple[int, ...]
    seen: str
    last: float

    @property
    def key(self) -> object:
        return self.end


Row = EdgeRow | TalkerRow


def end_parts(end: End) -> tuple[tuple[str, str], ...]:
    if end.namespace:
        return ((f"{end.namespace}/", "muted"), (end.name or "?", ""))
    if end.kind == ENTITY:
        if not end.name:
            return (("unknown", "unknown"),)
        style = "muted" if end.name == "world" and end.ip else "" if end.name == "world" else "accent"
        return ((end.name, style), (f" {end.ip}", "")) if end.ip else ((end.name, style),)
    return ((end.name, "info" if end.kind == FQDN else ""),)


def port_text(edge: Edge) -> str:
    protocol = edge.protocol.lower()
    if not edge.port:
        return protocol
    return f"{edge.port}/{protocol}" if protocol and protocol != "tcp" else str(edge.port)


def size_text(size: int | None) -> str:
    if size is None:
        return ""
    number = float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            return f"{number:.0f} {unit}" if unit == "B" or number >= 10 else f"{number:.1f} {unit}"
        number /= 1000
    return ""


def number_text(rate: float) -> str:
    return "" if rate <= 0 else f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}" if rate >= 0.05 else "<0.1"


def edges_in(traffic: Traffic, namespace: str, hidden: Collection[str], pair: Pair | None) -> list[Edge]:
    """The edges that are not left out."""
    return [
        edge
        for edge in traffic.edges
        if (not namespace or namespace in (edge.source.namespace, edge.destination.namespace))
        and not ("dns" in hidden and edge.port == 53)
        and not ("health" in hidden and "health" in (edge.source.entity, edge.destination.entity))
        and not ("host" in hidden and (edge.source.entity in NODES or edge.destination.entity in NODES))
        and (pair is None or frozenset((edge.source.text, edge.destination.text)) == pair)
    ]


def edge_rows(edges: Iterable[Edge], at: float) -> tuple[EdgeRow, ...]:
    """The busiest first."""
    rows = [
        EdgeRow(
            edge,
            edge.rate(at),
            edge.rate(at, drops=True),
            edge.lately(at),
            edge.lately(at, drops=True),
            edge.series(at, length=SPARK),
            age(max(0.0, at - edge.last)),
        )
        for edge in edges
    ]
    rows.sort(key=lambda row: (-row.rate, -row.lately, row.edge.source.text, row.edge.destination.text))
    return tuple(rows)


def drop_rows(edges: Iterable[Edge], at: float) -> tuple[EdgeRow, ...]:
    """Edges with drops in the last five minutes, the most first."""
    rows = [row for row in edge_rows((edge for edge in edges if edge.dropped), at) if row.drops]
    rows.sort(key=lambda row: (-row.drops, row.edge.source.text, row.edge.destination.text))
    return tuple(rows)


def talker_rows(edges: Iterable[Edge], at: float) -> tuple[TalkerRow, ...]:
    """Every end with what it sends and gets, the busiest first."""
    found: dict[End, list[tuple[Edge, bool]]] = {}
    for edge in edges:
        found.setdefault(edge.source, []).append((edge, True))
        if edge.destination != edge.source:
            found.setdefault(edge.destination, []).append((edge, False))
    rows = []
    for end, held in found.items():
        series = [edge.series(at, length=SPARK) for edge, _ in held]
        rows.append(
            TalkerRow(
                end,
                sum(edge.rate(at) for edge, out in held if out),
                sum(edge.rate(at) for edge, out in held if not out),
                sum(edge.lately(at) for edge, _ in held),
                sum(edge.lately(at, drops=True) for edge, _ in held),
                len({edge.destination if out else edge.source for edge, out in held}),
                tuple(map(sum, zip(*series, strict=True))),
                age(max(0.0, at - max(edge.last for edge, _ in held))),
                max(edge.last for edge, _ in held),
            )
        )
    rows.sort(key=lambda row: (-(row.sent + row.received), -row.lately, row.end.text))
    return tuple(rows)


def flow_of(row: Row) -> Flow:
    """A flow like those of the edge, for the filter words that are about flows. Of a talker: to and from itself."""
    if isinstance(row, TalkerRow):
        peer = _peer(row.end, None)
        return Flow("", None, "DROPPED" if row.drops else "FORWARDED", "", peer, peer, "", "")
    edge = row.edge
    return Flow(
        edge.origin,
        None,
        "DROPPED" if row.drops else "FORWARDED",
        "",
        _peer(edge.source, None),
        _peer(edge.destination, edge.port),
        edge.protocol,
        "",
        drop_reason=edge.drop_reason if row.drops else "",
    )


def _peer(end: End, port: int | None) -> Peer:
    identity = IDENTITIES.index(end.entity) if end.entity in IDENTITIES else None
    if end.kind == SERVICE:
        return Peer(ip=end.ip, port=port, service=end.name, service_namespace=end.namespace)
    if end.namespace:
        workload = "" if end.kind == POD else f"{end.kind}/{end.name}"
        return Peer(end.namespace, end.name, workload, identity, end.ip, port)
    return Peer(identity=identity, ip=end.ip, port=port, names=(end.name,) if end.kind == FQDN else ())


def _verdicts(row: EdgeRow) -> CellLike:
    edge = row.edge
    parts: list[tuple[str, str]] = []
    if edge.forwarded:
        parts += [(f"{glyphs.current.ok} ", "ok"), (f"{edge.forwarded:,}", "muted")]
    if edge.dropped:
        parts += [("  " if parts else "", ""), (f"{glyphs.current.error} {edge.dropped:,}", "error")]
    if edge.other:
        parts += [("  " if parts else "", ""), (f"{glyphs.current.info} {edge.other:,}", "muted")]
    return Cell(parts=tuple(parts))


def _reason(row: EdgeRow) -> CellLike:
    if not row.edge.dropped:
        return ""
    reason = row.edge.drop_reason
    said = REASONS.get(reason, reason.replace("_", " ").lower()) or "no reason told"
    return Cell(said, "error" if row.drops else "muted")


def _spark(row: Row) -> CellLike:
    dropping = row.drops and isinstance(row, EdgeRow) and row.drops == row.lately
    return sparkline(row.series, SPARK, style="error" if dropping else "spark")


EDGE_COLUMNS: Final[tuple[Column[EdgeRow], ...]] = (
    Column("source", "source", lambda row: Cell(parts=end_parts(row.edge.source)), lambda row: row.edge.source.text,
           flex=4, min_width=18),
    Column("way", "", lambda _row: Cell(glyphs.current.arrow, "dim"), width=1),
    Column("destination", "destination", lambda row: Cell(parts=end_parts(row.edge.destination)),
           lambda row: row.edge.destination.text, flex=4, min_width=18),
    Column("port", "port", lambda row: port_text(row.edge), lambda row: row.edge.port, width=9),
    Column("rate", "/s", lambda row: number_text(row.rate), lambda row: -row.rate, width=6, align="right"),
    Column("spark", "last minute", _spark, width=SPARK, shorten="none", priority=3),
    Column("verdicts", "verdicts", _verdicts, lambda row: -row.drops, min_width=10, max_width=24),
    Column("drops", "drops/s", lambda row: Cell(number_text(row.drop_rate), "error"), lambda row: -row.drop_rate, width=7,
           align="right", priority=4),
    Column("requests", "requests", lambda row: f"{row.edge.requests:,}" if row.edge.requests else "",
           lambda row: -row.edge.requests, width=8, align="right", priority=6, min_terminal_width=140),
    Column("bytes", "bytes", lambda row: Cell(size_text(row.edge.size), "muted"), lambda row: -(row.edge.size or 0), width=7,
           align="right", priority=7, min_terminal_width=150),
    Column("seen", "seen", lambda row: Cell(row.seen, "dim"), lambda row: -row.edge.last, width=5, align="right",
           priority=5),
    Column("reason", "last drop", _reason, flex=2, min_width=12, shorten="end", priority=8, min_terminal_width=160),
)  # fmt: skip

DROP_COLUMNS: Final[tuple[Column[EdgeRow], ...]] = (
    Column("drops", "dropped", lambda row: Cell(f"{row.drops:,}", "error"), lambda row: -row.drops, width=8, align="right"),
    Column("rate", "/s", lambda row: number_text(row.drop_rate), lambda row: -row.drop_rate, width=6, align="right"),
    Column("source", "source", lambda row: Cell(parts=end_parts(row.edge.source)), lambda row: row.edge.source.text,
           flex=4, min_width=18),
    Column("way", "", lambda _row: Cell(glyphs.current.arrow, "dim"), width=1),
    Column("destination", "destination", lambda row: Cell(parts=end_parts(row.edge.destination)),
           lambda row: row.edge.destination.text, flex=4, min_width=18),
    Column("port", "port", lambda row: port_text(row.edge), lambda row: row.edge.port, width=9),
    Column("reason", "why", _reason, lambda row: row.edge.drop_reason, flex=3, min_width=12, shorten="end", priority=2),
    Column("spark", "last minute", _spark, width=SPARK, shorten="none", priority=4),
    Column("seen", "seen", lambda row: Cell(row.seen, "dim"), lambda row: -row.edge.last, width=5, align="right",
           priority=3),
)  # fmt: skip

TALKER_COLUMNS: Final[tuple[Column[TalkerRow], ...]] = (
    Column("source", "who", lambda row: Cell(parts=end_parts(row.end)), lambda row: row.end.text, flex=3, min_width=16),
    Column("kind", "kind", lambda row: Cell(KIND_WORDS.get(row.end.kind, row.end.kind), "muted"),
           lambda row: row.end.kind, width=12, priority=5),
    Column("rate", "sent/s", lambda row: number_text(row.sent), lambda row: -row.sent, width=8, align="right"),
    Column("received", "got/s", lambda row: number_text(row.received), lambda row: -row.received, width=8, align="right"),
    Column("spark", "last minute", _spark, width=SPARK, shorten="none", priority=3),
    Column("lately", "in 5 min", lambda row: f"{row.lately:,}", lambda row: -row.lately, width=9, align="right", priority=2),
    Column("drops", "dropped", lambda row: Cell(f"{row.drops:,}" if row.drops else "", "error"), lambda row: -row.drops,
           width=8, align="right"),
    Column("peers", "peers", lambda row: str(row.peers), lambda row: -row.peers, width=6, align="right", priority=4),
    Column("seen", "seen", lambda row: Cell(row.seen, "dim"), lambda row: -row.last, width=5, align="right", priority=5),
)  # fmt: skip


def row_text(row: Row) -> str:
    """What words are looked for in."""
    if isinstance(row, TalkerRow):
        return f"{row.end.text}\n{row.end.kind}\n{row.end.entity}"
    edge = row.edge
    return "\n".join(
        (edge.source.text, edge.destination.text, port_text(edge), edge.source.entity, edge.destination.entity,
         edge.drop_reason.lower(), REASONS.get(edge.drop_reason, ""), "dropped" if row.drops else "forwarded")
    )  # fmt: skip


def is_problem(row: Row) -> bool:
    return row.drops > 0 or (isinstance(row, EdgeRow) and row.edge.errors > 0)
