"""What is doubtful about a policy, said at the policy. Nothing here claims that a rule is never used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pointsman.tui.answers.policies.addresses import AddressError, cidr
from pointsman.tui.answers.policies.facts import Facts, indexes
from pointsman.tui.answers.policies.index import PolicyIndex
from pointsman.tui.answers.policies.ports import protocol_spans
from pointsman.tui.answers.policies.rules import EGRESS, Action, Peers, Policy, Rule, Section, Tier
from pointsman.tui.answers.policies.spans import Spans, covers, intersect, spans
from pointsman.tui.answers.policies.toggles import PARKED
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import KINDS

DNS: Spans = protocol_spans("UDP", 53, 53)
WIDEST_SERVICE_RANGE = 1 << 16
DNS_LABELS = ("kube-dns", "coredns", "core-dns")


@dataclass(frozen=True, slots=True)
class Lint:
    """``id`` is invalid, selects-nothing, duplicate, shadowed, no-dns, fqdn-unlearned, pod-ips, service-ips or note; ``severity`` is
    error, warn or info."""

    id: str
    severity: str
    text: str
    rule: str = ""


def beyond_pods(policy: Policy) -> bool:
    """Whether it selects Cilium's own endpoints (``reserved:health``, say), which are not among the objects."""
    return any(need.key.startswith("r:") for section in policy.sections for need in section.subject.requirements)


def parked(policy: Policy) -> bool:
    """Whether it is switched off: it selects nothing because somebody wants it to, for a while."""
    return bool(policy.sections) and all(
        any(need.key == f"l:{PARKED}" for need in section.subject.requirements) for section in policy.sections
    )


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


