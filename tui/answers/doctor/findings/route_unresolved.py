"""A route whose references its controller could not resolve."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-unresolved",
    title="a route with references that its controller refuses",
    why="Requests for the part that cannot be resolved get 500.",
    fix="Correct the reference that the condition names.",
    reads=READS,
    also=said,
    look=by_problem("route-unresolved"),
    follows=("route-missing-service", "route-missing-port", "route-not-granted"),
)
