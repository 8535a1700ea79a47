"""An external IP: Kubernetes answers for it on every node, but announces it to nobody."""

from __future__ import annotations

from pointsman.tui.answers.doctor.addresses import READS, by_problem
from pointsman.tui.answers.doctor.model import Check

CHECK = Check(
    id="external-ip-unrouted",
    title="an external IP that nothing announces",
    why="Traffic comes in only if a router sends the address to a node.",
    fix="Route the address to a node on your router, or use a LoadBalancer service.",
    reads=READS,
    look=by_problem("external-ip-unrouted"),
    timed=True,
)
