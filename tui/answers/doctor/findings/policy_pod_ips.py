"""A CIDR that means pods."""

from __future__ import annotations

from pointsman.tui.answers.doctor.lints import READS, by_lint
from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.model.kinds import NAMESPACES, PODS

CHECK = Check(
    id="policy-pod-ips",
    title="a policy that names pods by their addresses",
    why="Cilium never matches pods by CIDR, and addresses change with every restart.",
    fix="Select the pods by label.",
    reads=READS,
    look=by_lint("pod-ips"),
    needs=(
        PODS,
        NAMESPACES,
    ),
    live=True,
    follows=("policy-not-enforced", "policy-invalid", "policy-selects-nothing"),
    action="edit",
)
