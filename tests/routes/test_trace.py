"""Traces on the demo's homelabs and on small hand-made clusters: which router wins, and which hop is the broken one."""

from __future__ import annotations

import time
from typing import Any

import pytest
import scenarios
import worlds

from pointsman.tui.answers.routes.build import route_list
from pointsman.tui.answers.routes.parking import doc_of
from pointsman.tui.answers.routes.request import RequestError, Resolution, parse_request
from pointsman.tui.answers.routes.trace import Trace, trace
from pointsman.tui.demo.kube.objects import clone
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import INGRESSES
from pointsman.tui.store.snapshot import Snapshot

VIP = Resolution(("192.168.7.100",), "test")


def walk(snapshot: Snapshot, url: str, client: str = "192.168.7.9", resolution: Resolution = VIP, **more: Any) -> Trace:
    return trace(snapshot, parse_request(url, client=client, **more), resolution)


def states(found: Trace) -> list[tuple[str, str]]:
    return [(hop.kind, hop.state) for hop in found.hops]


@pytest.fixture(scope="module")
def classic() -> Snapshot:
    return scenarios.store_of("classic").snapshot()


@pytest.fixture(scope="module")
def broken() -> Snapshot:
    return scenarios.store_of("broken").snapshot()


def test_the_whole_way(classic: Snapshot) -> None:
    found = walk(classic, "https://series.home.example/indexer/x")
    assert found.verdict == "ok"
    assert found.winner is not None
    assert (found.winner.kind, found.winner.name) == ("IngressRoute", "indexer")
    assert states(found) == [
        ("dns", "ok"), ("ip", "ok"), ("announcer", "ok"), ("service", "ok"), ("entry-point", "ok"), ("router", "ok"),
        ("middleware", "ok"), ("middleware", "ok"), ("middleware", "ok"), ("backend", "ok"), ("endpoint", "ok"),
        ("pod", "ok"), ("policy", "ok"),
    ]  # fmt: skip
    assert "the path becomes /x" in found.hops[8].detail
    assert [(loser.route.ref.name, loser.why) for loser in found.losers] == [
        ("series", "matches, but its priority 27 is lower than 53")
    ]


def test_a_redirect_ends_the_way(classic: Snapshot) -> None:
    found = walk(classic, "http://films.home.example/a?b=c")
    assert found.verdict == "ok"
    middleware = next(hop for hop in found.hops if hop.kind == "middleware")
    assert middleware.detail == "redirectScheme: answers 301: go to https://films.home.example/a?b=c"
    assert ("backend", "skipped") in states(found)


def test_an_allow_list_refuses_a_stranger(classic: Snapshot) -> None:
    found = walk(classic, "https://home.home.example/", client="203.0.113.5")
    assert found.verdict == "ok", "home-assistant has no allow-list"
    found = walk(classic, "https://zigbee.home.example/", client="203.0.113.5")
    assert found.broken is not None
    assert (found.broken.kind, found.broken.name) == ("middleware", "web/lan-only")
    assert "403" in found.broken.detail
    assert walk(classic, "https://zigbee.home.example/", client="").verdict == "unknown"


def test_chains_are_taken_apart(classic: Snapshot) -> None:
    found = walk(classic, "https://alerts.home.example/")
    assert [hop.name for hop in found.hops if hop.kind == "middleware"] == ["web/lan-only", "monitoring/auth"]


def test_nothing_matches(classic: Snapshot) -> None:
    found = walk(classic, "https://nobody.home.example/")
    assert found.winner is None
    assert found.broken is not None
    assert found.broken.kind == "router"
    assert "404" in found.broken.detail


