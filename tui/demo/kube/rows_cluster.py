"""Table rows of nodes, namespaces, configuration, storage, access, events and the API itself."""

from __future__ import annotations

from typing import Any

from pointsman.tui.demo.kube.cells import (
    NONE,
    UNKNOWN,
    UNSET,
    Cell,
    Column,
    Doc,
    Printer,
    age,
    columns,
    condition,
    dig,
    items,
    mapping,
    name_of,
    number,
    since,
    strings,
    text,
)

_ROLE_PREFIX = "node-role.kubernetes.io/"
_ROLE_LABEL = "kubernetes.io/role"
_DEFAULT_STORAGE = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
_STORAGE_CLASS = "volume.beta.kubernetes.io/storage-class"
_ACCESS_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _node(obj: Doc, now: float) -> list[Cell]:
    ready = condition(obj, "Ready")
    status = "Unknown" if not ready else "Ready" if ready.get("status") == "True" else "NotReady"
    if dig(obj, "spec", "unschedulable") is True:
        status += ",SchedulingDisabled"
    info = mapping(obj, "status", "nodeInfo")
    kernel = text(info, "kernelVersion") or UNKNOWN
    if text(info, "architecture"):
        kernel += f" ({text(info, 'architecture')})"
    return [
        name_of(obj),
        status,
        ",".join(sorted(_roles(mapping(obj, "metadata", "labels")))) or NONE,
        age(obj, now),
        text(info, "kubeletVersion"),
        _address(obj, "InternalIP"),
        _address(obj, "ExternalIP"),
        text(info, "osImage") or UNKNOWN,
        kernel,
        text(info, "containerRuntimeVersion") or UNKNOWN,
    ]


def _roles(node_labels: Doc) -> set[str]:
    roles = {key.removeprefix(_ROLE_PREFIX) for key in node_labels if key.startswith(_ROLE_PREFIX)}
    return (roles | {text(node_labels, _ROLE_LABEL)}) - {""}


def _address(obj: Doc, kind: str) -> str:
    addresses = items(obj, "status", "addresses")
    return next((text(a, "address") for a in addresses if a.get("type") == kind), NONE)


def _namespace(obj: Doc, now: float) -> list[Cell]:
    return [name_of(obj), text(obj, "status", "phase"), age(obj, now)]


def _config_map(obj: Doc, now: float) -> list[Cell]:
    return [name_of(obj), len(mapping(obj, "data")) + len(mapping(obj, "binaryData")), age(obj, now)]


def _secret(obj: Doc, now: float) -> list[Cell]:
    return [name_of(obj), text(obj, "type"), len(mapping(obj, "data")), age(obj, now)]


def _name_and_age(obj: Doc, now: float) -> list[Cell]:
    return [name_of(obj), age(obj, now)]


def _event(obj: Doc, now: float) -> list[Cell]:
    """An event as core/v1 or events.k8s.io/v1 writes it: the latter renamed most fields."""
    about = mapping(obj, "involvedObject") or mapping(obj, "regarding")
    first = since(obj.get("firstTimestamp") or obj.get("deprecatedFirstTimestamp") or obj.get("eventTime"), now)
    last_at = obj.get("lastTimestamp") or obj.get("deprecatedLastTimestamp")
    last = since(last_at, now) if last_at else first
    count = number(obj, "count") or number(obj, "deprecatedCount") or 1
    if isinstance(obj.get("series"), dict):
        last, count = since(dig(obj, "series", "lastObservedTime"), now), number(obj, "series", "count")
    kind, name = text(about, "kind").lower(), text(about, "name")
    source = mapping(obj, "source") or mapping(obj, "deprecatedSource")
    component = text(source, "component") or text(obj, "reportingComponent") or text(obj, "reportingController")
    instance = text(source, "host") or text(obj, "reportingInstance")
    return [
        last,
        text(obj, "type"),
        text(obj, "reason"),
        f"{kind}/{name}" if name else kind,
        text(about, "fieldPath"),
        f"{component}, {instance}" if instance else component,
        (text(obj, "message") or text(obj, "note")).strip(),
        first,
        count,
        name_of(obj),
    ]


