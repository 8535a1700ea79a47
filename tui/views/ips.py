"""The IPs pane: rows and columns of the address list, the pools, the BGP sessions."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pointsman.tui.answers.ips import (
    ONE_ANNOUNCER,
    Address,
    Announcer,
    Evidence,
    IpKind,
    IpMap,
    Pool,
    Problem,
    Session,
)
from pointsman.tui.answers.ips.lan import ASKING
from pointsman.tui.answers.ips.model import NOT_CHECKED
from pointsman.tui.answers.ips.moves import TOLERATED
from pointsman.tui.model.times import age
from pointsman.tui.store.history import History
from pointsman.widgets import glyphs
from pointsman.widgets.bars import usage_bar
from pointsman.widgets.cells import Cell, CellLike, Column
from pointsman.widgets.ribbon import Hold, legend, ribbon, shades

KIND_WORDS: dict[IpKind, str] = {
    IpKind.METALLB_L2: "MetalLB L2",
    IpKind.METALLB_BGP: "MetalLB BGP",
    IpKind.CILIUM_L2: "Cilium L2",
    IpKind.CILIUM_BGP: "Cilium BGP",
    IpKind.SERVICELB: "ServiceLB",
    IpKind.KUBE_VIP: "kube-vip",
    IpKind.NODE_IPAM: "node IPAM",
    IpKind.EXTERNAL_IP: "external IP",
    IpKind.UNKNOWN: "unknown",
}
SEVERITIES = ("error", "warn", "info")


@dataclass(frozen=True, slots=True)
class IpRow:
    """One address. The texts of ages are made here, so that a row is equal until one of its words changes."""

    address: Address
    since: float | None
    since_text: str
    history: tuple[Hold, ...] = ()
    """Who held it in the ribbon's span, as far as anybody watched; ends are rounded so that rows stay equal."""
    shades: tuple[tuple[str, int], ...] = ()
    blind: bool = False
    """Something that may name announcers could not be read, so that nobody is "unknown"."""
    now: float = 0.0
    """Rounded to the ribbon's step; 0 where there is no ribbon."""
    span: float = 0.0
    moves: int | None = None
    """Moves within the span; None if that is not known."""

    @property
    def key(self) -> tuple[str, tuple[str, str]]:
        return self.address.key


RIBBON_CELLS = 24
SPANS = {"hour": 3600.0, "day": 86400.0}
"""What the ribbon shows, the first without being asked, and how many seconds that is."""


def ip_rows(
    ips: IpMap, now: float, namespace: str = "", history: History | None = None, span: float = SPANS["hour"]
) -> tuple[IpRow, ...]:
    """The rows at a time, of one namespace or of all. With a history each has its ribbon of the last ``span`` seconds."""
    rows: list[IpRow] = []
    step = span / RIBBON_CELLS
    at = now - now % step + step
    shade_of = shades_of(ips, history)
    seen = _watched(history, now, at) if history is not None else ()
    blind = history is not None and history.unwatched(now - span, now) > TOLERATED
    for address in ips.items:
        if namespace and address.service.namespace != namespace:
            continue
        since = _since(address.announcers)
        ribbons = history is not None and address.ip and address.kind in ONE_ANNOUNCER
        held = _held(history, seen, address, at, span) if history is not None and ribbons else ()
        moves = address.moves_last_hour
        if history is not None and address.ip and span > SPANS["hour"]:
            counted = history.moves(address.ip, now - span)
            moves = max(counted, moves or 0) if counted or moves or not blind else None
        rows.append(
            IpRow(
                address,
                since,
                age(now - since) if since is not None else "",
                held,
                tuple(sorted((who, shade_of[who]) for who in {hold.who for hold in held if hold.who})),
                bool(ips.unknown),
                at if ribbons else 0.0,
                span,
                moves,
            )
        )
    return tuple(rows)


def shades_of(ips: IpMap, history: History | None) -> dict[str, int]:
    """A shade for each node that announces, or did as long as it is remembered."""
    past = history.by_ip.values() if history is not None else ()
    named = {item.node for items in past for item in items if item.node}
    return shades(named | {one.node for item in ips.items if item.kind in ONE_ANNOUNCER for one in item.announcers})


def _watched(history: History, now: float, end: float) -> tuple[tuple[float, float], ...]:
    """When somebody looked; what is watched now goes on to the end of the ribbon, so that rows stay equal."""
    spans = history.spans(now)
    return (*spans[:-1], (spans[-1][0], end)) if spans and spans[-1][1] >= now else spans


