"""A route that no controller has looked at."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-not-reconciled",
    title="a route that no controller has taken",
    why="Nothing serves it; mostly the class of the Gateway has no controller here.",
    fix="Look at the Gateway's class and at its controller.",
    reads=READS,
    also=said,
    look=by_problem("route-not-reconciled"),
    live=True,
    follows=("gatewayclass-unserved",),
)
