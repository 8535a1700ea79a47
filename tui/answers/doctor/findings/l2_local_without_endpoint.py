"""Cilium L2 with externalTrafficPolicy Local: the announcing node has no endpoint."""

from __future__ import annotations

from pointsman.tui.answers.doctor.addresses import READS, by_problem
from pointsman.tui.answers.doctor.model import Check

CHECK = Check(
    id="l2-local-without-endpoint",
    title="traffic that arrives where no pod is (externalTrafficPolicy Local)",
    why="With externalTrafficPolicy Local the node that answers drops what it cannot serve itself.",
    fix="Set externalTrafficPolicy to Cluster, or run a pod of the service on that node.",
    reads=READS,
    look=by_problem("l2-local-without-endpoint"),
    timed=True,
    action="edit",
)
