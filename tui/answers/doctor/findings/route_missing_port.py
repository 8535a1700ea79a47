"""A route to a port that its service does not have."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-missing-port",
    title="a route to a port that its service does not have",
    why="The controller cannot build the route: requests for it get an error or another route.",
    fix="Name a port of the service, by its number or name.",
    reads=READS,
    also=said,
    look=by_problem("route-missing-port"),
    follows=("route-missing-service",),
    action="edit",
)
