"""Two routes with the same rule at the same entry point: one of them never gets a request, or which one is not defined."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.doctor.routes import READS, said
from pointsman.tui.answers.routes.model import Route, Router
from pointsman.tui.answers.words import listed


def look(exam: Exam) -> Iterator[Sign]:
    found: dict[object, dict[object, tuple[Route, Router, str]]] = {}
    for route in exam.routes:
        if route.dropped or not route.routers:
            continue
        for router in route.routers:
            rule = "".join(router.rule.replace('"', "`").split())
            for place in router.entry_points or (f"{router.gateway}:{router.port}",):
                key = (route.controller, route.served_by, place, route.protocol, rule, router.tls, router.priority)
                found.setdefault(key, {}).setdefault(route.ref, (route, router, place))
    told: set[frozenset[object]] = set()
    for items in found.values():
        pair = frozenset(items)
        if len(items) < 2 or pair in told:
            continue
        told.add(pair)
        yield _sign(list(items.values()))


def _sign(items: list[tuple[Route, Router, str]]) -> Sign:
    items.sort(key=lambda item: (item[1].rank, item[0].ref), reverse=True)
    first, router, place = items[0]
    second = items[1][0]
    names = [one.ref.title for one, _, _ in items]
    rule = router.rule or "everything"
    if router.rank == items[1][1].rank:
        end = "which of them gets the requests is not defined"
    else:
        end = f"{first.ref.title} gets them all"
    evidence = [
        f"{one.ref.title}: {', '.join(use.name for use in one.middlewares) or 'no middleware'}" for one, _, _ in items
    ]
    return Sign(
        "warn",
        second.ref,
        f"{listed(names)} have the same rule {rule} at {place}: {end}",
        tuple(evidence) if first.protocol == "http" else (),
        tuple(one.ref for one, _, _ in items),
    )


CHECK = Check(
    id="route-duplicate",
    title="routes with the same host and path",
    why="One of them is dead, or requests reach now one and now the other; if only one asks for a login, that is a hole.",
    fix="Delete one of them, tell their rules apart, or give the one that should win a priority.",
    reads=READS,
    also=said,
    look=look,
    action="edit",
)
