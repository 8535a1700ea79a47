"""Patches, managedFields, conflicts and tables, step by step against a real API server.

Each step goes to the server; what our functions make of the object before it has to be what the server made of it.
"""

from __future__ import annotations

import copy
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from apiserver import RealCluster, real_apiserver

from pointsman.tui.demo.kube.listkinds import ListKinds
from pointsman.tui.demo.kube.managed import ApplyConflict, apply, track_update
from pointsman.tui.demo.kube.patch import PatchError, json_patch, merge_patch, strategic_merge
from pointsman.tui.demo.kube.printers import table

pytestmark = pytest.mark.realcluster

Doc = dict[str, Any]
NOW = "2099-01-01T00:00:00Z"
APPLY, MERGE = "application/apply-patch+yaml", "application/merge-patch+json"
STRATEGIC, JSON_PATCH = "application/strategic-merge-patch+json", "application/json-patch+json"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    with real_apiserver(tmp_path_factory.mktemp("real")) as cluster:
        yield cluster


class Both:
    """One object of the server, written to in steps."""

    def __init__(self, cluster: RealCluster, base: str, kind: str, name: str, schema: ListKinds) -> None:
        self.cluster = cluster
        self.base = base
        self.label = f"{kind} {name}"
        self.name = name
        self.schema = schema
        self.live: Doc | None = None

    def _call(self, method: str, path: str, body: Any, media: str = "application/json") -> tuple[int, Doc]:
        return _send(self.cluster, method, path, body, {"Content-Type": media})

    def _path(self, manager: str, subresource: str, more: str = "") -> str:
        below = f"/{subresource}" if subresource else ""
        return f"{self.base}/{self.name}{below}?fieldManager={manager}{more}"

    def _same_entries(self, mine: Doc, real: Doc, step: str) -> None:
        assert _entries(mine) == _entries(real), f"{self.label}: {step}"

    def apply(self, config: Doc, manager: str, *, force: bool = False, subresource: str = "") -> str:
        """`applied`, `conflict` or `refused`, the same by both."""
        step = f"apply by {manager}{' forced' if force else ''} {subresource}"
        path = self._path(manager, subresource, f"&force={str(force).lower()}")
        code, real = self._call("PATCH", path, config, APPLY)
        conflict: ApplyConflict | None = None
        refusal: PatchError | None = None
        mine: Doc = {}
        try:
            mine = apply(
                self.live, config, manager=manager, force=force, subresource=subresource, now=NOW, schema=self.schema
            )
        except ApplyConflict as error:
            conflict = error
        except PatchError as error:
            refusal = error
        if conflict is not None:
            assert code == 409, f"{self.label}: {step}: {conflict.message}"
            causes = [(cause["message"], cause["field"]) for cause in real["details"]["causes"]]
            assert sorted((cause.message, cause.field) for cause in conflict.causes) == sorted(causes)
            # The server lists managers in an order of its own.
            assert sorted(conflict.message.split("\n")) == sorted(real["message"].split("\n"))
            return "conflict"
        if refusal is not None:
            assert (code, real["message"]) == (refusal.code, refusal.message)
            return "refused"
        assert code < 300, f"{self.label}: {step}: {real['message']}"
        self._same_entries(mine, real, step)
        assert not list(_missing(mine, real, "")), f"{self.label}: {step}"
        self.live = real
        return "applied"

    def create(self, doc: Doc, manager: str) -> None:
        code, real = self._call("POST", f"{self.base}?fieldManager={manager}", doc)
        assert code == 201, real["message"]
        mine = track_update(None, _without_entries(real), manager=manager, now=NOW, schema=self.schema)
        self._same_entries(mine, real, f"create by {manager}")
        self.live = real

    def patch(self, media: str, body: Any, manager: str, subresource: str = "", kind: str = "") -> None:
        assert self.live is not None
        code, real = self._call("PATCH", self._path(manager, subresource), body, media)
        assert code == 200, real["message"]
        patched = {
            JSON_PATCH: lambda: json_patch(copy.deepcopy(self.live), body),
            MERGE: lambda: merge_patch(copy.deepcopy(self.live), body),
            STRATEGIC: lambda: strategic_merge(copy.deepcopy(self.live), body, kind),
        }[media]()
        step = f"{media} by {manager} {subresource}"
        if not subresource:
            assert not list(_missing({k: v for k, v in patched.items() if k != "status"}, real, "")), step
        entries = patched["metadata"].get("managedFields")
        after = {**real, "metadata": {**real["metadata"], "managedFields": copy.deepcopy(entries)}}
        if entries is None:
            del after["metadata"]["managedFields"]
        mine = track_update(self.live, after, manager=manager, subresource=subresource, now=NOW, schema=self.schema)
        self._same_entries(mine, real, step)
        self.live = real


