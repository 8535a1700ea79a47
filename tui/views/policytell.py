"""Policies, pods and answers in words, for the drawer of the Policies pane."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pointsman.tui.answers.policies.ends import End
from pointsman.tui.answers.policies.index import PolicyIndex
from pointsman.tui.answers.policies.judge import Because
from pointsman.tui.answers.policies.matrix import Crowd, Mark, Place
from pointsman.tui.answers.policies.ports import PortError, port_words
from pointsman.tui.answers.policies.reach import Question, Reach, headline, parse_port, reach
from pointsman.tui.answers.policies.rules import EGRESS, INGRESS, Policy, Rule
from pointsman.tui.answers.policies.state import State, count_words, effective, pods_of
from pointsman.tui.answers.policies.targets import TargetError
from pointsman.tui.answers.policies.words import rule_words, subject_name
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.words import listed
from pointsman.tui.store.snapshot import Snapshot
from pointsman.tui.views.explain import OBJECT, WITH_PODS, Told, facts, tint
from pointsman.tui.views.policies import ListedPolicy, PodRow, owner_words, state_sign
from pointsman.widgets.cells import CellLike

MOST_PODS = 24
MOST_RULES = 24
_STATES = {"ok": "ok", "warn": "warn", "error": "error", "unknown": "unknown"}
_DECISIONS = {"allow": "ok", "deny": "error", "pass": "info", "unknown": "unknown", "audit": "warn"}

Piece = tuple[str, str, str]
"""A sentence, where it comes from, and the state of its sign."""


def sentence(text: str) -> str:
    """A clause of the evaluator as a sentence of its own."""
    if text.partition(" ")[0].isalpha():  # not a field's path or an object's name
        text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


# -- a policy -------------------------------------------------------------------------------------------------------------
def tell_policy(row: ListedPolicy, index: PolicyIndex) -> Told:
    """A policy: what it comes to, why it is in its state, whom it selects, what it lets in and out, what is doubtful."""
    policy = row.policy
    read = index.by_ref.get(policy.ref)
    style = _STATES[state_sign(policy.state)[1]]
    fine = policy.state is State.ACTIVE
    why, words = sentence(_why(row)), sentence(policy.summary)
    evidence: list[Piece] = [(why, "", style)] if fine else []  # the rules below say the rest
    evidence += [
        (sentence(lint.text), lint.rule, lint.severity)
        for lint in policy.lints
        if lint.text != policy.why and lint.id != "selects-nothing"
    ]
    if read is not None:
        evidence += rules(read)
        evidence += selected(pods_of(index, read))
    return Told(
        policy.ref.title,
        tint(words if fine else why, style),
        tuple(evidence),
        facts(
            ("comes back in", row.left if row.left != "overdue" else ""),
            ("selects", f"{listed(list(policy.selects), most=6)} ({count_words(policy)})"),
            ("owner", policy.owner.text or owner_words(policy)),
            ("enforced by", policy.enforced_by or ("nobody" if policy.state is State.NOT_ENFORCED else "unknown")),
        ),
        (),
        ("toggle", *OBJECT, "copy", "reach"),
    )


def _why(row: ListedPolicy) -> str:
    """Without the time that is left: a headline that changes every second would take the reader's place away."""
    if row.left == "overdue":
        return f"{row.policy.why}; its time is over, so it should be on again"
    return row.policy.why


def rules(policy: Policy) -> list[Piece]:
    """One sentence for each rule, and one for each direction that is shut."""
    found: dict[Piece, None] = {}
    for section in policy.sections:
        subject = subject_name(section)
        for direction, way in ((INGRESS, "in"), (EGRESS, "out")):
            here = section.of(direction)
            for rule in here:
                if not rule.peers.nobody or rule.unsure:
                    found[(sentence(rule_words(rule, subject, section.namespace)), _where(rule), _sign(rule))] = None
            if direction in section.isolates and not section.unsure:
                only = "Nothing else" if any(not rule.peers.nobody for rule in here) else "Nothing"
                text = (
                    f"{only} may {'reach' if way == 'in' else 'go out of'} {subject}, unless another policy allows it."
                )
                found[(text, way, "skipped")] = None
    pieces = list(found)
    if len(pieces) > MOST_RULES:
        pieces = [
            *pieces[:MOST_RULES],
            (f"And {len(pieces) - MOST_RULES} more rules; y shows all of it.", "", "skipped"),
        ]
    return pieces


