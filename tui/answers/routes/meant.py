"""Where no router takes a request: the routes that were probably meant to, and why each of them does not. Labelled by its words:
none of them is a router that could have been asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pointsman.tui.answers.routes.language import Asked, checked_rule
from pointsman.tui.answers.routes.model import DIRECT, TRAEFIK, Route, Router
from pointsman.tui.answers.routes.routing import Loser
from pointsman.tui.answers.routes.traefik import Traefik
from pointsman.tui.answers.words import listed

MOST = 5


def meant(routes: Iterable[Route], asked: Asked, traefik: Traefik) -> tuple[Loser, ...]:
    """At most a few, each object once."""
    found: dict[object, Loser] = {}
    for route in routes:
        if route.protocol != "http" or route.controller == DIRECT or route.ref in found:
            continue
        why = next(_why(route, asked, traefik), "")
        if why:
            found[route.ref] = Loser(route, why)
            if len(found) == MOST:
                break
    return tuple(found.values())


def _why(route: Route, asked: Asked, traefik: Traefik) -> Iterator[str]:
    host = asked.host
    if route.controller != TRAEFIK:
        if host and host in route.hosts:
            said = route.dropped if route.off is not None else next((problem.text for problem in route.problems), "")
            yield f"names {host}, but {said or f'is for another controller ({route.controller})'}"
        return
    for router in route.routers:
        if router.error:
            if host and _quotes(router.rule, host):
                yield f"names {host}, but its rule is invalid: {router.error}"
        elif not _is_anywhere(router, traefik):
            rule, _ = checked_rule(router.rule, "http", router.syntax)
            if rule is not None and rule.matches(asked):
                names = listed(list(router.entry_points))
                yield f"matches, but is on entry point {names}, which does not exist"


def _quotes(rule: str, host: str) -> bool:
    return any(f"{quote}{host}{quote}" in rule.lower() for quote in "`\"'")


def _is_anywhere(router: Router, traefik: Traefik) -> bool:
    return traefik.assumed or any(name.lower() in traefik.entry_points for name in router.entry_points)
