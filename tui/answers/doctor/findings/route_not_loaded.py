"""A route that Traefik has not loaded, as its API says: mostly only its log tells why."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-not-loaded",
    title="a route that Traefik has not loaded",
    why="It looks applied in the cluster, and Traefik does not know it.",
    fix="Look at Traefik's log; it names the object and the reason.",
    reads=READS,
    also=said,
    look=by_problem("route-not-loaded"),
    follows=("route-missing-service", "component-degraded"),
    action="logs",
)
