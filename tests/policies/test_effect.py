"""What a change opens and closes, against the difference of everything before and everything after."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from policyworld import Asked, cnp, files, namespace, pod, policy, workload

from pointsman.tui.answers.policies import connections as connections_module
from pointsman.tui.answers.policies.addresses import address
from pointsman.tui.answers.policies.connections import Connection, connections
from pointsman.tui.answers.policies.effect import changed, effect, with_policies, without
from pointsman.tui.answers.policies.index import PolicyIndex, compile_policies, read_policies
from pointsman.tui.answers.policies.spans import Spans, intersect
from pointsman.tui.answers.ref import Ref
from pointsman.tui.store.snapshot import Snapshot

OBJECTS = [
    namespace("x", team="a"),
    namespace("y", team="b"),
    workload("Deployment", "x/web", {"app": "web"}, [("http", "TCP", 80)]),
    workload("Deployment", "x/api", {"app": "api"}),
    workload("Deployment", "y/web", {"app": "web"}),
    pod("y/agent", {"app": "agent"}, node="a", host=True),
]
SPECS = (
    "podSelector: {}",
    "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {}}], ports: [{port: http}]}]}",
    "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {team: b}}}]}]}",
    "{podSelector: {matchLabels: {app: api}}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}], egress: [{ports: [{port: 53}]}]}",
    "{podSelector: {}, ingress: [{}]}",
    "{podSelector: {matchExpressions: [{key: app, operator: Is}]}}",
)


def lines(items: Any) -> list[tuple[str, str, Spans]]:
    return [(item.src.text, item.dst.text, item.ports) for item in items]


def test_switching_off_the_only_policy_opens() -> None:
    snapshot = files(OBJECTS, policy(SPECS[1], "x/web"))
    index = Asked(snapshot).index
    found = effect(snapshot, index, without(index, Ref("networkpolicies", "x", "web")))
    assert found.closes == ()
    assert {(item.src.text, item.dst.text) for item in found.opens} == {
        ("0.0.0.0-255.255.255.255", "x/web"), ("x/api", "x/web"), ("y/web", "x/web"),
    }  # fmt: skip
    assert found.certain


def test_switching_off_an_allow_among_others_closes() -> None:
    snapshot = files(OBJECTS, policy(SPECS[0], "x/shut"), policy(SPECS[1], "x/web"))
    index = Asked(snapshot).index
    found = effect(snapshot, index, without(index, Ref("networkpolicies", "x", "web")))
    assert found.opens == ()
    assert lines(found.closes) == [("x/api", "x/web", ((80, 80),))]


def test_off_and_on_again_changes_nothing() -> None:
    snapshot = files(
        OBJECTS, policy(SPECS[1], "x/web"), cnp("{endpointSelector: {}, ingressDeny: [{fromEndpoints: [{}]}]}", "x/no")
    )
    index = Asked(snapshot).index
    ref = Ref("ciliumnetworkpolicies", "x", "no")
    again = changed(without(index, ref), index.by_ref[ref])
    assert effect(snapshot, index, again) == effect(snapshot, index, index)
    assert lines(connections(again, snapshot)) == lines(connections(index, snapshot))


def test_what_cannot_be_read_is_not_certain() -> None:
    snapshot = files(OBJECTS, policy(SPECS[5], "x/bad"))
    index = Asked(snapshot).index
    assert not effect(snapshot, index, without(index, Ref("networkpolicies", "x", "bad"))).certain


def flat(items: list[Connection]) -> set[tuple[object, ...]]:
    """Connections cut at places that no range of the cases crosses, so that sets of them can be compared."""
    found: set[tuple[object, ...]] = set()
    cuts = ("9.9.9.9", "10.1.1.1", "11.1.1.1")
    for item in items:
        for port in (53, 80, 443, 65536 + 53):
            if not intersect(item.ports, ((port, port),)):
                continue
            outer = item.src.cidr or item.dst.cidr
            if not outer:
                found.add((item.src, item.dst, port))
                continue
            low, high = (address(text) for text in outer.split("-"))
            inner = item.dst if item.src.cidr else item.src
            found |= {(bool(item.src.cidr), cut, inner, port) for cut in cuts if low <= address(cut) <= high}
    return found


def index_of(snapshot: Snapshot) -> PolicyIndex:
    return compile_policies(snapshot, read_policies(snapshot))


@given(st.lists(st.tuples(st.sampled_from("xy"), st.sampled_from(SPECS)), min_size=1, max_size=4), st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_effect_is_the_difference_of_everything(chosen: list[tuple[str, str]], data: Any) -> None:
    snapshot = files(OBJECTS, [policy(spec, f"{space}/p{at}") for at, (space, spec) in enumerate(chosen)])
    before = index_of(snapshot)
    kept = data.draw(st.lists(st.sampled_from(before.policies), unique_by=lambda item: item.ref))
    after = with_policies(before, kept)
    found = effect(snapshot, before, after)
    old, new = flat(connections(before, snapshot)), flat(connections(after, snapshot))
    opened, closed = flat(list(found.opens)), flat(list(found.closes))
    assert opened == new - old
    assert closed == old - new


def _lookups(count: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often two ports are put together for a toggle that concerns five workloads among ``count``."""
    apps = [workload("Deployment", f"n{at // 5}/w{at}", {"app": f"w{at}"}) for at in range(count)]
    spaces = [namespace(f"n{at}") for at in range(count // 5)]
    shut = [
        policy("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}", f"n{at}/shut") for at in range(count // 5)
    ]
    snapshot = files(spaces, apps, shut)
    index = index_of(snapshot)
    calls = 0
    plain = connections_module._Work.meet

    def counted(self: Any, first: Spans, second: Spans) -> Spans:
        nonlocal calls
        calls += 1
        return plain(self, first, second)

    with monkeypatch.context() as patch:
        patch.setattr(connections_module._Work, "meet", counted)
        found = effect(snapshot, index, without(index, Ref("networkpolicies", "n0", "shut")))
    assert len(found.opens) == 5 * (count - 5) + 5
    return calls


def test_the_work_grows_with_what_is_touched_not_with_the_square(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = _lookups(40, monkeypatch), _lookups(160, monkeypatch)
    assert large < 5 * small, (small, large)
    assert large < 12 * 5 * 160


def test_policies_that_stay_keep_their_gates() -> None:
    snapshot = files(OBJECTS, policy(SPECS[0], "x/shut"), policy(SPECS[1], "x/web"), policy(SPECS[0], "y/shut"))
    index = Asked(snapshot).index
    after = without(index, Ref("networkpolicies", "x", "web"))
    assert after.engines is index.engines
    effect(snapshot, index, after)
    made = len(index._gates)
    effect(snapshot, index, after)
    assert len(index._gates) == made
    (variant,) = index.engines[0]
    other = next(end for end in index.pods if end.namespace == "y")
    assert index.gate(variant, "ingress", other) is after.gate(variant, "ingress", other)
