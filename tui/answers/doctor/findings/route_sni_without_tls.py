"""A TCP route by name without TLS: plain TCP carries no name."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-sni-without-tls",
    title="a TCP route by name without TLS",
    why="Traefik switches the route off.",
    fix="Give the route tls (passthrough, where the service does TLS itself), or HostSNI(`*`).",
    reads=READS,
    also=said,
    look=by_problem("route-sni-without-tls"),
    action="edit",
)
