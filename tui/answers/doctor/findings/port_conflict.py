"""A pod that waits for a host port which another pod holds, and host ports that are also node ports of services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ips.pending import port_text
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.words import listed
from pointsman.tui.model.core import Pod
from pointsman.tui.model.kinds import PODS, SERVICES
from pointsman.tui.model.meta import Obj, condition

HostPort = tuple[int, str]
"""Number and protocol."""


def look(exam: Exam) -> Iterator[Sign]:
    holders: dict[HostPort, list[Obj[Pod]]] = {}
    waiting: list[Obj[Pod]] = []
    for pod in exam.snapshot.all(PODS):
        mine = _ports(pod)
        if not mine:
            continue
        if pod.body.spec.node_name and pod.body.status.phase in ("Running", "Pending"):
            for port in mine:
                holders.setdefault(port, []).append(pod)
        elif pod.body.status.phase == "Pending":
            waiting.append(pod)
    yield from _pending(waiting, holders)
    yield from _node_ports(exam, holders)


def _pending(waiting: list[Obj[Pod]], holders: Mapping[HostPort, list[Obj[Pod]]]) -> Iterator[Sign]:
    """Only if the scheduler says that ports are why it waits."""
    for pod in sorted(waiting, key=lambda item: item.key):
        placed = condition(pod.body.status.conditions, "PodScheduled")
        if placed is None or placed.status != "False" or "free ports" not in placed.message:
            continue
        rivals = {port: holders[port] for port in sorted(_ports(pod)) if port in holders}
        if not rivals:
            continue
        others = list({rival.key: rival for items in rivals.values() for rival in items}.values())
        words = listed([port_text(*port) for port in rivals])
        yield Sign(
            "error",
            ref(pod),
            f"Pod {pod.path} waits for host port {words}, which {listed([one.path for one in others])} hold",
            (placed.message,),
            tuple(map(ref, others)),
        )


def _node_ports(exam: Exam, holders: Mapping[HostPort, list[Obj[Pod]]]) -> Iterator[Sign]:
    for service in sorted(exam.snapshot.all(SERVICES), key=lambda item: item.key):
        for port in service.body.spec.ports:
            pods = holders.get((port.node_port, port.protocol or "TCP"), ()) if port.node_port else ()
            if pods:
                text = port_text(port.node_port, port.protocol)
                yield Sign(
                    "warn",
                    ref(service),
                    f"node port {text} of Service {service.path} is also a host port of Pod {pods[0].path}",
                    (),
                    tuple(Ref(PODS.id, *pod.key) for pod in pods[:6]),
                )


def _ports(pod: Obj[Pod]) -> set[HostPort]:
    return {
        (port.host_port, port.protocol or "TCP")
        for part in pod.body.spec.containers
        for port in part.ports
        if port.host_port
    }


CHECK = Check(
    id="port-conflict",
    title="a host port that two want",
    why="The second pod never starts, or traffic for the port goes to one of the two by chance.",
    fix="Give one of them another port, or take the host port away and use a service.",
    reads=(PODS, SERVICES),
    look=look,
    needs=(PODS, SERVICES),
    live=True,
)
