"""Values put into YAML text: what is there stays, byte for byte, and what cannot be done safely is refused."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.yamlvalues import by_hand, deep, merged

ON = [(("logs", "access", "enabled"), True), (("logs", "access", "format"), "json")]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "logs:\n  access:\n    enabled: true\n    format: json\n"),
        ("# mine\n", "# mine\nlogs:\n  access:\n    enabled: true\n    format: json\n"),
        ("a: 1", "a: 1\nlogs:\n  access:\n    enabled: true\n    format: json\n"),
        ("logs:\n  general: {level: INFO}\n# tail\nz: 1\n",
         "logs:\n  general: {level: INFO}\n  access:\n    enabled: true\n    format: json\n# tail\nz: 1\n"),
        ("logs:\n  access:\n    # why\n    enabled: false # off\n\n# end\n",
         "logs:\n  access:\n    # why\n    enabled: true # off\n    format: json\n\n# end\n"),
        ("logs: ~ # none\nb: 2\n", "logs: {access: {enabled: true, format: json}} # none\nb: 2\n"),
        ("logs:\nb: 2\n", "logs:\n  access:\n    enabled: true\n    format: json\nb: 2\n"),
        ("logs: {access: {enabled: false, format: json}}\n", "logs: {access: {enabled: true, format: json}}\n"),
        ("logs:\n    access:\n        note: |\n           a\n           b\nz: 1\n",
         "logs:\n    access:\n        note: |\n           a\n           b\n        enabled: true\n        format: json\nz: 1\n"),
    ],
)  # fmt: skip
def test_only_what_changes_is_touched(text: str, wanted: str) -> None:
    assert merged(text, ON) == wanted
    assert merged(wanted, ON) == wanted, "and a second time nothing"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a: [", "no YAML"),
        ("- a\n", "no mapping"),
        ("logs: 5\n", "logs is no mapping"),
        ("logs: {access: {enabled: [1]}}\n", "no single value"),
        ("x: &a {enabled: false}\nlogs: {access: *a}\n", "alias"),
        ("x: &a\n  access: {enabled: false}\nlogs:\n  <<: *a\n", "cannot be changed safely"),
        ("logs: {access: &a {enabled: false}}\nother: *a\n", "cannot be changed safely"),
        ("a: 1\n---\nb: 2\n", "no YAML"),
    ],
)
def test_what_cannot_be_done_safely_is_refused(text: str, part: str) -> None:
    with pytest.raises(ActionError, match=part):
        merged(text, ON)


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from(["on", "json", "a b", "", "x: y", "#"])
)
KEYS = st.sampled_from(["logs", "access", "enabled", "ports", "a-b", "x.y"])
TREES: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.dictionaries(KEYS, SCALARS, max_size=3),
    lambda inner: st.dictionaries(KEYS, st.one_of(SCALARS, inner, st.lists(SCALARS, max_size=2)), max_size=4),
    max_leaves=8,
)


@given(TREES, st.sampled_from([None, False, True]), st.integers(1, 4))
def test_it_means_what_was_wanted_or_is_refused(tree: dict[str, Any], flow: bool | None, indent: int) -> None:
    text = yaml.safe_dump(tree, default_flow_style=flow, indent=indent, sort_keys=False)
    try:
        wanted = deep(tree, ON)
        after = merged(text, ON)
    except ActionError:
        return
    assert yaml.safe_load(after) == wanted
    lines = after.splitlines()
    assert sum(line not in lines for line in text.splitlines()) <= len(ON), "a value's own line changes, no other"


def test_by_hand_is_yaml() -> None:
    assert yaml.safe_load("\n".join(by_hand(ON))) == {"logs": {"access": {"enabled": True, "format": "json"}}}