def _send(cluster: RealCluster, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Doc]:
    """A request with headers of its own, which the cluster's short way does not have."""
    headers = {"Authorization": f"Bearer {cluster.tokens['admin']}", **headers}
    sent = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(cluster.url + path, method=method, data=sent, headers=headers)
    context = ssl.create_default_context(cafile=str(cluster.ca_file))
    try:
        with urllib.request.urlopen(request, context=context, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def _without_entries(doc: Doc) -> Doc:
    return {**doc, "metadata": {key: value for key, value in doc["metadata"].items() if key != "managedFields"}}


def _entries(doc: Doc) -> list[Doc]:
    found = [{**entry, "time": "time" in entry} for entry in doc["metadata"].get("managedFields", [])]
    return sorted(found, key=lambda entry: (entry["manager"], entry["operation"], entry.get("subresource", "")))


def _missing(mine: Any, real: Any, path: str) -> Iterator[str]:
    """What we have and the server has not, or has otherwise; the server may have more, as it fills in defaults."""
    if isinstance(mine, dict):
        for key, value in mine.items():
            if key in ("managedFields", "resourceVersion", "generation") or value in (None, {}):
                continue
            if not isinstance(real, dict) or key not in real:
                yield f"{path}.{key}"
            else:
                yield from _missing(value, real[key], f"{path}.{key}")
    elif isinstance(mine, list):
        if not isinstance(real, list) or len(mine) != len(real):
            yield path
        else:
            for i, item in enumerate(mine):
                yield from _missing(item, real[i], f"{path}[{i}]")
    elif mine != real:
        yield f"{path}: {mine!r} {real!r}"


POD_SPEC: Doc = {
    "containers": [
        {
            "name": "c",
            "image": "i:1",
            "args": ["a", "b"],
            "env": [
                {"name": "A", "value": "1"},
                {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            ],
            "ports": [{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP"}],
            "resources": {"limits": {"cpu": "100m"}},
            "volumeMounts": [{"name": "v", "mountPath": "/v"}],
        }
    ],
    "initContainers": [{"name": "i", "image": "j"}],
    "volumes": [{"name": "v", "emptyDir": {}}, {"name": "w", "secret": {"secretName": "s"}}],
    "tolerations": [{"key": "x", "operator": "Exists"}],
    "nodeSelector": {"a": "b"},
    "hostAliases": [{"ip": "1.2.3.4", "hostnames": ["h"]}],
    "imagePullSecrets": [{"name": "p"}],
}
TEMPLATE: Doc = {"metadata": {"labels": {"a": "b"}}, "spec": POD_SPEC}
JOB_TEMPLATE: Doc = {**TEMPLATE, "spec": {**POD_SPEC, "restartPolicy": "Never"}}
SELECTOR: Doc = {"matchLabels": {"a": "b"}}
BACKEND: Doc = {"service": {"name": "s", "port": {"number": 80}}}

KINDS: list[tuple[str, str, str, Doc]] = [
    ("/api/v1", "configmaps", "ConfigMap", {"data": {"a": "b"}, "binaryData": {"z": "aGk="}}),
    ("/api/v1", "serviceaccounts", "ServiceAccount", {"imagePullSecrets": [{"name": "p"}], "secrets": [{"name": "z"}]}),
    ("/api/v1", "endpoints", "Endpoints", {"subsets": [{"addresses": [{"ip": "1.2.3.4"}], "ports": [{"port": 80}]}]}),
    ("/apis/apps/v1", "deployments", "Deployment", {"spec": {"selector": SELECTOR, "template": TEMPLATE}}),
    ("/apis/apps/v1", "daemonsets", "DaemonSet", {"spec": {"selector": SELECTOR, "template": TEMPLATE}}),
    (
        "/apis/apps/v1",
        "statefulsets",
        "StatefulSet",
        {"spec": {"selector": SELECTOR, "serviceName": "s", "template": TEMPLATE}},
    ),
    ("/apis/apps/v1", "replicasets", "ReplicaSet", {"spec": {"selector": SELECTOR, "template": TEMPLATE}}),
    (
        "/apis/batch/v1",
        "cronjobs",
        "CronJob",
        {"spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": JOB_TEMPLATE}}}},
    ),
    (
        "/apis/networking.k8s.io/v1",
        "ingresses",
        "Ingress",
        {"spec": {"ingressClassName": "x", "defaultBackend": BACKEND, "tls": [{"hosts": ["h"]}]}},
    ),
    ("/apis/networking.k8s.io/v1", "networkpolicies", "NetworkPolicy", {"spec": {"podSelector": SELECTOR}}),
    (
        "/apis/discovery.k8s.io/v1",
        "endpointslices",
        "EndpointSlice",
        {"addressType": "IPv4", "endpoints": [{"addresses": ["1.2.3.4"]}], "ports": [{"port": 80}]},
    ),
    ("/apis/coordination.k8s.io/v1", "leases", "Lease", {"spec": {"holderIdentity": "h", "leaseDurationSeconds": 15}}),
    (
        "/apis/policy/v1",
        "poddisruptionbudgets",
        "PodDisruptionBudget",
        {"spec": {"minAvailable": 1, "selector": SELECTOR}},
    ),
]


@pytest.mark.parametrize(("group", "plural", "kind", "body"), KINDS, ids=[kind for _, _, kind, _ in KINDS])
def test_every_kind_has_the_owners_a_server_notes(
    cluster: RealCluster, group: str, plural: str, kind: str, body: Doc
) -> None:
    schema = ListKinds.builtin(kind)
    assert schema is not None
    version = group.removeprefix("/apis/").removeprefix("/api/")
    base = f"{group}/namespaces/default/{plural}"

    def doc(name: str, **labels: str) -> Doc:
        metadata: Doc = {"name": name, "annotations": {"n": "1"}}
        return {
            "apiVersion": version,
            "kind": kind,
            "metadata": {**metadata, "labels": labels} if labels else metadata,
            **body,
        }

    Both(cluster, base, kind, "made", schema).create(doc("made", x="1"), "creator")
    both = Both(cluster, base, kind, "applied", schema)
    assert both.apply(doc("applied", x="1"), "one") == "applied"
    assert both.apply(doc("applied", x="1"), "one") == "applied"
    assert both.apply(doc("applied", x="2"), "two") == "conflict"
    assert both.apply(doc("applied", x="2"), "two", force=True) == "applied"
    both.patch(MERGE, {"metadata": {"labels": {"x": "3", "y": "4"}}}, "labeller")
    assert both.apply(doc("applied"), "two", force=True) == "applied"


def test_a_deployment_among_many_hands(cluster: RealCluster) -> None:
    schema = ListKinds.builtin("Deployment")
    assert schema is not None
    both = Both(cluster, "/apis/apps/v1/namespaces/default/deployments", "Deployment", "hands", schema)
    base: Doc = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "hands", "labels": {"app": "web"}},
        "spec": {"replicas": 2, "selector": SELECTOR, "template": TEMPLATE},
    }

    def changed(replicas: int | None, image: str = "i:1", **metadata: Any) -> Doc:
        doc = copy.deepcopy(base)
        doc["spec"]["replicas"] = replicas
        if replicas is None:
            del doc["spec"]["replicas"]
        doc["spec"]["template"]["spec"]["containers"][0]["image"] = image
        doc["metadata"] |= metadata
        return doc

    assert both.apply(base, "one") == "applied"
    assert both.apply(changed(3, "i:2"), "two") == "conflict"
    assert both.apply(changed(3, "i:2"), "two", force=True) == "applied"
    less = changed(None, "i:2")
    less["spec"]["template"]["spec"]["containers"][0]["ports"].pop()
    del less["metadata"]["labels"]
    assert both.apply(less, "two") == "applied"
    assert both.apply(less, "one", force=True) == "applied"
    both.patch(MERGE, {"metadata": {"annotations": {"x": "y"}, "finalizers": ["example.com/f"]}}, "annotator")
    containers = [
        {"name": "c", "image": "i:3", "env": [{"name": "Z", "value": "1"}, {"name": "A", "$patch": "delete"}]},
        {"name": "side", "image": "s", "resources": {"requests": {"cpu": "1"}}},
    ]
    both.patch(STRATEGIC, {"spec": {"template": {"spec": {"containers": containers}}}}, "editor", kind="Deployment")
    ordered = {"containers": containers[1:], "$setElementOrder/containers": [{"name": "side"}, {"name": "c"}]}
    both.patch(STRATEGIC, {"spec": {"template": {"spec": ordered}}}, "editor", kind="Deployment")
    retained = {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}
    both.patch(STRATEGIC, {"spec": retained}, "editor", kind="Deployment")
    ops = [
        {"op": "add", "path": "/metadata/labels", "value": {"p~q": None}},
        {"op": "replace", "path": "/metadata/labels", "value": {"p": "q"}},
        {"op": "copy", "from": "/metadata/labels/p", "path": "/metadata/labels/r"},
        {"op": "test", "path": "/spec/template/spec/containers/0/name", "value": "side"},
        {"op": "remove", "path": "/spec/template/spec/containers/0"},
    ]
    both.patch(JSON_PATCH, ops, "patcher")
    assert both.apply(changed(3), "one") == "conflict"
    finalizers = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "hands"}}
    for names in (["example.com/f", "example.com/g"], ["example.com/g"]):
        finalizers["metadata"] = {"name": "hands", "finalizers": names}
        assert both.apply(finalizers, "three") == "applied"
    status = {**finalizers, "metadata": {"name": "hands"}, "status": {"replicas": 2, "observedGeneration": 1}}
    assert both.apply(status, "controller", subresource="status") == "applied"
    status["status"] = {"replicas": 3, "conditions": [{"type": "Available", "status": "True"}]}
    assert both.apply(status, "other", subresource="status") == "conflict"
    assert both.apply(status, "other", subresource="status", force=True) == "applied"
    nothing = {"strategy": {}, "template": {"spec": {"containers": [{"name": "c", "env": [], "command": None}]}}}
    assert (
        both.apply({**finalizers, "metadata": {"name": "hands", "labels": None}, "spec": nothing}, "four") == "applied"
    )
    twice = copy.deepcopy(base)
    twice["spec"]["template"]["spec"]["containers"][0]["ports"].append({"containerPort": 80, "protocol": "TCP"})
    assert both.apply(twice, "one", force=True) == "refused"
    assert both.apply(changed(2, managedFields=[]), "one", force=True) == "refused"
    both.patch(MERGE, {"metadata": {"managedFields": [{}]}}, "clearer")
    assert both.apply(changed(9), "one") == "conflict"
    assert both.apply(changed(9), "one", force=True) == "applied"
    both.patch(MERGE, {"metadata": {"finalizers": None}}, "cleaner")


