"""A component of the network with fewer ready pods than it should have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pointsman.tui.answers.doctor.exam import STACK, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.index import pod_ready, pods_by_node
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.stack import Component, Health, Role
from pointsman.tui.answers.stack.facts import tally
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import CILIUMPOOLS, METALLBPOOLS, NODES, Kind

POOLS: dict[str, Kind[Any]] = {"metallb": METALLBPOOLS, "cilium": CILIUMPOOLS}


def look(exam: Exam) -> Iterator[Sign]:
    """Once for each set of pods, however many roles it fills. What is built in stands or falls with its nodes."""
    told: dict[tuple[Ref, ...], list[Component]] = {}
    for item in exam.report.components:
        if item.name is None or not item.objects or item.ready is None or item.wanted is None:
            continue
        if item.health in (Health.DOWN, Health.DEGRADED) and item.ready < item.wanted:
            told.setdefault(item.objects[:1], []).append(item)
    for (target,), rows in told.items():
        worst = max(rows, key=lambda row: (row.wanted or 0) - (row.ready or 0))
        roles = listed([row.role.value.replace("-", " ") for row in rows], most=6)
        yield Sign(
            "warn" if worst.ready else "error",
            target,
            f"{worst.name} ({roles}): {worst.ready} of {worst.wanted} pods ready",
            (*(one.title for row in rows[:1] for one in row.objects), *_pods(exam, target)),
            (*(Ref(NODES.id, "", name) for name in _nodes(exam, target)), *_pools(exam, rows)),
        )


def _pools(exam: Exam, rows: list[Component]) -> Iterator[Ref]:
    """The pools that nobody gives from or announces while one of a load balancer's workloads has no ready pod at all."""
    for row in rows:
        kind = POOLS.get(row.id) if row.role is Role.LOAD_BALANCER else None
        targets = [item for item in exam.facts.workloads if Ref(item.kind, *item.key) in row.objects]
        if kind is not None and any(not (found := tally(item)).unknown and not found.ready for item in targets):
            yield from map(ref, exam.snapshot.all(kind))


def _unready(exam: Exam, target: Ref) -> Iterator[tuple[str, str]]:
    """Node and words of each pod of the workload that is not ready."""
    found = next((item for item in exam.facts.workloads if (item.kind, item.key) == (target.kind, target.key)), None)
    wanted = found.body.spec.selector.match_labels.items() if found is not None else None
    if not wanted:
        return
    for node, pods in pods_by_node(exam.snapshot).items():
        for pod in pods:
            if pod.namespace == target.namespace and wanted <= pod.meta.labels.items() and not pod_ready(pod.body):
                waiting = [one.state.waiting for one in pod.body.status.container_statuses if one.state.waiting]
                reason = waiting[0].reason if waiting else pod.body.status.reason or pod.body.status.phase
                yield node, f"Pod {pod.path} on {node} is not ready{f': {reason}' if reason else ''}"


def _pods(exam: Exam, target: Ref) -> list[str]:
    return [text for _, text in _unready(exam, target)][:5]


def _nodes(exam: Exam, target: Ref) -> list[str]:
    return [node for node, _ in _unready(exam, target)]


CHECK = Check(
    id="component-degraded",
    title="a component of the network that is down or only partly ready",
    why="What it does (carry pods, give or announce addresses, serve routes, enforce policies) is not done everywhere.",
    fix="Look at the pods that are not ready: their events and logs say why.",
    reads=STACK,
    look=look,
    follows=("node-not-ready",),
    action="logs",
)
