"""An address with nothing ready behind it."""

from __future__ import annotations

from pointsman.tui.answers.doctor.addresses import READS, by_problem
from pointsman.tui.answers.doctor.model import Check

CHECK = Check(
    id="no-endpoints",
    title="an address without a ready endpoint",
    why="The address answers, and every connection to it fails.",
    fix="Look at the service's selector and at the readiness of its pods.",
    reads=READS,
    look=by_problem("no-endpoints"),
    timed=True,
    follows=("service-selects-nothing", "service-port-unknown", "node-not-ready"),
)
