"""A route that Traefik itself has switched off, as its API says."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-disabled",
    title="a route that Traefik has switched off",
    why="Requests for it fall to another route or get 404.",
    fix="Correct what Traefik's own message names.",
    reads=READS,
    also=said,
    look=by_problem("route-disabled"),
    follows=("route-missing-service", "route-missing-middleware", "middleware-invalid", "route-invalid-rule"),
    action="edit",
)
