"""May A reach B? The only place that says so.

Both directions are judged at both ends, by every engine that runs. What cannot be told is ``unknown`` with the reason,
never a guess.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pointsman.tui.answers.policies.addresses import IPV4, IPV6, range_words
from pointsman.tui.answers.policies.ends import End, Is
from pointsman.tui.answers.policies.evaluate import Gate, Hits, Step, Verdict, fold, hits_of
from pointsman.tui.answers.policies.facts import Facts
from pointsman.tui.answers.policies.index import PolicyIndex, Variant
from pointsman.tui.answers.policies.ports import NO_PORTS, TRANSPORT, point, port_words
from pointsman.tui.answers.policies.rules import EGRESS, INGRESS, Rule
from pointsman.tui.answers.policies.spans import NOTHING, Spans, covers, intersect, spans, subtract
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import KINDS


class Answer(enum.StrEnum):
    ALLOWED = "allowed"
    DENIED = "denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Because:
    """One reason: ``decision`` is allow, deny, pass, unknown or audit; ``policy`` and ``rule`` where one decides."""

    direction: str
    decision: str
    policy: Ref | None
    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class Decision:
    """``ports`` are those of the ports asked about that may pass; ``l7`` is what a proxy still decides on them."""

    answer: Answer
    because: tuple[Because, ...]
    ports: Spans = NOTHING
    l7: str = ""
    audited: bool = False
    """Allowed only because the engine is in audit mode."""


def judge(index: PolicyIndex, src: End, dst: End, port: int | None = None, protocol: str | None = None) -> Decision:
    """One question. ``port`` is a port (or an ICMP type) of ``protocol``, TCP if none is named.

    Without a port all ports of the protocol are meant, without both all of TCP, UDP and SCTP; then the answer is allowed
    as soon as one of them may pass, and ``ports`` tells which. An end with many addresses is judged for each part of them
    that policies treat alike; if the parts differ, the answer is unknown and the reasons say where. Raises PortError.
    """
    asked = TRANSPORT if port is None and protocol is None else point(port, protocol or "TCP")
    return judge_ports(index, src, dst, asked)


def judge_ports(index: PolicyIndex, src: End, dst: End, asked: Spans) -> Decision:
    """Like :func:`judge` for a set of ports."""
    parts: dict[Decision, list[Spans]] = {}
    for one, wide_one in pieces(index, src, dst):
        for other, wide_other in pieces(index, dst, src):
            decision = _decide(index, one, other, asked)
            parts.setdefault(decision, []).append(wide_other if dst.kind is Is.WORLD else wide_one)
    if len(parts) == 1:
        return next(iter(parts))
    ports = next(iter(parts)).ports
    for decision in parts:
        ports = intersect(ports, decision.ports)
    answers = {decision.answer for decision in parts}
    because: dict[Because, None] = {}
    for decision, where in parts.items():
        found = spans(span for item in where for span in item)
        words = ", ".join(range_words(*span) for span in found[:3]) + (" …" if len(found) > 3 else "")
        because.update((replace(item, text=f"{words}: {item.text}"), None) for item in decision.because)
    answer = answers.pop() if len(answers) == 1 else Answer.UNKNOWN
    return Decision(answer, tuple(because), ports, next(iter(parts)).l7, any(item.audited for item in parts))


def pieces(index: PolicyIndex, end: End, other: End) -> Iterator[tuple[End, Spans]]:
    """Parts of an end's addresses that no rule at the other end tells apart: one to judge by, and all of its addresses."""
    if end.kind is not Is.WORLD or (len(end.ips) == 1 and end.ips[0][0] == end.ips[0][1]):
        yield end, end.ips
        return
    gates = {
        index.gate(variant, direction, other)
        for group in index.engines
        for variant in group
        for direction in (INGRESS, EGRESS)
    }
    for sample, part in alike(gates, end.ips):
        yield end.with_ips(sample), part


