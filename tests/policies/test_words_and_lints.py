"""One line for each policy, its state, and what is doubtful about it."""

from __future__ import annotations

from typing import Any

import pytest
from policyworld import ask, ccnp, cnp, files, namespace, pod, policy
from worlds import k3s_nodes, make_snapshot

from pointsman.tui.answers.policies.state import PolicyRow, State, effective, policy_rows, selected_by
from pointsman.tui.answers.policies.toggles import OFF_UNTIL, PARKED

PODS = [
    namespace("default"),
    namespace("media"),
    pod("default/postgres", {"app": "postgres"}, ip="10.42.0.5"),
    pod("media/jellyfin", {"app": "jellyfin"}, ip="10.42.0.6"),
    pod("kube-system/coredns", {"k8s-app": "kube-dns"}, ip="10.42.0.7"),
]


def row(*docs: Any) -> PolicyRow:
    return policy_rows(files(PODS, *docs))[0]


def lint_ids(*docs: Any) -> list[str]:
    return [item.id for item in row(*docs).lints]


MEDIA = "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: media}}}"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (
            f"{{podSelector: {{matchLabels: {{app: postgres}}}}, ingress: [{{from: [{MEDIA}], ports: [{{port: 5432}}]}}]}}",
            "lets media reach 5432 on postgres; nothing else may",
        ),
        ("podSelector: {}", "lets nobody reach pods in default"),
        ("{podSelector: {}, ingress: [{}]}", "lets anyone reach pods in default"),
        ("{podSelector: {}, policyTypes: [Egress]}", "lets pods in default reach nobody"),
        (
            "{podSelector: {}, policyTypes: [Ingress, Egress]}",
            "lets nobody reach pods in default; lets pods in default reach nobody",
        ),
        (
            "{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}, {port: 53}]},"
            " {to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}]}",
            "lets pods in default reach 53/tcp+udp on anyone; lets pods in default reach 10.0.0.0/8 except 10.1.0.0/16;"
            " nothing else may",
        ),
        (
            "{podSelector: {matchLabels: {app: postgres, tier: x}}, ingress: [{from: [{podSelector: {matchLabels: {app: a}}}"
            ", {namespaceSelector: {}, podSelector: {matchLabels: {role: b}}}], ports: [{port: web}]}]}",
            "lets a or role=b reach web on app=postgres and tier=x; nothing else may",
        ),
        ("{podSelector: {}, policyTypes: []}", "lets nobody reach pods in default"),
    ],
)
def test_summaries_of_network_policies(spec: str, words: str) -> None:
    assert row(policy(spec)).summary == words


def test_summaries_of_ciliums_policies() -> None:
    both = cnp(
        "{endpointSelector: {matchLabels: {app: postgres}}, ingressDeny: [{fromEntities: [world]}], egress: [{toFQDNs:"
        " [{matchName: a.org}], toPorts: [{ports: [{port: '443', protocol: TCP}]}]}]}"
    )
    assert row(both).summary == (
        "keeps world from postgres; lets nobody reach postgres; lets postgres reach 443 on a.org; nothing else may go out"
    )
    web = cnp(
        "{endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {'k8s:io.kubernetes.pod.namespace': media}}],"
        " toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{method: GET}]}}]}]}"
    )
    assert row(web).summary == "lets media reach 80 on pods in default (HTTP GET); nothing else may"
    assert row(cnp("{endpointSelector: {}}")).summary == "changes nothing: it has no rules and isolates no direction"
    assert row(ccnp("{endpointSelector: {}, ingress: [{}]}")).summary == "lets nobody reach everything"


def test_a_long_policy_stays_one_line() -> None:
    many = ", ".join(f"{{ports: [{{port: {port}}}]}}" for port in range(1, 500))
    text = row(policy(f"{{podSelector: {{}}, ingress: [{many}]}}")).summary
    assert "496 more rules; nothing else may" in text
    assert len(text) <= 300


