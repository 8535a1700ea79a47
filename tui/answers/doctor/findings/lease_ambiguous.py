"""Two services whose names give one lease: Cilium joins namespace and name by a dash."""

from __future__ import annotations

from pointsman.tui.answers.doctor.addresses import READS, by_problem
from pointsman.tui.answers.doctor.model import Check

CHECK = Check(
    id="lease-ambiguous",
    title="two services with one lease",
    why="One node holds both announcements, and they move together.",
    fix="Rename one of the services if that matters.",
    reads=READS,
    look=by_problem("lease-ambiguous"),
    timed=True,
)
