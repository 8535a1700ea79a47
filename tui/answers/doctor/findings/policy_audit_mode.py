"""Cilium in audit mode: what policies would deny is only logged."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.stack import cilium
from pointsman.tui.answers.stack.counts import POLICIES
from pointsman.tui.answers.words import plural
from pointsman.tui.model.kinds import CONFIGMAPS


def look(exam: Exam) -> Iterator[Sign]:
    values = cilium.config(exam.facts)
    count = sum(exam.snapshot.count(kind) for kind in POLICIES)
    if values is None or not count or not cilium.on(values, "policy-audit-mode") or not cilium.enforces(values):
        return
    target = Ref(CONFIGMAPS.id, cilium.namespace(exam.facts) or "kube-system", "cilium-config")
    yield Sign(
        "warn",
        target,
        f"Cilium is in audit mode: {plural(count, 'policy')} deny nothing, they only log what they would deny",
        ("cilium-config: policy-audit-mode: true",),
    )


CHECK = Check(
    id="policy-audit-mode",
    title="Cilium in audit mode",
    why="It is meant for trying policies out; left on, none of them protects anything.",
    fix="Set policyAuditMode to false when the log holds no surprise any more.",
    reads=(*FACTS, *POLICIES),
    look=look,
    needs=(CONFIGMAPS,),
)
