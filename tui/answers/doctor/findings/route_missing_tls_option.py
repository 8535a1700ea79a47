"""A route with a TLSOption that is not there."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-missing-tls-option",
    title="a route with a TLSOption that does not exist",
    why="Traefik switches the route off.",
    fix="Create the TLSOption, or correct its name.",
    reads=READS,
    also=said,
    look=by_problem("route-missing-tls-option"),
    action="edit",
)
