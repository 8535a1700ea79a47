"""The dead-man before it is made: its patches, its rights, where it can run, and when there is none. Pure."""

from __future__ import annotations

import copy
import json
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policyworld import ccnp, cnp, namespace, pod, policy
from worlds import cilium, k3s_nodes, make_snapshot

from pointsman.tui.actions import deadman
from pointsman.tui.actions.change import Change
from pointsman.tui.actions.deadman import LARGEST_PATCH, Place, parse_slug, parts, patches
from pointsman.tui.actions.deadman_state import Deadman, Life, deadmen, needless, pod_stage
from pointsman.tui.actions.deadman_way import choose_place, way
from pointsman.tui.actions.deadmen import Deadmen
from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.toggle import ANNOTATIONS, OFF_OPERATION, parked, restored
from pointsman.tui.answers.policies.toggles import PARKED
from pointsman.tui.answers.ref import Ref
from pointsman.tui.demo.kube.jsonvalues import PatchError
from pointsman.tui.demo.kube.patch import json_patch
from pointsman.tui.disk.journal import Reading
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import PODS

OP = "feed1234"
KUBERNETES = [
    {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "kubernetes", "namespace": "default"},
        "spec": {"clusterIP": "10.43.0.1", "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]},
    },
    {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {"name": "kubernetes", "namespace": "default", "labels": {"kubernetes.io/service-name": "kubernetes"}},
        "addressType": "IPv4", "endpoints": [{"addresses": ["192.168.7.11"], "conditions": {"ready": True}}],
        "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}],
    },
]  # fmt: skip
SPACES = [namespace("db"), namespace("default"), namespace("kube-system")]
SHUT = "{podSelector: {}, policyTypes: [Ingress, Egress]}"


def off(doc: dict[str, Any]) -> Change:
    live = copy.deepcopy(doc)
    live["metadata"].setdefault("uid", "u-1")
    kinds = {
        "NetworkPolicy": "networkpolicies", "CiliumNetworkPolicy": "ciliumnetworkpolicies",
        "CiliumClusterwideNetworkPolicy": "ciliumclusterwidenetworkpolicies",
    }  # fmt: skip
    ref = Ref(kinds[live["kind"]], live["metadata"].get("namespace", ""), live["metadata"]["name"])
    return Change(ref, live, parked(live, op=OP, until=2e9, by="me"), live["apiVersion"].rpartition("/")[2])


# -- patches -----------------------------------------------------------------------------------------------------------

words = st.text("abcxyz/~.-é$\"' {}", min_size=1, max_size=8)
labels = st.dictionaries(words, words, max_size=3)
selectors = st.fixed_dictionaries(
    {}, optional={"matchLabels": labels, "matchExpressions": st.just([{"key": "a", "operator": "Exists"}])}
)
rules = st.fixed_dictionaries({"endpointSelector": selectors, "ingress": st.just([{}])})
bodies = st.one_of(
    st.fixed_dictionaries({"spec": rules}), st.fixed_dictionaries({"specs": st.lists(rules, min_size=1, max_size=3)})
)


def applied(doc: dict[str, Any], patch: str) -> dict[str, Any] | None:
    try:
        found = json_patch(copy.deepcopy(doc), json.loads(patch))
    except PatchError:
        return None
    if not found["metadata"].get("annotations"):
        found["metadata"].pop("annotations", None)  # as a server stores it
    return found


