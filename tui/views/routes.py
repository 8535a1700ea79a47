"""The Routes pane: rows and columns of the list of routes and of the middlewares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.model import DIRECT, FOUND, Backend, Route, RouteList, Use
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import (
    GRPCROUTES,
    HTTPROUTES,
    INGRESSES,
    INGRESSROUTES,
    INGRESSROUTETCPS,
    INGRESSROUTEUDPS,
    KINDS,
    SERVICES,
)
from pointsman.tui.model.times import age
from pointsman.tui.views.countdown import time_left
from pointsman.tui.views.ips import SEVERITIES, ports_text, severity_sign, worst
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike, Column

KIND_WORDS = {
    INGRESSES.id: "Ingress",
    INGRESSROUTES.id: "IngressRoute",
    INGRESSROUTETCPS.id: "IngressRoute TCP",
    INGRESSROUTEUDPS.id: "IngressRoute UDP",
    HTTPROUTES.id: "HTTPRoute",
    GRPCROUTES.id: "GRPCRoute",
    SERVICES.id: "no route",
}
SOON = 14 * 86400.0
"""Seconds before a certificate's end from which it is drawn as a warning."""


@dataclass(frozen=True, slots=True)
class RouteRow:
    """One rule of one object. The texts of ages are made here, so that a row is equal until one of its words changes."""

    route: Route
    tls_text: str
    tls_style: str
    left: str = ""
    """What is left of the time it is switched off for: ``4:31``, ``overdue``."""

    @property
    def key(self) -> tuple[str, tuple[str, str], int]:
        return self.route.key


def route_rows(found: RouteList, now: float, namespace: str = "") -> tuple[RouteRow, ...]:
    """By host, then by object; services without a route come last, each with all of its ports."""
    routes = (route for route in found.items if not namespace or route.ref.namespace == namespace)
    rows = [RouteRow(route, *_tls(route, now), _left(route, now)) for route in _folded(routes)]
    return tuple(sorted(rows, key=_order))


def _folded(routes: Iterable[Route]) -> Iterator[Route]:
    """A service without a route is listed port by port; here its ports make one row."""
    direct: dict[Ref, list[Route]] = {}
    for route in routes:
        if route.controller == DIRECT:
            direct.setdefault(route.ref, []).append(route)
        else:
            yield route
    for first, *more in direct.values():
        if not more:
            yield first
            continue
        every = (first, *more)
        yield replace(
            first,
            ports=tuple(dict.fromkeys(port for item in every for port in item.ports)),
            backends=tuple(backend for item in every for backend in item.backends),
            problems=tuple(dict.fromkeys(problem for item in every for problem in item.problems)),
            dropped=first.dropped if all(item.dropped for item in every) else "",
        )


def _left(route: Route, now: float) -> str:
    return time_left(route.off.until, now) if route.off is not None else ""


def _order(row: RouteRow) -> Any:
    route = row.route
    return (route.controller == DIRECT, route.protocol != "http", _host_key(route), route.ref.key, route.rule_index)


def _host_key(route: Route) -> tuple[bool, str]:
    return (not route.hosts, route.hosts[0] if route.hosts else route.match)


def _tls(route: Route, now: float) -> tuple[str, str]:
    if route.tls is None:
        return "", ""
    if route.tls.passthrough:
        return "passed on", "muted"
    if route.tls.not_after is None:
        return "yes", "dim"
    left = route.tls.not_after - now
    if left <= 0:
        return "ended", "error"
    return age(left), "warn" if left <= SOON else ""


def is_route_problem(row: RouteRow) -> bool:
    route = row.route
    if route.off is not None:
        return row.left == "overdue"
    return bool(route.dropped) or worst(route.problems) in ("error", "warn") or route.live.state == "disabled"


def severity(route: Route) -> str:
    """The worst of a route; one that handles nothing is an error, whatever else."""
    found = worst(route.problems)
    if route.off is not None:
        return found
    return "error" if route.dropped and found != "warn" else found


def kind_words(ref: Ref) -> str:
    return KIND_WORDS.get(ref.kind) or (KINDS[ref.kind].kind if ref.kind in KINDS else ref.kind)


def path_words(ref: Ref) -> CellLike:
    """``media/`` muted, the name bold."""
    return Cell.join((f"{ref.namespace}/", "muted"), (ref.name, "bold")) if ref.namespace else Cell(ref.name, "bold")


