"""What the verbs ``routes`` and ``trace`` print: their JSON documents and their plain tables."""

from __future__ import annotations

from typing import Any

from pointsman.tui.answers.routes.check import Checked
from pointsman.tui.answers.routes.hops import BROKEN, OK, SKIPPED, UNKNOWN
from pointsman.tui.answers.routes.model import (
    DISABLED,
    ENABLED,
    NOT_LOADED,
    TRAEFIK,
    WARNING,
    Backend,
    Live,
    Route,
    RouteList,
    Use,
)
from pointsman.tui.answers.routes.parking import Off
from pointsman.tui.answers.routes.trace import Trace
from pointsman.tui.answers.words import plural
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.model.times import age
from pointsman.tui.store.snapshot import Link, State
from pointsman.tui.views.json import Document, document, source_json, time_text
from pointsman.tui.views.tables import Head, Paper, Table, wrapped
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike
from pointsman.widgets.text import clean

STATES = {OK: "ok", BROKEN: "error", UNKNOWN: "unknown", SKIPPED: "dim"}
WORST = ("error", "warn", "info")
LIVE_STYLES = {ENABLED: "ok", WARNING: "warn", DISABLED: "error", NOT_LOADED: "error"}


def shown(found: RouteList, namespace: str) -> list[Route]:
    return [route for route in found.items if not namespace or route.ref.namespace == namespace]


# -- JSON -----------------------------------------------------------------------------------------------------------------
def routes_json(found: RouteList, namespace: str = "", link: Link | None = None, now: float = 0.0) -> Document:
    return document(
        "Routes",
        {
            "items": [_route(route) for route in shown(found, namespace)],
            "unknown": found.unknown or None,
            "traefik": source_json(link, now) if link is not None else None,
        },
    )


def _route(route: Route) -> dict[str, Any]:
    tls = route.tls
    return {
        "kind": route.kind,
        "namespace": route.ref.namespace,
        "name": route.ref.name,
        "rule_index": route.rule_index,
        "protocol": route.protocol,
        "controller": route.controller or None,
        "hosts": list(route.hosts),
        "match": route.match,
        "entry_points": list(route.entry_points),
        "ports": list(route.ports),
        "middlewares": [_use(use) for use in route.middlewares],
        "services": [_service(backend) for backend in route.backends],
        "endpoints": {"ready": route.ready, "total": route.total},
        "tls": None
        if tls is None
        else {
            "secret": tls.secret.path if tls.secret is not None else None,
            "not_after": time_text(tls.not_after),
            "passthrough": tls.passthrough,
            "detail": tls.detail,
        },
        "priority": route.priority,
        "owner": route.owner.kind,
        "live": {
            "name": route.live.name,
            "state": route.live.state,
            "errors": list(route.live.errors),
            "why": route.live.why or None,
            "service": route.live.service or None,
            "down": list(route.live.down),
        },
        "loaded": not route.dropped,
        "off": None if route.off is None else {"until": time_text(route.off.until), "by": route.off.by or None},
        "problems": [{"id": item.id, "severity": item.severity, "text": item.text} for item in route.problems],
    }


def _use(use: Use) -> dict[str, Any]:
    return {
        "name": use.name,
        "found": use.ref is not None or bool(use.inline),
        "why": use.why or None,
        "by": use.by or None,
    }


def _service(backend: Backend) -> dict[str, Any]:
    return {
        "kind": KINDS[backend.ref.kind].kind if backend.ref is not None else None,
        "name": backend.name,
        "port": backend.number if backend.number is not None else backend.port or None,
        "weight": backend.weight,
        "role": backend.role or None,
        "ready": backend.ready,
        "total": backend.total,
    }


def trace_json(found: Trace, checked: Checked | None = None) -> Document:
    request = found.request
    winner = found.winner
    return document(
        "Trace",
        {
            "request": {
                "url": request.url,
                "scheme": request.scheme,
                "host": request.host,
                "port": request.port,
                "path": request.path if request.http else None,
                "method": request.method if request.http else None,
                "client_ip": request.client or None,
                "sni": request.sni,
            },
            "verdict": found.verdict,
            "hops": [
                {"kind": hop.kind, "name": hop.name, "state": hop.state, "detail": hop.detail} for hop in found.hops
            ],
            "winner": None
            if winner is None
            else {
                "kind": winner.kind,
                "namespace": winner.namespace,
                "name": winner.name,
                "rule_index": winner.rule_index,
            },
            "losers": [
                {
                    "name": loser.route.ref.path,
                    "kind": loser.route.kind,
                    "rule_index": loser.route.rule_index,
                    "why": loser.why,
                }
                for loser in found.losers
            ],
            "live": None if checked is None else _checked(checked),
        },
    )


def _checked(checked: Checked) -> dict[str, Any]:
    """What a request that was really sent got; ``sent`` false with the reason where it was not."""
    said = checked.answered
    return {
        "sent": said is not None,
        "why": checked.refused or None,
        "address": said.address if said is not None else None,
        "status": said.status if said is not None else None,
        "agrees": checked.agrees,
        "checks": [
            {"what": item.what, "expected": item.expected, "found": item.found, "agrees": item.agrees}
            for item in checked.checks
        ],
    }


