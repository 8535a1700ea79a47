"""Jobs that have done their work."""

from __future__ import annotations

from collections.abc import Mapping

from pointsman.tui.demo.scenario.workloads import add_pod
from pointsman.tui.demo.scenario.world import Obj, World, stamp


def finished_job(
    world: World,
    namespace: str,
    name: str,
    template: Obj,
    *,
    node: str,
    age: float,
    took: float,
    owner: Obj | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    manager: str = "k3s",
) -> Obj:
    """A Job that has done its work, with its pod in phase Succeeded."""
    uid = world.uid("Job", namespace, name)
    marks = {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
    }
    template = {**template, "metadata": {**template["metadata"], "labels": {**template["metadata"]["labels"], **marks}}}
    began, ended = stamp(world.ago(age)), stamp(world.ago(age - took))
    done = {"status": "True", "lastProbeTime": ended, "lastTransitionTime": ended, "reason": "CompletionsReached"}
    text = {"message": "Reached expected number of succeeded pods"}
    job = world.add(
        "batch/v1",
        "Job",
        name,
        {
            "spec": {
                "parallelism": 1,
                "completions": 1,
                "backoffLimit": 6,
                "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}},
                "template": template,
                "completionMode": "NonIndexed",
                "suspend": False,
                "podReplacementPolicy": "TerminatingOrFailed",
                "manualSelector": False,
            },
            "status": {
                "conditions": [{"type": "SuccessCriteriaMet", **done, **text}, {"type": "Complete", **done, **text}],
                "startTime": began,
                "completionTime": ended,
                "succeeded": 1,
                "terminating": 0,
                "uncountedTerminatedPods": {},
                "ready": 0,
            },
        },
        namespace=namespace,
        age=age,
        labels={**(labels or {}), **marks},
        annotations=annotations,
        owner=owner,
        manager=manager,
    )
    add_pod(world, job, template, f"{name}-", 0, node, age)
    pod = world.get("Pod", namespace, f"{name}-{world.suffix(5, namespace, f'{name}-', 0)}")
    finish_pod(pod, began, ended)
    return job


def finish_pod(pod: Obj, began: str, ended: str) -> None:
    """Turn a running pod into one that has ended well."""
    status = pod["status"]
    status["phase"] = "Succeeded"
    for one in status["conditions"]:
        one["lastTransitionTime"] = began
        if one["type"] in ("Ready", "ContainersReady", "PodReadyToStartContainers"):
            one |= {"status": "False", "lastTransitionTime": ended}
            if one["type"] != "PodReadyToStartContainers":
                one["reason"] = "PodCompleted"
        elif one["type"] == "Initialized":
            one["reason"] = "PodCompleted"
    for one in status["containerStatuses"]:
        over = {"exitCode": 0, "reason": "Completed", "startedAt": began, "finishedAt": ended}
        one["state"] = {"terminated": {**over, "containerID": one["containerID"]}}
        one |= {"ready": False, "started": False}
