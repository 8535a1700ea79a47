"""A reference to another namespace that Traefik does not allow."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-cross-namespace",
    title="a reference to another namespace that is refused",
    why="Traefik drops the route and says so only in its log.",
    fix="Bring both into one namespace, or set providers.kubernetesCRD.allowCrossNamespace.",
    reads=READS,
    also=said,
    look=by_problem("route-cross-namespace"),
    action="edit",
)
