"""Protobuf request bodies: the `k8s\\0` envelope (runtime.Unknown) and the messages that kubectl and client-go send.

The field numbers are those of the Kubernetes API's generated .proto files, written down here for the kinds that
clients create in protobuf. Messages are built at run time; what has no number here is skipped by the decoder. Strings
that are empty mean "not set" (Go's encoder writes every non-pointer field), so they are left out.
"""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

from pointsman.tui.demo.kube.errors import bad_request
from pointsman.tui.demo.kube.objects import Object

MAGIC = b"k8s\x00"
MEDIA = "application/vnd.kubernetes.protobuf"

# message → field → (number, type). Types: str, bytes, bool, int; a message name; "[x]" a list, "{x}" a map from string.
# `Time` and `MicroTime` carry seconds and nanoseconds, `Fields` raw JSON, `Quantity`/`IntOrString` their own text forms.
_TABLE: dict[str, dict[str, tuple[int, str]]] = {
    "TypeMeta": {"apiVersion": (1, "str"), "kind": (2, "str")},
    "Unknown": {"typeMeta": (1, "TypeMeta"), "raw": (2, "bytes"), "contentEncoding": (3, "str"), "contentType": (4, "str")},
    "Time": {"seconds": (1, "int"), "nanos": (2, "int32")},
    "MicroTime": {"seconds": (1, "int"), "nanos": (2, "int32")},
    "OwnerReference": {
        "kind": (1, "str"), "name": (3, "str"), "uid": (4, "str"), "apiVersion": (5, "str"), "controller": (6, "bool"),
        "blockOwnerDeletion": (7, "bool"),
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
        "gracePeriodSeconds": (1, "int"), "preconditions": (2, "Preconditions"), "orphanDependents": (3, "bool"),
        "propagationPolicy": (4, "str"), "dryRun": (5, "[str]"),
    },
    # core/v1
    "Namespace": {"metadata": (1, "ObjectMeta"), "spec": (2, "NamespaceSpec"), "status": (3, "NamespaceStatus")},
    "NamespaceSpec": {"finalizers": (1, "[str]")},
    "NamespaceStatus": {"phase": (1, "str")},
    "ConfigMap": {
        "metadata": (1, "ObjectMeta"), "data": (2, "{str}"), "binaryData": (3, "{bytes}"), "immutable": (4, "bool"),
    },
    "Secret": {
        "metadata": (1, "ObjectMeta"), "data": (2, "{bytes}"), "type": (3, "str"), "stringData": (4, "{str}"),
        "immutable": (5, "bool"),
    },
    "ObjectReference": {
        "kind": (1, "str"), "namespace": (2, "str"), "name": (3, "str"), "uid": (4, "str"), "apiVersion": (5, "str"),
        "resourceVersion": (6, "str"), "fieldPath": (7, "str"),
    },
    "LocalObjectReference": {"name": (1, "str")},
    "ServiceAccount": {
        "metadata": (1, "ObjectMeta"), "secrets": (2, "[ObjectReference]"),
        "imagePullSecrets": (3, "[LocalObjectReference]"), "automountServiceAccountToken": (4, "bool"),
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
        "holderIdentity": (1, "str"), "leaseDurationSeconds": (2, "int32"), "acquireTime": (3, "MicroTime"),
        "renewTime": (4, "MicroTime"), "leaseTransitions": (5, "int32"), "strategy": (6, "str"),
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
}  # fmt: skip

_SCALARS = {"str": 9, "bytes": 12, "bool": 8, "int": 3, "int32": 5}  # FieldDescriptorProto types


@cache
def _messages() -> dict[str, type[Any]]:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    proto = descriptor_pb2.FileDescriptorProto(name="demo_kube.proto", package="demo", syntax="proto2")
    for name, fields in _TABLE.items():
        message = proto.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            inner = kind.strip("[]{}")
            if kind.startswith("{"):
                entry = message.nested_type.add(name=f"{field[0].upper()}{field[1:]}Entry")
                entry.options.map_entry = True
                entry.field.add(name="key", number=1, type=9, label=1)
                entry.field.add(name="value", number=2, type=_SCALARS[inner], label=1)
                message.field.add(
                    name=field, number=number, type=11, label=3, type_name=f".demo.{name}.{entry.name}", json_name=field
                )
                continue
            label = 3 if kind.startswith("[") else 1
            if inner in _SCALARS:
                message.field.add(name=field, number=number, type=_SCALARS[inner], label=label, json_name=field)
            else:
                message.field.add(
                    name=field, number=number, type=11, label=label, type_name=f".demo.{inner}", json_name=field
                )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(proto) if hasattr(pool, "Add") else pool.AddSerializedFile(proto.SerializeToString())
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
    """A protobuf body for an object of a kind in the table (tests are its only user: they send what client-go sends)."""
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
        inner = kind.strip("[]{}")
        if kind.startswith("{"):
            if value:
                found[field] = {key: _scalar(item) for key, item in sorted(value.items())}
        elif kind.startswith("["):
            if value:
                found[field] = [_scalar(item) if inner in _SCALARS else _plain(item, inner) for item in value]
        elif not message.HasField(field):
            continue
        elif inner in ("Time", "MicroTime"):
            if value.seconds or value.nanos:
                found[field] = _moment(value, inner)
        elif inner in _SCALARS:
            if value not in ("", b""):
                found[field] = _scalar(value)
        elif (child := _plain(value, inner)) or field == "spec":
            found[field] = child
    return found


def _scalar(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _moment(value: Any, kind: str) -> str:
    from datetime import UTC, datetime, timedelta

    from pointsman.tui.demo.kube.objects import micro_timestamp, timestamp

    moment = datetime.fromtimestamp(value.seconds, UTC) + timedelta(microseconds=value.nanos // 1000)
    return micro_timestamp(moment) if kind == "MicroTime" else timestamp(moment)


def _fill(message: Any, name: str, values: Object) -> None:
    from pointsman.tui.demo.kube.objects import parse_timestamp

    for field, value in values.items():
        kind = _TABLE[name][field][1]
        inner = kind.strip("[]{}")
        if kind.startswith("{"):
            decoded = {key: base64.b64decode(item) if inner == "bytes" else item for key, item in value.items()}
            getattr(message, field).update(decoded)
        elif kind.startswith("["):
            for item in value:
                if inner in _SCALARS:
                    getattr(message, field).append(item)
                else:
                    _fill(getattr(message, field).add(), inner, item)
        elif inner in ("Time", "MicroTime"):
            moment = parse_timestamp(value)
            getattr(message, field).seconds = int(moment.timestamp())
            getattr(message, field).nanos = moment.microsecond * 1000
        elif inner in _SCALARS:
            setattr(message, field, value)
        else:
            getattr(message, field).SetInParent()
            _fill(getattr(message, field), inner, value)
