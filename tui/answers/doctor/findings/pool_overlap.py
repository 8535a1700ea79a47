"""Pools that share addresses."""

from __future__ import annotations

from pointsman.tui.answers.doctor.addresses import READS
from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.pools import by_problem

CHECK = Check(
    id="pool-overlap",
    title="pools that share addresses",
    why="Two controllers (or two pools) may give the same address; MetalLB refuses its whole configuration.",
    fix="Give each pool its own addresses.",
    reads=READS,
    look=by_problem("pool-overlap"),
    action="edit",
)
