"""A policy with a slip of the pen in its selector."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects, exists
from pointsman.tui.demo.scenario.policies import TRAEFIK, app, network_policy, ports
from pointsman.tui.demo.scenario.world import DAY, World, selects


def _plant(world: World) -> None:
    rule = {"from": [TRAEFIK], "ports": ports("8096")}
    spec = {"podSelector": app("jelyfin"), "policyTypes": ["Ingress"], "ingress": [rule]}
    network_policy(world, "media", "jellyfin-from-ingress", spec, age=5 * DAY)


def _holds(objects: Objects) -> bool:
    if not exists(objects, "NetworkPolicy", "media", "jellyfin-from-ingress"):
        return False
    select = objects.get("NetworkPolicy", "media", "jellyfin-from-ingress")["spec"]["podSelector"]
    return not any(selects(select, pod["metadata"]["labels"]) for pod in objects.find("Pod", "media"))


POLICY_SELECTS_NOTHING = Fault(
    name="policy-with-a-typo",
    description="media/jellyfin-from-ingress selects app.kubernetes.io/name=jelyfin; the pods are called jellyfin.",
    precondition="A policy's podSelector matches no pod of its namespace.",
    object="NetworkPolicy/media/jellyfin-from-ingress",
    finding="policy-selects-nothing",
    plant=_plant,
    holds=_holds,
)
