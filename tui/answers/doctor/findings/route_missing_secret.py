"""A route whose TLS secret is not there. Files seldom hold Secrets, so nothing is said of them."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-missing-secret",
    title="a route whose TLS secret does not exist",
    why="The default certificate is shown instead, and browsers warn.",
    fix="Create the Secret, or correct its name; with cert-manager, look at the Certificate.",
    reads=READS,
    also=said,
    look=by_problem("route-missing-secret"),
    live=True,
    action="edit",
)
