"""A backend in another namespace without a ReferenceGrant."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-not-granted",
    title="a backend of another namespace without a ReferenceGrant",
    why="The Gateway answers 500 for the share of requests that goes to this backend.",
    fix="Create a ReferenceGrant in the backend's namespace.",
    reads=READS,
    also=said,
    look=by_problem("route-not-granted"),
)