def where(route: Route) -> CellLike:
    """What is asked for: hosts and what else the rule says, or the rule as it is."""
    if route.controller == DIRECT:
        return Cell.join((ports_text(route.ports), ""), ("  own address", "muted"))
    if route.protocol != "http" and not route.hosts:
        rule = "" if route.match == "HostSNI(`*`)" else f"  {route.match}"
        return Cell.join((" ".join(route.ports), ""), (rule, "muted"))
    if not route.hosts:
        return Cell(route.match) if route.match else Cell("everything", "muted")
    rest = ""
    if len(route.hosts) == 1:
        rest = route.match.partition("&&")[2].strip()
        rest = "" if rest in ('PathPrefix("/")', "PathPrefix(`/`)") else rest
    return Cell.join((" ".join(route.hosts), ""), (f"  {rest}" if rest else "", "muted"))


def target(backend: Backend) -> str:
    """``media/jellyfin:8096``; a name without an object as it stands."""
    if backend.ref is None:
        return backend.name
    return f"{backend.name}:{backend.number or backend.port}" if backend.number or backend.port else backend.name


def short_target(route: Route, backend: Backend) -> str:
    """Without the namespace where it is the route's own."""
    return target(backend).removeprefix(f"{route.ref.namespace}/")


def _to(row: RouteRow) -> CellLike:
    route = row.route
    if route.controller == DIRECT:
        return Cell(route.ref.name, "muted")
    parts: list[tuple[str, str]] = []
    for backend in route.backends:
        if parts:
            parts.append((" ", ""))
        bad = backend.problem is not None and backend.problem.severity == "error"
        weight = f" {backend.weight}" if backend.weight is not None and len(route.backends) > 1 else ""
        role = f" ({backend.role})" if backend.role else ""
        parts.append((f"{short_target(route, backend)}{weight}{role}", "error" if bad else ""))
    return tuple(parts) or Cell(glyphs.current.dash, "dim")


def ready_of(route: Route) -> tuple[int | None, int | None]:
    """Ready endpoints and all of them; the ports of one service have the same ones."""
    if route.controller == DIRECT:
        first = route.backends[0] if route.backends else None
        return (first.ready, first.total) if first is not None else (None, None)
    return route.ready, route.total


def use_words(use: Use, namespace: str) -> str:
    return use.name.removeprefix(f"{namespace}/")


def _middlewares(row: RouteRow) -> CellLike:
    parts: list[tuple[str, str]] = []
    for use in row.route.middlewares:
        if parts:
            parts.append((f" {glyphs.current.bullet} ", "dim"))
        style = "muted" if use.by else "" if use.state == FOUND else "unknown" if use.state == "elsewhere" else "error"
        parts.append((use_words(use, row.route.ref.namespace), style))
    return tuple(parts)


def _ready(row: RouteRow) -> CellLike:
    route = row.route
    ready, total = ready_of(route)
    if ready is None or total is None:
        return Cell("?" if route.backends and route.backends[0].ref else glyphs.current.dash, "dim")
    style = "error" if not ready else "warn" if ready < total else ""
    return Cell(f"{ready}/{total}", style)


def live_words(route: Route) -> tuple[str, str]:
    """What the proxy itself says, and its style."""
    signs = glyphs.current
    state = route.live.state
    if state is None:
        return ("", "") if route.controller == DIRECT else ("?", "dim")
    if state == "enabled":
        return f"{signs.ok} enabled", "ok"
    if state == "warning":
        return f"{signs.warn} warning", "warn"
    return f"{signs.error} {state}", "error"


def _mark(row: RouteRow) -> CellLike:
    if row.route.off is not None:
        return Cell(glyphs.current.paused, "error" if row.left == "overdue" else "warn")
    return Cell(*severity_sign(severity(row.route)))


def _problem(row: RouteRow) -> CellLike:
    route = row.route
    if route.off is not None:
        return Cell(f"off {row.left}".rstrip(), "error" if row.left == "overdue" else "warn")
    ordered = sorted(route.problems, key=lambda problem: SEVERITIES.index(problem.severity))
    if not ordered:
        return Cell(route.dropped, "error") if route.dropped else ""
    more = f" (+{len(ordered) - 1})" if len(ordered) > 1 else ""
    return Cell(ordered[0].text + more, severity_sign(ordered[0].severity)[1])


