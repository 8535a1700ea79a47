"""Pods made from a template, the way the controllers and a kubelet would have left them.

Used twice: by the scenario for the pods that are there at the start, and by the demo's life for those it makes later.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pointsman.tui.demo.scenario.world import Obj, digest, owner_ref, stamp

NODES = ("shed", "loft", "closet")
NODE_IP = {"shed": "192.168.7.11", "loft": "192.168.7.12", "closet": "192.168.7.13"}
QUEUED, PULLED = 1, 2  # seconds from creation to scheduled containers, and to running ones


def container(
    name: str,
    image: str,
    *,
    ports: list[Obj] | None = None,
    args: list[str] | None = None,
    command: list[str] | None = None,
    env: list[Obj] | None = None,
    mounts: Mapping[str, str] | None = None,
    cpu: str = "",
    memory: str = "",
    probe: Obj | None = None,
    security: Obj | None = None,
) -> Obj:
    """One container with the server's defaults filled in. `mounts` is volume name -> path."""
    out: Obj = {"name": name, "image": image}
    if command:
        out["command"] = command
    if args:
        out["args"] = args
    if env:
        out["env"] = env
    if ports:
        out["ports"] = ports
    out["resources"] = {}
    if cpu or memory:
        requests = {k: v for k, v in (("cpu", cpu), ("memory", memory)) if v}
        out["resources"] = {"requests": requests} | ({"limits": {"memory": memory}} if memory else {})
    if mounts:
        out["volumeMounts"] = [{"name": volume, "mountPath": path} for volume, path in mounts.items()]
    if probe:
        periods = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
        out["readinessProbe"] = {**probe, **periods}
    if security:
        out["securityContext"] = security
    out |= {
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    }
    return out


def pod_spec(
    containers: list[Obj],
    *,
    account: str = "default",
    volumes: list[Obj] | None = None,
    host_network: bool = False,
    priority_class: str = "",
    restart: str = "Always",
    tolerate_all: bool = False,
    node_selector: Mapping[str, str] | None = None,
    init: list[Obj] | None = None,
    grace: int = 30,
) -> Obj:
    """The `spec` of a pod template."""
    spec: Obj = {}
    if volumes:
        spec["volumes"] = volumes
    if init:
        spec["initContainers"] = init
    spec |= {
        "containers": containers,
        "restartPolicy": restart,
        "terminationGracePeriodSeconds": grace,
        "dnsPolicy": "ClusterFirstWithHostNet" if host_network else "ClusterFirst",
    }
    if node_selector:
        spec["nodeSelector"] = dict(node_selector)
    if account != "default":
        spec |= {"serviceAccountName": account, "serviceAccount": account}
    if host_network:
        spec["hostNetwork"] = True
    spec |= {"securityContext": {}, "schedulerName": "default-scheduler"}
    if tolerate_all:
        spec["tolerations"] = [{"operator": "Exists"}]
    if priority_class:
        spec["priorityClassName"] = priority_class
    return spec


def make_pod(
    name: str,
    namespace: str,
    owner: Obj,
    template: Obj,
    *,
    uid: str,
    node: str,
    ip: str,
    created: datetime,
    labels: Mapping[str, str] | None = None,
    restarts: int = 0,
    generate_name: str = "",
) -> Obj:
    """A scheduled, running, ready pod of `owner`.

    `labels` are added to the template's (a hash, an index). A host-network pod takes its node's address as its own.
    """
    meta: Obj = {"name": name}
    if generate_name:
        meta["generateName"] = generate_name
    meta |= {
        "namespace": namespace,
        "uid": uid,
        "generation": 1,
        "creationTimestamp": stamp(created),
        "labels": {**(template["metadata"].get("labels") or {}), **(labels or {})},
    }
    if template["metadata"].get("annotations"):
        meta["annotations"] = dict(template["metadata"]["annotations"])
    meta["ownerReferences"] = [owner_ref(owner)]
    spec = admitted(copy.deepcopy(template["spec"]), uid)
    spec["nodeName"] = node
    if spec.get("hostNetwork"):
        ip = NODE_IP[node]
    pod: Obj = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": {}}
    pod["status"] = running_status(pod, ip, created, restarts=restarts)
    return pod


