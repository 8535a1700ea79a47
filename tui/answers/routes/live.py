"""What Traefik itself says, joined to the routes: state and errors of each, what it ignores, what it runs from elsewhere.

Its word counts where it is current: a router that it switched off or never made does not exist for requests, whatever the
objects look like, and one that it runs does. Old news are shown with what they say, and change nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pointsman.tui.answers.ips.model import Problem
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes import names
from pointsman.tui.answers.routes.context import Context
from pointsman.tui.answers.routes.language import checked_rule
from pointsman.tui.answers.routes.model import (
    BY_TRAEFIK,
    DISABLED,
    ENABLED,
    NOT_ASKED,
    NOT_LOADED,
    TRAEFIK,
    WARNING,
    WORST,
    Backend,
    Live,
    Route,
    Router,
    Tls,
)
from pointsman.tui.answers.words import from_files, listed
from pointsman.tui.model import proxies
from pointsman.tui.model.kinds import KINDS, MIDDLEWARES, MIDDLEWARETCPS, TRAEFIKSERVICES
from pointsman.tui.model.meta import Key
from pointsman.tui.model.times import epoch
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot, State

LINK = "traefik"
NOT_OURS = "no route of Traefik's"
NGINX = "kubernetesingressnginx"
DEPTH = 4
"""How deep weighted services are looked into for servers that are down."""
RUNS = (ENABLED, WARNING)
CONFLICT = "TLSOptions configuration is conflicting"


def key_of(snapshot: Snapshot) -> tuple[object, ...]:
    """What of the snapshot the join depends on, beside the objects."""
    link = snapshot.links.get(LINK)
    return (snapshot.traefik.version, link.state if link else None, link.detail if link else "")


class _Index:
    """One replica, looked up by name and by the object that a router was made from."""

    def __init__(self, said: proxies.Replica) -> None:
        self.where = said.where
        self.workload = Ref(*said.workload) if said.workload is not None else None
        self.routers = {(item.protocol, item.name): item for item in said.routers}
        self.services = {(item.protocol, item.name): item for item in said.services}
        self.by_object: dict[tuple[str, str, str], list[proxies.Router]] = defaultdict(list)
        for item in said.routers:
            if item.ingress is not None:
                self.by_object[item.ingress].append(item)
        self.certificates = said.certificates or ()
        self.claimed: set[tuple[str, str]] = set()
        self.objects: set[tuple[str, str, str]] = set()
        """Kind, namespace and name of every object among the routes."""

    def find(self, route: Route, router: Router) -> tuple[proxies.Router, ...]:
        """What it made of one of our routers: one of its own, none, or (for an Ingress of the class nginx) two."""
        made_from = (KINDS[route.ref.kind].kind, *route.ref.key)
        called = [
            found
            for name in (
                *router.names,
                *(f"{point}-conflicted-{name}" for point in router.entry_points for name in router.names),
            )
            if (found := self.routers.get((route.protocol, name))) is not None and found.ingress in (None, made_from)
        ]
        if called:
            # Of several that may be meant the one with the very rule.
            return (self._claim(next((found for found in called if found.rule == router.rule), called[0])),)
        near = [found for found in self.by_object.get(made_from, ()) if found.protocol == route.protocol]
        same = [found for found in near if found.rule == router.rule][:1]
        same = same or [found for found in near if found.provider == NGINX and set(_hosts(found)) == set(route.hosts)]
        return tuple(map(self._claim, same))

    def _claim(self, found: proxies.Router) -> proxies.Router:
        self.claimed.add((found.protocol, found.name))
        return found

    def certificate(self, host: str) -> proxies.Certificate | None:
        """What it shows for a host: the one with the very name before a wildcard, the one that ends last."""
        fitting = [item for item in self.certificates if any(names.covers(name, host) for name in item.sans)]
        return max(fitting, key=lambda item: (host in item.sans, epoch(item.not_after) or 0.0), default=None)

    def down(self, router: proxies.Router) -> Iterator[str]:
        """Servers behind a router that Traefik's health check does not call UP."""
        todo = [(_with_provider(router.service, router.provider), 0)] if router.service else []
        while todo:
            name, depth = todo.pop()
            service = self.services.get((router.protocol, name))
            if service is None or depth > DEPTH:
                continue
            yield from (where for where, state in service.health if state.upper() != "UP")
            todo += [(_with_provider(child, service.provider), depth + 1) for child, _ in service.children]


@dataclass(frozen=True, slots=True)
class _News:
    """``why`` says why there is none, or how much to make of it; ``current`` whether it counts."""

    replicas: tuple[_Index, ...]
    why: str
    current: bool


def _news(snapshot: Snapshot) -> _News:
    link = snapshot.links.get(LINK)
    found = tuple(_Index(item) for item in snapshot.traefik.replicas)
    if from_files(snapshot) or link is None:
        return _News((), NOT_ASKED, False)
    if found and link.state is State.LIVE:
        return _News(found, "", True)
    if found:
        return _News(found, f"old news: {link.detail}" if link.detail else "old news", False)
    return _News((), link.detail or NOT_ASKED, False)


