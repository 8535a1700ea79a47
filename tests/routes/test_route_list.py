"""What the list says of each kind of route, and what it makes of objects that are wrong."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
import scenarios
import worlds

from pointsman.tui.answers.routes.build import route_list
from pointsman.tui.answers.routes.model import Route
from pointsman.tui.answers.routes.request import Resolution, parse_request
from pointsman.tui.answers.routes.trace import trace

TRAEFIK = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: traefik, namespace: t}
spec:
  template:
    metadata: {labels: {app: traefik}}
    spec:
      containers:
      - name: traefik
        image: traefik:v3.7.15
        args: [--entryPoints.web.address=:8000/tcp, --entryPoints.websecure.address=:8443/tcp,
               --entryPoints.websecure.http.tls=true, --entryPoints.dns.address=:5353/udp,
               --entryPoints.websecure.http.middlewares=x-m@kubernetescrd,
               --providers.kubernetescrd, --providers.kubernetesingress, MORE]
---
apiVersion: v1
kind: Service
metadata: {name: traefik, namespace: t}
spec:
  type: LoadBalancer
  selector: {app: traefik}
  ports: [{name: web, port: 80, targetPort: web}, {name: websecure, port: 443, targetPort: 8443},
          {name: dns, port: 53, targetPort: 5353, protocol: UDP}]
---
apiVersion: v1
kind: Service
metadata: {name: s, namespace: x}
spec: {ports: [{port: 80, name: http}, {port: 81, name: more}], selector: {app: s}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: s-1, namespace: x, labels: {kubernetes.io/service-name: s}}
ports: [{port: 8080, name: http}, {port: 8081, name: more}]
endpoints: [{addresses: [10.0.0.1]}, {addresses: [10.0.0.2], conditions: {ready: false}}]
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: m, namespace: x}
spec: {compress: {}}
"""


def routes(*parts: str | dict[str, Any], more: str = "--ping=true") -> list[Route]:
    return list(route_list(worlds.make_store(TRAEFIK.replace("MORE", more), *parts).snapshot()).items)


def ingress_route(rule: str = "Host(`a.example`)", port: Any = 80, **spec: Any) -> dict[str, Any]:
    service = {"name": spec.pop("service", "s"), "port": port, "namespace": spec.pop("in_namespace", "x")}
    item = {"match": rule, "kind": "Rule", "services": [service], "middlewares": spec.pop("middlewares", [])}
    body = {"entryPoints": ["websecure"], "routes": [item], **spec}
    meta = {"name": "r", "namespace": "x"}
    return {"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": meta, "spec": body}


def only(found: list[Route]) -> Route:
    (route,) = (item for item in found if item.ref.name == "r")
    return route


def test_a_good_route() -> None:
    route = only(routes(ingress_route()))
    assert route.hosts == ("a.example",)
    assert route.ports == ("websecure:443",)
    assert [(use.name, use.by) for use in route.middlewares] == [("x/m", "websecure")]
    assert (route.ready, route.total) == (1, 2)
    assert route.priority == 17
    assert route.tls is not None
    assert route.problems == ()
    assert route.dropped == ""
    assert route.live.why == "Traefik API not asked"


@pytest.mark.parametrize(
    ("document", "more", "id", "dropped"),
    [
        (ingress_route(service="t"), "", "route-missing-service", True),
        (ingress_route(port=99), "", "route-missing-port", True),
        (ingress_route("Hots(`a`)"), "", "route-invalid-rule", True),
        (ingress_route(""), "", "route-invalid-rule", True),
        (ingress_route(entryPoints=["nope"]), "", "route-unknown-entry-point", True),
        (ingress_route(entryPoints=["nope", "web"]), "", "route-unknown-entry-point", False),
        (ingress_route(entryPoints=["dns"]), "", "route-unknown-entry-point", True),
        (ingress_route(middlewares=[{"name": "gone"}]), "", "route-missing-middleware", True),
        (ingress_route(middlewares=[{"name": "m", "namespace": "y"}]), "", "route-cross-namespace", True),
        (ingress_route(in_namespace="t", service="traefik"), "", "route-cross-namespace", True),
        (ingress_route(ingressClassName="other"), "", "route-ignored", True),
        (ingress_route(), "--providers.kubernetescrd.ingressclass=mine", "route-ignored", True),
        (ingress_route(), "--providers.kubernetescrd.namespaces=y", "route-ignored", True),
        (ingress_route(tls={"options": {"name": "gone"}}), "", "route-missing-tls-option", True),
    ],
)  # fmt: skip
def test_what_traefik_does_not_run(document: dict[str, Any], more: str, id: str, dropped: bool) -> None:
    option = {"apiVersion": "traefik.io/v1alpha1", "kind": "TLSOption", "metadata": {"name": "o", "namespace": "x"}}
    route = only(routes(document, option, more=more or "--ping=true"))
    assert id in [problem.id for problem in route.problems]
    assert bool(route.dropped) is dropped


def test_references_over_namespaces_where_they_are_allowed() -> None:
    allowed = "--providers.kubernetescrd.allowcrossnamespace=true"
    route = only(routes(ingress_route(in_namespace="t", service="traefik"), more=allowed))
    assert (
        route.dropped
        == "Traefik drops it: the service has no endpoints, and providers.kubernetescrd.allowEmptyServices is off"
    )