def _lease(obj: Doc, now: float) -> list[Cell]:
    return [name_of(obj), text(obj, "spec", "holderIdentity"), age(obj, now)]


def _binding(obj: Doc, now: float) -> list[Cell]:
    subjects = items(obj, "subjects")

    def named(kind: str) -> str:
        return ", ".join(text(s, "name") for s in subjects if s.get("kind") == kind)

    accounts = [f"{text(s, 'namespace')}/{text(s, 'name')}" for s in subjects if s.get("kind") == "ServiceAccount"]
    role = f"{text(obj, 'roleRef', 'kind')}/{text(obj, 'roleRef', 'name')}"
    return [name_of(obj), role, age(obj, now), named("User"), named("Group"), ", ".join(accounts)]


def _modes(modes: list[str]) -> str:
    return ",".join(short for mode, short in _ACCESS_MODES.items() if mode in modes)


def _or_unset(value: Any) -> str:
    return value if isinstance(value, str) else UNSET


def _storage_class_of(obj: Doc) -> str:
    annotated = dig(obj, "metadata", "annotations", _STORAGE_CLASS)
    return annotated if isinstance(annotated, str) else text(obj, "spec", "storageClassName")


def _phase(obj: Doc) -> str:
    deleting = dig(obj, "metadata", "deletionTimestamp") is not None
    return "Terminating" if deleting else text(obj, "status", "phase")


def _persistent_volume(obj: Doc, now: float) -> list[Cell]:
    spec = mapping(obj, "spec")
    claim = dig(spec, "claimRef")
    return [
        name_of(obj),
        text(spec, "capacity", "storage") or "0",
        _modes(strings(spec, "accessModes")),
        text(spec, "persistentVolumeReclaimPolicy"),
        _phase(obj),
        f"{text(claim, 'namespace')}/{text(claim, 'name')}" if isinstance(claim, dict) else "",
        _storage_class_of(obj),
        _or_unset(spec.get("volumeAttributesClassName")),
        text(obj, "status", "reason"),
        age(obj, now),
        _or_unset(spec.get("volumeMode")),
    ]


def _persistent_volume_claim(obj: Doc, now: float) -> list[Cell]:
    spec, status = mapping(obj, "spec"), mapping(obj, "status")
    volume = text(spec, "volumeName")
    return [
        name_of(obj),
        _phase(obj),
        volume,
        (text(status, "capacity", "storage") or "0") if volume else "",
        _modes(strings(status, "accessModes")) if volume else "",
        _storage_class_of(obj),
        _or_unset(spec.get("volumeAttributesClassName")),
        age(obj, now),
        _or_unset(spec.get("volumeMode")),
    ]


def _storage_class(obj: Doc, now: float) -> list[Cell]:
    is_default = any(text(obj, "metadata", "annotations", key) == "true" for key in _DEFAULT_STORAGE)
    return [
        f"{name_of(obj)} (default)" if is_default else name_of(obj),
        text(obj, "provisioner"),
        text(obj, "reclaimPolicy") or "Delete",
        text(obj, "volumeBindingMode") or "Immediate",
        obj.get("allowVolumeExpansion") is True,
        age(obj, now),
    ]


def _csi_node(obj: Doc, now: float) -> list[Cell]:
    return [name_of(obj), len(items(obj, "spec", "drivers")), age(obj, now)]


def _csi_driver(obj: Doc, now: float) -> list[Cell]:
    spec = mapping(obj, "spec")
    tokens = spec.get("tokenRequests")
    return [
        name_of(obj),
        spec.get("attachRequired") is not False,
        spec.get("podInfoOnMount") is True,
        spec.get("storageCapacity") is True,
        UNSET if tokens is None else ",".join(text(token, "audience") for token in items(spec, "tokenRequests")),
        spec.get("requiresRepublish") is True,
        ",".join(strings(spec, "volumeLifecycleModes")) or NONE,
        age(obj, now),
    ]


