"""An address that was assigned and that no one answers for."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault, Objects
from pointsman.tui.demo.scenario.platform.cilium_addresses import LEASE_PREFIX
from pointsman.tui.demo.scenario.platform.metallb import NS
from pointsman.tui.demo.scenario.services import POOL_ANNOTATION
from pointsman.tui.demo.scenario.world import DAY, World

IP = "192.168.7.245"


def _plant(world: World) -> None:
    spec = {"addresses": ["192.168.7.245-192.168.7.249"], "autoAssign": False, "avoidBuggyIPs": False}
    world.add("metallb.io/v1beta1", "IPAddressPool", "iot", {"spec": spec}, namespace=NS, age=DAY)
    svc = world.get("Service", "home", "mosquitto")
    svc["metadata"]["labels"]["home.example/pool"] = "iot"
    svc["metadata"]["annotations"] = {
        "metallb.io/address-pool": "iot",
        "metallb.io/loadBalancerIPs": IP,
        POOL_ANNOTATION: "iot",
    }
    svc["status"]["loadBalancer"]["ingress"] = [{"ip": IP, "ipMode": "VIP"}]
    world.remove("Lease", "kube-system", f"{LEASE_PREFIX}home-mosquitto")


def _holds(objects: Objects) -> bool:
    svc = objects.get("Service", "home", "mosquitto")
    pool = svc["metadata"]["annotations"].get(POOL_ANNOTATION)
    adverts = [a["spec"].get("ipAddressPools") for a in objects.find("L2Advertisement")]
    advertised = any(not pools or pool in pools for pools in adverts)
    leased = any(o["metadata"]["name"] == f"{LEASE_PREFIX}home-mosquitto" for o in objects.find("Lease", "kube-system"))
    return bool(svc["status"]["loadBalancer"].get("ingress")) and not advertised and not leased


IP_NOT_ANNOUNCED = Fault(
    name="address-without-advertisement",
    description="The broker's new address comes from the pool iot, for which there is no L2Advertisement, and no Cilium "
    "policy selects the service: nobody answers for 192.168.7.245.",
    precondition="A LoadBalancer service holds an address of a pool that no L2Advertisement names and that no "
    "CiliumL2AnnouncementPolicy selects.",
    object="Service/home/mosquitto",
    finding="ip-not-announced",
    plant=_plant,
    holds=_holds,
)
