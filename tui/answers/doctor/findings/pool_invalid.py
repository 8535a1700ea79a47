"""A pool with an entry that is no range."""

from __future__ import annotations

from pointsman.tui.answers.doctor.addresses import READS
from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.pools import by_problem

CHECK = Check(
    id="pool-invalid",
    title="a pool whose ranges cannot be read",
    why="The controller refuses the pool, and MetalLB its whole configuration.",
    fix="Correct the range.",
    reads=READS,
    look=by_problem("pool-invalid"),
    action="edit",
)