def admitted(spec: Obj, uid: str) -> Obj:
    """What admission adds to every pod: the token volume, tolerations, priority, the service account."""
    account = spec.setdefault("serviceAccountName", "default")
    spec.setdefault("serviceAccount", account)
    volume = f"kube-api-access-{digest(uid, 'token') % 36**5:05x}"[:21]
    spec.setdefault("volumes", []).append({"name": volume, "projected": _token_sources()})
    for one in spec["containers"] + spec.get("initContainers", []):
        path = "/var/run/secrets/kubernetes.io/serviceaccount"
        one.setdefault("volumeMounts", []).append({"name": volume, "readOnly": True, "mountPath": path})
    if not any(t.get("operator") == "Exists" and "key" not in t for t in spec.get("tolerations", [])):
        spec.setdefault("tolerations", []).extend(
            {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            for key in ("not-ready", "unreachable")
        )
    classes = {"system-node-critical": 2000001000, "system-cluster-critical": 2000000000}
    spec["priority"] = classes.get(spec.get("priorityClassName", ""), 0)
    spec |= {"enableServiceLinks": True, "preemptionPolicy": "PreemptLowerPriority"}
    return spec


def _token_sources() -> Obj:
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    return {
        "defaultMode": 420,
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [namespace]}},
        ],
    }


def running_status(pod: Obj, ip: str, started: datetime, *, restarts: int = 0, last: Obj | None = None) -> Obj:
    """The status a kubelet writes once all containers run. `last` is the terminated state of the previous run."""
    meta, spec = pod["metadata"], pod["spec"]
    up = started + timedelta(seconds=PULLED)
    conditions = [
        condition("PodReadyToStartContainers", "True", up),
        condition("Initialized", "True", started),
        condition("Ready", "True", up),
        condition("ContainersReady", "True", up),
        condition("PodScheduled", "True", started),
    ]
    status: Obj = {
        "observedGeneration": 1,
        "phase": "Running",
        "conditions": conditions,
        "hostIP": NODE_IP.get(spec["nodeName"], ""),
        "hostIPs": [{"ip": NODE_IP.get(spec["nodeName"], "")}],
        "podIP": ip,
        "podIPs": [{"ip": ip}],
        "startTime": stamp(started),
        "qosClass": "Burstable" if any(c.get("resources") for c in spec["containers"]) else "BestEffort",
    }
    running = {"running": {"startedAt": stamp(up)}}
    if spec.get("initContainers"):
        done = {"exitCode": 0, "reason": "Completed", "startedAt": stamp(started), "finishedAt": stamp(up)}
        status["initContainerStatuses"] = [
            container_status(meta["uid"], one, {"terminated": done}, ready=True) for one in spec["initContainers"]
        ]
    status["containerStatuses"] = [
        container_status(meta["uid"], one, running, ready=True, restarts=restarts, last=last)
        for one in spec["containers"]
    ]
    return status


def waiting_status(pod: Obj, now: datetime, reason: str, message: str = "") -> Obj:
    """The status of a pod with a node whose containers cannot start yet."""
    status: Obj = {"observedGeneration": 1, "phase": "Pending"}
    status["conditions"] = [
        condition("PodReadyToStartContainers", "True", now),
        condition("Initialized", "True", now),
        condition("Ready", "False", now, "ContainersNotReady"),
        condition("ContainersReady", "False", now, "ContainersNotReady"),
        condition("PodScheduled", "True", now),
    ]
    node = NODE_IP.get(pod["spec"].get("nodeName", ""), "")
    status |= {"hostIP": node, "hostIPs": [{"ip": node}], "startTime": stamp(now), "qosClass": "Burstable"}
    waiting = {"reason": reason} | ({"message": message} if message else {})
    status["containerStatuses"] = [
        {
            "name": one["name"],
            "image": one["image"],
            "imageID": "",
            "ready": False,
            "started": False,
            "restartCount": 0,
            "lastState": {},
            "state": {"waiting": waiting},
        }
        for one in pod["spec"]["containers"]
    ]
    return status


