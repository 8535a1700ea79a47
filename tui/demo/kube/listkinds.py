"""Which lists merge by key, which are sets, which maps are atomic: the schema facts behind patch and apply.

Two writers need them. A strategic merge patch needs the Go struct tags `patchStrategy` and `patchMergeKey`; server-side
apply needs `x-kubernetes-list-type`, `-list-map-keys` and `-map-type`. Both are published per field in the API server's
OpenAPI documents (release 1.36); `_KINDS` and `_PARTS` hold them for the kinds the demo serves, and only where a field
differs from the default: maps merge key by key, lists are atomic.

A custom resource carries the same facts in its CustomResourceDefinition; `ListKinds.crd` reads them from there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

ListType = Literal["atomic", "set", "map"]

# One line per kind; every kind also has `metadata>ObjectMeta`. A field is written
#   name[key,key=default]  list keyed by these fields (apply); the first is also the strategic merge key
#   name[key]-             list keyed for apply, replaced whole by a strategic merge
#   name<key>              list merged by key in a strategic merge, atomic for apply
#   name{}                 set for apply, merged as primitives in a strategic merge;  name{}- replaced by the latter
# then flags: `!` atomic map (on a list: its items are), `~` retainKeys, `=` replaced whole; then `>Type` of the
# value or of the items.
_KINDS: dict[str, str] = {
    "Pod": "spec>PodSpec status>PodStatus",
    "PodTemplate": "template>PodTemplateSpec",
    "Service": "spec>ServiceSpec status>Conditions",
    "Node": "spec>NodeSpec status>NodeStatus",
    "Namespace": "status>Conditions",
    "ConfigMap": "",
    "Secret": "",
    "ServiceAccount": "secrets[name]!",
    "Endpoints": "",
    "Event": "involvedObject! regarding! related!",
    "PersistentVolume": "spec>PersistentVolumeSpec",
    "PersistentVolumeClaim": "spec>PersistentVolumeClaimSpec status>Conditions",
    "ResourceQuota": "spec>ResourceQuotaSpec",
    "LimitRange": "",
    "ReplicationController": "spec>ReplicationControllerSpec status>Conditions",
    "Deployment": "spec>DeploymentSpec status>Conditions",
    "DaemonSet": "spec>WorkloadSpec status>Conditions",
    "StatefulSet": "spec>WorkloadSpec status>Conditions",
    "ReplicaSet": "spec>WorkloadSpec status>Conditions",
    "ControllerRevision": "data!",
    "Job": "spec>WorkloadSpec status>JobStatus",
    "CronJob": "spec>CronJobSpec",
    "Ingress": "spec>IngressSpec",
    "IngressClass": "",
    "NetworkPolicy": "spec>NetworkPolicySpec",
    "ServiceCIDR": "status>Conditions",
    "IPAddress": "",
    "EndpointSlice": "",
    "Lease": "",
    "Role": "",
    "ClusterRole": "",
    "RoleBinding": "roleRef!",
    "ClusterRoleBinding": "roleRef!",
    "StorageClass": "",
    "CSIDriver": "spec>CSIDriverSpec",
    "CSINode": "spec>CSINodeSpec",
    "VolumeAttachment": "spec>VolumeAttachmentSpec",
    "PodDisruptionBudget": "spec>PodDisruptionBudgetSpec status>Conditions",
    "HorizontalPodAutoscaler": "status>Conditions",
    "PriorityClass": "",
    "CustomResourceDefinition": "status>CustomResourceDefinitionStatus",
    "APIService": "status>Conditions",
}

# Types that are only parts of others, written the same way.
_PARTS: dict[str, str] = {
    "ObjectMeta": "finalizers{} ownerReferences[uid]!",
    "PodSpec": "affinity>Affinity containers[name]>Container ephemeralContainers[name]>Container hostAliases[ip]"
    " imagePullSecrets[name]! initContainers[name]>Container nodeSelector! resourceClaims[name]~"
    " resources>ResourceRequirements schedulingGates[name]"
    " topologySpreadConstraints[topologyKey,whenUnsatisfiable]>TopologySpreadConstraint volumes[name]~>Volume",
    "Affinity": "nodeAffinity>NodeAffinity",
    "NodeAffinity": "requiredDuringSchedulingIgnoredDuringExecution!",
    "Container": "env[name]>EnvVar ports[containerPort,protocol=TCP] resources>ResourceRequirements"
    " volumeDevices[devicePath] volumeMounts[mountPath]",
    "EnvVar": "valueFrom>EnvVarSource",
    "EnvVarSource": "configMapKeyRef! fieldRef! fileKeyRef! resourceFieldRef! secretKeyRef!",
    "ResourceRequirements": "claims[name]-",
    "TopologySpreadConstraint": "labelSelector!",
    "Volume": "cephfs>SecretRef cinder>SecretRef csi>CSIVolumeSource ephemeral>EphemeralVolumeSource"
    " flexVolume>SecretRef iscsi>SecretRef rbd>SecretRef scaleIO>SecretRef storageos>SecretRef",
    "SecretRef": "secretRef!",
    "CSIVolumeSource": "nodePublishSecretRef!",
    "EphemeralVolumeSource": "volumeClaimTemplate>PersistentVolumeClaimTemplate",
    "PersistentVolumeClaimTemplate": "metadata>ObjectMeta spec>PersistentVolumeClaimSpec",
    "PodStatus": "conditions[type] hostIPs<ip> podIPs[ip] resourceClaimStatuses[name]~ resources>ResourceRequirements",
    "PodTemplateSpec": "metadata>ObjectMeta spec>PodSpec",
    "Conditions": "conditions[type]",
    "ServiceSpec": "ports[port,protocol=TCP] selector!",
    "NodeSpec": "podCIDRs{}",
    "NodeStatus": "addresses[type] conditions[type]",
    "PersistentVolumeSpec": "cephfs>SecretRef cinder>SecretRef csi>CSIPersistentVolumeSource flexVolume>SecretRef"
    " iscsi>SecretRef nodeAffinity>VolumeNodeAffinity rbd>SecretRef scaleIO>SecretRef storageos>SecretRef",
    "CSIPersistentVolumeSource": "controllerExpandSecretRef! controllerPublishSecretRef! nodeExpandSecretRef!"
    " nodePublishSecretRef! nodeStageSecretRef!",
    "VolumeNodeAffinity": "required!",
    "PersistentVolumeClaimSpec": "dataSource! selector!",
    "ResourceQuotaSpec": "scopeSelector!",
    "ReplicationControllerSpec": "selector! template>PodTemplateSpec",
    "DeploymentSpec": "selector! strategy~ template>PodTemplateSpec",
    "WorkloadSpec": "selector! template>PodTemplateSpec",
    "JobStatus": "conditions<type> uncountedTerminatedPods>UncountedTerminatedPods",
    "UncountedTerminatedPods": "failed{}- succeeded{}-",
    "CronJobSpec": "jobTemplate>JobTemplateSpec",
    "JobTemplateSpec": "metadata>ObjectMeta spec>WorkloadSpec",
    "IngressSpec": "defaultBackend>IngressBackend",
    "IngressBackend": "resource! service>IngressServiceBackend",
    "IngressServiceBackend": "port!",
    "NetworkPolicySpec": "podSelector!",
    "CSIDriverSpec": "volumeLifecycleModes{}-",
    "CSINodeSpec": "drivers[name]",
    "VolumeAttachmentSpec": "source>VolumeAttachmentSource",
    "VolumeAttachmentSource": "inlineVolumeSpec>PersistentVolumeSpec",
    "PodDisruptionBudgetSpec": "selector!=",
    "CustomResourceDefinitionStatus": "conditions[type]-",
}

# Structs that an object of a Go type always has, also when nothing was set: they are never new, so nobody who creates the
# object comes to own them as a whole. `~` is a list or pointer that is null then, `^` an empty
# text.
_ALWAYS: dict[str, str] = {
    "Pod": "spec.containers~ status",
    "PodTemplate": "template.metadata template.spec.containers~",
    "Service": "spec status.loadBalancer",
    "Node": "spec status.daemonEndpoints.kubeletEndpoint status.nodeInfo",
    "Namespace": "spec status",
    "Event": "involvedObject source firstTimestamp~ lastTimestamp~ eventTime~ reportingComponent^ reportingInstance^",
    "PersistentVolume": "spec status",
    "PersistentVolumeClaim": "spec.resources status",
    "ResourceQuota": "spec status",
    "LimitRange": "spec.limits~",
    "ReplicationController": "spec status",
    "Deployment": "spec.selector~ spec.template.metadata spec.template.spec.containers~ spec.strategy status",
    "DaemonSet": "spec.selector~ spec.template.metadata spec.template.spec.containers~ spec.updateStrategy status",
    "StatefulSet": "spec.selector~ spec.template.metadata spec.template.spec.containers~ spec.updateStrategy status",
    "ReplicaSet": "spec.selector~ spec.template.metadata spec.template.spec.containers~ status",
    "Job": "spec.template.metadata spec.template.spec.containers~ status",
    "CronJob": "spec.jobTemplate.metadata spec.jobTemplate.spec.template.metadata"
    " spec.jobTemplate.spec.template.spec.containers~ status",
    "Ingress": "spec status.loadBalancer",
    "IngressClass": "spec",
    "NetworkPolicy": "spec.podSelector",
    "ServiceCIDR": "spec status",
    "IPAddress": "spec.parentRef~",
    "EndpointSlice": "endpoints~ ports~",
    "Lease": "spec",
    "Role": "rules~",
    "ClusterRole": "rules~",
    "RoleBinding": "roleRef",
    "ClusterRoleBinding": "roleRef",
    "CSIDriver": "spec",
    "CSINode": "spec.drivers~",
    "VolumeAttachment": "spec.source status",
    "PodDisruptionBudget": "spec status",
    "HorizontalPodAutoscaler": "spec.scaleTargetRef status",
    "CustomResourceDefinition": "spec.names spec.versions~ status.acceptedNames status.conditions~"
    " status.storedVersions~",
    "APIService": "spec status",
}

_FIELD = re.compile(
    r"(?P<name>\w+)(?:\[(?P<keys>[^\]]+)\]|<(?P<merge>\w+)>|(?P<set>\{\}))?(?P<flags>[-!~=]*)(?:>(?P<of>\w+))?\Z"
)


@dataclass(frozen=True)
class ListKinds:
    """What the schema says of the value at one place of an object; `child` and `item` walk on.

    `list_type`, `keys` and `atomic` are server-side apply's view: a list is atomic, a set, or a map keyed by `keys`
    (field name and default); a map is granular or `atomic`. `merge`, `merge_key`, `retain` and `replace` are strategic
    merge's view. A place of which nothing is known is granular, its lists atomic, which is also the rule for fields
    under `x-kubernetes-preserve-unknown-fields`.
    """

    list_type: ListType = "atomic"
    keys: tuple[tuple[str, str | int | None], ...] = ()
    atomic: bool = False
    item_atomic: bool = False
    merge: bool = False
    merge_key: str = ""
    retain: bool = False
    replace: bool = False
    type_name: str = ""
    openapi: Mapping[str, Any] | None = None
    has_status: bool = False
    open: bool = False
    _known: dict[str, ListKinds] = field(default_factory=dict, compare=False, repr=False)

    @staticmethod
    def builtin(kind: str) -> ListKinds | None:
        """The root of a builtin kind, None for a kind the table does not hold."""
        return _root(kind)

    @staticmethod
    def crd(schema: Mapping[str, Any] | None, *, has_status: bool = True) -> ListKinds:
        """The root of a custom resource from its `openAPIV3Schema` (None: everything granular, lists atomic).

        `has_status` says whether its version has the status subresource.
        """
        openapi = schema or {"x-kubernetes-preserve-unknown-fields": True}
        return ListKinds(type_name=_CUSTOM, openapi=openapi, has_status=has_status)

    def reset(self, subresource: str) -> Mapping[str, Any]:
        """The fields that a write to the main resource ("") or a subresource cannot change, and so cannot own (fieldsV1)."""
        if subresource == "":
            has_status = self.has_status or "status" in _ALWAYS.get(self.type_name, "")
            return {"f:status": {}} if has_status else {}
        if subresource != "status":
            return {}
        if self.is_custom or self.type_name in ("ServiceCIDR", "VolumeAttachment"):
            return {"f:metadata": {}, "f:spec": {}}
        if self.type_name == "Pod":
            return {"f:metadata": {"f:deletionTimestamp": {}, "f:ownerReferences": {}}, "f:spec": {}}
        if self.type_name == "Deployment":
            return {"f:metadata": {"f:labels": {}}, "f:spec": {}}
        return {"f:spec": {}}

    @property
    def is_custom(self) -> bool:
        """Whether this is the root of a custom resource."""
        return self.type_name == _CUSTOM

    def child(self, name: str) -> ListKinds:
        """The place of the value under `name` in this map or struct."""
        if self.openapi is not None:
            found = self._known.get(name)
            if found is None:
                found = self._known[name] = self._openapi_child(name)
            return found
        if self.type_name:
            return _fields(self.type_name).get(name, _UNKNOWN)
        return _OPEN if self.open else _UNKNOWN

    def item(self) -> ListKinds:
        """The place of an item of this list."""
        if self.openapi is not None:
            found = self._known.get("[]")
            if found is None:
                found = self._known["[]"] = _from_openapi(self.openapi.get("items"))
            return found
        if self.open:
            return _OPEN
        return _plain(self.type_name, self.item_atomic)

    def declares(self, name: str) -> bool:
        """False when the schema is closed and does not have `name`; builtin tables are partial and always say True."""
        if self.openapi is None or self.is_field(name):
            return True
        openapi = self.openapi
        return bool(
            openapi.get("x-kubernetes-preserve-unknown-fields")
            or openapi.get("additionalProperties")
            or "properties" not in openapi
        )

    def is_field(self, name: str) -> bool:
        """Whether `name` is a field of a struct; otherwise it is a key of a map, or of what no schema describes."""
        if self.openapi is None:
            return not self.open
        if self._is_object and name in ("apiVersion", "kind", "metadata"):
            return True
        return name in (self.openapi.get("properties") or {})

    @property
    def _is_object(self) -> bool:
        return self.is_custom or bool(self.openapi and self.openapi.get("x-kubernetes-embedded-resource"))

    def always(self) -> dict[str, Any]:
        """What an object of this kind has before anything is set: its struct fields, empty."""
        return _always(self.type_name)

    def _openapi_child(self, name: str) -> ListKinds:
        assert self.openapi is not None
        if name == "metadata" and self._is_object:
            return _plain("ObjectMeta", False)
        properties = self.openapi.get("properties") or {}
        if name in properties:
            return _from_openapi(properties[name])
        more = self.openapi.get("additionalProperties")
        return _from_openapi(more if isinstance(more, Mapping) else None)


_CUSTOM = "CustomResource"
_UNKNOWN = ListKinds()
# Key fields of builtin types have a default, the zero of their type: these are numbers, the others strings.
_NUMBERS = ("port", "containerPort")
# Below x-kubernetes-preserve-unknown-fields, and wherever a schema ends.
_OPEN = ListKinds(open=True)


def _from_openapi(schema: object) -> ListKinds:
    if not isinstance(schema, Mapping):
        return _OPEN
    list_type = schema.get("x-kubernetes-list-type")
    items = schema.get("items")
    item_properties = items.get("properties") or {} if isinstance(items, Mapping) else {}
    keys = tuple(
        (str(key), (item_properties.get(key) or {}).get("default"))
        for key in schema.get("x-kubernetes-list-map-keys") or ()
    )
    return ListKinds(
        list_type=list_type if list_type in ("set", "map") else "atomic",
        keys=keys,
        atomic=schema.get("x-kubernetes-map-type") == "atomic",
        openapi=schema,
    )


@cache
def _plain(type_name: str, atomic: bool) -> ListKinds:
    return ListKinds(type_name=type_name, atomic=atomic)


@cache
def _root(kind: str) -> ListKinds | None:
    return ListKinds(type_name=kind) if kind in _KINDS else None


@cache
def _fields(type_name: str) -> Mapping[str, ListKinds]:
    fields = {"metadata": _plain("ObjectMeta", False)} if type_name in _KINDS else {}
    for token in (_KINDS.get(type_name) or _PARTS.get(type_name, "")).split():
        match = _FIELD.match(token)
        assert match is not None, token
        flags = match["flags"]
        keys = tuple(
            (key, default or (0 if key in _NUMBERS else ""))
            for key, _, default in (k.partition("=") for k in (match["keys"] or "").split(",") if k)
        )
        is_list = bool(keys or match["merge"] or match["set"])
        fields[match["name"]] = ListKinds(
            list_type="map" if keys else "set" if match["set"] else "atomic",
            keys=keys,
            atomic="!" in flags and not is_list,
            item_atomic="!" in flags and is_list,
            merge=is_list and "-" not in flags,
            merge_key=match["merge"] or (keys[0][0] if keys else ""),
            retain="~" in flags,
            replace="=" in flags,
            type_name=match["of"] or "",
        )
    return fields


@cache
def _always_text(kind: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(path.split(".")) for path in _ALWAYS.get(kind, "").split())


def _always(kind: str) -> dict[str, Any]:
    result: dict[str, Any] = {"metadata": {}}
    for path in _always_text(kind):
        where = result
        for name in path[:-1]:
            where = where.setdefault(name, {})
        last = path[-1]
        where[last.rstrip("~^")] = {"~": None, "^": ""}.get(last[-1], {})
    return result
