"""Routes off and on again: every kind comes back byte for byte, what others changed stays, and who takes over is said."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import scenarios
from hypothesis import given
from hypothesis import strategies as st
from writekit import Relay, desk_at

from pointsman.tui.actions.pipeline import Status
from pointsman.tui.actions.policies import off_wish
from pointsman.tui.actions.routes import route_risks, route_words
from pointsman.tui.actions.timers import parked_timers
from pointsman.tui.actions.toggle import can_park, is_parked, parked, restored, was_switched
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.build import route_list
from pointsman.tui.answers.routes.parking import CLASS_NOTE, OFF_CLASS, ROUTE_KINDS
from pointsman.tui.model import proxies
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import INGRESSES, INGRESSROUTES, KINDS
from pointsman.tui.store.snapshot import State

KIND_NAMES = [kind.kind for kind in ROUTE_KINDS]
NOTES = st.dictionaries(st.sampled_from([CLASS_NOTE, "a", "b/c"]), st.sampled_from(["traefik", "x"]), max_size=3)
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "ingressClassName": st.sampled_from(["traefik", "internal"]),
        "parentRefs": st.just([{"name": "gw", "sectionName": "web"}]),
        "rules": st.just([{"host": "a"}]),
        "routes": st.just([{"match": "Host(`a`)"}]),
    },
)


def route(kind: str, spec: dict[str, Any], notes: dict[str, str]) -> dict[str, Any]:
    meta: dict[str, Any] = {"name": "r", "namespace": "x"}
    if notes:
        meta["annotations"] = notes
    return {"apiVersion": "v1", "kind": kind, "metadata": meta, "spec": spec}


@given(st.sampled_from(KIND_NAMES), SPECS, NOTES)
def test_off_then_on_is_the_same_json(kind: str, spec: dict[str, Any], notes: dict[str, str]) -> None:
    doc = json.loads(json.dumps(route(kind, spec, notes)))
    before = json.dumps(doc, sort_keys=True)
    assert can_park(doc)
    off = parked(doc, op="op1", until=1000.0, by="me@here")
    assert json.dumps(doc, sort_keys=True) == before, "the input is not changed"
    assert is_parked(off)
    assert was_switched(off)
    again = parked(off, op="op2", until=2000.0, by="you@there")
    assert json.dumps(restored(off), sort_keys=True) == before
    assert json.dumps(restored(again), sort_keys=True) == before, "a second off keeps what it was before the first"


@given(st.sampled_from(KIND_NAMES), SPECS, NOTES, st.sampled_from(["rules", "tls", "extra"]))
def test_what_others_change_meanwhile_stays(kind: str, spec: dict[str, Any], notes: dict[str, str], key: str) -> None:
    doc = route(kind, spec, notes)
    off = parked(copy.deepcopy(doc), op="op1", until=None, by="me@here")
    off["spec"][key] = ["changed"]
    back = restored(off)
    assert back["spec"][key] == ["changed"]
    del back["spec"][key]
    rest = copy.deepcopy(doc)
    rest["spec"].pop(key, None)
    assert back == rest


def test_a_class_that_somebody_sets_while_it_is_off_stays() -> None:
    off = parked(route("Ingress", {"ingressClassName": "traefik"}, {}), op="o", until=None, by="m")
    off["spec"]["ingressClassName"] = "nginx"
    assert not is_parked(off)
    assert restored(off)["spec"]["ingressClassName"] == "nginx"


def test_a_route_without_parents_is_not_off_unless_it_says_so() -> None:
    assert not is_parked(route("HTTPRoute", {"rules": []}, {}))
    assert not was_switched(route("HTTPRoute", {"rules": []}, {}))


def test_a_route_that_is_off_is_no_problem_and_handles_nothing() -> None:
    store = scenarios.store_of("classic")
    obj = store.snapshot().get(INGRESSROUTES, "media", "films")
    assert obj is not None
    off = parked({**obj.doc(), "kind": "IngressRoute"}, op="o", until=2e9, by="me@here")
    store.change(INGRESSROUTES, [from_doc(off, INGRESSROUTES)])
    snapshot = store.snapshot()
    found = next(item for item in route_list(snapshot).items if item.ref == Ref("ingressroutes", "media", "films"))
    assert found.off is not None
    assert found.off.until == 2e9
    assert found.problems == ()
    assert "switched off by me@here" in found.dropped
    assert [timer.ref.name for timer in parked_timers(snapshot)] == ["films"]
    assert "is handled by it again" in "\n".join(route_words(snapshot, found.ref, off=False))


def catch_all(**more: Any) -> dict[str, Any]:
    return {"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute",
            "metadata": {"name": "catch-all", "namespace": "web"},
            "spec": {"entryPoints": ["websecure"], "tls": {}, "routes": [
                {"match": "HostRegexp(`.*`)", "priority": 1, "services": [{"name": "site", "port": 80}], **more}]}}  # fmt: skip


def test_what_takes_over_is_named_and_a_loss_of_protection_is_grave() -> None:
    store = scenarios.store_of("classic")
    target = Ref("ingressroutes", "media", "downloads")
    assert route_words(store.snapshot(), target, off=True) == (
        "https://downloads.home.example/: nobody handles it then (404)",
    )
    assert not any(risk.grave for risk in route_risks(store.snapshot(), target, off=True))
    store.change(INGRESSROUTES, [from_doc(catch_all(), INGRESSROUTES)])
    snapshot = store.snapshot()
    assert route_words(snapshot, target, off=True) == (
        "https://downloads.home.example/: IngressRoute web/catch-all handles it then",
    )
    grave = [risk.text for risk in route_risks(snapshot, target, off=True) if risk.grave]
    assert len(grave) == 1
    assert "falls to IngressRoute web/catch-all" in grave[0]
    assert "Middleware media/auth (basicAuth)" in grave[0]
    guarded = catch_all(middlewares=[{"name": "lan-only"}])
    store.change(INGRESSROUTES, [from_doc(guarded, INGRESSROUTES)])
    assert not any(risk.grave for risk in route_risks(store.snapshot(), target, off=True))


def test_what_traefik_says_of_itself_now_is_no_news_of_then() -> None:
    store = scenarios.store_of("classic")
    target = Ref("ingressroutes", "media", "films")
    before = route_words(store.snapshot(), target, off=True)
    router = proxies.Router(
        "media-films-0123456789@kubernetescrd", provider="kubernetescrd", status="enabled",
        rule="Host(`films.home.example`)", entry_points=("websecure",), using=("websecure",), tls=True, priority=26,
        service="media-jellyfin-8096",
    )  # fmt: skip
    store.set_traefik(
        [proxies.Replica("kube-system/traefik-0", ("deployments", "kube-system", "traefik"), "3.7.15", (router,))]
    )
    store.set_link("traefik", State.LIVE, "3.7.15, 1 replica")
    assert route_words(store.snapshot(), target, off=True) == before
    assert "nobody handles it then" in before[0]


def test_external_dns_is_named() -> None:
    store = scenarios.store_of("classic")
    box = {"name": "a", "image": "example/external-dns:v0.15.0"}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "external-dns", "namespace": "dns"},
                  "spec": {"selector": {}, "template": {"spec": {"containers": [box]}}}}  # fmt: skip
    store.change(KINDS["deployments"], [from_doc(deployment, KINDS["deployments"])])
    risks = route_risks(store.snapshot(), Ref("ingressroutes", "media", "films"), off=True)
    assert any("external-dns may take the DNS records" in risk.text for risk in risks)


def test_a_service_is_no_route_that_can_be_switched() -> None:
    from pointsman.tui.actions.errors import ActionError

    with pytest.raises(ActionError, match="no policy and no route"):
        off_wish(scenarios.store_of("classic").snapshot(), Ref("services", "db", "postgres"), by="me", now=0.0)


INGRESS = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"


@pytest.mark.parametrize("class_name", ["traefik", None])
async def test_an_ingress_on_a_server(relay: Relay, name: str, class_name: str | None) -> None:
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "s", "port": {"number": 80}}}}
    spec: dict[str, Any] = {"rules": [{"host": f"{name}.example", "http": {"paths": [path]}}]}
    if class_name:
        spec["ingressClassName"] = class_name
    relay.make(name, spec, INGRESS, "networking.k8s.io/v1 Ingress")
    before = relay.read(name, INGRESS)
    target = Ref(INGRESSES.id, "default", name)
    try:
        async with desk_at(relay) as desk:
            plan = await desk.plan_off(target, None)
            assert plan.dry_run.accepted, plan.dry_run.text
            result, _ = await desk.execute(plan)
            assert result.status is Status.DONE, result.text
            off = relay.read(name, INGRESS)
            assert off["spec"]["ingressClassName"] == OFF_CLASS
            assert off["spec"]["rules"] == before["spec"]["rules"]
        async with desk_at(relay) as desk:
            assert [timer.ref for timer in desk.timers()] == [target]
            result, _ = await desk.execute(await desk.plan_on(target))
            assert result.status is Status.DONE, result.text
        after = relay.read(name, INGRESS)
        assert after["spec"] == before["spec"]
        assert after["metadata"].get("annotations") == before["metadata"].get("annotations")
    finally:
        relay.ask("DELETE", f"{INGRESS}/{name}")
