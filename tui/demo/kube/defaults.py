"""Defaults: what the apiserver fills in before an object is stored, for the kinds a homelab writes."""

from __future__ import annotations

import base64
import ipaddress
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pointsman.tui.demo.kube import schema
from pointsman.tui.demo.kube.errors import ApiError
from pointsman.tui.demo.kube.objects import Object, clone, name_of, timestamp
from pointsman.tui.demo.kube.resources import CRD_KEY, ResourceInfo

if TYPE_CHECKING:
    from pointsman.tui.demo.kube.storage import Key, Storage

_NODE_PORTS = range(30000, 32768)


@dataclass(frozen=True, slots=True)
class Write:
    """One object on its way in; `live` is what it replaces, None for a create."""

    obj: Object
    live: Object | None
    storage: Storage


def fill(write: Write, info: ResourceInfo) -> None:
    """Fill in what the apiserver would, in place. Custom resources are pruned and defaulted by their schema."""
    obj = write.obj
    obj.setdefault("apiVersion", info.api_version)
    obj.setdefault("kind", info.kind)
    if info.custom:
        if info.schema is not None:
            schema.prune(obj, info.schema)
            schema.apply_defaults(obj, info.schema)
        return
    _drop_nulls(obj)
    filler = _DEFAULTS.get(info.key)
    if filler is not None:
        filler(write)


def allocate(write: Write, info: ResourceInfo) -> None:
    """What the server itself gives an object, in place: addresses, ports, finalizers. No field manager owns that."""
    giver = _ALLOCATIONS.get(info.key)
    if giver is not None:
        giver(write)


def _drop_nulls(value: Any) -> None:
    """A null in a built-in kind is the same as an absent field (Go's zero value)."""
    if isinstance(value, dict):
        for key in [key for key, item in value.items() if item is None]:
            del value[key]
        for item in value.values():
            _drop_nulls(item)
    elif isinstance(value, list):
        for item in value:
            _drop_nulls(item)


def _set(target: dict[str, Any], **values: Any) -> None:
    for key, value in values.items():
        if target.get(key) is None:
            target[key] = value


def _pod_spec(spec: dict[str, Any]) -> None:
    _set(
        spec,
        restartPolicy="Always",
        dnsPolicy="ClusterFirst",
        terminationGracePeriodSeconds=30,
        schedulerName="default-scheduler",
        securityContext={},
    )
    for container in [*spec.get("initContainers", ()), *spec.get("containers", ())]:
        if not isinstance(container, dict):
            continue
        image = str(container.get("image") or "")
        latest = image.endswith(":latest") or ":" not in image.rpartition("/")[2]
        _set(
            container,
            imagePullPolicy="Always" if latest else "IfNotPresent",
            resources={},
            terminationMessagePath="/dev/termination-log",
            terminationMessagePolicy="File",
        )
        for port in container.get("ports") or ():
            _set(port, protocol="TCP")


def _pod(write: Write) -> None:
    obj, live = write.obj, write.live
    spec = obj.setdefault("spec", {})
    _pod_spec(spec)
    _set(spec, enableServiceLinks=True)
    if live is None:
        obj.setdefault("status", {"phase": "Pending", "qosClass": "BestEffort"})


def _template(obj: Object) -> dict[str, Any]:
    spec: dict[str, Any] = obj.setdefault("spec", {})
    template = spec.get("template")
    if isinstance(template, dict):
        template.setdefault("metadata", {})
        _pod_spec(template.setdefault("spec", {}))
    return spec


def _deployment(write: Write) -> None:
    obj = write.obj
    spec = _template(obj)
    _set(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600, strategy={})
    _set(spec["strategy"], type="RollingUpdate")
    if spec["strategy"]["type"] == "RollingUpdate":
        _set(spec["strategy"], rollingUpdate={})
        _set(spec["strategy"]["rollingUpdate"], maxUnavailable="25%", maxSurge="25%")
    obj.setdefault("status", {})


def _replicaset(write: Write) -> None:
    obj = write.obj
    _set(_template(obj), replicas=1)
    obj.setdefault("status", {"replicas": 0})


def _daemonset(write: Write) -> None:
    obj = write.obj
    spec = _template(obj)
    _set(spec, revisionHistoryLimit=10, updateStrategy={})
    _set(spec["updateStrategy"], type="RollingUpdate")
    if spec["updateStrategy"]["type"] == "RollingUpdate":
        _set(spec["updateStrategy"], rollingUpdate={})
        _set(spec["updateStrategy"]["rollingUpdate"], maxUnavailable=1, maxSurge=0)
    obj.setdefault(
        "status",
        {"currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0},
    )


def _statefulset(write: Write) -> None:
    obj = write.obj
    spec = _template(obj)
    _set(spec, replicas=1, revisionHistoryLimit=10, podManagementPolicy="OrderedReady", serviceName="")
    _set(spec, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 0}})
    obj.setdefault("status", {"replicas": 0, "availableReplicas": 0})


