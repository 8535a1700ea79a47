"""A route that Traefik runs although its objects say that it cannot."""

from __future__ import annotations

from pointsman.tui.answers.doctor.model import Check
from pointsman.tui.answers.doctor.routes import READS, by_problem, said

CHECK = Check(
    id="route-live-differs",
    title="a route that Traefik runs against what its objects say",
    why="What is said of it here may be out of date, or Traefik has read it otherwise.",
    fix="Nothing has to be done; look at Traefik's own answer in the Routes pane.",
    reads=READS,
    also=said,
    look=by_problem("route-live-differs"),
)
