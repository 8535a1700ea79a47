"""The form of a planted fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from pointsman.tui.demo.scenario.pods import container, container_ports, pod_spec, template
from pointsman.tui.demo.scenario.workloads import deployment
from pointsman.tui.demo.scenario.world import DAY, Obj, World


class Objects(Protocol):
    """What a check may ask of a built scenario."""

    def find(self, kind: str, namespace: str | None = None) -> Iterable[Obj]: ...

    def get(self, kind: str, namespace: str, name: str) -> Obj: ...


@dataclass(frozen=True)
class Fault:
    """Something wrong on purpose.

    `object` is `Kind/namespace/name` (`Kind/name` for cluster-scoped kinds) and `finding` the id of the doctor's finding
    that has to name it. `plant` brings the fault into the world of `broken`; `holds` tells from the objects alone
    whether the `precondition` is met, so that a scenario cannot drift away from what it promises.
    """

    name: str
    description: str
    precondition: str
    object: str
    finding: str
    plant: Callable[[World], None]
    holds: Callable[[Objects], bool]


def exists(objects: Objects, kind: str, namespace: str, name: str) -> bool:
    try:
        objects.get(kind, namespace, name)
    except KeyError:
        return False
    return True


def switched_off(world: World, namespace: str, name: str, image: str, ports: str) -> Obj:
    """A Deployment that somebody scaled to nothing."""
    labels = {"app.kubernetes.io/name": name}
    main = container(name, image, ports=container_ports(ports), cpu="50m", memory="256Mi")
    return deployment(world, namespace, name, template(labels, pod_spec([main])), labels, nodes=[], age=70 * DAY)