def _job_spec(spec: dict[str, Any]) -> None:
    _set(spec, parallelism=1, completions=1, backoffLimit=6, completionMode="NonIndexed", suspend=False)
    _set(spec, podReplacementPolicy="TerminatingOrFailed", template={})
    _set(spec["template"], metadata={}, spec={})
    _pod_spec(spec["template"]["spec"])


def _job(write: Write) -> None:
    _job_spec(write.obj.setdefault("spec", {}))
    write.obj.setdefault("status", {})


def _label_job(write: Write) -> None:
    """A job's pods are found by its uid, which clients cannot know: the server writes selector and labels."""
    obj = write.obj
    if write.live is not None or obj["spec"].get("selector"):
        return
    uid, name = obj["metadata"]["uid"], name_of(obj)
    labels = obj["spec"]["template"]["metadata"].setdefault("labels", {})
    labels |= {"batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name}
    labels |= {"controller-uid": uid, "job-name": name}
    obj["spec"]["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}


def _cron_job(write: Write) -> None:
    spec = write.obj.setdefault("spec", {})
    _set(spec, concurrencyPolicy="Allow", suspend=False, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
    _job_spec(spec.setdefault("jobTemplate", {}).setdefault("spec", {}))
    for made in ("parallelism", "completions"):
        spec["jobTemplate"]["spec"].pop(made)
    write.obj.setdefault("status", {})


_TOLERATED = [
    {"key": f"node.kubernetes.io/{taint}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    for taint in ("not-ready", "unreachable")
]


def _admit_pod(write: Write) -> None:
    """What the service account, priority and toleration plugins add to a new pod."""
    if write.live is not None:
        return
    spec = write.obj["spec"]
    _set(spec, serviceAccountName="default", preemptionPolicy="PreemptLowerPriority", priority=0)
    _set(spec, serviceAccount=spec["serviceAccountName"])
    have = {toleration.get("key") for toleration in spec.get("tolerations") or ()}
    missing = [clone(toleration) for toleration in _TOLERATED if toleration["key"] not in have]
    if missing and None not in have:
        spec["tolerations"] = [*(spec.get("tolerations") or ()), *missing]


def _service(write: Write) -> None:
    obj = write.obj
    spec = obj.setdefault("spec", {})
    _set(spec, type="ClusterIP", sessionAffinity="None")
    for port in spec.get("ports") or ():
        if isinstance(port, dict):
            _set(port, protocol="TCP")
            _set(port, targetPort=port.get("port"))
    obj.setdefault("status", {"loadBalancer": {}})
    if spec["type"] == "ExternalName":
        return
    _set(spec, internalTrafficPolicy="Cluster")
    if spec["type"] in ("NodePort", "LoadBalancer"):
        _set(spec, externalTrafficPolicy="Cluster")
        if spec["type"] == "LoadBalancer":
            _set(spec, allocateLoadBalancerNodePorts=True)
    elif write.live is not None and write.live["spec"].get("type") != spec["type"]:
        # Back to ClusterIP: what came with the old type goes, unless the client asks for something of its own.
        for field in ("allocateLoadBalancerNodePorts", "externalTrafficPolicy", "healthCheckNodePort"):
            spec.pop(field, None)
        given = {port.get("nodePort") for port in write.live["spec"].get("ports") or ()}
        for port in spec.get("ports") or ():
            if port.get("nodePort") in given:
                port.pop("nodePort", None)


def _allocate_service(write: Write) -> None:
    spec = write.obj["spec"]
    if spec["type"] == "ExternalName":
        return
    if write.live is not None and not spec.get("clusterIP") and (before := write.live["spec"].get("clusterIP")):
        spec["clusterIP"] = before
    if not spec.get("clusterIP"):
        spec["clusterIP"] = _free_address(write)
    _set(spec, clusterIPs=[spec["clusterIP"]], ipFamilies=["IPv4"], ipFamilyPolicy="SingleStack")
    if spec["type"] == "NodePort" or (spec["type"] == "LoadBalancer" and spec["allocateLoadBalancerNodePorts"]):
        _node_ports(write)


def _free_address(write: Write) -> str:
    """A free address of the service range, found from the name so that a run can be repeated."""
    obj, storage = write.obj, write.storage
    network = ipaddress.ip_network(storage.service_cidr)
    used = {service["spec"].get("clusterIP") for service in storage.list("services") if "spec" in service}
    start = zlib.crc32(f"{obj['metadata'].get('namespace')}/{name_of(obj)}".encode())
    for step in range(network.num_addresses):
        host = (start + step) % network.num_addresses
        if host > 10 and (text := str(network[host])) not in used and host < network.num_addresses - 1:
            return text
    raise ApiError(500, "InternalError", "failed to allocate a serviceIP: range is full")


def _node_ports(write: Write) -> None:
    obj, live, storage = write.obj, write.live, write.storage
    before = {
        (port.get("name"), port.get("protocol", "TCP"), port.get("port")): port.get("nodePort")
        for port in (live or {}).get("spec", {}).get("ports") or ()
    }
    missing = [port for port in obj["spec"].get("ports") or () if isinstance(port, dict) and not port.get("nodePort")]
    used: set[Any] | None = None
    for port in missing:
        kept = before.get((port.get("name"), port["protocol"], port.get("port")))
        if kept:
            port["nodePort"] = kept
            continue
        if used is None:
            used = {
                p.get("nodePort") for s in storage.list("services") for p in (s.get("spec") or {}).get("ports") or ()
            }
        start = zlib.crc32(f"{name_of(obj)}/{port.get('port')}/{port['protocol']}".encode())
        for step in range(len(_NODE_PORTS)):
            candidate = _NODE_PORTS[(start + step) % len(_NODE_PORTS)]
            if candidate not in used:
                port["nodePort"] = candidate
                used.add(candidate)
                break


def _namespace(write: Write) -> None:
    obj, live = write.obj, write.live
    obj["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = name_of(obj)
    obj.setdefault("spec", {})
    if live is None:
        obj.setdefault("status", {"phase": "Active"})


def _finalize_namespace(write: Write) -> None:
    if write.live is None:
        write.obj["spec"].setdefault("finalizers", ["kubernetes"])


def _secret(write: Write) -> None:
    obj = write.obj
    obj.setdefault("type", "Opaque")
    for key, text in (obj.pop("stringData", None) or {}).items():
        obj.setdefault("data", {})[key] = base64.b64encode(str(text).encode()).decode()


def _network_policy(write: Write) -> None:
    obj = write.obj
    spec = obj.setdefault("spec", {})
    spec.setdefault("podSelector", {})
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") is not None else ["Ingress"]
    for direction in ("ingress", "egress"):
        for rule in spec.get(direction) or ():
            for port in (rule or {}).get("ports") or ():
                _set(port, protocol="TCP")


def _ingress(write: Write) -> None:
    obj = write.obj
    obj.setdefault("spec", {})
    obj.setdefault("status", {"loadBalancer": {}})


def _crd(write: Write) -> None:
    obj, storage = write.obj, write.storage
    spec = obj.get("spec")
    if not isinstance(spec, dict) or not isinstance(spec.get("names"), dict):
        return
    wanted = spec["names"]
    _set(spec, conversion={"strategy": "None"})
    _set(wanted, singular=str(wanted.get("kind", "")).lower(), listKind=f"{wanted.get('kind', '')}List")
    now = timestamp(storage.now())
    status = obj.setdefault("status", {})
    status["acceptedNames"] = clone(wanted)
    stored = [version["name"] for version in spec.get("versions") or () if version.get("storage")]
    status["storedVersions"] = sorted({*status.get("storedVersions", ()), *stored})
    if not status.get("conditions"):
        status["conditions"] = [
            _established("NamesAccepted", "NoConflicts", "no conflicts found", now),
            _established("Established", "InitialNamesAccepted", "the initial names have been accepted", now),
        ]


def _established(kind: str, reason: str, message: str, now: str) -> dict[str, str]:
    return {"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": now}


_DEFAULTS: dict[Key, Callable[[Write], None]] = {
    ("", "namespaces"): _namespace,
    ("", "pods"): _pod,
    ("", "secrets"): _secret,
    ("", "services"): _service,
    ("apps", "daemonsets"): _daemonset,
    ("apps", "deployments"): _deployment,
    ("apps", "replicasets"): _replicaset,
    ("apps", "statefulsets"): _statefulset,
    ("batch", "cronjobs"): _cron_job,
    ("batch", "jobs"): _job,
    ("networking.k8s.io", "ingresses"): _ingress,
    ("networking.k8s.io", "networkpolicies"): _network_policy,
    CRD_KEY: _crd,
}
_ALLOCATIONS: dict[Key, Callable[[Write], None]] = {
    ("batch", "jobs"): _label_job,
    ("", "namespaces"): _finalize_namespace,
    ("", "pods"): _admit_pod,
    ("", "services"): _allocate_service,
}
