"""Events as controllers write them; the API server keeps each for an hour."""

from __future__ import annotations

from datetime import datetime

from pointsman.tui.demo.scenario.pods import restarted_status
from pointsman.tui.demo.scenario.world import MINUTE, Obj, World, digest, stamp

TTL = 3600.0  # the API server forgets events after an hour


def make_event(
    about: Obj,
    reason: str,
    message: str,
    component: str,
    at: datetime,
    *,
    kind: str = "Normal",
    node: str = "",
    count: int = 1,
    first: datetime | None = None,
) -> Obj:
    """A core/v1 Event about an object, named as client-go names it: object, dot, the time in hexadecimal."""
    meta = about["metadata"]
    namespace = meta.get("namespace") or "default"
    nanos = int(at.timestamp() * 1e9) + digest(meta["name"], reason, message) % 100_000_000
    reference: Obj = {
        "kind": about["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "apiVersion": about["apiVersion"],
    }
    if meta.get("namespace"):
        reference["namespace"] = meta["namespace"]
    if meta.get("resourceVersion"):
        reference["resourceVersion"] = meta["resourceVersion"]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{meta['name']}.{nanos:x}", "namespace": namespace, "creationTimestamp": stamp(at)},
        "involvedObject": reference,
        "reason": reason,
        "message": message,
        "source": {"component": component, **({"host": node} if node else {})},
        "firstTimestamp": stamp(first or at),
        "lastTimestamp": stamp(at),
        "count": count,
        "type": kind,
        "reportingComponent": component,
        "reportingInstance": node,
    }


def put(world: World, event: Obj) -> None:
    meta = event["metadata"]
    meta["uid"] = world.uid("Event", meta["namespace"], meta["name"])
    world.put(event, manager=event["reportingComponent"])


def restart(world: World, pod: Obj, seconds: float) -> None:
    """The pod's first container ended and started anew so long ago, and the events of that are still there."""
    at, node = world.ago(seconds), pod["spec"]["nodeName"]
    pod["status"] = restarted_status(pod, at, exit_code=1, ready=True)
    one = pod["spec"]["containers"][0]
    for reason, message in (
        ("Pulled", f'Container image "{one["image"]}" already present on machine'),
        ("Created", f"Created container: {one['name']}"),
        ("Started", f"Started container {one['name']}"),
    ):
        put(world, make_event(pod, reason, message, "kubelet", at, node=node))


def add_recent(world: World) -> None:
    """The little that happened within the hour, so that a first look at the events finds some."""
    pod = next(p for p in world.find("Pod", "media") if p["metadata"]["name"].startswith("qbittorrent"))
    restart(world, pod, 31 * MINUTE)
