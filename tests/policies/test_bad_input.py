"""Policies no API server would take, and policies of any size: a sentence each, never a crash, never a guess."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from policyworld import ALLOWED, DENIED, UNKNOWN, Asked, ask, cnp, files, namespace, pod, policy
from worlds import Doc

from pointsman.tui.answers.policies.connections import connections, reasons_of
from pointsman.tui.answers.policies.state import State, effective, policy_rows
from pointsman.tui.model.kinds import KINDS

PODS = [
    namespace("default"),
    pod("default/a", {"app": "a"}),
    pod("default/b", {"app": "b"}),
    pod("other/c", {"app": "c"}),
]


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (
            "{podSelector: {matchExpressions: [{key: app, operator: Is, values: [a]}]}}",
            "'Is' is not a selector operator",
        ),
        ("{podSelector: {matchExpressions: [{key: app, operator: In}]}}", "In on 'app' needs at least one value"),
        ("{podSelector: {matchExpressions: [{key: app, operator: Exists, values: [a]}]}}", "takes no values"),
        ("{podSelector: {matchExpressions: [{operator: In}]}}", "has no key"),
        ("{podSelector: {matchLabels: {app: 7}}}", "the label 'app' in podSelector is not text"),
        ("{podSelector: 7}", "podSelector is not a label selector"),
        ("{podSelector: {}, policyTypes: [Sideways]}", "something other than Ingress and Egress"),
        ("{podSelector: {}, ingress: 7}", "ingress is not a list"),
        ("{podSelector: {matchlabels: {app: a}}, ingress: []}", "podSelector has no field 'matchlabels'"),
        (
            "{podSelector: {}, ingress: [{from: [{podSelector: {}}], port: [{port: 80}]}]}",
            "an ingress rule has no field 'port'",
        ),
        ("{podSelector: {}, ingress: [{from: [{namespaceselector: {}}]}]}", "from[0] has no field 'namespaceselector'"),
        ("{podSelector: {}, Ingress: []}", "spec has no field 'Ingress'"),
        ("{podSelector: {}, ingress: [7]}", "the rule is not an object"),
        ("{podSelector: {}, ingress: [{from: 7}]}", "from is not a list"),
        ("{podSelector: {}, ingress: [{from: [{}]}]}", "from[0] names nobody"),
        ("{podSelector: {}, ingress: [{from: [{ipBlock: {}}]}]}", "from[0] has no cidr"),
        ("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/33}}]}]}", "'10.0.0.0/33' is not a CIDR"),
        ("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.1}}]}]}", "a single address is 10.0.0.1/32"),
        (
            "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/24, except: [11.0.0.0/30]}}]}]}",
            "is not within 10.0.0.0/24",
        ),
        (
            "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/24}, podSelector: {}}]}]}",
            "together with a selector",
        ),
        ("{podSelector: {}, ingress: [{ports: [{port: 0}]}]}", "0 is not a port"),
        ("{podSelector: {}, ingress: [{ports: [{port: 65536}]}]}", "65536 is not a port"),
        ("{podSelector: {}, ingress: [{ports: [{port: true}]}]}", "True is not a port"),
        ("{podSelector: {}, ingress: [{ports: [{port: 90, endPort: 80}]}]}", "endPort 80 is below port 90"),
        ("{podSelector: {}, ingress: [{ports: [{endPort: 80}]}]}", "endPort without port"),
        ("{podSelector: {}, ingress: [{ports: [{port: http, endPort: 80}]}]}", "endPort with a named port"),
        ("{podSelector: {}, ingress: [{ports: [{port: 80, protocol: ICMP}]}]}", "'ICMP' is not a protocol"),
    ],
)
def test_a_network_policy_that_cannot_be_read(spec: str, sentence: str) -> None:
    snapshot = files(PODS, policy(spec))
    (row,) = policy_rows(snapshot)
    assert row.state is State.INVALID
    assert sentence in row.why
    asked = Asked(snapshot)
    assert asked("default/b", "default/a") is UNKNOWN
    assert sentence.split()[0] in asked.texts("default/b", "default/a")
    assert asked("default/b", "other/c") is not DENIED  # it is of another namespace


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("{ingress: [{}]}", "neither endpointSelector nor nodeSelector"),
        ("{endpointSelector: {}, nodeSelector: {}, ingress: [{}]}", "both endpointSelector and nodeSelector"),
        ("{nodeSelector: {}, ingress: [{}]}", "only for CiliumClusterwideNetworkPolicy"),
        (
            "{endpointSelector: {}, ingress: [{fromEndpoints: [{}], fromEntities: [all]}]}",
            "fromEndpoints and fromEntities in one rule",
        ),
        ("{endpointSelector: {}, ingress: [{fromEntities: [moon]}]}", "'moon' is not an entity"),
        ("{endpointSelector: {}, ingress: [{fromCIDR: [moon]}]}", "'moon' is not a CIDR"),
        ("{endpointSelector: {}, ingress: [{fromRequires: [{}]}]}", "no longer understood"),
        (
            "{endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: '80', protocol: MOON}]}]}]}",
            "'MOON' is not a protocol",
        ),
        ("{endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: '70000'}]}]}]}", "70000 is not a port"),
        ("{endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: '-1'}]}]}]}", "neither a port nor a port name"),
        (
            "{endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: '90', endPort: 80}]}]}]}",
            "endPort 80 is below port 90",
        ),
        ("{endpointSelector: {}, ingress: [{toPorts: [{}]}]}", ""),
        ("{endpointSelector: {}, ingress: [{icmps: [{fields: [{type: Moon}]}]}]}", "'Moon' is not an ICMP type"),
        (
            "{endpointSelector: {}, ingress: [{icmps: [{fields: [{type: 8}]}], toPorts: [{ports: [{port: '1'}]}]}]}",
            "icmps and toPorts",
        ),
        (
            "{endpointSelector: {}, ingressDeny: [{toPorts: [{ports: [{port: '80'}], rules: {http: [{}]}}]}]}",
            "deny rule with L7",
        ),
        ("{endpointSelector: {}, ingress: 7}", "is not a list"),
    ],
)
def test_a_policy_of_cilium_that_cannot_be_read(spec: str, sentence: str) -> None:
    snapshot = files(PODS, cnp(spec))
    (row,) = policy_rows(snapshot)
    if sentence:
        assert row.state is State.INVALID
        assert sentence in row.why
    assert Asked(snapshot)("default/b", "default/a") is UNKNOWN


def test_a_field_of_a_later_cilium_is_unknown_not_invalid() -> None:
    later = cnp("{endpointSelector: {}, ingress: [{fromEndpoints: [{}], fromMoons: [{}]}]}")
    snapshot = files(PODS, later)
    assert policy_rows(snapshot)[0].state is State.UNKNOWN
    asked = Asked(snapshot)
    assert asked("default/b", "default/a") is UNKNOWN
    assert "'fromMoons', which is not known here" in asked.texts("default/b", "default/a")


def test_a_spec_of_the_wrong_shape() -> None:
    for spec in ("7", "[]", "text"):
        made = policy("{}", "default/p")
        made["spec"] = spec
        asked = ask(PODS, made)
        assert asked("default/b", "default/a") is UNKNOWN
    empty = cnp("{}")
    assert policy_rows(files(PODS, empty))[0].why == "it has neither spec nor specs"


def test_what_is_certain_stays_certain_beside_an_unreadable_policy() -> None:
    bad = cnp("{endpointSelector: {matchLabels: {app: a}}, ingress: [{fromEntities: [moon]}, {fromEndpoints: [{}]}]}")
    assert ask(PODS, bad)("default/b", "default/a") is ALLOWED  # its other rule allows it, and without it all is open
    denied = cnp("{endpointSelector: {}, ingressDeny: [{fromEntities: [all]}]}", "default/deny")
    assert ask(PODS, bad, denied)("default/b", "default/a") is DENIED
    assert ask(PODS, bad)("other/c", "default/a") is UNKNOWN


def test_names_with_markup_are_only_text() -> None:
    evil = "[red]x[/red]\x1b[31m\u202e"
    snapshot = files(
        PODS, policy(f"podSelector: {{matchLabels: {{app: {evil!r}}}}}".replace("\\x1b", "").replace("\\u202e", ""))
    )
    assert "[red]x[/red]" in policy_rows(snapshot)[0].summary


def test_a_large_policy_takes_time_in_proportion() -> None:
    def world(count: int) -> Asked:
        rules = [
            {"from": [{"ipBlock": {"cidr": f"10.{at >> 8 & 255}.{at & 255}.0/32"}}, {"podSelector": {"matchLabels": {"n": str(at)}}}],
             "ports": [{"port": 1 + at % 60000}]}
            for at in range(count)
        ]  # fmt: skip
        spec = {"podSelector": {}, "ingress": rules}
        return Asked(files(PODS, {**policy("{}", "default/big"), "spec": spec}))

    def work(count: int) -> float:
        start = time.process_time()
        asked = world(count)
        assert asked("default/b", "default/a", 2) is DENIED
        assert asked("10.0.1.0", "default/a", 2) is ALLOWED
        connections(asked.index, asked.snapshot)
        policy_rows(asked.snapshot, asked.index)
        return time.process_time() - start

    work(100)
    small, large = min(work(500) for _ in range(3)), work(10_000)
    assert large < 60 * small, (small, large)  # 20 times the rules


def test_a_policy_of_a_megabyte() -> None:
    values = [f"v{at:06d}" for at in range(110_000)]
    spec = {"podSelector": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": values}]}}
    asked = ask(PODS, {**policy("{}", "default/big"), "spec": spec})
    start = time.process_time()
    assert asked("default/b", "default/a") is DENIED
    (row,) = policy_rows(asked.snapshot, asked.index)
    assert row.state is State.UNKNOWN
    assert len(row.summary) + len(row.selects[0]) < 300
    assert time.process_time() - start < 5


# -- whatever comes ---------------------------------------------------------------------------------------------------------
words = st.sampled_from(
    ["podSelector", "namespaceSelector", "matchLabels", "matchExpressions", "key", "operator", "values", "ingress", "egress",
     "ingressDeny", "from", "to", "ports", "port", "endPort", "protocol", "ipBlock", "cidr", "except", "policyTypes", "fromEndpoints",
     "toEndpoints", "fromEntities", "toCIDRSet", "toPorts", "toFQDNs", "matchName", "icmps", "fields", "type", "toServices",
     "k8sService", "endpointSelector", "nodeSelector", "subject", "namespaces", "pods", "priority", "action", "networks", "nodes",
     "portNumber", "portRange", "start", "end", "rules", "http", "enableDefaultDeny", "authentication", "mode", "tier", "protocols",
     "domainNames", "cidrGroupRef", "listener", "serverNames", "app"]
)  # fmt: skip
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 70000), st.text(max_size=5), words,
    st.sampled_from(["In", "Exists", "80", "10.0.0.0/8", "::/0", "all", "world", "TCP", "Deny", "Ingress", "*", "**.x"]),
)  # fmt: skip
anything = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=4)),
    max_leaves=25,
)
KINDS_OF_POLICY = (
    "NetworkPolicy", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "AdminNetworkPolicy",
    "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy", "CiliumCIDRGroup",
)  # fmt: skip


@given(st.sampled_from(KINDS_OF_POLICY), st.dictionaries(words, anything, max_size=6))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_raises(kind: str, spec: Doc) -> None:
    space = "default" if KINDS[next(key for key, entry in KINDS.items() if entry.kind == kind)].namespaced else ""
    spec.setdefault("podSelector" if kind == "NetworkPolicy" else "endpointSelector" if "Cilium" in kind else "subject",
                    {} if "Network" in kind and "Admin" not in kind else {"namespaces": {}})  # fmt: skip
    made: dict[str, Any] = {**policy("{}", f"{space}/p" if space else "p", kind), "spec": spec}
    group = cnp("{endpointSelector: {}, egress: [{toCIDRSet: [{cidrGroupRef: p}]}]}", "default/uses")
    snapshot = files(PODS, made, group)
    asked = Asked(snapshot)
    for src, dst in (
        ("default/b", "default/a"),
        ("world", "default/a"),
        ("default/a", "host"),
        ("default/a", "example.org"),
    ):
        assert asked.decide(src, dst, None, None).because
    found = connections(asked.index, snapshot)
    reasons_of(asked.index, snapshot, found)
    policy_rows(snapshot, asked.index)
    for end in asked.index.ends:
        effective(asked.index, end)