def _problem_order(row: RouteRow) -> Any:
    found = severity(row.route)
    return (SEVERITIES.index(found) if found else len(SEVERITIES), -len(row.route.problems))


def route_search(row: RouteRow) -> str:
    """What the filter looks in: the words of every column."""
    route = row.route
    return "\n".join(
        (
            route.ref.path, kind_words(route.ref), route.ref.title, route.match, " ".join(route.hosts),
            " ".join(route.ports), " ".join(use.name for use in route.middlewares),
            " ".join(target(item) for item in route.backends), row.tls_text, route.owner.name or route.owner.kind,
            route.live.state or "", route.live.name or "", route.dropped, " ".join(item.text for item in route.problems),
        )
    )  # fmt: skip


def owner_words(row: RouteRow) -> str:
    return row.route.owner.name or row.route.owner.kind


ROUTE_COLUMNS: tuple[Column[RouteRow], ...] = (
    Column("mark", "", _mark, width=1),
    Column("where", "host or rule", lambda row: where(row.route), lambda row: _host_key(row.route), flex=6, min_width=18,
           max_width=60),
    Column("route", "route", lambda row: path_words(row.route.ref), lambda row: row.route.ref.path, max_width=32,
           priority=1),
    Column("kind", "kind", lambda row: Cell(kind_words(row.route.ref), "muted"), lambda row: kind_words(row.route.ref),
           priority=6, min_terminal_width=110, max_width=16),
    Column("on", "on", lambda row: Cell(" ".join(row.route.ports), "muted"), lambda row: row.route.ports, priority=5,
           min_terminal_width=130, max_width=18, shorten="end"),
    Column("middlewares", "middlewares", _middlewares, lambda row: len(row.route.middlewares) or None, priority=7,
           min_terminal_width=150, max_width=36),
    Column("to", "to", _to, lambda row: [target(item) for item in row.route.backends], priority=3, max_width=26),
    Column("ready", "ready", _ready, lambda row: ready_of(row.route)[0], width=5, align="right"),
    Column("tls", "TLS", lambda row: Cell(row.tls_text, row.tls_style),
           lambda row: row.route.tls.not_after if row.route.tls else None, max_width=9, priority=4, flash=False),
    Column("priority", "prio", lambda row: Cell(str(row.route.priority or ""), "dim"), lambda row: row.route.priority,
           width=5, align="right", priority=9, min_terminal_width=190),
    Column("owner", "owner", lambda row: Cell(owner_words(row), "dim"), owner_words, priority=10,
           min_terminal_width=200, max_width=18),
    Column("live", "live", lambda row: Cell(*live_words(row.route)), lambda row: row.route.live.state, width=10,
           priority=8, min_terminal_width=120),
    Column("problems", "problems", _problem, _problem_order, flex=4, priority=2, shorten="end", min_width=20,
           flash=False),
)  # fmt: skip


# -- titles ---------------------------------------------------------------------------------------------------------------
VIEWS = {"list": "routes", "middlewares": "middlewares"}
"""The views that take turns; a trace is a third one that is asked for."""
Parts = tuple[tuple[str, str], ...]


def count_words(shown: int, total: int) -> str:
    return f"{total:,}" if shown == total else f"{shown:,}/{total:,}"


def routes_title(found: RouteList, rows: Iterable[RouteRow], shown: int, total: int, *, problems: bool) -> Parts:
    """``routes 42  2 broken  …``"""
    broken = sum(severity(row.route) == "error" for row in rows)
    parts: list[tuple[str, str]] = [("routes ", ""), (count_words(shown, total), "bold")]
    if broken:
        parts.append((f"  {broken} broken", "error"))
    if problems:
        parts.append(("  problems only", "warn"))
    if found.assumed and total:
        parts.append(("  no Traefik seen: web is taken for 80, websecure for 443", "muted"))
    if found.unknown:
        parts.append((f"  {glyphs.current.forbidden} {found.unknown}", "warn"))
    return tuple(parts)


def hosts_words(route: Route) -> str:
    """The route in a phrase: its hosts, its rule, or the port of a service without one."""
    if route.controller == DIRECT:
        return f"{listed(route.ports)} of {route.ref.title}"
    if route.hosts:
        return listed(list(route.hosts), 3)
    return route.match or f"everything on {listed(route.ports)}"
