"""A rule whose allowance a deny rule takes back altogether."""

from __future__ import annotations

from pointsman.tui.answers.doctor.lints import READS, by_lint
from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.model.kinds import NAMESPACES, PODS

CHECK = Check(
    id="policy-shadowed",
    title="an allow rule that a deny rule takes back",
    why="The rule looks like an opening and lets nothing through.",
    fix="Narrow the deny rule, or delete the one that allows nothing.",
    reads=READS,
    look=by_lint("shadowed"),
    needs=(
        PODS,
        NAMESPACES,
    ),
    live=True,
    follows=("policy-not-enforced", "policy-invalid", "policy-selects-nothing"),
    action="edit",
)
