"""What the controllers that own pods have in common."""

from __future__ import annotations

from pointsman.tui.demo.controllers.manager import KCM, Changes, Manager, Obj, owned_by
from pointsman.tui.demo.kube.errors import ApiError
from pointsman.tui.demo.kube.objects import clone
from pointsman.tui.demo.scenario.world import owner_ref


class PodOwner:
    """Finds, makes and deletes an owner's pods. `resources` are those whose changes concern the controller."""

    resources: tuple[str, ...] = ()

    def __init__(self, manager: Manager) -> None:
        self.m = manager

    def namespaces(self, changes: Changes) -> list[str]:
        """Where a pod or one of `resources` changed."""
        return sorted({namespace for name in (*self.resources, "pods") for namespace, _ in changes.get(name, ())})

    def each(self, resource: str, namespace: str) -> list[Obj]:
        """The objects of a namespace that are not being deleted."""
        return [o for o in self.m.list(resource, namespace) if "deletionTimestamp" not in o["metadata"]]

    def pods(self, owner: Obj) -> list[Obj]:
        return [p for p in self.m.list("pods", owner["metadata"]["namespace"]) if owned_by(p, owner)]

    def make(
        self, owner: Obj, template: Obj, generate: str = "", *, name: str = "", labels: dict[str, str] | None = None
    ) -> None:
        meta: Obj = {"name": name} if name else {"generateName": generate}
        meta |= {
            "namespace": owner["metadata"]["namespace"],
            "labels": {**(template["metadata"].get("labels") or {}), **(labels or {})},
            "ownerReferences": [owner_ref(owner)],
        }
        if template["metadata"].get("annotations"):
            meta["annotations"] = dict(template["metadata"]["annotations"])
        pod: Obj = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": clone(template["spec"])}
        try:
            made = self.m.storage.create(pod, manager=KCM)
        except ApiError as error:
            self.m.event(owner, "FailedCreate", f"Error creating: {error}", _component(owner), kind="Warning")
            return
        text = f"Created pod: {made['metadata']['name']}"
        self.m.event(owner, "SuccessfulCreate", text, _component(owner))

    def delete(self, pod: Obj) -> None:
        self.m.storage.delete("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])


def _component(owner: Obj) -> str:
    kinds = {"ReplicaSet": "replicaset", "StatefulSet": "statefulset", "DaemonSet": "daemonset", "Job": "job"}
    return f"{kinds[owner['kind']]}-controller"
