"""The nodes as a report shows them."""

from __future__ import annotations

from collections.abc import Iterable

from pointsman.tui.answers.stack.model import Node
from pointsman.tui.model import core
from pointsman.tui.model.meta import Obj, condition
from pointsman.tui.model.times import epoch

ROLE = "node-role.kubernetes.io/"
PRESSURES = {
    "MemoryPressure": "memory is short",
    "DiskPressure": "disk space is short",
    "PIDPressure": "too many processes",
}


def node_rows(nodes: Iterable[Obj[core.Node]]) -> tuple[Node, ...]:
    return tuple(node_row(node) for node in nodes)


def node_row(obj: Obj[core.Node]) -> Node:
    """``Ready: Unknown`` counts as not ready, as kubectl shows it: the kubelet has fallen silent."""
    status = obj.body.status
    ready = condition(status.conditions, "Ready")
    problems: list[str] = []
    state: bool | None = None
    if obj.problem:
        problems.append(obj.problem)
    if ready is not None and ready.status in ("True", "False", "Unknown"):
        state = ready.status == "True"
        if not state:
            silent = "its kubelet has stopped reporting" if ready.status == "Unknown" else ready.message or ready.reason
            problems.append(f"not ready: {silent}" if silent else "not ready")
    for kind, text in PRESSURES.items():
        found = condition(status.conditions, kind)
        if found is not None and found.status == "True":
            problems.append(text)
    network = condition(status.conditions, "NetworkUnavailable")
    if network is not None and network.status == "True":
        problems.append(f"network unavailable: {network.message or network.reason or 'no reason given'}")
    roles = sorted(key[len(ROLE) :] for key in obj.meta.labels if key.startswith(ROLE) and len(key) > len(ROLE))
    return Node(
        obj.name,
        state,
        tuple(roles),
        status.node_info.kubelet_version,
        tuple(item.address for item in status.addresses if item.type == "InternalIP"),
        epoch(ready.last_transition_time) if ready is not None else None,
        tuple(problems),
        status.node_info.os_image,
        not obj.body.spec.unschedulable,
    )