def _volume_attachment(obj: Doc, now: float) -> list[Cell]:
    return [
        name_of(obj),
        text(obj, "spec", "attacher"),
        text(obj, "spec", "source", "persistentVolumeName"),
        text(obj, "spec", "nodeName"),
        dig(obj, "status", "attached") is True,
        age(obj, now),
    ]


def _resource_quota(obj: Doc, now: float) -> list[Cell]:
    hard, used = mapping(obj, "status", "hard"), mapping(obj, "status", "used")
    entries = {name: f"{name}: {used.get(name, '0')}/{hard[name]}" for name in sorted(hard)}
    limits = [entry for name, entry in entries.items() if name.startswith("limits.")]
    requests = [entry for name, entry in entries.items() if not name.startswith("limits.")]
    return [name_of(obj), ", ".join(requests), ", ".join(limits), age(obj, now)]


def _priority_class(obj: Doc, now: float) -> list[Cell]:
    is_default = obj.get("globalDefault") is True
    return [name_of(obj), number(obj, "value"), is_default, age(obj, now), text(obj, "preemptionPolicy")]


def _runtime_class(obj: Doc, now: float) -> list[Cell]:
    return [name_of(obj), text(obj, "handler"), age(obj, now)]


def _autoscaler(obj: Doc, now: float) -> list[Cell]:
    target = f"{text(obj, 'spec', 'scaleTargetRef', 'kind')}/{text(obj, 'spec', 'scaleTargetRef', 'name')}"
    least = dig(obj, "spec", "minReplicas")
    return [
        name_of(obj),
        target,
        _metrics(items(obj, "spec", "metrics"), items(obj, "status", "currentMetrics")),
        UNSET if least is None else str(least),
        number(obj, "spec", "maxReplicas"),
        number(obj, "status", "currentReplicas"),
        age(obj, now),
    ]


def _metrics(specs: list[Doc], states: list[Doc]) -> str:
    shown = [_metric(spec, states[i] if i < len(states) else {}) for i, spec in enumerate(specs)]
    if len(shown) > 2:
        return f"{', '.join(shown[:2])} + {len(shown) - 2} more..."
    return ", ".join(shown) or NONE


def _metric(spec: Doc, state: Doc) -> str:
    source = {"Resource": "resource", "ContainerResource": "containerResource", "Pods": "pods"}.get(
        text(spec, "type"), text(spec, "type").lower()
    )
    wanted, current = mapping(spec, source, "target"), mapping(state, source, "current")
    if source not in ("resource", "containerResource", "pods", "object", "external"):
        return "<unknown type>"
    prefix = f"{text(spec, source, 'name')}: " if source.endswith("esource") else ""
    if "averageValue" in wanted or source == "pods":
        average = " (avg)" if source in ("object", "external") else ""
        return f"{prefix}{current.get('averageValue', UNKNOWN)}/{wanted.get('averageValue', '0')}{average}"
    if not prefix:
        return f"{current.get('value', UNKNOWN)}/{wanted.get('value', '0')}"
    use, target = current.get("averageUtilization"), wanted.get("averageUtilization")
    return f"{prefix}{UNKNOWN if use is None else f'{use}%'}/{'<auto>' if target is None else f'{target}%'}"


def _webhooks(obj: Doc, now: float) -> list[Cell]:
    return [name_of(obj), len(items(obj, "webhooks")), age(obj, now)]


def _api_service(obj: Doc, now: float) -> list[Cell]:
    service = dig(obj, "spec", "service")
    where = f"{text(service, 'namespace')}/{text(service, 'name')}" if isinstance(service, dict) else "Local"
    available = condition(obj, "Available")
    status, reason = text(available, "status"), text(available, "reason")
    shown = f"{status} ({reason})" if available and status != "True" and reason else status or "Unknown"
    return [name_of(obj), where, shown, age(obj, now)]


