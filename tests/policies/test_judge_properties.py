"""The judge against a second opinion: a plain reading of the rules for one pair at a time, and laws that must hold."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from policyworld import ALLOWED, DENIED, Asked, contains, files, namespace, pod
from worlds import Doc

from pointsman.tui.answers.policies.connections import connections
from pointsman.tui.answers.policies.ports import protocol_spans
from pointsman.tui.store.snapshot import Snapshot

SPACES = {"x": {"team": "a"}, "y": {"team": "b"}}
APPS = ("p", "q")
PODS = {(space, app): {"app": app, "tier": "t" if app == "p" else "u"} for space in SPACES for app in APPS}
NAMED = {("x", "p"): 80, ("x", "q"): 81, ("y", "p"): 81}
OUTSIDE = ("203.0.113.1", "203.0.113.200", "198.51.100.1")
BLOCKS = {
    "203.0.113.0/24": {"203.0.113.1", "203.0.113.200"},
    "203.0.113.0/25": {"203.0.113.1"},
    "0.0.0.0/0": set(OUTSIDE),
}
PORTS = [(80, "TCP"), (81, "TCP"), (80, "UDP")]
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

selectors = st.sampled_from(
    [
        {},
        {"matchLabels": {"app": "p"}},
        {"matchLabels": {"tier": "u"}},
        {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["p"]}]},
        {"matchExpressions": [{"key": "nothing", "operator": "DoesNotExist"}]},
        {"matchLabels": {"app": "z"}},
    ]
)
spaces = st.sampled_from([{}, {"matchLabels": {"team": "a"}}, {"matchLabels": {"kubernetes.io/metadata.name": "y"}}])
peers = st.one_of(
    st.builds(lambda pods: {"podSelector": pods}, selectors),
    st.builds(lambda space: {"namespaceSelector": space}, spaces),
    st.builds(lambda pods, space: {"podSelector": pods, "namespaceSelector": space}, selectors, spaces),
    st.builds(lambda text: {"ipBlock": {"cidr": text}}, st.sampled_from(sorted(BLOCKS))),
    st.just({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["203.0.113.0/25"]}}),
)
ports = st.sampled_from(
    [{"port": 80}, {"port": 80, "endPort": 81}, {"port": 80, "protocol": "UDP"}, {"port": "web"}, {"protocol": "UDP"}]
)


def rules(word: str) -> st.SearchStrategy[list[Doc]]:
    one = st.fixed_dictionaries({}, optional={word: st.lists(peers, max_size=2), "ports": st.lists(ports, max_size=2)})
    return st.lists(one, max_size=2)


specs = st.fixed_dictionaries(
    {"podSelector": selectors},
    optional={
        "policyTypes": st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"]]),
        "ingress": rules("from"),
        "egress": rules("to"),
    },
)
worlds = st.lists(st.tuples(st.sampled_from(sorted(SPACES)), specs), max_size=4)


def docs(world: list[tuple[str, Doc]]) -> list[Doc]:
    return [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": f"n{at}", "namespace": space},
            "spec": spec,
        }
        for at, (space, spec) in enumerate(world)
    ]


def snapshot(world: list[tuple[str, Doc]], more: list[Doc] | None = None) -> Snapshot:
    made = [
        pod(f"{space}/{app}", labels, ports=[("web", "TCP", NAMED[(space, app)])] if (space, app) in NAMED else [])
        for (space, app), labels in PODS.items()
    ]
    return files([namespace(name, **labels) for name, labels in SPACES.items()], made, docs(world), more or [])


# -- the second opinion -----------------------------------------------------------------------------------------------------
def selects(selector: Doc, labels: dict[str, str]) -> bool:
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for item in selector.get("matchExpressions", []):
        if item["operator"] == "NotIn" and labels.get(item["key"]) in item["values"]:
            return False
        if item["operator"] == "DoesNotExist" and item["key"] in labels:
            return False
    return True


def is_peer(peer: Doc, home: str, end: Any) -> bool:
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        inside = end in BLOCKS[block["cidr"]] if isinstance(end, str) else False
        return inside and not any(end in BLOCKS[text] for text in block.get("except", []))
    if isinstance(end, str):
        return False
    space, _ = end
    if "podSelector" in peer and not selects(peer["podSelector"], PODS[end]):
        return False
    if "namespaceSelector" in peer:
        return selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": space, **SPACES[space]})
    return bool(space == home)


def on_port(port: Doc, dst: Any, number: int, protocol: str) -> bool:
    if port.get("protocol", "TCP") != protocol:
        return False
    if "port" not in port:
        return True
    if port["port"] == "web":
        return not isinstance(dst, str) and NAMED.get(dst) == number
    return bool(port["port"] <= number <= port.get("endPort", port["port"]))


def opinion(world: list[tuple[str, Doc]], src: Any, dst: Any, number: int, protocol: str) -> bool:
    for direction, subject, peer in (("Egress", src, dst), ("Ingress", dst, src)):
        isolated, passes = one_way(world, direction, subject, peer, dst, number, protocol)
        if isolated and not passes:
            return False
    return True


def one_way(
    world: list[tuple[str, Doc]], direction: str, subject: Any, peer: Any, dst: Any, number: int, protocol: str
) -> tuple[bool, bool]:
    """Whether anything isolates the subject, and whether anything lets the peer pass."""
    word = "to" if direction == "Egress" else "from"
    isolated = passes = False
    if not isinstance(subject, str):
        for space, spec in world:
            types = spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
            if space != subject[0] or direction not in types or not selects(spec["podSelector"], PODS[subject]):
                continue
            isolated = True
            for rule in spec.get(direction.lower(), []):
                who = not rule.get(word) or any(is_peer(item, space, peer) for item in rule[word])
                what = not rule.get("ports") or any(on_port(item, dst, number, protocol) for item in rule["ports"])
                passes = passes or (who and what)
    return isolated, passes


def word(end: Any) -> str:
    return end if isinstance(end, str) else f"pod/{end[0]}/{end[1]}"


PAIRS = [
    (a, b) for a, b in itertools.permutations([*PODS, *OUTSIDE], 2) if not (isinstance(a, str) and isinstance(b, str))
]


@given(worlds)
@QUICK
def test_every_answer_is_that_of_a_plain_reading(world: list[tuple[str, Doc]]) -> None:
    asked = Asked(snapshot(world))
    for src, dst in PAIRS:
        for number, protocol in PORTS:
            wanted = ALLOWED if opinion(world, src, dst, number, protocol) else DENIED
            assert asked(word(src), word(dst), number, protocol) is wanted, (src, dst, number, protocol)


@given(worlds)
@QUICK
def test_all_connections_at_once_are_those_of_single_questions(world: list[tuple[str, Doc]]) -> None:
    found = snapshot(world)
    asked = Asked(found)
    listed = connections(asked.index, found)
    for src, dst in PAIRS:
        for number, protocol in PORTS:
            shown = any(
                names(item.src, src)
                and names(item.dst, dst)
                and contains(item.ports, protocol_spans(protocol, number)[0][0])
                for item in listed
            )
            assert shown is (asked(word(src), word(dst), number, protocol) is ALLOWED), (src, dst, number, protocol)


def names(point: Any, end: Any) -> bool:
    from pointsman.tui.answers.policies.addresses import address

    if not isinstance(end, str):
        return (point.namespace, point.name) == end
    if not point.cidr or ":" in point.cidr:
        return False
    low, high = point.cidr.split("-")
    return address(low) <= address(end) <= address(high)


@given(worlds)
@QUICK
def test_ranges_are_as_wide_as_they_can_be(world: list[tuple[str, Doc]]) -> None:
    from pointsman.tui.answers.policies.addresses import address

    found = snapshot(world)
    ends: dict[Any, set[int]] = {}
    starts: dict[Any, set[int]] = {}
    for item in connections(Asked(found).index, found):
        for outer, inner, way in ((item.src, item.dst, "in"), (item.dst, item.src, "out")):
            if outer.cidr:
                low, high = outer.cidr.split("-")
                key = (inner, item.ports, way)
                ends.setdefault(key, set()).add(address(high))
                starts.setdefault(key, set()).add(address(low) - 1)
    for key, high in ends.items():
        assert not high & starts[key], key  # two neighbours with the same ports would be one range


def allowed_pairs(asked: Asked) -> set[Any]:
    return {(src, dst, port) for src, dst in PAIRS for port in PORTS if asked(word(src), word(dst), *port) is ALLOWED}


@given(worlds, st.sampled_from(sorted(SPACES)), rules("from"))
@QUICK
def test_a_further_rule_never_takes_a_connection_away(
    world: list[tuple[str, Doc]], space: str, more: list[Doc]
) -> None:
    base = [*world, (space, {"podSelector": {}, "ingress": []})]
    richer = [*world, (space, {"podSelector": {}, "ingress": more})]
    assert allowed_pairs(Asked(snapshot(base))) <= allowed_pairs(Asked(snapshot(richer)))


@given(worlds, st.randoms(use_true_random=False))
@QUICK
def test_the_order_of_policies_and_rules_does_not_matter(world: list[tuple[str, Doc]], chance: Any) -> None:
    mixed = []
    for space, spec in chance.sample(world, len(world)):
        changed = dict(spec)
        for direction in ("ingress", "egress"):
            if direction in spec:
                changed[direction] = chance.sample(spec[direction], len(spec[direction]))
        mixed.append((space, changed))
    assert allowed_pairs(Asked(snapshot(world))) == allowed_pairs(Asked(snapshot(mixed)))


cilium_peers = st.sampled_from(
    [
        {"fromEndpoints": [{}]},
        {"fromEndpoints": [{"matchLabels": {"app": "p"}}]},
        {"fromEndpoints": [{"matchLabels": {"k8s:io.kubernetes.pod.namespace": "y"}}]},
        {"fromEntities": ["world"]},
        {"fromEntities": ["cluster"]},
        {"fromCIDR": ["203.0.113.0/25"]},
        {},
    ]
)
cilium_specs = st.fixed_dictionaries(
    {"endpointSelector": st.sampled_from([{}, {"matchLabels": {"app": "p"}}])},
    optional={
        "ingress": st.lists(cilium_peers, max_size=2),
        "ingressDeny": st.lists(cilium_peers, max_size=1),
        "enableDefaultDeny": st.sampled_from([{"ingress": False}, {"ingress": True}]),
    },
)


def cilium_docs(found: list[Doc]) -> list[Doc]:
    return [
        {
            "apiVersion": "cilium.io/v2",
            "kind": "CiliumNetworkPolicy",
            "metadata": {"name": f"c{at}", "namespace": "x"},
            "spec": spec,
        }
        for at, spec in enumerate(found)
    ]


@given(worlds, st.lists(cilium_specs, max_size=3), cilium_peers)
@QUICK
def test_a_deny_rule_never_opens_and_an_allow_rule_never_shuts(
    world: list[tuple[str, Doc]], base: list[Doc], peer: Doc
) -> None:
    shut = {"endpointSelector": {}, "ingress": [{}]}
    before = allowed_pairs(Asked(snapshot(world, cilium_docs([*base, shut]))))
    allow = {"endpointSelector": {}, "ingress": [{}, peer]}
    assert before <= allowed_pairs(Asked(snapshot(world, cilium_docs([*base, allow]))))
    deny = {"endpointSelector": {}, "ingress": [{}], "ingressDeny": [peer]}
    assert allowed_pairs(Asked(snapshot(world, cilium_docs([*base, deny])))) <= before


@given(worlds, st.lists(cilium_specs, max_size=3))
@QUICK
def test_with_ciliums_policies_all_at_once_is_as_one_by_one(world: list[tuple[str, Doc]], base: list[Doc]) -> None:
    found = snapshot(world, cilium_docs(base))
    asked = Asked(found)
    listed = connections(asked.index, found)
    for src, dst in PAIRS:
        shown = any(names(item.src, src) and names(item.dst, dst) and contains(item.ports, 80) for item in listed)
        assert shown is (asked(word(src), word(dst), 80, "TCP") is ALLOWED), (src, dst)


# -- a second opinion on Cilium's rules, which in these worlds are all about namespace x and ingress -----------------------
def is_cilium_peer(rule: Doc, end: Any) -> bool:
    if "fromEntities" in rule:
        return isinstance(end, str) is (rule["fromEntities"] == ["world"])
    if "fromCIDR" in rule:
        return end in BLOCKS[rule["fromCIDR"][0]]
    if "fromEndpoints" not in rule or isinstance(end, str):
        return False  # `{}` is nobody
    wanted = dict(rule["fromEndpoints"][0].get("matchLabels", {}))
    home = wanted.pop("k8s:io.kubernetes.pod.namespace", "x")
    return bool(end[0] == home and selects({"matchLabels": wanted}, PODS[end]))


def cilium_opinion(world: list[tuple[str, Doc]], base: list[Doc], src: Any, dst: Any) -> bool:
    shut, passes = one_way(world, "Egress", src, dst, dst, 80, "TCP")
    if shut and not passes:
        return False
    isolated, passes = one_way(world, "Ingress", dst, src, dst, 80, "TCP")
    for spec in base if not isinstance(dst, str) and dst[0] == "x" else []:
        if not selects(spec["endpointSelector"], PODS[dst]):
            continue
        switch = spec.get("enableDefaultDeny", {}).get("ingress")
        rules, denies = spec.get("ingress", []), spec.get("ingressDeny", [])
        if any(is_cilium_peer(rule, src) for rule in denies):
            return False
        isolated = isolated or (bool(rules or denies) if switch is None else switch)
        passes = passes or any(is_cilium_peer(rule, src) for rule in rules)
    return passes or not isolated


@given(worlds, st.lists(cilium_specs, max_size=4))
@QUICK
def test_ciliums_answers_are_those_of_a_plain_reading(world: list[tuple[str, Doc]], base: list[Doc]) -> None:
    asked = Asked(snapshot(world, cilium_docs(base)))
    for src, dst in PAIRS:
        wanted = ALLOWED if cilium_opinion(world, base, src, dst) else DENIED
        assert asked(word(src), word(dst), 80, "TCP") is wanted, (src, dst)
