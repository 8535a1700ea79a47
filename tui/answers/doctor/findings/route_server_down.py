"""A server that Traefik's own health check finds down."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-server-down",
    title="a server that Traefik's health check finds down",
    why="Traefik sends it no requests, though its pod is ready.",
    fix="Compare the health check's path and port with what the application answers.",
    reads=READS,
    also=said,
    look=by_problem("route-server-down"),
    follows=("route-no-endpoints", "no-endpoints"),
    action="edit",
)
