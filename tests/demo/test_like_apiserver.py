"""The demo's API server beside a real kube-apiserver: the same requests in the same order, the same answers.

Compared are status code, warnings and the whole body with times, uids, versions and addresses blanked; where the demo's
wording is its own (`exact=False`) the code, the reason and the fields of the causes. Runs where `KUBE_APISERVER` and
`ETCD` name the executables.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
from apiserver import RealCluster, real_apiserver

from pointsman.tui.demo.kube import authz
from pointsman.tui.demo.kube.server import KubeServer
from pointsman.tui.demo.kube.storage import Storage

pytestmark = pytest.mark.realcluster

JSON = "application/json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
SERVICES = "/api/v1/namespaces/default/services"
WIDGETS_PATH = "/apis/lab.example/v1/namespaces/default/widgets"
POLICIES = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"
INGRESSES = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"

DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "nginx:1", "ports": [{"containerPort": 80}]}]},
        },
    },
}
SERVICE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "svc"},
    "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
}
WIDGETS: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.lab.example"},
    "spec": {
        "group": "lab.example",
        "scope": "Namespaced",
        "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"]},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {
                    "status": {},
                    "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"},
                },
                "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "required": ["size"],
                                "properties": {
                                    "size": {"type": "integer", "minimum": 1},
                                    "replicas": {"type": "integer"},
                                    "color": {"type": "string", "enum": ["red", "blue"], "default": "red"},
                                    "list": {
                                        "type": "array",
                                        "maxItems": 2,
                                        "items": {"type": "string", "pattern": "^[a-z]+$"},
                                    },
                                    "m": {"type": "object", "additionalProperties": {"type": "string"}},
                                    "port": {"x-kubernetes-int-or-string": True},
                                    "one": {
                                        "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
                                        "type": "object",
                                        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                                    },
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


@dataclass(frozen=True)
class Ask:
    """One request. `WAIT` asks until it is answered with 200."""

    method: str
    path: str
    body: Any = None
    media: str = JSON
    accept: str = JSON
    exact: bool = True

    def __str__(self) -> str:
        return f"{self.method} {self.path} {json.dumps(self.body)[:120] if self.body is not None else ''}"


# In order: later requests build on what earlier ones made.
STORY = (
    Ask(
        "POST",
        f"{CONFIG_MAPS}?fieldManager=t",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "1"}},
    ),
    Ask("POST", CONFIG_MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "1"}}),
    Ask(
        "POST",
        CONFIG_MAPS,
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "Bad_Name"}, "data": {"a": "1"}},
    ),
    Ask("POST", CONFIG_MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": ""}, "data": {"a": "1"}}),
    Ask(
        "POST",
        CONFIG_MAPS,
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "a.b", "labels": {"x y": "z", "ok": "bad value!"}},
            "data": {"a": "1"},
        },
        exact=False,
    ),
    Ask(
        "POST",
        CONFIG_MAPS,
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "lbl", "annotations": {"a b": "z"}},
            "data": {"a": "1"},
        },
    ),
    Ask(
        "POST",
        "/api/v1/namespaces/nope/configmaps",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "1"}},
    ),
    Ask(
        "POST",
        CONFIG_MAPS,
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b", "namespace": "other"}, "data": {"a": "1"}},
    ),
    Ask("POST", CONFIG_MAPS, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}, exact=False),
    Ask("POST", CONFIG_MAPS, {"metadata": {"name": "nokind"}}),
    Ask("POST", CONFIG_MAPS, "[]", exact=False),
    Ask("POST", CONFIG_MAPS, "{", exact=False),
    Ask("POST", CONFIG_MAPS, "x", media="text/html"),
    Ask(
        "POST",
        f"{CONFIG_MAPS}?dryRun=All",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dry"}, "data": {"a": "1"}},
    ),
    Ask(
        "POST",
        f"{CONFIG_MAPS}?dryRun=Some",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dry"}, "data": {"a": "1"}},
    ),
    Ask(
        "POST",
        f"{CONFIG_MAPS}?fieldValidation=Strict",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "s"}, "data": {"a": "1"}, "dta": {}},
    ),
    Ask(
        "POST",
        f"{CONFIG_MAPS}?fieldValidation=Warn",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "s"}, "data": {"a": "1"}, "dta": {}},
    ),
    Ask(
        "POST",
        f"{CONFIG_MAPS}?fieldValidation=Huh",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "s2"}, "data": {"a": "1"}, "dta": {}},
    ),
    Ask(
        "POST",
        CONFIG_MAPS,
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "rv", "resourceVersion": "1"},
            "data": {"a": "1"},
        },
    ),
    Ask("GET", f"{CONFIG_MAPS}/zzz"),
    Ask("GET", f"{CONFIG_MAPS}/a"),
    Ask("GET", f"{CONFIG_MAPS}?limit=1&labelSelector=x"),
    Ask("GET", f"{CONFIG_MAPS}?labelSelector=x%3D%3D%3Dy", exact=False),
    Ask("GET", f"{CONFIG_MAPS}?fieldSelector=data.a%3D1"),
    Ask("GET", f"{CONFIG_MAPS}?continue=abc", exact=False),
    Ask("GET", f"{CONFIG_MAPS}?resourceVersion=abc"),
    Ask("GET", f"{CONFIG_MAPS}?resourceVersion=99999999"),
    Ask("GET", f"{CONFIG_MAPS}?watch=1&sendInitialEvents=true"),
    Ask("GET", f"{CONFIG_MAPS}?limit=xx"),
    Ask("GET", "/api/v1/nothings"),
    Ask("GET", "/apis/none.example/v1"),
    Ask("GET", "/apis/apps/v9"),
    Ask("GET", "/api/v1/namespaces/default/nodes"),
    Ask("GET", f"{DEPLOYMENTS}/x/foo"),
    Ask(
        "POST",
        f"{CONFIG_MAPS}/a",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "1"}},
    ),
    Ask("DELETE", "/api/v1/namespaces"),
    Ask(
        "PUT",
        f"{CONFIG_MAPS}/a",
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "a", "resourceVersion": "1"},
            "data": {"a": "1"},
        },
    ),
    Ask(
        "PUT",
        f"{CONFIG_MAPS}/a",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}, "data": {"a": "1"}},
    ),
    Ask(
        "PUT",
        f"{CONFIG_MAPS}/a",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "uid": "xx"}, "data": {"a": "1"}},
        exact=False,
    ),
    Ask(
        "PUT",
        f"{CONFIG_MAPS}/a?fieldManager=t",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "2"}},
    ),
    Ask(
        "PUT",
        f"{CONFIG_MAPS}/zzz",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "zzz"}, "data": {"a": "1"}},
    ),
    Ask("PATCH", f"{CONFIG_MAPS}/a", {}, exact=False),
    Ask("PATCH", f"{CONFIG_MAPS}/a", {"data": {"b": "2"}}, media=MERGE),
    Ask("PATCH", f"{CONFIG_MAPS}/a", {"metadata": {"name": "q"}}, media=MERGE),
    Ask("PATCH", f"{CONFIG_MAPS}/a", {"metadata": {"resourceVersion": "1"}}, media=MERGE),
    Ask("PATCH", f"{CONFIG_MAPS}/a", {"kind": "Secret"}, media=MERGE, exact=False),
    Ask("PATCH", f"{CONFIG_MAPS}/a?fieldValidation=Strict", {"dta": {}}, media=MERGE, exact=False),
    Ask("PATCH", f"{CONFIG_MAPS}/a?force=true", {"data": {"b": "2"}}, media=MERGE),
    Ask("PATCH", f"{CONFIG_MAPS}/a", "[]", media=MERGE),
    Ask("PATCH", f"{CONFIG_MAPS}/a", "{", media=MERGE, exact=False),
    Ask("PATCH", f"{CONFIG_MAPS}/a", [{"op": "replace", "path": "/data/zz/y", "value": 1}], media=JSON_PATCH),
    Ask("PATCH", f"{CONFIG_MAPS}/a", [{"op": "test", "path": "/data/a", "value": "9"}], media=JSON_PATCH),
    Ask("PATCH", f"{CONFIG_MAPS}/a", {}, media=JSON_PATCH),
    Ask("PATCH", f"{CONFIG_MAPS}/zzz", {}, media=MERGE),
    Ask(
        "PATCH",
        f"{CONFIG_MAPS}/ssa?fieldManager=m1",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ssa"}, "data": {"a": "1"}},
        media=APPLY,
    ),
    Ask(
        "PATCH",
        f"{CONFIG_MAPS}/ssa",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ssa"}, "data": {"a": "1"}},
        media=APPLY,
    ),
    Ask(
        "PATCH",
        f"{CONFIG_MAPS}/ssa?fieldManager=m2",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ssa"}, "data": {"a": "9"}},
        media=APPLY,
    ),
    Ask(
        "PATCH",
        f"{CONFIG_MAPS}/ssa?fieldManager=m2&force=true",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ssa"}, "data": {"a": "9"}},
        media=APPLY,
    ),
    Ask(
        "PATCH",
        f"{CONFIG_MAPS}/ssa?fieldManager=m2",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ssa"}, "data": {"a": "1"}, "dta": {}},
        media=APPLY,
    ),
    Ask(
        "PATCH",
        f"{CONFIG_MAPS}/ssa?fieldManager=m2",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "1"}},
        media=APPLY,
    ),
    Ask("PATCH", f"{CONFIG_MAPS}/ssa?fieldManager=m2", "a: [b", media=APPLY, exact=False),
    Ask("PATCH", f"{CONFIG_MAPS}/ssa?fieldManager=m2", {"data": {}}, media=APPLY),
    Ask("POST", f"{DEPLOYMENTS}?fieldManager=t", DEPLOYMENT),
    Ask(
        "POST",
        DEPLOYMENTS,
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "d2"},
            "spec": {
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"x": "y"}},
                    "spec": {"containers": [{"name": "c", "image": "nginx:1", "ports": [{"containerPort": 80}]}]},
                },
            },
        },
    ),
    Ask(
        "POST",
        DEPLOYMENTS,
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "d2"},
            "spec": {
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "c", "image": "nginx:1", "ports": [{"containerPort": 80}]}]},
                }
            },
        },
    ),
    Ask(
        "POST",
        DEPLOYMENTS,
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "d2"},
            "spec": {
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "c", "ports": [{"containerPort": 80}]}]},
                },
            },
        },
    ),
    Ask(
        "POST",
        DEPLOYMENTS,
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "d2"},
            "spec": {
                "selector": {"matchLabels": {"app": "web"}},
                "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}},
            },
        },
    ),
    Ask(
        "POST",
        DEPLOYMENTS,
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "d2"},
            "spec": {
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "c", "image": "nginx:1", "ports": [{"containerPort": 80}]}]},
                },
                "replicas": "three",
            },
        },
        exact=False,
    ),
    Ask(
        "POST",
        DEPLOYMENTS,
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "d2"},
            "spec": {
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "c", "image": "nginx:1", "ports": [{"containerPort": 80}]}]},
                },
                "replicas": -1,
            },
        },
    ),
    Ask(
        "POST",
        f"{DEPLOYMENTS}?fieldValidation=Strict",
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "d2"},
            "spec": {
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {
                        "containers": [{"name": "c", "image": "nginx:1", "ports": [{"containerPort": 80}], "imag": "x"}]
                    },
                },
                "replcas": 1,
            },
        },
        exact=False,
    ),
    Ask("PATCH", f"{DEPLOYMENTS}/web", {"spec": {"selector": {"matchLabels": {"app": "zzz"}}}}, media=MERGE),
    Ask(
        "PATCH",
        f"{DEPLOYMENTS}/web?fieldManager=t",
        {"spec": {"template": {"spec": {"containers": [{"name": "d", "image": "x:1"}]}}}},
        media=STRATEGIC,
    ),
    Ask("PATCH", f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": 3}}, media=MERGE),
    Ask("GET", f"{DEPLOYMENTS}/web/scale"),
    Ask("PATCH", f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": -3}}, media=MERGE),
    Ask(
        "PUT",
        f"{DEPLOYMENTS}/web/scale",
        {
            "apiVersion": "autoscaling/v1",
            "kind": "Scale",
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"replicas": 2},
        },
    ),
    Ask(
        "PATCH",
        f"{DEPLOYMENTS}/web/status?fieldManager=t",
        {"status": {"replicas": 2}, "spec": {"replicas": 9}},
        media=MERGE,
    ),
    Ask("PATCH", f"{DEPLOYMENTS}/web?fieldManager=t", {"status": {"replicas": 7}}, media=MERGE),
    Ask("PATCH", f"{DEPLOYMENTS}/web?fieldManager=ap&force=true", DEPLOYMENT, media=APPLY),
    Ask("POST", SERVICES, SERVICE),
    Ask(
        "POST",
        SERVICES,
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "1svc"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
        },
    ),
    Ask(
        "POST",
        SERVICES,
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "s2"},
            "spec": {"selector": {"app": "web"}, "ports": []},
        },
    ),
    Ask(
        "POST",
        SERVICES,
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "s2"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 70000}]},
        },
    ),
    Ask(
        "POST",
        SERVICES,
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "s2"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}, {"port": 81}]},
        },
    ),
    Ask(
        "POST",
        SERVICES,
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "s2"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}], "type": "Nope"},
        },
    ),
    Ask(
        "POST",
        SERVICES,
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "lb"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}], "type": "LoadBalancer"},
        },
    ),
    Ask("PATCH", f"{SERVICES}/svc", {"spec": {"clusterIP": "10.43.7.7"}}, media=MERGE),
    Ask("PATCH", f"{SERVICES}/svc", {"spec": {"clusterIP": None, "clusterIPs": None}}, media=MERGE),
    Ask("PATCH", f"{SERVICES}/svc", {"spec": {"ports": [{"port": 80, "name": "web"}]}}, media=STRATEGIC),
    Ask(
        "POST",
        POLICIES,
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "np"},
            "spec": {
                "podSelector": {},
                "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 53}]}],
            },
        },
    ),
    Ask(
        "POST",
        POLICIES,
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "np2"},
            "spec": {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0"}}]}]},
        },
    ),
    Ask(
        "POST",
        POLICIES,
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "np3"},
            "spec": {"podSelector": {}, "ingress": [{"from": [{}]}]},
        },
    ),
    Ask(
        "POST",
        POLICIES,
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "np4"},
            "spec": {"podSelector": {}, "policyTypes": ["Up"]},
        },
    ),
    Ask(
        "POST",
        POLICIES,
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "np5"},
            "spec": {
                "podSelector": {},
                "ingress": [
                    {
                        "ports": [
                            {"port": 0},
                            {"port": "WAY-too-long-a-port-name"},
                            {"port": 80, "endPort": 20},
                            {"protocol": "ICMP"},
                        ]
                    }
                ],
            },
        },
    ),
    Ask(
        "POST",
        INGRESSES,
        {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "ing"}, "spec": {}},
    ),
    Ask(
        "POST",
        INGRESSES,
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": "ing"},
            "spec": {
                "rules": [
                    {
                        "host": "a.b",
                        "http": {
                            "paths": [{"path": "x", "backend": {"service": {"name": "s", "port": {"number": 80}}}}]
                        },
                    }
                ]
            },
        },
    ),
    Ask(
        "POST",
        INGRESSES,
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": "ing"},
            "spec": {
                "rules": [
                    {
                        "host": "a.b",
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
    ),
    Ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", WIDGETS, exact=False),
    Ask("WAIT", WIDGETS_PATH, exact=False),
    Ask("GET", "/apis/lab.example/v1", exact=False),
    Ask(
        "POST",
        f"{WIDGETS_PATH}?fieldManager=t",
        {"apiVersion": "lab.example/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 3}},
    ),
    Ask(
        "POST",
        WIDGETS_PATH,
        {"apiVersion": "lab.example/v1", "kind": "Widget", "metadata": {"name": "w2"}, "spec": {"size": 0}},
    ),
    Ask(
        "POST",
        WIDGETS_PATH,
        {"apiVersion": "lab.example/v1", "kind": "Widget", "metadata": {"name": "w2"}, "spec": {"size": "x"}},
    ),
    Ask(
        "POST",
        WIDGETS_PATH,
        {"apiVersion": "lab.example/v1", "kind": "Widget", "metadata": {"name": "w2"}, "spec": {"size": None}},
    ),
    Ask(
        "POST",
        WIDGETS_PATH,
        {
            "apiVersion": "lab.example/v1",
            "kind": "Widget",
            "metadata": {"name": "w2"},
            "spec": {"size": 3, "color": "green"},
        },
    ),
    Ask(
        "POST",
        WIDGETS_PATH,
        {
            "apiVersion": "lab.example/v1",
            "kind": "Widget",
            "metadata": {"name": "w2"},
            "spec": {"size": 3, "list": ["a", "b", "c"]},
        },
    ),
    Ask(
        "POST",
        WIDGETS_PATH,
        {
            "apiVersion": "lab.example/v1",
            "kind": "Widget",
            "metadata": {"name": "w2"},
            "spec": {"size": 3, "list": ["A"]},
        },
    ),
    Ask(
        "POST",
        WIDGETS_PATH,
        {
            "apiVersion": "lab.example/v1",
            "kind": "Widget",
            "metadata": {"name": "w2"},
            "spec": {"size": 3, "m": {"a": 1}},
        },
    ),
    Ask(
        "POST",
        WIDGETS_PATH,
        {"apiVersion": "lab.example/v1", "kind": "Widget", "metadata": {"name": "w2"}, "spec": {"size": 3, "port": []}},
    ),
    Ask(
        "POST",
        WIDGETS_PATH,
        {"apiVersion": "lab.example/v1", "kind": "Widget", "metadata": {"name": "w2"}, "spec": {"size": 3, "one": {}}},
    ),
    Ask(
        "POST",
        WIDGETS_PATH,
        {
            "apiVersion": "lab.example/v1",
            "kind": "Widget",
            "metadata": {"name": "w2"},
            "spec": {"size": 3, "one": {"a": "1", "b": "2"}},
        },
    ),
    Ask(
        "POST",
        WIDGETS_PATH,
        {
            "apiVersion": "lab.example/v1",
            "kind": "Widget",
            "metadata": {"name": "w2"},
            "spec": {"size": "y", "list": "x"},
        },
        exact=False,
    ),
    Ask(
        "POST", WIDGETS_PATH, {"apiVersion": "lab.example/v1", "kind": "Widget", "metadata": {"name": "w2"}, "spec": {}}
    ),
    Ask(
        "POST",
        WIDGETS_PATH,
        {"apiVersion": "lab.example/v1", "kind": "Widget", "metadata": {"name": "w2"}, "spec": "str"},
        exact=False,
    ),
    Ask(
        "POST",
        f"{WIDGETS_PATH}?fieldValidation=Strict",
        {"apiVersion": "lab.example/v1", "kind": "Widget", "metadata": {"name": "w2"}, "spec": {"size": 3, "zzz": 1}},
    ),
    Ask(
        "POST",
        f"{WIDGETS_PATH}?fieldValidation=Warn",
        {"apiVersion": "lab.example/v1", "kind": "Widget", "metadata": {"name": "w3"}, "spec": {"size": 3, "zzz": 1}},
    ),
    Ask(
        "POST",
        WIDGETS_PATH,
        {"apiVersion": "lab.example/v1", "kind": "Widget", "metadata": {"name": "w4"}, "spec": {"size": 3, "zzz": 1}},
    ),
    Ask(
        "PUT",
        f"{WIDGETS_PATH}/w",
        {"apiVersion": "lab.example/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 3}},
    ),
    Ask("PATCH", f"{WIDGETS_PATH}/w", {}, media=STRATEGIC),
    Ask("PATCH", f"{WIDGETS_PATH}/w?fieldManager=t", {"spec": {"zzz": 1, "color": "blue"}}, media=MERGE),
    Ask(
        "PATCH",
        f"{WIDGETS_PATH}/w?fieldManager=m9",
        {"apiVersion": "lab.example/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 3, "zzz": 1}},
        media=APPLY,
    ),
    Ask(
        "PATCH",
        f"{WIDGETS_PATH}/w?fieldManager=m9",
        {
            "apiVersion": "lab.example/v1",
            "kind": "Widget",
            "metadata": {"name": "w"},
            "spec": {"size": 3, "color": "red"},
        },
        media=APPLY,
    ),
    Ask(
        "PATCH",
        f"{WIDGETS_PATH}/w?fieldManager=m9&force=true",
        {
            "apiVersion": "lab.example/v1",
            "kind": "Widget",
            "metadata": {"name": "w"},
            "spec": {"size": 3, "color": "red"},
        },
        media=APPLY,
    ),
    Ask("PATCH", f"{WIDGETS_PATH}/w/status?fieldManager=t", {"status": {"x": 1}, "spec": {"size": 8}}, media=MERGE),
    Ask("GET", f"{WIDGETS_PATH}/w/scale", exact=False),
    Ask("PATCH", f"{WIDGETS_PATH}/w/scale?fieldManager=t", {"spec": {"replicas": 4}}, media=MERGE),
    Ask("GET", WIDGETS_PATH, accept="application/json;as=Table;v=v1;g=meta.k8s.io", exact=False),
    Ask("GET", WIDGETS_PATH, accept="application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", exact=False),
    Ask("GET", f"{WIDGETS_PATH}/w", accept="application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io", exact=False),
    Ask("GET", f"{WIDGETS_PATH}/w", accept="text/html", exact=False),
    Ask("DELETE", f"{WIDGETS_PATH}/w3?propagationPolicy=Huh"),
    Ask("DELETE", f"{WIDGETS_PATH}/w3", {"preconditions": {"uid": "no"}}),
    Ask("DELETE", f"{WIDGETS_PATH}/w3"),
    Ask("DELETE", f"{WIDGETS_PATH}/zzz"),
    Ask("DELETE", f"{WIDGETS_PATH}?dryRun=All", exact=False),
    Ask(
        "POST",
        CONFIG_MAPS,
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "fin", "finalizers": ["lab.example/x"]},
            "data": {"a": "1"},
        },
    ),
    Ask("DELETE", f"{CONFIG_MAPS}/fin"),
    Ask(
        "PATCH",
        f"{CONFIG_MAPS}/fin",
        {"metadata": {"finalizers": ["lab.example/x", "lab.example/y"]}},
        media=MERGE,
        exact=False,
    ),
    Ask("PATCH", f"{CONFIG_MAPS}/fin", {"metadata": {"finalizers": None}}, media=MERGE),
    Ask("GET", f"{CONFIG_MAPS}/fin"),
    Ask("DELETE", "/api/v1/namespaces/default"),
    Ask("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.lab.example", exact=False),
    Ask("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a.b"}}),
    Ask(
        "POST",
        "/api/v1/namespaces?fieldManager=t",
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "nn"}},
    ),
    Ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {"spec": {}}, exact=False),
    Ask(
        "POST",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}},
        exact=False,
    ),
    Ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", {"spec": {}}),
    Ask("GET", "/api/v1/namespaces/default/pods/zz/log"),
    Ask(
        "POST",
        "/api/v1/namespaces/default/pods?fieldManager=t",
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "p"},
            "spec": {"automountServiceAccountToken": False, "containers": [{"name": "c", "image": "nginx:1"}]},
        },
        exact=False,
    ),
    Ask(
        "PATCH",
        "/api/v1/namespaces/default/pods/p",
        {"spec": {"containers": [{"name": "c", "args": ["x"]}]}},
        media=STRATEGIC,
        exact=False,
    ),
    Ask("PATCH", "/api/v1/namespaces/default/pods/p", {"metadata": {"labels": {"a b": "c"}}}, media=MERGE, exact=False),
    Ask(
        "POST",
        "/api/v1/namespaces/default/secrets?fieldManager=t",
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "b"}},
    ),
    Ask(
        "POST",
        "/api/v1/namespaces/default/secrets",
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s2"}, "data": {"a": "***"}},
        exact=False,
    ),
    Ask("PATCH", "/api/v1/namespaces/default/secrets/s", {"type": "kubernetes.io/tls"}, media=MERGE),
)

BLANK = (
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "clusterIP",
    "clusterIPs",
    "nodePort",
    "lastTransitionTime",
    "time",
)
UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}")


def blanked(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: "*" if key in BLANK and item is not None else blanked(item)
            for key, item in value.items()
            if key != "description"
        }
    if isinstance(value, list):
        return [blanked(item) for item in value]
    if isinstance(value, str):
        return re.sub(r"current: \d+", "current: N", UID.sub("UID", value))
    return value


def outline(code: int, body: Any) -> Any:
    """What has to agree where the wording may differ."""
    if not isinstance(body, dict) or body.get("kind") != "Status":
        return code
    causes = {(cause.get("reason"), cause.get("field")) for cause in (body.get("details") or {}).get("causes", ())}
    return code, body.get("reason"), len(causes) > 0


@dataclass
class Server:
    host: str
    port: int
    token: str
    context: ssl.SSLContext | None = None

    def ask(self, ask: Ask) -> tuple[int, list[str], Any]:
        connection = (
            http.client.HTTPSConnection(self.host, self.port, context=self.context, timeout=20)
            if self.context
            else http.client.HTTPConnection(self.host, self.port, timeout=20)
        )
        headers = {"Authorization": f"Bearer {self.token}", "User-Agent": "tester/1", "Accept": ask.accept}
        payload = ask.body
        if payload is not None:
            headers["Content-Type"] = ask.media
            payload = payload if isinstance(payload, str) else json.dumps(payload)
        try:
            connection.request("GET" if ask.method == "WAIT" else ask.method, ask.path, body=payload, headers=headers)
            response = connection.getresponse()
            text = response.read().decode()
            warnings = [value for key, value in response.getheaders() if key == "Warning"]
        finally:
            connection.close()
        try:
            return response.status, warnings, json.loads(text)
        except ValueError:
            return response.status, warnings, text

    def tell(self, ask: Ask) -> tuple[int, list[str], Any]:
        for _ in range(100 if ask.method == "WAIT" else 1):
            answer = self.ask(ask)
            if ask.method != "WAIT" or answer[0] == 200:
                break
            time.sleep(0.1)
        return answer


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    cluster: RealCluster
    with real_apiserver(Path(tmp_path_factory.mktemp("real"))) as cluster:
        url = urlparse(cluster.url)
        assert url.hostname is not None
        assert url.port is not None
        context = ssl.create_default_context(cafile=str(cluster.ca_file))
        yield Server(url.hostname, url.port, cluster.tokens["admin"], context)


@pytest.fixture(scope="module")
def demo() -> Iterator[Server]:
    loop = asyncio.new_event_loop()
    storage = Storage(now=lambda: datetime.now(UTC))
    storage.seed(
        [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": n}} for n in ("default", "kube-system")]
    )
    server = KubeServer(storage, {"token": authz.ADMIN})
    port = loop.run_until_complete(server.start(None))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield Server("127.0.0.1", port, "token")
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


@pytest.fixture(scope="module")
def answers(real: Server, demo: Server) -> list[tuple[Any, Any]]:
    return [(real.tell(ask), demo.tell(ask)) for ask in STORY]


@pytest.mark.parametrize("number", range(len(STORY)), ids=[str(ask) for ask in STORY])
def test_the_demo_answers_like_the_real_one(answers: list[tuple[Any, Any]], number: int) -> None:
    (code, warnings, body), (demo_code, demo_warnings, demo_body) = answers[number]
    if STORY[number].exact:
        assert (demo_code, demo_warnings, blanked(demo_body)) == (code, warnings, blanked(body))
    else:
        assert outline(demo_code, demo_body) == outline(code, body)
