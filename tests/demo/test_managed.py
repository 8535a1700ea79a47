"""Server-side apply and managedFields. The same sequences run against a real API server in test_merging_like_apiserver.py."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.demo.kube.fieldsets import difference, intersection, path_text, paths, union
from pointsman.tui.demo.kube.listkinds import ListKinds
from pointsman.tui.demo.kube.managed import ApplyConflict, apply, same_but_times, track_update
from pointsman.tui.demo.kube.patch import PatchError

Doc = dict[str, Any]

T1, T2, T3 = "2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z", "2026-01-01T00:00:03Z"


def _kind(name: str) -> ListKinds:
    found = ListKinds.builtin(name)
    assert found is not None
    return found


DEPLOYMENT, SERVICE, CONFIG_MAP = _kind("Deployment"), _kind("Service"), _kind("ConfigMap")


def _deployment(replicas: int | None = 2, image: str = "web:1", **container: Any) -> Doc:
    spec: Doc = {"template": {"spec": {"containers": [{"name": "web", "image": image, **container}]}}}
    if replicas is not None:
        spec["replicas"] = replicas
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def _config_map(data: Doc | None = None, **metadata: Any) -> Doc:
    doc: Doc = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", **metadata}}
    return doc if data is None else {**doc, "data": data}


def _owners(doc: Doc) -> dict[str, Doc]:
    return {
        f"{entry['manager']}/{entry['operation']}{'/' + entry['subresource'] if 'subresource' in entry else ''}": entry[
            "fieldsV1"
        ]
        for entry in doc["metadata"].get("managedFields", [])
    }


def _put(live: Doc | None, config: Doc, manager: str, *, force: bool = False, now: str = T1, **more: Any) -> Doc:
    schema = more.pop("schema", DEPLOYMENT if config["kind"] == "Deployment" else CONFIG_MAP)
    return apply(live, config, manager=manager, force=force, now=now, schema=schema, **more)


def test_first_apply_owns_leaves_list_items_and_their_keys() -> None:
    config = _deployment(
        env=[{"name": "A", "value": "1"}], ports=[{"containerPort": 80}], args=["x"], resources={}, command=None
    )
    config["metadata"]["labels"] = {"app": "web"}
    config["metadata"]["finalizers"] = ["a/b"]
    made = _put(None, config, "me")
    (entry,) = made["metadata"]["managedFields"]
    assert {key: entry[key] for key in ("manager", "operation", "apiVersion", "time", "fieldsType")} == {
        "manager": "me",
        "operation": "Apply",
        "apiVersion": "apps/v1",
        "time": T1,
        "fieldsType": "FieldsV1",
    }
    assert entry["fieldsV1"] == {
        "f:metadata": {"f:finalizers": {'v:"a/b"': {}}, "f:labels": {"f:app": {}}},
        "f:spec": {
            "f:replicas": {},
            "f:template": {
                "f:spec": {
                    "f:containers": {
                        'k:{"name":"web"}': {
                            ".": {},
                            "f:args": {},
                            "f:command": {},
                            "f:env": {'k:{"name":"A"}': {".": {}, "f:name": {}, "f:value": {}}},
                            "f:image": {},
                            "f:name": {},
                            "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}},
                            "f:resources": {},
                        }
                    }
                }
            },
        },
    }
    assert "command" not in made["spec"]["template"]["spec"]["containers"][0]


def test_two_appliers_share_equal_values_and_conflict_on_others() -> None:
    live = _put(None, _deployment(), "one")
    live = _put(live, _deployment(), "two", now=T2)
    assert _owners(live)["one/Apply"] == _owners(live)["two/Apply"]
    with pytest.raises(ApplyConflict) as caught:
        _put(live, _deployment(3, "web:2"), "two", now=T2)
    causes = {(cause.message, cause.field) for cause in caught.value.causes}
    assert causes == {
        ('conflict with "one"', ".spec.replicas"),
        ('conflict with "one"', '.spec.template.spec.containers[name="web"].image'),
    }
    assert caught.value.message == (
        'Apply failed with 2 conflicts: conflicts with "one":\n'
        '- .spec.replicas\n- .spec.template.spec.containers[name="web"].image'
    )


def test_force_takes_the_field_from_its_owner() -> None:
    live = _put(None, _deployment(), "one")
    live = _put(live, _deployment(3), "two", force=True, now=T2)
    assert live["spec"]["replicas"] == 3
    assert "f:replicas" in _owners(live)["two/Apply"]["f:spec"]
    assert "f:replicas" not in _owners(live)["one/Apply"]["f:spec"]
    with pytest.raises(ApplyConflict) as caught:
        _put(live, _deployment(), "one")
    assert caught.value.message == 'Apply failed with 1 conflict: conflict with "two": .spec.replicas'


def test_a_field_no_longer_applied_goes_unless_another_owns_it() -> None:
    live = _put(None, _config_map({"mine": "1", "ours": "1"}), "one")
    live = _put(live, _config_map({"ours": "1", "theirs": "1"}), "two")
    live = track_update(
        live, {**live, "data": {**live["data"], "edited": "1"}}, manager="kubectl-edit", now=T2, schema=CONFIG_MAP
    )
    live = _put(live, _config_map(), "one", now=T3)
    assert live["data"] == {"ours": "1", "theirs": "1", "edited": "1"}
    live = _put(live, _config_map(), "two", now=T3)
    assert live["data"] == {"edited": "1"}
    assert set(_owners(live)) == {"kubectl-edit/Update"}


def test_a_list_item_no_longer_applied_goes_but_keeps_what_others_added_to_it() -> None:
    live = _put(None, _deployment(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]), "one")
    other = _deployment(None, env=[{"name": "B", "value": "2"}])
    live = _put(live, other, "two")
    live = _put(live, _deployment(), "one")
    assert live["spec"]["template"]["spec"]["containers"][0]["env"] == [{"name": "B", "value": "2"}]


def test_updates_are_tracked_and_named_in_conflicts() -> None:
    live = _put(None, _deployment(), "one")
    scaled = copy.deepcopy(live)
    scaled["spec"]["replicas"] = 5
    live = track_update(live, scaled, manager="kubectl-scale", subresource="scale", now=T2, schema=DEPLOYMENT)
    assert _owners(live)["kubectl-scale/Update/scale"] == {"f:spec": {"f:replicas": {}}}
    with pytest.raises(ApplyConflict) as caught:
        _put(live, _deployment(), "one")
    (cause,) = caught.value.causes
    assert cause.message == 'conflict with "kubectl-scale" with subresource "scale" using apps/v1'
    assert cause.field == ".spec.replicas"
    live = _put(live, _deployment(None), "one", now=T3)
    assert live["spec"]["replicas"] == 5


def test_update_on_create_owns_what_is_new_but_not_the_structs_that_always_exist() -> None:
    doc = _deployment(resources={})
    doc["metadata"]["labels"] = {"a": "b"}
    doc["metadata"] |= {"uid": "u", "resourceVersion": "1", "creationTimestamp": T1, "generation": 1}
    made = track_update(None, doc, manager="kubectl-create", now=T1, schema=DEPLOYMENT)
    assert _owners(made)["kubectl-create/Update"] == {
        "f:metadata": {"f:labels": {".": {}, "f:a": {}}},
        "f:spec": {
            "f:replicas": {},
            "f:template": {
                "f:spec": {
                    "f:containers": {
                        'k:{"name":"web"}': {".": {}, "f:image": {}, "f:name": {}, "f:resources": {}},
                    }
                }
            },
        },
    }


def test_an_update_takes_what_it_changes_and_frees_what_it_removes() -> None:
    live = _put(None, _config_map({"a": "1", "b": "1", "c": "1"}), "one")
    after = copy.deepcopy(live)
    after["data"] = {"a": "2", "b": "1"}
    live = track_update(live, after, manager="edit", now=T2, schema=CONFIG_MAP)
    assert _owners(live) == {
        "one/Apply": {"f:data": {"f:b": {}}},
        "edit/Update": {"f:data": {"f:a": {}}},
    }
    times = {entry["manager"]: entry["time"] for entry in live["metadata"]["managedFields"]}
    assert times == {"one": T1, "edit": T2}


def test_an_update_that_changes_nothing_leaves_the_entries_alone() -> None:
    live = track_update(None, _config_map({"a": "1"}), manager="one", now=T1, schema=CONFIG_MAP)
    again = track_update(live, copy.deepcopy(live), manager="two", now=T2, schema=CONFIG_MAP)
    assert again == live
    assert same_but_times(live, again)
    assert not same_but_times(live, _config_map({"a": "2"}))


def test_a_repeated_apply_keeps_its_time() -> None:
    live = _put(None, _config_map({"a": "1"}), "one", now=T1)
    assert _put(live, _config_map({"a": "1"}), "one", now=T2) == live
    changed = _put(live, _config_map({"a": "2"}), "one", now=T2)
    assert changed["metadata"]["managedFields"][0]["time"] == T2


def test_status_and_spec_have_entries_of_their_own() -> None:
    live = _put(None, {**_deployment(), "status": {"replicas": 1}}, "one")
    assert "f:status" not in _owners(live)["one/Apply"]
    status = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "status": {"replicas": 2}}
    live = _put(live, {**status, "spec": {"replicas": 9}}, "one", subresource="status", force=True)
    assert _owners(live)["one/Apply/status"] == {"f:status": {"f:replicas": {}}}
    assert "f:replicas" in _owners(live)["one/Apply"]["f:spec"]


def test_objects_without_entries_belong_to_before_first_apply() -> None:
    live = _config_map({"a": "1", "b": "1"})
    with pytest.raises(ApplyConflict) as caught:
        _put(live, _config_map({"a": "2"}), "one")
    assert caught.value.causes[0].message == 'conflict with "before-first-apply" using v1'
    taken = _put(live, _config_map({"a": "1"}), "one")
    assert set(_owners(taken)) == {"before-first-apply/Update", "one/Apply"}
    assert taken["data"] == live["data"]


def test_kubectl_takes_over_what_it_applied_client_side() -> None:
    applied = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"annotations": {}, "name": "c"},
        "data": {"a": "1"},
    }
    key = "kubectl.kubernetes.io/last-applied-configuration"
    doc = _config_map({"a": "1", "b": "x"}, annotations={key: json.dumps(applied)})
    live = track_update(None, doc, manager="kubectl-client-side-apply", now=T1, schema=CONFIG_MAP)
    with pytest.raises(ApplyConflict):
        _put(live, _config_map({"a": "2"}), "someone")
    after = _put(live, _config_map({"a": "2"}), "kubectl", now=T2)
    assert after["data"] == {"a": "2", "b": "x"}
    assert json.loads(after["metadata"]["annotations"][key])["data"] == {"a": "2"}
    with pytest.raises(ApplyConflict) as caught:
        _put(live, _config_map({"a": "2", "b": "y"}), "kubectl", now=T2)
    assert [cause.field for cause in caught.value.causes] == [".data.b"]


def test_clients_may_clear_or_replace_entries_by_update() -> None:
    live = _put(None, _config_map({"a": "1"}), "one")
    for cleared in ([], [{}]):
        after = {**live, "metadata": {"name": "c", "managedFields": cleared}}
        emptied = track_update(live, after, manager="x", now=T2, schema=CONFIG_MAP)
        assert "managedFields" not in emptied["metadata"]
        # Nobody is tracked again before the next apply.
        again = track_update(emptied, {**emptied, "data": {"a": "2"}}, manager="y", now=T2, schema=CONFIG_MAP)
        assert "managedFields" not in again["metadata"]
    renamed = copy.deepcopy(live)
    renamed["metadata"]["managedFields"][0]["manager"] = "renamed"
    assert set(_owners(track_update(live, renamed, manager="x", now=T2, schema=CONFIG_MAP))) == {"renamed/Apply"}
    dropped = {**live, "metadata": {"name": "c"}}
    assert _owners(track_update(live, dropped, manager="x", now=T2, schema=CONFIG_MAP)) == _owners(live)


@pytest.mark.parametrize(
    "entry",
    [
        {"operation": "Steal"},
        {"apiVersion": ""},
        {"fieldsType": "FieldsV2"},
        {"fieldsV1": {"f:a": 3}},
        {"fieldsV1": {"zzz": {}}},
        {"fieldsV1": []},
    ],
)
def test_entries_that_cannot_be_read(entry: Doc) -> None:
    live = _put(None, _config_map({"a": "1"}), "one")
    broken = copy.deepcopy(live)
    broken["metadata"]["managedFields"][0].update(entry)
    if entry != {"fieldsV1": []}:
        assert _owners(track_update(live, broken, manager="x", now=T2, schema=CONFIG_MAP)) == _owners(live)
        with pytest.raises(PatchError, match="failed to decode managed fields"):
            _put(broken, _config_map({"a": "1"}), "one")


def test_old_updaters_are_merged_beyond_ten() -> None:
    live = track_update(None, _config_map({"k": "v"}), manager="creator", now=T1, schema=CONFIG_MAP)
    for i in range(14):
        after = copy.deepcopy(live)
        after["data"][f"k{i}"] = "v"
        now = f"2026-01-01T00:01:{i:02}Z"
        live = track_update(live, after, manager=f"m{i:02}", now=now, schema=CONFIG_MAP)
    owners = _owners(live)
    assert sorted(owners) == ["ancient-changes/Update", *(f"m{i:02}/Update" for i in range(5, 14))]
    assert set(owners["ancient-changes/Update"]["f:data"]) == {".", "f:k", "f:k0", "f:k1", "f:k2", "f:k3", "f:k4"}


def test_entries_are_ordered_by_operation_time_and_name() -> None:
    live = track_update(None, _config_map({"k": "v"}), manager="zoe", now=T1, schema=CONFIG_MAP)
    live = _put(live, _config_map({"b": "v"}), "late", now=T3)
    live = _put(live, _config_map({"a": "v"}), "early", now=T2)
    assert [entry["manager"] for entry in live["metadata"]["managedFields"]] == ["early", "late", "zoe"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"env": [{"name": "A"}, {"name": "A"}]}, '.env: duplicate entries for key [name="A"]'),
        ({"ports": [{"containerPort": 80}] * 2}, '.ports: duplicate entries for key [containerPort=80,protocol="TCP"]'),
    ],
)
def test_duplicates_in_a_configuration(change: Doc, text: str) -> None:
    with pytest.raises(PatchError) as caught:
        _put(None, _deployment(**change), "one")
    assert (caught.value.code, caught.value.reason) == (500, "")
    prefix = "failed to create typed patch object (/web; apps/v1, Kind=Deployment): "
    assert caught.value.message == f'{prefix}.spec.template.spec.containers[name="web"]{text}'


def test_a_configuration_has_no_managed_fields() -> None:
    with pytest.raises(PatchError) as caught:
        _put(None, _config_map(managedFields=[]), "one")
    assert (caught.value.code, caught.value.message) == (400, "metadata.managedFields must be nil")


# Custom resources

SCHEMA: Doc = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "atomicList": {"type": "array", "items": {"type": "string"}},
                "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
                "keyed": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name", "port"],
                    "items": {
                        "type": "object",
                        "properties": {
                            "name": {"type": "string"},
                            "port": {"type": "integer", "default": 80},
                            "v": {"type": "string"},
                        },
                    },
                },
                "whole": {
                    "type": "object",
                    "x-kubernetes-map-type": "atomic",
                    "additionalProperties": {"type": "string"},
                },
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            },
        },
        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
}
CUSTOM = ListKinds.crd(SCHEMA)


def _custom(**spec: Any) -> Doc:
    return {"apiVersion": "x.io/v1", "kind": "X", "metadata": {"name": "x"}, "spec": spec}


def test_lists_and_maps_of_custom_resources_merge_as_their_schema_says() -> None:
    one = _custom(
        atomicList=["a"], set=["a"], keyed=[{"name": "k", "v": "1"}], whole={"a": "1"}, free={"x": {"y": "1"}}
    )
    live = _put(None, one, "one", schema=CUSTOM)
    fields = _owners(live)["one/Apply"]["f:spec"]
    assert fields == {
        "f:atomicList": {},
        "f:set": {'v:"a"': {}},
        "f:keyed": {'k:{"name":"k","port":80}': {".": {}, "f:name": {}, "f:v": {}}},
        "f:whole": {},
        "f:free": {"f:x": {".": {}, "f:y": {}}},
    }
    two = _custom(set=["b"], keyed=[{"name": "k", "port": 81, "v": "2"}], free={"z": "2"})
    live = _put(live, two, "two", schema=CUSTOM)
    assert sorted(live["spec"]["set"]) == ["a", "b"]
    assert len(live["spec"]["keyed"]) == 2
    assert live["spec"]["free"] == {"x": {"y": "1"}, "z": "2"}
    for spec in ({"atomicList": ["a", "b"]}, {"whole": {"b": "2"}}):
        with pytest.raises(ApplyConflict) as caught:
            _put(live, _custom(**spec), "two", schema=CUSTOM)
        assert [cause.field for cause in caught.value.causes] == [f".spec.{next(iter(spec))}"]
    live = _put(live, _custom(), "two", schema=CUSTOM)
    assert live["spec"]["set"] == ["a"]
    assert live["spec"]["free"] == {"x": {"y": "1"}}


@pytest.mark.parametrize("items", [["x"], [None], [["x"]]])
def test_a_live_object_whose_list_items_have_no_keys(items: list[Any]) -> None:
    """It is not refused on update, but nobody owns anything of it; apply says what is wrong."""
    live = _custom(keyed=items)
    tracked = track_update(None, live, manager="m", now=T1, schema=CUSTOM)
    assert "managedFields" not in tracked["metadata"]
    assert tracked["spec"] == live["spec"]
    with pytest.raises(PatchError, match="failed to create typed live object") as caught:
        _put(live, _custom(atomicList=[]), "one", schema=CUSTOM)
    assert caught.value.code == 500


def test_an_emptied_map_that_another_owns_stays_a_map_in_a_custom_resource() -> None:
    live = _put(None, _custom(free={"m": {"x": "1"}}), "one", schema=CUSTOM)
    live = _put(live, _custom(free={"m": {"x": "2"}}), "two", force=True, schema=CUSTOM)
    live = _put(live, _custom(), "two", schema=CUSTOM)
    assert live["spec"] == {"free": {"m": {}}}
    assert _owners(live)["one/Apply"] == {"f:spec": {"f:free": {"f:m": {}}}}


def test_fields_a_custom_resource_does_not_have() -> None:
    with pytest.raises(PatchError) as caught:
        _put(None, _custom(nonesuch=1), "one", schema=CUSTOM)
    assert caught.value.message.endswith("Kind=X): .spec.nonesuch: field not declared in schema")
    assert _put(None, _custom(free={"any": {"thing": 1}}), "one", schema=CUSTOM)["spec"]["free"]


def test_status_belongs_to_its_subresource_only_where_there_is_one() -> None:
    config = {**_custom(), "status": {"ready": True}}
    assert "f:status" not in _owners(_put(None, config, "one", schema=CUSTOM)).get("one/Apply", {})
    without = ListKinds.crd(SCHEMA, has_status=False)
    assert "f:status" in _owners(_put(None, config, "one", schema=without))["one/Apply"]


def test_update_on_create_of_a_custom_resource_owns_its_structs() -> None:
    made = track_update(None, _custom(atomicList=["a"]), manager="m", now=T1, schema=CUSTOM)
    assert _owners(made)["m/Update"] == {"f:spec": {".": {}, "f:atomicList": {}}}


# Laws

VALUES = st.sampled_from(["1", "2"])
DATA = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4)
ENV = st.dictionaries(st.sampled_from("ABC"), VALUES, max_size=3)


@st.composite
def configs(draw: st.DrawFn, names: str = "abcd") -> Doc:
    """Deployments with fields of every sort that two managers can meet on."""
    config = _deployment(draw(st.sampled_from([None, 1, 2])), draw(st.sampled_from(["i:1", "i:2"])))
    (container,) = config["spec"]["template"]["spec"]["containers"]
    labels = draw(st.dictionaries(st.sampled_from(names), VALUES, max_size=3))
    if labels:
        config["metadata"]["labels"] = labels
    if finalizers := draw(st.lists(st.sampled_from(["a/x", "a/y"]), unique=True, max_size=2)):
        config["metadata"]["finalizers"] = finalizers
    if env := draw(ENV):
        container["env"] = [{"name": name, "value": value} for name, value in env.items()]
    if args := draw(st.lists(st.sampled_from("pq"), max_size=2)):
        container["args"] = args
    if selector := draw(DATA):
        config["spec"]["selector"] = {"matchLabels": selector}
    return config


def _spec(doc: Doc) -> Doc:
    metadata = {key: value for key, value in doc["metadata"].items() if key != "managedFields"}
    return {**doc, "metadata": metadata}


@given(configs(), configs())
def test_applying_twice_is_applying_once(first: Doc, second: Doc) -> None:
    live = _put(None, first, "one")
    once = _put(live, second, "two", force=True, now=T2)
    twice = _put(once, second, "two", now=T3)
    assert twice == once


@given(configs(), configs())
def test_force_makes_the_applier_own_all_it_applied(first: Doc, second: Doc) -> None:
    live = _put(_put(None, first, "one"), second, "two", force=True)
    fresh = _put(None, second, "two")
    assert _owners(live)["two/Apply"] == _owners(fresh)["two/Apply"]
    contested: set[str] = set()
    try:
        _put(_put(None, first, "one"), second, "two")
    except ApplyConflict as conflict:
        contested = {cause.field for cause in conflict.causes}
    before = {path_text(path) for path in paths(_owners(_put(None, first, "one"))["one/Apply"])}
    kept = {path_text(path) for path in paths(_owners(live).get("one/Apply", {}))}
    assert before - kept == contested


@given(configs("ab"), st.dictionaries(st.sampled_from("cd"), VALUES, min_size=1, max_size=2))
def test_disjoint_managers_never_conflict_and_leave_without_a_trace(first: Doc, labels: Doc) -> None:
    mine = _put(None, first, "one")
    meta = {"name": "web", "labels": labels}
    both = _put(mine, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta}, "two", now=T2)
    assert both["metadata"]["labels"] == {**first["metadata"].get("labels", {}), **labels}
    gone = _put(both, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}, "two", now=T3)
    # An emptied map goes with its last key.
    assert _spec(gone) == _spec(mine)
    assert _owners(gone) == _owners(mine)


@given(configs(), configs())
def test_a_sole_applier_gets_exactly_what_it_applies(first: Doc, second: Doc) -> None:
    """Fields left out go away; what stays is the second configuration, as if it had been the first."""
    live = _put(_put(None, first, "one"), second, "one", now=T2)
    wanted = _put(None, second, "one", now=T2)
    assert _spec(live) == _spec(wanted)
    assert _owners(live) == _owners(wanted)


@given(configs(), configs(), configs())
def test_updates_and_applies_agree_on_who_owns_what(first: Doc, second: Doc, third: Doc) -> None:
    """After any write every owned field exists, and what an update changed is its own alone."""
    live = track_update(None, first, manager="creator", now=T1, schema=DEPLOYMENT)
    kept = copy.deepcopy(live)
    live = _put(live, second, "one", force=True, now=T2)
    assert (
        kept["metadata"]["managedFields"]
        == track_update(None, first, manager="creator", now=T1, schema=DEPLOYMENT)["metadata"]["managedFields"]
    )
    after = {**third, "metadata": {**third["metadata"], "managedFields": live["metadata"]["managedFields"]}}
    result = track_update(live, after, manager="editor", now=T3, schema=DEPLOYMENT)
    owners = _owners(result)
    whole = track_update(None, third, manager="all", now=T1, schema=DEPLOYMENT)
    everything = _owners(whole)["all/Update"]
    # Structs that always exist are in no Update entry of a create; the leaves are what counts.
    for fields in owners.values():
        missing = difference(fields, everything)
        assert all(path[-1].startswith("f:") for path in paths(missing)), missing
    changed = owners.get("editor/Update", {})
    assert not intersection(changed, union(owners.get("one/Apply", {}), owners.get("creator/Update", {})))
