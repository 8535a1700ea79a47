"""A CIDR that holds cluster IPs of services, which policies never see."""

from __future__ import annotations

from pointsman.tui.answers.doctor.lints import READS, by_lint
from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.model.kinds import NAMESPACES, PODS

CHECK = Check(
    id="policy-service-ips",
    title="a policy that names cluster IPs of services",
    why="Policies see the pods behind a service, never its address: the rule matches nothing.",
    fix="Select the pods by label in place of the service's address.",
    reads=READS,
    look=by_lint("service-ips"),
    needs=(
        PODS,
        NAMESPACES,
    ),
    live=True,
    follows=("policy-not-enforced", "policy-invalid", "policy-selects-nothing"),
    action="edit",
)
