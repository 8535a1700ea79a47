"""A node that is ready, but short of memory, disk or processes."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.stack.nodes import PRESSURES, node_rows
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import NODES


def look(exam: Exam) -> Iterator[Sign]:
    for node in node_rows(exam.facts.nodes):
        short = tuple(text for text in node.problems if text in PRESSURES.values())
        if node.ready is not False and short:
            yield Sign("warn", Ref(NODES.id, "", node.name), f"node {node.name}: {listed(short)}", short)


CHECK = Check(
    id="node-pressure",
    title="a node that is short of memory, disk or processes",
    why="The kubelet evicts pods from it, and with them addresses and routes move.",
    fix="Free what is short, or move pods elsewhere.",
    reads=FACTS,
    look=look,
)
