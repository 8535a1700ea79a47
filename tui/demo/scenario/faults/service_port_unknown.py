"""A service port by a name that no container has."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects, exists
from pointsman.tui.demo.scenario.services import service
from pointsman.tui.demo.scenario.world import DAY, World


def _plant(world: World) -> None:
    service(
        world, "db", "postgres-metrics", "metrics:9187=metrics", {"app.kubernetes.io/name": "postgres"}, age=20 * DAY
    )


def _holds(objects: Objects) -> bool:
    if not exists(objects, "Service", "db", "postgres-metrics"):
        return False
    names = {
        port.get("name")
        for pod in objects.find("Pod", "db")
        for part in pod["spec"]["containers"]
        for port in part.get("ports", ())
    }
    return "metrics" not in names


SERVICE_PORT_UNKNOWN = Fault(
    name="service-port-nobody-has",
    description="db/postgres-metrics leads to the container port metrics, which the pods of postgres do not have: the "
    "exporter that should have brought it was never added.",
    precondition="A Service's targetPort is a name that no container of its pods has.",
    object="Service/db/postgres-metrics",
    finding="service-port-unknown",
    plant=_plant,
    holds=_holds,
)
