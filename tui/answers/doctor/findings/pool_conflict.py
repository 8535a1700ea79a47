"""A pool that Cilium has put out of use because it overlaps another."""

from __future__ import annotations

from pointsman.tui.answers.doctor.addresses import READS
from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.pools import by_problem

CHECK = Check(
    id="pool-conflict",
    title="a pool that Cilium has put out of use",
    why="LB-IPAM gives no address from a pool in conflict.",
    fix="Give each pool its own blocks.",
    reads=READS,
    look=by_problem("pool-conflict"),
    action="edit",
)
