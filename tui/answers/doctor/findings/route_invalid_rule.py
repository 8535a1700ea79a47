"""A rule that Traefik cannot read."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-invalid-rule",
    title="a rule that Traefik cannot read",
    why="Traefik switches the route off; requests fall to another route or get 404.",
    fix="Correct the rule.",
    reads=READS,
    also=said,
    look=by_problem("route-invalid-rule"),
    action="edit",
)
