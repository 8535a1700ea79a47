"""Findings that are problems of the IP map: each under the problem's own id."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Sign
from pointsman.tui.answers.ips import Address, Problem
from pointsman.tui.answers.ips.build import READS as OBJECTS
from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.kinds import LEASES, METALLBPOOLS, NODES
from pointsman.tui.model.times import age

READS = (*OBJECTS, LEASES)
"""All that the IP map reads."""


def by_problem(id: str) -> Callable[[Exam], Iterator[Sign]]:
    """A look for the addresses that have the problem of this id."""

    def look(exam: Exam) -> Iterator[Sign]:
        for item, problem in exam.address_problems.get(id, ()):
            yield sign(exam, item, problem)

    return look


def sign(exam: Exam, item: Address, problem: Problem, target: Ref | None = None) -> Sign:
    """``target`` is what the finding is at, if not the service. The announcing nodes and the pool are among the objects."""
    where = f"{item.ip} ({item.service.path})" if item.ip else item.service.path
    evidence = [
        f"announced by {one.node}, as {one.source} says"
        + (f", for {age(exam.snapshot.now - one.since)}" if one.since is not None else "")
        for one in item.announcers
    ]
    evidence.append(f"{item.backends_ready} of {item.backends_total} endpoints are ready")
    nodes = [Ref(NODES.id, "", one.node) for one in item.announcers]
    pools = [pool.ref for pool in exam.ips.pools if item.pool and pool.name == item.pool]
    pools.sort(key=lambda found: found.kind != METALLBPOOLS.id)
    return Sign(
        problem.severity,
        target or item.service,
        f"{where}: {problem.text}",
        tuple(evidence),
        (item.service, *pools[:1], *nodes),
    )
