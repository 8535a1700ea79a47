"""The matrix agrees with the judge on every pair, however many pods stand alike."""

from __future__ import annotations

import random
from typing import Any

import pytest
from appkit import fill
from policyworld import FILES, ccnp, cnp, files, namespace, pod, policy
from worlds import make_snapshot

from pointsman.tui.answers.policies.index import compile_index
from pointsman.tui.answers.policies.judge import Answer, judge_ports
from pointsman.tui.answers.policies.matrix import WORLD, Crowd, Mark, Place, together
from pointsman.tui.answers.policies.ports import TRANSPORT
from pointsman.tui.store.store import Store

ANSWERS = {Answer.ALLOWED: (Mark.ALLOWED, Mark.PARTLY), Answer.DENIED: (Mark.DENIED,), Answer.UNKNOWN: (Mark.UNKNOWN,)}
DENY = "podSelector: {}\npolicyTypes: [Ingress]"


def crowd(*docs: Any) -> Crowd:
    return Crowd(compile_index(files(*docs)))


def agrees(found: Crowd) -> int:
    """Compare each pair of workloads with the judge on every pair of their pods; gives how many were compared."""
    pairs = 0
    for source in found.parts:
        for target in found.parts:
            here = Place(source.namespace, source.name, source.kind), Place(target.namespace, target.name, target.kind)
            mark = found.cell(*here).mark
            answers = {
                judge_ports(found.index, one, other, TRANSPORT).answer
                for one in found.ends[source] for other in found.ends[target] if one is not other
            }  # fmt: skip
            if not answers:
                assert mark is Mark.SELF, here
            elif len(answers) == 1:
                assert mark in ANSWERS[next(iter(answers))], here
            elif Answer.ALLOWED in answers and Answer.DENIED in answers:
                assert mark is Mark.PARTLY, here
            else:
                assert mark in (Mark.UNKNOWN, Mark.PARTLY), here
            pairs += 1
    return pairs


@pytest.mark.parametrize("variant", ["classic", "cilium", "broken"])
def test_every_cell_of_the_demo_is_what_the_judge_says(variant: Any) -> None:
    store = Store(lambda: 0.0)
    fill(store, variant)
    found = Crowd(compile_index(store.snapshot()))
    assert agrees(found) > 400


@pytest.mark.parametrize("seed", range(12))
def test_every_cell_of_a_random_cluster_is_what_the_judge_says(seed: int) -> None:
    rng = random.Random(seed)
    docs: list[Any] = [namespace(f"n{number}", team=rng.choice("xy")) for number in range(3)]
    for number in range(9):
        labels = {"app": rng.choice("abc"), "tier": rng.choice("12")}
        docs.append(
            pod(f"n{number % 3}/p{number}", labels, ip=f"10.1.0.{number + 1}", node=rng.choice("mn"),
                host=rng.random() < 0.15, ports=[("http", "TCP", rng.choice((80, 8080)))])
        )  # fmt: skip
    for number in range(5):
        app, space = rng.choice("abc"), rng.choice("012")
        peers = rng.choice(
            (f"- podSelector: {{matchLabels: {{tier: '{rng.choice('12')}'}}}}", "- namespaceSelector: {}",
             f"- ipBlock: {{cidr: 10.1.0.{rng.choice((0, 4))}/30}}", "- ipBlock: {cidr: 0.0.0.0/0}")
        )  # fmt: skip
        port = rng.choice(("", "  ports: [{port: http}]", "  ports: [{port: 80}]"))
        way, key = rng.choice((("Ingress", "from"), ("Egress", "to")))
        docs.append(
            policy(
                f"podSelector: {{matchLabels: {{app: {app}}}}}\npolicyTypes: [{way}]\n"
                f"{way.lower()}:\n- {key}:\n  {peers}\n{port}",
                f"n{space}/r{number}",
            )
        )
    if seed % 3 == 0:
        docs.append(
            ccnp("endpointSelector: {matchLabels: {app: a}}\negressDeny:\n- toEndpoints: [{matchLabels: {app: b}}]")
        )
    assert agrees(crowd(*docs)) == 81


