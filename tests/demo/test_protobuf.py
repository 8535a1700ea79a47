"""Protobuf bodies: what client-go sends is read as the JSON it stands for."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.tui.demo.kube import protobuf
from pointsman.tui.demo.kube.errors import ApiError

META = {"name": "x", "namespace": "media", "labels": {"a": "b"}}
SPEC = {
    "containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 80}], "resources": {"limits": {"cpu": "1"}}}]
}

OBJECTS: list[dict[str, Any]] = [
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}, "spec": {}},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": META, "data": {"k": "v"}, "immutable": False},
    {"apiVersion": "v1", "kind": "Secret", "metadata": META, "data": {"k": "AAECAw=="}, "type": "Opaque"},
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": META, "automountServiceAccountToken": False},
    {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0, "preconditions": {"uid": "u"}},
    {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": META,
        "deleteOptions": {"gracePeriodSeconds": 5, "dryRun": ["All"]},
    },
    {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": META,
        "spec": {
            "holderIdentity": "n1",
            "leaseDurationSeconds": 15,
            "renewTime": "2026-11-20T12:00:00.250000Z",
            "leaseTransitions": 0,
        },
    },
    {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": META,
        "involvedObject": {"kind": "Pod", "name": "p", "namespace": "media"},
        "reason": "Started",
        "firstTimestamp": "2026-11-20T12:00:00Z",
        "count": 3,
        "type": "Normal",
    },
    {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "media"}},
    },
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": META,
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": SPEC},
        },
    },
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": META,
        "spec": {"ports": [{"port": 80, "targetPort": "web"}, {"port": 81, "targetPort": 8081}], "type": "ClusterIP"},
    },
    {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": META,
        "spec": {
            "rules": [
                {
                    "host": "a.example",
                    "http": {
                        "paths": [
                            {
                                "path": "/",
                                "pathType": "Prefix",
                                "backend": {"service": {"name": "s", "port": {"number": 80}}},
                            }
                        ]
                    },
                }
            ]
        },
    },
]


def _send(obj: dict[str, Any]) -> dict[str, Any]:
    """Ingress rules inline their value in JSON, not in protobuf."""
    if obj["kind"] != "Ingress":
        return obj
    rules = [{"host": rule["host"], "ingressRuleValue": {"http": rule["http"]}} for rule in obj["spec"]["rules"]]
    return {**obj, "spec": {"rules": rules}}


@pytest.mark.parametrize("obj", OBJECTS, ids=lambda obj: str(obj["kind"]))
def test_an_object_survives_the_way(obj: dict[str, Any]) -> None:
    body = protobuf.encode(_send(obj))
    assert body.startswith(b"k8s\x00")
    assert protobuf.decode(body) == obj


def test_fields_that_go_writes_although_they_are_empty_are_left_out() -> None:
    body = protobuf.encode(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "", "uid": ""}}
    )
    assert protobuf.decode(body)["metadata"] == {"name": "x"}


# Bodies of kubectl 1.37: `auth whoami`, `create configmap x --from-literal=k=v`,
# `create deployment d --image=nginx:1 --replicas=0 --port=80`, `auth can-i get pods`.
CAPTURED: list[tuple[str, dict[str, Any]]] = [
    (
        "6b3873000a2d0a1861757468656e7469636174696f6e2e6b38732e696f2f7631121153656c665375626a656374526576696577121a0a10"
        "0a0012001a0022002a0032003800420012060a040a0012001a002200",
        {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"},
    ),
    (
        "6b3873000a0f0a0276311209436f6e6669674d6170121b0a110a017812001a0022002a0032003800420012060a016b1201761a002200",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"k": "v"}},
    ),
    (
        "6b3873000a150a07617070732f7631120a4465706c6f796d656e7412b2010a1b0a016412001a0022002a003200380042005a080a036170"
        "701201641284010800120a0a080a036170701201641a6c0a1a0a0012001a0022002a003200380042005a080a03617070120164124e1230"
        "0a056e67696e7812076e67696e783a312a00320a0a001000185022002a0042006a007200800100880100900100a201001a003200420"
        "04a0052005800600068008201008a01009a0100c2010022020a00280038001a0c0800100018002000280038001a002200",
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "d", "labels": {"app": "d"}},
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": {"app": "d"}},
                "template": {
                    "metadata": {"labels": {"app": "d"}},
                    "spec": {"containers": [{"name": "nginx", "image": "nginx:1", "ports": [{"containerPort": 80}]}]},
                },
            },
        },
    ),
    (
        "6b3873000a320a17617574686f72697a6174696f6e2e6b38732e696f2f7631121753656c665375626a6563744163636573735265766965"
        "77123c0a100a0012001a0022002a00320038004200121e0a1c0a0764656661756c7412036765741a0022002a04706f647332003a001a08"
        "080012001a0020001a002200",
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {"namespace": "default", "verb": "get", "resource": "pods"}},
        },
    ),
]


@pytest.mark.parametrize(
    ("body", "expected"), CAPTURED, ids=lambda value: value["kind"] if isinstance(value, dict) else ""
)
def test_bytes_as_kubectl_sends_them(body: str, expected: dict[str, Any]) -> None:
    assert protobuf.decode(bytes.fromhex(body)) == expected


@pytest.mark.parametrize("body", [b"", b"{}", b"k8s\x00\xff\xff", protobuf.MAGIC])
def test_what_is_no_protobuf_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        protobuf.decode(body)
    assert caught.value.code == 400
