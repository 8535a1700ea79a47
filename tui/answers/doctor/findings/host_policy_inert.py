"""Policies for nodes while Cilium's host firewall is off."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.lints import READS
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.stack import cilium
from pointsman.tui.model.kinds import CILIUMCLUSTERWIDENETWORKPOLICIES, CONFIGMAPS


def look(exam: Exam) -> Iterator[Sign]:
    values = cilium.config(exam.facts)
    if values is None or cilium.on(values, "enable-host-firewall") or not exam.snapshot.count(CLUSTERWIDE):
        return
    for policy in exam.policies.policies:
        if policy.ref.kind == CLUSTERWIDE.id and any(section.on_nodes for section in policy.sections):
            yield Sign(
                "warn",
                policy.ref,
                f"{policy.ref.title} is for nodes, and Cilium's host firewall is off: it has no effect",
                (f"cilium-config: enable-host-firewall: {values.get('enable-host-firewall', 'false by default')}",),
            )


CLUSTERWIDE = CILIUMCLUSTERWIDENETWORKPOLICIES

CHECK = Check(
    id="host-policy-inert",
    title="a policy for nodes while Cilium's host firewall is off",
    why="It looks like a firewall for the machines and lets everything in.",
    fix="Set hostFirewall.enabled, after a look at what the policy would cut off (SSH, 6443, 10250, 4240).",
    reads=READS,
    look=look,
    needs=(CONFIGMAPS,),
    follows=("policy-not-enforced", "policy-invalid"),
)