def condition(kind: str, status: str, at: datetime, reason: str = "", message: str = "") -> Obj:
    out: Obj = {"type": kind, "observedGeneration": 1, "status": status}
    out["lastTransitionTime"] = stamp(at)
    if reason:
        out["reason"] = reason
    if message:
        out["message"] = message
    return out


def container_status(
    uid: str, spec: Obj, state: Obj, *, ready: bool, restarts: int = 0, last: Obj | None = None
) -> Obj:
    """One entry of containerStatuses; ids are stable for a pod and a restart count."""
    run = f"{digest(uid, spec['name'], restarts):032x}"
    image = f"{digest('image', spec['image']):032x}"
    state = copy.deepcopy(state)
    if "terminated" in state:
        state["terminated"]["containerID"] = f"containerd://{run * 2}"
    return {
        "name": spec["name"],
        "state": state,
        "lastState": {"terminated": last} if last else {},
        "ready": ready,
        "restartCount": restarts,
        "image": spec["image"],
        "imageID": f"{spec['image'].rsplit(':', 1)[0]}@sha256:{image * 2}",
        "containerID": f"containerd://{run * 2}",
        "started": "running" in state,
    }


def restarted_status(pod: Obj, at: datetime, *, exit_code: int, ready: bool) -> Obj:
    """The pod's status after its first container ended and started anew at `at`."""
    status = {**pod["status"], "conditions": [dict(c) for c in pod["status"]["conditions"]]}
    first, *rest = (dict(one) for one in pod["status"]["containerStatuses"])
    ended = {
        "exitCode": exit_code,
        "reason": "Error" if exit_code else "Completed",
        "startedAt": (first["state"].get("running") or {}).get("startedAt", stamp(at)),
        "finishedAt": stamp(at),
        "containerID": first["containerID"],
    }
    again = {"running": {"startedAt": stamp(at + timedelta(seconds=1))}}
    spec, count = pod["spec"]["containers"][0], first["restartCount"] + 1
    fresh = container_status(pod["metadata"]["uid"], spec, again, ready=ready, restarts=count, last=ended)
    status["containerStatuses"] = [fresh, *rest]
    set_ready(status, False, stamp(at))
    if ready:
        set_ready(status, True, stamp(at + timedelta(seconds=6)))
    return status


def set_ready(status: Obj, value: bool, now: str) -> None:
    """Set the conditions Ready and ContainersReady and the flags of all containers."""
    word = "True" if value else "False"
    for one in status["conditions"]:
        if one["type"] in ("Ready", "ContainersReady") and one["status"] != word:
            one |= {"status": word, "lastTransitionTime": now}
            if value:
                one.pop("reason", None)
                one.pop("message", None)
            else:
                names = " ".join(c["name"] for c in status["containerStatuses"])
                one |= {"reason": "ContainersNotReady", "message": f"containers with unready status: [{names}]"}
    for one in status["containerStatuses"]:
        one["ready"] = value


def container_ports(text: str) -> list[Obj]:
    """`"http:8096 discovery:7359/udp"` as a container's ports."""
    out = []
    for word in text.split():
        name, _, rest = word.partition(":")
        number, _, protocol = rest.partition("/")
        out.append({"name": name, "containerPort": int(number), "protocol": (protocol or "tcp").upper()})
    return out


def template(labels: Mapping[str, str], spec: Obj, annotations: Mapping[str, str] | None = None) -> Obj:
    meta: dict[str, Any] = {"labels": dict(labels)}
    if annotations:
        meta["annotations"] = dict(annotations)
    return {"metadata": meta, "spec": spec}
