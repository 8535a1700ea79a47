"""What runs in the pod of a dead-man (a Job that switches a policy on again): its script, played on the demo's own API.

It does what the script does, with the rights of the pod's service account and from what stands in the container's
environment; so a role that is too small fails here too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pointsman.tui.demo.controllers.manager import Manager, Obj, labels_of
from pointsman.tui.demo.kube import authz
from pointsman.tui.demo.kube.authz import Attributes, User
from pointsman.tui.demo.kube.jsonvalues import PatchError
from pointsman.tui.demo.kube.objects import clone
from pointsman.tui.demo.kube.patch import json_patch

LABEL = "pointsman.dev/deadman"
OPERATION, UNTIL = "pointsman.dev/off-operation", "pointsman.dev/off-until"
PATCHES = ("PATCH", "PATCH_CHANGED", "PATCH_REST")


def is_deadman(pod: Obj) -> bool:
    return LABEL in labels_of(pod)


class DeadMen:
    """``alive`` gives a pod as it is now (None: it is gone or going), ``ready`` sets its readiness, ``end`` ends it."""

    def __init__(
        self,
        manager: Manager,
        alive: Callable[[Obj], Obj | None],
        ready: Callable[[Obj, bool], None],
        end: Callable[[Obj], None],
    ) -> None:
        self._m = manager
        self._alive = alive
        self._ready = ready
        self._end = end

    def run(self, pod: Obj) -> None:
        """Begin with a pod whose container has started."""
        self._look(pod, seen=False)

    def _look(self, pod: Obj, *, seen: bool) -> None:
        live = self._alive(pod)
        if live is None:
            return
        env = _environment(live)
        target = self._target(live, env, "get")
        if target is None:
            self._ready(live, False)
            self._again(pod, 1.0, seen)
            return
        notes = target["metadata"].get("annotations") or {}
        mine = notes.get(OPERATION) == env.get("OPERATION")
        strange = target["metadata"]["uid"] != env.get("OBJECT_UID")
        if strange or (seen and not mine):
            self._end(live)
            return
        self._ready(live, True)
        now = f"{self._m.now():%Y%m%d%H%M%S}"
        due = "".join(filter(str.isdigit, notes.get(UNTIL, "")))[:14] if mine else ""
        due = due if len(due) == 14 else env.get("LATEST", "")
        if now < due:
            look = float(env.get("LOOK", "15")) if mine else 2.0
            self._again(pod, min(look, float(int(due) - int(now))), mine)
        elif mine:
            self._m.after(float(env.get("GRACE", "3")), lambda: self._switch_on(pod))
        else:
            self._end(live)

    def _again(self, pod: Obj, seconds: float, seen: bool) -> None:
        self._m.after(max(0.5, seconds), lambda: self._look(pod, seen=seen))

    def _switch_on(self, pod: Obj) -> None:
        live = self._alive(pod)
        if live is None:
            return
        env = _environment(live)
        for name in PATCHES:
            target = self._target(live, env, "patch")
            if target is None:
                break
            try:
                wanted = json_patch(clone(target), json.loads(env.get(name, "[]")))
            except (PatchError, ValueError):
                continue
            meta = target["metadata"]

            def put(obj: Obj, wanted: Obj = wanted) -> None:
                obj.clear()
                obj.update(wanted)

            self._m.storage.modify(
                _resource(env), meta.get("namespace", ""), meta["name"], put, manager="pointsman"
            )  # as with --field-manager
            self._end(live)
            return
        self._again(pod, 5.0, True)

    def _target(self, pod: Obj, env: dict[str, str], verb: str) -> Obj | None:
        """The policy, if the pod's account may ``verb`` it."""
        group, _, resource = _words(env)
        space, name = env.get("NAMESPACE", ""), env.get("NAME", "")
        account = f"system:serviceaccount:{pod['metadata']['namespace']}:{pod['spec'].get('serviceAccountName')}"
        asked = Attributes(verb=verb, group=group, resource=resource, namespace=space, name=name)
        if not authz.decide(self._m.storage, User(account), asked).allowed or not self._m.served(_resource(env)):
            return None
        return self._m.peek(_resource(env), space, name)


def _environment(pod: Obj) -> dict[str, str]:
    env: list[dict[str, Any]] = pod["spec"]["containers"][0].get("env") or []
    return {one["name"]: str(one.get("value") or "").replace("$$", "$") for one in env}


def _words(env: dict[str, str]) -> tuple[str, str, str]:
    """Group, version and plural of ``networkpolicies.v1.networking.k8s.io``."""
    plural, _, rest = env.get("RESOURCE", "").partition(".")
    version, _, group = rest.partition(".")
    return group, version, plural


def _resource(env: dict[str, str]) -> str:
    group, _, plural = _words(env)
    return f"{plural}.{group}" if group else plural