_BINDING = columns("Name|Role|Age|+Users|+Groups|+ServiceAccounts")
_EVENT = columns("Last Seen|Type|Reason|Object|+Subobject|+Source|Message|+First Seen|+Count|+Name")
_NAME_AGE = columns("Name|Age")

CLUSTER: dict[tuple[str, str], Printer] = {
    ("nodes", ""): Printer(
        columns("Name|Status|Roles|Age|Version|+Internal-IP|+External-IP|+OS-Image|+Kernel-Version|+Container-Runtime"),
        _node,
    ),
    ("namespaces", ""): Printer(columns("Name|Status|Age"), _namespace),
    ("configmaps", ""): Printer(columns("Name|Data|Age"), _config_map),
    ("secrets", ""): Printer(columns("Name|Type|Data|Age"), _secret),
    ("serviceaccounts", ""): Printer(_NAME_AGE, _name_and_age),
    ("events", ""): Printer(_EVENT, _event),
    ("events", "events.k8s.io"): Printer(_EVENT, _event),
    ("leases", "coordination.k8s.io"): Printer(columns("Name|Holder|Age"), _lease),
    ("rolebindings", "rbac.authorization.k8s.io"): Printer(_BINDING, _binding),
    ("clusterrolebindings", "rbac.authorization.k8s.io"): Printer(_BINDING, _binding),
    ("persistentvolumes", ""): Printer(
        columns(
            "Name|Capacity|Access Modes|Reclaim Policy|Status|Claim|StorageClass|VolumeAttributesClass|Reason|Age"
            "|+VolumeMode"
        ),
        _persistent_volume,
    ),
    ("persistentvolumeclaims", ""): Printer(
        columns("Name|Status|Volume|Capacity|Access Modes|StorageClass|VolumeAttributesClass|Age|+VolumeMode"),
        _persistent_volume_claim,
    ),
    ("storageclasses", "storage.k8s.io"): Printer(
        columns("Name|Provisioner|ReclaimPolicy|VolumeBindingMode|AllowVolumeExpansion|Age"), _storage_class
    ),
    ("csinodes", "storage.k8s.io"): Printer(columns("Name|#Drivers|Age"), _csi_node),
    ("csidrivers", "storage.k8s.io"): Printer(
        columns("Name|?AttachRequired|?PodInfoOnMount|?StorageCapacity|TokenRequests|?RequiresRepublish|Modes|Age"),
        _csi_driver,
    ),
    ("volumeattachments", "storage.k8s.io"): Printer(
        # Upstream gives two columns the format `name`.
        (
            Column("Name", format="name"),
            Column("Attacher", format="name"),
            *columns("PV|Node|?Attached|Age"),
        ),
        _volume_attachment,
    ),
    ("resourcequotas", ""): Printer(columns("Name|Request|Limit|Age"), _resource_quota),
    ("priorityclasses", "scheduling.k8s.io"): Printer(
        columns("Name|#Value|?Global-Default|Age|PreemptionPolicy"), _priority_class
    ),
    ("runtimeclasses", "node.k8s.io"): Printer(columns("Name|Handler|Age"), _runtime_class),
    ("horizontalpodautoscalers", "autoscaling"): Printer(
        columns("Name|Reference|Targets|MinPods|MaxPods|Replicas|Age"), _autoscaler
    ),
    ("mutatingwebhookconfigurations", "admissionregistration.k8s.io"): Printer(
        columns("Name|#Webhooks|Age"), _webhooks
    ),
    ("validatingwebhookconfigurations", "admissionregistration.k8s.io"): Printer(
        columns("Name|#Webhooks|Age"), _webhooks
    ),
    ("apiservices", "apiregistration.k8s.io"): Printer(columns("Name|Service|Available|Age"), _api_service),
}
