"""A route to a port that its service does not have."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects, exists
from pointsman.tui.demo.scenario.routes import DOMAIN, http_route
from pointsman.tui.demo.scenario.world import World


def _plant(world: World) -> None:
    http_route(world, "backup", "minio-s3", f"Host(`s3.{DOMAIN}`)", "minio", "s3", [], "websecure", tls={})


def _holds(objects: Objects) -> bool:
    ports = {port["name"] for port in objects.get("Service", "backup", "minio")["spec"]["ports"]}
    return exists(objects, "IngressRoute", "backup", "minio-s3") and "s3" not in ports


ROUTE_MISSING_PORT = Fault(
    name="route-to-a-missing-port",
    description="backup/minio-s3 leads to the port s3 of minio, which is called api: Traefik makes no router of it.",
    precondition="A route names a port that its Service does not have.",
    object="IngressRoute/backup/minio-s3",
    finding="route-missing-port",
    plant=_plant,
    holds=_holds,
)
