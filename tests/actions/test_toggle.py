"""Off and on again: every form of a policy comes back byte for byte; what others changed meanwhile stays."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.toggle import (
    ANNOTATIONS,
    can_park,
    duration_words,
    is_parked,
    operation_of,
    parked,
    parse_duration,
    restored,
    switched_off,
    switched_on,
    until_of,
    was_switched,
)
from pointsman.tui.answers.policies.toggles import OFF_ORIGINAL, OFF_UNTIL, PARKED, is_off
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import ADMINNETWORKPOLICIES, CILIUMNETWORKPOLICIES, NETWORKPOLICIES


def policy(spec: Any = None, specs: Any = None, **meta: Any) -> dict[str, Any]:
    doc: dict[str, Any] = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {"name": "p", **meta},
    }
    if spec is not None:
        doc["spec"] = spec
    if specs is not None:
        doc["specs"] = specs
    return doc


SELECTORS = st.one_of(
    st.just({}),
    st.just({"matchLabels": {}}),
    st.dictionaries(
        st.just("matchLabels"),
        st.dictionaries(st.sampled_from(["app", "a.b/c~d", "tier"]), st.text(max_size=5)),
        max_size=1,
    ),
    st.just({"matchExpressions": [{"key": "app", "operator": "Exists"}]}),
    st.just({"matchExpressions": [{"key": "app", "operator": "Exists"}], "matchLabels": {"x": "y"}}),
)
SPECS = st.builds(
    lambda key, selector, more: {**more, key: selector},
    st.sampled_from(["endpointSelector", "nodeSelector", "podSelector"]),
    SELECTORS,
    st.dictionaries(
        st.sampled_from(["ingress", "egress", "description"]), st.sampled_from([[], [{}], "text"]), max_size=3
    ),
)


@given(
    st.none() | SPECS,
    st.none() | st.lists(SPECS, min_size=1, max_size=4),
    st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2),
)
def test_off_then_on_is_the_same_json(spec: Any, specs: Any, notes: dict[str, str]) -> None:
    doc = policy(spec, specs, **({"annotations": notes} if notes else {}))
    if spec is None and specs is None:
        assert not can_park(doc)
        return
    before = json.dumps(doc)
    doc = json.loads(before)  # no two parts are the same object
    off = parked(doc, op="op1", until=1000.0, by="me@here")
    assert json.dumps(doc) == before, "the input is not changed"
    assert is_parked(off)
    assert was_switched(off)
    assert operation_of(off) == "op1"
    assert until_of(off) == 1000.0
    again = parked(off, op="op2", until=None, by="you@there")
    assert operation_of(again) == "op2"
    assert json.dumps(restored(off)) == before
    assert json.dumps(restored(again)) == before
    # A server hands objects back with sorted keys, and without empty maps in the metadata.
    sorted_off = json.loads(json.dumps(off, sort_keys=True))
    assert json.dumps(restored(sorted_off), sort_keys=True) == json.dumps(doc, sort_keys=True)


def test_what_the_rest_of_the_program_calls_off() -> None:
    doc = policy(specs=[{"endpointSelector": {}}, {"nodeSelector": {"matchLabels": {"a": "b"}}}])
    off = parked(doc, op="o", until=None, by="me")
    assert is_off(from_doc(off, CILIUMNETWORKPOLICIES))
    assert not is_off(from_doc(restored(off), CILIUMNETWORKPOLICIES))
    half = copy.deepcopy(off)
    del half["specs"][1]["nodeSelector"]["matchLabels"][PARKED]
    assert not is_parked(half)
    assert was_switched(half), "half a toggle can still be taken back"
    assert restored(half) == doc
    network = {
        "kind": "NetworkPolicy",
        "metadata": {"name": "p"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }
    assert is_off(from_doc(parked(network, op="o", until=1.0, by="me"), NETWORKPOLICIES))
    admin = {
        "kind": "AdminNetworkPolicy",
        "metadata": {"name": "p"},
        "spec": {"priority": 1, "subject": {"namespaces": {}}},
    }
    assert is_off(from_doc(parked(admin, op="o", until=1.0, by="me"), ADMINNETWORKPOLICIES))


def test_changes_of_others_while_it_was_off_stay() -> None:
    doc = policy({"endpointSelector": {"matchLabels": {"app": "db"}}, "ingress": [{"fromEntities": ["world"]}]})
    off = parked(doc, op="o", until=1.0, by="me")
    off["spec"]["ingress"] = []
    off["spec"]["endpointSelector"]["matchLabels"]["tier"] = "one"
    off["metadata"]["labels"] = {"new": "label"}
    back = restored(off)
    assert back["spec"] == {"endpointSelector": {"matchLabels": {"app": "db", "tier": "one"}}, "ingress": []}
    assert back["metadata"] == {"name": "p", "labels": {"new": "label"}}


def test_rules_that_moved_are_still_unparked() -> None:
    doc = policy(specs=[{"endpointSelector": {"matchLabels": {"a": "1"}}}, {"endpointSelector": {}}])
    off = parked(doc, op="o", until=1.0, by="me")
    off["specs"].reverse()
    assert restored(off)["specs"] == [{"endpointSelector": {}}, {"endpointSelector": {"matchLabels": {"a": "1"}}}]


@pytest.mark.parametrize("original", ["", "not json", "[]", "{}", '{"/spec/endpointSelector": 5}', "[" * 3000])
def test_a_damaged_annotation_does_not_keep_it_off(original: str) -> None:
    off = parked(policy({"endpointSelector": {"matchLabels": {"app": "db"}}}), op="o", until=1.0, by="me")
    off["metadata"]["annotations"][OFF_ORIGINAL] = original
    back = restored(off)
    assert back["spec"] == {"endpointSelector": {"matchLabels": {"app": "db"}}}
    assert "annotations" not in back["metadata"]


def test_what_cannot_be_parked_is_deleted_and_kept() -> None:
    doc = policy(
        specs=[{"endpointSelector": {}}, {"ingress": [{}]}], uid="u", resourceVersion="7", creationTimestamp="x"
    )
    assert not can_park(doc)
    with pytest.raises(ActionError):
        parked(doc, op="o", until=1.0, by="me")
    assert switched_off(doc, op="o", until=1.0, by="me") is None
    back = switched_on(None, doc)
    assert back is not None
    assert back["specs"] == doc["specs"]
    assert back["metadata"] == {"name": "p"}
    with pytest.raises(ActionError, match="holds no copy"):
        switched_on(None, None)


def test_an_object_that_is_going_is_left_alone() -> None:
    doc = policy({"endpointSelector": {}}, deletionTimestamp="2026-01-01T00:00:00Z")
    with pytest.raises(ActionError, match="being deleted"):
        switched_off(doc, op="o", until=1.0, by="me")
    with pytest.raises(ActionError, match="not there"):
        switched_off(None, op="o", until=1.0, by="me")


def test_a_claim_alone_is_taken_away_too() -> None:
    doc = policy({"endpointSelector": {}}, annotations={OFF_UNTIL: "permanent", "other": "stays"})
    assert was_switched(doc)
    assert restored(doc)["metadata"]["annotations"] == {"other": "stays"}
    assert not set(restored(doc)["metadata"]["annotations"]) & set(ANNOTATIONS)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1h30m", 5400), ("2d", 172800), ("5", 300), (" 1H ", 3600)]
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0s", "-5m", "ten", "10 m", "1.5h", "400d", "9999999d", "m", "1h-", "١m"])
def test_no_durations(text: str) -> None:
    with pytest.raises(ActionError):
        parse_duration(text)


def test_duration_words() -> None:
    assert [duration_words(n) for n in (1, 8, 90, 600, 5400, 90000, 3661)] == [
        "1 second", "8 seconds", "90 seconds", "10 minutes", "90 minutes", "1 d 1 h", "1 h 1 min",
    ]  # fmt: skip