@pytest.mark.parametrize(
    ("docs", "expected"),
    [
        ([policy("podSelector: {matchLabels: {app: nothing}}")], ["selects-nothing"]),
        ([policy("{podSelector: {}, ingress: [{from: [{podSelector: 7}]}]}")], ["invalid"]),
        ([policy("podSelector: {}"), policy("podSelector: {}", "default/same")], ["duplicate"]),
        ([policy("podSelector: {}"), policy("podSelector: {}", "media/other")], []),
        ([policy(f"{{podSelector: {{}}, egress: [{{to: [{MEDIA}]}}]}}")], ["no-dns"]),
        ([policy("{podSelector: {}, policyTypes: [Egress]}")], []),
        ([policy(f"{{podSelector: {{}}, egress: [{{to: [{MEDIA}]}}, {{ports: [{{port: 53, protocol: UDP}}]}}]}}")], []),
        (
            [
                policy(f"{{podSelector: {{}}, egress: [{{to: [{MEDIA}]}}]}}"),
                policy("{podSelector: {}, egress: [{to: [{namespaceSelector: {}, podSelector: {matchLabels: {k8s-app: kube-dns}}}]}]}",
                       "default/z-dns"),
            ],
            [],
        ),
        ([policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.42.0.6/32}}]}]}")], ["pod-ips"]),
        ([policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}")], []),
        ([policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.1/8}}]}]}")], ["note"]),
        (
            [policy("{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.43.0.10/32}}], ports: [{port: 53, protocol: UDP}]}]}"),
             {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns", "namespace": "kube-system"},
              "spec": {"clusterIP": "10.43.0.10", "clusterIPs": ["10.43.0.10"]}}],
            ["service-ips"],
        ),
        (
            [cnp("{endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {a: b}}]}]}"),
             ccnp("{endpointSelector: {}, ingressDeny: [{fromEndpoints: [{}]}, {fromEntities: [all]}]}")],
            ["shadowed"],
        ),
        (
            [cnp("{endpointSelector: {}, egress: [{toFQDNs: [{matchName: a.org}]}, {toPorts: [{ports: [{port: '53'}]}]}]}")],
            ["fqdn-unlearned"],
        ),
        (
            [cnp("{endpointSelector: {}, egress: [{toFQDNs: [{matchName: a.org}]},"
                 " {toPorts: [{ports: [{port: '53'}], rules: {dns: [{matchPattern: '*'}]}}]}]}")],
            [],
        ),
    ],
)  # fmt: skip
def test_lints(docs: list[Any], expected: list[str]) -> None:
    assert lint_ids(*docs) == expected


def test_the_strongest_state_is_shown() -> None:
    assert row(policy("podSelector: {matchLabels: {app: nothing}}")).state is State.SELECTS_NOTHING
    assert row(policy("podSelector: 7")).state is State.INVALID
    live = make_snapshot(PODS, k3s_nodes(), policy("podSelector: {}"))
    (found,) = policy_rows(live)
    assert (found.state, found.why, found.pods) == (
        State.ACTIVE, "enforced by k3s' NetworkPolicy controller (kube-router)", 1,
    )  # fmt: skip


def test_a_policy_that_was_switched_off() -> None:
    parked = policy(f"{{podSelector: {{matchLabels: {{{PARKED}: 'true'}}}}}}")
    assert row(parked).state is State.OFF
    parked["metadata"]["annotations"] = {OFF_UNTIL: "2027-01-15T08:10:00Z"}
    found = row(parked)
    assert (found.state, found.until) == (State.OFF_UNTIL, 1_800_000_600.0)
    claimed = policy("podSelector: {}")
    claimed["metadata"]["annotations"] = {OFF_UNTIL: "2027-01-15T08:10:00Z"}
    assert row(claimed).state is State.UNKNOWN  # the annotation alone is a claim


def test_ciliums_own_endpoints_are_not_nothing() -> None:
    health = ccnp(
        "{endpointSelector: {matchLabels: {'reserved:health': ''}}, ingress: [{fromEntities: [remote-node]}]}"
    )
    found = row(health)
    assert (found.state, found.summary) == (State.UNKNOWN, "lets remote-node reach health; nothing else may")
    assert found.lints == ()


def test_the_effective_policy_of_a_pod() -> None:
    asked = ask(
        PODS, policy(f"{{podSelector: {{}}, ingress: [{{from: [{MEDIA}], ports: [{{port: 5432}}]}}]}}", "default/in")
    )
    inward, outward = effective(asked.index, asked.end("default/postgres"))
    assert (inward.isolated, inward.rules) == (True, ("lets media reach 5432 on default/postgres",))
    assert [ref.path for ref in inward.policies] == ["default/in"]
    assert (outward.isolated, outward.policies) == (False, ())
    assert [ref.path for ref in selected_by(asked.index, asked.end("default/postgres"))] == ["default/in"]
    assert selected_by(asked.index, asked.end("media/jellyfin")) == ()