def _held(
    history: History, seen: Sequence[tuple[float, float]], address: Address, end: float, span: float
) -> tuple[Hold, ...]:
    """The holds of the span. Seen is what lies in a time in which somebody looked; told what the object that names the
    announcer now says of the time before; of the rest nothing is known."""
    begin = end - span
    holds: list[Hold] = []
    one = address.announcers[0] if len(address.announcers) == 1 else None
    if one is not None and one.since is not None and one.since < end and one.evidence in LASTING:
        holds.append(Hold(max(one.since, begin), end, one.node, seen=False))
    past = history.by_ip.get(address.ip or "", ())
    for number, item in enumerate(past):
        until = past[number + 1].at if number + 1 < len(past) else end
        holds += [
            Hold(max(item.at, left, begin), min(until, right), item.node or None)
            for left, right in seen
            if min(until, right) > max(item.at, left, begin)
        ]
    return tuple(holds)


LASTING = (Evidence.LEASE, Evidence.STATUS)
"""What stands as long as the announcement does, so that its age is that of the announcement."""


def _ribbon(row: IpRow, cells: int) -> CellLike:
    if not row.now:
        return ""
    return ribbon(row.history, row.now - row.span, row.now, cells, dict(row.shades))


def row_text(row: IpRow) -> str:
    """What the filter looks in: the words of every column but the URLs, which only `urls:word` and the palette look in:
    a row that is kept for one of forty hidden hosts only puzzles."""
    address = row.address
    words = [
        address.ip or f"pending {address.pending}", KIND_WORDS[address.kind], address.pool or "",
        " ".join(f"{item.node} {item.evidence.value}" for item in address.announcers), address.service.path,
        " ".join(address.ports), address.hostname, " ".join(problem.text for problem in address.problems),
        " ".join(address.wanted),
    ]  # fmt: skip
    return "\n".join(words)


def _since(announcers: Sequence[Announcer]) -> float | None:
    """When the last of the announcers took the address."""
    known = [item.since for item in announcers if item.since is not None]
    return max(known) if known else None


def worst(problems: Iterable[Problem]) -> str:
    """The worst severity, or nothing."""
    found = {problem.severity for problem in problems}
    return next((severity for severity in SEVERITIES if severity in found), "")


def severity_sign(severity: str) -> tuple[str, str]:
    """Sign and style of a severity."""
    current = glyphs.current
    return {"error": (current.error, "error"), "warn": (current.warn, "warn"), "info": (current.info, "info")}.get(
        severity, (" ", "")
    )


def is_problem(row: IpRow) -> bool:
    return worst(row.address.problems) in ("error", "warn") or row.address.ip is None


def _mark(row: IpRow) -> CellLike:
    sign, style = severity_sign(worst(row.address.problems))
    return Cell(sign, style)


def _address(row: IpRow) -> CellLike:
    address = row.address
    if address.ip is None:
        return Cell.join(("pending", "warn"), *([(f" {address.hostname}", "")] if address.hostname else []))
    return Cell(address.ip, "bold")


def announcer_cell(row: IpRow) -> CellLike:
    """Who announces; a prediction says that it is one, and what could not be read is not "nobody"."""
    announcers = row.address.announcers
    if not announcers:
        return Cell("unknown", "unknown") if row.blind and row.address.ip else Cell(glyphs.current.dash, "dim")
    if len(announcers) > 2:
        said = Cell(f"{len(announcers)} nodes")
    elif len(announcers) == 2:
        said = Cell(", ".join(item.node for item in announcers))
    else:
        said = Cell(announcers[0].node)
    if all(item.evidence is Evidence.PREDICTED for item in announcers):
        return Cell.join((said.text, "predicted"), (" predicted", "predicted"))
    return said


def _evidence(row: IpRow) -> CellLike:
    return Cell(", ".join(sorted({item.evidence.value for item in row.address.announcers})), "dim")


def _moves(row: IpRow) -> CellLike:
    moves = row.moves
    if moves is None:
        return Cell("?" if row.address.announcers else glyphs.current.dash, "dim")
    return Cell(str(moves), "error" if moves >= 3 else "warn" if moves else "dim")


def ports_text(ports: Sequence[str]) -> str:
    """``443 80 53/udp``: TCP goes without saying."""
    return " ".join(port.removesuffix("/tcp").removesuffix("/TCP") for port in ports)


def problem_cell(address: Address) -> CellLike:
    """The worst problem in words, and how many more there are."""
    if address.ip is None and address.pending:
        return Cell(address.pending, "warn")
    ordered = sorted(address.problems, key=lambda problem: SEVERITIES.index(problem.severity))
    if not ordered:
        return ""
    more = f" (+{len(ordered) - 1})" if len(ordered) > 1 else ""
    return Cell(ordered[0].text + more, severity_sign(ordered[0].severity)[1])


