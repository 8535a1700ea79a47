"""Whatever engine runs and whatever kinds are mixed: all connections at once are those of single questions."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from policyworld import ALLOWED, FILES, Asked, contains, namespace, pod
from worlds import Doc, cilium, k3s_nodes, make_snapshot, node

from pointsman.tui.answers.policies.addresses import address
from pointsman.tui.answers.policies.connections import connections
from pointsman.tui.store.snapshot import Cluster, Snapshot

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
ENDS = ("x/p", "x/q", "y/p", "y/h", "x/g", "203.0.113.1", "10.42.0.99", "192.168.7.200")
PORTS = ((80, "TCP"), (53, "UDP"))

labels = st.sampled_from(
    [{}, {"matchLabels": {"app": "p"}}, {"matchExpressions": [{"key": "app", "operator": "Exists"}]}]
)
teams = st.sampled_from([{}, {"matchLabels": {"team": "a"}}])
blocks = st.sampled_from(["0.0.0.0/0", "10.42.0.0/31", "203.0.113.0/24", "192.168.7.0/24"])
np_peer = st.one_of(
    st.builds(lambda item: {"podSelector": item}, labels),
    st.builds(lambda item: {"namespaceSelector": item}, teams),
    st.builds(lambda item: {"ipBlock": {"cidr": item}}, blocks),
)
np_port = st.sampled_from([{"port": 80}, {"port": "web"}, {"port": 53, "protocol": "UDP"}])
admin_ports = st.sampled_from([None, [{"portNumber": {"port": 80, "protocol": "TCP"}}], [{"namedPort": "web"}]])
actions = st.sampled_from(["Allow", "Deny", "Pass"])


def np_rules(word: str) -> st.SearchStrategy[list[Doc]]:
    return st.lists(
        st.fixed_dictionaries(
            {}, optional={word: st.lists(np_peer, max_size=2), "ports": st.lists(np_port, max_size=1)}
        ),
        max_size=2,
    )


def made(version: str, kind: str, spec: st.SearchStrategy[Doc], spaces: tuple[str, ...]) -> st.SearchStrategy[Doc]:
    def build(space: str, found: Doc) -> Doc:
        return {"apiVersion": version, "kind": kind, "metadata": {"namespace": space} if space else {}, "spec": found}

    return st.builds(build, st.sampled_from(spaces), spec)


nps = made(
    "networking.k8s.io/v1",
    "NetworkPolicy",
    st.fixed_dictionaries(
        {"podSelector": labels},
        optional={
            "policyTypes": st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"]]),
            "ingress": np_rules("from"),
            "egress": np_rules("to"),
        },
    ),
    ("x", "y"),
)


def cilium_rules(word: str) -> st.SearchStrategy[list[Doc]]:
    one = st.one_of(
        st.builds(lambda item: {f"{word}Endpoints": [item]}, labels),
        st.builds(lambda item: {f"{word}CIDR": [item]}, blocks),
        st.builds(
            lambda item: {f"{word}Entities": [item]},
            st.sampled_from(["all", "cluster", "world", "host", "remote-node"]),
        ),
        st.just({}),
        st.just({"toPorts": [{"ports": [{"port": "80"}]}]}),
    )
    return st.lists(one, max_size=2)


cilium_spec = st.fixed_dictionaries(
    {"endpointSelector": labels},
    optional={
        "ingress": cilium_rules("from"),
        "egress": cilium_rules("to"),
        "ingressDeny": cilium_rules("from"),
        "egressDeny": cilium_rules("to"),
        "enableDefaultDeny": st.sampled_from([{"ingress": False}, {"egress": False}]),
    },
)
cnps = made("cilium.io/v2", "CiliumNetworkPolicy", cilium_spec, ("x", "y"))
ccnps = made("cilium.io/v2", "CiliumClusterwideNetworkPolicy", cilium_spec, ("",))
hosts = made(
    "cilium.io/v2",
    "CiliumClusterwideNetworkPolicy",
    st.fixed_dictionaries(
        {"nodeSelector": st.just({})}, optional={"ingress": cilium_rules("from"), "egress": cilium_rules("to")}
    ),
    ("",),
)
admin_peer = st.one_of(
    st.builds(lambda item: {"namespaces": item}, teams),
    st.builds(lambda item: {"pods": {"namespaceSelector": {}, "podSelector": item}}, labels),
)
outer_peer = st.one_of(admin_peer, st.builds(lambda item: {"networks": [item]}, blocks), st.just({"nodes": {}}))


def admin_rules(word: str, peer: st.SearchStrategy[Doc]) -> st.SearchStrategy[list[Doc]]:
    peers = st.lists(peer, min_size=1, max_size=2)
    return st.lists(st.fixed_dictionaries({"action": actions, word: peers, "ports": admin_ports}), max_size=3)


admin_spec = st.fixed_dictionaries(
    {"subject": st.builds(lambda item: {"namespaces": item}, teams), "priority": st.integers(0, 2)},
    optional={"ingress": admin_rules("from", admin_peer), "egress": admin_rules("to", outer_peer)},
)
anps = made("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", admin_spec, ("",))
banps = made("policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy", admin_spec, ("",))
policies = st.lists(st.one_of(nps, nps, cnps, ccnps, hosts, anps, banps), max_size=5)
KUBEADM = [node(name, f"192.168.7.{11 + at}", version="v1.35.2") for at, name in enumerate(("shed", "loft"))]
ENGINES: dict[str, list[Doc]] = {
    "files": [],
    "k3s": k3s_nodes(),
    "cilium": [*KUBEADM, *cilium({"enable-host-firewall": "true"})],
    "both": [*k3s_nodes("--flannel-backend", "none"), *cilium()],
    "always": [*KUBEADM, *cilium({"enable-policy": "always"})],
    "audit": [*KUBEADM, *cilium({"policy-audit-mode": "true"})],
    "unknown": KUBEADM,
}


def world(engine: str, found: list[Doc]) -> Snapshot:
    web = [("web", "TCP", 80)]
    objects = [
        namespace("x", team="a"),
        namespace("y", team="b"),
        pod("x/p", {"app": "p"}, ip="10.42.0.1", node="shed", ports=web),
        pod("x/q", {"app": "q"}, ip="10.42.0.2", node="loft"),
        pod("y/p", {"app": "p"}, ip="10.42.0.3", node="loft", ports=[("web", "TCP", 81)]),
        pod("y/h", {"app": "p"}, ip="192.168.7.11", node="shed", host=True),
        pod("x/g", {}, ip="192.168.7.12", node="loft", host=True, ports=web),
    ]
    named = []
    for at, doc in enumerate(found):
        name = "default" if doc["kind"].startswith("Baseline") else f"p{at}"
        named.append({**doc, "metadata": {**doc["metadata"], "name": name}})
    cluster = FILES if engine == "files" else Cluster("test", version="v1.35.2")
    return make_snapshot(objects, [dict(doc) for doc in ENGINES[engine]], named, cluster=cluster)


def word(end: str) -> str:
    return f"pod/{end}" if "/" in end else end


def names(point: Any, end: str) -> bool:
    if "/" in end:
        return f"{point.namespace}/{point.name}" == end
    if not point.cidr or ":" in point.cidr:
        return False
    low, high = point.cidr.split("-")
    return bool(address(low) <= address(end) <= address(high))


@given(st.sampled_from(sorted(ENGINES)), policies)
@QUICK
def test_all_at_once_is_as_one_by_one(engine: str, found: list[Doc]) -> None:
    snapshot = world(engine, found)
    asked = Asked(snapshot)
    listed = connections(asked.index, snapshot)
    for src, dst in itertools.permutations(ENDS, 2):
        if "/" not in src and "/" not in dst:
            continue
        for number, protocol in PORTS:
            place = number + (65536 if protocol == "UDP" else 0)
            shown = any(
                names(item.src, src) and names(item.dst, dst) and contains(item.ports, place) for item in listed
            )
            decision = asked.decide(word(src), word(dst), number, protocol)
            assert decision.because, (src, dst)
            assert shown is (decision.answer is ALLOWED), (engine, src, dst, number, protocol, decision)


@given(st.sampled_from(sorted(ENGINES)), policies, st.sampled_from(ENDS[:5]), st.sampled_from(ENDS))
@QUICK
def test_every_reason_names_what_decides(engine: str, found: list[Doc], src: str, dst: str) -> None:
    asked = Asked(world(engine, found))
    decision = asked.decide(word(src), word(dst))
    wanted = {"allowed": {"allow", "pass", "audit"}, "denied": {"deny", "pass"}, "unknown": {"unknown"}}[
        decision.answer.value
    ]
    assert {item.decision for item in decision.because} <= wanted
    for item in decision.because:
        assert item.text
        assert item.policy is None or item.policy in asked.index.by_ref
