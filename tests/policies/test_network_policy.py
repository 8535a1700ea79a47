"""NetworkPolicy, rule by rule, as networking.k8s.io/v1 defines it."""

from __future__ import annotations

import pytest
from policyworld import ALLOWED, DENIED, UNKNOWN, Asked, ask, files, namespace, pod, policy, workload
from worlds import k3s_nodes, make_snapshot

PODS = [
    namespace("default", purpose="test"),
    namespace("other", team="blue"),
    namespace("prod", team="red"),
    pod("default/web", {"app": "web"}, ip="10.1.0.1", node="a", ports=[("http", "TCP", 80), ("dns", "UDP", 53)]),
    pod("default/api", {"app": "api", "tier": "back"}, ip="10.1.0.2", node="a", ports=[("http", "TCP", 8080)]),
    pod("other/web", {"app": "web"}, ip="10.1.0.3", node="b"),
    pod("prod/mon", {"app": "mon"}, ip="10.1.0.4", node="b"),
]


def on(spec: str, *more: str) -> Asked:
    return ask(PODS, [policy(text, f"default/p{number}") for number, text in enumerate((spec, *more))])


def test_without_a_policy_everything_passes() -> None:
    asked = ask(PODS)
    assert asked("default/web", "other/web") is ALLOWED
    assert asked("world", "default/web") is ALLOWED
    assert "no policy in force restricts ingress of default/web" in asked.texts("other/web", "default/web")


@pytest.mark.parametrize(
    ("spec", "comes_in", "goes_out"),
    [
        ("podSelector: {}", False, True),  # no policyTypes, no rules: ingress is shut
        ("{podSelector: {}, ingress: []}", False, True),
        ("{podSelector: {}, ingress: [{}]}", True, True),
        ("{podSelector: {}, ingress: [{from: []}]}", True, True),
        ("{podSelector: {}, ingress: [{from: null, ports: []}]}", True, True),
        ("{podSelector: {}, egress: []}", False, True),  # an empty list of egress rules implies nothing about egress
        ("{podSelector: {}, egress: [{}]}", False, True),  # egress rules: both directions are isolated
        ("{podSelector: {}, policyTypes: [Egress]}", True, False),
        ("{podSelector: {}, policyTypes: [Egress], ingress: [{}]}", True, False),
        ("{podSelector: {}, policyTypes: [Ingress, Egress]}", False, False),
        ("{podSelector: {}, policyTypes: [Ingress], egress: []}", False, True),
        ("{podSelector: {matchLabels: {app: nothing}}}", True, True),
        ("{podSelector: {matchExpressions: [{key: app, operator: In, values: [web, x]}]}}", False, True),
        ("{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}}", True, True),
        ("{podSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [x]}]}}", False, True),
        ("{podSelector: {matchExpressions: [{key: app, operator: Exists}]}}", False, True),
        ("{podSelector: {matchExpressions: [{key: tier, operator: DoesNotExist}]}}", False, True),
    ],
)
def test_isolation(spec: str, comes_in: bool, goes_out: bool) -> None:
    asked = on(spec)
    assert asked("other/web", "default/web") is (ALLOWED if comes_in else DENIED)
    assert asked("default/web", "other/web") is (ALLOWED if goes_out else DENIED)


@pytest.mark.parametrize(
    ("peer", "who"),
    [
        ("podSelector: {}", {"default/api"}),
        ("podSelector: {matchLabels: {app: web}}", set()),
        ("podSelector: {matchLabels: {tier: back}}", {"default/api"}),
        ("namespaceSelector: {}", {"default/api", "other/web", "prod/mon"}),
        ("namespaceSelector: {matchLabels: {team: blue}}", {"other/web"}),
        ("namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: prod}}", {"prod/mon"}),
        ("namespaceSelector: {}, podSelector: {matchLabels: {app: web}}", {"other/web"}),
        ("namespaceSelector: {matchLabels: {team: red}}, podSelector: {matchLabels: {app: web}}", set()),
        ("namespaceSelector: {matchExpressions: [{key: team, operator: Exists}]}", {"other/web", "prod/mon"}),
        ("ipBlock: {cidr: 203.0.113.0/24}", {"203.0.113.9"}),
        ("ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.0/28]}", set()),
        ("ipBlock: {cidr: 0.0.0.0/0}", {"203.0.113.9"}),
        ("ipBlock: {cidr: '2001:db8::/32'}", {"2001:db8::7"}),
    ],
)
def test_peers_of_ingress(peer: str, who: set[str]) -> None:
    asked = on(f"{{podSelector: {{matchLabels: {{app: web}}}}, ingress: [{{from: [{{{peer}}}]}}]}}")
    ends = ("default/api", "other/web", "prod/mon", "203.0.113.9", "2001:db8::7")
    assert {end for end in ends if asked(end, "default/web") is ALLOWED} == who