def test_streams_and_services_without_a_route(classic: Snapshot) -> None:
    found = walk(classic, "tcp://git.home.example:22")
    assert found.verdict == "ok"
    assert found.winner is not None
    assert found.winner.kind == "IngressRouteTCP"
    found = walk(classic, "udp://play.home.example:19132")
    assert found.winner is not None
    assert found.winner.kind == "IngressRouteUDP"
    found = walk(classic, "tcp://192.168.7.104:25565")
    assert found.verdict == "ok"
    assert found.winner is not None
    assert (found.winner.kind, found.winner.name) == ("Service", "minecraft")
    found = walk(classic, "tcp://192.168.7.104:1")
    assert found.broken is not None
    assert found.broken.kind == "service"


@pytest.mark.parametrize(
    ("host", "reason"),
    [("movies", "Service media/radarr-web does not exist"), ("films", "Middleware web/auth does not exist")],
)
def test_planted_faults_are_the_broken_hop(broken: Snapshot, host: str, reason: str) -> None:
    found = walk(broken, f"https://{host}.home.example/")
    assert found.verdict == "broken"
    assert found.broken is not None
    assert found.broken.kind == "router"
    assert reason in found.broken.detail


def test_an_address_that_is_not_ours_is_unknown_and_no_stop(classic: Snapshot) -> None:
    found = walk(classic, "https://films.home.example/", resolution=Resolution(("203.0.113.1",)))
    assert states(found)[:2] == [("dns", "unknown"), ("ip", "unknown")]
    assert found.verdict == "ok"
    assert found.winner is not None


ROUTE = """
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: app, namespace: x}
spec:
  entryPoints: [websecure]
  routes:
  - {match: Host(`a.example`), kind: Rule, services: [{name: s, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: s, namespace: x}
spec: {ports: [{port: 80}], selector: {app: s}}
"""
SLICE = """
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: s-1, namespace: x, labels: {kubernetes.io/service-name: s}}
addressType: IPv4
ports: [{port: 8080}]
endpoints: [{addresses: [10.0.0.1], conditions: {ready: %s}}]
"""


def test_no_ready_endpoint() -> None:
    snapshot = worlds.make_store(ROUTE, SLICE % "false").snapshot()
    found = walk(snapshot, "https://a.example/")
    assert found.broken is not None
    assert found.broken.kind == "endpoint"
    assert walk(worlds.make_store(ROUTE, SLICE % "true").snapshot(), "https://a.example/").broken is None


def test_without_a_traefik_the_usual_entry_points_are_assumed() -> None:
    snapshot = worlds.make_store(ROUTE, SLICE % "true").snapshot()
    found = walk(snapshot, "https://a.example/", resolution=Resolution())
    assert states(found)[:2] == [("dns", "unknown"), ("ip", "unknown")]
    assert found.winner is not None
    assert found.winner.name == "app"
    assert walk(snapshot, "http://a.example/").winner is None


def test_the_precedence_of_kubernetes_for_other_controllers() -> None:
    ingress = """
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: cilium}
spec: {controller: cilium.io/ingress-controller}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i, namespace: x}
spec:
  ingressClassName: cilium
  rules:
  - host: a.example
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}
      - {path: /app, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}
      - {path: /app, pathType: Exact, backend: {service: {name: s, port: {number: 80}}}}
  - host: "*.example"
    http: {paths: [{path: /app/long/path, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}]}
---
apiVersion: v1
kind: Service
metadata: {name: cilium-ingress, namespace: kube-system}
spec: {type: LoadBalancer, ports: [{port: 80}]}
status: {loadBalancer: {ingress: [{ip: 192.168.7.100}]}}
"""
    deployment = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: cilium, namespace: kube-system, labels: {k8s-app: cilium}}
