"""An address that nothing running here gave: told for information, as it may be meant."""

from __future__ import annotations

from pointsman.tui.answers.doctor.addresses import READS, by_problem
from pointsman.tui.answers.doctor.model import Check

CHECK = Check(
    id="ip-unclaimed",
    title="an address that no controller here gave",
    why="What gave it is gone or elsewhere, so nobody here renews or announces it.",
    fix="Clear the service's status.loadBalancer if the controller that gave the address is gone.",
    reads=READS,
    look=by_problem("ip-unclaimed"),
    timed=True,
    follows=("ip-foreign",),
)
