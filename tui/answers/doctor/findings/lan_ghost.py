"""An address that nobody on the local network answers for, as the local network said when it was asked."""

from __future__ import annotations

from pointsman.tui.answers.doctor.addresses import READS, by_problem
from pointsman.tui.answers.doctor.model import Check

CHECK = Check(
    id="lan-ghost",
    title="an address that nobody on the local network answers for",
    why="Clients ask for the address and hear nothing, while the cluster takes it for announced.",
    fix="Restart the announcing agent's pod on the node that should answer; it takes the address up anew.",
    reads=READS,
    look=by_problem("lan-ghost"),
    timed=True,
    follows=("vip-ghost", "ip-not-announced", "l2-lease-holder-gone", "node-not-ready"),
    action="ips.restart",
)