def test_eleven_updaters(cluster: RealCluster) -> None:
    schema = ListKinds.builtin("ConfigMap")
    assert schema is not None
    both = Both(cluster, "/api/v1/namespaces/default/configmaps", "ConfigMap", "eleven", schema)
    both.create(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "eleven"}, "data": {"k": "v"}}, "creator"
    )
    for i in range(12):
        both.patch(MERGE, {"data": {f"k{i}": "v"}}, f"m{i:02}")


CRD: Doc = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "things.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "things", "kind": "Thing"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "additionalPrinterColumns": [
                    {"name": "Pool", "type": "string", "jsonPath": ".spec.pool"},
                    {"name": "Size", "type": "integer", "jsonPath": ".spec.size", "priority": 1},
                    {"name": "Set", "type": "string", "jsonPath": ".spec.set"},
                    {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
                    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
                ],
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "properties": {
                                    "pool": {"type": "string"},
                                    "size": {"type": "integer"},
                                    "list": {"type": "array", "items": {"type": "string"}},
                                    "set": {
                                        "type": "array",
                                        "x-kubernetes-list-type": "set",
                                        "items": {"type": "string"},
                                    },
                                    "keyed": {
                                        "type": "array",
                                        "x-kubernetes-list-type": "map",
                                        "x-kubernetes-list-map-keys": ["name", "port"],
                                        "items": {
                                            "type": "object",
                                            "required": ["name"],
                                            "properties": {
                                                "name": {"type": "string"},
                                                "port": {"type": "integer", "default": 80},
                                                "v": {"type": "string"},
                                            },
                                        },
                                    },
                                    "whole": {
                                        "type": "object",
                                        "x-kubernetes-map-type": "atomic",
                                        "additionalProperties": {"type": "string"},
                                    },
                                    "maps": {
                                        "type": "object",
                                        "additionalProperties": {
                                            "type": "object",
                                            "properties": {"x": {"type": "string"}, "y": {"type": "string"}},
                                        },
                                    },
                                    "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                                },
                            },
                            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                        },
                    }
                },
            }
        ],
    },
}