@pytest.mark.parametrize(
    ("ports", "open_ports"),
    [
        ("[{port: 80}]", {(80, "TCP")}),
        ("[{port: 80, protocol: UDP}]", {(80, "UDP")}),
        ("[{protocol: UDP}]", {(80, "UDP"), (53, "UDP")}),
        ("[{port: 79, endPort: 81}]", {(80, "TCP")}),
        ("[{port: http}]", {(80, "TCP")}),
        ("[{port: dns, protocol: UDP}]", {(53, "UDP")}),
        ("[{port: dns}]", set()),  # the name is there, but not for TCP
        ("[{port: nothing}]", set()),
        ("[{port: 80}, {port: 53, protocol: UDP}]", {(80, "TCP"), (53, "UDP")}),
        ("[{port: 1, endPort: 65535, protocol: SCTP}]", {(80, "SCTP")}),
    ],
)
def test_ports_of_ingress(ports: str, open_ports: set[tuple[int, str]]) -> None:
    asked = on(f"{{podSelector: {{}}, ingress: [{{ports: {ports}}}]}}")
    tried = [(80, "TCP"), (8080, "TCP"), (80, "UDP"), (53, "UDP"), (80, "SCTP")]
    assert {item for item in tried if asked("other/web", "default/web", *item) is ALLOWED} == open_ports


def test_a_named_port_of_egress_is_the_destinations() -> None:
    asked = on("{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{ports: [{port: http}]}]}")
    assert asked("default/web", "default/api", 8080) is ALLOWED
    assert asked("default/web", "default/api", 80) is DENIED
    assert asked("default/web", "203.0.113.9", 80) is DENIED  # an address has no named ports


def test_both_directions_must_let_it_pass() -> None:
    asked = on(
        "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]}",
        "{podSelector: {matchLabels: {app: api}}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: red}}}]}]}",
    )
    assert asked("default/web", "default/api") is DENIED
    assert asked("prod/mon", "default/api") is ALLOWED
    assert asked("default/web", "prod/mon") is DENIED
    (reason,) = asked.decide("default/web", "default/api").because
    assert (reason.direction, reason.decision, reason.policy and reason.policy.name) == ("ingress", "deny", "p1")


def test_policies_add_up() -> None:
    asked = on(
        "podSelector: {}",
        "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {}}], ports: [{port: 80}]}]}",
        "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{namespaceSelector: {}}], ports: [{port: 443}]}]}",
    )
    assert [asked("default/api", "default/web", port) for port in (80, 443, 22)] == [ALLOWED, ALLOWED, DENIED]
    assert [asked("other/web", "default/web", port) for port in (80, 443, 22)] == [DENIED, ALLOWED, DENIED]


def test_a_policy_stays_in_its_namespace() -> None:
    asked = on("podSelector: {}")
    assert asked("default/web", "other/web") is ALLOWED


def test_a_pod_may_always_reach_itself() -> None:
    asked = on("{podSelector: {}, policyTypes: [Ingress, Egress]}")
    assert asked("default/web", "default/web") is ALLOWED
    assert asked("default/web", "default/api") is DENIED