def join(ctx: Context, routes: Sequence[Route], snapshot: Snapshot) -> tuple[Route, ...]:
    """The routes with what Traefik says of them, and a row for each of its routers that no object here stands behind."""
    news = _news(snapshot)
    if not news.replicas:
        unknown = Live(why=news.why)
        foreign = Live(why=NOT_OURS)
        return tuple(replace(route, live=unknown if route.controller == TRAEFIK else foreign) for route in routes)
    for index in news.replicas:
        index.objects = {(KINDS[route.ref.kind].kind, *route.ref.key) for route in routes}
    found = [_joined(route, _of(route, news.replicas), news) for route in routes]
    return (*found, *_strangers(ctx, news))


def _of(route: Route, replicas: Iterable[_Index]) -> list[_Index]:
    """The replicas that a route is for: those of its Traefik, and one at an address, which is nobody's in particular."""
    return [item for item in replicas if item.workload is None or item.workload == route.served_by]


def _joined(route: Route, replicas: list[_Index], news: _News) -> Route:
    by_nginx = route.controller != TRAEFIK and any((KINDS[route.ref.kind].kind, *route.ref.key) in item.by_object
                                                   for item in news.replicas)  # fmt: skip
    if by_nginx:
        replicas = list(news.replicas)  # an Ingress of the class nginx, which Traefik can serve too
    elif route.controller != TRAEFIK:
        return replace(route, live=Live(why=NOT_OURS))
    if not replicas:
        return replace(route, live=Live(why="this Traefik did not answer"))
    asked = [
        [(index, item) for index in replicas for item in index.find(route, router) or (None,)]
        for router in route.routers
    ]
    said = [answer for row in asked for _, answer in row]
    state, worst = _worst(said)
    errors = tuple(dict.fromkeys(text for item in said if item is not None for text in item.errors))
    down = tuple(dict.fromkeys(where for row in asked for index, item in row if item is not None
                               for where in index.down(item)))  # fmt: skip
    called = list(dict.fromkeys(item.name for item in said if item is not None))
    name = worst.name if worst is not None else next((n for router in route.routers for n in router.names), None)
    live = Live(
        name, state, errors, news.why or (route.dropped if state == NOT_LOADED else ""),
        worst.service if worst is not None else "", down, tuple(other for other in called if other != name),
    )  # fmt: skip
    route = replace(route, live=live, tls=_held(route, replicas))
    return _believed(route, asked, said) if news.current else route


def _held(route: Route, replicas: Iterable[_Index]) -> Tls | None:
    """The route's TLS, with the certificate that Traefik holds where none of the objects says which one it is."""
    tls = route.tls
    if tls is None or tls.secret is not None or tls.passthrough or tls.not_after is not None or not route.hosts:
        return tls
    for index in replicas:
        held = index.certificate(route.hosts[0].lower())
        if held is not None and (ends := epoch(held.not_after)) is not None:
            return replace(tls, not_after=ends, detail=f"{tls.detail}: Traefik holds one for {listed(held.sans)}")
    return tls


def _worst(said: Sequence[proxies.Router | None]) -> tuple[str, proxies.Router | None]:
    """The worst state there is, and a router in it. A state this program does not know counts as enabled: it is there."""
    ranked = sorted(said, key=lambda item: WORST.index(_state(item)))
    if not ranked:
        return NOT_LOADED, None
    first = ranked[0]
    return _state(first), first if first is not None else next((item for item in ranked if item is not None), None)


def _state(item: proxies.Router | None) -> str:
    if item is None:
        return NOT_LOADED
    return item.status if item.status in WORST else ENABLED


def _believed(
    route: Route, asked: list[list[tuple[_Index, proxies.Router | None]]], said: list[proxies.Router | None]
) -> Route:
    """The route as Traefik runs it or does not run it."""
    live = route.live
    problems = list(route.problems)
    dropped = route.dropped
    runs = any(_state(item) in RUNS for item in said)
    if runs and dropped:
        text = f"Traefik runs it all the same: its router {live.name} is {live.state}"
        problems.append(Problem("route-live-differs", "info", text))
        dropped = ""
    elif not runs and not dropped and live.state == DISABLED:
        dropped = f"Traefik has switched it off: {listed(live.errors) or 'it does not say why'}"
        problems.append(Problem("route-disabled", "error", dropped))
    elif not runs and not dropped:
        dropped = f"Traefik has not loaded it: its API has no router {live.name or 'for it'}"
        problems.append(Problem("route-not-loaded", "error", dropped))
    elif runs and any(CONFLICT in text for text in live.errors):
        text = "another route of the same host asks for other TLS options: Traefik uses the default ones for both"
        problems.append(Problem("route-tls-conflict", "warn", text))
    elif live.state == WARNING and live.errors and not problems:
        problems.append(Problem("route-live-warning", "warn", f"Traefik warns: {listed(live.errors)}"))
    for row in asked:
        states = {_state(item) for _, item in row}
        if len(states) > 1:
            words = listed([f"{_state(item)} on {index.where}" for index, item in row], 6)
            problems.append(Problem("route-replicas-differ", "warn", f"Traefik's replicas do not agree: {words}"))
            break
    if live.down:
        text = f"Traefik's health check finds {listed(live.down)} down"
        problems.append(Problem("route-server-down", "warn", text))
    return replace(route, problems=tuple(problems), dropped=dropped)


