"""JSON patch, merge patch and strategic merge patch. The expected values were compared with an API server's own code."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.demo.kube import patch
from pointsman.tui.demo.kube.jsonvalues import equal_json
from pointsman.tui.demo.kube.patch import PatchError, json_patch, merge_patch, strategic_merge

Doc = dict[str, Any]

SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x", "ü", "a/b"])
KEYS = st.sampled_from(["a", "b", "c/d", "e~f", "0", ""])
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=12
)
DOCS = st.dictionaries(KEYS, JSON, max_size=4)


# JSON patch


@pytest.mark.parametrize(
    ("doc", "ops", "expected"),
    [
        ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"foo": "bar", "baz": "qux"}),
        ({"foo": ["a", "c"]}, [{"op": "add", "path": "/foo/1", "value": "b"}], {"foo": ["a", "b", "c"]}),
        ({"foo": ["a"]}, [{"op": "add", "path": "/foo/-", "value": ["b"]}], {"foo": ["a", ["b"]]}),
        ({"foo": ["a", "b"]}, [{"op": "add", "path": "/foo/-1", "value": "c"}], {"foo": ["a", "b", "c"]}),
        ({"a": 1, "b": 2}, [{"op": "remove", "path": "/a"}], {"b": 2}),
        ({"a": [1, 2, 3]}, [{"op": "remove", "path": "/a/-1"}], {"a": [1, 2]}),
        ({"a": 1}, [{"op": "replace", "path": "/a", "value": {"x": None}}], {"a": {"x": None}}),
        ({"a": 1}, [{"op": "replace", "path": "/b", "value": 2}], {"a": 1, "b": 2}),
        ({"a": 1}, [{"op": "replace", "path": "", "value": {"b": 2}}], {"b": 2}),
        ({"a": {"x": 1}, "b": {}}, [{"op": "move", "from": "/a/x", "path": "/b/y"}], {"a": {}, "b": {"y": 1}}),
        ({"a": [1, 2, 3]}, [{"op": "move", "from": "/a/0", "path": "/a/2"}], {"a": [2, 3, 1]}),
        ({"a": {"x": [1]}}, [{"op": "copy", "from": "/a", "path": "/b"}], {"a": {"x": [1]}, "b": {"x": [1]}}),
        ({"a/b": 1, "m~n": 2}, [{"op": "remove", "path": "/a~1b"}, {"op": "remove", "path": "/m~0n"}], {}),
        ({"~1": 1}, [{"op": "remove", "path": "/~01"}], {}),
        ({"": 1}, [{"op": "replace", "path": "/", "value": 2}], {"": 2}),
        ({"a": 1}, [{"op": "test", "path": "/a", "value": 1}, {"op": "remove", "path": "/a"}], {}),
        ({}, [{"op": "test", "path": "/a", "value": None}], {}),
        ({"a": 1}, [{"op": "test", "path": "", "value": {"a": 1}}], {"a": 1}),
        ({"a": 1}, [{"op": "add", "path": "/a"}], {"a": None}),
    ],
)
def test_json_patch(doc: Doc, ops: list[Doc], expected: Doc) -> None:
    before = copy.deepcopy((doc, ops))
    assert json_patch(doc, ops) == expected
    assert (doc, ops) == before


@pytest.mark.parametrize(
    "op",
    [
        {"op": "add", "path": "/a/b/c", "value": 1},
        {"op": "add", "path": "/list/4", "value": 1},
        {"op": "add", "path": "/list/x", "value": 1},
        {"op": "add", "path": "", "value": {}},
        {"op": "add", "path": "no-slash", "value": 1},
        {"op": "add", "value": 1},
        {"op": "remove", "path": "/nope"},
        {"op": "remove", "path": "/list/3"},
        {"op": "remove", "path": "/list/-"},
        {"op": "replace", "path": "/list/3", "value": 1},
        {"op": "replace", "path": "", "value": 3},
        {"op": "move", "from": "/nope", "path": "/a"},
        {"op": "move", "from": "/obj", "path": "/obj/inner"},
        {"op": "move", "path": "/a"},
        {"op": "copy", "from": "/list/9", "path": "/a"},
        {"op": "test", "path": "/a", "value": True},
        {"op": "test", "path": "/list/0", "value": "1"},
        {"op": "frobnicate", "path": "/a"},
        {"op": ["add"], "path": "/a"},
        {"path": "/a"},
    ],
)
def test_json_patch_refuses(op: Doc) -> None:
    doc = {"a": 1, "list": [1, 2, 3], "obj": {"inner": {}}}
    before = copy.deepcopy(doc)
    with pytest.raises(PatchError) as caught:
        json_patch(doc, [{"op": "add", "path": "/first", "value": 1}, op])
    assert (caught.value.code, caught.value.reason) == (422, "Invalid")
    assert caught.value.message == "the server rejected our request due to an error in our request"
    assert caught.value.detail not in ("", caught.value.message)
    assert doc == before


def test_json_patch_is_bounded() -> None:
    with pytest.raises(PatchError) as caught:
        json_patch({}, [{"op": "test", "path": "/a", "value": None}] * (patch.MAX_OPERATIONS + 1))
    assert (caught.value.code, caught.value.reason) == (413, "RequestEntityTooLarge")
    doubling = [{"op": "copy", "from": "/a", "path": "/a/-"}] * 60
    with pytest.raises(PatchError) as caught:
        json_patch({"a": ["x" * 1000]}, doubling)
    assert caught.value.code == 422
    assert "bytes" in caught.value.detail


@pytest.mark.parametrize("ops", [{}, "x", None, [1], [[]]])
def test_json_patch_wants_a_list_of_operations(ops: Any) -> None:
    with pytest.raises(PatchError) as caught:
        json_patch({}, ops)
    assert (caught.value.code, caught.value.reason) == (400, "BadRequest")


def _pointer(path: list[str]) -> str:
    return "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in path)


def _difference(before: Any, after: Any, path: list[str]) -> list[Doc]:
    """Operations that turn one value into the other: the model that json_patch is held against."""
    if isinstance(before, dict) and isinstance(after, dict):
        ops = [{"op": "remove", "path": _pointer([*path, key])} for key in before if key not in after]
        for key in after:
            if key in before:
                ops += _difference(before[key], after[key], [*path, key])
            else:
                ops.append({"op": "add", "path": _pointer([*path, key]), "value": after[key]})
        return ops
    if isinstance(before, list) and isinstance(after, list):
        shared = min(len(before), len(after))
        ops = [{"op": "remove", "path": _pointer([*path, "-1"])} for _ in before[shared:]]
        for i in range(shared):
            ops += _difference(before[i], after[i], [*path, str(i)])
        return ops + [{"op": "add", "path": _pointer([*path, "-"]), "value": item} for item in after[shared:]]
    if equal_json(before, after):
        return [{"op": "test", "path": _pointer(path), "value": after}]
    return [{"op": "replace", "path": _pointer(path), "value": after}]


@given(DOCS, DOCS)
def test_json_patch_applies_a_difference(before: Doc, after: Doc) -> None:
    kept = copy.deepcopy(before)
    result = json_patch(before, _difference(before, after, []))
    assert equal_json(result, after)
    assert equal_json(before, kept)


POINTERS = st.text(alphabet="/ab0-~1", max_size=6)
NONSENSE = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"])},
    optional={"path": POINTERS, "from": POINTERS, "value": JSON},
)


@given(DOCS, st.lists(NONSENSE, max_size=4))
def test_json_patch_of_nonsense_is_refused_or_applied_but_never_breaks(doc: Doc, ops: list[Doc]) -> None:
    kept = copy.deepcopy(doc)
    refusals = []
    try:
        json.dumps(json_patch(doc, ops))
    except PatchError as error:
        refusals.append(error.code)
    assert refusals in ([], [422])
    assert equal_json(doc, kept)


# Merge patch


@pytest.mark.parametrize(
    ("doc", "change", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"a": "foo"}, {"a": {"b": {"c": None, "d": 1}}}, {"a": {"b": {"d": 1}}}),
    ],
)
def test_merge_patch(doc: Doc, change: Doc, expected: Doc) -> None:
    before = copy.deepcopy((doc, change))
    assert merge_patch(doc, change) == expected
    assert (doc, change) == before


def test_merge_patch_keeps_the_order_of_what_stays() -> None:
    assert list(merge_patch({"a": 1, "b": 2, "c": 3}, {"d": 4, "b": 5, "a": None})) == ["b", "c", "d"]


@pytest.mark.parametrize("change", [[], "x", None, 3])
def test_merge_patch_wants_an_object(change: Any) -> None:
    with pytest.raises(PatchError) as caught:
        merge_patch({}, change)
    assert caught.value.code == 400


def _model(target: Any, change: Any) -> Any:
    """RFC 7386, section 2, word for word."""
    if not isinstance(change, dict):
        return change
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _model(result.get(key), value)
    return result


NO_LISTS = st.recursive(SCALARS, lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=10)


@given(DOCS, st.dictionaries(KEYS, NO_LISTS, max_size=4))
def test_merge_patch_is_the_rfc(doc: Doc, change: Doc) -> None:
    result = merge_patch(doc, change)
    assert equal_json(result, _model(doc, change))
    assert equal_json(merge_patch(result, change), result)


# Strategic merge patch


def _pod(**spec: Any) -> Doc:
    return {"kind": "Pod", "spec": spec}


def test_containers_merge_by_name_and_their_lists_by_their_keys() -> None:
    live = _pod(
        containers=[
            {
                "name": "a",
                "image": "a:1",
                "args": ["x", "y"],
                "env": [{"name": "E", "value": "1"}, {"name": "F", "value": "2"}],
                "ports": [{"containerPort": 80, "protocol": "TCP", "name": "web"}],
                "volumeMounts": [{"mountPath": "/data", "name": "d"}],
            },
            {"name": "b", "image": "b:1"},
        ],
        volumes=[{"name": "d", "emptyDir": {}}],
        tolerations=[{"key": "t"}],
    )
    change = _pod(
        containers=[
            {
                "name": "a",
                "args": ["z"],
                "env": [{"name": "F", "value": "3"}, {"name": "G", "value": "4"}],
                "ports": [{"containerPort": 80, "name": "http"}, {"containerPort": 53, "protocol": "UDP"}],
                "volumeMounts": [{"mountPath": "/data", "readOnly": True}],
            },
            {"name": "c", "image": "c:1"},
        ],
        volumes=[{"name": "e", "emptyDir": {}}],
        tolerations=[{"key": "u"}],
    )
    spec = strategic_merge(live, change, "Pod")["spec"]
    a, b, c = sorted(spec["containers"], key=lambda container: container["name"])
    assert (b, c) == ({"name": "b", "image": "b:1"}, {"name": "c", "image": "c:1"})
    assert a["image"] == "a:1"
    assert a["args"] == ["z"]
    assert {e["name"]: e["value"] for e in a["env"]} == {"E": "1", "F": "3", "G": "4"}
    assert a["ports"] == [
        {"containerPort": 80, "protocol": "TCP", "name": "http"},
        {"containerPort": 53, "protocol": "UDP"},
    ]
    assert a["volumeMounts"] == [{"mountPath": "/data", "name": "d", "readOnly": True}]
    assert sorted(volume["name"] for volume in spec["volumes"]) == ["d", "e"]
    assert spec["tolerations"] == [{"key": "u"}]


@pytest.mark.parametrize(
    ("kind", "field", "key"),
    [
        ("Service", "ports", "port"),
        ("Pod", "hostAliases", "ip"),
        ("Pod", "imagePullSecrets", "name"),
        ("Pod", "topologySpreadConstraints", "topologyKey"),
    ],
)
def test_lists_of_a_spec_merge_by_key(kind: str, field: str, key: str) -> None:
    live = {"spec": {field: [{key: 1, "x": 1}, {key: 2, "x": 2}]}}
    merged = strategic_merge(live, {"spec": {field: [{key: 2, "y": 3}]}}, kind)["spec"][field]
    assert sorted(merged, key=lambda item: item[key]) == [{key: 1, "x": 1}, {key: 2, "x": 2, "y": 3}]


def test_conditions_owner_references_and_finalizers() -> None:
    live = {
        "metadata": {"finalizers": ["a", "b"], "ownerReferences": [{"uid": "1", "name": "x"}], "labels": {"k": "v"}},
        "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "R"}]},
    }
    change = {
        "metadata": {
            "finalizers": ["c"],
            "$deleteFromPrimitiveList/finalizers": ["a"],
            "ownerReferences": [{"uid": "2"}],
            "labels": {"k": None, "l": "w"},
        },
        "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "New"}]},
    }
    merged = strategic_merge(live, change, "Pod")
    assert sorted(merged["metadata"]["finalizers"]) == ["b", "c"]
    assert sorted(owner["uid"] for owner in merged["metadata"]["ownerReferences"]) == ["1", "2"]
    assert merged["metadata"]["labels"] == {"l": "w"}
    assert sorted(merged["status"]["conditions"], key=lambda c: c["type"]) == [
        {"type": "New"},
        {"type": "Ready", "status": "True", "reason": "R"},
    ]


def test_directives_delete_and_replace_items_and_objects() -> None:
    live = _pod(containers=[{"name": "a"}, {"name": "b"}], nodeSelector={"x": "1", "y": "2"}, affinity={"a": 1})
    deleted = strategic_merge(live, _pod(containers=[{"name": "a", "$patch": "delete"}]), "Pod")
    assert deleted["spec"]["containers"] == [{"name": "b"}]
    change = _pod(
        containers=[{"name": "c"}, {"$patch": "replace"}],
        nodeSelector={"$patch": "replace", "z": "3"},
        affinity={"$patch": "delete"},
    )
    assert strategic_merge(live, change, "Pod")["spec"] == {
        "containers": [{"name": "c"}],
        "nodeSelector": {"z": "3"},
        "affinity": {},
    }


def test_retain_keys_drop_the_other_member_of_a_union() -> None:
    live = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    change = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert strategic_merge(live, change, "Deployment")["spec"] == {"strategy": {"type": "Recreate"}}
    volumes = _pod(volumes=[{"name": "v", "emptyDir": {}}])
    retyped = _pod(volumes=[{"name": "v", "configMap": {"name": "c"}, "$retainKeys": ["name", "configMap"]}])
    assert strategic_merge(volumes, retyped, "Pod")["spec"]["volumes"] == [{"name": "v", "configMap": {"name": "c"}}]
    with pytest.raises(PatchError, match="retainKeys"):
        strategic_merge(live, {"spec": {"strategy": {"$retainKeys": ["type"], "rollingUpdate": {}}}}, "Deployment")


@pytest.mark.parametrize(
    ("live", "change", "order", "expected"),
    [
        ("abc", "ca", "ca", "bca"),
        ("abc", "d", "dab", "dabc"),
        ("ab", "", "ba", "ba"),
        ("cdb", "a-c-d", "a", "ba"),
    ],
)
def test_element_order(live: str, change: str, order: str, expected: str) -> None:
    """Ordered items come as ordered, the others where they stood; `-x` deletes. The last row: deletions make room."""
    items: list[Doc] = []
    for i, name in enumerate(change):
        if name != "-":
            items.append({"name": name, "$patch": "delete"} if change[i - 1 : i] == "-" else {"name": name, "x": 1})
    spec: Doc = {"$setElementOrder/volumes": [{"name": name} for name in order]}
    if items:
        spec["volumes"] = items
    merged = strategic_merge(_pod(volumes=[{"name": name} for name in live]), _pod(**spec), "Pod")
    assert "".join(volume["name"] for volume in merged["spec"]["volumes"]) == expected
    assert set(merged["spec"]) == {"volumes"}


def test_element_order_of_primitives() -> None:
    live = {"metadata": {"finalizers": ["a", "b", "c"]}}
    change = {"metadata": {"finalizers": ["d"], "$setElementOrder/finalizers": ["d", "c", "a"]}}
    assert strategic_merge(live, change, "Pod")["metadata"]["finalizers"] == ["d", "b", "c", "a"]


def test_directives_and_nulls_of_new_parts_do_not_stay_in_the_object() -> None:
    change = _pod(
        volumes=[{"name": "v", "emptyDir": {}, "hostPath": None, "$retainKeys": ["name", "emptyDir"]}],
        containers=[{"name": "a", "env": [{"name": "gone", "$patch": "delete"}]}],
        **{"$setElementOrder/containers": [{"name": "a"}]},
    )
    assert strategic_merge({}, change, "Pod") == {
        "kind": "Pod",
        "spec": {"volumes": [{"name": "v", "emptyDir": {}}], "containers": [{"name": "a", "env": []}]},
    }


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        (_pod(containers=[{"image": "x"}]), 500, "map: map[image:x] does not contain declared merge key: name"),
        (_pod(containers=[{"name": "a", "$patch": "burn"}]), 500, "unknown patch type: burn in map"),
        (_pod(containers=[{"name": "a", "$patch": "merge"}]), 500, "merging lists cannot yet be specified"),
        (_pod(containers=[["a"]]), 422, "the server rejected our request"),
        (_pod(containers=[{"name": "a"}, 3]), 500, "list element types are not identical"),
        (_pod(**{"$setElementOrder/containers": "a"}), 500, "expected a []interface {}, but received a string"),
        (_pod(**{"$setElementOrder": []}), 400, "invalid patch format of setElementOrder list"),
        (_pod(**{"$deleteFromPrimitiveListX/a": []}), 400, "invalid patch format of primitive list"),
        (
            _pod(containers=[{"name": "b"}, {"name": "a"}], **{"$setElementOrder/containers": [{"name": "a"}]}),
            500,
            "doesn't match $setElementOrder list",
        ),
        ({"spec": {"$patch": "merge"}}, 500, "unknown patch type: merge in map: map[]"),
        ([], 400, "a strategic merge patch is an object"),
    ],
)
def test_strategic_refuses(change: Any, code: int, text: str) -> None:
    live = _pod(containers=[{"name": "a", "image": "i"}])
    before = copy.deepcopy(live)
    with pytest.raises(PatchError) as caught:
        strategic_merge(live, change, "Pod")
    assert caught.value.code == code
    assert text in caught.value.message
    assert live == before


@pytest.mark.parametrize("kind", ["IPAddressPool", "PodSpec", ""])
def test_strategic_is_for_builtin_kinds(kind: str) -> None:
    with pytest.raises(PatchError) as caught:
        strategic_merge({}, {}, kind)
    assert (caught.value.code, caught.value.reason) == (415, "UnsupportedMediaType")
    assert "application/merge-patch+json" in caught.value.message


NAMES = st.lists(st.sampled_from("abcd"), unique=True, max_size=4)


def _containers(names: list[str], images: list[int]) -> list[Doc]:
    return [{"name": name, "image": str(image)} for name, image in zip(names, images, strict=False)]


@given(NAMES, NAMES, NAMES, st.lists(st.integers(0, 2), min_size=4, max_size=4))
def test_strategic_list_against_a_model(live: list[str], put: list[str], drop: list[str], images: list[int]) -> None:
    """As mappings by name: put items override, dropped ones are gone, the rest is untouched; the patch's order holds."""
    drop = [name for name in drop if name not in put]
    doc = _pod(containers=[{"name": name, "image": "live", "tty": True} for name in live])
    change = [*_containers(put, images), *({"name": name, "$patch": "delete"} for name in drop)]
    merged = strategic_merge(doc, _pod(containers=change), "Pod")["spec"]["containers"]
    expected = {name: {"name": name, "image": "live", "tty": True} for name in live if name not in drop}
    for item in _containers(put, images):
        expected[item["name"]] = {**expected.get(item["name"], {}), **item}
    assert {item["name"]: item for item in merged} == expected
    assert len(merged) == len(expected)
    assert [item["name"] for item in merged if item["name"] in put] == put
    again = strategic_merge({"spec": {"containers": merged}}, _pod(containers=change), "Pod")["spec"]["containers"]
    assert again == merged
