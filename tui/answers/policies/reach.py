"""Can A reach B: words in, one answer with its reasons out. The judging is :mod:`~pointsman.tui.answers.policies.judge`'s."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pointsman.tui.answers.policies.ends import End, Is
from pointsman.tui.answers.policies.index import PolicyIndex, compile_index
from pointsman.tui.answers.policies.judge import Answer, Because, Decision, judge_ports
from pointsman.tui.answers.policies.ports import PORTED, TRANSPORT, PortError, point, port_words
from pointsman.tui.answers.policies.spans import NOTHING, Spans, union
from pointsman.tui.answers.policies.targets import Target, TargetError, asked_ports, find_target, judged_ends
from pointsman.tui.store.snapshot import Snapshot

PORT = re.compile(r"(?P<port>[0-9]+|[A-Za-z][-A-Za-z0-9]*)?(?:/(?P<protocol>[A-Za-z0-9]+))?")
MOST_PAIRS = 4000


@dataclass(frozen=True, slots=True)
class Question:
    """``port`` is a number, a name or None (any port); ``protocol`` None goes with no port."""

    src: str
    dst: str
    port: int | str | None = None
    protocol: str | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """What holds between two of the ends that were asked about."""

    src: str
    dst: str
    answer: Answer
    ports: Spans


@dataclass(frozen=True, slots=True)
class Reach:
    """``allowed`` is None where it cannot be told, or where parts of an end differ (``partly``). ``ports`` are those that
    may pass, of what was asked. ``notes`` say what a word was taken for."""

    question: Question
    allowed: bool | None
    because: tuple[Because, ...]
    ports: Spans
    l7: str = ""
    audited: bool = False
    partly: bool = False
    notes: tuple[str, ...] = ()
    src: tuple[End, ...] = ()
    dst: tuple[End, ...] = ()
    pairs: tuple[Pair, ...] = ()


def parse_port(text: str) -> tuple[int | str | None, str | None]:
    """``443``, ``443/tcp``, ``53/udp``, ``http``, ``icmp``, ``8/icmp``. Raises PortError."""
    if not text:
        return None, None
    names = {"tcp": "TCP", "udp": "UDP", "sctp": "SCTP", "icmp": "ICMP", "icmpv6": "ICMPv6", "icmp6": "ICMPv6"}
    if text.lower() in names:
        return None, names[text.lower()]
    match = PORT.fullmatch(text)
    protocol = names.get((match["protocol"] or "tcp").lower()) if match else None
    if match is None or protocol is None or not match["port"]:
        raise PortError(f"{text!r} is not a port (443, 443/tcp, 53/udp, 8/icmp, or a port's name)")
    if not match["port"].isdigit():
        if protocol not in PORTED:
            raise PortError(f"{protocol} has no named ports")
        return match["port"], protocol
    if len(match["port"]) > 5:
        raise PortError(f"{match['port']} is not a port")
    number = int(match["port"])
    point(number, protocol)
    return number, protocol


def reach(snapshot: Snapshot, question: Question, namespace: str = "", index: PolicyIndex | None = None) -> Reach:
    """Answer a question. Raises TargetError and PortError, whose texts are sentences without their full stop."""
    index = index or compile_index(snapshot)
    src = find_target(index, snapshot, question.src, namespace)
    dst = find_target(index, snapshot, question.dst, namespace)
    notes = tuple(dict.fromkeys(target.note for target in (src, dst) if target.note))
    sources, targets = judged_ends(index, src, dst), judged_ends(index, dst, src)
    pairs = [(one, other) for one in sources for other in targets]
    if any(one is other and one.kind is Is.POD for one, other in pairs) and not src.pods:
        notes = (*notes, "between two pods of a workload; a pod may always reach itself")
    if len(pairs) > MOST_PAIRS:
        raise TargetError(f"that is {len(pairs):,} pairs of ends; ask for less, or use --all")
    decisions: dict[Decision, list[tuple[End, End]]] = {}
    for one, other in pairs:
        decision = judge_ports(index, one, other, _asked(question, dst, other))
        decisions.setdefault(decision, []).append((one, other))
    return _sum(question, decisions, notes, sources, targets)


def _asked(question: Question, dst: Target, end: End) -> Spans:
    special = asked_ports(dst, end, question.port, question.protocol or "TCP")
    if special is not None:
        if not special:
            raise TargetError(
                f"{end.text} has no port that service {dst.service.path if dst.service else ''} could send to"
            )
        return special
    if question.port is None and question.protocol is None:
        return TRANSPORT
    return point(question.port if isinstance(question.port, int) else None, question.protocol or "TCP")


def _sum(
    question: Question,
    decisions: dict[Decision, list[tuple[End, End]]],
    notes: tuple[str, ...],
    src: tuple[End, ...],
    dst: tuple[End, ...],
) -> Reach:
    answers = {decision.answer for decision in decisions}
    partly = len(answers) > 1
    because: dict[Because, None] = {}
    ports: Spans = NOTHING
    proxied: dict[str, None] = {}
    for decision in decisions:
        because.update(dict.fromkeys(decision.because))
        ports = union(ports, decision.ports)
        if decision.l7:
            proxied[decision.l7] = None
    allowed = None
    if not partly:
        allowed = {Answer.ALLOWED: True, Answer.DENIED: False, Answer.UNKNOWN: None}[answers.pop()]
    return Reach(
        question, allowed, tuple(because), ports, ", ".join(proxied), any(item.audited for item in decisions), partly,
        notes, src, dst, _pairs(decisions),
    )  # fmt: skip


def _pairs(decisions: dict[Decision, list[tuple[End, End]]]) -> tuple[Pair, ...]:
    """Each pair once, in the order of its names; the pods of a workload that differ are kept apart."""
    found = {
        Pair(one.text, other.text, decision.answer, decision.ports)
        for decision, pairs in decisions.items()
        for one, other in pairs
    }
    return tuple(sorted(found, key=lambda pair: (pair.src, pair.dst, pair.answer)))


def headline(found: Reach) -> str:
    """``media/jellyfin may reach db/postgres on 5432/tcp``."""
    question = found.question
    port = ""
    if question.port is not None or question.protocol is not None:
        port = f" on {question.port or 'any port'}/{(question.protocol or 'TCP').lower()}"
    if found.partly:
        return f"some of {question.src} may reach some of {question.dst}{port}, not all"
    if found.allowed is None:
        return f"whether {question.src} may reach {question.dst}{port} cannot be told"
    if not found.allowed:
        return f"{question.src} may not reach {question.dst}{port}"
    if not port:
        words = port_words(found.ports)
        port = "" if words == "all ports" else f" on {words}"
    end = f", and L7 decides: {found.l7}" if found.l7 else ""
    audit = " (audit mode: it would be denied)" if found.audited else ""
    return f"{question.src} may reach {question.dst}{port}{end}{audit}"