# -- tables ---------------------------------------------------------------------------------------------------------------
def routes_lines(
    found: RouteList, paper: Paper, now: float, namespace: str = "", link: Link | None = None
) -> list[str]:
    table = Table(
        (
            Head("route", shrink=1, least=16, how="middle"),
            Head("kind", drop=3),
            Head("host or rule", shrink=2, least=18),
            Head("on", drop=2),
            Head("middlewares", shrink=3, least=10, drop=4),
            Head("to", shrink=2, least=12, how="middle"),
            Head("ready", "right"),
            Head("tls", drop=5),
            Head("live", drop=6),
            Head("problems", shrink=3, least=20, wrap=True),
        )
    )
    routes = shown(found, namespace)
    for route in routes:
        table.add(
            Cell(route.ref.path, "bold"),
            Cell(route.kind, "dim"),
            _where(route),
            " ".join(route.ports),
            " ".join(use.name for use in route.middlewares),
            " ".join(f"{item.name}:{item.number or item.port}" if item.ref else item.name for item in route.backends),
            _ready(route),
            _tls(route, now),
            live_cell(route.live),
            _problems(route, now),
        )
    lines = table.lines(paper) if routes else []
    bad = sum(any(item.severity == "error" for item in route.problems) for route in routes)
    text = f"{plural(len(routes), 'route')}, {bad} broken" if bad else plural(len(routes), "route")
    lines += ["", *wrapped(Cell(text, "error" if bad else "dim"), paper, 0)]
    if found.assumed:
        lines += wrapped(Cell("no Traefik is among the objects: web is taken for 80, websecure for 443", "dim"), paper)
    if found.unknown:
        lines += wrapped(Cell(found.unknown, "warn"), paper)
    if link is not None and any(route.controller == TRAEFIK for route in routes):
        lines += wrapped(_asked(link), paper)
    return lines


def live_cell(live: Live) -> CellLike:
    """What Traefik itself says of a route, in a word."""
    if live.state is None:
        return Cell(glyphs.current.dash, "dim")
    return Cell(live.state, LIVE_STYLES[live.state])


def _asked(link: Link) -> Cell:
    """How well Traefik could be asked, in a line under the table."""
    if link.state is State.LIVE:
        more = f"; {link.hint}" if link.hint else ""
        return Cell(f"live state from Traefik's API ({link.detail}{more})", "dim")
    text = f"live state not known: {link.detail}" + (f" {link.hint}" if link.hint else "")
    return Cell(text, "dim" if link.state is State.ABSENT else "warn")


def _where(route: Route) -> str:
    if not route.hosts:
        return route.match
    rule = route.match
    path = rule.partition("&&")[2].strip() if len(route.hosts) == 1 else ""
    return " ".join(route.hosts) + (f" {path}" if path and path != 'PathPrefix("/")' else "")


def _ready(route: Route) -> CellLike:
    if route.ready is None or route.total is None:
        return Cell(glyphs.current.dash, "dim")
    return Cell(f"{route.ready}/{route.total}", "ok" if route.ready else "error")


def _tls(route: Route, now: float) -> CellLike:
    if route.tls is None:
        return ""
    if route.tls.passthrough:
        return "passthrough"
    if route.tls.not_after is None:
        return Cell("tls", "dim")
    left = route.tls.not_after - now
    return Cell("ended", "error") if left <= 0 else age(left)


def _off_words(off: Off, now: float) -> str:
    if off.until is None:
        return "off for good"
    return f"off for {age(off.until - now)} more" if off.until > now else "off, overdue"


def _problems(route: Route, now: float) -> CellLike:
    if not route.problems:
        return Cell(_off_words(route.off, now), "dim") if route.off is not None else ""
    worst = min((item.severity for item in route.problems), key=WORST.index)
    return Cell("; ".join(item.text for item in route.problems), worst)


def trace_lines(found: Trace, paper: Paper, checked: Checked | None = None) -> list[str]:
    table = Table((Head("hop"), Head("state"), Head("name", shrink=1, least=12, how="middle"),
                   Head("detail", shrink=2, least=30, wrap=True)))  # fmt: skip
    for hop in found.hops:
        style = STATES[hop.state]
        table.add(
            hop.kind, Cell(hop.state, style), Cell(hop.name, "bold"), Cell(hop.detail, "" if hop.state == OK else style)
        )
    lines = [paper.paint(clean(found.request.url), "bold"), "", *table.lines(paper), ""]
    broken = found.broken
    if broken is not None:
        text = f"broken at the {broken.kind}{f' {broken.name}' if broken.name else ''}: {broken.detail}"
    elif found.verdict == UNKNOWN:
        first = next(hop for hop in found.hops if hop.state == UNKNOWN and hop.kind not in ("dns", "ip", "announcer"))
        text = f"cannot tell: {first.kind} {first.name}: {first.detail}"
    else:
        text = "every hop that can be seen from here is fine"
    lines += wrapped(Cell(text, STATES[found.verdict]), paper, 0)
    for loser in found.losers:
        lines += wrapped(Cell(f"not {loser.route.ref.title}: {loser.why}", "dim"), paper)
    if checked is not None:
        lines += ["", *checked_lines(checked, paper)]
    return lines


def checked_lines(checked: Checked, paper: Paper) -> list[str]:
    """The real request in lines: each comparison, and whether all is as foretold."""
    if checked.answered is None:
        return wrapped(Cell(f"not sent: {checked.refused}", "warn"), paper, 0)
    table = Table((Head("sent"), Head("foretold", shrink=1, least=16), Head("found", shrink=1, least=16, wrap=True),
                   Head("agrees")))  # fmt: skip
    for item in checked.checks:
        word = {True: Cell("yes", "ok"), False: Cell("no", "error"), None: Cell(glyphs.current.dash, "dim")}[
            item.agrees
        ]
        table.add(item.what, Cell(item.expected, "dim"), item.found, word)
    text = {True: "all is as foretold", False: "the answer is not what was foretold", None: "nothing could be compared"}
    style = {True: "ok", False: "error", None: "dim"}[checked.agrees]
    return [*table.lines(paper), "", *wrapped(Cell(text[checked.agrees], style), paper, 0)]