def test_pods_on_the_nodes_network_are_nodes() -> None:
    agent = pod("default/agent", {"app": "web"}, ip="192.168.7.11", node="a", host=True)
    asked = ask(PODS, agent, policy("{podSelector: {}, policyTypes: [Ingress, Egress]}"))
    assert asked("other/web", "default/agent") is ALLOWED  # no policy selects it
    assert asked("default/agent", "default/web") is ALLOWED  # its own node
    assert asked("default/agent", "other/web") is ALLOWED
    far = pod("default/far", {"app": "web"}, ip="192.168.7.12", node="b", host=True)
    asked = ask(PODS, far, policy("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}"))
    assert asked("default/far", "default/web") is DENIED  # another node, and its labels are nobody's
    somewhere = pod("default/new", {"app": "web"}, host=True)
    asked = ask(PODS, somewhere, policy("podSelector: {}"))
    assert asked("default/new", "default/web") is UNKNOWN
    assert "share a node" in asked.texts("default/new", "default/web")


def test_a_node_always_reaches_its_own_pods() -> None:
    asked = on("{podSelector: {}, policyTypes: [Ingress, Egress]}")
    assert asked("host", "default/web") is ALLOWED
    assert asked("default/web", "host") is ALLOWED
    assert asked("remote-node", "default/web") is DENIED


def test_cidrs_and_pods_with_an_engine_that_goes_by_address() -> None:
    """kube-router (in k3s) matches any address; nothing but selectors means pods to the engine of files alone."""
    spec = "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{ipBlock: {cidr: 10.1.0.0/16, except: [10.1.0.4/32]}}]}]}"
    live = Asked(make_snapshot(PODS, k3s_nodes(), policy(spec)))
    assert [engine.id for engine in live.index.enforcement.engines] == ["k3s"]
    assert live("other/web", "default/web") is ALLOWED
    assert live("prod/mon", "default/web") is DENIED
    assert on(spec)("other/web", "default/web") is DENIED


def test_part_of_a_block() -> None:
    asked = on("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/25}}]}]}")
    decision = asked.decide("203.0.113.0/24", "default/web")
    assert decision.answer is UNKNOWN
    texts = [item.text for item in decision.because]
    assert any(text.startswith("203.0.113.0/25: ") for text in texts)
    assert any(text.startswith("203.0.113.128/25: ") for text in texts)


def test_world_is_the_public_internet() -> None:
    asked = on(
        "{podSelector: {}, policyTypes: [Egress], egress: [{to: ["
        "{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]}}, {ipBlock: {cidr: '::/0'}}]}]}"
    )
    assert asked("default/web", "world", 443) is ALLOWED
    assert asked("default/web", "example.org", 443) is ALLOWED
    assert asked("default/web", "192.168.7.1", 443) is DENIED
    four = policy("{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}")
    assert ask(PODS, four)("default/web", "world", 443) is ALLOWED
    dual = pod("default/dual", {"app": "dual"}, ip=["10.1.0.9", "fd00:1::9"])
    assert ask(PODS, dual, four)("default/web", "world", 443) is UNKNOWN  # over IPv6 it may not


def test_without_a_port_it_is_allowed_if_one_is() -> None:
    asked = on("{podSelector: {}, ingress: [{ports: [{port: 80}, {port: 53, protocol: UDP}]}]}")
    decision = asked.decide("other/web", "default/web", None, None)
    assert (decision.answer, decision.ports) == (ALLOWED, ((80, 80), (65536 + 53, 65536 + 53)))
    assert asked("other/web", "default/web", None, "SCTP") is DENIED


def test_templates_stand_for_pods_that_are_not_there() -> None:
    snapshot = files(
        workload("Deployment", "default/web", {"app": "web"}, [("http", "TCP", 80)]),
        workload("DaemonSet", "other/agent", {"app": "agent"}),
        policy("{podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: http}]}]}"),
    )
    asked = Asked(snapshot)
    assert asked("other/agent", "default/web", 80) is ALLOWED
    assert asked("ds/other/agent", "deploy/default/web", 22) is DENIED


def test_rules_for_a_direction_that_policy_types_leave_out() -> None:
    asked = on("{podSelector: {}, policyTypes: [Ingress], egress: [{to: [{podSelector: {}}]}]}")
    assert asked("default/web", "other/web") is ALLOWED
    assert "policyTypes leaves Egress out" in asked.index.policies[0].notes[0]