def _thing(spec: Doc | None = None, **more: Any) -> Doc:
    doc: Doc = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t"}, **more}
    return doc if spec is None else {**doc, "spec": spec}


FULL: Doc = {
    "pool": "lan",
    "list": ["a"],
    "set": ["a", "b"],
    "keyed": [{"name": "k", "port": 80, "v": "1"}, {"name": "k", "port": 81}],
    "whole": {"a": "1"},
    "maps": {"m": {"x": "1"}, "n": {}},
    "free": {"x": {"y": [1, {"z": 2}], "e": {}}},
}


def test_a_custom_resource(cluster: RealCluster) -> None:
    cluster.kubectl("apply", "-f", "-", input=json.dumps(CRD))
    cluster.kubectl("wait", "--for=condition=Established", "crd/things.example.com", "--timeout=30s")
    version = CRD["spec"]["versions"][0]
    both = Both(
        cluster,
        "/apis/example.com/v1/namespaces/default/things",
        "Thing",
        "t",
        ListKinds.crd(version["schema"]["openAPIV3Schema"]),
    )
    assert both.apply(_thing(FULL), "one") == "applied"
    part: Doc = {
        "size": 3,
        "set": ["c", "a"],
        "keyed": [{"name": "l"}, {"name": "k", "port": 81, "v": "2"}],
        "maps": {"o": {"y": "2"}},
        "free": {"x": {"w": 1}},
    }
    assert both.apply(_thing(part), "two") == "applied"
    for spec in (
        {"list": ["a", "b"]},
        {"whole": {"b": "1"}},
        {"set": ["b"], "pool": "wan"},
        {"free": {"x": {"y": []}}},
    ):
        assert both.apply(_thing(spec), "three") == "conflict"
        assert both.apply(_thing(spec), "three", force=True) == "applied"
    assert both.apply(_thing({}), "two") == "applied"
    assert both.apply(_thing({"nonesuch": 1}), "two") == "refused"
    assert (
        both.apply(_thing(status={"conditions": [{"type": "Ready", "status": "True"}]}), "s", subresource="status")
        == "applied"
    )
    both.patch(MERGE, {"status": {"seen": {"a": "b"}}}, "t", "status")
    both.patch(MERGE, {"spec": {"keyed": None, "maps": {"n": None, "o": {"x": "1"}}, "free": {"q": [{}]}}}, "editor")
    assert both.apply(_thing(FULL), "one", force=True) == "applied"
    assert both.apply(_thing(), "one") == "applied"
    assert both.apply(_thing(), "three") == "applied"


