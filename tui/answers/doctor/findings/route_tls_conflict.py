"""Routes of one host that ask for different TLS options."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-tls-conflict",
    title="routes of one host with different TLS options",
    why="Traefik falls back to the default options for all of them.",
    fix="Give all routes of the host the same TLSOption.",
    reads=READS,
    also=said,
    look=by_problem("route-tls-conflict"),
    action="edit",
)
