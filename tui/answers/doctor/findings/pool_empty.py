"""A pool without any address."""

from __future__ import annotations

from pointsman.tui.answers.doctor.addresses import READS
from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.pools import by_problem

CHECK = Check(
    id="pool-empty",
    title="a pool without any address",
    why="No service can ever get an address from it.",
    fix="Add a range, or delete the pool.",
    reads=READS,
    look=by_problem("pool-empty"),
    action="edit",
)
