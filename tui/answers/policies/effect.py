"""What a change of policies opens and closes, on the ends that are there: for a preview before anything is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pointsman.tui.answers.policies.addresses import address, range_text
from pointsman.tui.answers.policies.connections import Connection, Ends, Point, differences
from pointsman.tui.answers.policies.ends import Owner
from pointsman.tui.answers.policies.facts import indexes
from pointsman.tui.answers.policies.index import PolicyIndex, variants
from pointsman.tui.answers.policies.rules import Policy
from pointsman.tui.answers.policies.spans import NOTHING, Spans, spans, subtract, union
from pointsman.tui.answers.ref import Ref
from pointsman.tui.store.snapshot import Snapshot

Range = tuple[int, int, Spans]
"""First and last address, ports."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Connections that become possible and that stop to be, each with the ports that differ.

    ``certain`` is False where a policy in question cannot be read, or where it cannot be told who enforces it; the lists
    then hold what is sure.
    """

    opens: tuple[Connection, ...]
    closes: tuple[Connection, ...]
    certain: bool = True


def with_policies(index: PolicyIndex, policies: Iterable[Policy]) -> PolicyIndex:
    """The index with other policies on the same ends. What is known of policies that stay is shared."""
    kept = tuple(policies)
    same = {policy.ref.kind for policy in kept} == {policy.ref.kind for policy in index.policies}
    return replace(
        index,
        policies=kept,
        by_ref={policy.ref: policy for policy in kept},
        engines=index.engines if same else variants(index.enforcement, kept),
        _gates=index._gates if same else {},
        _by_number=[],
        _views={},
        _asked=[],
    )


def without(index: PolicyIndex, *refs: Ref) -> PolicyIndex:
    """The index as it would be without these policies."""
    return with_policies(index, (policy for policy in index.policies if policy.ref not in refs))


def changed(index: PolicyIndex, policy: Policy) -> PolicyIndex:
    """The index with a policy in place of the one of its name, or beside the others if there is none."""
    others = [item for item in index.policies if item.ref != policy.ref]
    return with_policies(index, [*others, policy])


def effect(snapshot: Snapshot, before: PolicyIndex, after: PolicyIndex) -> Effect:
    """What passes after and not before, and the other way round. Both indexes are of this snapshot.

    Only workloads that a policy which differs selects are looked at.
    """
    differ = _differing(before, after)
    certain = not (before.blind or before.enforcement.blind) and all(
        not policy.problems and (before.enforcement.assumed or before.enforcement.of(policy.ref.kind) is not None)
        for policy in differ
    )
    only = _touched(before, after, differ)
    old, new = differences(before, after, snapshot, only)
    return Effect(_less(new, old), _less(old, new), certain)


def _less(first: dict[Ends, Spans], second: dict[Ends, Spans]) -> tuple[Connection, ...]:
    """What is in the first and not in the second; ranges of addresses are compared by their addresses."""
    found = []
    lessened: dict[tuple[int, int], Spans] = {}
    ranges: dict[tuple[Point, bool], tuple[list[Range], list[Range]]] = {}
    for which, side in enumerate((first, second)):
        for (src, dst), ports in side.items():
            if src.cidr or dst.cidr:
                key = (dst, True) if src.cidr else (src, False)
                low, high = (address(text) for text in (src.cidr or dst.cidr).split("-"))
                ranges.setdefault(key, ([], []))[which].append((low, high, ports))
            elif not which:
                other = second.get((src, dst), NOTHING)
                key_of = (id(ports), id(other))
                left = lessened.get(key_of)
                if left is None:
                    left = lessened[key_of] = subtract(ports, other)
                if left:
                    found.append(Connection(src, dst, left))
    for (inner, inward), (mine, theirs) in ranges.items():
        for low, high, ports in _range_less(mine, theirs):
            outer = Point(cidr=range_text(low, high))
            found.append(Connection(outer, inner, ports) if inward else Connection(inner, outer, ports))
    return tuple(found)


def _range_less(mine: list[Range], theirs: list[Range]) -> list[Range]:
    edges = sorted({edge for low, high, _ in (*mine, *theirs) for edge in (low, high + 1)})
    by_ports: dict[Spans, list[tuple[int, int]]] = {}
    left, right = _along(mine, edges), _along(theirs, edges)
    for at, low in enumerate(edges[:-1]):
        ports = subtract(left[at], right[at])
        if ports:
            by_ports.setdefault(ports, []).append((low, edges[at + 1] - 1))
    return sorted((low, high, ports) for ports, items in by_ports.items() for low, high in spans(items))


def _along(items: list[Range], edges: list[int]) -> list[Spans]:
    """The ports from each edge to the next; the ranges of one list do not overlap for the same ports."""
    found: list[Spans] = [NOTHING] * len(edges)
    place = {edge: at for at, edge in enumerate(edges)}
    for low, high, ports in items:
        for at in range(place[low], place[high + 1]):
            found[at] = union(found[at], ports)
    return found


def _differing(before: PolicyIndex, after: PolicyIndex) -> list[Policy]:
    return [
        policy
        for one, other in ((before, after), (after, before))
        for policy in one.policies
        if other.by_ref.get(policy.ref) is not policy
    ]


def _touched(before: PolicyIndex, after: PolicyIndex, differ: list[Policy]) -> frozenset[Owner] | None:
    """The workloads that policies which differ select; None for all of them, where that cannot be told by pods."""
    found: set[Owner] = set()
    for policy in differ:
        for section in policy.sections:
            if section.unsure or section.on_nodes:
                return None
            index = before if before.by_ref.get(policy.ref) is policy else after
            found.update(
                owner for at in indexes(index.selected(section)) if (owner := index.pods[at].owner) is not None
            )
    return frozenset(found)