def _where(rule: Rule) -> str:
    return f"{rule.path} {rule.name}".strip()


def _sign(rule: Rule) -> str:
    if rule.unsure:
        return "unknown"
    return {"allow": "ok", "deny": "error", "pass": "info"}[rule.action.value]


def selected(ends: Sequence[End]) -> list[Piece]:
    """The real pods (and workloads without pods) a policy selects."""
    pieces: list[Piece] = []
    for end in ends[:MOST_PODS]:
        kind = "pod" if end.ref is not None and end.ref.kind == "pods" else "no pods yet"
        pieces.append((f"selects {end.text}", f"{kind}{f' on {end.node}' if end.node else ''}", "info"))
    if len(ends) > MOST_PODS:
        pieces.append((f"and {len(ends) - MOST_PODS} more pods", "", "skipped"))
    return pieces


# -- a pod ----------------------------------------------------------------------------------------------------------------
def tell_pod(row: PodRow, index: PolicyIndex) -> Told:
    """A pod: what may reach it and what it may reach, as all of its policies together say."""
    name = row.ref.path
    if row.exempt:
        text = f"{name} is on its node's network: no policy of pods applies to it, neither to what comes in nor to what goes out."
        return Told(name, text, (), facts(("node", row.end.node)), (), WITH_PODS)
    into, out = (_shut(shut) for shut in row.shut)
    head = f"Into {name}: {into}. Out of it: {out}."
    evidence: list[Piece] = []
    if row.idle:
        evidence.append(("Policies select it, but nobody enforces them.", "", "error"))
    if index.blind:
        evidence.append((sentence(index.blind), "", "unknown"))
    for one in effective(index, row.end):
        evidence += [
            (sentence(text), "in" if one.direction == INGRESS else "out", "info") for text in one.rules[:MOST_RULES]
        ]
        if len(one.rules) > MOST_RULES:
            evidence.append((f"And {len(one.rules) - MOST_RULES} more rules.", one.direction, "skipped"))
    evidence += [(f"selected by {ref.title}", "", "skipped") for ref in row.policies]
    if not row.policies:
        evidence.append(("No policy selects it.", "", "skipped"))
    labels = " ".join(f"{key}={value}" for key, value in sorted(row.end.labels.items()))
    return Told(
        name,
        tint(head, "error" if row.idle else ""),
        tuple(evidence),
        facts(("node", row.end.node), ("labels", labels)),
        (),
        (*WITH_PODS, "reach"),
    )


def _shut(shut: bool | None) -> str:
    return {True: "only what rules allow", False: "anything", None: "cannot be told"}[shut]


# -- a question -----------------------------------------------------------------------------------------------------------
ARROWS = re.compile(r"\s*(?:→|⇒|-+>|=+>)\s*")
FILLERS = frozenset(("can", "may", "does", "reach", "to", "on", "port", "from", "talk"))


class QuestionError(ValueError):
    """What was typed is no question; the text is a sentence without its full stop."""


