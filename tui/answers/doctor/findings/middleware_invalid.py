"""A Middleware that Traefik refuses: none or two kinds in it, or an expression that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.doctor.routes import READS
from pointsman.tui.answers.routes.middlewares import middleware_list
from pointsman.tui.answers.words import plural


def look(exam: Exam) -> Iterator[Sign]:
    for item in middleware_list(exam.snapshot).items:
        for problem in item.problems if item.exists else ():
            if problem.id == CHECK.id:
                users = (*item.routes, *item.chains)
                used = f"{plural(len(users), 'route')} or chains go through it" if users else "nothing goes through it"
                severity = problem.severity if users else "warn"
                yield Sign(severity, item.ref, f"{item.ref.title}: {problem.text}", (used,), users)


CHECK = Check(
    id="middleware-invalid",
    title="a middleware that Traefik refuses",
    why="Traefik switches off every route that goes through it.",
    fix="Give the middleware exactly one kind, with values that Traefik can read.",
    reads=READS,
    look=look,
    action="edit",
)
