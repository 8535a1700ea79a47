"""A route of the Gateway API that is on no listener."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-not-attached",
    title="a route that is on no listener of a Gateway",
    why="Requests never reach it.",
    fix="Correct parentRefs, hostnames or the listener's allowedRoutes.",
    reads=READS,
    also=said,
    look=by_problem("route-not-attached"),
    follows=("gateway-listener-port", "gatewayclass-unserved"),
    action="edit",
)
