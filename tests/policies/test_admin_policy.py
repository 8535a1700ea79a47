"""AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy: tiers, priority, order, Pass."""

from __future__ import annotations

from typing import Any

import pytest
from policyworld import ALLOWED, DENIED, UNKNOWN, Asked, ask, namespace, pod, policy
from worlds import node

PODS = [
    namespace("a", team="a"),
    namespace("b", team="b"),
    namespace("c", team="c"),
    pod("a/x", {"app": "x"}, node="n1", ports=[("web", "TCP", 80)]),
    pod("b/x", {"app": "x"}, node="n1", ports=[("web", "TCP", 80), ("dns", "UDP", 53)]),
    pod("c/x", {"app": "x"}, node="n2"),
]


def anp(
    name: str, priority: int, ingress: str = "[]", egress: str = "[]", subject: str = "namespaces: {}"
) -> dict[str, Any]:
    text = f"{{priority: {priority}, subject: {{{subject}}}, ingress: {ingress}, egress: {egress}}}"
    return policy(text, name, "AdminNetworkPolicy")


def banp(ingress: str = "[]", egress: str = "[]") -> dict[str, Any]:
    return policy(
        f"{{subject: {{namespaces: {{}}}}, ingress: {ingress}, egress: {egress}}}",
        "default",
        "BaselineAdminNetworkPolicy",
    )


def rule(action: str, team: str = "a", ports: str = "null") -> str:
    return f"{{action: {action}, from: [{{namespaces: {{matchLabels: {{team: {team}}}}}}}], ports: {ports}}}"


def test_what_no_rule_decides_is_open() -> None:
    asked = ask(PODS, anp("p", 1, f"[{rule('Deny')}]"))
    assert asked("a/x", "b/x") is DENIED
    assert asked("c/x", "b/x") is ALLOWED


def test_the_first_rule_and_the_lowest_priority_win() -> None:
    assert ask(PODS, anp("p", 1, f"[{rule('Allow')}, {rule('Deny')}]"))("a/x", "b/x") is ALLOWED
    assert ask(PODS, anp("p", 1, f"[{rule('Deny')}, {rule('Allow')}]"))("a/x", "b/x") is DENIED
    two = ask(PODS, anp("late", 9, f"[{rule('Deny')}]"), anp("early", 2, f"[{rule('Allow')}]"))
    assert two("a/x", "b/x") is ALLOWED


def test_an_admin_allow_passes_over_a_network_policy() -> None:
    shut = policy("podSelector: {}", "b/shut")
    assert ask(PODS, shut, anp("p", 1, f"[{rule('Allow')}]"))("a/x", "b/x") is ALLOWED
    assert (
        ask(PODS, shut, anp("p", 1, f"[{rule('Allow', ports='[{portNumber: {port: 80, protocol: TCP}}]')}]"))(
            "a/x", "b/x", 81
        )
        is DENIED
    )


def test_pass_goes_on_to_the_network_policies() -> None:
    shut = policy("podSelector: {}", "b/shut")
    passing = anp("p", 1, f"[{rule('Pass')}, {rule('Deny')}]")
    assert ask(PODS, passing)("a/x", "b/x") is ALLOWED
    assert ask(PODS, passing, shut)("a/x", "b/x") is DENIED
    later = anp("q", 5, f"[{rule('Deny')}]")
    assert ask(PODS, passing, later)("a/x", "b/x") is ALLOWED  # Pass skips the rest of the tier


def test_the_baseline_is_for_what_no_network_policy_selects() -> None:
    base = banp(f"[{rule('Deny')}]")
    assert ask(PODS, base)("a/x", "b/x") is DENIED
    opened = policy("{podSelector: {}, ingress: [{}]}", "b/open")
    assert ask(PODS, base, opened)("a/x", "b/x") is ALLOWED
    asked = ask(PODS, base, anp("p", 1, f"[{rule('Pass')}]"))
    assert asked("a/x", "b/x") is DENIED


def test_policies_of_one_priority_that_disagree() -> None:
    asked = ask(
        PODS,
        anp("p", 3, f"[{rule('Deny')}]"),
        anp("q", 3, f"[{rule('Allow', ports='[{portNumber: {port: 80, protocol: TCP}}]')}]"),
    )
    assert asked("a/x", "b/x", 80) is UNKNOWN
    assert "same priority" in asked.texts("a/x", "b/x", 80)
    assert asked("a/x", "b/x", 81) is DENIED


@pytest.mark.parametrize(
    ("ports", "open_ports"),
    [
        ("[{portNumber: {port: 80, protocol: TCP}}]", {(80, "TCP")}),
        ("[{portRange: {start: 50, end: 60, protocol: UDP}}]", {(53, "UDP")}),
        ("[{namedPort: web}, {namedPort: dns}]", {(80, "TCP"), (53, "UDP")}),
        ("[]", {(80, "TCP"), (53, "UDP"), (80, "SCTP")}),
    ],
)
def test_ports(ports: str, open_ports: set[tuple[int, str]]) -> None:
    asked = ask(PODS, anp("p", 1, f"[{rule('Allow', ports=ports)}, {rule('Deny')}]"))
    assert {
        item for item in [(80, "TCP"), (53, "UDP"), (80, "SCTP")] if asked("a/x", "b/x", *item) is ALLOWED
    } == open_ports


