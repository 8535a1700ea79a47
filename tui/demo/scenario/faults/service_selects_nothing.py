"""A service whose application was renamed."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects, exists
from pointsman.tui.demo.scenario.services import service
from pointsman.tui.demo.scenario.world import DAY, World


def _plant(world: World) -> None:
    service(world, "media", "transmission", "http:9091=http", {"app.kubernetes.io/name": "transmission"}, age=90 * DAY)


def _holds(objects: Objects) -> bool:
    return exists(objects, "Service", "media", "transmission") and not any(
        pod["metadata"]["labels"].get("app.kubernetes.io/name") == "transmission"
        for pod in objects.find("Pod", "media")
    )


SERVICE_SELECTS_NOTHING = Fault(
    name="service-for-a-gone-application",
    description="transmission gave way to qbittorrent; its service is still there and selects no pod.",
    precondition="A Service's selector matches neither a pod nor a pod template.",
    object="Service/media/transmission",
    finding="service-selects-nothing",
    plant=_plant,
    holds=_holds,
)
