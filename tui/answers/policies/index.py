"""Every policy of a snapshot, read once, with the ends they may be about.

The index is kept until a kind it reads changes. Gates (what is said about one direction of one subject) are made when
they are first asked for and shared by all subjects that the same policies select.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pointsman.tui.answers.index import slices_by_service
from pointsman.tui.answers.policies.addresses import IPV6
from pointsman.tui.answers.policies.ends import NAME_LABEL, End, Is, Places, endpoints, ip_spans
from pointsman.tui.answers.policies.enforcement import (
    ALL_KINDS,
    ANP,
    BANP,
    CCNP,
    CNP,
    KNP,
    Enforcement,
    Engine,
    enforcement,
)
from pointsman.tui.answers.policies.evaluate import Gate
from pointsman.tui.answers.policies.facts import Universe, indexes
from pointsman.tui.answers.policies.read_admin import read_admin_policy
from pointsman.tui.answers.policies.read_cilium import Services, read_cilium_policy
from pointsman.tui.answers.policies.read_np import read_network_policy
from pointsman.tui.answers.policies.rules import Policy, Rule, Section, Tier
from pointsman.tui.answers.policies.spans import NOTHING, Spans, intersect
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.stack import cilium
from pointsman.tui.answers.stack.facts import facts
from pointsman.tui.answers.words import blind
from pointsman.tui.model.kinds import (
    CILIUMCIDRGROUPS,
    CONFIGMAPS,
    CRONJOBS,
    DAEMONSETS,
    DEPLOYMENTS,
    ENDPOINTSLICES,
    JOBS,
    KINDS,
    NAMESPACES,
    NODES,
    PODS,
    REPLICASETS,
    SERVICES,
    STATEFULSETS,
    Kind,
)
from pointsman.tui.model.meta import Loose, Obj, dig_list
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot

POLICY_KINDS: tuple[Kind[Loose], ...] = tuple(KINDS[kind] for kind in ALL_KINDS)
READ: tuple[Kind[Any], ...] = (
    *POLICY_KINDS, CILIUMCIDRGROUPS, CONFIGMAPS, CRONJOBS, DAEMONSETS, DEPLOYMENTS, ENDPOINTSLICES, JOBS,
    NAMESPACES, NODES, PODS, REPLICASETS, SERVICES, STATEFULSETS,
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """One engine with the kinds it is taken to enforce. An engine that cannot be read fully has two variants, of which
    one holds; ``doubt`` says what they differ in."""

    engine: Engine
    kinds: frozenset[str]
    doubt: str = ""
    audit: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class PolicyIndex:
    """See the module. ``engines`` are groups of variants: all groups must let a connection pass.

    ``ends`` are pods and workloads without pods; ``universe`` numbers those of them that policies can select.
    ``blind`` says which kinds could not be read; then nothing is certain.
    """

    policies: tuple[Policy, ...]
    by_ref: Mapping[Ref, Policy]
    ends: tuple[End, ...]
    pods: tuple[End, ...]
    universe: Universe
    places: Places
    enforcement: Enforcement
    engines: tuple[tuple[Variant, ...], ...]
    blind: str = ""
    ipv6: bool = False
    """Whether pods, nodes or services of this cluster have IPv6 addresses."""
    service_ips: Spans = NOTHING
    """Cluster IPs of the services."""
    number: dict[End, int] = field(default_factory=dict)
    _subjects: dict[Section, int] = field(default_factory=dict)
    _gates: dict[tuple[Variant, str, tuple[Section, ...]], Gate] = field(default_factory=dict)
    _by_number: list[list[tuple[Section, ...]]] = field(default_factory=list)
    _views: dict[object, End] = field(default_factory=dict)
    _asked: list[tuple[frozenset[str], list[int]]] = field(default_factory=list)

    def selected(self, section: Section) -> int:
        """The pods (bits of ``universe``) a section selects."""
        bits = self._subjects.get(section)
        if bits is None:
            bits = self._subjects[section] = 0 if section.on_nodes else self.universe.select(section.subject)
        return bits

    def sections(self, end: End) -> tuple[Section, ...]:
        """The sections that select an end, and those that cannot be read and might."""
        at = self.number.get(end)
        if at is not None:
            if not self._by_number:
                self._by_number.append(self._divide())
            return self._by_number[0][at]
        return tuple(self._select(end))

    def _divide(self) -> list[tuple[Section, ...]]:
        """The sections of every pod. A walk over what each section selects: most select few pods."""
        found: list[list[Section]] = [[] for _ in self.pods]
        for policy in self.policies:
            for section in policy.sections:
                if section.unsure:
                    for at, end in enumerate(self.pods):
                        if section.namespace in ("", end.namespace):
                            found[at].append(section)
                elif not section.on_nodes:
                    for at in indexes(self.selected(section)):
                        found[at].append(section)
        # Pods with the same sections share one tuple: it is the key of their gates.
        same: dict[tuple[Section, ...], tuple[Section, ...]] = {}
        return [same.setdefault(item, item) for item in map(tuple, found)]

    def _select(self, end: End) -> Iterable[Section]:
        for policy in self.policies:
            for section in policy.sections:
                if section.unsure:
                    if end.kind is Is.POD and section.namespace in ("", end.namespace):
                        yield section
                elif section.on_nodes:
                    if end.kind is Is.HOST and section.subject.matches(end.facts):
                        yield section
                elif end.kind is Is.POD and section.subject.matches(end.facts):
                    yield section

    def standing(self, end: End) -> object:
        """Ends with the same standing are told apart by no rule: the same workload, the same facts as far as any
        selector asks, the same ports, and addresses on the same side of every CIDR."""
        if not self._asked:
            self._asked.append(self._look())
        asked, cuts = self._asked[0]
        if end.kind is not Is.POD:
            return (end.owner, end.kind, end.node, end.text)
        facts = frozenset((name, end.facts[name]) for name in asked if name in end.facts)
        atoms = tuple(bisect_right(cuts, low) for low, _ in end.ips) if cuts else ()
        return (end.owner, facts, end.ports, atoms)

    def _look(self) -> tuple[frozenset[str], list[int]]:
        asked: set[str] = set()
        edges: set[int] = set()
        inside = False
        for policy in self.policies:
            for section in policy.sections:
                asked.update(need.key for need in section.subject.requirements)
                for rule in section.rules:
                    asked.update(need.key for chosen in rule.peers.selectors for need in chosen.requirements)
                    inside = inside or rule.peers.inside
                    for low, high in rule.peers.addresses:
                        edges.update((low, high + 1))
        pods = inside or any(variant.engine.cidr_pods for group in self.engines for variant in group)
        return frozenset(asked), sorted(edges) if pods else []

    def as_workload(self, end: End) -> End:
        """The same end for questions about its workload: named after it, and not itself when it is asked about twice."""
        if end.owner is None or end.owner.kind == "Pod":
            return end
        key = (self.standing(end), end.node)
        view = self._views.get(key)
        if view is None:
            view = self._views[key] = replace(end, text=end.owner.path, ref=None)
            if end in self.number:
                self.number[view] = self.number[end]
        return view

    def gate(self, variant: Variant, direction: str, end: End) -> Gate:
        """What is said about one direction of an end. Ends other than pods and nodes are never subjects."""
        if end.kind not in (Is.POD, Is.HOST) or (end.kind is Is.HOST and not variant.engine.host_firewall):
            return Gate(direction)
        sections = tuple(item for item in self.sections(end) if item.policy.kind in variant.kinds)
        key = (variant, direction, sections)
        gate = self._gates.get(key)
        if gate is None:
            always = variant.engine.mode == "always" and end.kind is Is.POD
            gate = self._gates[key] = _gate(self, direction, sections, always)
        return gate


def _gate(index: PolicyIndex, direction: str, sections: tuple[Section, ...], always: bool) -> Gate:
    ordered: dict[Tier, dict[int, list[tuple[Rule, ...]]]] = {Tier.ADMIN: {}, Tier.BASELINE: {}}
    doubted: set[Rule] = set()
    normal: list[Rule] = []
    isolated: list[Section] = []
    doubtful: list[tuple[Section, str]] = []
    for section in sections:
        policy = index.by_ref[section.policy]
        if policy.ignored:
            continue
        rules = section.of(direction)
        if policy.tier is not Tier.NORMAL:
            if rules:
                ordered[policy.tier].setdefault(policy.priority, []).append(rules)
                if section.unsure:
                    doubted.update(rules)
            continue
        if policy.problems:
            if rules or direction in section.isolates:
                doubtful.append((section, policy.problems[0]))
            continue
        normal.extend(rules)
        if direction in section.isolates:
            isolated.append(section)
    admin, baseline = (
        tuple(tuple(group) for _, group in sorted(ordered[tier].items())) for tier in (Tier.ADMIN, Tier.BASELINE)
    )
    return Gate(direction, admin, tuple(normal), tuple(isolated), tuple(doubtful), baseline, always, frozenset(doubted))


def services_of(snapshot: Snapshot) -> Services:
    """What policies may name besides pods: services with their backends' addresses, groups of CIDRs."""
    services = None
    addresses = {}
    if snapshot.known(SERVICES):
        services = {obj.key: (obj.meta.labels, obj.body.spec.selector) for obj in snapshot.all(SERVICES)}
        for key, slices in slices_by_service(snapshot).items():
            texts = (text for item in slices for point in item.body.endpoints for text in point.addresses)
            addresses[key] = ip_spans(texts)
    groups = None
    if snapshot.known(CILIUMCIDRGROUPS):
        groups = {
            obj.name: (
                obj.meta.labels,
                tuple(text for text in dig_list(obj.body.spec, "externalCIDRs") if isinstance(text, str)),
            )
            for obj in snapshot.all(CILIUMCIDRGROUPS)
        }
    return Services(services, addresses, groups)


