"""An announcement that still stands while whoever makes it is down."""

from __future__ import annotations

from pointsman.tui.answers.doctor.addresses import READS, by_problem
from pointsman.tui.answers.doctor.model import Check

CHECK = Check(
    id="vip-ghost",
    title="an address that is announced on paper only",
    why="Clients on the LAN ask for the address and nobody answers, while every object looks healthy.",
    fix="Bring the announcing component back on that node, or delete the object that still names it.",
    reads=READS,
    look=by_problem("vip-ghost"),
    timed=True,
    follows=("node-not-ready",),
    action="ips.restart",
)