spec: {template: {metadata: {labels: {k8s-app: cilium}}, spec: {containers: [{name: c, image: quay.io/cilium/cilium:v1.20.1}]}}}
"""
    snapshot = worlds.make_store(ROUTE, SLICE % "true", ingress, deployment).snapshot()

    def rule(path: str, host: str = "a.example") -> int | None:
        found = walk(snapshot, f"http://{host}{path}")
        return found.winner.rule_index if found.winner is not None else None

    assert [rule("/app"), rule("/app/x"), rule("/apple"), rule("/app/long/path")] == [2, 1, 0, 1]
    assert rule("/app/long/path", "b.example") == 3
    assert rule("/app", "b.example") is None


def test_bad_words() -> None:
    for text in ("ftp://x", "tcp://x", "https://", "https://a b", "https://x:99999", "https://u:p@x", "https://[::1", "x" * 9000,
                 "https://x:0", "tcp://h:1/path", "https://\x1b[0m"):  # fmt: skip
        with pytest.raises(RequestError):
            parse_request(text)
    for more in ({"client": "me"}, {"method": "a b"}, {"headers": ("nocolon",)}, {"headers": ("A: b\r\nC: d",)}):
        with pytest.raises(RequestError):
            parse_request("https://x", **more)  # type: ignore[arg-type]


def test_three_thousand_routers_cost_little() -> None:
    def item(index: int) -> dict[str, Any]:
        rule = f"Host(`h{index}.example`) && (PathPrefix(`/a{index}`) || Header(`X-A`, `{index}`))"
        return {
            "apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": {"name": f"r{index}", "namespace": "x"},
            "spec": {"entryPoints": ["websecure"], "routes": [{"match": rule, "services": [{"name": "s", "port": 80}]}]},
        }  # fmt: skip

    store = worlds.make_store(worlds.docs(ROUTE + "---" + SLICE % "true"), [item(index) for index in range(3000)])
    snapshot = store.snapshot()
    assert len(route_list(snapshot).items) == 3001
    walk(snapshot, "https://h1.example/a1")
    best = 9.0
    for _ in range(5):
        begins = time.process_time()
        found = walk(snapshot, "https://h2999.example/a2999")
        best = min(best, time.process_time() - begins)
    assert found.winner is not None
    assert found.winner.name == "r2999"
    assert best < 0.1


def test_a_rule_without_a_backend_is_not_taken_for_one_of_weight_0(gateway: str) -> None:
    """An HTTPRoute may name none (500), or only ones that get no share of the requests."""
    for backends, why in (
        ("[]", "the rule names no backend"),
        ("[{name: s, port: 80, weight: 0}]", "no service gets any requests: every weight is 0"),
    ):
        document = gateway.replace("backendRefs: [{name: s, port: 80}]", f"backendRefs: {backends}")
        hop = walk(worlds.make_snapshot(document), "http://a.example/foo").broken
        assert hop is not None
        assert (hop.kind, hop.detail) == ("backend", why)


def test_an_ingress_that_is_switched_off_is_not_called_anothers() -> None:
    """Its class is nobody's then, which is how it is switched off and not what is to be said of it."""
    store = scenarios.store_of("classic")
    doc = clone(doc_of(store.snapshot().get(INGRESSES, "web", "site")))
    doc["spec"]["ingressClassName"] = "pointsman-off"
    doc["metadata"]["annotations"] |= {
        "pointsman.dev/off-original": "{}", "pointsman.dev/off-until": "permanent", "pointsman.dev/off-by": "me@here",
    }  # fmt: skip
    store.replace(INGRESSES, [from_doc(doc, INGRESSES)])
    found = walk(store.snapshot(), "https://www.home.example/")
    assert "names www.home.example, but it is switched off by me@here" in [loser.why for loser in found.losers]


@pytest.fixture
def gateway() -> str:
    return """
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: c}
spec: {controllerName: traefik.io/gateway-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g, namespace: x}
spec: {gatewayClassName: c, listeners: [{name: web, port: 80, protocol: HTTP}]}
---
apiVersion: v1
kind: Service
metadata: {name: s, namespace: x}
spec: {ports: [{port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: x}
spec:
  parentRefs: [{name: g}]
  hostnames: [a.example]
  rules: [{backendRefs: [{name: s, port: 80}]}]
"""