def test_tables_of_what_is_there(cluster: RealCluster) -> None:
    """After the tests above: the rows of every object the cluster has, columns included."""
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    resources = {(group, plural) for group, plural, _, _ in KINDS} | {
        ("/api/v1", "namespaces"),
        ("/api/v1", "services"),
        ("/apis/rbac.authorization.k8s.io/v1", "clusterroles"),
        ("/apis/rbac.authorization.k8s.io/v1", "clusterrolebindings"),
        ("/apis/apiextensions.k8s.io/v1", "customresourcedefinitions"),
        ("/apis/apiregistration.k8s.io/v1", "apiservices"),
        ("/apis/scheduling.k8s.io/v1", "priorityclasses"),
        ("/apis/example.com/v1", "things"),
    }
    rows = 0
    for path, plural in sorted(resources):
        code, real = _send(cluster, "GET", f"{path}/{plural}?includeObject=Object", None, {"Accept": accept})
        assert code == 200
        group = path.split("/")[2] if path.startswith("/apis/") else ""
        columns = CRD["spec"]["versions"][0]["additionalPrinterColumns"] if group == "example.com" else None
        objects = [row["object"] for row in real["rows"] or []]
        before = time.time()
        mine = table(plural, group, objects, now=before, include_object="Object", crd_columns=columns)
        names = [
            [(c["name"], c["type"], c["format"], c["priority"]) for c in t["columnDefinitions"]] for t in (mine, real)
        ]
        assert names[0] == names[1], plural
        for ours, theirs in zip(mine["rows"], real["rows"] or [], strict=True):
            rows += 1
            later = table(plural, group, [ours["object"]], now=before - 1, crd_columns=columns)["rows"][0]
            assert theirs["cells"] in (ours["cells"], later["cells"]), plural
    assert rows > 100


