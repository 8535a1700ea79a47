"""A pool without a free address: broken if somebody waits, else a warning."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor import pools
from pointsman.tui.answers.doctor.addresses import READS
from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign


def look(exam: Exam) -> Iterator[Sign]:
    for pool, problem in exam.pool_problems.get(CHECK.id, ()):
        yield pools.sign(exam, pool, problem, problem.severity if exam.waiting.get(pool.name) else "warn")


CHECK = Check(
    id="pool-exhausted",
    title="a pool without a free address",
    why="The next service that asks gets no address, and says so only in an event that is gone after an hour.",
    fix="Add a range to the pool, or free an address.",
    reads=READS,
    look=look,
    action="edit",
)
