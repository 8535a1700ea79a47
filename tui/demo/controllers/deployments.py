"""Deployments and their ReplicaSets: rollouts, scaling, statuses."""

from __future__ import annotations

from pointsman.tui.demo.controllers.manager import KCM, Changes, Obj, alive, controller_of, owned_by, ready
from pointsman.tui.demo.controllers.podowner import PodOwner
from pointsman.tui.demo.kube.objects import clone
from pointsman.tui.demo.scenario.world import owner_ref, suffix_for

REVISION = "deployment.kubernetes.io/revision"


class Deployments(PodOwner):
    resources = ("deployments.apps", "replicasets.apps")

    def reconcile(self, changes: Changes) -> None:
        for namespace in self.namespaces(changes):
            for item in self.each("deployments.apps", namespace):
                self._deployment(item)
            for item in self.each("replicasets.apps", namespace):
                self._replica_set(item)
            for item in self.each("deployments.apps", namespace):
                self._deployment_status(item)

    # -- Deployments --------------------------------------------------------------------------------------------------
    def _sets(self, deployment: Obj) -> list[Obj]:
        namespace = deployment["metadata"]["namespace"]
        return [rs for rs in self.m.list("replicasets.apps", namespace) if owned_by(rs, deployment)]

    def _current(self, deployment: Obj) -> Obj | None:
        wanted = deployment["spec"]["template"]
        return next((rs for rs in self._sets(deployment) if _template_of(rs) == wanted), None)

    def _deployment(self, deployment: Obj) -> None:
        current = self._current(deployment)
        if current is None:
            current = self._new_set(deployment)
        self._revision(deployment, current)
        current = self.m.peek("replicasets.apps", deployment["metadata"]["namespace"], current["metadata"]["name"])
        if current is None:
            return
        spec = deployment["spec"]
        wanted = spec.get("replicas", 1)
        old = [rs for rs in self._sets(deployment) if rs["metadata"]["uid"] != current["metadata"]["uid"]]
        if spec.get("strategy", {}).get("type") == "Recreate":
            if any(self.pods(rs) for rs in old):
                for rs in old:
                    self._scale(rs, 0)
                return
            self._scale(current, wanted)
            return
        self._scale(current, wanted)
        up = sum(ready(pod) for pod in self.pods(current))
        for rs in old:
            self._scale(rs, min(rs["spec"].get("replicas", 0), max(wanted - up, 0)))

    def _new_set(self, deployment: Obj) -> Obj:
        meta, spec = deployment["metadata"], deployment["spec"]
        revisions = [_revision_of(rs) for rs in self._sets(deployment)]
        hashed = suffix_for(10, meta["uid"], str(spec["template"]))
        labels = {**(spec["template"]["metadata"].get("labels") or {}), "pod-template-hash": hashed}
        template = clone(spec["template"])
        template["metadata"]["labels"] = labels
        select = clone(spec["selector"])
        select.setdefault("matchLabels", {})["pod-template-hash"] = hashed
        made: Obj = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{meta['name']}-{hashed}",
                "namespace": meta["namespace"],
                "labels": labels,
                "annotations": {REVISION: str(max(revisions, default=0) + 1)},
                "ownerReferences": [owner_ref(deployment)],
            },
            "spec": {"replicas": 0, "selector": select, "template": template},
        }
        return self.m.storage.create(made, manager=KCM)

    def _revision(self, deployment: Obj, current: Obj) -> None:
        """The set in use carries the highest revision, and the Deployment repeats it."""
        top = max(_revision_of(rs) for rs in self._sets(deployment))
        mine = _revision_of(current)
        if mine < top:
            mine = top + 1
            self._note("replicasets.apps", current, mine)
        notes = deployment["metadata"].get("annotations") or {}
        if notes.get(REVISION) != str(mine):
            self._note("deployments.apps", deployment, mine)

    def _note(self, resource: str, obj: Obj, revision: int) -> None:
        def edit(live: Obj) -> None:
            live["metadata"].setdefault("annotations", {})[REVISION] = str(revision)

        self.m.change(resource, obj, edit)

    def _scale(self, replica_set: Obj, count: int) -> None:
        before = replica_set["spec"].get("replicas", 1)
        if before == count:
            return
        self.m.change("replicasets.apps", replica_set, lambda live: live["spec"].update(replicas=count))
        owner = controller_of(replica_set)
        deployment = owner and self.m.peek("deployments.apps", replica_set["metadata"]["namespace"], owner["name"])
        if deployment:
            way = "up" if count > before else "down"
            text = f"Scaled {way} replica set {replica_set['metadata']['name']} from {before} to {count}"
            self.m.event(deployment, "ScalingReplicaSet", text, "deployment-controller")

    def _deployment_status(self, deployment: Obj) -> None:
        current = self._current(deployment)
        if current is None:
            return
        wanted = deployment["spec"].get("replicas", 1)
        groups = {rs["metadata"]["uid"]: [p for p in self.pods(rs) if alive(p)] for rs in self._sets(deployment)}
        everyone = [pod for pods in groups.values() for pod in pods]
        updated = groups[current["metadata"]["uid"]]
        up = sum(ready(pod) for pod in everyone)
        status: Obj = {"observedGeneration": deployment["metadata"].get("generation", 1)}
        counts = {
            "replicas": len(everyone),
            "updatedReplicas": len(updated),
            "readyReplicas": up,
            "availableReplicas": up,
        }
        status |= {key: value for key, value in counts.items() if value}
        if (missing := max(wanted, len(everyone)) - up) > 0:
            status["unavailableReplicas"] = missing
        done = len(updated) == wanted == len(everyone) and up == wanted
        name = current["metadata"]["name"]
        words = ("NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.')
        going = ("ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.')
        enough = up >= wanted - max(wanted // 4, 0)
        good = ("MinimumReplicasAvailable", "Deployment has minimum availability.")
        bad = ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        before = {c["type"]: c for c in (deployment.get("status") or {}).get("conditions") or ()}
        status["conditions"] = [
            self._condition(before.get("Progressing"), "Progressing", "True", *(words if done else going)),
            self._condition(before.get("Available"), "Available", str(enough), *(good if enough else bad)),
        ]
        self.m.set_status("deployments.apps", deployment, status)

    def _condition(self, before: Obj | None, kind: str, status: str, reason: str, message: str) -> Obj:
        if before and (before["status"], before["reason"], before["message"]) == (status, reason, message):
            return before
        moved = self.m.stamp() if before is None or before["status"] != status else before["lastTransitionTime"]
        times = {"lastUpdateTime": self.m.stamp(), "lastTransitionTime": moved}
        return {"type": kind, "status": status, **times, "reason": reason, "message": message}

    # -- ReplicaSets --------------------------------------------------------------------------------------------------
    def _replica_set(self, replica_set: Obj) -> None:
        wanted = replica_set["spec"].get("replicas", 1)
        mine = [p for p in self.pods(replica_set) if alive(p)]
        for _ in range(wanted - len(mine)):
            self.make(replica_set, replica_set["spec"]["template"], f"{replica_set['metadata']['name']}-")
        # Not ready first, then the youngest, as the real controller ranks them.
        doomed = sorted(mine, key=lambda p: (not ready(p), p["metadata"]["creationTimestamp"], p["metadata"]["name"]))
        for pod in list(reversed(doomed))[: max(len(mine) - wanted, 0)]:
            self.delete(pod)
        mine = [p for p in self.pods(replica_set) if alive(p)]
        up = sum(ready(p) for p in mine)
        counts = {"fullyLabeledReplicas": len(mine), "readyReplicas": up, "availableReplicas": up}
        status = {"replicas": len(mine), **{k: v for k, v in counts.items() if v}}
        status["observedGeneration"] = replica_set["metadata"].get("generation", 1)
        self.m.set_status("replicasets.apps", replica_set, status)


def _template_of(replica_set: Obj) -> Obj:
    """The pod template of a ReplicaSet without the label that its Deployment added."""
    template: Obj = clone(replica_set["spec"]["template"])
    (template["metadata"].get("labels") or {}).pop("pod-template-hash", None)
    return template


def _revision_of(replica_set: Obj) -> int:
    text = (replica_set["metadata"].get("annotations") or {}).get(REVISION, "0")
    return int(text) if text.isdigit() else 0
