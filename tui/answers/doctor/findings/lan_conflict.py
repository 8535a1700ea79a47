"""An address that the wrong host answers for, as the local network said when it was asked."""

from __future__ import annotations

from pointsman.tui.answers.doctor.addresses import READS, by_problem
from pointsman.tui.answers.doctor.model import Check

CHECK = Check(
    id="lan-conflict",
    title="an address that the wrong host answers for",
    why="Clients reach another machine than the one that announces the address, or now one and now the other.",
    fix="Find the host with that MAC and take the address from it, or give the service another one.",
    reads=READS,
    look=by_problem("lan-conflict"),
    timed=True,
)
