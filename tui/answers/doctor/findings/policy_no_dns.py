"""Pods whose egress is shut so far that they cannot ask for a name."""

from __future__ import annotations

from pointsman.tui.answers.doctor.lints import READS, by_lint
from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.model.kinds import NAMESPACES, PODS

CHECK = Check(
    id="policy-no-dns",
    title="a policy that leaves its pods without DNS",
    why="What it allows by name cannot be reached either: applications hang on lookups.",
    fix="Allow 53/udp (and 53/tcp) to the cluster's DNS.",
    reads=READS,
    look=by_lint("no-dns"),
    needs=(
        PODS,
        NAMESPACES,
    ),
    live=True,
    follows=("policy-not-enforced", "policy-invalid", "policy-selects-nothing"),
    action="toggle",
)
