"""Names of policies as people type them; anything but exactly one object writes nothing."""

from __future__ import annotations

import pytest
from policyworld import ccnp, cnp, files, policy

from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.naming import find_object
from pointsman.tui.answers.policies.index import POLICY_KINDS
from pointsman.tui.answers.ref import Ref

WORLD = files(
    policy("podSelector: {}", "a/one"),
    policy("podSelector: {}", "a/both"),
    cnp("endpointSelector: {}", "a/both"),
    ccnp("endpointSelector: {}", "wide"),
    policy("podSelector: {}", "ccnp/wide"),
    policy("podSelector: {}", "b/one"),
)


def find(word: str) -> Ref:
    return find_object(word, WORLD, POLICY_KINDS, "policy")


@pytest.mark.parametrize(
    ("word", "ref"),
    [
        ("a/one", Ref("networkpolicies", "a", "one")),
        ("netpol/a/one", Ref("networkpolicies", "a", "one")),
        ("NetworkPolicy/a/both", Ref("networkpolicies", "a", "both")),
        ("cnp/a/both", Ref("ciliumnetworkpolicies", "a", "both")),
        ("CiliumClusterwideNetworkPolicy/wide", Ref("ciliumclusterwidenetworkpolicies", "", "wide")),
    ],
)
def test_one_object(word: str, ref: Ref) -> None:
    assert find(word) == ref


def test_several_are_listed() -> None:
    with pytest.raises(ActionError, match="ambiguous") as caught:
        find("a/both")
    assert caught.value.lines == ("CiliumNetworkPolicy/a/both", "NetworkPolicy/a/both")
    with pytest.raises(ActionError, match="ambiguous") as caught:
        find("ccnp/wide")  # a kind without namespaces, and a namespace of that name
    assert caught.value.lines == ("CiliumClusterwideNetworkPolicy/wide", "NetworkPolicy/ccnp/wide")
    with pytest.raises(ActionError, match="Say which policy") as caught:
        find("one")
    assert caught.value.lines == ("NetworkPolicy/a/one", "NetworkPolicy/b/one")


@pytest.mark.parametrize(
    "word", ["", "/", "a/", "/one", "a/b/c/d", "svc/a/one", "nokind/a/one", "a/none", "cnp/a/one", "netpol/wide"]
)
def test_no_such_name(word: str) -> None:
    with pytest.raises(ActionError):
        find(word)


def test_what_was_deleted_to_switch_it_off_can_be_named() -> None:
    gone = Ref("ciliumnetworkpolicies", "a", "gone")
    assert find_object("a/gone", WORLD, POLICY_KINDS, "policy", (gone,)) == gone


def test_a_list_that_cannot_be_read_is_said() -> None:
    from dataclasses import replace

    from pointsman.tui.store.snapshot import Link, State, Table

    tables = dict(WORLD.tables)
    tables["networkpolicies"] = Table(link=Link("networkpolicies", State.FORBIDDEN))
    with pytest.raises(ActionError, match=r"cannot be told.*may not be read"):
        find_object("a/one", replace(WORLD, tables=tables), POLICY_KINDS, "policy")
