"""Who enforces policies, and what that means for answers and states."""

from __future__ import annotations

from typing import Any

import pytest
from policyworld import ALLOWED, DENIED, UNKNOWN, Asked, ccnp, cnp, files, namespace, pod, policy
from worlds import cilium, daemonset, k3s_nodes, make_snapshot, node

from pointsman.tui.answers.policies.enforcement import ANP, CNP, KNP, NP, enforcement
from pointsman.tui.answers.policies.state import State, policy_rows
from pointsman.tui.store.snapshot import Cluster, Snapshot
from pointsman.tui.store.snapshot import State as Link

PODS = [namespace("default"), pod("default/a", {"app": "a"}, node="shed"), pod("default/b", {"app": "b"}, node="loft")]
SHUT = policy("podSelector: {}")
SHUT_BY_CILIUM = cnp("{endpointSelector: {}, ingress: [{}]}")
KUBEADM = [node("shed", "192.168.7.11", version="v1.35.2"), node("loft", "192.168.7.12", version="v1.35.2")]


def kubeadm(*docs: Any, **options: Any) -> Snapshot:
    """A cluster whose nodes tell nothing of an engine."""
    cluster = Cluster("test", "https://127.0.0.1:6443", "uid-1", "v1.35.2")
    return make_snapshot(KUBEADM, *docs, cluster=cluster, **options)


def flannel(*containers: str) -> dict[str, Any]:
    made = daemonset(
        "kube-flannel-ds",
        "kube-flannel",
        "ghcr.io/flannel-io/flannel:v0.28.9",
        {"app": "flannel"},
        container="kube-flannel",
    )
    for image in containers:
        made["spec"]["template"]["spec"]["containers"].append({"name": "more", "image": image})
    return made


def state_of(snapshot: Snapshot, number: int = 0) -> tuple[State, str]:
    row = policy_rows(snapshot)[number]
    return row.state, row.why


def test_k3s_enforces_unless_it_is_told_not_to() -> None:
    on = make_snapshot(PODS, k3s_nodes("--flannel-backend", "host-gw"), SHUT)
    assert Asked(on)("default/a", "default/b") is DENIED
    assert state_of(on)[0] is State.ACTIVE
    off = make_snapshot(PODS, k3s_nodes("--disable-network-policy"), SHUT)
    assert Asked(off)("default/a", "default/b") is ALLOWED
    assert "nobody enforces it" in Asked(off).texts("default/a", "default/b")
    assert state_of(off) == (
        State.NOT_ENFORCED,
        "nobody enforces it: k3s runs with --disable-network-policy, and its flannel enforces nothing",
    )


def test_k3s_without_readable_flags_is_unknown() -> None:
    agents = k3s_nodes()[1:]
    snapshot = make_snapshot(PODS, agents, SHUT)
    assert Asked(snapshot)("default/a", "default/b") is UNKNOWN
    assert Asked(snapshot)("default/a", "203.0.113.9") is ALLOWED  # allowed whether or not somebody enforces it
    assert state_of(snapshot)[0] is State.UNKNOWN


def test_flannel_alone_enforces_nothing_and_its_chart_can() -> None:
    alone = kubeadm(PODS, flannel(), SHUT)
    assert Asked(alone)("default/a", "default/b") is ALLOWED
    assert state_of(alone)[0] is State.NOT_ENFORCED
    chart = kubeadm(PODS, flannel("registry.k8s.io/networking/kube-network-policies:v1.0.0"), SHUT)
    assert Asked(chart)("default/a", "default/b") is DENIED
    assert policy_rows(chart)[0].enforced_by == "kube-network-policies"


def test_an_unreadable_list_is_unknown_never_nobody() -> None:
    snapshot = kubeadm(PODS, SHUT, states={"daemonsets": Link.FORBIDDEN})
    found = enforcement(snapshot)
    assert found.of(NP) is None
    assert "daemonsets.apps may not be read" in found.blind
    assert Asked(snapshot)("default/a", "default/b") is UNKNOWN


def test_nothing_recognised_is_unknown() -> None:
    snapshot = kubeadm(PODS, SHUT)
    assert enforcement(snapshot).of(NP) is None
    assert Asked(snapshot)("default/a", "default/b") is UNKNOWN


def test_policies_that_cannot_be_read_leave_everything_unknown() -> None:
    snapshot = make_snapshot(PODS, k3s_nodes(), states={"networkpolicies": Link.FORBIDDEN})
    assert Asked(snapshot)("default/a", "default/b") is UNKNOWN
    assert "networkpolicies.networking.k8s.io may not be read" in Asked(snapshot).texts("default/a", "default/b")


def test_labels_of_namespaces_that_cannot_be_read() -> None:
    by_label = policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}]}]}")
    hidden = {"namespaces": Link.FORBIDDEN}
    asked = Asked(make_snapshot(PODS, k3s_nodes(), by_label, states=hidden))
    assert asked("default/a", "default/b") is UNKNOWN
    assert "default/p asks for their labels" in asked.texts("default/a", "default/b")
    by_name = policy(
        "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: x}}}]}]}"
    )
    assert Asked(make_snapshot(PODS, k3s_nodes(), by_name, states=hidden))("default/a", "default/b") is DENIED


