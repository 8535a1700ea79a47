"""Every check, one line each: a function from an :class:`Exam` to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pointsman.tui.answers.doctor import addresses, balancers, certificates, components, policies, pools, routes
from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import SEVERITIES, Finding
from pointsman.tui.store.snapshot import Snapshot

CHECKS: tuple[Callable[[Exam], Iterator[Finding]], ...] = (
    components.nodes,
    components.components,
    addresses.check,
    balancers.check,
    pools.check,
    routes.missing_services,
    routes.missing_middlewares,
    policies.invalid,
    policies.not_enforced,
    policies.selects_nothing,
    certificates.check,
)


def findings(snapshot: Snapshot) -> tuple[Finding, ...]:
    """All findings, the worst first; of equal severity in the order of the checks, then by object."""
    exam = Exam(snapshot)
    found = [item for check in CHECKS for item in check(exam)]
    return tuple(sorted(dict.fromkeys(found), key=lambda item: SEVERITIES.index(item.severity)))
