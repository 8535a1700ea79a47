"""From workloads to a component's row: readiness, version, owner."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.tui.answers.owners import owner_of
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.stack.facts import Facts, image_with, tag, tally
from pointsman.tui.answers.stack.model import Component, Health, Role
from pointsman.tui.answers.words import plural
from pointsman.tui.model.core import Workload
from pointsman.tui.model.meta import Obj, condition
from pointsman.tui.store.snapshot import Snapshot

JSON_OWNERS = frozenset({"helm", "helmchart", "addon", "gitops", "manifest", "builtin"})
"""The owners that the JSON form of a component knows; an operator's component counts as unknown, its text says whose."""


def health_of(ready: int, wanted: int, unknown: bool = False) -> Health:
    """ok only if every wanted pod is ready; down if none is, or if none is wanted."""
    if unknown:
        return Health.UNKNOWN
    if not ready:
        return Health.DOWN
    return Health.OK if ready >= wanted else Health.DEGRADED


def worst(*healths: Health) -> Health:
    """The part that is worst off decides; a part that is unknown does not hide one that is down."""
    order = (Health.DOWN, Health.DEGRADED, Health.UNKNOWN, Health.OK)
    return min(healths, key=order.index)


def from_workloads(
    snapshot: Snapshot,
    role: Role,
    id: str,
    name: str,
    workloads: Sequence[Obj[Workload]],
    image: str,
    detail: str = "",
    *,
    health: Health | None = None,
    standby: bool = False,
) -> Component:
    """A row for pods. The first workload is the one whose version and owner count; ``image`` is a part of its image's
    name. Several workloads: down if any of them is."""
    main = workloads[0]
    total = tally(*workloads)
    if health is None:
        health = worst(*(health_of(item.ready, item.wanted, item.unknown) for item in map(tally, workloads)))
    owner = owner_of(main, snapshot)
    trouble = ""
    if not total.unknown and total.ready < total.wanted:
        trouble = _shortfall(workloads)
    elif not total.unknown and not total.wanted:
        trouble = "no pod is wanted: scaled to zero, or no node fits"
    elif total.unknown:
        trouble = "its objects hold no status"
    return Component(
        role,
        id,
        name,
        tag(image_with(main, image)),
        health,
        owner.kind if owner.kind in JSON_OWNERS else "unknown",
        ", ".join(part for part in (detail, trouble) if part),
        None if total.unknown else total.ready,
        None if total.unknown else total.wanted,
        tuple(ref(item) for item in workloads),
        standby,
        owner.text,
    )


def _shortfall(workloads: Sequence[Obj[Workload]]) -> str:
    """``2 of 3 pods ready``; of several workloads which one it is: ``speaker: 0 of 3 pods ready``."""
    parts = []
    for item in workloads:
        count = tally(item)
        if count.ready < count.wanted:
            name = f"{item.name}: " if len(workloads) > 1 else ""
            parts.append(f"{name}{count.ready} of {plural(count.wanted, 'pod')} ready")
    return ", ".join(parts)


def builtin(role: Role, id: str, name: str, found: Facts, detail: str = "", *, standby: bool = False) -> Component:
    """A row for what runs inside the distribution's own process: it has no pods, so the nodes' readiness stands for it."""
    ready = wanted = 0
    version: str | None = None
    for node in found.nodes:
        wanted += 1
        state = condition(node.body.status.conditions, "Ready")
        ready += state is not None and state.status == "True"
        version = version or node.body.status.node_info.kubelet_version or None
    if version and version.startswith("v"):
        version = version[1:]
    trouble = f"{ready} of {plural(wanted, 'node')} ready" if ready < wanted else ""
    return Component(
        role,
        id,
        name,
        version,
        health_of(ready, wanted, not wanted),
        "builtin",
        ", ".join(part for part in (detail, trouble) if part),
        ready,
        wanted,
        (),
        standby,
        f"part of {found.distribution}",
    )
