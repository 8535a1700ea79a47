"""A route that Traefik runs with a warning."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-live-warning",
    title="a route that Traefik runs with a warning",
    why="Part of it does not work: an entry point that does not exist, say.",
    fix="Correct what Traefik's own message names.",
    reads=READS,
    also=said,
    look=by_problem("route-live-warning"),
    follows=("route-unknown-entry-point",),
    action="edit",
)
