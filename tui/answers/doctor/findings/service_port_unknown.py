"""A service port that names a container port which none of its pods has."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.index import pods_selected
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.words import listed
from pointsman.tui.model.core import Pod
from pointsman.tui.model.kinds import PODS, SERVICES
from pointsman.tui.model.meta import Obj

FINISHED = ("Succeeded", "Failed")


def look(exam: Exam) -> Iterator[Sign]:
    for service in sorted(exam.snapshot.all(SERVICES), key=lambda item: item.key):
        named = [
            port
            for port in service.body.spec.ports
            if isinstance(port.target_port, str) and port.target_port and not port.target_port.isdigit()
        ]
        if not named or service.body.spec.type == "ExternalName":
            continue
        pods = [
            pod
            for pod in pods_selected(exam.snapshot, service.namespace, service.body.spec.selector)
            if pod.body.status.phase not in FINISHED
        ]
        if not pods:
            continue
        there = set().union(*(_ports(pod) for pod in pods))
        missing = [port for port in named if (port.target_port, port.protocol or "TCP") not in there]
        if missing:
            words = listed([f"{port.port} → {port.target_port}" for port in missing])
            have = listed(sorted(f"{name}/{protocol.lower()}" for name, protocol in there if name), most=6)
            alive = len(missing) < len(service.body.spec.ports)
            yield Sign(
                "error",
                ref(service),
                f"Service {service.path}: no pod has a container port named so: {words}",
                (
                    f"the pods have {have}" if have else "the pods name no port",
                    *(("its other ports work",) if alive else ()),
                ),
            )


def _ports(pod: Obj[Pod]) -> set[tuple[str | int, str]]:
    """Kubernetes looks for the name among all containers, sidecars that are init containers included."""
    spec = pod.body.spec
    return {
        (port.name, port.protocol or "TCP") for part in (*spec.containers, *spec.init_containers) for port in part.ports
    }


CHECK = Check(
    id="service-port-unknown",
    title="a service port that leads to a container port which does not exist",
    why="The port has no endpoint: connections are refused, though the pods are ready.",
    fix="Name a port that the container has, or give its number.",
    reads=(SERVICES, PODS),
    look=look,
    needs=(SERVICES, PODS),
    live=True,
    action="edit",
)