# The table of lists and maps


OPENAPI = (
    "api/v1",
    *(
        f"apis/{group}/v1"
        for group in (
            "apps",
            "batch",
            "networking.k8s.io",
            "discovery.k8s.io",
            "coordination.k8s.io",
            "rbac.authorization.k8s.io",
            "storage.k8s.io",
            "policy",
            "scheduling.k8s.io",
            "apiextensions.k8s.io",
            "apiregistration.k8s.io",
        )
    ),
    "apis/autoscaling/v2",
)


def _target(schema: Doc, definitions: Doc) -> tuple[str, Doc]:
    """Name and schema that a `$ref` (also inside allOf) leads to; no name for a schema that is written out."""
    reference = schema.get("$ref") or next((part["$ref"] for part in schema.get("allOf", []) if "$ref" in part), None)
    if reference is None:
        return "", schema
    name = reference.rpartition("/")[2]
    return name, definitions[name]


def _differences(schema: Doc, place: ListKinds, definitions: Doc, path: str, seen: tuple[str, ...]) -> Iterator[str]:
    for name, field in (schema.get("properties") or {}).items():
        at, here = place.child(name), f"{path}.{name}"
        target_name, target = _target(field, definitions)
        items_name, items = _target(field.get("items", {}), definitions)
        strategy = field.get("x-kubernetes-patch-strategy", "")
        if field.get("type") == "array":
            list_type = field.get("x-kubernetes-list-type", "atomic")
            keys = tuple(field.get("x-kubernetes-list-map-keys", ())) if list_type == "map" else ()
            merge_key = field.get("x-kubernetes-patch-merge-key", "")
            theirs = (
                list_type,
                keys,
                "merge" in strategy,
                merge_key if "merge" in strategy else "",
                "retain" in strategy,
            )
            ours = (
                at.list_type,
                tuple(key for key, _ in at.keys),
                at.merge,
                at.merge_key if at.merge else "",
                at.retain,
            )
            if theirs != ours:
                yield f"{here}: {theirs} but {ours}"
            if list_type != "atomic" and (items.get("x-kubernetes-map-type") == "atomic") != at.item().atomic:
                yield f"{here}: items"
            below, inner, inner_place = items_name, items, at.item()
            if list_type == "atomic" and not at.merge:
                continue
        else:
            # A RawExtension has no marker and is one field all the same: it has no schema to be merged by.
            marked = field.get("x-kubernetes-map-type", target.get("x-kubernetes-map-type")) == "atomic"
            atomic = marked or target_name.endswith("RawExtension")
            if atomic != at.atomic:
                yield f"{here}: atomic {atomic} but {at.atomic}"
            if (("retain" in strategy), ("replace" in strategy)) != (at.retain, at.replace):
                yield f"{here}: strategy {strategy!r}"
            below, inner, inner_place = target_name, target, at
        if below not in seen and not below.endswith("JSONSchemaProps"):
            yield from _differences(inner, inner_place, definitions, here, (*seen, below))


def test_the_table_of_lists_is_what_the_server_publishes(cluster: RealCluster) -> None:
    compared, found = [], []
    for path in OPENAPI:
        code, document = _send(cluster, "GET", f"/openapi/v3/{path}", None, {"Accept": "application/json"})
        assert code == 200
        definitions = document["components"]["schemas"]
        for name, schema in definitions.items():
            for gvk in schema.get("x-kubernetes-group-version-kind", ()):
                place = ListKinds.builtin(gvk["kind"])
                if place is not None and path in (f"api/{gvk['version']}", f"apis/{gvk['group']}/{gvk['version']}"):
                    compared.append(gvk["kind"])
                    found += list(_differences(schema, place, definitions, gvk["kind"], (name,)))
    assert found == []
    assert len(compared) > 35, sorted(compared)
