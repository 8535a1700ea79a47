"""The middlewares of a route: read, put in another order, taken out and added, in every kind of object."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import scenarios
import worlds
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.routeuses import ANNOTATION, Named, named, read_uses, resolved, uses_wish, with_uses
from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.kinds import INGRESSROUTES


def ingress_route(*items: Any) -> dict[str, Any]:
    rules = [{"match": "Host(`a`)"}, {"match": "Host(`b`)", "middlewares": list(items), "services": []}]
    return {"kind": "IngressRoute", "metadata": {"name": "r", "namespace": "x"}, "spec": {"routes": rules}}


def http_route(*filters: Any) -> dict[str, Any]:
    rule: dict[str, Any] = {"filters": list(filters)} if filters else {}
    return {"kind": "HTTPRoute", "metadata": {"name": "r", "namespace": "x"}, "spec": {"rules": [rule]}}


def ingress(words: str | None) -> dict[str, Any]:
    meta: dict[str, Any] = {"name": "r", "namespace": "x"}
    if words is not None:
        meta["annotations"] = {ANNOTATION: words, "other": "kept"}
    return {"kind": "Ingress", "metadata": meta, "spec": {}}


def extension(name: str) -> dict[str, Any]:
    return {"type": "ExtensionRef", "extensionRef": {"group": "traefik.io", "kind": "Middleware", "name": name}}


def m(name: str, namespace: str = "x") -> Named:
    return named(Ref("middlewares", namespace, name))


def titles(uses: Any) -> list[str]:
    return [use.title for use in uses]


def test_entries_that_stay_keep_all_that_stands_in_them() -> None:
    doc = ingress_route({"name": "a", "extra": 1}, {"name": "b", "namespace": "web"}, {"name": "c@file"})
    before = read_uses("ingressroutes", doc, 1, "x")
    assert titles(before) == ["x/a", "web/b", "c@file"]
    after = with_uses("ingressroutes", doc, 1, [before[2], m("new", "web"), before[0]], "x")
    assert after["spec"]["routes"][1]["middlewares"] == [
        {"name": "c@file"}, {"name": "new", "namespace": "web"}, {"name": "a", "extra": 1},
    ]  # fmt: skip
    assert after["spec"]["routes"][0] == doc["spec"]["routes"][0]


def test_the_last_one_taken_out_leaves_no_empty_list() -> None:
    assert (
        "middlewares" not in with_uses("ingressroutes", ingress_route({"name": "a"}), 1, [], "x")["spec"]["routes"][1]
    )
    assert ANNOTATION not in with_uses("ingresses", ingress("x-a@kubernetescrd"), 0, [], "x")["metadata"]["annotations"]
    assert "filters" not in with_uses("httproutes", http_route(extension("a")), 0, [], "x")["spec"]["rules"][0]


def test_filters_of_other_kinds_keep_their_places() -> None:
    other = {"type": "RequestHeaderModifier", "requestHeaderModifier": {}}
    doc = http_route(extension("a"), other, extension("b"))
    after = with_uses("httproutes", doc, 0, [m("b"), m("a"), m("c")], "x")
    assert after["spec"]["rules"][0]["filters"] == [extension("b"), other, extension("a"), extension("c")]
    with pytest.raises(ActionError, match="own namespace"):
        with_uses("httproutes", doc, 0, [m("b", "web")], "x")


def test_an_annotation_is_joined_to_objects_without_taking_its_names_apart() -> None:
    snapshot = worlds.make_snapshot(
        [{"apiVersion": "traefik.io/v1alpha1", "kind": "Middleware", "metadata": {"name": "b-c", "namespace": "a"}, "spec": {}}]
    )  # fmt: skip
    uses = resolved(read_uses("ingresses", ingress("a-b-c@kubernetescrd, gone@file"), 0, "x"), snapshot)
    assert titles(uses) == ["a/b-c", "gone@file"]
    after = with_uses("ingresses", ingress(None), 0, [*uses, m("new")], "x")
    assert after["metadata"]["annotations"][ANNOTATION] == "a-b-c@kubernetescrd,gone@file,x-new@kubernetescrd"


NAMES = st.sampled_from(["a", "b", "c", "d@file"])


@given(st.lists(NAMES, max_size=4), st.lists(NAMES, max_size=4))
def test_what_is_put_in_is_what_is_read(before: list[str], after: list[str]) -> None:
    doc = ingress_route(*({"name": name} for name in before))
    kept = copy.deepcopy(doc)
    wanted = [Named(name, None) if "@" in name else m(name) for name in after]
    found = with_uses("ingressroutes", doc, 1, wanted, "x")
    assert titles(read_uses("ingressroutes", found, 1, "x")) == titles(wanted)
    assert doc == kept, "the input is not changed"
    back = with_uses("ingressroutes", found, 1, read_uses("ingressroutes", doc, 1, "x"), "x")
    assert titles(read_uses("ingressroutes", back, 1, "x")) == titles(read_uses("ingressroutes", doc, 1, "x"))


def test_taking_out_what_keeps_somebody_out_is_grave_also_inside_a_chain() -> None:
    snapshot = scenarios.store_of("classic").snapshot()
    target = Ref("ingressroutes", "monitoring", "prometheus")
    obj = snapshot.get(INGRESSROUTES, "monitoring", "prometheus")
    assert obj is not None
    before = read_uses("ingressroutes", obj.doc(), 0, "monitoring")
    assert titles(before) == ["monitoring/private"]
    wish = uses_wish(snapshot, target, 0, before, [])
    assert [risk.text for risk in wish.risks if risk.grave] == [
        "monitoring/private keeps somebody out, and is taken away"
    ]
    added = uses_wish(snapshot, target, 0, before, [*before, m("secure-headers", "web")])
    assert added.risks == ()


def test_a_change_by_somebody_else_meanwhile_is_refused() -> None:
    snapshot = scenarios.store_of("classic").snapshot()
    wish = uses_wish(snapshot, Ref("ingressroutes", "x", "r"), 1, [m("a")], [m("b")])
    assert wish.make(ingress_route({"name": "a"})) is not None
    with pytest.raises(ActionError, match="somebody else"):
        wish.make(ingress_route({"name": "c"}))
    with pytest.raises(ActionError, match="not there any more"):
        wish.make(None)
    with pytest.raises(ActionError, match="no rule 2 any more"):
        wish.make({"kind": "IngressRoute", "metadata": {}, "spec": {"routes": []}})
