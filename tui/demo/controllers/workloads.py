"""Deployments, ReplicaSets, StatefulSets, DaemonSets and Jobs: as many pods as asked for, rollouts, statuses."""

from __future__ import annotations

from pointsman.tui.demo.controllers.manager import (
    KCM,
    Changes,
    Manager,
    Obj,
    alive,
    controller_of,
    owned_by,
    phase,
    ready,
)
from pointsman.tui.demo.kube.errors import ApiError
from pointsman.tui.demo.kube.objects import clone
from pointsman.tui.demo.scenario.workloads import with_claims
from pointsman.tui.demo.scenario.world import owner_ref, suffix_for

REVISION = "deployment.kubernetes.io/revision"
SETS = ("deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch")
CAUSES = (*SETS, "pods")


class Workloads:
    def __init__(self, manager: Manager) -> None:
        self._m = manager

    def reconcile(self, changes: Changes) -> None:
        """Go over every namespace in which a pod or a workload changed."""
        namespaces = sorted({namespace for resource in CAUSES for namespace, _ in changes.get(resource, ())})
        for namespace in namespaces:
            for item in self._each("deployments.apps", namespace):
                self._deployment(item)
            for item in self._each("replicasets.apps", namespace):
                self._replica_set(item)
            for item in self._each("deployments.apps", namespace):
                self._deployment_status(item)
            for item in self._each("statefulsets.apps", namespace):
                self._stateful_set(item)
            for item in self._each("daemonsets.apps", namespace):
                self._daemon_set(item)
            for item in self._each("jobs.batch", namespace):
                self._job(item)

    def _each(self, resource: str, namespace: str) -> list[Obj]:
        return [o for o in self._m.list(resource, namespace) if "deletionTimestamp" not in o["metadata"]]

    def _pods(self, owner: Obj) -> list[Obj]:
        return [p for p in self._m.list("pods", owner["metadata"]["namespace"]) if owned_by(p, owner)]

    # -- Deployments --------------------------------------------------------------------------------------------------
    def _sets(self, deployment: Obj) -> list[Obj]:
        namespace = deployment["metadata"]["namespace"]
        return [rs for rs in self._m.list("replicasets.apps", namespace) if owned_by(rs, deployment)]

    def _current(self, deployment: Obj) -> Obj | None:
        wanted = deployment["spec"]["template"]
        return next((rs for rs in self._sets(deployment) if _template_of(rs) == wanted), None)

    def _deployment(self, deployment: Obj) -> None:
        current = self._current(deployment)
        if current is None:
            current = self._new_set(deployment)
        self._revision(deployment, current)
        current = self._m.peek("replicasets.apps", deployment["metadata"]["namespace"], current["metadata"]["name"])
        if current is None:
            return
        spec = deployment["spec"]
        wanted = spec.get("replicas", 1)
        old = [rs for rs in self._sets(deployment) if rs["metadata"]["uid"] != current["metadata"]["uid"]]
        if spec.get("strategy", {}).get("type") == "Recreate":
            if any(self._pods(rs) for rs in old):
                for rs in old:
                    self._scale(rs, 0)
                return
            self._scale(current, wanted)
            return
        self._scale(current, wanted)
        up = sum(ready(pod) for pod in self._pods(current))
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
        return self._m.storage.create(made, manager=KCM)

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

        self._m.change(resource, obj, edit)

    def _scale(self, replica_set: Obj, count: int) -> None:
        before = replica_set["spec"].get("replicas", 1)
        if before == count:
            return
        self._m.change("replicasets.apps", replica_set, lambda live: live["spec"].update(replicas=count))
        owner = controller_of(replica_set)
        deployment = owner and self._m.peek("deployments.apps", replica_set["metadata"]["namespace"], owner["name"])
        if deployment:
            way = "up" if count > before else "down"
            text = f"Scaled {way} replica set {replica_set['metadata']['name']} from {before} to {count}"
            self._m.event(deployment, "ScalingReplicaSet", text, "deployment-controller")

    def _deployment_status(self, deployment: Obj) -> None:
        current = self._current(deployment)
        if current is None:
            return
        wanted = deployment["spec"].get("replicas", 1)
        groups = {rs["metadata"]["uid"]: [p for p in self._pods(rs) if alive(p)] for rs in self._sets(deployment)}
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
        self._m.set_status("deployments.apps", deployment, status)

    def _condition(self, before: Obj | None, kind: str, status: str, reason: str, message: str) -> Obj:
        if before and (before["status"], before["reason"], before["message"]) == (status, reason, message):
            return before
        moved = self._m.stamp() if before is None or before["status"] != status else before["lastTransitionTime"]
        times = {"lastUpdateTime": self._m.stamp(), "lastTransitionTime": moved}
        return {"type": kind, "status": status, **times, "reason": reason, "message": message}

    # -- ReplicaSets --------------------------------------------------------------------------------------------------
    def _replica_set(self, replica_set: Obj) -> None:
        wanted = replica_set["spec"].get("replicas", 1)
        mine = [p for p in self._pods(replica_set) if alive(p)]
        for _ in range(wanted - len(mine)):
            self._make(replica_set, replica_set["spec"]["template"], f"{replica_set['metadata']['name']}-")
        # Not ready first, then the youngest, as the real controller ranks them.
        doomed = sorted(mine, key=lambda p: (not ready(p), p["metadata"]["creationTimestamp"], p["metadata"]["name"]))
        for pod in list(reversed(doomed))[: max(len(mine) - wanted, 0)]:
            self._delete(pod)
        mine = [p for p in self._pods(replica_set) if alive(p)]
        up = sum(ready(p) for p in mine)
        counts = {"fullyLabeledReplicas": len(mine), "readyReplicas": up, "availableReplicas": up}
        status = {"replicas": len(mine), **{k: v for k, v in counts.items() if v}}
        status["observedGeneration"] = replica_set["metadata"].get("generation", 1)
        self._m.set_status("replicasets.apps", replica_set, status)

    def _make(
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
            made = self._m.storage.create(pod, manager=KCM)
        except ApiError as error:
            self._m.event(owner, "FailedCreate", f"Error creating: {error}", _component(owner), kind="Warning")
            return
        text = f"Created pod: {made['metadata']['name']}"
        self._m.event(owner, "SuccessfulCreate", text, _component(owner))

    def _delete(self, pod: Obj) -> None:
        self._m.storage.delete("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])

    # -- StatefulSets -------------------------------------------------------------------------------------------------
    def _stateful_set(self, own: Obj) -> None:
        meta, spec = own["metadata"], own["spec"]
        wanted, name = spec.get("replicas", 1), meta["name"]
        update = self._hash(own)
        pods = {p["metadata"]["name"]: p for p in self._pods(own)}
        parallel = spec.get("podManagementPolicy") == "Parallel"
        for index in range(wanted):
            pod = pods.get(f"{name}-{index}")
            if pod is None:
                claims = {c["metadata"]["name"]: f"{c['metadata']['name']}-{name}-{index}"
                          for c in spec.get("volumeClaimTemplates") or ()}  # fmt: skip
                labels = {
                    "apps.kubernetes.io/pod-index": str(index),
                    "controller-revision-hash": update,
                    "statefulset.kubernetes.io/pod-name": f"{name}-{index}",
                }
                self._make(own, with_claims(spec["template"], claims), name=f"{name}-{index}", labels=labels)
            if not parallel and not (pod and ready(pod)):
                break
        surplus = [p for n, p in pods.items() if int(n.rpartition("-")[2]) >= wanted and alive(p)]
        stale = [p for p in pods.values() if p["metadata"]["labels"].get("controller-revision-hash") != update]
        calm = all(ready(p) for p in pods.values())
        for pod in (surplus or (stale if calm else []))[-1:]:
            if alive(pod):
                self._delete(pod)
        mine = [p for p in self._pods(own) if alive(p)]
        fresh = sum(p["metadata"]["labels"].get("controller-revision-hash") == update for p in mine)
        up = sum(ready(p) for p in mine)
        before = own.get("status") or {}
        settled = fresh == len(mine) == wanted and up == wanted
        status = {
            "observedGeneration": meta.get("generation", 1),
            "replicas": len(mine),
            "readyReplicas": up,
            "currentReplicas": fresh if settled else len(mine) - fresh,
            "updatedReplicas": fresh,
            "currentRevision": update if settled else before.get("currentRevision", update),
            "updateRevision": update,
            "collisionCount": 0,
            "availableReplicas": up,
        }
        keep = ("observedGeneration", "replicas", "collisionCount", "availableReplicas")
        self._m.set_status("statefulsets.apps", own, {k: v for k, v in status.items() if v or k in keep})

    def _hash(self, own: Obj) -> str:
        """The name of the ControllerRevision that holds the set's template, made when the template is new."""
        meta, template = own["metadata"], own["spec"]["template"]
        revisions = [r for r in self._m.list("controllerrevisions.apps", meta["namespace"]) if owned_by(r, own)]
        for revision in revisions:
            held = {k: v for k, v in revision["data"]["spec"]["template"].items() if k != "$patch"}
            if held == template:
                return str(revision["metadata"]["name"])
        made = {
            "apiVersion": "apps/v1",
            "kind": "ControllerRevision",
            "metadata": {
                "name": f"{meta['name']}-{suffix_for(10, meta['uid'], str(template))}",
                "namespace": meta["namespace"],
                "labels": dict(template["metadata"].get("labels") or {}),
                "ownerReferences": [owner_ref(own)],
            },
            "data": {"spec": {"template": {**clone(template), "$patch": "replace"}}},
            "revision": max((r["revision"] for r in revisions), default=0) + 1,
        }
        return str(self._m.storage.create(made, manager=KCM)["metadata"]["name"])

    # -- DaemonSets ---------------------------------------------------------------------------------------------------
    def _daemon_set(self, own: Obj) -> None:
        meta, template = own["metadata"], own["spec"]["template"]
        revision = self._hash(own).removeprefix(f"{meta['name']}-")
        select = (template["spec"].get("nodeSelector") or {}).items()
        homes = [
            node["metadata"]["name"]
            for node in self._m.list("nodes")
            if all((node["metadata"].get("labels") or {}).get(k) == v for k, v in select)
        ]
        pods = self._pods(own)
        there = {p["spec"].get("nodeName") for p in pods}
        for node in homes:
            if node not in there:
                pinned = clone(template)
                pinned["spec"]["nodeName"] = node
                labels = {"controller-revision-hash": revision, "pod-template-generation": str(meta["generation"])}
                self._make(own, pinned, f"{meta['name']}-", labels=labels)
        for pod in pods:
            if alive(pod) and pod["spec"].get("nodeName") not in homes:
                self._delete(pod)
        stale = [p for p in pods if alive(p) and p["metadata"]["labels"].get("controller-revision-hash") != revision]
        if stale and all(ready(p) for p in pods) and own["spec"]["updateStrategy"]["type"] == "RollingUpdate":
            self._delete(stale[0])
        mine = [p for p in self._pods(own) if alive(p)]
        up = sum(ready(p) for p in mine)
        fresh = sum(p["metadata"]["labels"].get("controller-revision-hash") == revision for p in mine)
        status = {
            "currentNumberScheduled": len(mine),
            "numberMisscheduled": 0,
            "desiredNumberScheduled": len(homes),
            "numberReady": up,
            "observedGeneration": meta.get("generation", 1),
            "updatedNumberScheduled": fresh,
            "numberAvailable": up,
            "numberUnavailable": len(homes) - up,
        }
        keep = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")
        self._m.set_status("daemonsets.apps", own, {k: v for k, v in status.items() if v or k in keep})

    # -- Jobs ---------------------------------------------------------------------------------------------------------
    def _job(self, job: Obj) -> None:
        status = job.get("status") or {}
        if any(c["type"] in ("Complete", "Failed") and c["status"] == "True" for c in status.get("conditions") or ()):
            return
        pods, name = self._pods(job), job["metadata"]["name"]
        if not pods:
            marks = {"batch.kubernetes.io/job-name": name, "job-name": name}
            self._make(job, job["spec"]["template"], f"{name}-", labels=marks)
        done = [p for p in pods if phase(p) == "Succeeded"]
        fresh: Obj = {"startTime": status.get("startTime", self._m.stamp()), "ready": sum(ready(p) for p in pods)}
        if done:
            why = {"reason": "CompletionsReached", "message": "Reached expected number of succeeded pods"}
            at = {"lastProbeTime": self._m.stamp(), "lastTransitionTime": self._m.stamp()}
            fresh |= {"succeeded": 1, "completionTime": self._m.stamp()}
            fresh["conditions"] = [
                {"type": kind, "status": "True", **at, **why} for kind in ("SuccessCriteriaMet", "Complete")
            ]
        elif pods:
            fresh["active"] = len(pods)
        self._m.set_status("jobs.batch", job, fresh)


def _template_of(replica_set: Obj) -> Obj:
    """The pod template of a ReplicaSet without the label that its Deployment added."""
    template: Obj = clone(replica_set["spec"]["template"])
    (template["metadata"].get("labels") or {}).pop("pod-template-hash", None)
    return template


def _revision_of(replica_set: Obj) -> int:
    text = (replica_set["metadata"].get("annotations") or {}).get(REVISION, "0")
    return int(text) if text.isdigit() else 0


def _component(owner: Obj) -> str:
    kinds = {"ReplicaSet": "replicaset", "StatefulSet": "statefulset", "DaemonSet": "daemonset", "Job": "job"}
    return f"{kinds[owner['kind']]}-controller"
