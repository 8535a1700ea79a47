"""A CiliumL2AnnouncementPolicy that announces nothing: Cilium cannot read its selectors, or both its switches are off."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ref import ref
from pointsman.tui.model.kinds import CILIUML2POLICIES

BAD = "io.cilium/bad-"


def look(exam: Exam) -> Iterator[Sign]:
    for policy in sorted(exam.snapshot.all(CILIUML2POLICIES), key=lambda item: item.key):
        spec = policy.body.spec
        bad = [item for item in policy.body.status.conditions if item.type.startswith(BAD) and item.status == "True"]
        for item in bad[:1]:
            what = item.type.removeprefix(BAD).replace("-", " ")
            text = (
                f"{ref(policy).title}: Cilium cannot use its {what}: {item.message or item.reason or 'no reason given'}"
            )
            yield Sign("error", ref(policy), text, tuple(f"condition {one.type} is True" for one in bad))
        if not bad and not spec.load_balancer_ips and not spec.external_ips:
            text = f"{ref(policy).title} announces nothing: loadBalancerIPs and externalIPs are both off, as by default"
            yield Sign("warn", ref(policy), text)


CHECK = Check(
    id="l2-policy-broken",
    title="an announcement policy of Cilium that cannot announce anything",
    why="It selects services and nodes, looks right, and no address is ever announced by it.",
    fix="Correct the selector that the condition names, or set loadBalancerIPs to true.",
    reads=(CILIUML2POLICIES,),
    look=look,
    action="edit",
)
