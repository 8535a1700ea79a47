"""Protobuf request bodies: the `k8s\\0` envelope (runtime.Unknown) and the messages that kubectl and client-go send.

The field numbers are those of the Kubernetes API's generated .proto files, written down here for the kinds that
clients create in protobuf. Messages are built at run time; what has no number here is skipped by the decoder. Go's
encoder writes every field that is no pointer, so there an empty string, a zero and a false mean "not set" and are left
out, as `omitempty` does in JSON.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from pointsman.tui.demo.kube.errors import bad_request
from pointsman.tui.demo.kube.objects import Object, micro_timestamp, parse_timestamp, timestamp

MAGIC = b"k8s\x00"
MEDIA = "application/vnd.kubernetes.protobuf"

# message → field → (number, type). Types: str, bytes, bool, int, int32, with `*` a pointer, whose zero counts; a message
# name, with `.` one that JSON inlines; "[x]" a list, "{x}" a map from string. Time, MicroTime, Quantity and IntOrString
# are scalars in JSON.
_TABLE: dict[str, dict[str, tuple[int, str]]] = {
    "TypeMeta": {"apiVersion": (1, "str"), "kind": (2, "str")},
    "Unknown": {"typeMeta": (1, "TypeMeta"), "raw": (2, "bytes"), "contentEncoding": (3, "str"), "contentType": (4, "str")},
    "Time": {"seconds": (1, "int"), "nanos": (2, "int32")},
    "MicroTime": {"seconds": (1, "int"), "nanos": (2, "int32")},
    "OwnerReference": {
        "kind": (1, "str"), "name": (3, "str"), "uid": (4, "str"), "apiVersion": (5, "str"), "controller": (6, "bool*"),
        "blockOwnerDeletion": (7, "bool*"),
    },
    "ObjectMeta": {
        "name": (1, "str"), "generateName": (2, "str"), "namespace": (3, "str"), "uid": (5, "str"),
        "resourceVersion": (6, "str"), "creationTimestamp": (8, "Time"), "labels": (11, "{str}"),
        "annotations": (12, "{str}"), "ownerReferences": (13, "[OwnerReference]"), "finalizers": (14, "[str]"),
    },
    "ListMeta": {"resourceVersion": (2, "str"), "continue": (3, "str")},
    # meta/v1
    "Preconditions": {"uid": (1, "str"), "resourceVersion": (2, "str")},
    "DeleteOptions": {
        "gracePeriodSeconds": (1, "int*"), "preconditions": (2, "Preconditions"), "orphanDependents": (3, "bool*"),
        "propagationPolicy": (4, "str"), "dryRun": (5, "[str]"),
    },
    # core/v1
    "Namespace": {"metadata": (1, "ObjectMeta"), "spec": (2, "NamespaceSpec"), "status": (3, "NamespaceStatus")},
    "NamespaceSpec": {"finalizers": (1, "[str]")},
    "NamespaceStatus": {"phase": (1, "str")},
    "ConfigMap": {
        "metadata": (1, "ObjectMeta"), "data": (2, "{str}"), "binaryData": (3, "{bytes}"), "immutable": (4, "bool*"),
    },
    "Secret": {
        "metadata": (1, "ObjectMeta"), "data": (2, "{bytes}"), "type": (3, "str"), "stringData": (4, "{str}"),
        "immutable": (5, "bool*"),
    },
    "ObjectReference": {
        "kind": (1, "str"), "namespace": (2, "str"), "name": (3, "str"), "uid": (4, "str"), "apiVersion": (5, "str"),
        "resourceVersion": (6, "str"), "fieldPath": (7, "str"),
    },
    "LocalObjectReference": {"name": (1, "str")},
    "ServiceAccount": {
        "metadata": (1, "ObjectMeta"), "secrets": (2, "[ObjectReference]"),
        "imagePullSecrets": (3, "[LocalObjectReference]"), "automountServiceAccountToken": (4, "bool*"),
    },
    "EventSource": {"component": (1, "str"), "host": (2, "str")},
    "EventSeries": {"count": (1, "int32"), "lastObservedTime": (2, "MicroTime")},
    "Event": {
        "metadata": (1, "ObjectMeta"), "involvedObject": (2, "ObjectReference"), "reason": (3, "str"),
        "message": (4, "str"), "source": (5, "EventSource"), "firstTimestamp": (6, "Time"), "lastTimestamp": (7, "Time"),
        "count": (8, "int32"), "type": (9, "str"), "eventTime": (10, "MicroTime"), "series": (11, "EventSeries"),
        "action": (12, "str"), "related": (13, "ObjectReference"), "reportingComponent": (14, "str"),
        "reportingInstance": (15, "str"),
    },
    # policy/v1, coordination/v1, authorization/v1, authentication/v1
    "Eviction": {"metadata": (1, "ObjectMeta"), "deleteOptions": (2, "DeleteOptions")},
    "LeaseSpec": {
        "holderIdentity": (1, "str"), "leaseDurationSeconds": (2, "int32*"), "acquireTime": (3, "MicroTime"),
        "renewTime": (4, "MicroTime"), "leaseTransitions": (5, "int32*"), "strategy": (6, "str"),
        "preferredHolder": (7, "str"),
    },
    "Lease": {"metadata": (1, "ObjectMeta"), "spec": (2, "LeaseSpec")},
    "ResourceAttributes": {
        "namespace": (1, "str"), "verb": (2, "str"), "group": (3, "str"), "version": (4, "str"), "resource": (5, "str"),
        "subresource": (6, "str"), "name": (7, "str"),
    },
    "NonResourceAttributes": {"path": (1, "str"), "verb": (2, "str")},
    "SelfSubjectAccessReviewSpec": {
        "resourceAttributes": (1, "ResourceAttributes"), "nonResourceAttributes": (2, "NonResourceAttributes"),
    },
    "SelfSubjectAccessReview": {"metadata": (1, "ObjectMeta"), "spec": (2, "SelfSubjectAccessReviewSpec")},
    "SubjectAccessReviewSpec": {
        "resourceAttributes": (1, "ResourceAttributes"), "nonResourceAttributes": (2, "NonResourceAttributes"),
        "user": (3, "str"), "groups": (4, "[str]"), "uid": (6, "str"),
    },
    "SubjectAccessReview": {"metadata": (1, "ObjectMeta"), "spec": (2, "SubjectAccessReviewSpec")},
    "SelfSubjectRulesReviewSpec": {"namespace": (1, "str")},
    "SelfSubjectRulesReview": {"metadata": (1, "ObjectMeta"), "spec": (2, "SelfSubjectRulesReviewSpec")},
    "SelfSubjectReview": {"metadata": (1, "ObjectMeta")},
    # rbac/v1
    "PolicyRule": {
        "verbs": (1, "[str]"), "apiGroups": (2, "[str]"), "resources": (3, "[str]"), "resourceNames": (4, "[str]"),
        "nonResourceURLs": (5, "[str]"),
    },
    "Subject": {"kind": (1, "str"), "apiGroup": (2, "str"), "name": (3, "str"), "namespace": (4, "str")},
    "RoleRef": {"apiGroup": (1, "str"), "kind": (2, "str"), "name": (3, "str")},
    "Role": {"metadata": (1, "ObjectMeta"), "rules": (2, "[PolicyRule]")},
    "ClusterRole": {"metadata": (1, "ObjectMeta"), "rules": (2, "[PolicyRule]")},
    "RoleBinding": {"metadata": (1, "ObjectMeta"), "subjects": (2, "[Subject]"), "roleRef": (3, "RoleRef")},
    "ClusterRoleBinding": {"metadata": (1, "ObjectMeta"), "subjects": (2, "[Subject]"), "roleRef": (3, "RoleRef")},
    # pods and what makes them: what `kubectl create` fills in
    "Quantity": {"string": (1, "str")},
    "IntOrString": {"type": (1, "int"), "intVal": (2, "int32"), "strVal": (3, "str")},
    "LabelSelectorRequirement": {"key": (1, "str"), "operator": (2, "str"), "values": (3, "[str]")},
    "LabelSelector": {"matchLabels": (1, "{str}"), "matchExpressions": (2, "[LabelSelectorRequirement]")},
    "ContainerPort": {
        "name": (1, "str"), "hostPort": (2, "int32"), "containerPort": (3, "int32"), "protocol": (4, "str"),
        "hostIP": (5, "str"),
    },
    "EnvVar": {"name": (1, "str"), "value": (2, "str")},
    "ResourceRequirements": {"limits": (1, "{Quantity}"), "requests": (2, "{Quantity}")},
    "Container": {
        "name": (1, "str"), "image": (2, "str"), "command": (3, "[str]"), "args": (4, "[str]"), "workingDir": (5, "str"),
        "ports": (6, "[ContainerPort]"), "env": (7, "[EnvVar]"), "resources": (8, "ResourceRequirements"),
        "terminationMessagePath": (13, "str"), "imagePullPolicy": (14, "str"), "stdin": (16, "bool"),
        "stdinOnce": (17, "bool"), "tty": (18, "bool"), "terminationMessagePolicy": (20, "str"),
    },
    "PodSpec": {
        "containers": (2, "[Container]"), "restartPolicy": (3, "str"), "terminationGracePeriodSeconds": (4, "int*"),
        "activeDeadlineSeconds": (5, "int*"), "dnsPolicy": (6, "str"), "nodeSelector": (7, "{str}"),
        "serviceAccountName": (8, "str"), "nodeName": (10, "str"), "hostNetwork": (11, "bool"),
        "imagePullSecrets": (15, "[LocalObjectReference]"), "schedulerName": (19, "str"),
        "initContainers": (20, "[Container]"),
    },
    "PodTemplateSpec": {"metadata": (1, "ObjectMeta"), "spec": (2, "PodSpec")},
    "Pod": {"metadata": (1, "ObjectMeta"), "spec": (2, "PodSpec")},
    "RollingUpdateDeployment": {"maxUnavailable": (1, "IntOrString"), "maxSurge": (2, "IntOrString")},
    "DeploymentStrategy": {"type": (1, "str"), "rollingUpdate": (2, "RollingUpdateDeployment")},
    "DeploymentSpec": {
        "replicas": (1, "int32*"), "selector": (2, "LabelSelector"), "template": (3, "PodTemplateSpec"),
        "strategy": (4, "DeploymentStrategy"), "minReadySeconds": (5, "int32"), "revisionHistoryLimit": (6, "int32*"),
        "paused": (7, "bool"), "progressDeadlineSeconds": (9, "int32*"),
    },
    "Deployment": {"metadata": (1, "ObjectMeta"), "spec": (2, "DeploymentSpec")},
    "JobSpec": {
        "parallelism": (1, "int32*"), "completions": (2, "int32*"), "activeDeadlineSeconds": (3, "int*"),
        "selector": (4, "LabelSelector"), "manualSelector": (5, "bool*"), "template": (6, "PodTemplateSpec"),
        "backoffLimit": (7, "int32*"), "ttlSecondsAfterFinished": (8, "int32*"),
    },
    "Job": {"metadata": (1, "ObjectMeta"), "spec": (2, "JobSpec")},
    "JobTemplateSpec": {"metadata": (1, "ObjectMeta"), "spec": (2, "JobSpec")},
    "CronJobSpec": {
        "schedule": (1, "str"), "startingDeadlineSeconds": (2, "int*"), "concurrencyPolicy": (3, "str"),
        "suspend": (4, "bool*"), "jobTemplate": (5, "JobTemplateSpec"), "successfulJobsHistoryLimit": (6, "int32*"),
        "failedJobsHistoryLimit": (7, "int32*"), "timeZone": (8, "str"),
    },
    "CronJob": {"metadata": (1, "ObjectMeta"), "spec": (2, "CronJobSpec")},
    # services and ingresses
    "ServicePort": {
        "name": (1, "str"), "protocol": (2, "str"), "port": (3, "int32"), "targetPort": (4, "IntOrString"),
        "nodePort": (5, "int32"), "appProtocol": (6, "str"),
    },
    "ServiceSpec": {
        "ports": (1, "[ServicePort]"), "selector": (2, "{str}"), "clusterIP": (3, "str"), "type": (4, "str"),
        "externalIPs": (5, "[str]"), "sessionAffinity": (7, "str"), "loadBalancerIP": (8, "str"),
        "loadBalancerSourceRanges": (9, "[str]"), "externalName": (10, "str"), "externalTrafficPolicy": (11, "str"),
    },
    "Service": {"metadata": (1, "ObjectMeta"), "spec": (2, "ServiceSpec")},
    "ServiceBackendPort": {"name": (1, "str"), "number": (2, "int32")},
    "IngressServiceBackend": {"name": (1, "str"), "port": (2, "ServiceBackendPort")},
    "IngressBackend": {"service": (4, "IngressServiceBackend")},
    "HTTPIngressPath": {"path": (1, "str"), "backend": (2, "IngressBackend"), "pathType": (3, "str")},
    "HTTPIngressRuleValue": {"paths": (1, "[HTTPIngressPath]")},
    "IngressRuleValue": {"http": (1, "HTTPIngressRuleValue")},
    "IngressRule": {"host": (1, "str"), "ingressRuleValue": (2, "IngressRuleValue.")},
    "IngressTLS": {"hosts": (1, "[str]"), "secretName": (2, "str")},
    "IngressSpec": {
        "defaultBackend": (1, "IngressBackend"), "tls": (2, "[IngressTLS]"), "rules": (3, "[IngressRule]"),
        "ingressClassName": (4, "str"),
    },
    "Ingress": {"metadata": (1, "ObjectMeta"), "spec": (2, "IngressSpec")},
    # tokens, autoscalers, quotas and budgets
    "TokenRequestSpec": {"audiences": (1, "[str]"), "expirationSeconds": (4, "int*")},
    "TokenRequest": {"metadata": (1, "ObjectMeta"), "spec": (2, "TokenRequestSpec")},
    "CrossVersionObjectReference": {"kind": (1, "str"), "name": (2, "str"), "apiVersion": (3, "str")},
    "MetricTarget": {
        "type": (1, "str"), "value": (2, "Quantity"), "averageValue": (3, "Quantity"), "averageUtilization": (4, "int32*"),
    },
    "ResourceMetricSource": {"name": (1, "str"), "target": (2, "MetricTarget")},
    "MetricSpec": {"type": (1, "str"), "resource": (4, "ResourceMetricSource")},
    "HorizontalPodAutoscalerSpec": {
        "scaleTargetRef": (1, "CrossVersionObjectReference"), "minReplicas": (2, "int32*"), "maxReplicas": (3, "int32"),
        "metrics": (4, "[MetricSpec]"),
    },
    "HorizontalPodAutoscaler": {"metadata": (1, "ObjectMeta"), "spec": (2, "HorizontalPodAutoscalerSpec")},
    "PodDisruptionBudgetSpec": {
        "minAvailable": (1, "IntOrString"), "selector": (2, "LabelSelector"), "maxUnavailable": (3, "IntOrString"),
    },
    "PodDisruptionBudget": {"metadata": (1, "ObjectMeta"), "spec": (2, "PodDisruptionBudgetSpec")},
    "ResourceQuotaSpec": {"hard": (1, "{Quantity}"), "scopes": (2, "[str]")},
    "ResourceQuota": {"metadata": (1, "ObjectMeta"), "spec": (2, "ResourceQuotaSpec")},
    "PriorityClass": {
        "metadata": (1, "ObjectMeta"), "value": (2, "int32"), "globalDefault": (3, "bool"), "description": (4, "str"),
        "preemptionPolicy": (5, "str"),
    },
}  # fmt: skip

_SCALARS = {"str": 9, "bytes": 12, "bool": 8, "int": 3, "int32": 5}  # FieldDescriptorProto types


def _inner(kind: str) -> str:
    return kind.strip("[]{}").rstrip("*.")


@cache
def _messages() -> dict[str, type[Any]]:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    proto = descriptor_pb2.FileDescriptorProto(name="demo_kube.proto", package="demo", syntax="proto2")
    for name, fields in _TABLE.items():
        message = proto.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            inner = _inner(kind)
            label = 3 if kind[0] in "[{" else 1
            target = {"type": _SCALARS[inner]} if inner in _SCALARS else {"type": 11, "type_name": f".demo.{inner}"}
            if kind.startswith("{"):
                entry = message.nested_type.add(name=f"{field[0].upper()}{field[1:]}Entry")
                entry.options.map_entry = True
                entry.field.add(name="key", number=1, type=_SCALARS["str"], label=1)
                entry.field.add(name="value", number=2, label=1, **target)
                target = {"type": 11, "type_name": f".demo.{name}.{entry.name}"}
            message.field.add(name=field, number=number, label=label, json_name=field, **target)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(proto.SerializeToString())
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"demo.{name}")) for name in _TABLE}


def decode(body: bytes) -> Object:
    """The object in a protobuf body, as JSON would carry it. Raises 400 for a kind that is not in the table."""
    from google.protobuf.message import DecodeError

    if not body.startswith(MAGIC):
        raise bad_request("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    messages = _messages()
    try:
        unknown = messages["Unknown"].FromString(body[len(MAGIC) :])
        kind = str(unknown.typeMeta.kind)
        if kind not in _TABLE or kind in ("Unknown", "TypeMeta"):
            raise bad_request(
                f'no kind "{kind}" is registered for protobuf of version "{unknown.typeMeta.apiVersion}" here; send JSON'
            )
        message = messages[kind].FromString(unknown.raw)
    except DecodeError as error:
        raise bad_request(f"unable to decode protobuf: {error}") from None
    return {"apiVersion": str(unknown.typeMeta.apiVersion), "kind": kind, **_plain(message, kind)}


def encode(obj: Object) -> bytes:
    """The protobuf body that client-go would send for an object of a kind in the table. Raises KeyError for others."""
    messages = _messages()
    kind = obj["kind"]
    message = messages[kind]()
    _fill(message, kind, {key: value for key, value in obj.items() if key not in ("apiVersion", "kind")})
    unknown = messages["Unknown"]()
    unknown.typeMeta.apiVersion = obj["apiVersion"]
    unknown.typeMeta.kind = kind
    unknown.raw = message.SerializeToString()
    return MAGIC + bytes(unknown.SerializeToString())


def _plain(message: Any, name: str) -> Object:
    found: Object = {}
    for field, (_, kind) in _TABLE[name].items():
        value = getattr(message, field)
        inner = _inner(kind)
        if kind.startswith("{"):
            if value:
                found[field] = {key: _json(value[key], inner) for key in sorted(value)}
        elif kind.startswith("["):
            if value:
                found[field] = [_json(item, inner) for item in value]
        elif not message.HasField(field):
            continue
        elif kind.endswith("."):
            found.update(_plain(value, inner))
        elif (plain := _json(value, inner)) or kind.endswith("*") or field == "spec" or inner == "IntOrString":
            found[field] = plain
    return found


def _json(value: Any, kind: str) -> Any:
    """One value as JSON has it; falsy where Go's omitempty would leave it out."""
    match kind:
        case "bytes":
            return base64.b64encode(value).decode()
        case "Time" | "MicroTime":
            if not value.seconds and not value.nanos:
                return None
            moment = datetime.fromtimestamp(value.seconds, UTC) + timedelta(microseconds=value.nanos // 1000)
            return micro_timestamp(moment) if kind == "MicroTime" else timestamp(moment)
        case "Quantity":
            return value.string
        case "IntOrString":
            return value.strVal if value.type else value.intVal
    return value if kind in _SCALARS else _plain(value, kind)


def _fill(message: Any, name: str, values: Object) -> None:
    for field, value in values.items():
        kind = _TABLE[name][field][1]
        inner = _inner(kind)
        target = getattr(message, field)
        if kind.startswith("{"):
            for key, item in value.items():
                if inner == "Quantity":
                    target[key].string = item
                else:
                    target[key] = base64.b64decode(item) if inner == "bytes" else item
        elif kind.startswith("["):
            for item in value:
                if inner in _SCALARS:
                    target.append(item)
                else:
                    _fill(target.add(), inner, item)
        elif inner in ("Time", "MicroTime"):
            moment = parse_timestamp(value)
            target.seconds = int(moment.timestamp())
            target.nanos = moment.microsecond * 1000
        elif inner == "IntOrString":
            target.type = int(isinstance(value, str))
            setattr(target, "strVal" if target.type else "intVal", value)
        elif inner in _SCALARS:
            setattr(message, field, value)
        else:
            target.SetInParent()
            _fill(target, inner, value)
