"""The user's YAML: what is put into it before it is sent changes nothing else, and an error finds its line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.actions.source import (
    SourceError,
    Trouble,
    kept_by_server,
    line_of,
    read_object,
    troubles_in,
    with_bookkeeping,
)
from pointsman.tui.answers.yaml_text import LAST_APPLIED, whole_yaml

NOTE = '{"apiVersion":"v1",\n"x":"\u2028 é \u0085 \\" \U0001f600"}\n'
BEFORE = {"metadata": {"resourceVersion": "77", "annotations": {LAST_APPLIED: NOTE}}}
PLAIN = {"metadata": {"resourceVersion": "77"}}

TEXTS = [
    "# hello\nkind: X\nmetadata:\n  # its name\n  name: a\n  annotations:\n    b: c   # mine\nspec: {}\n",
    "kind: X\nmetadata: {name: a}\n",
    "kind: X\nmetadata:\n    name: a\n    annotations:\n    labels: {}\n",
    "kind: X\nmetadata:\n  annotations: {}\n  name: a\n",
    "kind: X\nmetadata:\n  annotations: ~  # none\n  name: a\n",
    "kind: X\nmetadata:\n  name: a\n  annotations: {b: c}\n",
    '{"kind":"X","metadata":{"name":"a","annotations":{"b":"c"}}}',
    "---\nkind: X\nmetadata: &m\n  name: a\n...\n",
    "kind: X\r\nmetadata:\r\n  name: a\r\nspec: {}\r\n",
    'kind: X\n"metadata":\n  "name": a\nspec: "a\n  b"\n',
    "kind: X\nspec:\n  metadata:\n    name: inner\nmetadata:\n  name: a\n",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("before", [PLAIN, BEFORE], ids=["plain", "applied"])
def test_the_version_goes_in_and_all_else_stays_as_typed(text: str, before: Any) -> None:
    done, added = with_bookkeeping(text, before)
    assert read_object(done)["metadata"]["resourceVersion"] == "77"
    if before is BEFORE:
        assert read_object(done)["metadata"]["annotations"][LAST_APPLIED] == NOTE
    lines = done.split("\n")
    kept = [line for number, line in enumerate(lines, 1) if number not in added]
    assert len(kept) == len(text.split("\n"))
    for mine, theirs in zip(text.split("\n"), kept, strict=True):
        # In braces a line may have more; an empty value gives way to the note.
        rest = iter(theirs)
        assert all(letter in rest for letter in mine.replace("{}", "").replace("~", "")), (mine, theirs)


def test_a_note_that_was_typed_is_what_is_meant() -> None:
    text = f"kind: X\nmetadata:\n  name: a\n  annotations:\n    {LAST_APPLIED}: mine\n"
    done, _ = with_bookkeeping(text, BEFORE)
    assert read_object(done)["metadata"]["annotations"] == {LAST_APPLIED: "mine"}


@pytest.mark.parametrize(
    "text",
    [
        "kind: X\nmetadata:\n  ? name\n  : a\n",
        "kind: X\nmetadata: &m\n  name: a\nother: *m\n",
        "kind: X # \u2028\nmetadata:\n  name: a\n",
    ],
)
def test_what_nobody_writes_is_refused_not_guessed_at(text: str) -> None:
    with pytest.raises(SourceError, match="plainly"):
        with_bookkeeping(text, BEFORE)


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=8)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | KEYS
    | st.sampled_from(["y", "on", "1e3", "0755", "0o17", "1_000", "~", "", "22:22", "2001-01-01", "<<", "=", "- a", "a: b", "#x"])
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=10
)


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.dictionaries(st.sampled_from(["a", "y", "1", "b.c/d"]), KEYS))
def test_what_is_shown_means_exactly_the_object(spec: Any, notes: Any) -> None:
    doc = {"apiVersion": "v1", "kind": "X", "metadata": {"name": "a", "annotations": notes}, "spec": spec}
    text = whole_yaml(doc)
    assert read_object(text) == doc
    done, _ = with_bookkeeping(text, BEFORE)
    assert read_object(done)["spec"] == spec


def test_a_long_value_is_not_cut_short() -> None:
    doc = {"kind": "X", "metadata": {"name": "a"}, "data": {"long": "x" * 60_000, "lines": "a\n" * 30_000}}
    assert read_object(whole_yaml(doc)) == doc


TEXT = """kind: X
metadata:
  name: a
