"""managedFields as a server would have recorded them for an object made long ago.

One entry for the manager that wrote the object, one for the controller that writes its status. Which lists go by keys
is read from the same schema facts the demo's API server uses.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pointsman.tui.demo.kube.listkinds import ListKinds

USER = "kubectl-client-side-apply"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# What controllers and the server add to the objects a user applied, and the user's file does not have.
ADDED_NOTES = (
    "deployment.kubernetes.io/",
    "deprecated.daemonset.",
    "metallb.io/ip-allocated",
    "pv.kubernetes.io/",
    "volume.",
)
ADDED_FIELDS: dict[str, tuple[str, ...]] = {
    "Service": ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy", "sessionAffinity",
                "allocateLoadBalancerNodePorts", "healthCheckNodePort"),
}  # fmt: skip
SERVER_SET = frozenset(
    {"uid", "creationTimestamp", "generation", "resourceVersion", "managedFields", "name", "namespace"}
)


def managed(
    obj: dict[str, Any], manager: str, status_manager: str, at: str, schema: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """The entries for `manager` (everything but status) and `status_manager` (status), both written at `at`.

    `schema` is the openAPIV3Schema of a custom resource, None for a built-in kind.
    """
    root = ListKinds.builtin(obj["kind"]) if schema is None else ListKinds.crd(schema)
    place = root or ListKinds.crd(None)
    meta = {k: v for k, v in obj["metadata"].items() if k not in SERVER_SET}
    content = {k: v for k, v in obj.items() if k not in ("apiVersion", "kind", "metadata", "status")}
    if meta:
        content["metadata"] = meta
    entries = []
    if content:
        entries.append(_entry(manager, obj["apiVersion"], at, field_set(content, place)))
    if obj.get("status"):
        status = _entry(status_manager, obj["apiVersion"], at, field_set({"status": obj["status"]}, place))
        entries.append(status | {"subresource": "status"})
    return entries


def last_applied(obj: Mapping[str, Any]) -> str:
    """The annotation `kubectl apply` leaves: what the user's file said, as JSON and a newline."""
    meta = {key: obj["metadata"][key] for key in ("name", "namespace", "labels") if key in obj["metadata"]}
    notes = obj["metadata"].get("annotations") or {}
    meta["annotations"] = {key: value for key, value in notes.items() if not key.startswith(ADDED_NOTES)}
    said = {key: value for key, value in obj.items() if key not in ("status", "metadata")}
    said["metadata"] = meta
    if drop := ADDED_FIELDS.get(obj["kind"]):
        said["spec"] = {key: value for key, value in obj["spec"].items() if key not in drop}
        if obj["spec"].get("clusterIP") == "None":
            said["spec"]["clusterIP"] = "None"
        said["spec"]["ports"] = [{k: v for k, v in port.items() if k != "nodePort"} for port in obj["spec"]["ports"]]
    return json.dumps(said, separators=(",", ":"), sort_keys=True) + "\n"


def _entry(manager: str, version: str, at: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": "Update",
        "apiVersion": version,
        "time": at,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }


def field_set(value: Mapping[str, Any], place: ListKinds) -> dict[str, Any]:
    """FieldsV1 of a mapping: `f:name` for a field, `k:{...}` for an item of a list with keys, `.` for the thing itself."""
    out: dict[str, Any] = {}
    for name, item in value.items():
        child = place.child(name)
        below: dict[str, Any] = {}
        if isinstance(item, Mapping) and item and not child.atomic:
            below = field_set(item, child)
            if name in ("labels", "annotations", "data"):
                below = {".": {}, **below}
        elif isinstance(item, list) and child.list_type == "map":
            below = {_item_key(entry, child): {".": {}, **field_set(entry, child.item())} for entry in item}
        elif isinstance(item, list) and child.list_type == "set":
            below = {f"v:{json.dumps(entry)}": {} for entry in item}
        out[f"f:{name}"] = below
    return out


def _item_key(entry: Mapping[str, Any], place: ListKinds) -> str:
    keys = {key: entry.get(key, default) for key, default in place.keys}
    return "k:" + json.dumps({k: v for k, v in sorted(keys.items()) if v is not None}, separators=(",", ":"))
