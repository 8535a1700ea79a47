"""Who may reach whom at a glance: namespaces by namespaces, or the workloads of two namespaces, and the Internet.

The verdicts are folded as the judge folds them (:mod:`~pointsman.tui.answers.policies.judge`), without its sentences. Made
cell by cell, so that whoever asks can stop or show what is there already.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pointsman.tui.answers.policies.addresses import INTERNET
from pointsman.tui.answers.policies.ends import End, Is, Owner
from pointsman.tui.answers.policies.evaluate import OPEN, Gate, Verdict, fold, hits_of
from pointsman.tui.answers.policies.index import PolicyIndex, Variant
from pointsman.tui.answers.policies.judge import Answer, Because, Decision, judge_ports, pieces, sides_of
from pointsman.tui.answers.policies.ports import TRANSPORT, PortTable
from pointsman.tui.answers.policies.rules import EGRESS, INGRESS, Rule
from pointsman.tui.answers.policies.spans import NOTHING, Spans, covers, intersect, union

MOST_SAMPLES = 400
"""Pairs of ends judged for one explanation; more would say nothing new."""


class Mark(enum.StrEnum):
    """What a cell says. ``PARTLY``: some ports, or some of the pairs it stands for."""

    ALLOWED = "allowed"
    PARTLY = "partly"
    DENIED = "denied"
    UNKNOWN = "unknown"
    SELF = "self"
    """A single pod and itself: nothing to judge."""


def together(marks: Iterable[Mark]) -> Mark:
    """What several pairs come to as one."""
    found = set(marks) - {Mark.SELF}
    if not found:
        return Mark.SELF
    if len(found) == 1:
        return found.pop()
    some = found & {Mark.ALLOWED, Mark.PARTLY}
    less = found & {Mark.DENIED, Mark.PARTLY}
    return Mark.PARTLY if some and less else Mark.UNKNOWN


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A row or column: a namespace (no ``name``), a workload, or the world (no ``namespace``)."""

    namespace: str = ""
    name: str = ""
    kind: str = ""

    @property
    def is_world(self) -> bool:
        return not self.namespace

    @property
    def label(self) -> str:
        return self.name or self.namespace or "world"

    @property
    def text(self) -> str:
        """As sentences name it."""
        if self.is_world:
            return "the Internet"
        return f"{self.namespace}/{self.name}" if self.name else self.namespace


WORLD = Place()


@dataclass(frozen=True, slots=True)
class Tally:
    """How many pairs of workloads are allowed, partly allowed, denied and unknown, and what that comes to."""

    mark: Mark
    allowed: int = 0
    partly: int = 0
    denied: int = 0
    unknown: int = 0

    @property
    def pairs(self) -> int:
        return self.allowed + self.partly + self.denied + self.unknown


def tally(found: Mapping[Mark, int]) -> Tally:
    mark = together([mark for mark, number in found.items() if number])
    counts = (found.get(item, 0) for item in (Mark.ALLOWED, Mark.PARTLY, Mark.DENIED, Mark.UNKNOWN))
    return Tally(mark, *counts)


