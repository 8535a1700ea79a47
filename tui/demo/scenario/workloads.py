"""Deployments, StatefulSets and DaemonSets with everything below them: ReplicaSets, revisions, pods."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pointsman.tui.demo.scenario.fields import USER
from pointsman.tui.demo.scenario.pods import NODES, make_pod, restarted_status
from pointsman.tui.demo.scenario.volumes import claim, claim_template, with_claims
from pointsman.tui.demo.scenario.world import DAY, HOUR, Obj, World, stamp


def deployment(
    world: World,
    namespace: str,
    name: str,
    template: Obj,
    selector: Mapping[str, str],
    *,
    nodes: Sequence[str],
    age: float = 90 * DAY,
    pod_age: float = 5 * DAY,
    revision: int = 1,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    strategy: str = "RollingUpdate",
    restarts: int = 0,
    manager: str = USER,
) -> Obj:
    """A Deployment with one ReplicaSet and a pod on each of `nodes`."""
    count = len(nodes)
    notes = {"deployment.kubernetes.io/revision": str(revision), **(annotations or {})}
    rolling = {"type": strategy}
    if strategy == "RollingUpdate":
        rolling |= {"rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}  # type: ignore[dict-item]
    hashed = world.suffix(10, "pod-template-hash", namespace, name, revision)
    dep = world.add(
        "apps/v1",
        "Deployment",
        name,
        {
            "spec": {
                "replicas": count,
                "selector": {"matchLabels": dict(selector)},
                "template": template,
                "strategy": rolling,
                "revisionHistoryLimit": 10,
                "progressDeadlineSeconds": 600,
            },
            "status": deployment_status(count, revision, stamp(world.ago(pod_age)), f"{name}-{hashed}"),
        },
        namespace=namespace,
        age=age,
        labels=labels or selector,
        annotations=notes,
        generation=revision,
        manager=manager,
    )
    hash_label = {"pod-template-hash": hashed}
    stamped = {**template, "metadata": {**template["metadata"], "labels": template["metadata"]["labels"] | hash_label}}
    replica_set = world.add(
        "apps/v1",
        "ReplicaSet",
        f"{name}-{hashed}",
        {
            "spec": {
                "replicas": count,
                "selector": {"matchLabels": {**selector, **hash_label}},
                "template": stamped,
            },
            "status": {
                "replicas": count,
                **_counts(count, "fullyLabeled", "ready", "available"),
                "observedGeneration": 1,
            },
        },
        namespace=namespace,
        age=max(pod_age, HOUR),
        labels=stamped["metadata"]["labels"],
        annotations={
            "deployment.kubernetes.io/desired-replicas": str(count),
            "deployment.kubernetes.io/max-replicas": str(count + (1 if strategy == "RollingUpdate" else 0)),
            "deployment.kubernetes.io/revision": str(revision),
        },
        owner=dep,
        manager="k3s",
    )
    for index, node in enumerate(nodes):
        add_pod(world, replica_set, stamped, f"{name}-{hashed}-", index, node, pod_age, restarts=restarts)
    return dep


def deployment_status(count: int, generation: int, since: str, replica_set: str) -> Obj:
    """The status of a Deployment that has settled."""
    times = {"lastUpdateTime": since, "lastTransitionTime": since}
    return {
        "observedGeneration": generation,
        **({"replicas": count} if count else {}),
        **_counts(count, "updated", "ready", "available"),
        "conditions": [
            {
                "type": "Progressing",
                "status": "True",
                **times,
                "reason": "NewReplicaSetAvailable",
                "message": f'ReplicaSet "{replica_set}" has successfully progressed.',
            },
            {
                "type": "Available",
                "status": "True",
                **times,
                "reason": "MinimumReplicasAvailable",
                "message": "Deployment has minimum availability.",
            },
        ],
    }


def _counts(count: int, *words: str) -> dict[str, int]:
    """`readyReplicas` and the like; a controller leaves out what is zero."""
    return {f"{word}Replicas": count for word in words if count}


def stateful_set(
    world: World,
    namespace: str,
    name: str,
    template: Obj,
    selector: Mapping[str, str],
    *,
    nodes: Sequence[str],
    claims: Mapping[str, str] | None = None,
    age: float = 90 * DAY,
    pod_age: float = 5 * DAY,
    labels: Mapping[str, str] | None = None,
    restarts: int = 0,
) -> Obj:
    """A StatefulSet with its pods `name-0`...; `claims` is volume name -> size, bound to a local-path volume."""
    count = len(nodes)
    revision = f"{name}-{world.suffix(10, 'revision', namespace, name)}"
    body: Obj = {
        "spec": {
            "replicas": count,
            "selector": {"matchLabels": dict(selector)},
            "template": template,
            "volumeClaimTemplates": [claim_template(volume, size) for volume, size in (claims or {}).items()],
            "serviceName": name,
            "podManagementPolicy": "OrderedReady",
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            "revisionHistoryLimit": 10,
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        },
        "status": {
            "observedGeneration": 1,
            "replicas": count,
            "readyReplicas": count,
            "currentReplicas": count,
            "updatedReplicas": count,
            "currentRevision": revision,
            "updateRevision": revision,
            "collisionCount": 0,
            "availableReplicas": count,
        },
    }
    if not claims:
        del body["spec"]["volumeClaimTemplates"]
    own = world.add("apps/v1", "StatefulSet", name, body, namespace=namespace, age=age, labels=labels or selector)
    _revision(world, own, revision, template)
    for index, node in enumerate(nodes):
        numbered = {
            "apps.kubernetes.io/pod-index": str(index),
            "controller-revision-hash": revision,
            "statefulset.kubernetes.io/pod-name": f"{name}-{index}",
        }
        bound = {volume: f"{volume}-{name}-{index}" for volume in claims or {}}
        add_pod(
            world, own, with_claims(template, bound), name, index, node, pod_age, labels=numbered, restarts=restarts
        )
        for volume, size in (claims or {}).items():
            claim(world, namespace, bound[volume], size, node, age, template["metadata"]["labels"])
    return own


def daemon_set(
    world: World,
    namespace: str,
    name: str,
    template: Obj,
    selector: Mapping[str, str],
    *,
    nodes: Sequence[str] = NODES,
    age: float = 90 * DAY,
    pod_age: float = 9 * DAY,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    manager: str = USER,
) -> Obj:
    """A DaemonSet with a ready pod on each of `nodes`."""
    count = len(nodes)
    own = world.add(
        "apps/v1",
        "DaemonSet",
        name,
        {
            "spec": {
                "selector": {"matchLabels": dict(selector)},
                "template": template,
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
                "revisionHistoryLimit": 10,
            },
            "status": {
                "currentNumberScheduled": count,
                "numberMisscheduled": 0,
                "desiredNumberScheduled": count,
                "numberReady": count,
                "observedGeneration": 1,
                "updatedNumberScheduled": count,
                "numberAvailable": count,
            },
        },
        namespace=namespace,
        age=age,
        labels=labels or selector,
        annotations={"deprecated.daemonset.template.generation": "1", **(annotations or {})},
        manager=manager,
    )
    hashed = world.suffix(10, "revision", namespace, name)
    _revision(world, own, f"{name}-{hashed}", template)
    for index, node in enumerate(nodes):
        numbered = {"controller-revision-hash": hashed, "pod-template-generation": "1"}
        add_pod(world, own, template, f"{name}-", index, node, pod_age, labels=numbered)
    return own


def _revision(world: World, owner: Obj, name: str, template: Obj) -> None:
    meta = owner["metadata"]
    data = {"spec": {"template": {**template, "$patch": "replace"}}}
    world.add(
        "apps/v1",
        "ControllerRevision",
        name,
        {"data": json.loads(json.dumps(data)), "revision": 1},
        namespace=meta["namespace"],
        age=80 * DAY,
        labels=template["metadata"]["labels"],
        owner=owner,
        generation=None,
        manager="k3s",
    )


def add_pod(
    world: World,
    owner: Obj,
    template: Obj,
    prefix: str,
    index: int,
    node: str,
    age: float,
    *,
    labels: Mapping[str, str] | None = None,
    restarts: int = 0,
) -> None:
    namespace = owner["metadata"]["namespace"]
    generated = prefix.endswith("-")
    name = prefix + world.suffix(5, namespace, prefix, index) if generated else f"{prefix}-{index}"
    ip = "" if template["spec"].get("hostNetwork") else world.pod_ip(NODES.index(node))
    world.put(
        make_pod(
            name,
            namespace,
            owner,
            template,
            uid=world.uid("Pod", namespace, name),
            node=node,
            ip=ip,
            created=world.ago(age + world.jitter(600, namespace, name)),
            labels=labels,
            restarts=max(restarts - 1, 0),
            generate_name=prefix if generated else "",
        )
    )
    if restarts:
        pod = world.get("Pod", namespace, name)
        at = world.ago(age * (0.2 + world.jitter(0.5, "restart", name)))
        pod["status"] = restarted_status(pod, at, exit_code=137, ready=True)