def made(body: dict[str, Any], notes: dict[str, str]) -> dict[str, Any]:
    meta: dict[str, Any] = {"name": "p", "namespace": "db", "uid": "u-1"}
    if notes:
        meta["annotations"] = notes
    return {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": meta, **body}


@given(bodies, labels)
@settings(max_examples=150, deadline=None)
def test_the_first_patch_puts_back_every_byte(body: dict[str, Any], notes: dict[str, str]) -> None:
    change = off(made(body, notes))
    assert change.after is not None
    found = applied(change.after, patches(change)[0])
    assert json.dumps(found, sort_keys=True) == json.dumps(change.before, sort_keys=True)
    assert found == restored(change.after)


@given(bodies, labels)
@settings(max_examples=150, deadline=None)
def test_no_patch_touches_what_another_operation_holds(body: dict[str, Any], notes: dict[str, str]) -> None:
    change = off(made(body, notes))
    assert change.before is not None
    other = parked(change.before, op="0ther000", until=None, by="them")
    assert [applied(other, patch) for patch in patches(change)] == [None, None, None]
    assert [applied(change.before, patch) for patch in patches(change)] == [None, None, None]


@given(bodies, labels, st.dictionaries(st.text("abc", min_size=1, max_size=3), words, min_size=1, max_size=2))
@settings(max_examples=150, deadline=None)
def test_a_changed_selector_keeps_the_change_and_loses_the_label(
    body: dict[str, Any], notes: dict[str, str], more: dict[str, str]
) -> None:
    change = off(made(body, notes))
    assert change.after is not None
    changed = copy.deepcopy(change.after)
    rule = changed["specs"][0] if "specs" in changed else changed["spec"]
    rule["endpointSelector"]["matchLabels"].update({f"new-{key}": value for key, value in more.items()})
    found = next(item for item in (applied(changed, patch) for patch in patches(change)) if item is not None)
    for mark in ANNOTATIONS:
        found["metadata"].get("annotations", {}).pop(
            mark, None
        )  # the last patch leaves those that say nothing any more
    assert OFF_OPERATION not in found["metadata"].get("annotations", {})
    wanted = restored(changed)
    for side in (found, wanted):
        for each in [*side.get("specs", []), *([side["spec"]] if "spec" in side else [])]:
            assert PARKED not in each["endpointSelector"].get("matchLabels", {})
            if not each["endpointSelector"].get("matchLabels"):
                each["endpointSelector"].pop("matchLabels", None)  # no labels and none at all mean the same
        if not side["metadata"].get("annotations"):
            side["metadata"].pop("annotations", None)
    assert found == wanted


# -- objects -----------------------------------------------------------------------------------------------------------


def test_rights_for_one_object_and_owned_by_the_job_where_they_can_be() -> None:
    account, job, role, binding = parts(off(policy(SHUT, "db/shut")), OP, Place("db", "i"), 2e9, 2e9 - 60)
    assert role["rules"] == [
        {
            "apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "resourceNames": ["shut"],
            "verbs": ["get", "patch"],
        }
    ]  # fmt: skip
    assert {doc["metadata"]["namespace"] for doc in (account, job, role, binding)} == {"db"}
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": f"pointsman-deadman-{OP}", "namespace": "db"}]
    spec = job["spec"]["template"]["spec"]
    assert spec["serviceAccountName"] == account["metadata"]["name"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["containers"][0]["securityContext"]["readOnlyRootFilesystem"]
    assert job["spec"]["activeDeadlineSeconds"] > 60
    assert job["spec"]["ttlSecondsAfterFinished"]
    env = {item["name"]: item["value"] for item in spec["containers"][0]["env"]}
    assert (env["RESOURCE"], env["NAMESPACE"], env["NAME"]) == ("networkpolicies.v1.networking.k8s.io", "db", "shut")


def test_a_policy_of_the_whole_cluster_has_a_clusterrole() -> None:
    change = off(ccnp("{endpointSelector: {}, ingress: [{}]}", "all"))
    account, job, role, binding = parts(change, OP, Place("kube-system", "i"), 2e9, 2e9)
    assert [doc["kind"] for doc in (role, binding)] == ["ClusterRole", "ClusterRoleBinding"]
    assert "namespace" not in role["metadata"]
    assert role["rules"][0]["resourceNames"] == ["all"]
    assert {account["metadata"]["namespace"], job["metadata"]["namespace"]} == {"kube-system"}
    (man,) = deadmen(make_snapshot(SPACES, {**job, "apiVersion": "batch/v1"}))
    assert man.ref == change.ref
    assert man.names == (
        ("Job", "kube-system", f"pointsman-deadman-{OP}"), ("ClusterRoleBinding", "", f"pointsman-deadman-{OP}"),
        ("ClusterRole", "", f"pointsman-deadman-{OP}"), ("ServiceAccount", "kube-system", f"pointsman-deadman-{OP}"),
    )  # fmt: skip


def test_there_is_none_for_what_must_be_deleted_or_is_too_long() -> None:
    loose = cnp("[{endpointSelector: {}, ingress: [{}]}, {description: no subject}]", "db/loose")
    with pytest.raises(ActionError, match="right to create any policy"):
        parts(Change(Ref("ciliumnetworkpolicies", "db", "loose"), loose, None, "v2"), OP, Place("db", "i"), 2e9, 2e9)
    long = policy("{podSelector: {}}", "db/long")
    long["spec"]["podSelector"] = {
        "matchExpressions": [{"key": "a", "operator": "In", "values": ["v" * 63] * (LARGEST_PATCH // 63)}]
    }
    with pytest.raises(ActionError, match="too long"):
        parts(off(long), OP, Place("db", "i"), 2e9, 2e9)


def test_the_script_is_posix_shell() -> None:
    path = Path(deadman.__file__).with_name("deadman.sh")
    assert subprocess.run(["sh", "-n", str(path)], check=False).returncode == 0
    assert not path.stat().st_mode & stat.S_IXUSR
    assert "$$" not in deadman.script(), "the kubelet would make one dollar of it"


@pytest.mark.parametrize(
    "text", ["", "netpol", "a/b/c/d", "networkpolicies/../x", "networkpolicies/db/", "np/DB/x", "np/a b/c"]
)
def test_what_is_no_policys_name_is_none(text: str) -> None:
    assert parse_slug(text) is None


# -- the way to the API server -----------------------------------------------------------------------------------------


def world(*docs: Any, engine: Any = ()) -> Any:
    nodes = k3s_nodes(flannel="") if engine else k3s_nodes()
    return make_snapshot(SPACES, nodes, engine, KUBERNETES, pod("db/db", {"app": "db"}, ip="10.42.0.5"), *docs)


def test_beside_its_policy_where_the_way_is_open() -> None:
    snapshot = world(policy("{podSelector: {}}", "db/in-only"))
    place = choose_place(snapshot, Ref("networkpolicies", "db", "in-only"), OP, "i")
    assert (place.namespace, place.sure) == ("db", True)
    assert "open with the policy on and off" in place.way


def test_a_default_deny_for_egress_sends_it_to_kube_system() -> None:
    snapshot = world(policy(SHUT, "db/shut"), engine=cilium())
    found = way(snapshot, Ref("networkpolicies", "db", "shut"), OP, "db")
    assert (found.on.value, found.off.value) == ("denied", "allowed")
    assert "db/shut selects" in found.why
    place = choose_place(snapshot, Ref("networkpolicies", "db", "shut"), OP, "i")
    assert place.namespace == "kube-system"
    assert "from db it would be shut" in place.way


def test_a_policy_that_lets_it_out_alone_is_shut_when_it_is_off() -> None:
    api = policy("{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 6443}]}]}", "db/api")
    snapshot = world(policy(SHUT, "db/shut"), api, engine=cilium())
    found = way(snapshot, Ref("networkpolicies", "db", "api"), OP, "db")
    assert (found.on.value, found.off.value) == ("allowed", "denied")


def test_where_every_way_is_shut_there_is_none() -> None:
    snapshot = world(policy(SHUT, "db/shut"), policy(SHUT, "kube-system/shut"), engine=cilium())
    with pytest.raises(ActionError, match="would not reach the API server"):
        choose_place(snapshot, Ref("networkpolicies", "db", "shut"), OP, "i")
    with pytest.raises(ActionError, match="There is no namespace nowhere"):
        choose_place(snapshot, Ref("networkpolicies", "db", "shut"), OP, "i", "nowhere")


def test_on_the_api_servers_own_node_an_engine_of_iptables_may_let_it_through() -> None:
    found = way(world(policy(SHUT, "db/shut")), Ref("networkpolicies", "db", "shut"), OP, "db")
    assert (found.on.value, found.off.value, found.shut) == ("unknown", "allowed", False)
    place = choose_place(world(policy(SHUT, "db/shut")), Ref("networkpolicies", "db", "shut"), OP, "i")
    assert (place.namespace, place.sure) == ("kube-system", True)
    assert "from db it may be shut" in place.way


def test_an_unknown_way_says_so() -> None:
    snapshot = make_snapshot(SPACES, k3s_nodes(), pod("db/db", {}), policy("{podSelector: {}}", "db/p"))
    place = choose_place(snapshot, Ref("networkpolicies", "db", "p"), OP, "i")
    assert not place.sure
    assert "not known with the policy on" in place.way


def test_the_way_under_cilium_is_judged_by_its_entities() -> None:
    shut = ccnp("{endpointSelector: {}, egress: [{toEntities: [cluster]}]}", "no-world")
    snapshot = make_snapshot(SPACES, k3s_nodes(flannel=""), cilium(), KUBERNETES, pod("db/db", {}), shut)
    found = way(snapshot, Ref("ciliumclusterwidenetworkpolicies", "", "no-world"), OP, "db")
    assert (found.on.value, found.off.value) == ("allowed", "allowed")


# -- how far it is -----------------------------------------------------------------------------------------------------


def pod_of(state: dict[str, Any], *, ready: bool = False, last: dict[str, Any] | None = None) -> Any:
    doc = pod("db/d", {deadman.LABEL: OP})
    doc["status"] = {
        "phase": "Running", "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        "containerStatuses": [{"name": "deadman", "image": "i", "state": state, "lastState": last or {}}],
    }  # fmt: skip
    return from_doc(doc, PODS)


@pytest.mark.parametrize(
    ("state", "failed", "text"),
    [
        ({"waiting": {"reason": "ErrImagePull"}}, False, "waits (ErrImagePull)"),
        ({"waiting": {"reason": "ImagePullBackOff", "message": "no such host"}}, True, "cannot be pulled (ImagePullBackOff: no such host)"),
        ({"waiting": {"reason": "InvalidImageName"}}, True, "cannot be pulled"),
        ({"waiting": {"reason": "CrashLoopBackOff"}}, True, "does not run (CrashLoopBackOff"),
        ({"terminated": {"reason": "StartError", "message": "exec format error"}}, True, "exec format error"),
        ({"running": {}}, False, "has not read the policy yet"),
        ({}, False, "is being started"),
    ],
)  # fmt: skip
def test_what_a_pod_says(state: dict[str, Any], failed: bool, text: str) -> None:
    stage = pod_stage([pod_of(state)])
    assert (stage.armed, stage.failed) == (False, failed)
    assert text in stage.text
    assert pod_stage([pod_of(state), pod_of({"running": {}}, ready=True)]).armed, "one that is armed is enough"


def test_one_that_lost_its_way_is_told() -> None:
    change = off(policy("{podSelector: {}}", "db/p"))
    assert change.after is not None
    job = {**parts(change, OP, Place("db", "i"), 2e9, 2e9)[1], "apiVersion": "batch/v1"}
    bad = pod("db/d", {deadman.LABEL: OP})
    bad["status"]["containerStatuses"] = [
        {"name": "deadman", "image": "i", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    ]
    for docs, lost in (((change.after, job, bad), 1), ((change.after, job), 0), ((change.before, job, bad), 0)):
        snapshot = make_snapshot(SPACES, *docs)
        men = Deadmen(None, None, lambda snapshot=snapshot: snapshot, Reading, lambda: 0.0)  # type: ignore[arg-type, misc]
        assert len(men.lost()) == lost


def test_which_are_needless() -> None:
    off_doc = parked(policy("{podSelector: {}}", "db/p"), op=OP, until=2e9, by="me")
    ref = Ref("networkpolicies", "db", "p")
    man = Deadman(OP, "db", ref, Life.ARMED, 1000.0, "")
    assert not needless(make_snapshot(off_doc), man, 1e6, settled=True), "its policy is off by it"
    on = make_snapshot(policy("{podSelector: {}}", "db/p"))
    assert not needless(on, man, 1010.0), "it may still be being armed"
    assert needless(on, man, 1010.0, settled=True)
    assert needless(on, man, 1000.0 + 200.0)
    assert needless(make_snapshot(SPACES), man, 1e6), "its policy is gone"
    other = parked(policy("{podSelector: {}}", "db/p"), op="0ther000", until=2e9, by="me")
    assert needless(make_snapshot(other), man, 1e6)
