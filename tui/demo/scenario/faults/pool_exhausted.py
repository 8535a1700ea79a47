"""A pool that is too small."""

from __future__ import annotations

from pointsman.tui.demo.scenario.events import make_event, put
from pointsman.tui.demo.scenario.faults.base import Fault, Objects
from pointsman.tui.demo.scenario.platform.metallb import NS, span_size
from pointsman.tui.demo.scenario.services import POOL_ANNOTATION, service
from pointsman.tui.demo.scenario.world import HOUR, MINUTE, World


def _plant(world: World) -> None:
    world.get("IPAddressPool", NS, "guests")["spec"]["addresses"] = ["192.168.7.240-192.168.7.241"]
    svc = service(
        world,
        "games",
        "creative-guests",
        "java:25565=java bedrock:19132=bedrock/udp",
        {"app.kubernetes.io/name": "creative"},
        pending=True,
        labels={"app.kubernetes.io/name": "creative", "home.example/pool": "guests"},
        annotations={"metallb.io/address-pool": "guests"},
        age=3 * HOUR,
    )
    text = 'Failed to allocate IP for "games/creative-guests": no available IPs in pool guests'
    put(world, make_event(svc, "AllocationFailed", text, "metallb-controller", world.ago(4 * MINUTE), kind="Warning",
                          count=19, first=world.ago(3 * HOUR)))  # fmt: skip


def _holds(objects: Objects) -> bool:
    for pool in objects.find("IPAddressPool"):
        if pool["metadata"]["name"] == "guests":
            held = [s for s in objects.find("Service") if _of(s) == "guests"]
            return len(held) >= span_size(pool["spec"]["addresses"][0]) and bool(_waiting(objects))
    return False


def _of(svc: dict[str, object]) -> object:
    meta = svc["metadata"]
    return meta.get("annotations", {}).get(POOL_ANNOTATION) if isinstance(meta, dict) else None


def _waiting(objects: Objects) -> list[str]:
    return [
        svc["metadata"]["name"]
        for svc in objects.find("Service")
        if svc["spec"]["type"] == "LoadBalancer" and not svc["status"]["loadBalancer"].get("ingress")
    ]


POOL_EXHAUSTED = Fault(
    name="pool-exhausted",
    description="The pool guests has two addresses, both are taken, and games/creative-guests waits for a third.",
    precondition="A pool's addresses are all in use and a service that asks for that pool has none.",
    object="IPAddressPool/metallb-system/guests",
    finding="pool-exhausted",
    plant=_plant,
    holds=_holds,
)