# -- routers that no object here stands behind ----------------------------------------------------------------------------
def _strangers(ctx: Context, news: _News) -> Iterator[Route]:
    seen: dict[tuple[Ref | None, str, str], list[tuple[_Index, proxies.Router]]] = defaultdict(list)
    for index in news.replicas:
        for key, item in index.routers.items():
            # A router of an object that is here, but with another rule, is of a moment ago.
            if item.provider == proxies.INTERNAL or key in index.claimed or item.ingress in index.objects:
                continue
            seen[(index.workload, *key)].append((index, item))
    for (workload, _, _), found in sorted(seen.items(), key=lambda entry: entry[0][1:]):
        yield _stranger(ctx, workload, found, news)


def _stranger(ctx: Context, workload: Ref | None, found: list[tuple[_Index, proxies.Router]], news: _News) -> Route:
    state, worst = _worst([item for _, item in found])
    index, item = found[0]
    item = worst or item
    traefik = next((one for one in ctx.traefiks if one.ref == workload), ctx.traefiks[0])
    syntax = "v2" if item.syntax == "v2" else "v3"
    rule, error = checked_rule(item.rule, item.protocol, syntax) if item.rule else (None, None)
    priority = item.priority or 0
    points = tuple(name.lower() for name in item.using or item.entry_points)
    router = Router(
        item.rule, syntax, priority, False, (priority, traefik.precedence.get(item.provider, -50)), points, item.tls,
        item.passthrough, error=str(error) if error is not None else "", names=(item.name,),
    )  # fmt: skip
    uses = tuple(ctx.use_reference(_with_provider(word, item.provider)) for word in item.middlewares)
    service = _with_provider(item.service, item.provider)
    down = tuple(index.down(item))
    live = Live(item.name, state, item.errors, news.why, service, down)
    dropped = ""
    problems = []
    if state == DISABLED:
        dropped = f"Traefik has switched it off: {listed(item.errors) or 'it does not say why'}"
        problems.append(Problem("route-disabled", "error", dropped))
    elif state == WARNING and item.errors:
        problems.append(Problem("route-live-warning", "warn", f"Traefik warns: {listed(item.errors)}"))
    if down:
        problems.append(Problem("route-server-down", "warn", f"Traefik's health check finds {listed(down)} down"))
    return Route(
        Ref(BY_TRAEFIK, "", item.name), 0, item.protocol, TRAEFIK, rule.hosts if rule is not None else (), item.rule,
        (router,), item.entry_points, ctx.port_words(traefik, points), uses, (Backend(service, None),),
        Tls(None, None, "passed through" if item.passthrough else "", item.passthrough) if item.tls else None,
        item.priority, live=live, problems=tuple(problems), dropped=dropped, served_by=traefik.ref,
    )  # fmt: skip


def _with_provider(name: str, provider: str) -> str:
    """Names inside a router are short where they are of its own provider."""
    return name if "@" in name or not provider else f"{name}@{provider}"


def _hosts(item: proxies.Router) -> tuple[str, ...]:
    rule, _ = checked_rule(item.rule, "http", "v2" if item.syntax == "v2" else "v3")
    return rule.hosts if rule is not None else ()


# -- middlewares and services ---------------------------------------------------------------------------------------------
@memoized(MIDDLEWARES, MIDDLEWARETCPS, TRAEFIKSERVICES, also=key_of)
def parts(snapshot: Snapshot) -> Mapping[tuple[str, Key], Live]:
    """What Traefik says of each Middleware, MiddlewareTCP and TraefikService, by the kind's id and the object's key.

    ``missing`` is one that a live API does not list: its Secret is not there, or Traefik does not read its namespace.
    """
    news = _news(snapshot)
    result: dict[tuple[str, Key], Live] = {}
    for kind, protocol in ((MIDDLEWARES, "http"), (MIDDLEWARETCPS, "tcp"), (TRAEFIKSERVICES, "http")):
        tables: list[dict[tuple[str, str], proxies.Middleware | proxies.Service]] = []
        for replica in snapshot.traefik.replicas:
            items = replica.services if kind is TRAEFIKSERVICES else replica.middlewares
            tables.append({(item.protocol, item.name): item for item in items})
        for obj in snapshot.all(kind):
            if not news.replicas:
                result[(kind.id, obj.key)] = Live(why=news.why)
                continue
            called = names.of_object(obj.key)
            found = [next((table[(protocol, name)] for name in called if (protocol, name) in table), None)
                     for table in tables]  # fmt: skip
            there = [item for item in found if item is not None]
            worst = min(
                (item.status if item.status in WORST else ENABLED for item in there), key=WORST.index, default=""
            )
            errors = tuple(dict.fromkeys(text for item in there for text in item.errors))
            result[(kind.id, obj.key)] = Live(
                there[0].name if there else called[0],
                worst if len(there) == len(found) else NOT_LOADED,
                errors,
                news.why,
            )
    return result
