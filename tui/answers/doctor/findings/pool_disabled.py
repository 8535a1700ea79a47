"""A pool of Cilium that is switched off."""

from __future__ import annotations

from pointsman.tui.answers.doctor.addresses import READS
from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.pools import by_problem

CHECK = Check(
    id="pool-disabled",
    title="a pool that is switched off",
    why="It keeps what it gave and gives nothing new.",
    fix="Set spec.disabled to false when it is wanted again.",
    reads=READS,
    look=by_problem("pool-disabled"),
    action="edit",
)