def alike(gates: Iterable[Gate], within: Spans) -> list[tuple[Spans, Spans]]:
    """Cut addresses where a rule of the gates begins or ends, and put together again what the same rules are about: for
    each part a piece that no rule cuts, to judge by, and the whole part.

    Rules of the normal tier that do the same (order does not matter there) count as one rule, so that ten thousand
    single addresses are one part.
    """
    events: dict[int, list[tuple[object, int]]] = {}
    for gate in gates:
        ordered = {
            rule for groups in (gate.admin, gate.baseline) for group in groups for rules in group for rule in rules
        }
        for rule in gate.rules():
            if not rule.peers.addresses:
                continue
            key: object = rule
            if rule not in ordered:
                key = (gate, rule.action, rule.ports, rule.unsure, rule.l7, rule.auth)
            for low, high in rule.peers.addresses:
                events.setdefault(low, []).append((key, 1))
                events.setdefault(high + 1, []).append((key, -1))
    parts: dict[frozenset[object], list[tuple[int, int]]] = {}
    active: dict[object, int] = {}
    edges = sorted(events)
    at = 0
    for low, high in (*intersect(within, IPV4), *intersect(within, IPV6)):
        start = low
        while at < len(edges) and edges[at] <= high:
            edge = edges[at]
            if edge > start:
                parts.setdefault(frozenset(active), []).append((start, edge - 1))
                start = edge
            for key, step in events[edge]:
                count = active.get(key, 0) + step
                if count:
                    active[key] = count
                else:
                    active.pop(key, None)
            at += 1
        parts.setdefault(frozenset(active), []).append((start, high))
    return [((items[0],), spans(items)) for items in parts.values()]


@dataclass(frozen=True, slots=True)
class Side:
    """One direction under one variant, with what is needed to explain it."""

    variant: Variant
    gate: Gate
    hits: Hits
    verdict: Verdict
    local: bool


def _decide(index: PolicyIndex, src: End, dst: End, asked: Spans) -> Decision:
    if src is dst and src.kind is Is.POD and src.ref is not None and src.ref.kind == "pods":
        text = "a pod may always reach itself"
        return Decision(Answer.ALLOWED, (Because(EGRESS, "allow", None, "", text),), asked)
    total = Verdict()
    groups: list[list[list[Side]]] = []
    audited = False
    for group in index.engines:
        either: Verdict | None = None
        sides: list[list[Side]] = []
        for variant in group:
            both = [*sides_of(index, variant, EGRESS, src, dst), *sides_of(index, variant, INGRESS, dst, src)]
            verdict = Verdict()
            for side in _by_direction(both):
                verdict = verdict.both(side)
            if variant.audit and not covers(verdict.allowed, asked):
                audited = True
                verdict = Verdict()
            either = verdict if either is None else either.either(verdict)
            sides.append(both)
        total = total.both(either or Verdict())
        groups.append(sides)
    if index.blind:
        return Decision(Answer.UNKNOWN, (Because(INGRESS, "unknown", None, "", index.blind),))
    allowed = intersect(total.allowed, asked)
    if allowed:
        answer, shown = Answer.ALLOWED, allowed
    elif covers(total.denied, asked):
        answer, shown = Answer.DENIED, asked
    else:
        answer, shown = Answer.UNKNOWN, subtract(asked, total.denied)
    if audited and answer is Answer.ALLOWED:
        shown = asked
    reasons, l7 = explain(index, groups, src, dst, answer, shown, audited)
    return Decision(answer, reasons, allowed, l7, audited)


def _by_direction(sides: list[Side]) -> Iterator[Verdict]:
    """One verdict for each direction; several sides of one direction are possibilities."""
    for direction in (EGRESS, INGRESS):
        found: Verdict | None = None
        for side in sides:
            if side.gate.direction == direction:
                found = side.verdict if found is None else found.either(side.verdict)
        if found is not None:
            yield found


