"""Routes, middlewares and the hops of a trace in words, for the drawer of the Routes pane."""

from __future__ import annotations

from pointsman.tui.answers.routes.middlewares import Middleware, MiddlewareList
from pointsman.tui.answers.routes.model import DIRECT, FOUND, Backend, Route, Use
from pointsman.tui.answers.words import listed, plural
from pointsman.tui.model.times import age
from pointsman.tui.views.explain import OBJECT, WITH_PODS, Told, facts, tint
from pointsman.tui.views.middlewares import MiddlewareRow, users
from pointsman.tui.views.policytell import Piece, sentence
from pointsman.tui.views.routes import (
    RouteRow,
    hosts_words,
    kind_words,
    live_words,
    severity,
    target,
)

MOST_USERS = 24


def tell_route(row: RouteRow, middlewares: MiddlewareList, now: float) -> Told:
    """A route: what it does in one sentence, what is wrong with it, then each step on the way."""
    route = row.route
    grade = severity(route)
    evidence: list[Piece] = [(sentence(item.text), "", item.severity) for item in route.problems]
    if route.off is not None:
        when = "It is switched on again only by hand." if route.off.until is None else f"It comes back in {row.left}."
        evidence.append(("Its time is over: it should be on again." if row.left == "overdue" else when, "", "warn"))
    elif route.dropped and not route.problems:
        evidence.append((sentence(route.dropped), "", "error"))
    evidence += _steps(route, middlewares)
    return Told(
        f"{kind_words(route.ref)} {route.ref.path}" if route.controller != DIRECT else route.ref.title,
        tint(_headline(route), "warn" if route.off is not None else "error" if route.dropped else grade),
        tuple(evidence),
        facts(
            ("TLS", _tls(route, now)),
            ("priority", _priority(route)),
            ("live", _live(route)),
            ("owner", route.owner.text or route.owner.name or route.owner.kind),
        ),
        (),
        (
            "trace",
            *(("toggle", "edit", "routes.middlewares") if route.controller != DIRECT else ()),
            *WITH_PODS,
            "copy",
        ),
    )


def _headline(route: Route) -> str:
    asked = hosts_words(route)
    if route.dropped:
        return f"{asked} is not handled by {route.ref.title}: {sentence(route.dropped)}"
    if not route.backends:
        return f"{asked} leads to no service."
    to = listed([f"{target(item)}{_ready(item)}" for item in route.backends if not item.role], 4)
    if route.controller == DIRECT:
        return f"{asked} is reached at its own address{_ready(route.backends[0])}; no route stands between."
    names = [use.name for use in route.middlewares]
    through = f" through {listed(names, 5)}" if names else ""
    return f"{asked} goes to {to}{through}."


def _ready(backend: Backend) -> str:
    if backend.ready is None or backend.total is None:
        return ""
    return f" ({backend.ready} of {backend.total} ready)"


def _steps(route: Route, middlewares: MiddlewareList) -> list[Piece]:
    """Entry point, rule, middlewares in order, services."""
    pieces: list[Piece] = []
    if route.controller == DIRECT:
        return [(f"endpoint {server.ip}:{server.port}", server.node, "ok" if server.ready else "warn")
                for backend in route.backends for server in backend.servers[:MOST_USERS]]  # fmt: skip
    if route.ports:
        pieces.append((f"on {listed(route.ports)}", "entry points", "info"))
    for router in route.routers[:8]:
        rule = router.rule or "everything"
        pieces.append(
            (rule, f"rule{'' if router.syntax == 'v3' else ' in v2 syntax'}", "error" if router.error else "info")
        )
    known = {item.ref: item for item in middlewares.items if item.exists}
    for number, use in enumerate(route.middlewares, start=1):
        pieces.append(_use(number, use, known.get(use.ref) if use.ref is not None else None))
    for backend in route.backends:
        weight = f", weight {backend.weight}" if backend.weight is not None else ""
        role = f", {backend.role}" if backend.role else ""
        state = "error" if backend.problem is not None else "unknown" if backend.ready is None else "ok"
        if backend.ref is None:
            state = "info"
        pieces.append((f"to {target(backend)}{_ready(backend)}{weight}{role}", backend.external, state))
    return pieces


def _use(number: int, use: Use, item: Middleware | None) -> Piece:
    by = f"default of entry point {use.by}" if use.by else ""
    if item is not None:
        return (
            f"{number}. {use.name}: {item.kind or 'invalid'}: {item.text}",
            by,
            "error" if item.problems else "info",
        )
    if use.inline:
        return (f"{number}. {use.name}", "in the route itself", "info")
    if use.state == FOUND:
        return (f"{number}. {use.name}", by or "Traefik's own", "info")
    return (f"{number}. {use.why or use.name}", by, "error" if use.state in ("missing", "forbidden") else "unknown")


def _tls(route: Route, now: float) -> str:
    tls = route.tls
    if tls is None:
        return "none" if route.protocol == "http" and route.controller != DIRECT else ""
    if tls.passthrough:
        return "passed on to the service as it is"
    where = f"Secret {tls.secret.path}" if tls.secret is not None else tls.detail or "the controller's own"
    if tls.not_after is None:
        return where if tls.secret is None or not tls.detail else f"{where}: {tls.detail}"
    left = tls.not_after - now
    ends = f"ended {age(-left)} ago" if left <= 0 else f"ends in {age(left)}"
    return f"{where}, {ends}{f' ({tls.detail})' if tls.detail else ''}"


def _priority(route: Route) -> str:
    if route.priority is None:
        return ""
    computed = any(router.computed for router in route.routers)
    return f"{route.priority}{', from the length of the rule' if computed else ', as written'}"


def _live(route: Route) -> str:
    if route.controller == DIRECT:
        return ""
    if route.live.state is None:
        return f"unknown: {route.live.why}"
    errors = f": {'; '.join(route.live.errors)}" if route.live.errors else ""
    name = f" as {route.live.name}" if route.live.name else ""
    return f"{live_words(route)[0]}{name}{errors}"


def tell_middleware(row: MiddlewareRow) -> Told:
    """A middleware: what it does, who uses it, what would be lost without it."""
    item = row.item
    if not item.exists:
        head = f"{item.ref.title} {item.text}; {users(item)} named it."
        fix: tuple[str, ...] = ("Create it, or take it out of the routes: Traefik switches them off as they are.",)
    elif not item.kind:
        head, fix = f"{item.ref.title} {item.text}.", ("Leave exactly one kind in its spec.",)
    else:
        head, fix = f"{item.ref.name} ({item.kind}): {sentence(item.text)}", ()
    evidence: list[Piece] = [(sentence(problem.text), "", problem.severity) for problem in item.problems]
    named = [*item.routes, *item.chains]
    evidence += [(f"used by {ref.title}", "", "info") for ref in named[:MOST_USERS]]
    if len(named) > MOST_USERS:
        evidence.append((f"and {plural(len(named) - MOST_USERS, 'more')}", "", "skipped"))
    evidence += [(f"default of entry point {name}", "", "info") for name in item.points]
    if item.exists and not item.used:
        evidence.append(("Nothing uses it.", "", "skipped"))
    if item.guards and item.used:
        evidence.append(("It keeps somebody out: without it those routes are open to more people.", "", "warn"))
    return Told(
        item.ref.title,
        tint(head, "error" if item.problems else ""),
        tuple(evidence),
        facts(("owner", item.owner.text or item.owner.name if item.exists else "")),
        fix,
        OBJECT if item.exists else (),
    )