def _lan(row: IpRow) -> CellLike:
    """The network's word, if it was asked."""
    lan, current = row.address.lan, glyphs.current
    signs = {
        "agrees": (current.ok, "ok"), "ghost": (current.error, "error"), "conflict": (current.error, "error"),
        "unreachable": (current.warn, "warn"), "unknown-mac": (current.warn, "warn"),
    }  # fmt: skip
    if lan.state in signs:
        sign, style = signs[lan.state]
        return Cell(f"{sign} {lan.state.replace('-', ' ')}", style)
    if lan.why == ASKING:
        return Cell(f"asking{current.ellipsis}", "dim")
    return Cell(current.dash if lan.why == NOT_CHECKED.why else "not checked", "dim")


def address_order(row: IpRow) -> Any:
    """By number, IPv4 first; pending ones last."""
    try:
        parsed = ipaddress.ip_address(row.address.ip or "")
    except ValueError:
        return None
    return (parsed.version, int(parsed))


def _severity_order(row: IpRow) -> Any:
    severity = worst(row.address.problems)
    return (SEVERITIES.index(severity) if severity else len(SEVERITIES), -len(row.address.problems))


COLUMNS: tuple[Column[IpRow], ...] = (
    Column("mark", "", _mark, width=1),
    Column("address", "address", _address, address_order, max_width=39),
    Column("kind", "kind", lambda row: KIND_WORDS[row.address.kind], lambda row: row.address.kind.value, priority=5),
    Column("pool", "pool", lambda row: row.address.pool or Cell(glyphs.current.dash, "dim"),
           lambda row: row.address.pool, priority=6, max_width=16),
    Column("announcer", "announcer", announcer_cell,
           lambda row: row.address.announcers[0].node if row.address.announcers else None, max_width=24),
    Column("evidence", "evidence", _evidence, lambda row: _evidence(row), priority=9, min_terminal_width=220),
    Column("since", "since", lambda row: Cell(row.since_text or glyphs.current.dash, "dim"), lambda row: row.since,
           width=5, align="right", flash=False),
    Column("moves", "moves", _moves, lambda row: row.moves, width=5, align="right", priority=5,
           min_terminal_width=100),
    Column("ribbon", "stability", lambda row: _ribbon(row, RIBBON_CELLS), width=RIBBON_CELLS, priority=5,
           min_terminal_width=150, shorten="none"),
    Column("ribbon-short", "stability", lambda row: _ribbon(row, RIBBON_CELLS // 2), width=RIBBON_CELLS // 2, priority=3,
           min_terminal_width=100, max_terminal_width=149, shorten="none"),
    Column("service", "service", lambda row: row.address.service.path, lambda row: row.address.service.path,
           max_width=36),
    Column("ports", "ports", lambda row: Cell(ports_text(row.address.ports), "dim"), priority=4, flex=4, min_width=9,
           shorten="end"),
    Column("urls", "URLs", lambda row: Cell(" ".join(row.address.urls), "info"), flex=1, priority=7,
           min_terminal_width=140, shorten="end", min_width=16),
    Column("lan", "LAN", _lan, lambda row: row.address.lan.state, priority=3),
    Column("problems", "problems", lambda row: problem_cell(row.address), _severity_order, flex=4, priority=1,
           shorten="end", min_width=20, flash=False),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PoolRow:
    pool: Pool

    @property
    def key(self) -> tuple[str, str]:
        return (self.pool.kind, self.pool.name)


def pool_rows(ips: IpMap) -> tuple[PoolRow, ...]:
    return tuple(PoolRow(pool) for pool in ips.pools)


def many(number: int | None) -> str:
    """A count of addresses: exact while it can be read, else as a power (IPv6 pools)."""
    if number is None:
        return "?"
    if number < 1_000_000:
        return f"{number:,}"
    return f"~2^{number.bit_length() - 1}"


def share(pool: Pool) -> float | None:
    """How much of the pool is used, 0 to 1; None if that is not known."""
    if pool.total is None or pool.used is None or pool.total <= 0:
        return None
    return min(1.0, pool.used / pool.total)


def bar_cell(pool: Pool, cells: int) -> Cell:
    """How much is used, as a bar without numbers."""
    if pool.total is None or pool.used is None:
        return Cell("?", "dim")
    return usage_bar(pool.used, pool.total, cells, label="none")


def use_text(pool: Pool) -> str:
    return f"{many(pool.used)}/{many(pool.total)}"


POOL_COLUMNS: tuple[Column[PoolRow], ...] = (
    Column("mark", "", lambda row: Cell(*severity_sign(worst(row.pool.problems))), width=1),
    Column("name", "pool", lambda row: Cell(row.pool.name, "bold"), lambda row: row.pool.name, max_width=24),
    Column("kind", "kind", lambda row: {"metallb": "MetalLB", "cilium": "Cilium"}.get(row.pool.kind, row.pool.kind),
           lambda row: row.pool.kind, priority=2),
    Column("bar", "in use", lambda row: bar_cell(row.pool, 12), lambda row: share(row.pool), width=12, priority=5,
           shorten="none"),
    Column("use", "used/total", lambda row: use_text(row.pool), lambda row: row.pool.used, align="right"),
    Column("free", "free", lambda row: Cell(many(row.pool.available), "dim"), lambda row: row.pool.available,
           align="right", priority=7),
    Column("ranges", "ranges", lambda row: " ".join(row.pool.ranges), flex=2, priority=4, min_width=27),
    Column("auto", "given", lambda row: "automatically" if row.pool.auto else "by name only",
           lambda row: row.pool.auto, priority=8, min_terminal_width=140),
    Column("announced", "announced by", lambda row: Cell(", ".join(row.pool.announced_by), "dim"), priority=6,
           min_terminal_width=110, max_width=32),
    Column("problems", "problems", lambda row: _pool_problem(row.pool), flex=3, priority=1, shorten="end",
           min_width=16),
)  # fmt: skip


def _pool_problem(pool: Pool) -> CellLike:
    ordered = sorted(pool.problems, key=lambda problem: SEVERITIES.index(problem.severity))
    return Cell(ordered[0].text, severity_sign(ordered[0].severity)[1]) if ordered else ""


@dataclass(frozen=True, slots=True)
class SessionRow:
    session: Session
    since_text: str

    @property
    def key(self) -> tuple[str, str]:
        return (self.session.node or "", self.session.peer)


def session_rows(ips: IpMap, now: float) -> tuple[SessionRow, ...]:
    return tuple(SessionRow(item, age(now - item.since) if item.since is not None else "") for item in ips.bgp)


def _session_state(row: SessionRow) -> CellLike:
    state = row.session.state or "unknown"
    up = state.lower() == "established"
    sign = glyphs.current.ok if up else glyphs.current.error if row.session.state else glyphs.current.unknown
    return Cell(f"{sign} {state}", "ok" if up else "error" if row.session.state else "unknown")


def _number(value: int | None) -> CellLike:
    return str(value) if value is not None else Cell("?", "dim")


SESSION_COLUMNS: tuple[Column[SessionRow], ...] = (
    Column("node", "node", lambda row: row.session.node or "?", lambda row: row.session.node),
    Column("peer", "BGP peer", lambda row: row.session.peer, lambda row: row.session.peer, max_width=39),
    Column("state", "session", _session_state, lambda row: row.session.state),
    Column("since", "since", lambda row: Cell(row.since_text or "?", "dim"), lambda row: row.session.since, align="right"),
    Column("advertised", "routes out", lambda row: _number(row.session.advertised),
           lambda row: row.session.advertised, align="right"),
    Column("received", "routes in", lambda row: _number(row.session.received), lambda row: row.session.received,
           align="right"),
    Column("detail", "", lambda row: Cell(row.session.detail, "dim"), flex=1, priority=2, shorten="end"),
)  # fmt: skip


def title(ips: IpMap, shown: int, total: int, *, pools: bool) -> tuple[tuple[str, str], ...]:
    """The title of the list; with the pools' use where they have no panel of their own."""
    count = f"{total}" if shown == total else f"{shown}/{total}"
    parts: list[tuple[str, str]] = [("service addresses ", ""), (count, "bold")]
    if pools:
        for pool in ips.pools[:3]:
            parts += [(f"  {pool.name} ", "muted"), (use_text(pool), "")]
    return tuple(parts)


def note(ips: IpMap, history: History, span: float, *, short: bool = False) -> tuple[tuple[str, str], ...]:
    """What the ribbon shows, for the frame's lower line: its span, whose shade is whose, what the other signs say."""
    word = next((word for word, seconds in SPANS.items() if seconds == span), "hour")
    parts: list[tuple[str, str]] = [(f"last {word}  ", "muted"), *legend(shades_of(ips, history)).segments()]
    if short:
        return tuple(parts)
    current = glyphs.current
    parts += [("  ", ""), (current.ribbon_gap, "error"), (" nobody  ", "muted"), (current.ribbon_told, "muted")]
    return (*parts, (" told, not watched  ", "muted"), (current.ribbon_unseen, "muted"), (" not observed", "muted"))
