"""A service's status that holds something that is no address."""

from __future__ import annotations

from pointsman.tui.answers.doctor.addresses import READS, by_problem
from pointsman.tui.answers.doctor.model import Check

CHECK = Check(
    id="ip-invalid",
    title="a service status without a readable address",
    why="Whoever wrote it will not announce it, and clients cannot use it.",
    fix="Find out which controller writes it, and have it give an address anew.",
    reads=READS,
    look=by_problem("ip-invalid"),
    timed=True,
)
