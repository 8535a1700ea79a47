"""A lease held by a node that cannot announce."""

from __future__ import annotations

from pointsman.tui.answers.doctor.addresses import READS, by_problem
from pointsman.tui.answers.doctor.model import Check

CHECK = Check(
    id="l2-lease-holder-gone",
    title="a lease held by a node that is gone or may not announce",
    why="The address is dark until another node takes the lease.",
    fix="Delete the lease; a living node takes it within seconds.",
    reads=READS,
    look=by_problem("l2-lease-holder-gone"),
    timed=True,
    follows=("node-not-ready",),
)
