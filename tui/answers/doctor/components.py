"""A component that is down or only partly ready, and nodes that are not ready or short of something."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Finding
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.stack import Component, Health
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import NODES
from pointsman.tui.model.times import age


def nodes(exam: Exam) -> Iterator[Finding]:
    for node in exam.report.nodes:
        target = Ref(NODES.id, "", node.name)
        if node.ready is False:
            since = f" for {age(exam.snapshot.now - node.since)}" if node.since is not None else ""
            yield Finding(
                "node-not-ready", "error", target, f"node {node.name} is not ready{since}", node.problems,
                "Look at the kubelet (or k3s) on that machine.", f"pointsman {node.name}", (target,),
            )  # fmt: skip
        elif node.problems:
            text = f"node {node.name}: {listed(node.problems)}"
            yield Finding("node-pressure", "warn", target, text, node.problems, "", f"pointsman {node.name}", (target,))


def components(exam: Exam) -> Iterator[Finding]:
    """Once for each set of pods, however many roles it fills. What is built in stands or falls with its nodes."""
    told: dict[tuple[Ref, ...], list[Component]] = {}
    for item in exam.report.components:
        if item.name is None or not item.objects or item.ready is None or item.wanted is None:
            continue
        if item.health in (Health.DOWN, Health.DEGRADED) and item.ready < item.wanted:
            told.setdefault(item.objects[:1], []).append(item)
    for (target,), rows in told.items():
        worst = max(rows, key=lambda row: (row.wanted or 0) - (row.ready or 0))
        down = not worst.ready
        roles = listed([row.role.value.replace("-", " ") for row in rows], most=6)
        text = f"{worst.name} ({roles}): {worst.ready} of {worst.wanted} pods ready"
        yield Finding(
            "component-degraded",
            "error" if down else "warn",
            target,
            text,
            tuple(f"{one.title}" for row in rows[:1] for one in row.objects),
            "Look at the pods that are not ready: their events and logs say why.",
            f"pointsman {target.path}",
            (target,),
        )
