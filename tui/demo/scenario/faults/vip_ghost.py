"""An address with a name on it and nobody at home."""

from __future__ import annotations

from datetime import timedelta

from pointsman.tui.demo.scenario.faults.base import Fault, Objects
from pointsman.tui.demo.scenario.platform.cilium_addresses import LEASE_PREFIX, l2_policy
from pointsman.tui.demo.scenario.services import slice_body
from pointsman.tui.demo.scenario.world import MINUTE, World, micro, parse, stamp

DOWN = 26 * MINUTE
NAME = f"{LEASE_PREFIX}home-home-assistant"


def _plant(world: World) -> None:
    world.get("Service", "home", "home-assistant")["metadata"]["labels"]["home.example/announce"] = "closet"
    mark = {"matchLabels": {"home.example/announce": "closet"}}
    l2_policy(world, "closet", mark, {"matchLabels": {"kubernetes.io/hostname": "closet"}})
    lease = world.get("Lease", "kube-system", NAME)
    lease["spec"] |= {
        "holderIdentity": "closet",
        "acquireTime": micro(world.ago(DOWN + 5 * 3600)),
        "renewTime": micro(world.ago(DOWN)),
        "leaseTransitions": 1,
    }
    _stop_agent(world)
    world.traits.setdefault("dead_agents", []).append("closet")


def _stop_agent(world: World) -> None:
    """closet's agent restarts over and over; it has not been ready since it went down."""
    pod = next(p for p in world.find("Pod", "kube-system") if p["metadata"]["labels"].get("k8s-app") == "cilium"
               and p["spec"].get("nodeName") == "closet")  # fmt: skip
    at, last = stamp(world.ago(DOWN)), world.ago(2 * MINUTE)
    for one in pod["status"]["conditions"]:
        if one["type"] in ("Ready", "ContainersReady"):
            why = "containers with unready status: [cilium-agent]"
            one |= {"status": "False", "lastTransitionTime": at, "reason": "ContainersNotReady", "message": why}
    state = pod["status"]["containerStatuses"][0]
    ended = {
        "exitCode": 1,
        "reason": "Error",
        "startedAt": stamp(last - timedelta(seconds=4)),
        "finishedAt": stamp(last),
        "containerID": state["containerID"],
    }
    waiting = "back-off 5m0s restarting failed container=cilium-agent pod=" + pod["metadata"]["name"]
    state |= {
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": waiting}},
        "lastState": {"terminated": ended},
        "ready": False,
        "started": False,
        "restartCount": 9,
    }
    agents = world.get("DaemonSet", "kube-system", "cilium")["status"]
    agents |= {"numberReady": 2, "numberAvailable": 2, "numberUnavailable": 1}
    pods = [p for p in world.find("Pod", "kube-system") if p["metadata"]["labels"].get("k8s-app") == "cilium"]
    for piece in world.find("EndpointSlice", "kube-system"):
        if piece["metadata"]["labels"]["kubernetes.io/service-name"] == "hubble-peer":
            piece |= slice_body(world.get("Service", "kube-system", "hubble-peer"), pods)


def _holds(objects: Objects) -> bool:
    leases = list(objects.find("Lease", "kube-system"))
    lease = next((o for o in leases if o["metadata"]["name"] == NAME), None)
    if lease is None:
        return False
    newest = max(parse(o["spec"]["renewTime"]) for o in leases)
    stale = newest - parse(lease["spec"]["renewTime"]) > timedelta(seconds=lease["spec"]["leaseDurationSeconds"])
    return stale and bool(objects.get("Service", "home", "home-assistant")["status"]["loadBalancer"]["ingress"])


VIP_GHOST = Fault(
    name="ghost-address",
    description="192.168.7.108 is assigned and its lease names closet, but the Cilium agent there has been down for 26 "
    "minutes, and the announcement policy lets no other node take over: nobody answers.",
    precondition="A service's address has a lease whose holder stopped renewing it, and no other node may hold it.",
    object="Service/home/home-assistant",
    finding="vip-ghost",
    plant=_plant,
    holds=_holds,
)
