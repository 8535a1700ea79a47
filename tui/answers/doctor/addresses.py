"""Findings about addresses: each problem of the IP map under its own id, with what would mend it."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Finding
from pointsman.tui.answers.ips import Address, Problem
from pointsman.tui.answers.ips.build import FLAP
from pointsman.tui.answers.ips.cilium import LEASE_PREFIX
from pointsman.tui.answers.ips.fixes import FIXES
from pointsman.tui.answers.ips.model import IpKind
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.stack import cilium
from pointsman.tui.answers.stack.facts import facts
from pointsman.tui.model.kinds import LEASES
from pointsman.tui.model.times import age


def check(exam: Exam) -> Iterator[Finding]:
    for item in exam.ips.items:
        for problem in item.problems:
            yield finding(exam, item, problem)


def finding(exam: Exam, item: Address, problem: Problem) -> Finding:
    where = f"{item.ip} ({item.service.path})" if item.ip else item.service.path
    target = item.service
    if problem.id == FLAP and item.kind is IpKind.CILIUM_L2:
        target = _lease(exam, item) or target
    evidence = [
        f"announced by {one.node}, as {one.source} says"
        + (f", for {age(exam.snapshot.now - one.since)}" if one.since is not None else "")
        for one in item.announcers
    ]
    evidence.append(f"{item.backends_ready} of {item.backends_total} endpoints are ready")
    return Finding(
        problem.id,
        problem.severity,
        target,
        f"{where}: {problem.text}",
        tuple(evidence),
        FIXES.get(problem.id, ""),
        f"pointsman {item.ip or item.service.path}",
        (target, item.service) if target != item.service else (target,),
    )


def _lease(exam: Exam, item: Address) -> Ref | None:
    namespace = cilium.namespace(facts(exam.snapshot)) or "kube-system"
    name = f"{LEASE_PREFIX}{item.service.namespace}-{item.service.name}"
    return Ref(LEASES.id, namespace, name) if exam.snapshot.get(LEASES, namespace, name) else None