def test_namespaces_count_their_pairs_of_workloads() -> None:
    found = crowd(
        namespace("a"), namespace("b"),
        pod("a/one", {"app": "one"}), pod("a/two", {"app": "two"}), pod("b/db", {"app": "db"}),
        policy("podSelector: {}\npolicyTypes: [Ingress]\ningress:\n- from:\n  - namespaceSelector: {}\n"
               "    podSelector: {matchLabels: {app: one}}", "b/only-one"),
    )  # fmt: skip
    cell = found.cell(Place("a"), Place("b"))
    assert (cell.mark, cell.allowed, cell.denied, cell.pairs) == (Mark.PARTLY, 1, 1, 2)
    assert found.cell(Place("b"), Place("a")).mark is Mark.ALLOWED
    assert found.cell(Place("b"), Place("b")).mark is Mark.SELF
    inside = found.cell(Place("a"), Place("a"))
    assert (inside.allowed, inside.pairs) == (2, 2)
    assert found.cell(WORLD, Place("b")).mark is Mark.DENIED
    assert found.cell(Place("b"), WORLD).mark is Mark.ALLOWED
    assert found.cell(WORLD, WORLD).mark is Mark.SELF


def test_some_addresses_outside_are_part_of_the_internet() -> None:
    found = crowd(
        namespace("a"), pod("a/web", {"app": "web"}),
        policy("podSelector: {}\npolicyTypes: [Ingress]\ningress:\n- from: [{ipBlock: {cidr: 9.9.9.0/24}}]", "a/p"),
    )  # fmt: skip
    assert found.cell(WORLD, Place("a")).mark is Mark.PARTLY


def test_what_cannot_be_told_is_unknown() -> None:
    found = crowd(
        namespace("a"), pod("a/web", {"app": "web"}), pod("a/db", {"app": "db"}),
        cnp("endpointSelector: {matchLabels: {app: db}}\ningress:\n- fromCIDRSet: [{cidrGroupRef: missing}]", "a/p"),
    )  # fmt: skip
    cell = found.cell(Place("a", "web", "Pod"), Place("a", "db", "Pod"))
    assert cell.mark in (Mark.UNKNOWN, Mark.DENIED)
    assert agrees(found) == 4


def test_two_pods_of_one_workload_are_judged_by_each_other() -> None:
    """A workload may reach itself only if one of its pods may reach another; that is not the pod's way to itself."""
    owner = [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "u", "controller": True}]
    pods = [pod(f"a/db-{number}", {"app": "db"}, ownerReferences=owner) for number in range(2)]
    found = crowd(namespace("a"), *pods, policy(DENY, "a/deny"))
    (place,) = found.axes(Place("a"), Place("a")).rows
    assert (place.text, place.kind) == ("a/db", "StatefulSet")
    assert found.cell(place, place).mark is Mark.DENIED


def test_the_shape_tells_whether_a_matrix_still_holds() -> None:
    base = [namespace("a"), pod("a/one", {"app": "one"}, ip="10.1.0.1", node="m"), policy(DENY, "a/p")]
    shape = crowd(*base).shape
    moved = pod("a/one", {"app": "one"}, ip="10.1.0.9", node="m")
    assert crowd(base[0], moved, base[2]).shape == shape
    assert crowd(*base, pod("a/two", {"app": "two"})).shape != shape


def test_a_judged_cell_names_rule_and_ports() -> None:
    found = crowd(
        namespace("a"), pod("a/one", {"app": "one"}), pod("a/db", {"app": "db"}),
        policy("podSelector: {matchLabels: {app: db}}\ningress:\n- from: [{podSelector: {}}]\n  ports: [{port: 5432}]", "a/p"),
    )  # fmt: skip
    judged = found.judged(Place("a", "one", "Pod"), Place("a", "db", "Pod"))
    assert judged.mark is Mark.PARTLY
    assert any(item.policy is not None and item.policy.name == "p" for item in judged.because)


def test_policies_that_could_not_be_read_leave_every_cell_unknown() -> None:
    from pointsman.tui.store.snapshot import State

    snapshot = make_snapshot(
        namespace("a"), pod("a/one"), pod("a/two"), cluster=FILES, states={"networkpolicies": State.FORBIDDEN}
    )
    found = Crowd(compile_index(snapshot))
    assert found.index.blind
    assert found.cell(Place("a"), Place("a")).mark is Mark.UNKNOWN


@pytest.mark.parametrize(
    ("marks", "whole"),
    [
        ((), Mark.SELF), ((Mark.SELF,), Mark.SELF), ((Mark.ALLOWED, Mark.SELF), Mark.ALLOWED),
        ((Mark.ALLOWED, Mark.DENIED), Mark.PARTLY), ((Mark.ALLOWED, Mark.DENIED, Mark.UNKNOWN), Mark.PARTLY),
        ((Mark.ALLOWED, Mark.UNKNOWN), Mark.UNKNOWN), ((Mark.DENIED, Mark.UNKNOWN), Mark.UNKNOWN),
        ((Mark.PARTLY, Mark.UNKNOWN), Mark.PARTLY),
    ],
)  # fmt: skip
def test_marks_together(marks: tuple[Mark, ...], whole: Mark) -> None:
    assert together(marks) is whole
