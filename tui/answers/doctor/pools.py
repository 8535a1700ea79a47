"""Findings that are problems of pools: each under the problem's own id."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Sign
from pointsman.tui.answers.ips import Problem
from pointsman.tui.answers.ips.model import Pool
from pointsman.tui.answers.words import plural


def by_problem(id: str) -> Callable[[Exam], Iterator[Sign]]:
    """A look for the pools that have the problem of this id."""

    def look(exam: Exam) -> Iterator[Sign]:
        for pool, problem in exam.pool_problems.get(id, ()):
            yield sign(exam, pool, problem)

    return look


def sign(exam: Exam, pool: Pool, problem: Problem, severity: str = "") -> Sign:
    waiting = exam.waiting.get(pool.name, ())
    evidence = [f"{pool.used} of {plural(pool.total, 'address', 'addresses')} used"] if pool.total is not None else []
    evidence += [f"{item.service.path} waits for an address of it" for item in waiting[:5]]
    return Sign(
        severity or problem.severity,
        pool.ref,
        f"pool {pool.name}: {problem.text}",
        tuple(evidence),
        tuple(item.service for item in waiting),
    )
