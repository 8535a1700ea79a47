"""Every node that could announce carries the label that tells MetalLB not to: the single-node and control-plane trap."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ips.metallb import EXCLUDE
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import DAEMONSETS, METALLBPOOLS, NODES, PODS


def look(exam: Exam) -> Iterator[Sign]:
    state = exam.context.metallb
    if not state.speaks or not state.pools or state.ignores_exclusion:
        return
    speakers = state.speaker_nodes
    able = [node for node in exam.facts.nodes if speakers is None or node.name in speakers]
    held = [node for node in able if EXCLUDE in node.meta.labels]
    if held and len(held) == len(able):
        yield Sign(
            "error",
            ref(held[0]),
            f"MetalLB may announce from no node: {listed([node.name for node in held])} carry the label {EXCLUDE}",
            (f"speakers are ready on {listed([node.name for node in able])}",),
            (*map(ref, held), *(ref(pool) for pool in state.pools.values())),
        )


CHECK = Check(
    id="exclude-from-lb",
    title="nodes that are all excluded from announcing (exclude-from-external-load-balancers)",
    why="kubeadm puts this label on control-plane nodes; where there are no others, every address stays dark.",
    fix="Take the label away, or start the speakers with --ignore-exclude-lb (speaker.ignoreExcludeLB in the chart).",
    reads=(*FACTS, PODS, METALLBPOOLS),
    look=look,
    needs=(NODES, DAEMONSETS),
)
