"""A route that leads to a service which is not there."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-missing-service",
    title="a route to a service that does not exist",
    why="Traefik makes no router of such a route and says so only in its log: requests get 404 or another route.",
    fix="Create the Service, or correct its name or namespace in the route.",
    reads=READS,
    also=said,
    look=by_problem("route-missing-service"),
    action="edit",
)