def read_policies(snapshot: Snapshot) -> tuple[Policy, ...]:
    """Every policy, in the order of kinds, namespaces and names."""
    world = services_of(snapshot)
    return tuple(
        read_policy(obj, world)
        for kind in POLICY_KINDS
        for obj in sorted(snapshot.all(kind), key=lambda item: item.key)
    )


def read_policy(obj: Obj[Loose], world: Services) -> Policy:
    if obj.kind in (CNP, CCNP):
        return read_cilium_policy(obj, world)
    if obj.kind in (ANP, BANP, KNP):
        return read_admin_policy(obj)
    return read_network_policy(obj)


def variants(found: Enforcement, policies: tuple[Policy, ...]) -> tuple[tuple[Variant, ...], ...]:
    """The engines, in two variants where it cannot be told whether one enforces a kind that these policies are of."""
    present = {policy.ref.kind for policy in policies}
    groups: list[tuple[Variant, ...]] = []
    for engine in found.engines:
        sure = frozenset(kind for kind, knows in engine.knows.items() if knows)
        perhaps = frozenset(kind for kind, knows in engine.knows.items() if knows is None and kind in present)
        doubt = next(iter(engine.why[kind] for kind in sorted(perhaps) if kind in engine.why), "")
        group = [Variant(engine, sure, audit=bool(engine.audit))]
        if perhaps:
            group = [
                Variant(engine, sure, doubt, bool(engine.audit)),
                Variant(engine, sure | perhaps, doubt, bool(engine.audit)),
            ]
        if engine.audit is None:
            group += [Variant(engine, frozenset(), engine.detail)]
        groups.append(tuple(group))
    if found.blind:
        engine = Engine("unknown", "an unknown engine", dict.fromkeys(ALL_KINDS), {}, cidr_pods=False)
        groups.append((Variant(engine, frozenset(), found.blind), Variant(engine, frozenset(ALL_KINDS), found.blind)))
    return tuple(groups)


