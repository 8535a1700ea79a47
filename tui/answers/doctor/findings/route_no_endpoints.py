"""A route with nothing ready behind it."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-no-endpoints",
    title="a route without a ready endpoint",
    why="Requests get 503, or the route does not exist at all.",
    fix="Look at the service's selector and at the readiness of its pods.",
    reads=READS,
    also=said,
    look=by_problem("route-no-endpoints"),
    follows=("service-selects-nothing", "service-port-unknown", "no-endpoints"),
)
