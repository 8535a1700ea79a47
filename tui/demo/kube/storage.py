"""The cluster's objects in memory: one version counter, optimistic locking, watches, finalizers, garbage collection.

Everything is synchronous and runs on one event loop: a write is committed, and its watchers have it, when the method
returns. Objects handed in belong to the storage afterwards; objects handed out are shared and must not be changed
(use `modify`, or `objects.clone` first). A resource is named by its `ResourceInfo` or as kubectl prints it:
`"pods"`, `"deployments.apps"`, `"ipaddresspools.metallb.io"`.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from pointsman.tui.demo.kube import checks, defaults, garbage, managed
from pointsman.tui.demo.kube.changes import (
    at_version,
    check_identity,
    check_preconditions,
    declared_by,
    list_kinds,
    merged,
    owners,
    same,
    spec_of,
)
from pointsman.tui.demo.kube.errors import (
    ApiError,
    Cause,
    already_exists,
    bad_request,
    forbidden,
    no_such_path,
    not_found,
)
from pointsman.tui.demo.kube.events import Event, EventLog, EventType, Watch
from pointsman.tui.demo.kube.objects import Object, clone, drop_empty, name_of, namespace_of, timestamp
from pointsman.tui.demo.kube.resources import CRD_KEY, ResourceInfo, Resources

Key = tuple[str, str]
Place = tuple[str, str]  # namespace ("" for cluster scope), name
Objects = list[Object]
Keys = list[Key]
Places = list[Place]
Dependents = list[tuple[Key, Place]]

_FIRST_VERSION = 1000
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # what generateName uses: no vowels, no look-alikes


class Storage:
    """See the module. `now` gives the time, `seed` makes uids and generated names repeatable."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        seed: int | None = None,
        log_size: int = 1000,
        service_cidr: str = "10.43.0.0/16",
    ) -> None:
        self.resources = Resources()
        self.version = _FIRST_VERSION
        self.now = now
        self.service_cidr = service_cidr
        self._random = random.Random(seed)
        self._log_size = log_size
        self._objects: dict[Key, dict[Place, Object]] = {}
        self._logs: dict[Key, EventLog] = {}
        self._dependents: dict[str, set[tuple[Key, Place]]] = {}
        self._listeners: list[Callable[[Event], None]] = []

    # Reading

    def info(self, resource: ResourceInfo | str) -> ResourceInfo:
        """The served resource of that name. Raises 404 if it is not served (now)."""
        if isinstance(resource, ResourceInfo):
            return resource
        found = self.resources.find(resource)
        if found is None:
            raise no_such_path()
        return found

    def get(self, resource: ResourceInfo | str, namespace: str, name: str) -> Object:
        """One object at its resource's version. Raises 404 NotFound."""
        info = self.info(resource)
        found = self._objects.get(info.key, {}).get((namespace, name))
        if found is None:
            raise not_found(info.plural, info.group, name)
        return at_version(found, info)

    def peek(self, resource: ResourceInfo | str, namespace: str, name: str) -> Object | None:
        """Like `get`, but None where there is nothing, also for a resource that is not served."""
        found = self.resources.find(resource) if isinstance(resource, str) else resource
        if found is None:
            return None
        obj = self._objects.get(found.key, {}).get((namespace, name))
        return None if obj is None else at_version(obj, found)

    def list(self, resource: ResourceInfo | str, namespace: str = "") -> Objects:
        """Objects in the order of etcd's keys (namespace, name); `""` means all namespaces."""
        info = self.info(resource)
        table = self._objects.get(info.key, {})
        places = sorted(place for place in table if not namespace or place[0] == namespace)
        return [at_version(table[place], info) for place in places]

    def watch(self, resource: ResourceInfo | str, since: int | None = None) -> Watch:
        """Changes after version `since` (now, if None), of all namespaces. Raises 410 Expired when too old."""
        info = self.info(resource)
        return self._log(info.key).open(self.version if since is None else since)

    def compact(self) -> None:
        """Forget all history: every watch that starts from an older version gets 410 and has to list again."""
        for info in self.resources:
            self._log(info.key).compact(self.version)

    def cut(self) -> None:
        """End every watch; who reads has to come back."""
        for log in self._logs.values():
            log.cut()

    def readers(self) -> int:
        """How many watches are open."""
        return sum(len(log.readers) for log in self._logs.values())

    def listen(self, callback: Callable[[Event], None]) -> None:
        """Call back with each event of every resource, right after its commit. It must not write; queue instead."""
        self._listeners.append(callback)

    def dependents(self, uid: str) -> Dependents:
        return sorted(self._dependents.get(uid, ()))

    def places(self, key: Key) -> Places:
        return sorted(self._objects.get(key, {}))

    def filled(self) -> Keys:
        """Which resources have or had objects."""
        return sorted(self._objects)

    def raw(self, key: Key, place: Place) -> Object | None:
        """The object as stored, at whatever version it was written."""
        return self._objects.get(key, {}).get(place)

    # Writing

    def seed(self, objects: Iterable[Object]) -> None:
        """Put in objects as they are, CRDs and namespaces first; only absent metadata and defaults are filled in.

        Raises 404 for a kind that is not served and 409 for a name used twice.
        """
        order = {"CustomResourceDefinition": 0, "Namespace": 1}
        for obj in sorted(objects, key=lambda item: order.get(str(item.get("kind")), 2)):
            info = self._info_of(obj)
            obj = clone(obj)
            meta = obj.setdefault("metadata", {})
            if not info.namespaced:
                meta.pop("namespace", None)
            if self.raw(info.key, self._place(info, obj)) is not None:
                raise already_exists(info.plural, info.group, name_of(obj))
            meta.setdefault("uid", self.new_uid())
            meta.setdefault("creationTimestamp", timestamp(self.now()))
            if info.generation:
                meta.setdefault("generation", 1)
            defaults.fill(defaults.Write(obj, None, self), info)
            defaults.allocate(defaults.Write(obj, None, self), info)
            self._commit("ADDED", info, obj, None)

    def create(
        self, obj: Object, *, manager: str | None = None, dry_run: bool = False, resource: ResourceInfo | None = None
    ) -> Object:
        """Store a new object and return it as stored.

        `manager` is the field manager to note in managedFields; None keeps what the object brings (server-side apply
        works its fields out itself). Raises 404 (kind or namespace), 409 AlreadyExists, 422 Invalid, 403 (namespace
        that is being deleted).
        """
        info = resource or self._info_of(obj)
        meta = obj.setdefault("metadata", {})
        if meta.get("resourceVersion"):
            raise ApiError(500, "", "resourceVersion should not be set on objects to be created")
        for gone in ("resourceVersion", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"):
            meta.pop(gone, None)
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = meta["generateName"][:58] + self.new_suffix()
        if info.has_status:
            obj.pop("status", None)
        defaults.fill(defaults.Write(obj, None, self), info)
        checks.check(obj, info, None)
        self._check_namespace(info, obj)
        place = self._place(info, obj)
        if self.raw(info.key, place) is not None:
            raise already_exists(info.plural, info.group, place[1])
        drop_empty(meta)
        meta["uid"] = self.new_uid()
        meta["creationTimestamp"] = timestamp(self.now())
        meta.pop("generation", None)
        if info.generation:
            meta["generation"] = 1
        if manager is not None:
            obj = self._noted(info, None, obj, manager, "")
            meta = obj["metadata"]
        defaults.allocate(defaults.Write(obj, None, self), info)
        if dry_run:
            return obj
        return at_version(self._commit("ADDED", info, obj, None), info)

    def update(
        self,
        obj: Object,
        *,
        manager: str | None = None,
        subresource: str = "",
        dry_run: bool = False,
        resource: ResourceInfo | None = None,
    ) -> Object:
        """Replace an object, or with `subresource="status"` its status only; returns the stored result.

        `subresource="scale"` writes like no subresource; only the field manager's entry says so.

        A write that changes nothing keeps the version. Raises 404, 409 Conflict (a resourceVersion or uid that is not
        the live one), 422 Invalid.
        """
        info = resource or self._info_of(obj)
        name = name_of(obj)
        place = self._place(info, obj)
        live = self.raw(info.key, place)
        if live is None:
            raise not_found(info.plural, info.group, name)
        check_identity(info, live, obj.get("metadata") or {})
        new = merged(info, obj, live, subresource)
        drop_empty(new["metadata"])
        if subresource != "status" or info.custom:
            defaults.fill(defaults.Write(new, live, self), info)
            checks.check(new, info, live)
        if info.generation and subresource != "status" and spec_of(new, info) != spec_of(live, info):
            new["metadata"]["generation"] = int(live["metadata"].get("generation", 0)) + 1
        if manager is not None:
            new = self._noted(info, at_version(live, info), new, manager, subresource)
        if subresource != "status":
            defaults.allocate(defaults.Write(new, live, self), info)
        if same(new, live):
            return at_version(live, info)
        if dry_run:
            return new
        if live["metadata"].get("deletionTimestamp") and garbage.may_go(new):
            return at_version(self._remove(info, new), info)
        return at_version(self._commit("MODIFIED", info, new, live), info)

    def modify(
        self,
        resource: ResourceInfo | str,
        namespace: str,
        name: str,
        change: Callable[[Object], None],
        *,
        manager: str | None = None,
        subresource: str = "",
    ) -> Object:
        """Read, let `change` edit a copy in place, write back. The short way for controllers. Raises as `update`."""
        info = self.info(resource)
        obj = clone(self.get(info, namespace, name))
        change(obj)
        return self.update(obj, manager=manager, subresource=subresource, resource=info)

    def delete(
        self,
        resource: ResourceInfo | str,
        namespace: str,
        name: str,
        *,
        policy: str = "Background",
        grace: int | None = None,
        preconditions: Mapping[str, Any] | None = None,
        dry_run: bool = False,
    ) -> tuple[Object, bool]:
        """Delete an object; returns it and whether it is gone already.

        It stays, with a deletionTimestamp, while it has finalizers, while a pod ends gracefully (`grace` seconds, 0
        for at once), and for a namespace or CRD while there is content. `policy` is Background, Foreground or Orphan.
        Raises 404, and 409 when `preconditions` (uid, resourceVersion) do not hold.
        """
        info = self.info(resource)
        live = self.raw(info.key, (namespace, name))
        if live is None:
            raise not_found(info.plural, info.group, name)
        check_preconditions(info, live, preconditions or {})
        if info.key == ("", "namespaces") and name in ("default", "kube-system", "kube-public", "kube-node-lease"):
            raise forbidden(info.plural, info.group, name, "this namespace may not be deleted")
        marked = garbage.mark(self, info, live, policy, grace)
        if dry_run:
            return at_version(marked or live, info), marked is None
        if policy == "Orphan":
            garbage.orphan(self, live["metadata"]["uid"])
        if marked is None:
            return at_version(self._remove(info, live), info), True
        if not same(marked, live):
            self._commit("MODIFIED", info, marked, live)
            garbage.advance(self, info, marked)
        rest = self.raw(info.key, (namespace, name))
        return at_version(rest or marked, info), rest is None

    # For `garbage` and for tests; not for callers that should go through the methods above.

    def finish(self, info: ResourceInfo, obj: Object) -> None:
        """Remove an object that waited for its deletion to complete."""
        if self.raw(info.key, self._place(info, obj)) is not None:
            self._remove(info, obj)

    def new_uid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def new_suffix(self, length: int = 5) -> str:
        return "".join(self._random.choices(_ALPHABET, k=length))

    def _info_of(self, obj: Mapping[str, Any]) -> ResourceInfo:
        api_version, kind = str(obj.get("apiVersion") or ""), str(obj.get("kind") or "")
        info = self.resources.of_kind(api_version, kind)
        if info is None:
            raise bad_request(f'no kind "{kind}" is registered for version "{api_version}"')
        return info

    def _place(self, info: ResourceInfo, obj: Mapping[str, Any]) -> Place:
        return (namespace_of(obj) if info.namespaced else "", name_of(obj))

    def _log(self, key: Key) -> EventLog:
        log = self._logs.get(key)
        if log is None:
            log = self._logs[key] = EventLog(_FIRST_VERSION, self._log_size)
        return log

    def _check_namespace(self, info: ResourceInfo, obj: Object) -> None:
        if not info.namespaced:
            obj["metadata"].pop("namespace", None)
            return
        namespace = obj["metadata"].setdefault("namespace", "default")
        live = self.raw(("", "namespaces"), ("", namespace))
        if live is None:
            raise not_found("namespaces", "", namespace)
        if live["metadata"].get("deletionTimestamp"):
            error = forbidden(
                info.plural,
                info.group,
                name_of(obj),
                f"unable to create new content in namespace {namespace} because it is being terminated",
            )
            error.causes = (
                Cause("NamespaceTerminating", f"namespace {namespace} is being terminated", "metadata.namespace"),
            )
            raise error

    def _noted(
        self, info: ResourceInfo, before: Object | None, after: Object, manager: str, subresource: str
    ) -> Object:
        noted: Object = managed.track_update(
            before,
            after,
            manager=manager,
            subresource=subresource,
            now=timestamp(self.now()),
            schema=list_kinds(info),
        )
        return noted

    def _commit(self, kind: EventType, info: ResourceInfo, obj: Object, previous: Object | None) -> Object:
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        place = self._place(info, obj)
        if kind == "DELETED":
            self._objects[info.key].pop(place, None)
        else:
            self._objects.setdefault(info.key, {})[place] = obj
        self._index(info.key, place, previous, None if kind == "DELETED" else obj)
        if info.key == CRD_KEY and kind != "DELETED":
            self.resources.add_crd(obj)
        event = Event(kind, info.key, obj, previous, self.version)
        self._log(info.key).append(event)
        for listener in self._listeners:
            listener(event)
        return obj

    def _remove(self, info: ResourceInfo, obj: Object) -> Object:
        last = {**obj, "metadata": dict(obj["metadata"])}
        self._commit("DELETED", info, last, obj)
        if info.key == CRD_KEY:
            served = [self._log(gone.key) for gone in self.resources if gone.custom and declared_by(gone, obj)]
            self.resources.remove_crd(name_of(obj))
            for log in served:
                log.cut()
        garbage.after_removal(self, info, last)
        return last

    def _index(self, key: Key, place: Place, before: Object | None, after: Object | None) -> None:
        for uid in owners(before) - owners(after):
            rest = self._dependents.get(uid, set())
            rest.discard((key, place))
            if not rest:
                self._dependents.pop(uid, None)
        for uid in owners(after):
            self._dependents.setdefault(uid, set()).add((key, place))
