"""An Ingress with a certificate that is served without TLS."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-no-tls",
    title="a route with a certificate that is served without TLS",
    why="The certificate is there and is never shown.",
    fix="Put the route on an entry point with TLS (websecure).",
    reads=READS,
    also=said,
    look=by_problem("route-no-tls"),
    action="edit",
)
