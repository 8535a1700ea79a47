"""A pool whose controller does not work here: mostly a leftover."""

from __future__ import annotations

from pointsman.tui.answers.doctor.addresses import READS
from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.pools import by_problem

CHECK = Check(
    id="pool-idle",
    title="a pool whose controller does not run",
    why="Nothing gives its addresses; it only looks as if it did.",
    fix="Delete the pool if its controller is not coming back.",
    reads=READS,
    look=by_problem("pool-idle"),
)
