"""Two routes with the same rule at the same entry point: one of them never gets a request, or which one is not defined."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.doctor.routes import READS, said
from pointsman.tui.answers.routes.duplicates import ID, UNDECIDED, duplicates
from pointsman.tui.answers.words import listed


def look(exam: Exam) -> Iterator[Sign]:
    for twins in duplicates(exam.routes):
        names = [one.ref.title for one in twins.routes]
        end = f"{names[0]} gets them all" if twins.decided else UNDECIDED
        evidence = [
            f"{one.ref.title}: {', '.join(use.name for use in one.middlewares) or 'no middleware'}"
            for one in twins.routes
        ]
        yield Sign(
            "warn",
            twins.routes[1].ref,
            f"{listed(names)} have the same rule {twins.rule} at {twins.place}: {end}",
            tuple(evidence) if twins.routes[0].protocol == "http" else (),
            tuple(one.ref for one in twins.routes),
        )


CHECK = Check(
    id=ID,
    title="routes with the same host and path",
    why="One of them is dead, or requests reach now one and now the other; if only one asks for a login, that is a hole.",
    fix="Delete one of them, tell their rules apart, or give the one that should win a priority.",
    reads=READS,
    also=said,
    look=look,
    action="edit",
)
