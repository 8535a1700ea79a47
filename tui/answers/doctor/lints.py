"""Findings that are doubts about policies: each lint under an id of the doctor's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Sign
from pointsman.tui.answers.policies.index import READ

READS = READ
"""All that the policies' index reads."""


def by_lint(id: str) -> Callable[[Exam], Iterator[Sign]]:
    """A look for the policies that have the lint of this id."""

    def look(exam: Exam) -> Iterator[Sign]:
        for target, lint in exam.lints.get(id, ()):
            where = (f"at {lint.rule}",) if lint.rule else ()
            yield Sign(lint.severity, target, f"{target.title}: {lint.text}", where)

    return look
