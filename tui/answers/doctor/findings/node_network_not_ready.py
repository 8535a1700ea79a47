"""A node whose network plugin does not work: its own taint or condition says so, and no new pod starts there."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.stack import cilium
from pointsman.tui.answers.words import listed, sees
from pointsman.tui.model.kinds import DAEMONSETS, NODES
from pointsman.tui.model.meta import condition

CILIUM_TAINT = "node.cilium.io/agent-not-ready"
UNAVAILABLE = "node.kubernetes.io/network-unavailable"


def look(exam: Exam) -> Iterator[Sign]:
    values = cilium.config(exam.facts) or {}
    mine = values.get("agent-not-ready-taint-key") or CILIUM_TAINT
    leftover = sees(exam.snapshot, DAEMONSETS) and not cilium.agents(exam.facts)
    for node in exam.facts.nodes:
        why = []
        for taint in node.body.spec.taints:
            if taint.key in (mine, CILIUM_TAINT):
                gone = ": left over, no Cilium agent runs that would take it away" if leftover else ""
                why.append(f"taint {taint.key}{gone}")
            elif taint.key == UNAVAILABLE:
                why.append(f"taint {taint.key}")
        network = condition(node.body.status.conditions, "NetworkUnavailable")
        if network is not None and network.status == "True":
            why.append(f"condition NetworkUnavailable: {network.message or network.reason or 'no reason given'}")
        if why:
            yield Sign("error", ref(node), f"node {node.name}: its network is not ready ({listed(why)})", tuple(why))


CHECK = Check(
    id="node-network-not-ready",
    title="a node whose network plugin is not ready (taints, NetworkUnavailable)",
    why="No pod without a toleration starts there, and MetalLB announces nothing from it.",
    fix="Look at the network's pod on that node; a taint that nothing takes away: kubectl taint node NAME KEY-.",
    reads=FACTS,
    look=look,
    needs=(NODES,),
    follows=("node-not-ready", "component-degraded"),
)
