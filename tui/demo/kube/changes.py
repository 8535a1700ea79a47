"""What a write makes of an object: identity stays, status has its own door, no change is no write."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pointsman.tui.demo.kube.errors import STALE, Cause, conflict, invalid
from pointsman.tui.demo.kube.listkinds import ListKinds
from pointsman.tui.demo.kube.objects import Object, name_of
from pointsman.tui.demo.kube.resources import ResourceInfo


@cache
def list_kinds(info: ResourceInfo) -> ListKinds:
    """Which of a resource's lists go by keys, for managedFields and apply."""
    if info.custom:
        return ListKinds.crd(info.schema, has_status=info.has_status)
    return ListKinds.builtin(info.kind) or ListKinds.crd(None)


def at_version(obj: Object, info: ResourceInfo) -> Object:
    """The object as its resource's version shows it; versions of one kind differ here in `apiVersion` alone."""
    return obj if obj.get("apiVersion") == info.api_version else {**obj, "apiVersion": info.api_version}


def declared_by(info: ResourceInfo, crd: Mapping[str, Any]) -> bool:
    return f"{info.plural}.{info.group}" == name_of(crd)


def owners(obj: Mapping[str, Any] | None) -> set[str]:
    references = (obj or {}).get("metadata", {}).get("ownerReferences") or ()
    return {str(reference.get("uid")) for reference in references}


_FIXED = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "namespace")


def merged(info: ResourceInfo, obj: Object, live: Object, subresource: str) -> Object:
    """What an update may change, laid over the live object: never identity, and status only through its subresource."""
    sent = obj.get("metadata") or {}
    if subresource == "status":
        new = {**live, "apiVersion": info.api_version, "metadata": dict(live["metadata"])}
        if "managedFields" in sent:
            new["metadata"]["managedFields"] = sent["managedFields"]
        if obj.get("status") is not None:
            new["status"] = obj["status"]
        else:
            new.pop("status", None)
        return new
    new = {**obj, "apiVersion": info.api_version, "kind": info.kind, "metadata": dict(sent)}
    meta = new["metadata"]
    meta.pop("selfLink", None)
    for field in _FIXED:
        if field in live["metadata"]:
            meta[field] = live["metadata"][field]
        else:
            meta.pop(field, None)
    meta["resourceVersion"] = live["metadata"]["resourceVersion"]
    if info.has_status:
        if "status" in live:
            new["status"] = live["status"]
        else:
            new.pop("status", None)
    if live["metadata"].get("deletionTimestamp"):
        added = set(meta.get("finalizers") or ()) - set(live["metadata"].get("finalizers") or ())
        if added:
            shown = ", ".join(f'"{name}"' for name in sorted(added))
            why = "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers "
            why += f"[]string{{{shown}}}"
            cause = Cause("FieldValueForbidden", why, "metadata.finalizers")
            raise invalid(info.kind, info.group, name_of(obj), [cause])
    return new


def spec_of(obj: Mapping[str, Any], info: ResourceInfo) -> dict[str, Any]:
    """What the generation counts. Binding a pod to its node is no change that a kubelet would have to observe."""
    skip = {"metadata", "apiVersion", "kind", *(("status",) if info.has_status else ())}
    kept = {key: value for key, value in obj.items() if key not in skip}
    if info.key == ("", "pods"):
        kept["spec"] = {key: value for key, value in (obj.get("spec") or {}).items() if key != "nodeName"}
    return kept


def check_preconditions(info: ResourceInfo, live: Object, wanted: Mapping[str, Any]) -> None:
    """The `preconditions` of a deletion. Raises 409 Conflict for another uid or resourceVersion."""
    have = live["metadata"]
    if (uid := wanted.get("uid")) and uid != have["uid"]:
        why = f"the UID in the precondition ({uid}) does not match the UID in record ({have['uid']}). "
        why += "The object might have been deleted and then recreated"
        raise conflict(info.kind, info.group, name_of(live), why)
    if (version := wanted.get("resourceVersion")) and str(version) != have["resourceVersion"]:
        why = f"the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record "
        why += f"({have['resourceVersion']}). The object might have been modified"
        raise conflict(info.kind, info.group, name_of(live), why)


def check_identity(info: ResourceInfo, live: Object, sent: Mapping[str, Any]) -> None:
    """The metadata of an update. Raises 409 Conflict for another uid or a resourceVersion that is not the live one."""
    have = live["metadata"]
    if (uid := sent.get("uid")) and uid != have["uid"]:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {have['uid']}"
        raise conflict(info.plural, info.group, name_of(live), why)
    if (version := sent.get("resourceVersion")) and str(version) != have["resourceVersion"]:
        raise conflict(info.plural, info.group, name_of(live), STALE)


def same(new: Object, live: Object) -> bool:
    """Nothing but apiVersion and the times in managedFields differ."""

    def essence(obj: Object) -> tuple[dict[str, Any], dict[str, Any], list[Any]]:
        meta = {key: value for key, value in obj["metadata"].items() if key not in ("managedFields", "resourceVersion")}
        fields = [{**entry, "time": ""} for entry in obj["metadata"].get("managedFields") or ()]
        return {k: v for k, v in obj.items() if k not in ("metadata", "apiVersion")}, meta, fields

    return essence(new) == essence(live)
