"""What goes when an object goes: finalizers, graceful pods, namespace and CRD content, dependents by ownerReferences.

The real cluster does this in controllers some moments later; here each step follows at once within the write that
caused it, so what waits, waits for somebody's finalizer or for a pod's last seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pointsman.tui.demo.kube.objects import Object, clone, name_of, timestamp
from pointsman.tui.demo.kube.resources import CRD_KEY, ResourceInfo

if TYPE_CHECKING:
    from pointsman.tui.demo.kube.storage import Key, Place, Storage

NAMESPACES: Key = ("", "namespaces")
FOREGROUND = "foregroundDeletion"
_CRD_CLEANUP = "customresourcecleanup.apiextensions.k8s.io"


def may_go(obj: Object) -> bool:
    """Nothing holds an object that is being deleted: no finalizer of either kind, no grace period left."""
    meta = obj["metadata"]
    if meta.get("finalizers") or meta.get("deletionGracePeriodSeconds"):
        return False
    return not (obj.get("kind") == "Namespace" and (obj.get("spec") or {}).get("finalizers"))


def mark(storage: Storage, info: ResourceInfo, live: Object, policy: str, grace: int | None) -> Object | None:
    """The object with its deletion noted, or None when nothing has to wait and it can be removed now."""
    marked: Object = clone(live)
    meta = marked["metadata"]
    finalizers = list(meta.get("finalizers") or ())
    if policy == "Foreground" and FOREGROUND not in finalizers and storage.dependents(meta["uid"]):
        finalizers.append(FOREGROUND)
    if info.key == CRD_KEY and _CRD_CLEANUP not in finalizers:
        finalizers.append(_CRD_CLEANUP)
    seconds = _grace(info, marked, grace)
    if not finalizers and not seconds and info.key != NAMESPACES:
        return None
    if finalizers:
        meta["finalizers"] = finalizers
    meta.setdefault("deletionTimestamp", timestamp(storage.now()))
    meta["deletionGracePeriodSeconds"] = min(seconds, meta.get("deletionGracePeriodSeconds", seconds))
    if info.key == NAMESPACES:
        marked.setdefault("status", {})["phase"] = "Terminating"
        del meta["deletionGracePeriodSeconds"]
    if info.key == CRD_KEY:
        _condition(marked, "Terminating", "InstanceDeletionInProgress", timestamp(storage.now()))
    if info.generation and "deletionTimestamp" not in live["metadata"]:
        meta["generation"] = int(meta.get("generation", 0)) + 1
    return marked


def _grace(info: ResourceInfo, obj: Object, grace: int | None) -> int:
    """Seconds a pod has to end; only one that a node runs has any (pkg/registry/core/pod/strategy)."""
    if info.key != ("", "pods"):
        return 0
    spec, phase = obj.get("spec") or {}, (obj.get("status") or {}).get("phase")
    if not spec.get("nodeName") or phase in ("Succeeded", "Failed"):
        return 0
    return int(spec.get("terminationGracePeriodSeconds", 30)) if grace is None else max(grace, 0)


def _condition(obj: Object, kind: str, reason: str, now: str) -> None:
    conditions = obj.setdefault("status", {}).setdefault("conditions", [])
    conditions[:] = [condition for condition in conditions if condition.get("type") != kind]
    conditions.append({"type": kind, "status": "True", "reason": reason, "message": "", "lastTransitionTime": now})


def advance(storage: Storage, info: ResourceInfo, obj: Object) -> None:
    """Take an object that is being deleted as far as it goes now."""
    if info.key == NAMESPACES:
        _empty_namespace(storage, name_of(obj))
    elif info.key == CRD_KEY:
        _empty_crd(storage, obj)
    elif FOREGROUND in (obj["metadata"].get("finalizers") or ()):
        for key, place in storage.dependents(obj["metadata"]["uid"]):
            _delete(storage, key, place, "Foreground")
        _end_foreground(storage, info.key, (obj["metadata"].get("namespace", ""), name_of(obj)))


def orphan(storage: Storage, uid: str) -> None:
    """Take the owner's reference out of its dependents, so that they stay."""

    def cut(obj: Object) -> None:
        meta = obj["metadata"]
        meta["ownerReferences"] = [ref for ref in meta.get("ownerReferences") or () if ref.get("uid") != uid]
        if not meta["ownerReferences"]:
            del meta["ownerReferences"]

    for key, place in storage.dependents(uid):
        _edit(storage, key, place, cut)