def test_an_engine_for_network_policies_knows_no_others() -> None:
    snapshot = make_snapshot(PODS, k3s_nodes(), SHUT_BY_CILIUM)
    assert Asked(snapshot)("default/a", "default/b") is ALLOWED
    state, why = state_of(snapshot)
    assert state is State.NOT_ENFORCED
    assert why.endswith("does not know CiliumNetworkPolicy")


@pytest.mark.parametrize(
    ("config", "by_np", "by_cnp"),
    [
        ({}, DENIED, DENIED),
        ({"enable-policy": "never"}, ALLOWED, ALLOWED),
        ({"enable-k8s-networkpolicy": "false"}, ALLOWED, DENIED),
        ({"policy-audit-mode": "true"}, ALLOWED, ALLOWED),
    ],
)
def test_ciliums_modes(config: dict[str, str], by_np: object, by_cnp: object) -> None:
    assert Asked(kubeadm(PODS, cilium(config), SHUT))("default/a", "default/b") is by_np
    assert Asked(kubeadm(PODS, cilium(config), SHUT_BY_CILIUM))("default/a", "default/b") is by_cnp


def test_a_policy_that_sleeps_is_named() -> None:
    asked = Asked(kubeadm(PODS, cilium({"enable-policy": "never"}), SHUT_BY_CILIUM))
    assert (
        "CiliumNetworkPolicy default/c would restrict ingress of default/b, but nobody enforces it:"
        " Cilium's enforcement is switched off (enable-policy: never)"
    ) in asked.texts("default/a", "default/b")


def test_audit_mode_says_what_it_would_do() -> None:
    snapshot = kubeadm(PODS, cilium({"policy-audit-mode": "true"}), SHUT_BY_CILIUM)
    decision = Asked(snapshot).decide("default/a", "default/b")
    assert decision.audited
    assert ("audit", "default/c") in {(item.decision, item.policy.path) for item in decision.because if item.policy}
    assert state_of(snapshot)[0] is State.AUDIT


def test_default_deny_without_a_policy() -> None:
    asked = Asked(kubeadm(PODS, cilium({"enable-policy": "always"})))
    assert asked("default/a", "default/b") is DENIED
    assert "enable-policy: always" in asked.texts("default/a", "default/b")


def test_without_ciliums_configuration_nothing_denied_is_certain() -> None:
    agent, operator, _ = cilium()
    snapshot = kubeadm(PODS, agent, operator, SHUT)
    assert Asked(snapshot)("default/a", "default/b") is UNKNOWN
    assert state_of(snapshot)[0] is State.UNKNOWN


def test_two_engines_must_both_let_it_pass() -> None:
    nodes = k3s_nodes("--flannel-backend", "none")
    block = policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}")
    both = make_snapshot(PODS, nodes, cilium(), SHUT_BY_CILIUM, block)
    assert [engine.id for engine in enforcement(both).engines] == ["cilium", "k3s"]
    assert Asked(both)("default/a", "default/b") is DENIED


@pytest.mark.parametrize(
    ("made", "engine", "np"),
    [
        (daemonset("kube-router", "kube-system", "cloudnativelabs/kube-router:v2", {"k8s-app": "kube-router"}), "kube-router", True),
        (daemonset("kube-router", "kube-system", "cloudnativelabs/kube-router:v2", {"k8s-app": "kube-router"},
                   args=["--run-firewall=false"]), "", None),
        (daemonset("calico-node", "kube-system", "docker.io/calico/node:v3.30", {"k8s-app": "calico-node"}), "calico", True),
        (daemonset("kindnet", "kube-system", "docker.io/kindest/kindnetd:v20250512-df8de77b", {"k8s-app": "kindnet"}), "kindnet", True),
        (daemonset("kindnet", "kube-system", "docker.io/kindest/kindnetd:v20230511-dc714da8", {"k8s-app": "kindnet"}), "", None),
        (daemonset("kindnet", "kube-system", "my/kindnetd:latest", {"k8s-app": "kindnet"}), "kindnet", None),
    ],
)  # fmt: skip
def test_other_engines(made: dict[str, Any], engine: str, np: bool | None) -> None:
    found = enforcement(kubeadm(made))
    assert [item.id for item in found.engines] == ([engine] if engine else [])
    assert found.of(NP) is np


def test_what_cilium_knows_of_the_other_kinds() -> None:
    found = enforcement(kubeadm(cilium()))
    assert (found.of(ANP), found.of(KNP), found.of(CNP)) == (False, None, True)
    on = enforcement(kubeadm(cilium({"enable-k8s-cluster-network-policy": "true"})))
    assert on.of(KNP) is True


def test_files_are_judged_as_if_enforced_and_say_so() -> None:
    snapshot = files(PODS, SHUT)
    assert enforcement(snapshot).assumed
    assert Asked(snapshot)("default/a", "default/b") is DENIED
    assert state_of(snapshot) == (
        State.UNKNOWN,
        "the files show no engine; policies are judged as if one enforced them",
    )
    assert policy_rows(snapshot)[0].enforced_by == ""


def test_a_host_policy_without_the_host_firewall() -> None:
    snapshot = kubeadm(PODS, cilium(), ccnp("{nodeSelector: {}, ingress: [{}]}"))
    assert state_of(snapshot)[0] is State.NOT_ENFORCED
