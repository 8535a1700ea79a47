"""k3s' ServiceLB (klipper-lb): one DaemonSet ``svclb-…`` for each LoadBalancer service."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.stack.build import builtin, health_of
from pointsman.tui.answers.stack.facts import Facts, image_with, tag, tally
from pointsman.tui.answers.stack.model import Component, Role
from pointsman.tui.answers.words import plural
from pointsman.tui.model.core import Workload
from pointsman.tui.model.meta import Obj
from pointsman.tui.store.snapshot import Snapshot

PREFIX = "svccontroller.k3s.cattle.io/"
SELECTOR = f"{PREFIX}nodeselector"
SERVICE = f"{PREFIX}svcname"
SERVICE_NAMESPACE = f"{PREFIX}svcnamespace"


def daemonsets(found: Facts) -> tuple[Obj[Workload], ...]:
    return tuple(item for item in found.daemonsets if SELECTOR in item.meta.labels or SERVICE in item.meta.labels)


def switched_on(found: Facts) -> bool | None:
    """Whether k3s runs it; None where neither its flags nor a DaemonSet tell."""
    if daemonsets(found):
        return True
    if not found.k3s:
        return False
    if not found.flags.known:
        return None
    return "servicelb" not in found.flags.disabled and not found.flags.on("disable-cloud-controller")


def detect(found: Facts, _snapshot: Snapshot) -> Iterator[Component]:
    running = daemonsets(found)
    if running:
        total = tally(*running)
        trouble = f", {total.ready} of {plural(total.wanted, 'pod')} ready" if total.ready < total.wanted else ""
        yield Component(
            Role.LOAD_BALANCER,
            "servicelb",
            "ServiceLB",
            tag(image_with(running[0], "klipper-lb")),
            health_of(total.ready, total.wanted, total.unknown),
            "builtin",
            f"{plural(len(running), 'service')} on the nodes' own addresses{trouble}",
            None if total.unknown else total.ready,
            None if total.unknown else total.wanted,
            tuple(ref(item) for item in running),
            owner_text="part of k3s",
        )
    elif switched_on(found) is None and found.nodes:
        yield Component(
            Role.LOAD_BALANCER,
            detail="cannot tell: ServiceLB is on by default, and k3s' flags are not to be seen",
            standby=True,
        )
    elif switched_on(found):
        yield builtin(
            Role.LOAD_BALANCER, "servicelb", "ServiceLB", found, "switched on in k3s, serves nothing now", standby=True
        )