class Lints:
    """All policies of an index, looked at together; what every policy's lints need is found once."""

    def __init__(self, index: PolicyIndex) -> None:
        self.index = index
        self.same = duplicates(index)
        self.denies = _denies(index)
        self.servers = _dns_servers(index)
        self.inside = _pod_ranges(index)
        self._asks: dict[tuple[Section, ...], bool] = {}
        self._learns: dict[tuple[Section, ...], bool] = {}

    def of(self, policy: Policy) -> Iterator[Lint]:
        """Everything about one policy."""
        if policy.ignored:
            yield Lint("invalid", "error", policy.ignored)
        for problem in () if policy.ignored else policy.problems:
            yield Lint("invalid", "error", problem)
        idle = not policy.problems and not beyond_pods(policy) and selects(self.index, policy) == (0, 0)
        if idle and not parked(policy):
            yield Lint("selects-nothing", "warn", "it selects no pod that is there now")
        same = [ref for ref in self.same.get(meaning(policy), ()) if ref != policy.ref]
        if same:
            names = listed([f"{KINDS[ref.kind].kind} {ref.path}" for ref in same])
            yield Lint("duplicate", "info", f"it says the same as {names}")
        if not policy.problems and not policy.ignored:
            yield from self._shadowed(policy)
            yield from self._without_dns(policy)
            yield from self._unlearned(policy)
            yield from self._pod_ips(policy)
        for note in policy.notes:
            yield Lint("note", "info", note)

    def _shadowed(self, policy: Policy) -> Iterator[Lint]:
        """Allow rules that a deny rule takes back for every pod and every peer they are about."""
        for section in policy.sections if self.denies else ():
            chosen = self.index.selected(section)
            for rule in section.rules:
                if rule.action is not Action.ALLOW or rule.peers.nobody or not chosen or rule.ports.named:
                    continue
                taker = next(
                    (
                        deny
                        for other, deny in self.denies
                        if deny.direction == rule.direction
                        and chosen & ~self.index.selected(other) == 0
                        and covers(deny.ports.fixed, rule.ports.fixed)
                        and _within(rule.peers, deny.peers)
                    ),
                    None,
                )
                if taker is not None:
                    name = f"{KINDS[taker.policy.kind].kind} {taker.policy.path}"
                    yield Lint("shadowed", "warn", f"{taker.path} of {name} denies all that it allows", rule.path)

    def _without_dns(self, policy: Policy) -> Iterator[Lint]:
        """Pods whose egress is shut and which cannot ask for names, for all that any policy allows them.

        A policy that only shuts (a default deny) is not blamed: what it leaves open is for the others to say.
        """
        shut = [section for section in policy.sections if EGRESS in section.isolates and not section.on_nodes]
        if not any(rule.action is Action.ALLOW and not rule.peers.nobody for item in shut for rule in item.of(EGRESS)):
            return
        dark = [
            self.index.pods[at].text
            for section in shut
            for at in indexes(self.index.selected(section))
            if not self._may_ask(self.index.sections(self.index.pods[at]))
        ]
        if dark:
            text = f"{listed(sorted(set(dark)), most=3)} may not reach DNS (53/udp), so names will not resolve"
            yield Lint("no-dns", "warn", text)

    def _may_ask(self, sections: tuple[Section, ...]) -> bool:
        """Whether one of the policies lets a pod reach a DNS server of the cluster, or port 53 at large."""
        if sections not in self._asks:
            self._asks[sections] = any(self._reaches_dns(rule) for section in sections for rule in section.of(EGRESS))
        return self._asks[sections]

    def _reaches_dns(self, rule: Rule) -> bool:
        if rule.unsure or rule.action is not Action.ALLOW or not intersect(rule.ports.fixed, DNS):
            return False
        if rule.peers.everyone or rule.peers.maybe or rule.peers.addresses or not self.servers:
            return not rule.peers.nobody
        return any(selector.matches(facts) for selector in rule.peers.selectors for facts in self.servers)

    def _unlearned(self, policy: Policy) -> Iterator[Lint]:
        """toFQDNs knows only the addresses that Cilium's DNS proxy saw: a rule must send the pods' DNS through it."""
        for section in policy.sections if policy.tier is Tier.NORMAL else ():
            named = next((rule for rule in section.of(EGRESS) if rule.peers.names), None)
            for number in indexes(self.index.selected(section)) if named is not None else ():
                sections = self.index.sections(self.index.pods[number])
                if sections not in self._learns:
                    rules = (rule for other in sections for rule in other.of(EGRESS))
                    self._learns[sections] = any(rule.l7.startswith("DNS names") for rule in rules)
                if not self._learns[sections] and named is not None:
                    text = f"no DNS rule sees what {self.index.pods[number].text} looks up, so toFQDNs never learns an address"
                    yield Lint("fqdn-unlearned", "warn", text, named.path)
                    return

    def _pod_ips(self, policy: Policy) -> Iterator[Lint]:
        """CIDRs that mean pods: engines differ in whether an address of a pod is matched by one at all.

        A wide block (the Internet without private ranges, or everything) is not meant for pods.
        """
        for section in policy.sections:
            for rule in section.rules:
                block = rule.peers.addresses
                if not block or rule.peers.inside:
                    continue
                size = sum(high - low + 1 for low, high in block)
                if size <= WIDEST_SERVICE_RANGE and intersect(block, self.index.service_ips):
                    text = "the CIDR holds cluster IPs of services: policies see the pods behind them, never those addresses"
                    yield Lint("service-ips", "warn", text, rule.path)
                    return
                if covers(self.inside, block):
                    text = "the CIDR lies within the pods' addresses: Cilium never matches pods by CIDR, and addresses change"
                    yield Lint("pod-ips", "warn", text, rule.path)
                    return


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
    return frozenset(rules) if policy.tier is Tier.NORMAL else tuple(rules)


def duplicates(index: PolicyIndex) -> dict[object, tuple[Ref, ...]]:
    """Policies by what they do."""
    found: dict[object, list[Ref]] = {}
    for policy in index.policies:
        found.setdefault(meaning(policy), []).append(policy.ref)
    return {key: tuple(refs) for key, refs in found.items() if len(refs) > 1}


MOST_DENIES = 200


def _denies(index: PolicyIndex) -> list[tuple[Section, Rule]]:
    """Deny rules to look for shadows of, the widest first; not more than a few hundred, so that a policy of ten thousand
    rules is not compared rule by rule."""
    found = [
        (section, rule)
        for policy in index.policies
        if policy.tier is Tier.NORMAL and not policy.problems and not policy.ignored
        for section in policy.sections
        for rule in section.rules
        if rule.action is Action.DENY and not section.on_nodes
    ]
    found.sort(key=lambda item: (not item[1].peers.everyone, not item[1].ports.everything))
    return found[:MOST_DENIES]


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


def _dns_servers(index: PolicyIndex) -> list[Facts]:
    """Pods that serve DNS, and the node (NodeLocal DNSCache, a resolver on the host)."""
    found = [
        end.facts for end in index.pods
        if end.facts.get("l:k8s-app") in DNS_LABELS or end.facts.get("l:app.kubernetes.io/name") in DNS_LABELS
    ]  # fmt: skip
    return [*found, {"r:host": ""}] if found else []


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
