"""A route through a middleware that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.doctor.routes import READS, Wanted, middlewares_of_routes, near, proven, said, sign
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import MIDDLEWARES, MIDDLEWARETCPS


def look(exam: Exam) -> Iterator[Sign]:
    found = exam.route_problems.get(CHECK.id, ())
    hints = _hints(exam) if found else {}
    for route, problem in found:
        if not proven(exam, route, problem):
            continue
        made = sign(route, problem)
        yield replace(made, evidence=(*made.evidence, *hints.get(route.ref, ())))


def _hints(exam: Exam) -> dict[Ref, list[str]]:
    """For each route what it may have meant by the names that do not exist."""
    kinds = (MIDDLEWARES, MIDDLEWARETCPS)
    there = {Wanted(kind.id, *key) for kind in kinds for key in exam.snapshot.table(kind).objects}
    found: dict[Ref, list[str]] = {}
    for route, wanted in middlewares_of_routes(exam.snapshot):
        if wanted not in there and (meant := near(wanted, there)):
            text = f"it names {wanted.namespace}/{wanted.name}; there is {listed(meant, word='or')}"
            found.setdefault(ref(route), []).append(text)
    return found


CHECK = Check(
    id="route-missing-middleware",
    title="a route through a middleware that does not exist",
    why="Traefik switches the whole route off; requests get 404 or fall to a less protected route.",
    fix="Create the Middleware, or correct its name or namespace in the route.",
    reads=READS,
    also=said,
    look=look,
    action="edit",
)
