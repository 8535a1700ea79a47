"""toFQDNs without a rule that sends the pods' lookups through Cilium's DNS proxy."""

from __future__ import annotations

from pointsman.tui.answers.doctor.lints import READS, by_lint
from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.model.kinds import NAMESPACES, PODS

CHECK = Check(
    id="policy-fqdn-unlearned",
    title="toFQDNs that never learns an address",
    why="Cilium knows only addresses that its DNS proxy saw; without a DNS rule the names match nothing.",
    fix='Add a rule to the DNS pods on port 53 with rules.dns (matchPattern: "*").',
    reads=READS,
    look=by_lint("fqdn-unlearned"),
    needs=(
        PODS,
        NAMESPACES,
    ),
    live=True,
    follows=("policy-not-enforced", "policy-invalid", "policy-selects-nothing"),
    action="edit",
)
