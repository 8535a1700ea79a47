"""StatefulSets, DaemonSets and Jobs: their pods, their revisions, their statuses."""

from __future__ import annotations

from pointsman.tui.demo.controllers.manager import KCM, Changes, Obj, alive, labels_of, owned_by, phase, ready
from pointsman.tui.demo.controllers.podowner import PodOwner
from pointsman.tui.demo.kube.objects import clone
from pointsman.tui.demo.scenario.volumes import with_claims
from pointsman.tui.demo.scenario.world import owner_ref, suffix_for


class Sets(PodOwner):
    resources = ("statefulsets.apps", "daemonsets.apps", "jobs.batch")

    def reconcile(self, changes: Changes) -> None:
        for namespace in self.namespaces(changes):
            for item in self.each("statefulsets.apps", namespace):
                self._stateful_set(item)
            for item in self.each("jobs.batch", namespace):
                self._job(item)
        # A node's labels decide where DaemonSets run, in every namespace.
        places = [""] if "nodes" in changes else self.namespaces(changes)
        for namespace in places:
            for item in self.each("daemonsets.apps", namespace):
                self._daemon_set(item)

    # -- StatefulSets -------------------------------------------------------------------------------------------------
    def _stateful_set(self, own: Obj) -> None:
        meta, spec = own["metadata"], own["spec"]
        wanted, name = spec.get("replicas", 1), meta["name"]
        update = self._hash(own)
        pods = {p["metadata"]["name"]: p for p in self.pods(own)}
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
                self.make(own, with_claims(spec["template"], claims), name=f"{name}-{index}", labels=labels)
            if not parallel and not (pod and ready(pod)):
                break
        surplus = [p for n, p in pods.items() if int(n.rpartition("-")[2]) >= wanted and alive(p)]
        stale = [p for p in pods.values() if labels_of(p).get("controller-revision-hash") != update]
        calm = all(ready(p) for p in pods.values())
        for pod in (surplus or (stale if calm else []))[-1:]:
            if alive(pod):
                self.delete(pod)
        mine = [p for p in self.pods(own) if alive(p)]
        fresh = sum(labels_of(p).get("controller-revision-hash") == update for p in mine)
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
        self.m.set_status("statefulsets.apps", own, {k: v for k, v in status.items() if v or k in keep})

    def _hash(self, own: Obj) -> str:
        """The name of the ControllerRevision that holds the set's template, made when the template is new."""
        meta, template = own["metadata"], own["spec"]["template"]
        revisions = [r for r in self.m.list("controllerrevisions.apps", meta["namespace"]) if owned_by(r, own)]
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
        return str(self.m.storage.create(made, manager=KCM)["metadata"]["name"])

    # -- DaemonSets ---------------------------------------------------------------------------------------------------
    def _daemon_set(self, own: Obj) -> None:
        meta, template = own["metadata"], own["spec"]["template"]
        revision = self._hash(own).removeprefix(f"{meta['name']}-")
        select = (template["spec"].get("nodeSelector") or {}).items()
        homes = [
            node["metadata"]["name"]
            for node in self.m.list("nodes")
            if all((node["metadata"].get("labels") or {}).get(k) == v for k, v in select)
        ]
        pods = self.pods(own)
        there = {p["spec"].get("nodeName") for p in pods}
        for node in homes:
            if node not in there:
                pinned = clone(template)
                pinned["spec"]["nodeName"] = node
                labels = {"controller-revision-hash": revision, "pod-template-generation": str(meta["generation"])}
                self.make(own, pinned, f"{meta['name']}-", labels=labels)
        for pod in pods:
            if alive(pod) and pod["spec"].get("nodeName") not in homes:
                self.delete(pod)
        stale = [p for p in pods if alive(p) and labels_of(p).get("controller-revision-hash") != revision]
        if stale and all(ready(p) for p in pods) and own["spec"]["updateStrategy"]["type"] == "RollingUpdate":
            self.delete(stale[0])
        mine = [p for p in self.pods(own) if alive(p)]
        up = sum(ready(p) for p in mine)
        fresh = sum(labels_of(p).get("controller-revision-hash") == revision for p in mine)
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
        self.m.set_status("daemonsets.apps", own, {k: v for k, v in status.items() if v or k in keep})

    # -- Jobs ---------------------------------------------------------------------------------------------------------
    def _job(self, job: Obj) -> None:
        status = job.get("status") or {}
        if any(c["type"] in ("Complete", "Failed") and c["status"] == "True" for c in status.get("conditions") or ()):
            return
        pods, name = self.pods(job), job["metadata"]["name"]
        if not pods:
            marks = {"batch.kubernetes.io/job-name": name, "job-name": name}
            self.make(job, job["spec"]["template"], f"{name}-", labels=marks)
        done = [p for p in pods if phase(p) == "Succeeded"]
        fresh: Obj = {"startTime": status.get("startTime", self.m.stamp()), "ready": sum(ready(p) for p in pods)}
        if done:
            why = {"reason": "CompletionsReached", "message": "Reached expected number of succeeded pods"}
            at = {"lastProbeTime": self.m.stamp(), "lastTransitionTime": self.m.stamp()}
            fresh |= {"succeeded": 1, "completionTime": self.m.stamp()}
            fresh["conditions"] = [
                {"type": kind, "status": "True", **at, **why} for kind in ("SuccessCriteriaMet", "Complete")
            ]
            if (seconds := job["spec"].get("ttlSecondsAfterFinished")) is not None:
                self.m.after(float(seconds), lambda: self._expire(job))
        elif pods:
            fresh["active"] = len(pods)
        self.m.set_status("jobs.batch", job, fresh)

    def _expire(self, job: Obj) -> None:
        """A Job that has ended goes after the time it asked for, and its pods and all that it owns with it."""
        meta = job["metadata"]
        live = self.m.peek("jobs.batch", meta["namespace"], meta["name"])
        if live is not None and live["metadata"]["uid"] == meta["uid"]:
            self.m.storage.delete("jobs.batch", meta["namespace"], meta["name"])
