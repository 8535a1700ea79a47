"""CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy, as cilium.io/v2 defines them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from policyworld import ALLOWED, DENIED, UNKNOWN, Asked, ask, ccnp, cnp, namespace, pod, policy
from worlds import cilium, make_snapshot, node

from pointsman.tui.answers.policies.cilium_selectors import fact_key
from pointsman.tui.answers.policies.judge import Answer
from pointsman.tui.answers.policies.reach import Question, reach
from pointsman.tui.store.traffic import Traffic

SPACES = [namespace("default", team="blue"), namespace("other", team="red")]
PODS = [
    *SPACES,
    pod("default/web", {"app": "web"}, ip="10.1.0.1", node="a", ports=[("http", "TCP", 80)]),
    pod("default/api", {"app": "api", "role": "back"}, ip="10.1.0.2", node="a", ports=[("http", "TCP", 8080)]),
    pod("other/web", {"app": "web"}, ip="10.1.0.3", node="b"),
]
ENDS = ("default/api", "other/web", "203.0.113.9", "host", "remote-node", "health", "ingress")


def into_web(rule: str, *more: str) -> Asked:
    """One ingress rule on default/web."""
    return ask(
        PODS,
        cnp(f"{{endpointSelector: {{matchLabels: {{app: web}}}}, ingress: [{rule}]}}"),
        [cnp(text, f"default/m{at}") for at, text in enumerate(more)],
    )


@pytest.mark.parametrize(
    ("rule", "who"),
    [
        ("{}", set()),  # the default-deny idiom; the same in a NetworkPolicy allows everyone
        ("{fromEndpoints: []}", set()),
        ("{fromEndpoints: null, toPorts: [{ports: [{port: '80'}]}]}", set(ENDS)),
        ("{fromEndpoints: [], toPorts: [{ports: [{port: '80'}]}]}", set()),
        ("{fromEndpoints: [{}]}", {"default/api"}),
        ("{fromEndpoints: [{matchLabels: {app: web}}]}", set()),  # stays in the policy's namespace
        ("{fromEndpoints: [{matchLabels: {'k8s:app': web, 'k8s:io.kubernetes.pod.namespace': other}}]}", {"other/web"}),
        ("{fromEndpoints: [{matchLabels: {'any:app': api}}]}", {"default/api"}),
        ("{fromEndpoints: [{matchLabels: {io.kubernetes.pod.namespace: other}}]}", {"other/web"}),
        ("{fromEndpoints: [{matchLabels: {'k8s:io.cilium.k8s.namespace.labels.team': red}}]}", {"other/web"}),
        (
            "{fromEndpoints: [{matchExpressions: [{key: io.kubernetes.pod.namespace, operator: Exists}]}]}",
            {"default/api", "other/web"},
        ),
        ("{fromEndpoints: [{matchLabels: {'reserved:host': ''}}]}", {"host"}),
        ("{fromEndpoints: [{matchLabels: {'container:app': web}}]}", set()),
        ("{fromEntities: [all]}", set(ENDS)),
        ("{fromEntities: []}", set()),
        ("{fromEntities: [world]}", {"203.0.113.9"}),
        ("{fromEntities: [world-ipv6]}", set()),
        ("{fromEntities: [cluster]}", set(ENDS) - {"203.0.113.9"}),
        ("{fromEntities: [remote-node]}", {"remote-node"}),
        ("{fromEntities: [none]}", set()),
        ("{fromEntities: [health, ingress]}", {"health", "ingress"}),
        ("{fromCIDR: [203.0.113.9]}", {"203.0.113.9"}),
        ("{fromCIDR: [0.0.0.0/0]}", {"203.0.113.9"}),  # never pods, never nodes
        ("{fromCIDRSet: [{cidr: 203.0.113.0/24, except: [203.0.113.8/29]}]}", set()),
    ],
)
def test_sources(rule: str, who: set[str]) -> None:
    asked = Asked(
        make_snapshot(PODS, cilium(), cnp(f"{{endpointSelector: {{matchLabels: {{app: web}}}}, ingress: [{rule}]}}"))
    )
    # A node may always reach its own pods.
    assert {end for end in ENDS if asked(end, "default/web") is ALLOWED} == who | {"host"}


def test_a_clusterwide_selector_of_nothing_is_every_pod_and_no_more() -> None:
    asked = ask(PODS, ccnp("{endpointSelector: {matchLabels: {app: web}}, ingress: [{fromEndpoints: [{}]}]}"))
    assert asked("other/web", "default/web") is ALLOWED
    assert asked("203.0.113.9", "default/web") is DENIED
    assert asked("default/api", "other/web") is ALLOWED


@pytest.mark.parametrize(
    ("ports", "open_ports"),
    [
        ("[{port: '80'}]", {(80, "TCP"), (80, "UDP"), (80, "SCTP")}),
        ("[{port: '80', protocol: TCP}]", {(80, "TCP")}),
        ("[{port: '80', protocol: tcp}]", {(80, "TCP")}),
        ("[{port: '79', endPort: 81, protocol: TCP}]", {(80, "TCP")}),
        ("[{port: '0', protocol: UDP}]", {(80, "UDP"), (53, "UDP")}),
        ("[{port: http, protocol: TCP}]", {(80, "TCP")}),
        ("[{port: HTTP}]", {(80, "TCP")}),
        ("[{port: other}]", set()),
    ],
)
def test_ports(ports: str, open_ports: set[tuple[int, str]]) -> None:
    asked = into_web(f"{{toPorts: [{{ports: {ports}}}]}}")
    tried = [(80, "TCP"), (8080, "TCP"), (80, "UDP"), (53, "UDP"), (80, "SCTP")]
    assert {item for item in tried if asked("other/web", "default/web", *item) is ALLOWED} == open_ports


def test_icmp() -> None:
    asked = into_web("{icmps: [{fields: [{type: 8, family: IPv4}, {type: EchoRequest, family: IPv6}]}]}")
    assert asked("other/web", "default/web", 8, "ICMP") is ALLOWED
    assert asked("other/web", "default/web", 128, "ICMPv6") is ALLOWED
    assert asked("other/web", "default/web", 0, "ICMP") is DENIED
    assert asked("other/web", "default/web", 80) is DENIED


def test_l7_rules_are_the_proxys() -> None:
    asked = into_web("{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{method: GET, path: /api}]}}]}")
    decision = asked.decide("other/web", "default/web")
    assert (decision.answer, decision.l7) == (ALLOWED, "HTTP GET /api")
    assert "L7 decides: HTTP GET /api" in decision.because[-1].text
    plain = into_web(
        "{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{}]}}]}",
        "{endpointSelector: {matchLabels: {app: web}}, ingress: [{fromEntities: [cluster]}]}",
    )
    assert plain.decide("other/web", "default/web").l7 == ""  # another rule lets it past the proxy


def test_deny_wins_whatever_allows() -> None:
    asked = into_web(
        "{fromEntities: [all]}",
        "{endpointSelector: {}, ingressDeny: [{fromEndpoints: [{matchLabels: {role: back}}], toPorts: [{ports: [{port: '80'}]}]}]}",
    )
    assert asked("default/api", "default/web", 80) is DENIED
    assert asked("default/api", "default/web", 81) is ALLOWED
    (reason,) = asked.decide("default/api", "default/web").because
    assert (reason.decision, reason.rule) == ("deny", "spec.ingressDeny[0].toPorts[0]")


def test_deny_rules_alone_isolate() -> None:
    deny = "ingressDeny: [{fromEndpoints: [{matchLabels: {role: back}}]}]"
    asked = ask(PODS, cnp(f"{{endpointSelector: {{}}, {deny}}}"))
    assert asked("other/web", "default/web") is DENIED
    soft = ask(PODS, cnp(f"{{endpointSelector: {{}}, enableDefaultDeny: {{ingress: false}}, {deny}}}"))
    assert soft("other/web", "default/web") is ALLOWED
    assert soft("default/api", "default/web") is DENIED


def test_default_deny_switched_off_and_on() -> None:
    allow = "ingress: [{fromEndpoints: [{matchLabels: {role: back}}]}]"
    soft = ask(PODS, cnp(f"{{endpointSelector: {{}}, enableDefaultDeny: {{ingress: false}}, {allow}}}"))
    assert soft("other/web", "default/web") is ALLOWED
    both = ask(
        PODS,
        cnp(f"{{endpointSelector: {{}}, enableDefaultDeny: {{ingress: false}}, {allow}}}", "default/soft"),
        cnp("{endpointSelector: {}, ingress: [{}]}", "default/hard"),
    )
    assert both("other/web", "default/web") is DENIED
    assert both("default/api", "default/web") is ALLOWED
    forced = ask(
        PODS, cnp("{endpointSelector: {}, enableDefaultDeny: {egress: true}, ingress: [{fromEntities: [all]}]}")
    )
    assert forced("default/web", "other/web") is DENIED


def test_a_spec_without_rules_changes_nothing() -> None:
    asked = ask(PODS, cnp("{endpointSelector: {}, ingress: [], egress: []}"))
    assert asked("other/web", "default/web") is ALLOWED


def test_several_specs_in_one_policy() -> None:
    asked = ask(
        PODS,
        cnp(
            "[{endpointSelector: {matchLabels: {app: web}}, ingress: [{fromEndpoints: [{}]}]},"
            " {endpointSelector: {matchLabels: {app: api}}, egress: [{}]}]"
        ),
    )
    assert asked("other/web", "default/web") is DENIED
    assert asked("default/api", "default/web") is DENIED
    assert asked("other/web", "default/api") is ALLOWED


def test_network_policies_and_ciliums_count_together() -> None:
    asked = into_web("{fromEndpoints: [{}]}")
    assert asked("other/web", "default/web") is DENIED
    both = ask(
        PODS,
        cnp("{endpointSelector: {matchLabels: {app: web}}, ingress: [{fromEndpoints: [{}]}]}"),
        policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: red}}}]}]}"),
    )
    assert both("other/web", "default/web") is ALLOWED
    assert both("default/api", "default/web") is ALLOWED


def test_fqdns_are_known_by_name_only() -> None:
    asked = ask(
        PODS,
        cnp(
            "{endpointSelector: {}, egress: [{toFQDNs: [{matchName: API.example.org.}, {matchPattern: '*.example.com'},"
            " {matchPattern: '**.deep.org'}], toPorts: [{ports: [{port: '443', protocol: TCP}]}]}]}"
        ),
    )
    answers = {
        name: asked("default/web", name, 443)
        for name in ("api.example.org", "example.com", "a.example.com", "a.b.example.com", "a.b.deep.org", "deep.org")
    }
    assert [name for name, answer in answers.items() if answer is ALLOWED] == [
        "api.example.org", "a.example.com", "a.b.deep.org",
    ]  # fmt: skip
    assert asked("default/web", "203.0.113.9", 443) is UNKNOWN
    assert "api.example.org" in asked.texts("default/web", "203.0.113.9", 443)
    assert asked("default/web", "203.0.113.9", 80) is DENIED
    assert asked("default/web", "default/api", 443) is DENIED


def test_a_block_of_everything_holds_any_name() -> None:
    asked = ask(PODS, cnp("{endpointSelector: {}, egress: [{toEntities: [world]}]}"))
    assert asked("default/web", "example.org", 443) is ALLOWED
    asked = ask(PODS, cnp("{endpointSelector: {}, egress: [{toCIDR: [203.0.113.0/24]}]}"))
    assert asked("default/web", "example.org", 443) is UNKNOWN


def test_to_services() -> None:
    services = [
        {
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "api", "namespace": "default", "labels": {"x": "y"}},
            "spec": {"selector": {"app": "api"}, "ports": [{"port": 80, "targetPort": "http"}]},
        },
        {
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "nas", "namespace": "default"},
            "spec": {"ports": [{"port": 445}]},
        },
        {
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": "nas-1", "namespace": "default", "labels": {"kubernetes.io/service-name": "nas"}},
            "endpoints": [{"addresses": ["192.168.7.5"]}],
        },
    ]  # fmt: skip
    named = cnp(
        "{endpointSelector: {matchLabels: {app: web}}, egress: [{toServices: [{k8sService: {serviceName: api}}]}]}"
    )
    asked = ask(PODS, services, named)
    assert asked("default/web", "default/api", 8080) is ALLOWED
    assert asked("default/web", "192.168.7.5", 445) is DENIED
    chosen = cnp(
        "{endpointSelector: {matchLabels: {app: web}}, egress: [{toServices: ["
        "{k8sServiceSelector: {selector: {matchLabels: {x: y}}, namespace: default}},"
        " {k8sService: {serviceName: nas, namespace: default}}]}]}"
    )
    asked = ask(PODS, services, chosen)
    assert asked("default/web", "default/api", 8080) is ALLOWED
    assert asked("default/web", "192.168.7.5", 445) is ALLOWED
    elsewhere = cnp(
        "{endpointSelector: {}, egress: [{toServices: [{k8sService: {serviceName: api, namespace: other}}]}]}"
    )
    assert ask(PODS, services, elsewhere)("default/web", "default/api", 8080) is DENIED


def test_cidr_groups() -> None:
    group = policy("{externalCIDRs: [203.0.113.0/24, 198.51.100.7/32]}", "lan", "CiliumCIDRGroup")
    group["metadata"]["labels"] = {"zone": "lan"}
    for text in ("cidrGroupRef: lan", "cidrGroupSelector: {matchLabels: {zone: lan}}"):
        asked = ask(
            PODS,
            group,
            cnp(f"{{endpointSelector: {{}}, egress: [{{toCIDRSet: [{{{text}, except: [203.0.113.9/32]}}]}}]}}"),
        )
        assert asked("default/web", "203.0.113.8") is ALLOWED
        assert asked("default/web", "203.0.113.9") is DENIED
        assert asked("default/web", "198.51.100.7") is ALLOWED
    asked = ask(PODS, group, cnp("{endpointSelector: {}, egress: [{toCIDRSet: [{cidrGroupRef: nothing}]}]}"))
    assert asked("default/web", "203.0.113.8") is DENIED
    assert "no CiliumCIDRGroup nothing" in asked.index.policies[0].notes[0]


def test_groups_of_a_cloud_are_unknown() -> None:
    asked = ask(PODS, cnp("{endpointSelector: {}, egress: [{toGroups: [{aws: {region: x}}]}]}"))
    assert asked("default/web", "203.0.113.8") is UNKNOWN


def test_authentication() -> None:
    asked = into_web("{fromEndpoints: [{}], authentication: {mode: required}}")
    assert asked("default/api", "default/web") is UNKNOWN
    assert "mutual authentication" in asked.texts("default/api", "default/web")
    assert into_web("{fromEndpoints: [{}], authentication: {mode: disabled}}")("default/api", "default/web") is ALLOWED
    assert (
        into_web("{fromEndpoints: [{}], authentication: {mode: test-always-fail}}")("default/api", "default/web")
        is DENIED
    )


def test_a_policy_that_cilium_found_invalid_is_ignored() -> None:
    bad = cnp("{endpointSelector: {}, ingress: [{}]}")
    bad["status"] = {"conditions": [{"type": "Valid", "status": "False", "message": "no such entity"}]}
    asked = ask(PODS, bad)
    assert asked("other/web", "default/web") is ALLOWED
    assert asked.index.policies[0].ignored == "Cilium found it not valid and ignores it: no such entity"


def test_host_policies() -> None:
    nodes = [
        node("a", "192.168.7.11", labels={"zone": "x"}, version="v1.35.2"),
        node("b", "192.168.7.12", version="v1.35.2"),
    ]
    host = ccnp(
        "{nodeSelector: {matchLabels: {zone: x}}, ingress: [{fromEntities: [cluster], toPorts: [{ports: [{port: '22'}]}]}]}"
    )
    on = Asked(make_snapshot(PODS, nodes, cilium({"enable-host-firewall": "true"}), host))
    assert on("203.0.113.9", "node/a", 22) is DENIED
    assert on("other/web", "node/a", 22) is ALLOWED
    assert on("other/web", "node/a", 80) is DENIED
    assert on("203.0.113.9", "node/b", 22) is ALLOWED
    off = Asked(make_snapshot(PODS, nodes, cilium(), host))
    assert off("203.0.113.9", "node/a", 22) is ALLOWED


def test_nodes_as_peers() -> None:
    nodes = [
        node("a", "192.168.7.11", server=True, version="v1.35.2"),
        node("b", "192.168.7.12", labels={"zone": "x"}, version="v1.35.2"),
    ]

    def world(rule: str) -> Asked:
        return Asked(make_snapshot(PODS, nodes, cilium(), cnp(f"{{endpointSelector: {{}}, egress: [{rule}]}}")))

    api = world("{toEntities: [kube-apiserver]}")
    assert api("default/web", "node/a", 6443) is ALLOWED
    assert api("default/web", "node/b", 6443) is DENIED
    chosen = world("{toNodes: [{matchLabels: {zone: x}}]}")
    assert chosen("default/web", "node/b") is ALLOWED
    assert chosen("default/web", "node/a") is DENIED
    own = world("{toEntities: [host]}")
    assert own("default/web", "node/a") is ALLOWED
    assert own("default/web", "node/b") is DENIED
    by_address = cnp("{endpointSelector: {}, egress: [{toCIDR: [192.168.7.0/24]}]}")
    assert Asked(make_snapshot(PODS, nodes, cilium(), by_address))("default/web", "node/b") is DENIED
    wide = cilium({"policy-cidr-match-mode": "nodes"})
    assert Asked(make_snapshot(PODS, nodes, wide, by_address))("default/web", "node/b") is ALLOWED


def test_the_namespace_of_a_namespaced_subject_is_the_policys() -> None:
    asked = ask(
        PODS, cnp("{endpointSelector: {matchLabels: {'k8s:io.kubernetes.pod.namespace': other}}, ingress: [{}]}")
    )
    assert asked("default/api", "default/web") is DENIED
    assert asked("default/api", "other/web") is ALLOWED


@pytest.mark.parametrize(
    ("key", "fact"),
    [
        ("app", "l:app"),
        ("k8s:app", "l:app"),
        ("any:app", "l:app"),
        ("k8s:io.kubernetes.pod.namespace", "@ns"),
        ("k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name", "n:kubernetes.io/metadata.name"),
        ("io.cilium.k8s.policy.serviceaccount", "@sa"),
        ("reserved:ingress", "r:ingress"),
        ("cidr:10.0.0.0/8", "x:cidr:10.0.0.0/8"),
    ],
)
def test_label_sources(key: str, fact: str) -> None:
    assert fact_key(key) == fact


FQDNS = (
    ("{matchName: api.example.com}", "api.example.com", ALLOWED),
    ("{matchName: API.example.com.}", "api.example.com", ALLOWED),
    ("{matchName: api.example.com}", "API.Example.com.", ALLOWED),  # as a flow shows it
    ("{matchName: api.example.com}", "www.example.com", UNKNOWN),  # the address may have that name too
    ("{matchPattern: '*.example.com'}", "api.example.com", ALLOWED),
    ("{matchPattern: '*.example.com'}", "a.b.example.com", UNKNOWN),
    ("{matchPattern: '**.example.com'}", "a.b.example.com", ALLOWED),
    ("{matchPattern: '**.example.com'}", "example.com", UNKNOWN),
    ("{matchPattern: '*'}", "anything.test", ALLOWED),
    ("{matchPattern: 'a*.example.com'}", "api.example.com", ALLOWED),
    ("{matchName: api.example.com}", "", UNKNOWN),  # nobody looked it up
)


@pytest.mark.parametrize(("selector", "seen", "answer"), FQDNS)
def test_to_fqdns_from_the_names_that_flows_showed(selector: str, seen: str, answer: Answer) -> None:
    text = f"{{endpointSelector: {{}}, egress: [{{toFQDNs: [{selector}], toPorts: [{{ports: [{{port: '443'}}]}}]}}]}}"
    asked = ask(SPACES, pod("default/web", {"app": "web"}), cnp(text))
    names = {"203.0.113.9": (seen,)} if seen else {}
    asked.snapshot = replace(asked.snapshot, traffic=Traffic(names=names))
    assert asked("default/web", "203.0.113.9", 443) is answer
    assert asked("default/web", "203.0.113.9", 80) is DENIED
    assert asked("default/web", "203.0.113.10", 443) is UNKNOWN
    if answer is UNKNOWN:
        why = asked.texts("default/web", "203.0.113.9", 443)
        assert "is not known" in why
        assert (f"flows showed it as {seen.lower().rstrip('.')}" in why) is bool(seen)


def test_a_name_outside_is_an_end() -> None:
    text = "{endpointSelector: {}, egress: [{toFQDNs: [{matchPattern: '*.example.com'}], toPorts: [{ports: [{port: '443'}]}]}]}"
    asked = ask(SPACES, pod("default/web", {"app": "web"}), cnp(text))
    assert asked("default/web", "api.example.com", 443) is ALLOWED
    assert asked("default/web", "api.example.com", 80) is DENIED
    assert asked("default/web", "example.org", 443) is DENIED
    asked.snapshot = replace(asked.snapshot, traffic=Traffic(names={"203.0.113.9": ("api.example.com",)}))
    found = reach(asked.snapshot, Question("default/web", "api.example.com", 443, "TCP"))
    assert (found.allowed, found.notes) == (True, ("api.example.com was seen at 203.0.113.9",))
    found = reach(asked.snapshot, Question("default/web", "203.0.113.9", 443, "TCP"))
    assert found.notes == ("203.0.113.9 was looked up as api.example.com",)