def sides_of(index: PolicyIndex, variant: Variant, direction: str, subject: End, peer: End) -> list[Side]:
    """One direction at its subject; two possibilities where it is not known whether a node is the subject's own."""
    gate = index.gate(variant, direction, subject)
    table = peer.ports if direction == EGRESS else subject.ports
    if gate.open:
        return [Side(variant, gate, {}, fold(gate, {}, NO_PORTS), False)]
    found = []
    for seen, local in identities(peer, subject):
        if local and subject.kind is Is.POD and not variant.engine.cilium:
            # Kubernetes: traffic between a pod and its own node is always allowed.
            found.append(Side(variant, Gate(direction), {}, Verdict(), True))
            continue
        hits = hits_of(gate, seen, peer, variant.engine)
        may_enter = local and direction == INGRESS and subject.kind is Is.POD
        found.append(Side(variant, gate, hits, fold(gate, hits, table, may_enter), may_enter))
    return found


def identities(end: End, other: End) -> list[tuple[Facts, bool]]:
    """What an end is to the other one, and whether it is the other's own node. Two where that is not known."""
    match end.kind:
        case Is.POD:
            if other.kind is Is.HOST:
                return [(end.facts, _same_node(end, other) is True)]
            return [(end.facts, False)]
        case Is.HOST:
            base = {**end.facts, **({"r:kube-apiserver": ""} if end.api_server else {})}
            own, far = ({**base, "r:host": ""}, True), ({**base, "r:remote-node": ""}, False)
            same = _same_node(end, other)
            return [own, far] if same is None else [own if same else far]
        case Is.WORLD:
            four, six = bool(intersect(end.ips, IPV4)), bool(intersect(end.ips, IPV6))
            kinds = {"r:world": ""} | ({"r:world-ipv4": ""} if four else {}) | ({"r:world-ipv6": ""} if six else {})
            return [({**end.facts, **kinds}, False)]
        case Is.NAME:
            return [({"r:world": "", "r:world-ipv4": "", "r:world-ipv6": ""}, False)]
        case _:
            return [(end.facts, False)]


def _same_node(end: End, other: End) -> bool | None:
    for item in (end, other):
        if item.name in ("local", "remote"):
            return item.name == "local"
    if other.kind not in (Is.POD, Is.HOST) or not end.node or not other.node:
        return None if other.kind in (Is.POD, Is.HOST) else False
    return end.node == other.node


def explain(
    index: PolicyIndex, groups: list[list[list[Side]]], src: End, dst: End, answer: Answer, shown: Spans, audited: bool
) -> tuple[tuple[Because, ...], str]:
    """The reasons for an answer, and what L7 rules still decide."""
    found: dict[Because, None] = {}
    wanted = {Answer.ALLOWED: ("allow", "pass"), Answer.DENIED: ("deny", "pass"), Answer.UNKNOWN: ("unknown",)}[answer]
    proxied: dict[str, None] = {}
    plain = True
    for group in groups:
        for sides in group:
            for side in sides:
                table = dst.ports
                steps: list[Step] = []
                verdict = fold(side.gate, side.hits, table, side.local and side.variant.engine.cilium, steps)
                subject, peer = (src, dst) if side.gate.direction == EGRESS else (dst, src)
                here = [step for step in steps if intersect(step.ports, shown)]
                decisive = [step for step in here if step.decision in wanted]
                if audited and answer is Answer.ALLOWED:
                    for step in here:
                        if step.decision == "deny":
                            text = _text(step, side, subject, peer, shown)
                            found[_because(side, "audit", step, f"{text}, but Cilium is in audit mode")] = None
                if answer is Answer.DENIED and not intersect(verdict.denied, shown):
                    continue
                for step in decisive:
                    found[_because(side, step.decision, step, _text(step, side, subject, peer, shown))] = None
                through = [step.rule for step in here if step.decision == "allow" and step.rule is not None]
                if through and all(rule.l7 for rule in through):
                    plain = False
                    proxied.update(dict.fromkeys(rule.l7 for rule in through))
                if answer is Answer.ALLOWED and not decisive:
                    found[Because(side.gate.direction, "allow", None, "", _open(side, subject))] = None
                if answer is Answer.UNKNOWN and side.variant.doubt and not decisive:
                    found[Because(side.gate.direction, "unknown", None, "", side.variant.doubt)] = None
    if answer is Answer.UNKNOWN and not found:
        text = f"it depends on whether {src.text} and {dst.text} share a node"
        found[Because(INGRESS, "unknown", None, "", text)] = None
    if answer is Answer.ALLOWED:
        if not index.engines:
            found[Because(INGRESS, "allow", None, "", index.enforcement.nobody)] = None
        found.update(dict.fromkeys((*dormant(index, EGRESS, src), *dormant(index, INGRESS, dst))))
    return tuple(found), "" if plain or answer is not Answer.ALLOWED else ", ".join(proxied)


