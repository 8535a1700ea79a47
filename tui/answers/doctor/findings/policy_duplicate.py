"""Policies that say the same."""

from __future__ import annotations

from pointsman.tui.answers.doctor.lints import READS, by_lint
from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.model.kinds import NAMESPACES, PODS

CHECK = Check(
    id="policy-duplicate",
    title="policies that say the same",
    why="To change what they do, both have to be changed; switching one off changes nothing.",
    fix="Keep one of them.",
    reads=READS,
    look=by_lint("duplicate"),
    needs=(
        PODS,
        NAMESPACES,
    ),
    live=True,
    follows=("policy-not-enforced", "policy-invalid", "policy-selects-nothing"),
)