def test_weights_mirrors_and_fallbacks() -> None:
    tree = """
apiVersion: traefik.io/v1alpha1
kind: TraefikService
metadata: {name: w, namespace: x}
spec: {weighted: {services: [{name: s, port: 80, weight: 3}, {name: f, kind: TraefikService, weight: 1}]}}
---
apiVersion: traefik.io/v1alpha1
kind: TraefikService
metadata: {name: f, namespace: x}
spec: {mirroring: {name: s, port: 81, mirrors: [{name: s, port: 80, percent: 10}]}}
---
apiVersion: traefik.io/v1alpha1
kind: TraefikService
metadata: {name: loop, namespace: x}
spec: {weighted: {services: [{name: loop, kind: TraefikService}]}}
"""
    document = ingress_route()
    document["spec"]["routes"][0]["services"] = [{"name": "w", "kind": "TraefikService"}]
    route = only(routes(document, tree))
    assert [(item.number, item.weight, item.role) for item in route.backends] == [
        (80, 3, ""), (81, None, ""), (80, None, "mirror")
    ]  # fmt: skip
    document["spec"]["routes"][0]["services"] = [{"name": "loop", "kind": "TraefikService"}]
    assert "leads to itself" in only(routes(document, tree)).problems[0].text


GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: c}
spec: {controllerName: CONTROLLER}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g, namespace: x}
spec:
  gatewayClassName: c
  listeners: [{name: http, port: 8000, protocol: HTTP, hostname: "*.example"}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: x}
spec:
  parentRefs: [{name: g}]
  hostnames: HOSTS
  rules:
  - matches: [{path: {type: PathPrefix, value: /foo}}, {path: {type: Exact, value: /bar}, method: POST}]
    backendRefs: [{name: s, port: 80}]
status:
  parents: [{parentRef: {name: g}, controllerName: c, conditions: [{type: Accepted, status: "True"}]}]
"""


def gateway(controller: str = "traefik.io/gateway-controller", hosts: str = "[a.example]") -> str:
    return GATEWAY.replace("CONTROLLER", controller).replace("HOSTS", hosts)


def test_httproute_as_traefik_runs_it() -> None:
    route = only(routes(gateway(), more="--providers.kubernetesgateway=true"))
    assert [(item.rule, item.priority, item.entry_points) for item in route.routers] == [
        ('Host("a.example") && (Path("/foo") || PathPrefix("/foo/"))', 10000 + 400 + 9 + 1, ("web",)),
        ('Host("a.example") && Path("/bar") && Method("POST")', 101000 + 9 + 1, ("web",)),
    ]
    assert route.problems == ()
    assert "its provider kubernetesgateway is off" in only(routes(gateway())).dropped


def test_httproute_on_no_listener() -> None:
    route = only(routes(gateway(hosts="[a.other]"), more="--providers.kubernetesgateway=true"))
    assert route.dropped == "none of its hostnames is one of Gateway x/g's listeners"
    assert (
        "has no listener"
        in only(routes(gateway().replace("[{name: g}]", "[{name: g, sectionName: z}]"))).problems[0].text
    )
    assert "does not exist" in only(routes(gateway().replace("[{name: g}]", "[{name: gone}]"))).problems[0].text


def test_an_ingress_of_traefik() -> None:
    ingress = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: r
  namespace: x
  annotations:
    traefik.ingress.kubernetes.io/router.entrypoints: web
    traefik.ingress.kubernetes.io/router.middlewares: x-m@kubernetescrd,x-gone@kubernetescrd
    traefik.ingress.kubernetes.io/router.priority: "7"
spec:
  rules:
  - host: a.example
    http:
      paths:
      - {path: /x, pathType: Exact, backend: {service: {name: s, port: {name: http}}}}
      - {path: /y, pathType: Prefix, backend: {service: {name: s, port: {number: 82}}}}
"""
    first, second = (item for item in routes(ingress) if item.ref.name == "r")
    assert (first.match, first.priority, first.ports) == ('Host("a.example") && Path("/x")', 7, ("web:80",))
    assert "x-gone@kubernetescrd does not exist" in first.dropped
    assert second.match == 'Host("a.example") && PathPrefix("/y")'
    assert "route-missing-port" in [problem.id for problem in second.problems]


def test_junk_anywhere_never_raises() -> None:
    """Any value of any of the objects replaced by anything else."""
    random.seed(7)
    junk: list[Any] = [
        None,
        True,
        -1,
        10**30,
        "",
        "x" * 300,
        "\x1b[31m",
        [],
        [[]],
        {},
        {"a": {}},
        [None],
        [{"name": 1}],
        1.5,
    ]
    documents = [doc for doc in scenarios.documents("broken") if doc["apiVersion"].partition("/")[0] in (
        "traefik.io", "networking.k8s.io", "gateway.networking.k8s.io")]  # fmt: skip
    documents += worlds.docs(TRAEFIK) + worlds.docs(gateway())
    for _ in range(60):
        changed = copy.deepcopy(documents)
        for doc in changed:
            place: Any = doc.get("spec")
            for _ in range(random.randrange(1, 6)):
                keys = (
                    list(place)
                    if isinstance(place, dict)
                    else list(range(len(place)))
                    if isinstance(place, list)
                    else []
                )
                if not keys:
                    break
                key = random.choice(keys)
                if random.random() < 0.3:
                    place[key] = random.choice(junk)
                    break
                place = place[key]
        snapshot = worlds.make_store(changed).snapshot()
        found = route_list(snapshot)
        assert found.items
        for host in ("films", "movies", "a"):
            for client in ("", "10.0.0.1"):
                trace(snapshot, parse_request(f"https://{host}.home.example/", client=client), Resolution())