def dormant(index: PolicyIndex, direction: str, subject: End) -> Iterator[Because]:
    """Policies that would restrict an end, but that no engine acts on."""
    for section in index.sections(subject):
        policy = index.by_ref[section.policy]
        if direction not in section.isolates or section.unsure:
            continue
        why = policy.ignored
        if not why and index.enforcement.of(section.policy.kind) is False:
            why = f"nobody enforces it: {index.enforcement.reason(section.policy.kind)}"
        if why:
            text = f"{name_of(section.policy)} would restrict {direction} of {subject.text}, but {why}"
            yield Because(direction, "allow", section.policy, section.path, text)


def _because(side: Side, decision: str, step: Step, text: str) -> Because:
    item = step.rule or step.section
    return Because(side.gate.direction, decision, item.policy if item else None, item.path if item else "", text)


def name_of(policy: Ref) -> str:
    kind = KINDS.get(policy.kind)
    return f"{kind.kind if kind else policy.kind} {policy.path}"


def _text(step: Step, side: Side, subject: End, peer: End, shown: Spans) -> str:
    ports = port_words(intersect(step.ports, shown))
    way = (
        f"from {peer.text} to {subject.text}"
        if side.gate.direction == INGRESS
        else f"from {subject.text} to {peer.text}"
    )
    if step.rule is not None:
        rule = step.rule
        name = f" ({rule.name})" if rule.name else ""
        where = f"{rule.path}{name} of {name_of(rule.policy)}"
        match step.decision:
            case "allow":
                l7 = f"; L7 decides: {rule.l7}" if rule.l7 else ""
                return f"{where} allows {ports} {way}{l7}"
            case "deny":
                return f"{where} denies {ports} {way}"
            case "pass":
                return f"{where} passes {ports} {way} on to the next tier"
            case _:
                return f"{where} may matter for {ports} {way}: {step.why or _doubt(rule, peer)}"
    if step.section is not None:
        name = name_of(step.section.policy)
        if step.decision == "deny":
            word = "in" if side.gate.direction == INGRESS else "out"
            what = "anything" if ports == "all ports" else ports
            return f"{name} selects {subject.text}, and no rule lets {what} {word} {way}"
        return f"{name} cannot be read fully: {step.why}"
    return step.why


def _doubt(rule: Rule, peer: End) -> str:
    if rule.peers.names and peer.kind is Is.WORLD:
        seen = f"; flows showed it as {listed(list(peer.names), most=3)}" if peer.names else ""
        return f"whether {peer.text} is an address of {listed(rule.peers.names, word='or')} is not known{seen}"
    return "what it matches cannot be told from here"


def _open(side: Side, subject: End) -> str:
    inward = side.gate.direction == INGRESS
    if side.local:
        return f"a node and its own pods may always reach each other ({subject.text})"
    if subject.kind is Is.HOST and subject.owner is not None:
        return f"policies do not apply to {subject.text}, which is on its node's network"
    if subject.kind is not Is.POD:
        return f"no policy of this cluster governs {subject.text}"
    if side.gate.open:
        so = "anything may reach it" if inward else "it may reach anything"
        return f"no policy in force restricts {side.gate.direction} of {subject.text}, so {so}"
    return f"no rule denies it to {subject.text} ({side.gate.direction})"