def after_removal(storage: Storage, info: ResourceInfo, gone: Object) -> None:
    """Follow up a removal: dependents, the owner that waits in foreground, the namespace or CRD that waits."""
    uid = gone["metadata"]["uid"]
    for key, place in storage.dependents(uid):
        dependent = storage.raw(key, place)
        if dependent is not None and not _has_living_owner(storage, dependent):
            _delete(storage, key, place, "Background")
    for reference in gone["metadata"].get("ownerReferences") or ():
        _recheck_owner(storage, reference, gone["metadata"].get("namespace", ""))
    namespace = gone["metadata"].get("namespace", "")
    if namespace:
        live = storage.raw(NAMESPACES, ("", namespace))
        if live is not None and live["metadata"].get("deletionTimestamp"):
            _end_namespace(storage, namespace)
    if info.custom:
        crd = storage.raw(CRD_KEY, ("", info.qualified))
        if crd is not None and crd["metadata"].get("deletionTimestamp") and not storage.places(info.key):
            _end_crd(storage, crd)


def _info(storage: Storage, key: Key) -> ResourceInfo | None:
    group, plural = key
    return storage.resources.find(f"{plural}.{group}" if group else plural)


def _delete(storage: Storage, key: Key, place: Place, policy: str) -> None:
    info, obj = _info(storage, key), storage.raw(key, place)
    if info is not None and obj is not None and not obj["metadata"].get("deletionTimestamp"):
        storage.delete(info, *place, policy=policy)


def _edit(storage: Storage, key: Key, place: Place, change: Any) -> None:
    info = _info(storage, key)
    if info is not None and storage.raw(key, place) is not None:
        storage.modify(info, *place, change)


def _has_living_owner(storage: Storage, obj: Object) -> bool:
    for reference in obj["metadata"].get("ownerReferences") or ():
        owner = _owner(storage, reference, obj["metadata"].get("namespace", ""))
        if owner is not None and owner["metadata"]["uid"] == reference.get("uid"):
            return True
    return False


def _owner(storage: Storage, reference: dict[str, Any], namespace: str) -> Object | None:
    info = storage.resources.of_kind(str(reference.get("apiVersion")), str(reference.get("kind")))
    if info is None:
        return None
    return storage.raw(info.key, (namespace if info.namespaced else "", str(reference.get("name"))))


def _recheck_owner(storage: Storage, reference: dict[str, Any], namespace: str) -> None:
    owner = _owner(storage, reference, namespace)
    info = storage.resources.of_kind(str(reference.get("apiVersion")), str(reference.get("kind")))
    if owner is not None and info is not None and FOREGROUND in (owner["metadata"].get("finalizers") or ()):
        _end_foreground(storage, info.key, (owner["metadata"].get("namespace", ""), name_of(owner)))


def _end_foreground(storage: Storage, key: Key, place: Place) -> None:
    live = storage.raw(key, place)
    if live is None or storage.dependents(live["metadata"]["uid"]):
        return

    def cut(obj: Object) -> None:
        obj["metadata"]["finalizers"] = [f for f in obj["metadata"].get("finalizers") or () if f != FOREGROUND]
        if not obj["metadata"]["finalizers"]:
            del obj["metadata"]["finalizers"]

    _edit(storage, key, place, cut)


def _empty_namespace(storage: Storage, namespace: str) -> None:
    for key in storage.filled():
        for place in storage.places(key):
            if place[0] == namespace:
                _delete(storage, key, place, "Background")
    _end_namespace(storage, namespace)


def _end_namespace(storage: Storage, namespace: str) -> None:
    live = storage.raw(NAMESPACES, ("", namespace))
    if live is None or any(place[0] == namespace for key in storage.filled() for place in storage.places(key)):
        return

    def cut(obj: Object) -> None:
        obj["spec"] = {}

    _edit(storage, NAMESPACES, ("", namespace), cut)


def _empty_crd(storage: Storage, crd: Object) -> None:
    key = (crd["spec"]["group"], crd["spec"]["names"]["plural"])
    for place in storage.places(key):
        _delete(storage, key, place, "Background")
    if not storage.places(key):
        live = storage.raw(CRD_KEY, ("", name_of(crd)))
        if live is not None:
            _end_crd(storage, live)


def _end_crd(storage: Storage, crd: Object) -> None:
    def cut(obj: Object) -> None:
        obj["metadata"]["finalizers"] = [f for f in obj["metadata"].get("finalizers") or () if f != _CRD_CLEANUP]
        if not obj["metadata"]["finalizers"]:
            del obj["metadata"]["finalizers"]

    _edit(storage, CRD_KEY, ("", name_of(crd)), cut)