def compile_policies(snapshot: Snapshot, policies: tuple[Policy, ...]) -> PolicyIndex:
    """An index of these policies on the ends of a snapshot. For what-if questions; else :func:`compile_index`."""
    found = enforcement(snapshot)
    values = cilium.config(facts(snapshot)) or {}
    places = Places(snapshot, values.get("cluster-name") or "default")
    ends = tuple(endpoints(snapshot, places))
    pods = tuple(end for end in ends if end.kind is Is.POD)
    unread = [kind for kind in POLICY_KINDS if found.of(kind.id) is not False and not snapshot.known(kind)]
    return PolicyIndex(
        policies,
        {policy.ref: policy for policy in policies},
        ends,
        pods,
        Universe([end.facts for end in pods]),
        places,
        found,
        variants(found, policies),
        blind(snapshot, *unread) or _blind_to_namespaces(snapshot, policies),
        _has_ipv6(snapshot, ends),
        ip_spans(text for service in snapshot.all(SERVICES) for text in service.body.spec.cluster_ips),
        {end: at for at, end in enumerate(pods)},
    )


def _blind_to_namespaces(snapshot: Snapshot, policies: tuple[Policy, ...]) -> str:
    """Why nothing is certain where a policy asks for labels of namespaces that cannot be read."""
    if snapshot.known(NAMESPACES):
        return ""
    for policy in policies:
        for section in policy.sections:
            for selector in (section.subject, *(item for rule in section.rules for item in rule.peers.selectors)):
                if any(need.key.startswith("n:") and need.key != f"n:{NAME_LABEL}" for need in selector.requirements):
                    return f"{blind(snapshot, NAMESPACES)}, and {policy.ref.path} asks for their labels"
    return ""


def _has_ipv6(snapshot: Snapshot, ends: tuple[End, ...]) -> bool:
    if any(intersect(end.ips, IPV6) for end in ends):
        return True
    for node in snapshot.all(NODES):
        spec = node.body.spec
        texts = (spec.pod_cidr, *spec.pod_cidrs, *(item.address for item in node.body.status.addresses))
        if any(":" in text for text in texts):
            return True
    return any(":" in text for service in snapshot.all(SERVICES) for text in service.body.spec.cluster_ips)


@memoized(*READ)
def compile_index(snapshot: Snapshot) -> PolicyIndex:
    """The index of a snapshot, kept until one of the kinds it reads changes."""
    return compile_policies(snapshot, read_policies(snapshot))
