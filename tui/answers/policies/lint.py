"""What is doubtful about a policy, said at the policy. Nothing here claims that a rule is never used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pointsman.tui.answers.policies.addresses import AddressError, cidr
from pointsman.tui.answers.policies.facts import Facts, indexes
from pointsman.tui.answers.policies.index import PolicyIndex
from pointsman.tui.answers.policies.ports import protocol_spans
from pointsman.tui.answers.policies.rules import EGRESS, Action, Peers, Policy, Rule, Section
from pointsman.tui.answers.policies.spans import Spans, covers, intersect, spans
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import KINDS

DNS: Spans = protocol_spans("UDP", 53, 53)
DNS_LABELS = ("kube-dns", "coredns", "core-dns")


@dataclass(frozen=True, slots=True)
class Lint:
    """``id`` is invalid, selects-nothing, duplicate, shadowed, no-dns, fqdn-unlearned, pod-ips or note; ``severity`` is
    error, warn or info."""

    id: str
    severity: str
    text: str
    rule: str = ""


def selects(index: PolicyIndex, policy: Policy) -> tuple[int, int]:
    """Pods and nodes the policy selects, counted."""
    bits = 0
    nodes = 0
    for section in policy.sections:
        if section.unsure:
            continue
        if section.on_nodes:
            nodes = max(
                nodes, sum(section.subject.matches(index.places.host_facts(name)[0]) for name in index.places.nodes)
            )
        else:
            bits |= index.selected(section)
    return bits.bit_count(), nodes


def lints_of(index: PolicyIndex, policy: Policy, others: Mapping[object, tuple[Ref, ...]]) -> Iterator[Lint]:
    """Everything about one policy. ``others`` are the policies that say the same, by :func:`meaning`."""
    if policy.ignored:
        yield Lint("invalid", "error", policy.ignored)
    for problem in policy.problems:
        yield Lint("invalid", "error", problem)
    if not policy.problems and selects(index, policy) == (0, 0):
        yield Lint("selects-nothing", "warn", "it selects no pod that is there now")
    same = [ref for ref in others.get(meaning(policy), ()) if ref != policy.ref]
    if same:
        names = listed([f"{KINDS[ref.kind].kind} {ref.path}" for ref in same])
        yield Lint("duplicate", "info", f"it says the same as {names}")
    yield from _shadowed(index, policy)
    yield from _without_dns(index, policy)
    yield from _names_unlearned(index, policy)
    yield from _pod_ips(index, policy)
    for note in policy.notes:
        yield Lint("note", "info", note)


def meaning(policy: Policy) -> object:
    """Equal for policies that do the same, whatever they are called."""
    return (
        policy.tier,
        policy.priority,
        frozenset(
            (
                frozenset(section.subject.requirements),
                section.isolates,
                section.on_nodes,
                section.unsure or None,
                _rules_meaning(policy, section),
            )
            for section in policy.sections
        ),
        policy.ref.path if policy.problems or policy.ignored else "",
    )


def _rules_meaning(policy: Policy, section: Section) -> object:
    rules = [
        (rule.direction, rule.action, rule.peers.everyone, frozenset(rule.peers.selectors), rule.peers.addresses,
         frozenset(rule.peers.names), rule.peers.maybe, rule.ports, rule.l7, rule.auth)
        for rule in section.rules
    ]  # fmt: skip
    return frozenset(rules) if policy.tier == 1 else tuple(rules)


def duplicates(index: PolicyIndex) -> dict[object, tuple[Ref, ...]]:
    """Policies by what they do."""
    found: dict[object, list[Ref]] = {}
    for policy in index.policies:
        found.setdefault(meaning(policy), []).append(policy.ref)
    return {key: tuple(refs) for key, refs in found.items() if len(refs) > 1}


def _shadowed(index: PolicyIndex, policy: Policy) -> Iterator[Lint]:
    """Allow rules that a deny rule takes back for every pod and every peer they are about."""
    denies = _denies(index)
    if not denies:
        return
    for section in policy.sections:
        if section.unsure or section.on_nodes:
            continue
        chosen = index.selected(section)
        for rule in section.rules:
            if rule.action is not Action.ALLOW or rule.unsure or rule.peers.nobody:
                continue
            if not chosen or rule.ports.named:
                continue
            taker = next(
                (
                    deny
                    for other, deny in denies
                    if deny.direction == rule.direction
                    and chosen & ~index.selected(other) == 0
                    and covers(deny.ports.fixed, rule.ports.fixed)
                    and _within(rule.peers, deny.peers)
                ),
                None,
            )
            if taker is not None:
                name = f"{KINDS[taker.policy.kind].kind} {taker.policy.path}"
                yield Lint("shadowed", "warn", f"{taker.path} of {name} denies all that it allows", rule.path)


def _denies(index: PolicyIndex) -> list[tuple[Section, Rule]]:
    return [
        (section, rule)
        for policy in index.policies
        if policy.tier == 1 and not policy.problems and not policy.ignored
        for section in policy.sections
        for rule in section.rules
        if rule.action is Action.DENY and not section.on_nodes
    ]


def _within(inner: Peers, outer: Peers) -> bool:
    if outer.everyone:
        return True
    if inner.everyone or inner.maybe:
        return False
    return (
        set(inner.selectors) <= set(outer.selectors)
        and covers(outer.addresses, inner.addresses)
        and set(inner.names) <= set(outer.names)
    )


def _without_dns(index: PolicyIndex, policy: Policy) -> Iterator[Lint]:
    """A policy that shuts egress of pods which then cannot ask for names, for all that any policy allows them."""
    sections = [section for section in policy.sections if EGRESS in section.isolates and not section.on_nodes]
    if not sections or policy.problems or policy.ignored:
        return
    lets_out = any(
        rule.action is Action.ALLOW and not rule.peers.nobody for section in sections for rule in section.of(EGRESS)
    )
    if not lets_out:
        return  # a default deny: what it leaves open is for the others to say
    for section in sections:
        numbers = indexes(index.selected(section))
        dark = [index.pods[at].text for at in numbers if not _may_ask(index, at)]
        if dark:
            yield Lint("no-dns", "warn", f"{listed(dark[:3])} may not reach DNS (53/udp), so names will not resolve")
            return


def _may_ask(index: PolicyIndex, number: int) -> bool:
    """Whether some policy that selects the pod lets it reach a DNS server of the cluster, or port 53 at large."""
    end = index.pods[number]
    servers = _dns_servers(index)
    for section in index.sections(end):
        for rule in section.of(EGRESS):
            if rule.unsure or rule.action is not Action.ALLOW or not intersect(rule.ports.fixed, DNS):
                continue
            if rule.peers.everyone or rule.peers.maybe or rule.peers.addresses or not servers:
                return True
            if any(selector.matches(facts) for selector in rule.peers.selectors for facts in servers):
                return True
    return False


def _names_unlearned(index: PolicyIndex, policy: Policy) -> Iterator[Lint]:
    """toFQDNs knows only the addresses that Cilium's DNS proxy saw: some policy must send the pods' DNS through it."""
    for section in policy.sections:
        named = next((rule for rule in section.of(EGRESS) if rule.peers.names), None)
        if named is None or policy.tier != 1 or policy.problems:
            continue
        for number in indexes(index.selected(section)):
            rules = (rule for other in index.sections(index.pods[number]) for rule in other.of(EGRESS))
            if not any(rule.l7.startswith("DNS names") for rule in rules):
                text = f"no DNS rule sees what {index.pods[number].text} looks up, so toFQDNs never learns an address"
                yield Lint("fqdn-unlearned", "warn", text, named.path)
                return


def _dns_servers(index: PolicyIndex) -> list[Facts]:
    """Pods that serve DNS, and the node (NodeLocal DNSCache, a resolver on the host)."""
    found = [
        end.facts for end in index.pods
        if end.facts.get("l:k8s-app") in DNS_LABELS or end.facts.get("l:app.kubernetes.io/name") in DNS_LABELS
    ]  # fmt: skip
    return [*found, {"r:host": ""}] if found else []


def _pod_ips(index: PolicyIndex, policy: Policy) -> Iterator[Lint]:
    """CIDRs that mean pods: engines differ in whether an address of a pod is matched by one at all."""
    inside = _pod_ranges(index)
    if not inside:
        return
    for section in policy.sections:
        for rule in section.rules:
            hit = intersect(rule.peers.addresses, inside)
            # A wide block (the Internet without private ranges, or everything) is not meant for pods.
            if hit and covers(inside, rule.peers.addresses):
                yield Lint(
                    "pod-ips", "warn",
                    "the CIDR lies within the pods' addresses: Cilium never matches pods by CIDR, and pod addresses change",
                    rule.path,
                )  # fmt: skip
                return


def _pod_ranges(index: PolicyIndex) -> Spans:
    ranges: list[tuple[int, int]] = []
    for node in index.places.nodes.values():
        for text in (node.body.spec.pod_cidr, *node.body.spec.pod_cidrs):
            try:
                ranges.extend(cidr(text) if text else ())
            except AddressError:
                continue
    ranges.extend(span for end in index.pods for span in end.ips)
    return spans(ranges)
