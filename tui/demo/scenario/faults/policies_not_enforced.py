"""Policies that only look like protection."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects, exists
from pointsman.tui.demo.scenario.world import World


def _plant(world: World) -> None:
    """Nothing to do: enforcement has been off since the first step of the move (`platform.cilium.HALF_WAY`)."""


def _holds(objects: Objects) -> bool:
    if not exists(objects, "ConfigMap", "kube-system", "cilium-config"):
        return False
    config = objects.get("ConfigMap", "kube-system", "cilium-config")["data"]
    return config["enable-policy"] == "never" and exists(objects, "CiliumNetworkPolicy", "db", "postgres-in")


POLICIES_NOT_ENFORCED = Fault(
    name="policies-nobody-enforces",
    description="Cilium's policy enforcement was switched off for the move (enable-policy: never) and k3s runs with "
    "--disable-network-policy: the database's policies are there and let everybody in.",
    precondition="CiliumNetworkPolicies exist while cilium-config says enable-policy: never.",
    object="CiliumNetworkPolicy/db/postgres-in",
    finding="policy-not-enforced",
    plant=_plant,
    holds=_holds,
)
