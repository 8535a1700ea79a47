"""What makes switching a policy off or on risky, or editing it, by the real endpoints. Pure."""

from __future__ import annotations

from pointsman.tui.actions.change import Doc
from pointsman.tui.actions.effects import with_object
from pointsman.tui.actions.plan import Risk, graver
from pointsman.tui.actions.routes import ROUTE_IDS, route_risks
from pointsman.tui.answers.policies.enforcement import ALL_KINDS
from pointsman.tui.answers.policies.index import PolicyIndex, compile_index
from pointsman.tui.answers.policies.lint import selects
from pointsman.tui.answers.policies.rules import INGRESS, Action, Policy
from pointsman.tui.answers.policies.state import pods_of
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.words import listed, plural
from pointsman.tui.model.kinds import PODS
from pointsman.tui.store.snapshot import Snapshot

MANY_PODS = 10
SYSTEM = ("kube-system",)


def toggle_risks(snapshot: Snapshot, ref: Ref, *, off: bool) -> tuple[Risk, ...]:
    """The risks of switching one policy off, or on. Grave: a default deny, many pods, nodes, the cluster's own pods."""
    if ref.kind in ROUTE_IDS:
        return route_risks(snapshot, ref, off=off)
    index = compile_index(snapshot)
    policy = next((item for item in index.policies if item.ref == ref), None)
    if policy is None:
        return ()
    risks: list[Risk] = []
    pods, nodes = selects(index, policy)
    if any(section.on_nodes for section in policy.sections):
        what = plural(nodes, "node") if nodes else "nodes"
        done = "opens" if off else "closes"
        risks.append(Risk(f"it is a host policy: it {done} {what} themselves, SSH and the API server included"))
    if off:
        risks += _opening(index, policy)
    else:
        risks += _closing(policy)
    if pods >= MANY_PODS:
        risks.append(Risk(f"it selects {plural(pods, 'pod')}"))
    if not snapshot.known(PODS):
        risks.append(Risk("pods cannot be read, so nobody knows how many it is about"))
    spaces = {end.namespace for end in pods_of(index, policy)} if off or pods else set()
    if spaces & set(SYSTEM):
        risks.append(Risk(f"it is about pods of the cluster itself, in {listed(sorted(spaces & set(SYSTEM)))}"))
    return graver(risks)


def edit_risks(snapshot: Snapshot, ref: Ref, before: Doc | None, after: Doc) -> tuple[Risk, ...]:
    """The risks of a policy becoming ``after``, or being made; none for other kinds. What was so before counts if it is grave."""
    if ref.kind not in ALL_KINDS:
        return ()
    known = set(toggle_risks(with_object(snapshot, ref, before), ref, off=False)) if before is not None else set()
    found = toggle_risks(with_object(snapshot, ref, after), ref, off=False)
    lost = _default_denies(snapshot, ref, before) - _default_denies(snapshot, ref, after)
    opened = [Risk(f"it is a default deny for {direction} no longer") for direction in sorted(lost)]
    return graver((*opened, *(risk for risk in found if risk not in known or risk.grave)))


def _default_denies(snapshot: Snapshot, ref: Ref, doc: Doc | None) -> set[str]:
    """The directions in which a policy lets nothing through by itself."""
    if doc is None:
        return set()
    index = compile_index(with_object(snapshot, ref, doc))
    found = next((policy for policy in index.policies if policy.ref == ref), None)
    return {way for way in found.directions if _denies_all(found, way)} if found is not None else set()


def _denies_all(policy: Policy, direction: str) -> bool:
    return any(
        direction in section.isolates
        and not any(rule.action is Action.ALLOW and not rule.peers.nobody for rule in section.of(direction))
        for section in policy.sections
    )


def _lets(policy: Policy, direction: str) -> bool:
    return any(
        rule.action is Action.ALLOW and not rule.peers.nobody
        for section in policy.sections
        for rule in section.of(direction)
    )


def _opening(index: PolicyIndex, policy: Policy) -> list[Risk]:
    """What opens: a default deny that goes; pods that no other policy isolates."""
    risks = [
        Risk(f"it is a default deny for {direction}")
        for direction in policy.directions
        if _denies_all(policy, direction)
    ]
    if any(rule.action is Action.DENY for section in policy.sections for rule in section.rules):
        risks.append(Risk("it has deny rules: what they forbid is forbidden no longer"))
    for direction in policy.directions:
        bare, kept = [], 0
        for end in pods_of(index, policy):
            others = any(
                direction in section.isolates and section.policy != policy.ref for section in index.sections(end)
            )
            if others:
                kept += 1
            elif any(direction in section.isolates for section in index.sections(end)):
                bare.append(end.text)
        if bare:
            rest = "may be reached from anywhere" if direction == INGRESS else "may reach anything"
            risks.append(Risk(f"nothing else isolates {listed(sorted(bare), 3)}: they {rest}", grave=False))
        if kept and _lets(policy, direction):
            what = "let in" if direction == INGRESS else "let out"
            stay = f"{plural(kept, 'pod')} {'stays' if kept == 1 else 'stay'}"
            risks.append(Risk(f"{stay} isolated by other policies: what only this one {what} is cut", grave=False))
    return risks


def _closing(policy: Policy) -> list[Risk]:
    return [
        Risk(f"it is a default deny for {direction}: what no policy allows stops", grave=False)
        for direction in policy.directions
        if _denies_all(policy, direction)
    ]
