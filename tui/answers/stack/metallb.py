"""MetalLB: the controller gives addresses, the speakers announce them. Known by either set of labels, in any namespace."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.stack.build import from_workloads
from pointsman.tui.answers.stack.facts import Facts, containers, image_with, label
from pointsman.tui.answers.stack.model import Component, Health, Role
from pointsman.tui.answers.words import blind, plural, sees
from pointsman.tui.model.core import Workload
from pointsman.tui.model.kinds import BGPADVERTISEMENTS, DAEMONSETS, DEPLOYMENTS, L2ADVERTISEMENTS, METALLBPOOLS
from pointsman.tui.model.meta import Obj
from pointsman.tui.store.snapshot import Snapshot, State


def _part(item: Obj[Workload], component: str) -> bool:
    """Manifests label ``app=metallb, component=…``, the chart ``app.kubernetes.io/name`` and ``…/component``."""
    if label(item, "app") == "metallb" and label(item, "component") == component:
        return True
    return (
        label(item, "app.kubernetes.io/name") == "metallb" and label(item, "app.kubernetes.io/component") == component
    )


def speakers(found: Facts) -> tuple[Obj[Workload], ...]:
    return tuple(item for item in found.daemonsets if _part(item, "speaker"))


def controllers(found: Facts) -> tuple[Obj[Workload], ...]:
    return tuple(item for item in found.deployments if _part(item, "controller"))


def load_balancer_class(found: Facts) -> str | None:
    """The class given by ``--lb-class``: MetalLB then serves only that, and without it only services of no class.

    None if the controller cannot be read.
    """
    parts = controllers(found) or speakers(found)
    if not parts:
        return None
    for part in containers(parts[0]):
        words = [*part.command, *part.args]
        for index, word in enumerate(words):
            name, equals, value = word.lstrip("-").partition("=")
            if name == "lb-class":
                return value if equals else (words[index + 1] if index + 1 < len(words) else "")
    return ""


def detect(found: Facts, snapshot: Snapshot) -> Iterator[Component]:
    speaking, controlling = speakers(found)[:1], controllers(found)[:1]
    if not speaking and not controlling:
        return
    ways = []
    if snapshot.count(L2ADVERTISEMENTS):
        ways.append("L2")
    if snapshot.count(BGPADVERTISEMENTS):
        ways.append("BGP")
    unseen = blind(snapshot, METALLBPOOLS, L2ADVERTISEMENTS)
    pools = snapshot.count(METALLBPOOLS)
    detail = unseen or ", ".join([" and ".join(ways) or "no advertisement", plural(pools, "pool")])
    missing = ""
    health: Health | None = None
    if not speaking and sees(snapshot, DAEMONSETS):
        missing, health = "no speaker DaemonSet: nothing is announced", Health.DOWN
    elif not controlling and sees(snapshot, DEPLOYMENTS):
        missing, health = "no controller Deployment: no address is given", Health.DEGRADED
    parts = (*speaking, *controlling)
    image = "metallb" if image_with(parts[0], "metallb") else "speaker"
    yield from_workloads(
        snapshot,
        Role.LOAD_BALANCER,
        "metallb",
        "MetalLB",
        parts,
        image,
        ", ".join(part for part in (detail, missing) if part),
        health=health,
    )


def leftovers(found: Facts, snapshot: Snapshot) -> Iterator[str]:
    if speakers(found) or controllers(found) or blind(snapshot, DAEMONSETS, DEPLOYMENTS):
        return
    if snapshot.state(METALLBPOOLS) in (State.LIVE, State.STALE):
        count = snapshot.count(METALLBPOOLS)
        yield f"MetalLB's CRDs are installed with {plural(count, 'pool')}, but neither controller nor speaker runs"
