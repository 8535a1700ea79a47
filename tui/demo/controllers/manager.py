"""What all controllers share: the storage, the clock, due times, a repeatable source of chance, and events."""

from __future__ import annotations

import contextlib
import heapq
import random
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from pointsman.tui.demo.clock import Clock
from pointsman.tui.demo.kube.errors import ApiError
from pointsman.tui.demo.kube.events import Event
from pointsman.tui.demo.kube.objects import clone, timestamp
from pointsman.tui.demo.kube.storage import Storage
from pointsman.tui.demo.scenario.events import make_event
from pointsman.tui.demo.scenario.variants import Scenario

Obj = dict[str, Any]
Place = tuple[str, str]  # namespace ("" for cluster scope), name
Changes = dict[str, set[Place]]  # by resource: "pods", "deployments.apps"

KCM = "k3s"  # kubelet, scheduler and controllers are all one process of this name


class Manager:
    """Handed to every controller.

    Changed objects collect until `changes` hands them out. `after` runs something later, in order of its time.
    """

    def __init__(self, storage: Storage, scenario: Scenario, clock: Clock, seed: int) -> None:
        self.storage = storage
        self.scenario = scenario
        self.clock = clock
        self.random = random.Random(seed)
        self._changes: Changes = {}
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = 0
        storage.listen(self._note)

    # -- time ---------------------------------------------------------------------------------------------------------
    def now(self) -> datetime:
        return self.clock.now()

    def stamp(self) -> str:
        return timestamp(self.now())

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Run `action` when `seconds` have passed."""
        self._order += 1
        heapq.heappush(self._due, (self.now() + timedelta(seconds=seconds), self._order, action))

    def every(self, seconds: float, action: Callable[[], None], first: float | None = None) -> None:
        """Run `action` each `seconds`, for the first time after `first`."""

        def again() -> None:
            self.after(seconds, again)
            action()

        self.after(seconds if first is None else first, again)

    def next_due(self, until: datetime) -> tuple[datetime, Callable[[], None]] | None:
        """The earliest thing that is due by `until`, taken off the list."""
        if self._due and self._due[0][0] <= until:
            at, _, action = heapq.heappop(self._due)
            return at, action
        return None

    # -- changes ------------------------------------------------------------------------------------------------------
    def _note(self, event: Event) -> None:
        group, plural = event.key
        meta = event.object["metadata"]
        place = meta.get("namespace", ""), meta["name"]
        self._changes.setdefault(f"{plural}.{group}" if group else plural, set()).add(place)

    def resync(self) -> None:
        """Take every object for changed."""
        for info in list(self.storage.resources):
            places = self.storage.places(info.key)
            if places:
                self._changes.setdefault(info.qualified, set()).update(places)

    def changes(self) -> Changes:
        """What changed since the last call."""
        taken, self._changes = self._changes, {}
        return taken

    # -- objects ------------------------------------------------------------------------------------------------------
    def served(self, resource: str) -> bool:
        return self.storage.resources.find(resource) is not None

    def list(self, resource: str, namespace: str = "") -> Iterable[Obj]:
        """Objects of a resource; none where it is not served."""
        return self.storage.list(resource, namespace) if self.served(resource) else ()

    def peek(self, resource: str, namespace: str, name: str) -> Obj | None:
        return self.storage.peek(resource, namespace, name)

    def set_status(self, resource: str, obj: Obj, status: Obj, *, manager: str = KCM) -> None:
        """Write a status if it differs."""
        if obj.get("status") == status:
            return
        meta = obj["metadata"]
        self.storage.modify(
            resource,
            meta.get("namespace", ""),
            meta["name"],
            lambda live: live.update(status=clone(status)),
            manager=manager,
            subresource="status",
        )

    def change(self, resource: str, obj: Obj, edit: Callable[[Obj], None], *, manager: str = KCM) -> Obj:
        """Edit spec or metadata of a live object in place."""
        meta = obj["metadata"]
        return self.storage.modify(resource, meta.get("namespace", ""), meta["name"], edit, manager=manager)

    def event(
        self, about: Obj, reason: str, message: str, component: str, *, kind: str = "Normal", node: str = ""
    ) -> None:
        """Write an Event about an object; the same one again within the hour counts up instead."""
        fresh = make_event(about, reason, message, component, self.now(), kind=kind, node=node)
        for old in self.storage.list("events", fresh["metadata"]["namespace"]):
            same = ("reason", "message", "reportingComponent")
            if old["involvedObject"].get("uid") == about["metadata"]["uid"] and all(old[k] == fresh[k] for k in same):

                def again(live: Obj) -> None:
                    live |= {"count": live.get("count", 1) + 1, "lastTimestamp": self.stamp()}

                self.change("events", old, again, manager=component)
                return
        # A namespace that is being terminated takes no new Events; who reports is not held up by that.
        with contextlib.suppress(ApiError):
            self.storage.create(fresh, manager=component)


def owned_by(obj: Obj, owner: Obj) -> bool:
    """Whether `owner` is the controller of `obj`."""
    uid = owner["metadata"]["uid"]
    return any(ref["uid"] == uid and ref.get("controller") for ref in obj["metadata"].get("ownerReferences") or ())


def controller_of(obj: Obj) -> Obj | None:
    """The reference to the controlling owner."""
    refs: list[Obj] = obj["metadata"].get("ownerReferences") or []
    return next((ref for ref in refs if ref.get("controller")), None)


def labels_of(obj: Obj) -> dict[str, str]:
    return obj["metadata"].get("labels") or {}


def alive(pod: Obj) -> bool:
    """A pod that counts: neither being deleted nor finished."""
    return "deletionTimestamp" not in pod["metadata"] and phase(pod) not in ("Succeeded", "Failed")


def phase(pod: Obj) -> str:
    return str((pod.get("status") or {}).get("phase", "Pending"))


def ready(pod: Obj) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return alive(pod) and any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
