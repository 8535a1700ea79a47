"""Routes with the same rule at the same entry point: one of them never gets a request, or which one does is not defined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pointsman.tui.answers.ips.model import Problem
from pointsman.tui.answers.routes.model import Route, Router
from pointsman.tui.answers.words import listed

ID = "route-duplicate"
UNDECIDED = "which of them gets the requests is not defined"


@dataclass(frozen=True, slots=True)
class Twins:
    """Routes of different objects with the same rule at ``place``, the one that wins first; ``decided`` is False if nothing
    says which."""

    routes: tuple[Route, ...]
    rule: str
    place: str
    decided: bool


def duplicates(routes: Iterable[Route]) -> Iterator[Twins]:
    """Each group of objects once, at the first of the entry points that they share."""
    found: dict[object, dict[object, tuple[Route, Router, str]]] = {}
    for route in routes:
        if route.dropped or not route.routers:
            continue
        for router in route.routers:
            rule = "".join(router.rule.replace('"', "`").split())
            for place in router.entry_points or (f"{router.gateway}:{router.port}",):
                key = (route.controller, route.served_by, place, route.protocol, rule, router.tls, router.priority)
                found.setdefault(key, {}).setdefault(route.ref, (route, router, place))
    told: set[frozenset[object]] = set()
    for items in found.values():
        group = frozenset(items)
        if len(items) < 2 or group in told:
            continue
        told.add(group)
        ranked = sorted(items.values(), key=lambda item: (item[1].rank, item[0].ref), reverse=True)
        _, router, place = ranked[0]
        yield Twins(
            tuple(route for route, _, _ in ranked), router.rule or "everything", place, router.rank != ranked[1][1].rank
        )


def marked(routes: tuple[Route, ...]) -> tuple[Route, ...]:
    """The routes, with the problem on each that may be left without requests by another."""
    said: dict[object, Problem] = {}
    for twins in duplicates(routes):
        for route in twins.routes[1:] if twins.decided else twins.routes:
            others = [other.ref.title for other in twins.routes if other.ref != route.ref]
            end = f"{twins.routes[0].ref.title} gets all requests" if twins.decided else UNDECIDED
            verb = "has" if len(others) == 1 else "have"
            text = f"{listed(others)} {verb} the same rule at {twins.place}: {end}"
            said.setdefault(route.key, Problem(ID, "warn", text))
    if not said:
        return routes
    return tuple(
        route if (found := said.get(route.key)) is None else replace(route, problems=(*route.problems, found))
        for route in routes
    )
