"""The state of each policy: what it selects, whether it acts, who enforces it, who owns it, what is doubtful about it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pointsman.tui.answers.owners import Owner, owner_of
from pointsman.tui.answers.policies.ends import End
from pointsman.tui.answers.policies.facts import indexes
from pointsman.tui.answers.policies.index import POLICY_KINDS, PolicyIndex, compile_index
from pointsman.tui.answers.policies.lint import Lint, Lints, beyond_pods, selects
from pointsman.tui.answers.policies.rules import DIRECTIONS, Policy
from pointsman.tui.answers.policies.toggles import is_off, off_until
from pointsman.tui.answers.policies.words import rule_words, subject_name, summary
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.words import plural
from pointsman.tui.model.kinds import PODS
from pointsman.tui.model.meta import Loose, Obj
from pointsman.tui.store.snapshot import Snapshot


class State(enum.StrEnum):
    ACTIVE = "active"
    AUDIT = "audit"
    OFF = "off"
    OFF_UNTIL = "off-until"
    INVALID = "invalid"
    SELECTS_NOTHING = "selects-nothing"
    NOT_ENFORCED = "not-enforced"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One policy. ``until`` is when a switched-off one comes back (seconds since 1970). ``why`` explains the state in a
    sentence without its full stop. ``selects`` are its subjects in words, ``pods`` how many pods they are (None where
    pods cannot be read), ``enforced_by`` the engines (empty: none, or none for sure)."""

    ref: Ref
    directions: tuple[str, ...]
    selects: tuple[str, ...]
    pods: int | None
    nodes: int
    state: State
    why: str
    until: float | None
    owner: Owner
    enforced_by: str
    summary: str
    lints: tuple[Lint, ...]


def policy_rows(snapshot: Snapshot, index: PolicyIndex | None = None) -> tuple[PolicyRow, ...]:
    """Every policy, in the order of kinds, namespaces and names."""
    index = index or compile_index(snapshot)
    objects: dict[Ref, Obj[Loose]] = {
        Ref(kind.id, obj.namespace, obj.name): obj for kind in POLICY_KINDS for obj in snapshot.all(kind)
    }
    lints = Lints(index)
    return tuple(
        _row(snapshot, index, policy, objects[policy.ref], lints) for policy in index.policies if policy.ref in objects
    )


def _row(snapshot: Snapshot, index: PolicyIndex, policy: Policy, obj: Obj[Loose], lints: Lints) -> PolicyRow:
    pods, nodes = selects(index, policy)
    state, why = state_of(index, policy, obj, (pods, nodes), snapshot.known(PODS))
    names = tuple(dict.fromkeys(subject_name(section) for section in policy.sections if not section.unsure))
    return PolicyRow(
        policy.ref,
        policy.directions,
        names,
        pods if snapshot.known(PODS) else None,
        nodes,
        state,
        why,
        off_until(obj) if state is State.OFF_UNTIL else None,
        owner_of(obj, snapshot),
        index.enforcement.by(policy.ref.kind),
        summary(policy),
        tuple(lints.of(policy)),
    )


def state_of(
    index: PolicyIndex, policy: Policy, obj: Obj[Loose], selected: tuple[int, int], pods_known: bool
) -> tuple[State, str]:
    """The state and why, the strongest first: off, invalid, nobody enforces it, selects nothing, audit, unknown."""
    if is_off(obj):
        until = off_until(obj)
        return (
            (State.OFF, "it was switched off")
            if until is None
            else (State.OFF_UNTIL, "it was switched off for a while")
        )
    if policy.ignored:
        return State.INVALID, policy.ignored
    if policy.problems:
        return State.INVALID, policy.problems[0]
    kind = policy.ref.kind
    found = index.enforcement
    enforced = found.of(kind)
    if enforced is False:
        return State.NOT_ENFORCED, f"nobody enforces it: {found.reason(kind)}"
    if policy.sections and all(section.on_nodes for section in policy.sections):
        engines = [engine for engine in found.engines if engine.knows.get(kind)]
        if engines and not any(engine.host_firewall for engine in engines):
            return State.NOT_ENFORCED, "nobody enforces it: Cilium's host firewall is off (enable-host-firewall)"
    if selected == (0, 0) and pods_known and not beyond_pods(policy):
        return State.SELECTS_NOTHING, "it selects no pod that is there now"
    if any(engine.audit for engine in found.engines if engine.knows.get(kind)):
        return State.AUDIT, "Cilium is in audit mode: what it would deny is only logged"
    if enforced is None:
        return State.UNKNOWN, found.reason(kind)
    return State.ACTIVE, f"enforced by {found.by(kind)}"


@dataclass(frozen=True, slots=True)
class Effective:
    """What holds for one end in one direction. ``isolated`` is None where that cannot be told."""

    direction: str
    isolated: bool | None
    policies: tuple[Ref, ...]
    rules: tuple[str, ...]
    """What may pass or may not, one sentence for each rule, in the order of evaluation."""


def effective(index: PolicyIndex, end: End) -> tuple[Effective, ...]:
    """Both directions of one pod (or node): which policies select it and what they come to."""
    found = []
    for direction in DIRECTIONS:
        refs: dict[Ref, None] = {}
        words: dict[str, None] = {}
        states: set[bool | None] = set()
        for group in index.engines:
            for variant in group:
                gate = index.gate(variant, direction, end)
                shut = bool(gate.isolated_by) or gate.always
                states.add(shut if shut or not gate.doubtful else None)
                refs.update((section.policy, None) for section in gate.isolated_by)
                for rule in gate.rules():
                    refs[rule.policy] = None
                    if not rule.peers.nobody:
                        words[rule_words(rule, end.text, end.namespace)] = None
        isolated = states.pop() if len(states) == 1 else (False if not states else None)
        found.append(Effective(direction, isolated, tuple(refs), tuple(words)))
    return tuple(found)


def selected_by(index: PolicyIndex, end: End) -> tuple[Ref, ...]:
    """The policies that select an end, whether or not somebody enforces them."""
    return tuple(dict.fromkeys(section.policy for section in index.sections(end) if not section.unsure))


def pods_of(index: PolicyIndex, policy: Policy) -> tuple[End, ...]:
    """The pods (and workloads without pods) that a policy selects."""
    bits = 0
    for section in policy.sections:
        if not section.unsure:
            bits |= index.selected(section)
    return tuple(index.pods[number] for number in indexes(bits))


def count_words(row: PolicyRow) -> str:
    """``3 pods``, ``2 nodes``, ``no pod``; ``?`` where pods cannot be read."""
    if row.nodes:
        return plural(row.nodes, "node")
    if row.pods is None:
        return "?"
    return plural(row.pods, "pod") if row.pods else "no pod"