def test_subjects_and_peers_by_pods() -> None:
    asked = ask(
        PODS,
        pod("b/y", {"app": "y"}),
        anp(
            "p", 1,
            "[{action: Deny, from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: x}}}}]}]",
            subject="pods: {namespaceSelector: {matchLabels: {team: b}}, podSelector: {matchLabels: {app: y}}}",
        ),
    )  # fmt: skip
    assert asked("a/x", "b/y") is DENIED
    assert asked("b/y", "b/x") is ALLOWED
    assert asked("a/x", "b/x") is ALLOWED


def test_egress_to_networks_nodes_and_names() -> None:
    egress = (
        "[{action: Allow, to: [{networks: [203.0.113.0/24]}, {domainNames: ['*.example.org']}]},"
        " {action: Deny, to: [{networks: ['0.0.0.0/0', '::/0']}]}, {action: Deny, to: [{nodes: {matchLabels: {zone: z}}}]}]"
    )
    asked = ask(
        PODS,
        node("n1", "192.168.7.1", version="v1.35.2"),
        node("n2", "192.168.7.2", labels={"zone": "z"}, version="v1.35.2"),
        anp("p", 1, egress=egress),
    )
    assert asked("a/x", "203.0.113.1") is ALLOWED
    assert asked("a/x", "198.51.100.1") is UNKNOWN  # it may be an address of *.example.org
    assert asked("a/x", "www.example.org") is ALLOWED
    assert asked("a/x", "a.b.example.org") is ALLOWED
    assert asked("a/x", "node/n2") is DENIED
    assert asked("a/x", "b/x") is DENIED  # networks mean pods, too, wherever they will get their addresses from


def test_networks_and_the_addresses_of_pods() -> None:
    def world(network: str, ip: str = "") -> Asked:
        egress = f"[{{action: Deny, to: [{{networks: [{network}]}}]}}]"
        return ask(PODS, pod("b/y", ip=ip), anp("p", 1, egress=egress))

    assert world("10.1.0.0/16", "10.1.0.7")("a/x", "b/y") is DENIED
    assert world("10.1.0.0/16", "10.2.0.7")("a/x", "b/y") is ALLOWED
    assert world("10.1.0.0/16")("a/x", "b/y") is UNKNOWN  # it has no address yet
    assert world("203.0.113.0/24")("a/x", "b/y") is ALLOWED  # and will never have such a one


def test_cluster_network_policy_tiers_and_words() -> None:
    def knp(name: str, tier: str, action: str, protocols: str = "null") -> dict[str, Any]:
        peers = "from: [{namespaces: {matchLabels: {team: a}}}]"
        text = (
            f"{{tier: {tier}, priority: 1, subject: {{namespaces: {{}}}},"
            f" ingress: [{{name: r, action: {action}, {peers}, protocols: {protocols}}}]}}"
        )
        return policy(text, name, "ClusterNetworkPolicy")

    opened = policy("{podSelector: {}, ingress: [{}]}", "b/open")
    assert ask(PODS, knp("k", "Admin", "Deny"), opened)("a/x", "b/x") is DENIED
    assert ask(PODS, knp("k", "Baseline", "Deny"), opened)("a/x", "b/x") is ALLOWED
    assert ask(PODS, knp("k", "Baseline", "Deny"))("a/x", "b/x") is DENIED
    shut = policy("podSelector: {}", "b/shut")
    part = knp(
        "k",
        "Admin",
        "Accept",
        "[{tcp: {destinationPort: {number: 80}}}, {udp: {destinationPort: {range: {start: 50, end: 60}}}}]",
    )
    asked = ask(PODS, shut, part)
    assert [asked("a/x", "b/x", *item) for item in ((80, "TCP"), (81, "TCP"), (53, "UDP"))] == [
        ALLOWED,
        DENIED,
        ALLOWED,
    ]
    named = ask(PODS, shut, knp("k", "Admin", "Accept", "[{destinationNamedPort: web}, {sctp: {}}]"))
    assert [named("a/x", "b/x", *item) for item in ((80, "TCP"), (9, "SCTP"), (53, "UDP"))] == [
        ALLOWED,
        ALLOWED,
        DENIED,
    ]


def test_pods_on_the_nodes_network_are_no_subjects() -> None:
    host = pod("b/host", {"app": "x"}, node="n1", host=True)
    asked: Asked = ask(PODS, host, anp("p", 1, f"[{rule('Deny')}]"))
    assert asked("c/x", "b/host") is ALLOWED
    assert asked("a/x", "b/host") is ALLOWED