spec:
  ports:
  - port: 1
  - port: 2
    x.y/z: 3
  - {port: 3}
  labels:
    a.b/c: 1
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("spec.ports[1].port", 7), ("spec.ports[1].x.y/z", 8), ("spec.ports[1][x.y/z]", 8), ("spec.ports[2].port", 9),
        ('spec.labels["a.b/c"]', 11), ("spec.labels.a.b/c", 11), ("spec.ports.port", 6), ("spec.ports.x.y/z", 8),
        ("spec.ports[7].q", 5), ("spec.portz", 4), ("nope", 1), ("", 1), ("metadata.name.x", 3), ("[0]", 1),
    ],
)  # fmt: skip
def test_a_path_has_a_line(path: str, line: int) -> None:
    assert line_of(TEXT, path) == line


@given(st.text(max_size=40), st.text(max_size=60))
def test_no_path_and_no_text_is_too_strange(path: str, text: str) -> None:
    assert line_of(text, path) >= 0
    assert all(trouble.text or not text for trouble in troubles_in(text, TEXT))


def test_every_field_that_a_server_complains_of_is_found() -> None:
    said = 'strict decoding error: unknown field "spec.portz", unknown field "spec.ports[1].a"'
    assert troubles_in(said, TEXT) == (
        Trouble('unknown field "spec.portz"', 4),
        Trouble('unknown field "spec.ports[1].a"', 7),
    )
    said = 'X "a" is invalid: [spec.ports[1].port: Invalid value: 0: must be 1-65535, metadata.name: Required value]'
    assert troubles_in(said, TEXT) == (
        Trouble("metadata.name: Required value", 3),
        Trouble("spec.ports[1].port: Invalid value: 0: must be 1-65535", 7),
    )
    said = (
        'X in version "v1" cannot be handled as a X: json: cannot unmarshal string into Go struct field '
        "XPort.spec.ports.port of type int32"
    )
    (found,) = troubles_in(said, TEXT)
    assert found.line == 6
    assert found.text.startswith("json: cannot unmarshal string")
    assert troubles_in("no such thing is allowed here", TEXT) == (Trouble("no such thing is allowed here", 0),)


def test_a_servers_line_numbers_count_what_was_put_in() -> None:
    said = 'error: yaml: unmarshal errors:\n  line 6: key "kind" already set in map\n  line 9: key "port" already set'
    lines = [trouble.line for trouble in troubles_in(said, TEXT, (3,))]
    assert lines == [5, 8]
    assert [trouble.line for trouble in troubles_in(said, TEXT)] == [6, 9]


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("kind: X\nmetadata:\n  name: [a\nspec: {}\n", "no YAML", 4),
        ("", "nothing in it", 0),
        ("# only words\n", "nothing in it", 0),
        ("kind: X\nmetadata: {name: a}\n---\nkind: Y\n", "second object", 4),
        ("- a\n- b\n", "no object", 1),
        ("kind: X\nspec: {}\n", "metadata is missing", 1),
        ("kind: X\nmetadata: a\n", "has no fields", 2),
        ("a: &a [1]\nb: {\n", "no YAML", 2),
    ],
)
def test_what_is_no_object_is_said_with_its_line(text: str, said: str, line: int) -> None:
    with pytest.raises(SourceError) as caught:
        read_object(text)
    (trouble,) = caught.value.troubles
    assert said in trouble.text
    assert trouble.line == line


def test_the_servers_own_fields_are_not_the_users() -> None:
    text = "kind: X\nmetadata:\n  name: a\n  uid: u\n  resourceVersion: '5'\nstatus: {}\n"
    assert [trouble.line for trouble in kept_by_server(text, read_object(text))] == [5, 4, 6]
    assert json.dumps(read_object(text))


@pytest.mark.parametrize("annotations", ["[a]", "word", "7"])
def test_annotations_that_are_none_are_no_crash(annotations: str) -> None:
    text = f"kind: X\nmetadata:\n  name: a\n  annotations: {annotations}\n"
    assert read_object(with_bookkeeping(text, PLAIN)[0])["metadata"]["resourceVersion"] == "77"
    with pytest.raises(SourceError, match="plainly"):
        with_bookkeeping(text, BEFORE)


def test_many_complaints_are_counted_not_listed() -> None:
    said = ", ".join(f'unknown field "spec.ports[0].f{number}"' for number in range(200))
    found = troubles_in(said, TEXT)
    assert len(found) == 21
    assert "180 more" in found[-1].text
