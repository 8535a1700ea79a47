"""Leases that ask more of the API than the agents may."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects, exists
from pointsman.tui.demo.scenario.platform.cilium_addresses import LEASE_PREFIX
from pointsman.tui.demo.scenario.world import World

RETRY = "l2-announcements-retry-period"
LIMIT = "k8s-client-qps"


def _plant(world: World) -> None:
    world.get("ConfigMap", "kube-system", "cilium-config")["data"] |= {LIMIT: "1", "k8s-client-burst": "2"}


def _holds(objects: Objects) -> bool:
    if not exists(objects, "ConfigMap", "kube-system", "cilium-config"):
        return False
    config = objects.get("ConfigMap", "kube-system", "cilium-config")["data"]
    leases = [o for o in objects.find("Lease", "kube-system") if o["metadata"]["name"].startswith(LEASE_PREFIX)]
    return len(leases) / float(config[RETRY].removesuffix("s")) > float(config[LIMIT])


LEASE_RATE = Fault(
    name="more-lease-requests-than-allowed",
    description="To spare the small API server the agents were limited to one request a second (k8s-client-qps); for their "
    "leases alone they need two, so renewals come late.",
    precondition="The announcement leases divided by the retry period exceed k8s-client-qps.",
    object="ConfigMap/kube-system/cilium-config",
    finding="l2-lease-rate",
    plant=_plant,
    holds=_holds,
)
