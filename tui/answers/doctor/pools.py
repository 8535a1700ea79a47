"""Findings about pools: exhausted, overlapping, in conflict, unreadable. That a pool is announced by nothing is told at
its addresses, where it matters; of a pool without any it is only worth knowing."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Finding
from pointsman.tui.answers.ips import Address
from pointsman.tui.answers.ips.fixes import FIXES
from pointsman.tui.answers.words import plural


def check(exam: Exam) -> Iterator[Finding]:
    queue: dict[str, list[Address]] = {}
    for item in exam.ips.items:
        if item.ip is None and item.pool:
            queue.setdefault(item.pool, []).append(item)
    for pool in exam.ips.pools:
        waiting = queue.get(pool.name, [])
        for problem in pool.problems:
            severity = problem.severity
            if problem.id == "ip-not-announced":
                if pool.used:
                    continue
                severity = "info"
            if problem.id == "pool-exhausted" and not waiting:
                severity = "warn"  # it is full, and nobody has asked for more yet
            evidence = (
                [f"{pool.used} of {plural(pool.total, 'address', 'addresses')} used"] if pool.total is not None else []
            )
            evidence += [f"{item.service.path} waits for an address of it" for item in waiting[:5]]
            yield Finding(
                problem.id,
                severity,
                pool.ref,
                f"pool {pool.name}: {problem.text}",
                tuple(evidence),
                FIXES.get(problem.id, ""),
                "pointsman ips",
                (pool.ref, *(item.service for item in waiting)),
            )
