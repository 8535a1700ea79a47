"""What Traefik says joined to the routes: on saved answers of a real one with the objects it read, and on made-up ones."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
import scenarios
import worlds
from fakeapi import ANSWERS, saved

from pointsman.tui.answers.routes.build import route_list
from pointsman.tui.answers.routes.live import parts
from pointsman.tui.answers.routes.model import Route
from pointsman.tui.answers.routes.request import Resolution, parse_request
from pointsman.tui.answers.routes.trace import trace
from pointsman.tui.model import proxies
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.sources.traefik import read
from pointsman.tui.store.snapshot import Snapshot, State
from pointsman.tui.store.store import Store

PLACE = ("deployments", "kube-system", "traefik")
ARGS = [
    "--entryPoints.web.address=:18200/tcp", "--entryPoints.websecure.address=:18243/tcp",
    "--entryPoints.tcpep.address=:18210/tcp", "--entryPoints.udpep.address=:18253/udp",
    "--entryPoints.traefik.address=:18280/tcp", "--api.insecure=true", "--providers.kubernetesgateway",
    "--providers.kubernetescrd", "--providers.kubernetescrd.allowemptyservices=true", "--providers.kubernetesingress",
]  # fmt: skip


def deployment(name: str = "traefik", args: Iterable[str] = ARGS) -> dict[str, Any]:
    labels = {"app": name}
    container = {"name": "traefik", "image": "traefik:v3.7.15", "args": list(args)}
    spec = {"template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}}
    meta = {"name": name, "namespace": "kube-system"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}


def said(folder: str = "kubernetes", where: str = "kube-system/traefik-0", **more: Any) -> proxies.Replica:
    routers: list[proxies.Router] = []
    services: list[proxies.Service] = []
    middlewares: list[proxies.Middleware] = []
    for protocol in ("http", "tcp", "udp"):
        routers += read.read_all(saved(folder, f"{protocol}-routers"), read.router, protocol)[0]
        services += read.read_all(saved(folder, f"{protocol}-services"), read.service, protocol)[0]
    for protocol in ("http", "tcp"):
        middlewares += read.read_all(saved(folder, f"{protocol}-middlewares"), read.middleware, protocol)[0]
    fields = {
        "version": "3.7.15",
        "routers": tuple(routers),
        "services": tuple(services),
        "middlewares": tuple(middlewares),
    }
    return proxies.Replica(where, PLACE, **{**fields, **more})


def objects() -> list[dict[str, Any]]:
    found = worlds.docs((ANSWERS / "kubernetes" / "objs.yaml").read_text())
    found = [doc for doc in found if doc["kind"] != "Secret"]
    for doc in found:
        kind = next(kind for kind in KINDS.values() if kind.kind == doc["kind"])
        if kind.namespaced:
            doc["metadata"].setdefault("namespace", "default")
    return found


def store_with(
    *replicas: proxies.Replica, state: State = State.LIVE, docs: list[dict[str, Any]] | None = None
) -> Store:
    store = worlds.make_store([*(objects() if docs is None else docs), deployment()])
    store.set_traefik(replicas)
    store.set_link("traefik", state, "3.7.15, 1 replica" if state is State.LIVE else "it went away")
    return store


def by_name(snapshot: Snapshot) -> dict[tuple[str, int], Route]:
    return {(f"{route.kind}/{route.ref.name}", route.rule_index): route for route in route_list(snapshot).items}


@pytest.fixture(scope="module")
def real() -> Snapshot:
    return store_with(said()).snapshot()


def test_every_object_finds_its_router(real: Snapshot) -> None:
    found = by_name(real)
    states = {
        key: route.live.state for key, route in found.items() if route.kind != "traefik" and route.kind != "Service"
    }
    assert states == {
        ("IngressRoute/whoami-route", 0): "enabled", ("IngressRoute/whoami-route", 1): "enabled",
        ("IngressRoute/tlsroute", 0): "enabled", ("IngressRoute/badsvc", 0): "missing",
        ("IngressRoute/crossns", 0): "missing", ("IngressRoute/badmw", 0): "disabled",
        ("IngressRoute/badmw", 1): "disabled", ("IngressRoute/emptysvc", 0): "enabled",
        ("IngressRoute/jelly", 0): "enabled", ("IngressRoute/dash", 0): "enabled", ("IngressRoute/dash", 1): "enabled",
        ("IngressRouteTCP/pg", 0): "enabled", ("IngressRouteUDP/dns", 0): "enabled",
        ("Ingress/ing1", 0): "enabled", ("Ingress/ing1", 1): "enabled", ("Ingress/ing1", 2): "missing",
        ("Ingress/ing1", 3): "enabled", ("Ingress/nocls", 0): "enabled", ("Ingress/ngx", 0): "warning",
        ("HTTPRoute/gwroute", 0): "enabled", ("HTTPRoute/gwroute", 1): "missing",
        ("HTTPRoute/gwbad", 0): "missing", ("GRPCRoute/gwgrpc", 0): "enabled",
    }  # fmt: skip
    assert [key for key, route in found.items() if route.kind == "traefik"] == [], "all routers stand behind an object"


def test_names_and_errors(real: Snapshot) -> None:
    found = by_name(real)
    live = found[("IngressRoute/badmw", 0)].live
    assert live.name == "default-badmw-f38b580e0ddfa144853c@kubernetescrd"
    assert live.errors == ('middleware "default-nomw@kubernetescrd" does not exist',)
    assert found[("Ingress/ing1", 3)].live.name == "default-ing1-wild-lab@kubernetes"
    assert found[("HTTPRoute/gwroute", 0)].live.name == (
        "httproute-default-gwroute-gw-kube-system-traefik-gateway-ep-web-0-7911cf8c5bc879f1d354@kubernetesgateway"
    )
    nginx = found[("Ingress/ngx", 0)].live
    assert (nginx.name, nginx.others) == (
        "default-ngx-rule-0-path-0@kubernetesingressnginx", ("default-ngx-rule-0-path-0-tls@kubernetesingressnginx",)
    )  # fmt: skip


def test_a_middleware_whose_secret_is_missing_is_said_to_be_missing(real: Snapshot) -> None:
    """The object is there, so by the objects the route is fine: Traefik knows better."""
    route = by_name(real)[("IngressRoute/badmw", 1)]
    assert 'middleware "default-broken@kubernetescrd" does not exist' in route.dropped
    assert [problem.id for problem in route.problems] == ["route-disabled"]
    states = {"/".join(key[1]): live.state for key, live in parts(real).items()}
    assert states == {
        "default/strip": "enabled", "default/auth": "enabled", "default/broken": "missing", "default/tallow": "enabled",
        "default/canary": "enabled",
    }  # fmt: skip


def test_routers_of_a_file_are_rows_and_win_requests() -> None:
    snapshot = store_with(said("file")).snapshot()
    rows = {route.ref.name: route for route in route_list(snapshot).items if route.kind == "traefik"}
    assert "ok@file" in rows
    assert not any(name.endswith("@internal") for name in rows)
    one = rows["ok@file"]
    assert (one.hosts, one.live.state, one.live.down) == (("app.lab.local",), "enabled", ("http://127.0.0.1:18099",))
    assert [problem.id for problem in one.problems] == ["route-server-down"]
    assert rows["no-mw@file"].dropped.endswith('middleware "nope@file" does not exist')
    assert rows["some-ep@file"].live.state == "warning"
    found = trace(snapshot, parse_request("http://app.lab.local:18200/api/x"), Resolution())
    assert found.winner is None, "no service leads to the entry point"


def test_trace_follows_what_traefik_runs() -> None:
    service = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "lb", "namespace": "kube-system"},
        "spec": {"type": "LoadBalancer", "selector": {"app": "traefik"}, "ports": [{"port": 80, "targetPort": 18200}]},
    }  # fmt: skip
    snapshot = store_with(said(), docs=[*objects(), service]).snapshot()
    found = trace(snapshot, parse_request("http://bm2.lab/"), Resolution())
    assert found.broken is not None
    assert found.broken.kind == "router"
    assert 'middleware "default-broken@kubernetescrd" does not exist' in found.broken.detail
    found = trace(
        store_with(said("file"), docs=[service]).snapshot(), parse_request("http://h.lab.local/"), Resolution()
    )
    assert found.winner is not None
    assert (found.winner.kind, found.winner.name) == ("traefik", "weird-mw-order@file")


def test_old_news_are_shown_and_change_nothing() -> None:
    snapshot = store_with(said(), state=State.STALE).snapshot()
    route = by_name(snapshot)[("IngressRoute/badmw", 1)]
    assert (route.live.state, route.dropped) == ("disabled", "")
    assert route.live.why == "old news: it went away"


@pytest.mark.parametrize("state", [State.ABSENT, State.DOWN, State.FORBIDDEN])
def test_no_news(state: State) -> None:
    store = store_with(state=state)
    for route in route_list(store.snapshot()).items:
        assert route.live.state is None
        assert route.live.why in ("it went away", "no route of Traefik's")


def test_a_router_that_is_not_there() -> None:
    whole = said()
    fewer = tuple(item for item in whole.routers if "jelly" not in item.name)
    route = by_name(store_with(said(routers=fewer)).snapshot())[("IngressRoute/jelly", 0)]
    assert route.dropped.startswith("Traefik has not loaded it")
    assert [problem.id for problem in route.problems] == ["route-not-loaded"]


def test_replicas_that_disagree() -> None:
    whole = said()
    fewer = tuple(item for item in whole.routers if "jelly" not in item.name)
    snapshot = store_with(whole, said(where="kube-system/traefik-1", routers=fewer)).snapshot()
    route = by_name(snapshot)[("IngressRoute/jelly", 0)]
    assert (route.live.state, route.dropped) == ("missing", "")
    (problem,) = route.problems
    assert problem.text == (
        "Traefik's replicas do not agree: enabled on kube-system/traefik-0 and missing on kube-system/traefik-1"
    )


def test_a_name_that_fits_two_objects_is_told_apart_by_what_the_router_says() -> None:
    """``a-b`` in ``c`` and ``b`` in ``c-a``: the same name in Traefik."""
    rule = "Host(`x.lab`)"

    def route(namespace: str, name: str) -> dict[str, Any]:
        spec = {
            "entryPoints": ["web"],
            "routes": [{"match": rule, "kind": "Rule", "services": [{"name": "s", "port": 1}]}],
        }
        meta = {"name": name, "namespace": namespace}
        return {"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": meta, "spec": spec}

    def service(namespace: str) -> dict[str, Any]:
        meta = {"name": "s", "namespace": namespace}
        return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": [{"port": 1}]}}

    docs = [route("c", "a-b"), route("c-a", "b"), service("c"), service("c-a")]
    store = store_with(docs=docs)
    (name,) = {router.names[0] for item in route_list(store.snapshot()).items for router in item.routers}
    one = proxies.Router(name, "http", "kubernetescrd", "enabled", rule=rule, ingress=("IngressRoute", "c", "a-b"))
    snapshot = store_with(said(routers=(one,)), docs=docs).snapshot()
    states = {route.ref.path: route.live.state for route in route_list(snapshot).items if route.controller}
    assert states == {"c/a-b": "enabled", "c-a/b": "missing"}


def test_two_traefiks_are_asked_for_their_own_routes() -> None:
    docs = [*objects(), deployment("other", ["--providers.kubernetescrd", "--providers.kubernetescrd.ingressclass=other",
                                             "--entryPoints.web.address=:80"])]  # fmt: skip
    jelly = next(doc for doc in docs if doc["metadata"]["name"] == "jelly" and doc["kind"] == "IngressRoute")
    jelly["spec"]["ingressClassName"] = "other"
    route = by_name(store_with(said(), docs=docs).snapshot())[("IngressRoute/jelly", 0)]
    assert (route.live.state, route.live.why) == (None, "this Traefik did not answer")
    assert route.dropped == ""


def test_the_join_costs_no_more_than_the_routers_are_many() -> None:
    """Counted work: each router is looked up, not searched for."""
    store = scenarios.store_of("classic")
    before = len(route_list(store.snapshot()).items)
    many = tuple(
        proxies.Router(f"r{number}@file", "http", "file", "enabled", rule="Host(`x`)") for number in range(3000)
    )
    store.set_traefik([proxies.Replica("kube-system/traefik-0", PLACE, "3", many)])
    store.set_link("traefik", State.LIVE, "3")
    assert len(route_list(store.snapshot()).items) == before + 3000


def test_json_of_a_stranger() -> None:
    from pointsman.tui.views.route_text import routes_json

    snapshot = store_with(said("file")).snapshot()
    document = json.loads(
        json.dumps(routes_json(route_list(snapshot), link=snapshot.links["traefik"], now=snapshot.now))
    )
    item = next(item for item in document["items"] if item["name"] == "no-service@file")
    assert (item["kind"], item["namespace"], item["loaded"]) == ("traefik", "", False)
    assert item["live"]["state"] == "disabled"
    assert item["live"]["errors"] == ['the service "missing@file" does not exist']
    assert document["traefik"]["state"] == "live"


def test_a_certificate_that_only_traefik_holds() -> None:
    """From a resolver: no Secret of the cluster tells when it ends."""
    docs = objects()
    jelly = next(doc for doc in docs if doc["metadata"]["name"] == "jelly" and doc["kind"] == "IngressRoute")
    jelly["spec"]["tls"] = {"certResolver": "le"}
    ends = worlds.NOW + 3 * 86400.0
    held = (
        proxies.Certificate("1", sans=("*.lab",), not_after=worlds.ago(-40 * 86400.0)),
        proxies.Certificate("2", sans=("jelly.lab",), not_after=worlds.ago(-3 * 86400.0)),
        proxies.Certificate("3", sans=("other.lab",), not_after="no time"),
    )
    route = by_name(store_with(said(certificates=held), docs=docs).snapshot())[("IngressRoute/jelly", 0)]
    assert route.tls is not None
    assert (route.tls.secret, route.tls.not_after) == (None, ends)
    assert route.tls.detail == "from the certificate resolver le: Traefik holds one for jelly.lab"
    assert [problem.text for problem in route.problems] == ["the certificate that Traefik shows ends in 3d"]
    assert by_name(store_with(said(), docs=docs).snapshot())[("IngressRoute/jelly", 0)].tls is not None
