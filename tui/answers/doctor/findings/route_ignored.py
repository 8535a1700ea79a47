"""A route that no controller takes."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-ignored",
    title="a route that no controller takes",
    why="It looks like a route and does nothing.",
    fix="Name the class that the controller takes.",
    reads=READS,
    also=said,
    look=by_problem("route-ignored"),
    follows=("ingressclass-unserved",),
    action="edit",
)