def parse_question(text: str) -> Question:
    """``media/jellyfin → db/postgres 5432``; ``->`` or nothing in place of the arrow, and words like "can … reach … on".
    Raises QuestionError and PortError."""
    words = [word for word in ARROWS.sub(" ", text.strip().rstrip("?")).split() if word.lower() not in FILLERS]
    if len(words) == 4 and words[3].lower() in ("tcp", "udp", "sctp", "icmp"):
        words[2:] = [f"{words[2]}/{words[3]}"]
    if len(words) < 2:
        raise QuestionError("a question has two ends: FROM → TO, and perhaps a port")
    if len(words) > 3:
        raise QuestionError(f"that is too much: FROM → TO PORT, and {words[3]!r} is left over")
    port, protocol = parse_port(words[2] if len(words) == 3 else "")
    return Question(words[0], words[1], port, protocol)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer for the drawer, the policy that decides it (None: none does), and a word for the line."""

    told: Told
    decides: Ref | None
    word: CellLike


def answer(snapshot: Snapshot, text: str, namespace: str, index: PolicyIndex) -> Answered:
    """The answer to what was typed. What cannot be answered is said in the same place."""
    try:
        found = reach(snapshot, parse_question(text), namespace, index)
    except (QuestionError, PortError, TargetError) as error:
        hint = getattr(error, "hint", "")
        told = Told("question", tint(sentence(str(error)), "warn"), (), facts(("", sentence(hint) if hint else "")))
        return Answered(told, None, ((str(error), "warn"),))
    return Answered(_told(found), deciding(found.because, found.allowed), _word(found))


def deciding(because: Iterable[Because], allowed: bool | None) -> Ref | None:
    """The first policy that gave the answer, rather than one that only had a word in it."""
    wanted = {True: ("allow", "audit"), False: ("deny",), None: ("unknown", "deny", "allow")}[allowed]
    for decision in (*wanted, "pass"):
        for item in because:
            if item.decision == decision and item.policy is not None:
                return item.policy
    return None


def _word(found: Reach) -> CellLike:
    if found.partly:
        return (("partly", "warn"),)
    word, style = {True: ("yes", "ok"), False: ("no", "error"), None: ("unknown", "unknown")}[found.allowed]
    return ((word, style),)


def reasons(because: Iterable[Because]) -> tuple[Piece, ...]:
    return tuple(
        (sentence(item.text), "out" if item.direction == EGRESS else "in", _DECISIONS.get(item.decision, "info"))
        for item in because
    )


def _told(found: Reach) -> Told:
    style = "warn" if found.partly or found.allowed is None else ""
    word = {True: "Yes", False: "No", None: "Partly" if found.partly else "Unknown"}[found.allowed]
    return Told(
        f"{found.question.src} → {found.question.dst}",
        tint(f"{word}: {headline(found)}.", style),
        reasons(found.because[:40]),
        facts(*(("", sentence(note)) for note in found.notes)),
        (),
        ("explain", "reach"),
    )


# -- a cell of the matrix -------------------------------------------------------------------------------------------------
def tell_pair(crowd: Crowd, source: Place, target: Place) -> tuple[Told, Ref | None]:
    """Two workloads (or one and the Internet), in the judge's words, and the policy that decides."""
    judged = crowd.judged(source, target)
    one, other = source.text, target.text
    ports = port_words(judged.ports)
    l7 = f", and L7 decides: {judged.l7}" if judged.l7 else ""
    head, style = {
        Mark.ALLOWED: (f"{one} may reach {other} on all ports{l7}.", ""),
        Mark.PARTLY: (f"{one} may reach {other} on {ports}{l7}; nothing else.", ""),
        Mark.DENIED: (f"{one} may not reach {other}.", ""),
        Mark.UNKNOWN: (f"Whether {one} may reach {other} cannot be told.", "warn"),
        Mark.SELF: (f"{one} is a single pod, and a pod may always reach itself.", ""),
    }[judged.mark]
    if judged.mark is Mark.PARTLY and ports == "all ports":
        head = f"Parts of {one} may reach {other}, or parts of it{l7}; not all."
    allowed = {Mark.ALLOWED: True, Mark.PARTLY: True, Mark.DENIED: False}.get(judged.mark)
    told = Told(f"{one} → {other}", tint(head, style), reasons(judged.because[:40]), (), (), ("reach",))
    return told, deciding(judged.because, allowed)
