"""A route whose TLS secret holds nothing readable."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-bad-secret",
    title="a TLS secret without a readable certificate",
    why="The default certificate is shown instead, and browsers warn.",
    fix="Have the certificate issued anew.",
    reads=READS,
    also=said,
    look=by_problem("route-bad-secret"),
)
