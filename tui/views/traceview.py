"""A trace as rows: the hops in order, then who else matched and why it was not that one; and the words it is asked in."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from pointsman.tui.answers.ranges import parse_ip
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.hops import BROKEN, OK, SKIPPED, UNKNOWN, Hop
from pointsman.tui.answers.routes.request import Request, RequestError, parse_request
from pointsman.tui.answers.routes.trace import Trace
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.views.explain import OBJECT, Told, facts, tint
from pointsman.tui.views.policytell import sentence
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike, Column
from pointsman.widgets.pill import sign

STATES = {OK: "ok", BROKEN: "error", UNKNOWN: "unknown", SKIPPED: "skipped"}
WORDS = {"from": "client", "client": "client", "client-ip": "client", "method": "method", "header": "header",
         "sni": "sni", "resolve": "resolve", "dns": "dns"}  # fmt: skip
EXAMPLE = (
    "https://films.home.example/watch      then: from IP, method POST, header 'K: V', sni NAME, resolve IP, dns IP"
)


@dataclass(frozen=True, slots=True)
class Asking:
    """A request and where its name is to be asked for: ``resolve`` is an address given in place of DNS, ``dns`` a server."""

    request: Request
    resolve: str = ""
    dns: str = ""


def parse_asking(text: str) -> Asking:
    """``URL from 192.168.7.20 header 'X-Api-Key: 1'``; words may have dashes before them. Raises RequestError."""
    try:
        words = shlex.split(text)
    except ValueError:
        raise RequestError("a quotation mark has no other end") from None
    if not words:
        raise RequestError("a URL is missing")
    url, *rest = words
    given: dict[str, str] = {}
    headers: list[str] = []
    for at in range(0, len(rest), 2):
        word = WORDS.get(rest[at].lstrip("-").lower())
        if word is None:
            raise RequestError(f"{rest[at]!r} is not a word of a trace (from, method, header, sni, resolve, dns)")
        if at + 1 == len(rest):
            raise RequestError(f"{rest[at]} needs a value")
        if word == "header":
            headers.append(rest[at + 1])
        else:
            given[word] = rest[at + 1]
    for word in ("resolve", "dns"):
        if given.get(word) and parse_ip(given[word]) is None:
            raise RequestError(f"{word} {given[word]!r} is not an address")
    request = parse_request(url, given.get("method", "GET"), tuple(headers), given.get("client", ""), given.get("sni"))
    return Asking(request, given.get("resolve", ""), given.get("dns", ""))


@dataclass(frozen=True, slots=True)
class HopRow:
    """``number`` is the hop's place from 1; 0 for a route that was not chosen."""

    number: int
    hop: Hop
    ref: Ref | None = None

    @property
    def key(self) -> tuple[int, str, str]:
        return (
            self.number,
            self.hop.kind,
            "" if self.number else f"{self.hop.name} {self.ref.kind if self.ref else ''}",
        )


def hop_rows(found: Trace) -> tuple[HopRow, ...]:
    rows = [HopRow(number, hop, _ref(found, hop)) for number, hop in enumerate(found.hops, start=1)]
    seen: dict[tuple[int, str, str], HopRow] = {}
    for loser in found.losers:
        row = HopRow(0, Hop("not", loser.route.ref.path, SKIPPED, loser.why), loser.route.ref)
        seen.setdefault(row.key, row)
    return (*rows, *seen.values())


_KIND_OF = {"service": "services", "pod": "pods", "middleware": "middlewares"}


def _ref(found: Trace, hop: Hop) -> Ref | None:
    """The object of a hop, where its name is one's."""
    if hop.kind == "router" and found.winner is not None:
        kind = next((kind for kind in KINDS.values() if kind.kind == found.winner.kind), None)
        return Ref(kind.id, found.winner.namespace, found.winner.name) if kind is not None else None
    kind_id = _KIND_OF.get(hop.kind) or ("services" if hop.kind == "backend" else "")
    namespace, slash, name = hop.name.partition("/")
    if not kind_id or not slash or "/" in name or ":" in name or " " in hop.name:
        return None
    return Ref(kind_id, namespace, name)


def is_hop_problem(row: HopRow) -> bool:
    return row.hop.state in (BROKEN, UNKNOWN)


def _state(row: HopRow) -> CellLike:
    if not row.number:
        return ""
    glyph, style = sign(STATES[row.hop.state])
    return Cell.join((f"{glyph} ", style), (row.hop.state, "" if row.hop.state == OK else style))


def _detail(row: HopRow) -> CellLike:
    return Cell(row.hop.detail, {OK: "", BROKEN: "error", UNKNOWN: "unknown", SKIPPED: "muted"}[row.hop.state])


HOP_COLUMNS: tuple[Column[HopRow], ...] = (
    Column("number", "", lambda row: Cell(str(row.number) if row.number else "", "dim"), width=2, align="right"),
    Column("hop", "hop", lambda row: Cell(row.hop.kind, "" if row.number else "muted"), width=11),
    Column("state", "state", _state, width=9),
    Column("name", "name", lambda row: Cell(row.hop.name, "bold" if row.number else "muted"), max_width=34, priority=2),
    Column("detail", "what happens there", _detail, flex=1, min_width=24, shorten="end"),
)


def trace_title(asking: Asking | None, found: Trace | None) -> tuple[tuple[str, str], ...]:
    """``trace https://films.home.example/watch  ✖ broken at 6, middleware auth@media``."""
    if asking is None:
        return (("trace", ""),)
    parts: list[tuple[str, str]] = [("trace ", ""), (asking.request.url, "bold")]
    if found is None:
        return (*parts, (f"  asking DNS {glyphs.current.ellipsis}", "muted"))
    state = STATES[found.verdict]
    glyph, style = sign(state)
    return (*parts, (f"  {glyph} {verdict_words(found)}", style))


def verdict_words(found: Trace) -> str:
    """``fine``, ``broken at 6, the router``, ``cannot tell: 7, the backend``."""
    if found.verdict == OK:
        return "every hop is fine"
    wanted = BROKEN if found.verdict == BROKEN else UNKNOWN
    for number, hop in enumerate(found.hops, start=1):
        if hop.state == wanted and (wanted == BROKEN or hop.kind not in ("dns", "ip", "announcer")):
            return (
                f"broken at {number}, the {hop.kind}"
                if wanted == BROKEN
                else f"cannot tell at {number}, the {hop.kind}"
            )
    return "cannot tell"


_MEANS = {
    OK: "It does its part.",
    BROKEN: "The request ends here.",
    UNKNOWN: "Whether it does its part cannot be told from here.",
    SKIPPED: "It has no part in this request.",
}


def tell_hop(row: HopRow, found: Trace) -> Told:
    """One hop with all of its words."""
    hop = row.hop
    if not row.number:
        return Told(
            row.ref.title if row.ref else hop.name,
            f"{row.ref.title if row.ref else hop.name} does not handle this request: {sentence(hop.detail)}",
            (), facts(("request", found.request.url)), (), (*OBJECT, "copy"),
        )  # fmt: skip
    name = f" {hop.name}" if hop.name else ""
    return Told(
        f"hop {row.number}: {hop.kind}",
        tint(f"{hop.kind}{name}: {sentence(hop.detail)}", {BROKEN: "error", UNKNOWN: "warn"}.get(hop.state, "")),
        ((_MEANS[hop.state], "", STATES[hop.state]),),
        facts(("request", found.request.url), ("client", found.request.client)),
        (),
        (*(OBJECT if row.ref is not None else ()), "copy"),
    )
