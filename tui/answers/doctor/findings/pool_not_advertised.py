"""A pool that MetalLB gives from and others announce."""

from __future__ import annotations

from pointsman.tui.answers.doctor.addresses import READS
from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.pools import by_problem

CHECK = Check(
    id="pool-not-advertised",
    title="a pool that MetalLB gives from and others announce",
    why="It works as long as the other one announces; switch that off and the addresses go dark.",
    fix="Add an L2Advertisement for the pool before the other announcer is switched off.",
    reads=READS,
    look=by_problem("pool-not-advertised"),
)
