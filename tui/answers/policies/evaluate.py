"""One direction at one subject: which rules apply to a peer, and what they come to.

Tiers in order: admin rules (by priority, then by position), then NetworkPolicy and Cilium's policies together (deny wins,
then allow, then default deny where a policy isolates), then baseline rules, then allow. Everything is a set of ports, and
what cannot be told is neither in ``allowed`` nor in ``denied``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pointsman.tui.answers.policies.addresses import INTERNET, PRIVATE
from pointsman.tui.answers.policies.ends import End, Is
from pointsman.tui.answers.policies.enforcement import Engine
from pointsman.tui.answers.policies.facts import Facts
from pointsman.tui.answers.policies.ports import EVERYTHING, PortTable
from pointsman.tui.answers.policies.rules import Action, Peers, Rule, Section
from pointsman.tui.answers.policies.spans import NOTHING, Spans, covers, intersect, subtract, union


@dataclass(frozen=True, slots=True)
class Verdict:
    """Ports that may pass and ports that may not; the others are unknown."""

    allowed: Spans = EVERYTHING
    denied: Spans = NOTHING

    def both(self, other: Verdict) -> Verdict:
        """Two gates one after the other."""
        return Verdict(intersect(self.allowed, other.allowed), union(self.denied, other.denied))

    def either(self, other: Verdict) -> Verdict:
        """Two possibilities of which one holds."""
        return Verdict(intersect(self.allowed, other.allowed), intersect(self.denied, other.denied))


OPEN = Verdict()


@dataclass(frozen=True, slots=True, eq=False)
class Gate:
    """All that is said about one direction of one subject under one engine.

    ``admin`` and ``baseline`` are groups of one priority, each a tuple of policies' rules. ``doubtful`` are sections of
    the normal tier that may or may not apply, with the reason.
    """

    direction: str
    admin: tuple[tuple[tuple[Rule, ...], ...], ...] = ()
    normal: tuple[Rule, ...] = ()
    isolated_by: tuple[Section, ...] = ()
    doubtful: tuple[tuple[Section, str], ...] = ()
    baseline: tuple[tuple[tuple[Rule, ...], ...], ...] = ()
    always: bool = False
    """Default deny without any policy (Cilium's enable-policy: always)."""
    doubted: frozenset[Rule] = frozenset()
    """Rules of admin and baseline policies that may not be in force."""

    _kept: dict[str, Any] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        return not (self.admin or self.normal or self.isolated_by or self.doubtful or self.baseline or self.always)

    def rules(self) -> Iterator[Rule]:
        for groups in (self.admin, self.baseline):
            for group in groups:
                for rules in group:
                    yield from rules
        yield from self.normal
        for section, _ in self.doubtful:
            yield from section.of(self.direction)

    @property
    def places(self) -> Mapping[Rule, int]:
        """Where each rule belongs: -1 the normal tier, from 0 on the doubtful section, -2 an ordered tier."""
        found: dict[Rule, int] | None = self._kept.get("places")
        if found is None:
            found = dict.fromkeys(self.rules(), -2)
            found.update(dict.fromkeys(self.normal, -1))
            for number, (section, _) in enumerate(self.doubtful):
                found.update(dict.fromkeys(section.of(self.direction), number))
            self._kept["places"] = found
        return found

    def outer_rules(self, address: int) -> Iterator[Rule]:
        """The rules that can be about an address outside the cluster: those that are not for pods alone, and those whose
        CIDRs hold it. Found without looking at every rule."""
        if "edges" not in self._kept:
            self._kept["wide"] = tuple(rule for rule in self.rules() if _wide(rule.peers))
            self._kept["edges"], self._kept["holders"] = _holders(rule for rule in self.rules() if rule.peers.addresses)
        at = bisect_right(self._kept["edges"], address) - 1
        yield from self._kept["wide"]
        yield from self._kept["holders"][at] if at >= 0 else ()


@dataclass(frozen=True, slots=True)
class Step:
    """One reason on the way to a verdict: the ports it is about, ``allow``, ``deny``, ``pass`` or ``unknown``."""

    ports: Spans
    decision: str
    rule: Rule | None = None
    section: Section | None = None
    why: str = ""


def _wide(peers: Peers) -> bool:
    """Whether anything but CIDRs and selectors of pods is in it."""
    if peers.everyone or peers.names or peers.maybe:
        return True
    return any(not selector.asks("@ns") for selector in peers.selectors)


def _holders(rules: Iterable[Rule]) -> tuple[list[int], list[tuple[Rule, ...]]]:
    """The addresses at which the set of rules that hold them changes, and that set from there on."""
    begins: dict[int, list[Rule]] = {}
    ends: dict[int, list[Rule]] = {}
    for rule in rules:
        for low, high in rule.peers.addresses:
            begins.setdefault(low, []).append(rule)
            ends.setdefault(high + 1, []).append(rule)
    edges = sorted(begins.keys() | ends.keys())
    active: dict[Rule, None] = {}
    found = []
    for edge in edges:
        for rule in ends.get(edge, ()):
            active.pop(rule, None)
        active.update(dict.fromkeys(begins.get(edge, ())))
        found.append(tuple(active))
    return edges, found


Hits = dict[Rule, bool]
"""Rules that match the peer: True for sure, False perhaps."""


def matches(peers: Peers, facts: Facts, end: End, engine: Engine) -> bool | None:
    """Whether a rule is about this end; None if that cannot be told."""
    if peers.everyone:
        return True
    for selector in peers.selectors:
        if selector.matches(facts):
            return True
    perhaps: bool | None = None if peers.maybe else False
    if peers.addresses:
        found = _address(peers, end, engine)
        if found:
            return True
        if found is None:
            perhaps = None
    if peers.names:
        found = _name(peers.names, end)
        if found:
            return True
        if found is None:
            perhaps = None
    return perhaps


def _address(peers: Peers, end: End, engine: Engine) -> bool | None:
    wanted = peers.addresses
    if end.kind is Is.WORLD:
        if covers(wanted, end.ips):
            return True
        return None if intersect(wanted, end.ips) else False
    if end.kind is Is.NAME:
        # Nobody looked the name up: only a block of every address it can have is certain to hold it.
        return True if covers(wanted, end.ips or INTERNET) else None
    if end.kind is Is.POD:
        if not (engine.cidr_pods or peers.inside):
            return False
        if end.ips:
            return bool(intersect(wanted, end.ips))
        if covers(wanted, PRIVATE):
            return True
        return None if intersect(wanted, PRIVATE) else False
    if end.kind is Is.HOST and (engine.cidr_nodes or peers.inside):
        return bool(intersect(wanted, end.ips)) if end.ips else None
    return False


def _name(patterns: Sequence[str], end: End) -> bool | None:
    if end.kind is Is.NAME:
        return any(name_pattern(item).fullmatch(end.name) is not None for item in patterns)
    if end.kind is Is.WORLD:
        if not end.names:
            return None
        known = any(name_pattern(item).fullmatch(name) is not None for item in patterns for name in end.names)
        # An address may also stand behind names that nobody has looked up yet.
        return True if known else None
    return False


@lru_cache(maxsize=2048)
def name_pattern(pattern: str) -> re.Pattern[str]:
    """``*`` stands for any part of one label, ``**.`` for one label or more, ``*`` alone for every name."""
    if pattern == "*":
        return re.compile(r".*", re.DOTALL)
    lead = ""
    if pattern.startswith("**."):
        lead, pattern = r"[-a-z0-9_.]+\.", pattern[3:]
    pattern = re.sub(r"\*+", "*", pattern)
    return re.compile(lead + r"[-a-z0-9_]*".join(re.escape(part) for part in pattern.split("*")))


def hits_of(gate: Gate, facts: Facts, end: End, engine: Engine) -> Hits:
    """The gate's rules that are, or may be, about this end."""
    found: Hits = {}
    outside = end.kind is Is.WORLD and bool(end.ips)
    for rule in gate.outer_rules(end.ips[0][0]) if outside else gate.rules():
        matched = matches(rule.peers, facts, end, engine)
        if matched is not False:
            found[rule] = matched is True
    return found


def fold(gate: Gate, hits: Hits, table: PortTable, local: bool = False, steps: list[Step] | None = None) -> Verdict:
    """What the rules that match come to. ``table`` are the named ports of the destination.

    ``local``: the peer is the subject's own node under Cilium, which may always come in unless a rule denies it.
    ``steps`` is filled with the reasons, in the order of evaluation.
    """
    if gate.open:
        return OPEN
    doubts: list[tuple[Spans, Action | None]] = []
    allowed, denied, todo = _ordered(gate, gate.admin, hits, table, EVERYTHING, doubts, steps)
    normal = _normal(gate, hits, table, local, todo, steps)
    more_allowed, more_denied, rest = _ordered(gate, gate.baseline, hits, table, normal.rest, doubts, steps)
    open_ports = union(more_allowed, rest)
    if normal.maybe_isolated:
        unsure = subtract(open_ports, normal.covered)
        open_ports = subtract(open_ports, unsure)
        more_denied = subtract(more_denied, normal.perhaps_allowed)
        if steps is not None and unsure:
            steps.extend(Step(unsure, "unknown", section=section, why=why) for section, why in gate.doubtful)
    allowed = union(union(allowed, normal.allowed), subtract(open_ports, normal.perhaps_denied))
    denied = union(union(denied, normal.denied), more_denied)
    for ports, action in doubts:
        if action is not Action.ALLOW:
            allowed = subtract(allowed, ports)
        if action is not Action.DENY:
            denied = subtract(denied, ports)
    return Verdict(allowed, denied)


def _ordered(
    gate: Gate,
    groups: Sequence[Sequence[Sequence[Rule]]],
    hits: Hits,
    table: PortTable,
    todo: Spans,
    doubts: list[tuple[Spans, Action | None]],
    steps: list[Step] | None,
) -> tuple[Spans, Spans, Spans]:
    """Rules that are tried in order; gives allowed, denied, and what goes on to the next tier."""
    allowed = denied = passed = NOTHING
    for group in groups:
        decided: list[dict[Action, Spans]] = []
        for rules in group:
            left = todo
            mine = {Action.ALLOW: NOTHING, Action.DENY: NOTHING, Action.PASS: NOTHING}
            for rule in rules:
                if rule not in hits or not left:
                    continue
                ports = intersect(left, rule.ports.at(table))
                if not ports:
                    continue
                if rule.unsure or not hits[rule] or rule in gate.doubted:
                    doubts.append((ports, None if rule.unsure or rule.action is Action.PASS else rule.action))
                    if steps is not None:
                        steps.append(Step(ports, "unknown", rule, why=rule.unsure))
                    continue
                mine[rule.action] = union(mine[rule.action], ports)
                left = subtract(left, ports)
                if steps is not None:
                    steps.append(Step(ports, rule.action.value, rule))
            decided.append(mine)
        total = dict.fromkeys(Action, NOTHING)
        for mine in decided:
            for action in Action:
                total[action] = union(total[action], mine[action])
        if len(decided) > 1:
            # Policies of one priority: where they differ, the API leaves it open which one applies.
            clash = union(
                intersect(total[Action.ALLOW], union(total[Action.DENY], total[Action.PASS])),
                intersect(total[Action.DENY], total[Action.PASS]),
            )
            if clash:
                doubts.append((clash, None))
                if steps is not None:
                    steps.append(Step(clash, "unknown", why="policies of the same priority disagree"))
                total[Action.DENY] = subtract(total[Action.DENY], total[Action.ALLOW])
                total[Action.PASS] = subtract(
                    total[Action.PASS], union(total[Action.ALLOW], total[Action.DENY])
                )  # fmt: skip
        allowed = union(allowed, total[Action.ALLOW])
        denied = union(denied, total[Action.DENY])
        passed = union(passed, total[Action.PASS])
        todo = subtract(todo, union(total[Action.PASS], union(total[Action.ALLOW], total[Action.DENY])))
        if not todo:
            break
    return allowed, denied, union(passed, todo)


@dataclass(frozen=True, slots=True)
class _Normal:
    allowed: Spans
    denied: Spans
    rest: Spans
    """Not decided: the baseline tier's."""
    maybe_isolated: bool = False
    covered: Spans = EVERYTHING
    """Allowed by every section that may isolate, should it do so."""
    perhaps_allowed: Spans = NOTHING
    perhaps_denied: Spans = NOTHING


def _normal(gate: Gate, hits: Hits, table: PortTable, local: bool, todo: Spans, steps: list[Step] | None) -> _Normal:
    allow = todo if local else NOTHING
    deny = perhaps_allow = perhaps_deny = NOTHING
    if local and steps is not None:
        steps.append(Step(todo, "allow", why="a node may always reach its own pods"))

    def note(ports: Spans, decision: str, rule: Rule, why: str = "") -> None:
        if steps is not None and ports:
            steps.append(Step(ports, decision, rule, why=why))

    places = gate.places
    for rule in hits:
        if places[rule] != -1:
            continue
        ports = intersect(todo, rule.ports.at(table))
        sure = hits[rule] and not rule.unsure and rule.auth in ("", "test-always-fail")
        if rule.action is Action.DENY:
            if sure:
                deny = union(deny, ports)
            else:
                perhaps_deny = union(perhaps_deny, ports)
            note(ports, "deny" if sure else "unknown", rule, rule.unsure or rule.peers.maybe)
        elif rule.auth == "test-always-fail":
            continue
        else:
            if sure:
                allow = union(allow, ports)
            else:
                perhaps_allow = union(perhaps_allow, ports)
            why = rule.unsure or rule.peers.maybe or ("mutual authentication decides" if rule.auth else "")
            note(ports, "allow" if sure else "unknown", rule, why)
    covered = todo
    maybe_isolated = False
    for number, (section, why) in enumerate(gate.doubtful):
        own = allow
        for rule in hits:
            if places[rule] != number:
                continue
            ports = intersect(todo, rule.ports.at(table))
            if rule.action is Action.DENY:
                perhaps_deny = union(perhaps_deny, ports)
            else:
                perhaps_allow = union(perhaps_allow, ports)
                if hits[rule] and not rule.unsure:
                    own = union(own, ports)
            note(ports, "unknown", rule, why)
        if gate.direction in section.isolates:
            maybe_isolated = True
            covered = intersect(covered, own)
    isolated = bool(gate.isolated_by) or gate.always
    allow = subtract(allow, deny)
    left = subtract(subtract(todo, allow), deny)
    allowed = subtract(allow, perhaps_deny)
    if isolated:
        denied = union(deny, subtract(left, perhaps_allow))
        if steps is not None:
            shut = subtract(left, perhaps_allow)
            if shut:
                steps.extend(Step(shut, "deny", section=section) for section in gate.isolated_by)
                if gate.always and not gate.isolated_by:
                    steps.append(Step(shut, "deny", why="Cilium denies by default (enable-policy: always)"))
        return _Normal(allowed, denied, NOTHING)
    return _Normal(allowed, deny, left, maybe_isolated, covered, perhaps_allow, perhaps_deny)
