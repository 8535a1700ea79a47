"""Two nodes that answer for one address, where only one may."""

from __future__ import annotations

from pointsman.tui.answers.doctor.addresses import READS, by_problem
from pointsman.tui.answers.doctor.model import Check

CHECK = Check(
    id="two-announcers",
    title="two nodes that answer for one address",
    why="Clients end up at one or the other by chance, and connections break when their neighbour table changes.",
    fix="Leave one load balancer in charge: take the service away from the other one.",
    reads=READS,
    look=by_problem("two-announcers"),
    timed=True,
)
