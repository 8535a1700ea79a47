"""Taking a change back after others have changed the object: what can go back goes back, the rest is said."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.actions.change import Change, essence, fits, merge_patch, patched
from pointsman.tui.actions.merge import take_back
from pointsman.tui.actions.write import reverse
from pointsman.tui.answers.ref import Ref

VALUES = st.recursive(
    st.integers(0, 3) | st.sampled_from(["a", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)
DOCS = st.dictionaries(st.sampled_from("pqrs"), VALUES, max_size=4)
REF = Ref("networkpolicies", "a", "p")


@given(DOCS, DOCS)
def test_without_other_changes_everything_goes_back(before: Any, after: Any) -> None:
    merged = take_back(before, after, copy.deepcopy(after))
    assert merged.doc == before
    assert merged.lost == ()


@given(DOCS, DOCS, DOCS)
def test_what_is_not_put_back_is_said(before: Any, after: Any, live: Any) -> None:
    kept = json.dumps([before, after, live])
    merged = take_back(before, after, live)
    assert json.dumps([before, after, live]) == kept
    if not merged.lost and live != before:
        # Nothing was lost: whatever the change made is gone from where it was made.
        for key in before.keys() | after.keys():
            if before.get(key) != after.get(key) and live.get(key) == after.get(key):
                assert merged.doc.get(key) == before.get(key)
    for key in live:
        if before.get(key) == after.get(key):
            assert merged.doc[key] == live[key], "what was not ours stays as others left it"


@given(DOCS, DOCS)
def test_a_merge_patch_makes_one_of_the_other(before: Any, after: Any) -> None:
    assert patched(before, merge_patch(before, after)) == after


def test_another_change_beside_ours_stays() -> None:
    before = {"spec": {"a": 1, "list": [{"x": 1}, {"x": 2}]}}
    after = {"spec": {"a": 2, "list": [{"x": 1, "off": True}, {"x": 2}]}}
    live = {"spec": {"a": 2, "list": [{"x": 1, "off": True}, {"x": 9}], "new": 1}}
    merged = take_back(before, after, live)
    assert merged.doc == {"spec": {"a": 1, "list": [{"x": 1}, {"x": 9}], "new": 1}}
    assert merged.lost == ()


def test_another_change_of_the_same_thing_is_said() -> None:
    merged = take_back({"spec": {"a": 1}}, {"spec": {"a": 2}}, {"spec": {"a": 3}})
    assert merged.doc == {"spec": {"a": 3}}
    assert merged.lost == ("spec.a was 1, but is 3 now: somebody changed it; it stays",)
    gone = take_back({"spec": {"a": 1}}, {"spec": {"a": 2}}, {"spec": {}})
    assert gone.lost == ("spec.a was 1, but is gone now: somebody changed it; it stays",)


def live(spec: Any, version: str = "5", uid: str = "u", **meta: Any) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": spec,
        "metadata": {"name": "p", "namespace": "a", "uid": uid, "resourceVersion": version, **meta},
    }  # fmt: skip


def test_the_reverse_of_an_update_is_made_for_the_object_as_it_is_now() -> None:
    done = Change(REF, live({"a": 1}), live({"a": 2}, annotations={"n": "1"}))
    now = live({"a": 2, "b": 1}, "9", annotations={"n": "1"})
    back = reverse(done, live({"a": 2}, "6", annotations={"n": "1"}), now)
    assert back.change is not None
    assert back.change.verb == "update"
    assert essence(back.change.after) == essence(live({"a": 1, "b": 1}))
    assert back.change.before is now


def test_the_reverse_of_making_and_deleting() -> None:
    made = Change(REF, None, live({"a": 1}))
    back = reverse(made, live({"a": 1}), live({"a": 1}, "8"))
    assert back.change is not None
    assert (back.change.verb, back.notes) == ("delete", ())
    changed = reverse(made, live({"a": 1}), live({"a": 7}, "8"))
    assert "lost too" in changed.notes[0]
    assert reverse(made, live({"a": 1}), live({"a": 1}, uid="other")).change is None
    assert reverse(made, live({"a": 1}), None).change is None

    gone = Change(REF, live({"a": 1}), None)
    again = reverse(gone, None, None)
    assert again.change is not None
    assert again.change.verb == "create"
    assert "resourceVersion" not in again.change.after["metadata"]  # type: ignore[index]
    assert reverse(gone, None, live({"a": 1})).change is None


def test_an_object_that_was_deleted_since_cannot_be_put_right() -> None:
    back = reverse(Change(REF, live({"a": 1}), live({"a": 2})), live({"a": 2}), None)
    assert back.change is None
    assert "somebody deleted it" in back.lost[0]


def test_what_the_server_fills_in_is_no_objection() -> None:
    change = Change(REF, live({"ports": [{"port": 1}]}), live({"ports": [{"port": 2}], "labels": {}}))
    assert fits(change, live({"ports": [{"port": 2, "protocol": "TCP"}], "more": 1}, "6"))
    assert not fits(change, live({"ports": [{"port": 1, "protocol": "TCP"}]}, "6"))
    assert not fits(change, live({"ports": [{"port": 2}, {"port": 3}]}, "6"))
    assert not fits(change, None)
    removal = Change(REF, live({"a": 1}), live({}))
    assert fits(removal, live({}, "6"))
    assert not fits(removal, live({"a": 1}, "6"))
    assert fits(Change(REF, live({}), None), None)
    assert fits(Change(REF, live({}), None), live({}, uid="another"))
    assert not fits(Change(REF, live({}), None), live({}))


# -- two parties edit at random, then one takes its edit back ---------------------------------------------------------

LEAVES = [
    ("spec", "podSelector", "matchLabels", "app"), ("spec", "podSelector", "matchLabels", "tier"),
    ("spec", "ingress"), ("spec", "egress"), ("spec", "policyTypes"),
    ("metadata", "labels", "a"), ("metadata", "labels", "b"), ("metadata", "annotations", "note"),
    ("metadata", "annotations", "example.org/other"),
]  # fmt: skip
GONE = object()
EDITS = st.dictionaries(
    st.sampled_from(LEAVES), st.sampled_from(["x", "y", [{"ports": [{"port": 1}]}], ["Ingress"], GONE]), max_size=5
)
START = st.dictionaries(st.sampled_from(LEAVES), st.sampled_from(["x", "z", ["Egress"]]), max_size=9)


def edited(doc: Any, edits: Any) -> Any:
    """The object after these edits; a map that becomes empty goes, as on a server."""
    found = copy.deepcopy(doc)
    for path, value in edits.items():
        parents = [found]
        for step in path[:-1]:
            parents.append(parents[-1].setdefault(step, {}))
        if value is GONE:
            parents[-1].pop(path[-1], None)
        else:
            parents[-1][path[-1]] = copy.deepcopy(value)
        for step, parent in reversed(list(zip(path[:-1], parents, strict=False))):
            if parent[step] == {}:
                del parent[step]
    return found


def at(doc: Any, path: Any) -> Any:
    for step in path:
        if not isinstance(doc, dict) or step not in doc:
            return GONE
        doc = doc[step]
    return doc


@given(START, EDITS, EDITS)
def test_an_undo_takes_back_mine_and_nothing_of_theirs(start: Any, mine: Any, theirs: Any) -> None:
    before = edited(live({}), start)
    after = edited(before, mine)
    now = edited(after, theirs)
    now["metadata"]["resourceVersion"] = "9"
    back = reverse(Change(REF, before, after), after, now)
    assert back.change is not None
    undone = back.change.after
    lost = "\n".join(back.lost)
    for path in LEAVES:
        was, made, found, then = (at(doc, path) for doc in (before, after, now, undone))
        if found == made:
            assert then == was, "what nobody touched since is as it was before"
        elif made == was:
            assert then == found, "what is only theirs stays"
        else:
            # Both changed it: theirs stays and it is said, unless they had put it back themselves.
            assert then == found
            assert found == was or path[-1] in lost or any(step in lost for step in path[1:-1]), (path, lost)
    assert not back.lost or any(at(now, path) != at(after, path) for path in LEAVES)
    assert not any(key.startswith("resourceVersion") for key in (essence(undone) or {})["metadata"])


@given(START, EDITS, EDITS)
def test_an_undo_of_an_undo_is_the_edit_again(start: Any, mine: Any, theirs: Any) -> None:
    apart = {path: value for path, value in theirs.items() if path not in mine}
    before = edited(live({}), start)
    after = edited(before, mine)
    now = edited(after, apart)
    first = reverse(Change(REF, before, after), after, now).change
    assert first is not None
    again = reverse(first, first.after, first.after).change
    assert again is not None
    assert essence(again.after) == essence(now)