@dataclass(frozen=True, slots=True)
class Axes:
    """The rows (who wants to connect) and columns (to whom) of a matrix."""

    rows: tuple[Place, ...]
    columns: tuple[Place, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Class:
    """Ends that no policy tells apart, of any workload: up to two of them for each node they are on."""

    number: int
    host: bool
    by_node: dict[str, list[End]]

    def examples(self) -> Iterator[End]:
        for ends in self.by_node.values():
            yield from ends


Part = tuple[int, frozenset[str]]
"""A class (its number) and the nodes on which a workload has pods of it."""


class Crowd:
    """The ends of an index by workload. What no policy tells apart is judged once, however many pods and workloads it is."""

    def __init__(self, index: PolicyIndex) -> None:
        self.index = index
        self.world = End(Is.WORLD, "the Internet", ips=INTERNET)
        self.parts: dict[Owner, tuple[Part, ...]] = {}
        self.ends: dict[Owner, list[End]] = {}
        self._classes: list[_Class] = []
        self._keys: dict[object, _Class] = {}
        self._folded: dict[tuple[Gate, tuple[tuple[Rule, bool], ...], PortTable | None], Verdict] = {}
        self._apart: dict[tuple[Part, Part], Mark] = {}
        self._pods: dict[tuple[int, int], Mark] = {}
        found: dict[Owner, dict[int, set[str]]] = {}
        for end in index.ends:
            if end.owner is not None:
                found.setdefault(end.owner, {}).setdefault(self._class(end).number, set()).add(end.node)
                self.ends.setdefault(end.owner, []).append(end)
        for owner in sorted(found, key=lambda item: (item.namespace, item.name, item.kind)):
            self.parts[owner] = tuple((number, frozenset(nodes)) for number, nodes in sorted(found[owner].items()))
        self.namespaces: dict[str, list[Owner]] = {}
        for owner in self.parts:
            self.namespaces.setdefault(owner.namespace, []).append(owner)

    def _class(self, end: End) -> _Class:
        pod = end.kind is Is.POD
        key = self.index.standing(replace(end, owner=None)) if pod else (end.node, end.ports, end.ips)
        kept = self._keys.get(key)
        if kept is None:
            kept = self._keys[key] = _Class(len(self._classes), not pod, {})
            self._classes.append(kept)
        examples = kept.by_node.setdefault(end.node, [])
        if len(examples) < 2:
            examples.append(end)
        return kept

    @property
    def shape(self) -> object:
        """Equal for two crowds of the same workloads standing alike; with the same policies they have the same matrix."""
        names = {kept.number: key for key, kept in self._keys.items()}
        many = {item.number: len(list(item.examples())) > 1 for item in self._classes}
        return tuple(
            (
                owner,
                frozenset((names[number], nodes, many[number]) for number, nodes in parts),
                len(self.ends[owner]) > 1,
            )
            for owner, parts in self.parts.items()
        )

    def axes(self, source: Place | None = None, target: Place | None = None) -> Axes:
        """Of all namespaces and the world, or of the workloads of two of them."""
        if source is None or target is None:
            every = (*(Place(name) for name in sorted(self.namespaces)), WORLD)
            return Axes(every, every)
        return Axes(self._inside(source), self._inside(target))

    def _inside(self, place: Place) -> tuple[Place, ...]:
        if place.is_world:
            return (WORLD,)
        return tuple(Place(item.namespace, item.name, item.kind) for item in self._owners(place))

    def _owners(self, place: Place) -> list[Owner]:
        if place.name:
            owner = Owner(place.namespace, place.name, place.kind)
            return [owner] if owner in self.parts else []
        return self.namespaces.get(place.namespace, [])

    def cell(self, source: Place, target: Place) -> Tally:
        if source.is_world and target.is_world:
            return Tally(Mark.SELF)
        if source.is_world:
            return tally(Counter(self._outside(owner, inward=True) for owner in self._owners(target)))
        if target.is_world:
            return tally(Counter(self._outside(owner, inward=False) for owner in self._owners(source)))
        found: Counter[Mark] = Counter()
        ones = Counter(self.parts[owner] for owner in self._owners(source))
        others = Counter(self.parts[owner] for owner in self._owners(target))
        for one, count in ones.items():
            for other, more in others.items():
                found[together([self._part(a, b) for a in one for b in other])] += count * more
        for owner in set(self._owners(source)) & set(self._owners(target)):
            # A workload and itself was counted as two workloads that stand alike.
            parts = self.parts[owner]
            found[together([self._part(a, b) for a in parts for b in parts])] -= 1
            found[self._alone(owner)] += 1
        return tally(found)

    def _alone(self, owner: Owner) -> Mark:
        """A workload and itself: its pods among each other."""
        return together([self.mark(one, other) for one, other in self.pairs(owner, owner)])

    def _part(self, one: Part, other: Part) -> Mark:
        """Two classes; where a node is involved it matters which pods are its own."""
        a, b = self._classes[one[0]], self._classes[other[0]]
        if not a.host and not b.host:
            known = self._pods.get((a.number, b.number))
            if known is None:
                src = next(a.examples())
                dst = next((end for end in b.examples() if end is not src), src)
                known = self._pods[(a.number, b.number)] = self.mark(src, dst)
            return known
        known = self._apart.get((one, other))
        if known is None:
            known = self._apart[(one, other)] = together(
                self.mark(src, dst)
                for src in (a.by_node[node][0] for node in one[1])
                for dst in (b.by_node[node][-1] for node in other[1])
                if src is not dst
            )
        return known

    def pairs(self, source: Owner, target: Owner) -> Iterator[tuple[End, End]]:
        """Ends of two workloads, never a pod with itself; of those that stand alike on a node one or two."""
        seen: set[object] = set()
        for one in self.ends.get(source, ()):
            for other in self.ends.get(target, ()):
                if one is other:
                    continue
                key = (self._class(one).number, self._class(other).number)
                if self._classes[key[0]].host or self._classes[key[1]].host:
                    key = (*key, one.node, other.node)  # type: ignore[assignment]
                if key not in seen:
                    seen.add(key)
                    yield one, other

    def _outside(self, owner: Owner, *, inward: bool) -> Mark:
        marks = set()
        for number, _ in self.parts[owner]:
            end = next(self._classes[number].examples())
            for part, _ in pieces(self.index, self.world, end):
                marks.add(self.mark(part, end) if inward else self.mark(end, part))
        return together(marks)

    def mark(self, src: End, dst: End) -> Mark:
        """One pair of ends, on all ports. Agrees with the judge: ``PARTLY`` is its "allowed" on some ports only."""
        if self.index.blind:
            return Mark.UNKNOWN
        total = Verdict()
        for group in self.index.engines:
            either: Verdict | None = None
            for variant in group:
                verdict = OPEN
                if not variant.audit:
                    verdict = self._side(variant, EGRESS, src, dst).both(self._side(variant, INGRESS, dst, src))
                either = verdict if either is None else either.either(verdict)
            total = total.both(either or Verdict())
        allowed = intersect(total.allowed, TRANSPORT)
        if allowed:
            return Mark.ALLOWED if covers(allowed, TRANSPORT) else Mark.PARTLY
        return Mark.DENIED if covers(total.denied, TRANSPORT) else Mark.UNKNOWN

    def _side(self, variant: Variant, direction: str, subject: End, peer: End) -> Verdict:
        """One direction. Between pods what a gate says hangs only on which of its rules match, so it is folded once."""
        gate = self.index.gate(variant, direction, subject)
        if gate.open:
            return OPEN
        if subject.kind is not Is.POD or peer.kind is not Is.POD:
            found: Verdict | None = None
            for side in sides_of(self.index, variant, direction, subject, peer):
                found = side.verdict if found is None else found.either(side.verdict)
            return found or OPEN
        hits = hits_of(gate, peer.facts, peer, variant.engine)
        table = peer.ports if direction == EGRESS else subject.ports
        named = any(rule.ports.named for rule in hits)
        key = (gate, tuple(hits.items()), table if named else None)
        kept = self._folded.get(key)
        if kept is None:
            kept = self._folded[key] = fold(gate, hits, table)
        return kept

    def judged(self, source: Place, target: Place) -> Judged:
        """A cell of two workloads (or one and the world) in the judge's own words."""
        found: dict[Because, None] = {}
        ports: Spans = NOTHING
        proxied: dict[str, None] = {}
        for number, (one, other) in enumerate(self._ends(source, target)):
            if number >= MOST_SAMPLES:
                break
            decision: Decision = judge_ports(self.index, one, other, TRANSPORT)
            found.update(dict.fromkeys(decision.because))
            if decision.answer is Answer.ALLOWED:
                ports = union(ports, decision.ports)
            if decision.l7:
                proxied[decision.l7] = None
        return Judged(self.cell(source, target).mark, tuple(found), ports, ", ".join(proxied))

    def _ends(self, source: Place, target: Place) -> Iterator[tuple[End, End]]:
        if source.is_world or target.is_world:
            for owner in self._owners(target if source.is_world else source):
                for number, _ in self.parts[owner]:
                    end = next(self._classes[number].examples())
                    yield (self.world, end) if source.is_world else (end, self.world)
            return
        for one in self._owners(source):
            for other in self._owners(target):
                yield from self.pairs(one, other)


@dataclass(frozen=True, slots=True)
class Judged:
    """``ports`` are those that may pass for some of the pairs."""

    mark: Mark
    because: tuple[Because, ...]
    ports: Spans
    l7: str = ""
