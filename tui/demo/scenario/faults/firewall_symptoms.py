"""What a firewall on a machine looks like from the cluster."""

from __future__ import annotations

from pointsman.tui.demo.scenario.events import make_event, put
from pointsman.tui.demo.scenario.faults.base import Fault, Objects
from pointsman.tui.demo.scenario.world import MINUTE, World

REFUSED = "connect: no route to host"


def _plant(world: World) -> None:
    pod = next(p for p in world.find("Pod", "web") if p["spec"].get("nodeName") == "loft")
    ip = pod["status"]["podIP"]
    text = f'Readiness probe failed: Get "http://{ip}:8080/": dial tcp {ip}:8080: {REFUSED}'
    put(world, make_event(pod, "Unhealthy", text, "kubelet", world.ago(3 * MINUTE), kind="Warning", node="loft", count=23,
                          first=world.ago(52 * MINUTE)))  # fmt: skip


def _holds(objects: Objects) -> bool:
    return any(REFUSED in event["message"] and event["count"] > 2 for event in objects.find("Event"))


FIREWALL_SYMPTOMS = Fault(
    name="symptoms-of-a-firewall",
    description="On loft a firewall was switched on again by an update and rejects packets to the pods now and then: probes "
    'fail with "no route to host", and the node is Ready all the same.',
    precondition='Events of the last hour tell of "no route to host" for addresses inside the cluster.',
    object="Node/loft",
    finding="host-firewall-suspected",
    plant=_plant,
    holds=_holds,
)
