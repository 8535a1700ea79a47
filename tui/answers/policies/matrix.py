"""Who may reach whom at a glance: namespaces by namespaces, or the workloads of two namespaces, and the Internet.

The verdicts are folded as the judge folds them (:mod:`~pointsman.tui.answers.policies.judge`), without its sentences. Made
row by row, so that whoever asks can stop or show what is there already.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pointsman.tui.answers.policies.addresses import INTERNET
from pointsman.tui.answers.policies.ends import End, Is, Owner
from pointsman.tui.answers.policies.evaluate import Gate, Verdict
from pointsman.tui.answers.policies.index import PolicyIndex, Variant
from pointsman.tui.answers.policies.judge import Answer, Because, Decision, judge_ports, pieces, sides_of
from pointsman.tui.answers.policies.ports import TRANSPORT, PortTable
from pointsman.tui.answers.policies.rules import EGRESS, INGRESS
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


def tally(marks: Iterable[Mark]) -> Tally:
    found = [mark for mark in marks if mark is not Mark.SELF]
    return Tally(
        together(found), found.count(Mark.ALLOWED), found.count(Mark.PARTLY), found.count(Mark.DENIED),
        found.count(Mark.UNKNOWN),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Axes:
    """The rows (who wants to connect) and columns (to whom) of a matrix."""

    rows: tuple[Place, ...]
    columns: tuple[Place, ...]


class Crowd:
    """The ends of an index by workload, those that no policy tells apart as one with up to two examples."""

    def __init__(self, index: PolicyIndex) -> None:
        self.index = index
        self.world = End(Is.WORLD, "the Internet", ips=INTERNET)
        self.owners: dict[Owner, list[tuple[End, ...]]] = {}
        self.number: dict[End, int] = {}
        self._kept: dict[tuple[Gate, int, PortTable | None, int], Verdict] = {}
        classes: dict[object, list[End]] = {}
        for end in index.ends:
            if end.owner is not None:
                key = (end.owner, index.standing(end) if end.kind is Is.POD else end.node)
                examples = classes.setdefault(key, [])
                if len(examples) < 2:
                    examples.append(end)
        for examples in classes.values():
            owner = examples[0].owner
            assert owner is not None
            self.owners.setdefault(owner, []).append(tuple(examples))
            for end in examples:
                self.number[end] = len(self.number)
        self.namespaces: dict[str, list[Owner]] = {}
        for owner in sorted(self.owners, key=lambda item: (item.namespace, item.name, item.kind)):
            self.namespaces.setdefault(owner.namespace, []).append(owner)

    def axes(self, source: Place | None = None, target: Place | None = None) -> Axes:
        """Of all namespaces and the world, or of the workloads of two of them."""
        if source is None or target is None:
            every = (*(Place(name) for name in sorted(self.namespaces)), WORLD)
            return Axes(every, every)
        return Axes(self._inside(source), self._inside(target))

    def _inside(self, place: Place) -> tuple[Place, ...]:
        if place.is_world:
            return (WORLD,)
        return tuple(
            Place(owner.namespace, owner.name, owner.kind) for owner in self.namespaces.get(place.namespace, ())
        )

    def _owners(self, place: Place) -> list[Owner]:
        if place.name:
            return [Owner(place.namespace, place.name, place.kind)]
        return self.namespaces.get(place.namespace, [])

    def rows(self, axes: Axes) -> Iterator[tuple[Tally, ...]]:
        """The rows of a matrix, one after the other."""
        for source in axes.rows:
            yield tuple(self.cell(source, target) for target in axes.columns)

    def cell(self, source: Place, target: Place) -> Tally:
        if source.is_world and target.is_world:
            return Tally(Mark.SELF)
        if source.is_world:
            return tally(self._outside(owner, inward=True) for owner in self._owners(target))
        if target.is_world:
            return tally(self._outside(owner, inward=False) for owner in self._owners(source))
        return tally(self._workloads(one, other) for one in self._owners(source) for other in self._owners(target))

    def pairs(self, source: Owner, target: Owner) -> Iterator[tuple[End, End]]:
        """Two ends of each pair of classes, never a pod with itself."""
        for one in self.owners.get(source, ()):
            for other in self.owners.get(target, ()):
                if one is not other:
                    yield one[0], other[0]
                elif len(one) > 1:
                    yield one[0], one[1]

    def _workloads(self, source: Owner, target: Owner) -> Mark:
        return together(self.mark(one, other) for one, other in self.pairs(source, target))

    def _outside(self, owner: Owner, *, inward: bool) -> Mark:
        marks = set()
        for examples in self.owners.get(owner, ()):
            for part, _ in pieces(self.index, self.world, examples[0]):
                marks.add(self.mark(part, examples[0]) if inward else self.mark(examples[0], part))
        return together(marks)

    def mark(self, src: End, dst: End) -> Mark:
        """One pair of ends, on all ports. Agrees with the judge: ``PARTLY`` is its "allowed" on some ports only."""
        if self.index.blind:
            return Mark.UNKNOWN
        total = Verdict()
        for group in self.index.engines:
            either: Verdict | None = None
            for variant in group:
                verdict = Verdict()
                if not variant.audit:
                    verdict = self._side(variant, EGRESS, src, dst).both(self._side(variant, INGRESS, dst, src))
                either = verdict if either is None else either.either(verdict)
            total = total.both(either or Verdict())
        allowed = intersect(total.allowed, TRANSPORT)
        if allowed:
            return Mark.ALLOWED if covers(allowed, TRANSPORT) else Mark.PARTLY
        return Mark.DENIED if covers(total.denied, TRANSPORT) else Mark.UNKNOWN

    def _side(self, variant: Variant, direction: str, subject: End, peer: End) -> Verdict:
        """One direction; the same for all subjects that share a gate."""
        gate = self.index.gate(variant, direction, subject)
        if gate.open:
            return Verdict()
        at = self.number.get(peer, -1) if subject.kind is Is.POD and peer.kind is Is.POD else -1
        key = (gate, at, subject.ports if direction == INGRESS else None, id(variant))
        kept = self._kept.get(key) if at >= 0 else None
        if kept is None:
            for side in sides_of(self.index, variant, direction, subject, peer):
                kept = side.verdict if kept is None else kept.either(side.verdict)
            kept = kept or Verdict()
            if at >= 0:
                self._kept[key] = kept
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
                for examples in self.owners.get(owner, ()):
                    yield (self.world, examples[0]) if source.is_world else (examples[0], self.world)
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
