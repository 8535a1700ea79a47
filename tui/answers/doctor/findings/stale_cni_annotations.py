"""Annotations that a network left on the nodes: tools that read them take it for running."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.stack import cilium, flannel
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import DAEMONSETS, NODES

CILIUM_PREFIXES = ("network.cilium.io/", "io.cilium.network.")


def look(exam: Exam) -> Iterator[Sign]:
    found = exam.facts
    if not flannel.running(found) and (found.flags.known or not found.k3s):
        yield from _left(exam, "flannel", lambda key: key.startswith("flannel.alpha.coreos.com/"))
    if not cilium.agents(found):
        yield from _left(exam, "Cilium", lambda key: key.startswith(CILIUM_PREFIXES))


def _left(exam: Exam, name: str, mine: Callable[[str], bool]) -> Iterator[Sign]:
    nodes = [node for node in exam.facts.nodes if any(map(mine, node.meta.annotations))]
    if nodes:
        keys = sorted({key for node in nodes for key in node.meta.annotations if mine(key)})
        yield Sign(
            "info",
            ref(nodes[0]),
            f"annotations of {name} are still on {listed([node.name for node in nodes])}, but it does not run",
            (f"{listed(keys, most=6)}",),
            tuple(map(ref, nodes)),
        )


CHECK = Check(
    id="stale-cni-annotations",
    title="annotations on nodes of a network that does not run",
    why="They do no harm by themselves; whoever reads them (a tool, or flannel when it comes back) takes them for current.",
    fix="Take them away when the move is done: kubectl annotate node NAME KEY-.",
    reads=FACTS,
    look=look,
    needs=(NODES, DAEMONSETS),
    live=True,
)
