"""Events as controllers write them; the API server keeps each for an hour."""

from __future__ import annotations

from datetime import datetime

from pointsman.tui.demo.scenario.world import Obj, World, digest, stamp

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
