"""What the list of routes says of rows that another route, or the absence of a controller, leaves without requests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import worlds
from doctorcases.routes import NGINX, base, ingress, ingress_class, route

from pointsman.tui.answers.doctor import diagnose
from pointsman.tui.answers.routes.build import route_list
from pointsman.tui.answers.routes.duplicates import duplicates, marked
from pointsman.tui.store.snapshot import Cluster, Snapshot, State


def world(*parts: Any, **options: Any) -> Snapshot:
    mine = [doc for doc in base() if doc["kind"] != "IngressClass"]
    return worlds.make_snapshot(mine, *parts, **options)


def told(snapshot: Snapshot) -> dict[str, list[tuple[str, str, str]]]:
    return {
        one.ref.title: [(item.id, item.severity, item.text) for item in one.problems]
        for one in route_list(snapshot).items
        if one.ref.namespace == "x" and one.ref.kind != "services"
    }


def test_two_with_the_same_rule_are_both_marked_where_nothing_decides() -> None:
    snapshot = world(route("a"), route("b"), route("c", "Host(`c.lab`)"))
    text = "IngressRoute x/{} has the same rule at websecure: which of them gets the requests is not defined"
    assert told(snapshot) == {
        "IngressRoute x/a": [("route-duplicate", "warn", text.format("b"))],
        "IngressRoute x/b": [("route-duplicate", "warn", text.format("a"))],
        "IngressRoute x/c": [],
    }
    assert [item.id for item in diagnose(snapshot).findings].count("route-duplicate") == 1


def test_only_the_one_that_gets_nothing_is_marked_where_the_rank_decides() -> None:
    items = route_list(world(route("a"), route("b"))).items
    items = tuple(one for one in items if one.ref.kind == "ingressroutes")
    ranked = tuple(
        replace(one, routers=tuple(replace(router, rank=(rank,)) for router in one.routers), problems=())
        for rank, one in enumerate(items)
    )
    (twins,) = duplicates(ranked)
    assert ([one.ref.name for one in twins.routes], twins.decided) == (["b", "a"], True)
    first, second = marked(ranked)
    assert [item.text for item in first.problems] == [
        "IngressRoute x/b has the same rule at websecure: IngressRoute x/b gets all requests"
    ]
    assert second.problems == ()


def test_an_ingress_whose_controller_does_not_run_says_so() -> None:
    parts = (ingress_class("nginx", "k8s.io/ingress-nginx"), ingress(class_name="nginx"))
    snapshot = world(*parts)
    assert told(snapshot)["Ingress x/i"] == [
        ("ingressclass-unserved", "warn", "nobody serves IngressClass nginx: no ingress-nginx runs here")
    ]
    assert [item.id for item in diagnose(snapshot).findings].count("ingressclass-unserved") == 1
    by_default = (ingress_class("nginx", "k8s.io/ingress-nginx", default=True), ingress(class_name=""))
    assert [item[0] for item in told(world(*by_default))["Ingress x/i"]] == ["ingressclass-unserved"]
    unknown = (ingress_class("own", "example.com/own"), ingress(class_name="own"))
    for quiet in (
        world(*parts, NGINX),
        world(*unknown),
        world(*parts, cluster=Cluster("files", origin="manifests")),
        world(*parts, states={"deployments": State.FORBIDDEN}),
    ):
        assert told(quiet)["Ingress x/i"] == []
