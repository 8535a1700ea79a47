"""A node that its kubelet does not report ready."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.stack.nodes import node_rows
from pointsman.tui.model.kinds import NODES
from pointsman.tui.model.times import age


def look(exam: Exam) -> Iterator[Sign]:
    for node in node_rows(exam.facts.nodes):
        if node.ready is False:
            since = f" for {age(exam.snapshot.now - node.since)}" if node.since is not None else ""
            yield Sign("error", Ref(NODES.id, "", node.name), f"node {node.name} is not ready{since}", node.problems)


CHECK = Check(
    id="node-not-ready",
    title="a node that is not ready",
    why="Its pods are taken out of service, and it may neither announce an address nor take a new pod.",
    fix="Look at the kubelet (or k3s) on that machine.",
    reads=FACTS,
    look=look,
    timed=True,
)
