"""Tables of the demo API. The rows were compared with those of a real API server for the same objects."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.demo.kube import jsonpath, printers
from pointsman.tui.demo.kube.cells import human_duration
from pointsman.tui.demo.kube.printers import table

Doc = dict[str, Any]

NOW = 1_800_000_000.0


def _at(seconds_ago: float) -> str:
    return datetime.fromtimestamp(NOW - seconds_ago, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _row(plural: str, group: str, obj: Doc, *, wide: bool = False, age: float = 3600 * 5) -> dict[str, Any]:
    """Column name to cell, the columns of `-o wide` only when asked for."""
    obj = {**obj, "metadata": {"name": "x", "creationTimestamp": _at(age), **obj.get("metadata", {})}}
    result = table(plural, group, [obj], now=NOW)
    cells = result["rows"][0]["cells"]
    definitions = result["columnDefinitions"]
    assert len(cells) == len(definitions)
    return {c["name"]: cell for c, cell in zip(definitions, cells, strict=True) if wide or c["priority"] == 0}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (-1.5, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (599, "9m59s"),
        (600, "10m"),
        (3 * 3600 - 1, "179m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 240, "3h4m"),
        (8 * 3600, "8h"),
        (48 * 3600 - 1, "47h"),
        (48 * 3600, "2d"),
        (76 * 3600, "3d4h"),
        (8 * 86400, "8d"),
        (729 * 86400, "729d"),
        (730 * 86400, "2y"),
        (735 * 86400, "2y5d"),
        (8 * 365 * 86400 + 86400 * 3, "8y"),
    ],
)
def test_ages(seconds: float, text: str) -> None:
    assert human_duration(seconds) == text


# Pods

RUNNING = {"running": {}}
SIDECAR = {"name": "s", "restartPolicy": "Always"}


def _ended(code: int = 0, reason: str = "", signal: int = 0, at: float = 300) -> Doc:
    return {"terminated": {"exitCode": code, "reason": reason, "signal": signal, "finishedAt": _at(at)}}


def _status(name: str = "a", state: Doc | None = None, *, ready: bool = True, restarts: int = 0, **more: Any) -> Doc:
    return {"name": name, "ready": ready, "restartCount": restarts, "state": state or RUNNING, **more}


def _pod(*statuses: Doc, phase: str = "Running", inits: tuple[Doc, ...] = (), **status: Any) -> Doc:
    spec: Doc = {"containers": [{"name": "a"}, {"name": "b"}]}
    if inits:
        spec["initContainers"] = list(inits)
    return {"spec": spec, "status": {"phase": phase, "containerStatuses": list(statuses), **status}}


READY = {"conditions": [{"type": "Ready", "status": "True"}]}
INITS = ({"name": "i1"}, {"name": "i2"})


@pytest.mark.parametrize(
    ("pod", "ready", "status", "restarts"),
    [
        (_pod(phase="Pending"), "0/2", "Pending", "0"),
        (_pod(_status(), _status("b"), **READY), "2/2", "Running", "0"),
        (
            _pod(
                _status(restarts=3, lastState=_ended(1, "Error")),
                _status("b", {"waiting": {"reason": "CrashLoopBackOff"}}, ready=False, restarts=2, lastState=_ended(2)),
            ),
            "1/2",
            "CrashLoopBackOff",
            "5 (5m ago)",
        ),
        (_pod(_status("a", _ended(0, "Completed"), ready=False), phase="Succeeded"), "0/2", "Completed", "0"),
        (_pod(_status("a", _ended(1), ready=False), phase="Failed"), "0/2", "ExitCode:1", "0"),
        (_pod(_status("a", _ended(137, signal=9), ready=False), phase="Failed"), "0/2", "Signal:9", "0"),
        (_pod(phase="Failed", reason="Evicted"), "0/2", "Evicted", "0"),
        (_pod(_status("a", _ended(0, "Completed"), ready=False), _status("b"), **READY), "1/2", "Running", "0"),
        (_pod(_status("a", _ended(0, "Completed"), ready=False), _status("b")), "1/2", "NotReady", "0"),
        (
            _pod(_status("a", _ended(0, "Completed"), ready=False), _status("b", _ended(3, "Error"), ready=False)),
            "0/2",
            "Error",
            "0",
        ),
        (
            _pod(phase="Pending", inits=INITS, initContainerStatuses=[_status("i1", _ended()), _status("i2")]),
            "0/2",
            "Init:1/2",
            "0",
        ),
        (
            _pod(
                phase="Pending",
                inits=INITS,
                initContainerStatuses=[_status("i1", {"waiting": {"reason": "ImagePullBackOff"}})],
            ),
            "0/2",
            "Init:ImagePullBackOff",
            "0",
        ),
        (
            _pod(
                phase="Pending",
                inits=INITS,
                initContainerStatuses=[_status("i1", _ended(4), restarts=2, lastState=_ended(1, at=50))],
            ),
            "0/2",
            "Init:ExitCode:4",
            "2 (50s ago)",
        ),
        (
            _pod(phase="Pending", inits=INITS, initContainerStatuses=[_status("i1", _ended(1, signal=11))]),
            "0/2",
            "Init:Signal:11",
            "0",
        ),
        (
            _pod(
                phase="Pending",
                inits=INITS,
                initContainerStatuses=[_status("i1", {"waiting": {"reason": "PodInitializing"}})],
            ),
            "0/2",
            "Init:0/2",
            "0",
        ),
        (
            _pod(
                _status(),
                _status("b", {"waiting": {"reason": "ContainerCreating"}}, ready=False),
                inits=(SIDECAR, {"name": "i"}),
                initContainerStatuses=[
                    _status("s", restarts=2, started=True, lastState=_ended(1, at=90_000)),
                    _status("i", _ended(0, "Completed"), restarts=7),
                ],
            ),
            "2/3",
            "ContainerCreating",
            "2 (25h ago)",
        ),
        (
            {**_pod(_status(), _status("b")), "metadata": {"name": "x", "deletionTimestamp": _at(1)}},
            "2/2",
            "Terminating",
            "0",
        ),
        (
            {**_pod(reason="NodeLost"), "metadata": {"name": "x", "deletionTimestamp": _at(1)}},
            "0/2",
            "Unknown",
            "0",
        ),
        (
            _pod(phase="Pending", conditions=[{"type": "PodScheduled", "reason": "SchedulingGated"}]),
            "0/2",
            "SchedulingGated",
            "0",
        ),
    ],
)
def test_pods(pod: Doc, ready: str, status: str, restarts: str) -> None:
    assert _row("pods", "", pod) == {"Name": "x", "Ready": ready, "Status": status, "Restarts": restarts, "Age": "5h"}


def test_pods_wide_and_finished() -> None:
    pod = _pod(
        phase="Succeeded", podIPs=[{"ip": "10.0.0.1"}, {"ip": "::1"}], conditions=[{"type": "g", "status": "True"}]
    )
    pod["spec"] |= {"nodeName": "n1", "readinessGates": [{"conditionType": "g"}, {"conditionType": "h"}]}
    row = _row("pods", "", pod, wide=True)
    assert (row["IP"], row["Node"], row["Nominated Node"], row["Readiness Gates"]) == (
        "10.0.0.1",
        "n1",
        "<none>",
        "1/2",
    )
    conditions = table("pods", "", [pod], now=NOW)["rows"][0]["conditions"]
    assert [(c["type"], c["status"], c["reason"]) for c in conditions] == [("Completed", "True", "Succeeded")]
    assert "conditions" not in table("pods", "", [_pod()], now=NOW)["rows"][0]


# Services and routes

PORTS = [{"port": 80, "protocol": "TCP", "nodePort": 30080}, {"port": 53, "protocol": "UDP"}]


def _service(type_: str, ingress: list[Doc] | None = None, **spec: Any) -> Doc:
    return {"spec": {"type": type_, **spec}, "status": {"loadBalancer": {"ingress": ingress or []}}}


@pytest.mark.parametrize(
    ("service", "external"),
    [
        (_service("ClusterIP"), "<none>"),
        (_service("NodePort", externalIPs=["5.5.5.5", "6.6.6.6"]), "5.5.5.5,6.6.6.6"),
        (_service("LoadBalancer"), "<pending>"),
        (_service("LoadBalancer", [{"ip": "192.168.7.2"}, {"ip": "192.168.7.1"}]), "192.168.7.1,192.168.7.2"),
        (_service("LoadBalancer", [{"hostname": "a.example"}], externalIPs=["5.5.5.5"]), "a.example,5.5.5.5"),
        (_service("LoadBalancer", externalIPs=["5.5.5.5"]), "5.5.5.5"),
        (_service("ExternalName", externalName="db.example"), "db.example"),
        (_service("Odd"), "<unknown>"),
    ],
)
def test_service_external_ips(service: Doc, external: str) -> None:
    assert _row("services", "", service)["External-IP"] == external


def test_services() -> None:
    service = _service("NodePort", clusterIPs=["10.43.0.7"], ports=PORTS, selector={"b": "2", "a": "1"})
    assert _row("services", "", service, wide=True) == {
        "Name": "x",
        "Type": "NodePort",
        "Cluster-IP": "10.43.0.7",
        "External-IP": "<none>",
        "Port(s)": "80:30080/TCP,53/UDP",
        "Age": "5h",
        "Selector": "a=1,b=2",
    }
    bare = _row("services", "", _service("ClusterIP"), wide=True)
    assert (bare["Cluster-IP"], bare["Port(s)"], bare["Selector"]) == ("<none>", "<none>", "<none>")


def test_ingresses() -> None:
    hosts = [{"host": host} for host in ("a.b", "c.d", "e.f", "g.h")]
    full = {
        "spec": {"ingressClassName": "traefik", "rules": hosts, "tls": [{"hosts": ["a.b"]}]},
        "status": {"loadBalancer": {"ingress": [{"ip": "192.168.7.1"}]}},
    }
    row = _row("ingresses", "networking.k8s.io", full)
    assert list(row.values()) == ["x", "traefik", "a.b,c.d,e.f + 1 more...", "192.168.7.1", "80, 443", "5h"]
    assert list(_row("ingresses", "networking.k8s.io", {}).values()) == ["x", "<none>", "*", "", "80", "5h"]


def test_endpoints_and_slices() -> None:
    subsets = [{"addresses": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}], "ports": [{"port": 80}, {"port": 81}]}]
    assert _row("endpoints", "", {"subsets": subsets})["Endpoints"] == "10.0.0.1:80,10.0.0.2:80,10.0.0.1:81 + 1 more..."
    v6 = [{"addresses": [{"ip": "fd00::1"}], "ports": [{"port": 80}]}, {"addresses": [{"ip": "10.0.0.1"}]}]
    assert _row("endpoints", "", {"subsets": v6})["Endpoints"] == "[fd00::1]:80,10.0.0.1"
    assert _row("endpoints", "", {})["Endpoints"] == "<none>"
    group = "discovery.k8s.io"
    many = {
        "addressType": "IPv4",
        "endpoints": [{"addresses": [f"10.0.0.{i}"]} for i in range(5)],
        "ports": [{"name": "a", "port": 80}, {"name": "b"}, {}],
    }
    row = _row("endpointslices", group, many)
    assert (row["Ports"], row["Endpoints"]) == ("80,b,*", "10.0.0.0,10.0.0.1,10.0.0.2 + 2 more...")
    assert _row("endpointslices", group, {"addressType": "IPv4"})["Endpoints"] == "<unset>"


def test_network_policies_print_their_selector() -> None:
    expressions = [
        {"key": "k", "operator": "In", "values": ["y", "x"]},
        {"key": "a1", "operator": "NotIn", "values": ["q"]},
        {"key": "z", "operator": "Exists"},
        {"key": "m", "operator": "DoesNotExist"},
    ]
    policy = {"spec": {"podSelector": {"matchLabels": {"b": "1", "a": "2"}, "matchExpressions": expressions}}}
    shown = _row("networkpolicies", "networking.k8s.io", policy)["Pod-Selector"]
    assert shown == "a=2,a1 notin (q),b=1,k in (x,y),!m,z"
    assert _row("networkpolicies", "networking.k8s.io", {"spec": {"podSelector": {}}})["Pod-Selector"] == "<none>"
    odd = {"spec": {"podSelector": {"matchExpressions": [{"key": "k", "operator": "Near"}]}}}
    assert _row("networkpolicies", "networking.k8s.io", odd)["Pod-Selector"] == "<error>"


# Nodes and the rest


def test_nodes() -> None:
    node = {
        "metadata": {
            "name": "x",
            "labels": {
                "node-role.kubernetes.io/control-plane": "true",
                "node-role.kubernetes.io/": "",
                "kubernetes.io/role": "nas",
            },
        },
        "spec": {"unschedulable": True},
        "status": {
            "conditions": [{"type": "Ready", "status": "True"}],
            "addresses": [{"type": "Hostname", "address": "n"}, {"type": "InternalIP", "address": "192.168.7.11"}],
            "nodeInfo": {
                "kubeletVersion": "v1.33.1+k3s1",
                "osImage": "Debian",
                "kernelVersion": "6.1",
                "architecture": "arm64",
            },
        },
    }
    assert list(_row("nodes", "", node, wide=True).values()) == [
        "x",
        "Ready,SchedulingDisabled",
        "control-plane,nas",
        "5h",
        "v1.33.1+k3s1",
        "192.168.7.11",
        "<none>",
        "Debian",
        "6.1 (arm64)",
        "<unknown>",
    ]
    unready = {"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}
    assert _row("nodes", "", unready)["Status"] == "NotReady"
    assert _row("nodes", "", {})["Status"] == "Unknown"
    assert _row("nodes", "", {})["Roles"] == "<none>"


POD_SPEC = {"containers": [{"name": "a", "image": "i:1"}, {"name": "b", "image": "j"}], "nodeSelector": {"disk": "ssd"}}
WORKLOAD = {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": {"spec": POD_SPEC}}
WIDE = ["a,b", "i:1,j", "app=web"]


@pytest.mark.parametrize(
    ("plural", "group", "obj", "cells"),
    [
        (
            "deployments",
            "apps",
            {"spec": WORKLOAD, "status": {"readyReplicas": 1, "updatedReplicas": 2, "availableReplicas": 1}},
            ["x", "1/3", 2, 1, "5h", *WIDE],
        ),
        ("deployments", "apps", {}, ["x", "0/0", 0, 0, "5h", "", "", ""]),
        (
            "daemonsets",
            "apps",
            {
                "spec": WORKLOAD,
                "status": {
                    "desiredNumberScheduled": 3,
                    "currentNumberScheduled": 3,
                    "numberReady": 2,
                    "updatedNumberScheduled": 1,
                    "numberAvailable": 2,
                },
            },
            ["x", 3, 3, 2, 1, 2, "disk=ssd", "5h", *WIDE],
        ),
        ("statefulsets", "apps", {"spec": WORKLOAD, "status": {"readyReplicas": 3}}, ["x", "3/3", "5h", "a,b", "i:1,j"]),
        (
            "replicasets",
            "apps",
            {"spec": WORKLOAD, "status": {"replicas": 3, "readyReplicas": 2}},
            ["x", 3, 3, 2, "5h", *WIDE],
        ),
        (
            "jobs",
            "batch",
            {"spec": {**WORKLOAD, "parallelism": 3}, "status": {"startTime": _at(500), "succeeded": 1}},
            ["x", "Running", "1/1 of 3", "8m20s", "5h", *WIDE],
        ),
        (
            "jobs",
            "batch",
            {
                "spec": {"completions": 2},
                "status": {
                    "startTime": _at(500),
                    "completionTime": _at(400),
                    "succeeded": 2,
                    "conditions": [{"type": "Complete", "status": "True"}],
                },
            },
            ["x", "Complete", "2/2", "100s", "5h", "", "", "<none>"],
        ),
        (
            "cronjobs",
            "batch",
            {
                "spec": {"schedule": "0 3 * * *", "suspend": False, "jobTemplate": {"spec": WORKLOAD}},
                "status": {"lastScheduleTime": _at(86400), "active": [{}]},
            },
            ["x", "0 3 * * *", "<none>", "False", 1, "24h", "5h", *WIDE],
        ),
        ("namespaces", "", {"status": {"phase": "Active"}}, ["x", "Active", "5h"]),
        ("configmaps", "", {"data": {"a": "1"}, "binaryData": {"b": ""}}, ["x", 2, "5h"]),
        ("secrets", "", {"type": "Opaque", "data": {"a": "MQ=="}}, ["x", "Opaque", 1, "5h"]),
        ("serviceaccounts", "", {}, ["x", "5h"]),
        ("leases", "coordination.k8s.io", {"spec": {"holderIdentity": "n1"}}, ["x", "n1", "5h"]),
        (
            "ingressclasses",
            "networking.k8s.io",
            {
                "metadata": {"name": "x", "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}},
                "spec": {"controller": "traefik.io/c", "parameters": {"apiGroup": "g.io", "kind": "K", "name": "n"}},
            },
            ["x (default)", "traefik.io/c", "K.g.io/n", "5h"],
        ),
        (
            "persistentvolumes",
            "",
            {
                "spec": {
                    "capacity": {"storage": "1Gi"},
                    "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
                    "persistentVolumeReclaimPolicy": "Retain",
                    "claimRef": {"namespace": "media", "name": "films"},
                    "storageClassName": "local-path",
                },
                "status": {"phase": "Bound"},
            },
            ["x", "1Gi", "RWO,RWX", "Retain", "Bound", "media/films", "local-path", "<unset>", "", "5h", "<unset>"],
        ),
        (
            "persistentvolumeclaims",
            "",
            {
                "spec": {"volumeName": "pv1", "storageClassName": "local-path", "volumeMode": "Filesystem"},
                "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]},
            },
            ["x", "Bound", "pv1", "1Gi", "RWO", "local-path", "<unset>", "5h", "Filesystem"],
        ),
        (
            "storageclasses",
            "storage.k8s.io",
            {"provisioner": "p", "volumeBindingMode": "WaitForFirstConsumer", "allowVolumeExpansion": True},
            ["x", "p", "Delete", "WaitForFirstConsumer", True, "5h"],
        ),
        (
            "rolebindings",
            "rbac.authorization.k8s.io",
            {
                "roleRef": {"kind": "Role", "name": "r"},
                "subjects": [
                    {"kind": "User", "name": "u"},
                    {"kind": "Group", "name": "g"},
                    {"kind": "ServiceAccount", "namespace": "ns", "name": "sa"},
                ],
            },
            ["x", "Role/r", "5h", "u", "g", "ns/sa"],
        ),
        ("clusterroles", "rbac.authorization.k8s.io", {}, ["x", _at(3600 * 5)]),
        ("customresourcedefinitions", "apiextensions.k8s.io", {}, ["x", _at(3600 * 5)]),
        (
            "apiservices",
            "apiregistration.k8s.io",
            {
                "spec": {"service": {"namespace": "kube-system", "name": "metrics-server"}},
                "status": {"conditions": [{"type": "Available", "status": "False", "reason": "MissingEndpoints"}]},
            },
            ["x", "kube-system/metrics-server", "False (MissingEndpoints)", "5h"],
        ),
        (
            "horizontalpodautoscalers",
            "autoscaling",
            {
                "spec": {
                    "scaleTargetRef": {"kind": "Deployment", "name": "web"},
                    "minReplicas": 1,
                    "maxReplicas": 4,
                    "metrics": [
                        {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 50}}},
                        {"type": "Pods", "pods": {"target": {"averageValue": "10"}}},
                        {"type": "External", "external": {"target": {"value": "7"}}},
                    ],
                },
                "status": {
                    "currentReplicas": 2,
                    "currentMetrics": [{"type": "Resource", "resource": {"current": {"averageUtilization": 33}}}],
                },
            },
            ["x", "Deployment/web", "cpu: 33%/50%, <unknown>/10 + 1 more...", "1", 4, 2, "5h"],
        ),
    ],
)  # fmt: skip
def test_rows(plural: str, group: str, obj: Doc, cells: list[Any]) -> None:
    assert list(_row(plural, group, obj, wide=True).values()) == cells


@pytest.mark.parametrize(
    ("event", "cells"),
    [
        (
            {
                "firstTimestamp": _at(5000),
                "lastTimestamp": _at(100),
                "count": 4,
                "source": {"component": "kubelet", "host": "n1"},
                "message": " m\n",
                "involvedObject": {"kind": "Pod", "name": "p", "fieldPath": "spec"},
            },
            ["100s", "Normal", "R", "pod/p", "spec", "kubelet, n1", "m", "83m", 4, "x"],
        ),
        (
            {
                "eventTime": _at(77),
                "reportingController": "c",
                "note": "n",
                "regarding": {"kind": "Node"},
                "series": {"count": 9, "lastObservedTime": _at(10)},
            },
            ["10s", "Normal", "R", "node", "", "c", "n", "77s", 9, "x"],
        ),
        ({}, ["<unknown>", "Normal", "R", "", "", "", "", "<unknown>", 1, "x"]),
    ],
)
def test_events(event: Doc, cells: list[Any]) -> None:
    assert list(_row("events", "", {"type": "Normal", "reason": "R", **event}, wide=True).values()) == cells


# Tables as such


def test_objects_come_as_asked_for() -> None:
    pod = {**_pod(), "kind": "Pod", "metadata": {"name": "x", "labels": {"a": "b"}}}
    rows = {
        include: table("pods", "", [pod], now=NOW, include_object=include)["rows"][0]["object"]
        for include in ("None", "Metadata", "Object")
    }
    assert rows["None"] is None
    assert rows["Object"] == pod
    assert rows["Metadata"] == {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": pod["metadata"],
    }
    assert table("pods", "", [], now=NOW)["rows"] == []
    whole = table("pods", "", [pod], now=NOW)
    assert (whole["kind"], whole["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert whole["columnDefinitions"][0] == {
        "name": "Name",
        "type": "string",
        "format": "name",
        "description": "",
        "priority": 0,
    }


COLUMNS: list[Doc] = [
    {"name": "Pool", "type": "string", "jsonPath": ".spec.pool"},
    {"name": "Size", "type": "integer", "jsonPath": ".spec.size", "priority": 1},
    {"name": "Auto", "type": "boolean", "jsonPath": ".spec.auto"},
    {"name": "Share", "type": "number", "jsonPath": ".spec.share"},
    {"name": "Valid", "type": "string", "jsonPath": '.status.conditions[?(@.type=="cilium.io/PoolConflict")].status'},
    {
        "name": "Node",
        "type": "string",
        "jsonPath": r".metadata.labels.io\.kubernetes\.pod\.namespace",
        "description": "d",
    },
    {"name": "Seen", "type": "date", "jsonPath": ".status.seen"},
    {"name": "Addresses", "type": "string", "jsonPath": ".spec.addresses"},
]


def test_columns_of_custom_resources() -> None:
    obj = {
        "metadata": {"name": "x", "labels": {"io.kubernetes.pod.namespace": "media"}},
        "spec": {"pool": "lan", "size": 3, "auto": True, "share": 1, "addresses": ["192.168.7.0/24", {"a": "<b>"}]},
        "status": {
            "conditions": [{"type": "Other"}, {"type": "cilium.io/PoolConflict", "status": "False"}],
            "seen": _at(65),
        },
    }
    result = table("pools", "x.io", [obj, {}], now=NOW, crd_columns=COLUMNS)
    assert result["rows"][0]["cells"] == [
        "x",
        "lan",
        3,
        True,
        1.0,
        "False",
        "media",
        "65s",
        '["192.168.7.0/24",{"a":"\\u003cb\\u003e"}]',
    ]
    assert result["rows"][1]["cells"] == ["", *[None] * 8]
    assert [(c["priority"], c["description"]) for c in result["columnDefinitions"][2:3]] == [
        (1, "Custom resource definition column (in JSONPath format): .spec.size")
    ]
    assert result["columnDefinitions"][6]["description"] == "d"


@pytest.mark.parametrize(
    ("type_", "value", "cell"),
    [
        ("string", 3, "3"),
        ("string", True, "true"),
        ("string", None, "<no value>"),
        ("integer", 3.7, 3),
        ("integer", "3", None),
        ("integer", True, None),
        ("boolean", "true", None),
        ("date", "yesterday", "<invalid>"),
        ("date", "", "<unknown>"),
        ("date", 5, None),
        ("odd", "x", None),
    ],
)
def test_values_that_do_not_fit_their_column(type_: str, value: Any, cell: Any) -> None:
    column = {"name": "C", "type": type_, "jsonPath": ".v"}
    assert table("x", "x.io", [{"v": value}], now=NOW, crd_columns=[column])["rows"][0]["cells"][1] == cell


def test_custom_resources_without_columns_show_their_age() -> None:
    result = table("x", "x.io", [{"metadata": {"name": "a", "creationTimestamp": _at(30)}}], now=NOW, crd_columns=[])
    assert [column["name"] for column in result["columnDefinitions"]] == ["Name", "Age"]
    assert result["rows"][0]["cells"] == ["a", "30s"]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=6,
)
FIELDS = (
    "metadata",
    "spec",
    "status",
    "type",
    "data",
    "subsets",
    "endpoints",
    "ports",
    "subjects",
    "roleRef",
    "series",
)
INNER = (
    "name containers initContainerStatuses containerStatuses conditions ports rules template selector loadBalancer metrics"
    " labels creationTimestamp addresses completions claimRef taints"
)
NAMED = st.sampled_from(INNER.split(" "))
LISTED = st.lists(st.dictionaries(NAMED, ANYTHING, max_size=3), max_size=2)
ODD = st.dictionaries(
    st.sampled_from(FIELDS), st.dictionaries(NAMED, ANYTHING | LISTED, max_size=4) | ANYTHING, max_size=5
)


@given(st.sampled_from(sorted(printers._PRINTERS)), ODD)
def test_no_object_breaks_a_table(resource: tuple[str, str], obj: Doc) -> None:
    result = table(*resource, [obj], now=NOW)
    (row,) = result["rows"]
    assert len(row["cells"]) == len(result["columnDefinitions"])
    assert all(isinstance(cell, str | int | bool | None) for cell in row["cells"])


# JSONPath

PEOPLE = {
    "l": [{"t": "a", "v": 3, "n": {"x": 1}}, {"t": "b", "v": 7}],
    "m": {"p.q": {"z": 9}, "k": [1, 2, 3]},
    "s": "text",
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".s", ["text"]),
        ("$.s", ["text"]),
        (".l[*].t", ["a", "b"]),
        (".l[0].t", ["a"]),
        (".l[-1].t", ["b"]),
        (".l[7].t", []),
        (".l[0,1].v", [3, 7]),
        (".m.k[0:2]", [1, 2]),
        (".m.k[:1]", [1]),
        (".m.k[::2]", [1, 3]),
        ('.l[?(@.t=="b")].v', [7]),
        (".l[?(@.t == 'b')].v", [7]),
        (".l[?(@.v>3)].t", ["b"]),
        (".l[?(@.v!=3)].t", ["b"]),
        (".l[?(@.n)].t", ["a"]),
        (".l[?(@.t>3)].t", []),
        (r".m.p\.q.z", [9]),
        (".m['p.q'].z", [9]),
        (".m['k','p.q']", [[1, 2, 3], {"z": 9}]),
        ("..x", [1]),
        ("..t", ["a", "b"]),
        (".m.*", [{"z": 9}, [1, 2, 3]]),
        (".nope.x", []),
        (".s.x", []),
        (".l.t", []),
    ],
)
def test_jsonpath(path: str, found: list[Any]) -> None:
    assert jsonpath.find(path, PEOPLE) == found


@pytest.mark.parametrize(
    "path", [".", "..", ".a..", ".l[", ".l[x]", ".l[]", ".l[?(x)]", ".l[?(@.a==b)]", ".a b", ".l[::0]"]
)
def test_jsonpath_that_cannot_be_read(path: str) -> None:
    with pytest.raises(ValueError):
        jsonpath.find(path, PEOPLE)
    column = {"name": "C", "type": "string", "jsonPath": path}
    assert table("x", "x.io", [PEOPLE], now=NOW, crd_columns=[column])["rows"][0]["cells"] == ["", None]
