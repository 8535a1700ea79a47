"""Replicas of Traefik that do not agree about a route."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-replicas-differ",
    title="replicas of Traefik that do not agree about a route",
    why="Whether a request is answered depends on the replica it comes to.",
    fix="Look at the log of the replica that differs; a restart makes it read everything anew.",
    reads=READS,
    also=said,
    look=by_problem("route-replicas-differ"),
    follows=("component-degraded",),
    action="logs",
)
