"""A route on an entry point that Traefik does not have."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-unknown-entry-point",
    title="a route on an entry point that does not exist",
    why="Traefik switches off a route whose entry points all are unknown.",
    fix="Name one of Traefik's entry points, or add it to its configuration.",
    reads=READS,
    also=said,
    look=by_problem("route-unknown-entry-point"),
    action="edit",
)
