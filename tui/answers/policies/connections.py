"""Every allowed connection between workloads, addresses outside, names, and what Ingresses and routes let in.

Not one judge call for each pair: subjects with the same policies share a gate, a gate divides all peers at once by the
rules that match them (bit sets), and each division is folded once. The fold is the judge's own
(:mod:`~pointsman.tui.answers.policies.evaluate`), so both say the same.

Over 400 lines, because gates, divisions and folding share their sets, and a reader has to see all three to trust one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pointsman.tui.answers.policies.addresses import IPV4, IPV6, address, range_text
from pointsman.tui.answers.policies.backends import CONTROLLER, entries, ingress_controllers
from pointsman.tui.answers.policies.ends import End, Is, Owner
from pointsman.tui.answers.policies.evaluate import Gate, fold, hits_of, matches
from pointsman.tui.answers.policies.facts import indexes
from pointsman.tui.answers.policies.index import PolicyIndex, Variant
from pointsman.tui.answers.policies.judge import Answer, Because, alike, identities, judge_ports, sides_of
from pointsman.tui.answers.policies.ports import EVERYTHING, TRANSPORT, PortTable, all_transport, transport
from pointsman.tui.answers.policies.rules import EGRESS, INGRESS, Rule
from pointsman.tui.answers.policies.spans import NOTHING, Spans, intersect, spans, union, union_of
from pointsman.tui.store.snapshot import Snapshot


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """One end of a connection: a workload, a range of addresses, an FQDN (or a pattern of them), or the ingress
    controller. Exactly one is filled."""

    namespace: str = ""
    name: str = ""
    kind: str = ""
    cidr: str = ""
    fqdn: str = ""

    @property
    def text(self) -> str:
        return self.cidr or self.fqdn or (f"{self.namespace}/{self.name}" if self.kind else self.name)


@dataclass(frozen=True, slots=True)
class Connection:
    """``ports`` are spans of TCP, UDP and SCTP."""

    src: Point
    dst: Point
    ports: Spans


@dataclass(frozen=True, slots=True, eq=False)
class _Class:
    """Pods of one workload that no policy can tell apart; ``end`` stands for all of them."""

    owner: Owner
    end: End
    number: int
    """In the index' universe; -1 for ends on their node's network."""


Ends = tuple[Point, Point]


def connections(index: PolicyIndex, snapshot: Snapshot, only: frozenset[Owner] | None = None) -> list[Connection]:
    """Sorted, without connections of a workload to itself; empty where the policies could not be read.

    With ``only``, those that begin or end at one of these workloads.
    """
    if index.blind:
        return []
    work = _Work(index, only)
    found: dict[tuple[Point, Point], Spans] = {}
    for src, dst, ports in (*work.pairs(), *work.outside(), *work.ingress(snapshot)):
        ports = intersect(ports, TRANSPORT)
        if ports and src != dst:
            found[(src, dst)] = union(found.get((src, dst), NOTHING), ports)
    return [Connection(src, dst, ports) for (src, dst), ports in sorted(found.items(), key=_order)]


def _order(item: tuple[tuple[Point, Point], Spans]) -> tuple[object, ...]:
    (src, dst), _ = item
    return (_place(src), _place(dst))


def _place(point: Point) -> tuple[object, ...]:
    """Addresses by number, then names, then workloads."""
    if point.cidr:
        four = "." in point.cidr
        return (
            0 if four else 1,
            tuple(int(part) for part in point.cidr.split("-")[0].split(".")) if four else (),
            point,
        )
    return (2 if point.fqdn else 3, (), point)


def point_of(owner: Owner) -> Point:
    return Point(owner.namespace, owner.name, owner.kind)


def differences(
    before: PolicyIndex, after: PolicyIndex, snapshot: Snapshot, only: frozenset[Owner] | None
) -> tuple[dict[Ends, Spans], dict[Ends, Spans]]:
    """What :func:`connections` gives for two indexes of one snapshot, in its order, without most of what both have.

    Pods that the same policies select before and after have the same row, and equal rows are not looked into: the work
    grows with the ends that differ, times all ends, not with the square of all.
    """
    if before.blind or after.blind:
        return {}, {}
    pool = _Pool()
    works = [_Work(before, only, after, pool), _Work(after, only, before, pool)]
    found: list[dict[Ends, Spans]] = [{}, {}]
    pods, hosts = ({item.owner for item in part} for part in (works[0].pods, works[0].hosts))
    if pods & hosts:  # a workload with both is told by both together
        found[0], found[1] = (
            {(c.src, c.dst): c.ports for c in connections(each, snapshot, only)} for each in (before, after)
        )
        return found[0], found[1]
    for key, sides in _differing_pairs(*works):
        for side, allowed in zip(found, sides, strict=True):
            if allowed:
                side[key] = allowed
    for side, work in zip(found, works, strict=True):
        for src, dst, ports in (*work.node_pairs(), *work.outside(), *work.ingress(snapshot)):
            ports = intersect(ports, TRANSPORT)
            if ports and src != dst:
                side[src, dst] = union(side.get((src, dst), NOTHING), ports)
    return found[0], found[1]


def _differing_pairs(old: _Work, new: _Work) -> list[tuple[Ends, tuple[Spans, Spans]]]:
    """Pairs of workloads whose ports differ, with the ports of both sides."""
    outs, ins = ([work.rows(direction) for work in (old, new)] for direction in (EGRESS, INGRESS))
    points = [point_of(item.owner) for item in old.pods]
    places: dict[Point, list[int]] = {}
    for at, point in enumerate(points):
        places.setdefault(point, []).append(at)
    everyone, chosen = range(len(points)), set(old.chosen)
    moved = {at for at in everyone if ins[0][at] is not ins[1][at]}
    touched: dict[Ends, tuple[Spans, Spans]] = {}
    for at, src in enumerate(points):
        columns: Iterable[int] = everyone if at in chosen else old.chosen
        first, second = outs[0][at], outs[1][at]
        if first is second:
            columns = [to for to in columns if to in moved]
        for to in columns:
            was, becomes = old.meet(first[to], ins[0][to][at]), old.meet(second[to], ins[1][to][at])
            if was is not becomes:
                touched[src, points[to]] = (was, becomes)
    if len(places) < len(points):  # a workload whose pods are told apart: all of them count
        for src, dst in touched:
            sides = [
                union_of(old.meet(out[at][to], into[to][at]) for at in places[src] for to in places[dst])
                for out, into in zip(outs, ins, strict=True)
            ]
            touched[src, dst] = (sides[0], sides[1])
    clipped: dict[int, Spans] = {}  # few ports differ, and equal ones are mostly one object

    def clip(ports: Spans) -> Spans:
        kept = clipped.get(id(ports))
        if kept is None:
            kept = clipped[id(ports)] = intersect(ports, TRANSPORT)
        return kept

    rank = {point: at for at, point in enumerate(sorted(places))}
    found = []
    for (src, dst), (was, becomes) in sorted(touched.items(), key=lambda item: (rank[item[0][0]], rank[item[0][1]])):
        sides = [clip(was), clip(becomes)]
        if src != dst and sides[0] != sides[1]:
            found.append(((src, dst), (sides[0], sides[1])))
    return found


class _Pool:
    """What several works may share: one object for equal ports, their intersections, and rows of the same gates."""

    def __init__(self) -> None:
        self.interned: dict[Spans, Spans] = {}
        self.met: dict[tuple[int, int], Spans] = {}
        self.rows: dict[tuple[object, ...], list[Spans]] = {}


class _Work:
    """With ``other``, an index of the same snapshot, pods are told apart that either of the two tells apart."""

    def __init__(
        self,
        index: PolicyIndex,
        only: frozenset[Owner] | None = None,
        other: PolicyIndex | None = None,
        pool: _Pool | None = None,
    ) -> None:
        self.index = index
        self.only = only
        self.variants: tuple[Variant, ...] = tuple(variant for group in index.engines for variant in group)
        self.pods, self.hosts = self._classes((index, other) if other is not None else (index,))
        self.chosen = [at for at, item in enumerate(self.pods) if self.wanted(item.owner)]
        self._pool = pool or _Pool()
        numbers = [1 << item.number for item in self.pods]
        self._places = {item.number: at for at, item in enumerate(self.pods)}
        self._asked = {True: sum(numbers), False: sum(numbers[at] for at in self.chosen)}

    def wanted(self, owner: Owner) -> bool:
        return self.only is None or owner in self.only

    def _classes(self, told: tuple[PolicyIndex, ...]) -> tuple[list[_Class], list[_Class]]:
        """Pods with the same owner and the same facts as far as any selector asks, and likewise pods on nodes."""
        seen: dict[object, _Class] = {}
        for end in self.index.ends:
            if end.owner is not None:
                standings = frozenset(index.standing(end) for index in told) if end.kind is Is.POD else None
                key = standings or (end.owner, end.node)
                if key not in seen:
                    seen[key] = _Class(end.owner, end, self.index.number.get(end, -1))
        classes = list(seen.values())
        return [item for item in classes if item.number >= 0], [item for item in classes if item.number < 0]

    # -- workloads -------------------------------------------------------------------------------------------------------
    def pairs(self) -> Iterator[tuple[Point, Point, Spans]]:
        """Pods to pods by division, then whatever is on a node's network one by one."""
        out = self.rows(EGRESS)
        into = self.rows(INGRESS)
        points = [point_of(item.owner) for item in self.pods]
        everyone = range(len(points))
        chosen = set(self.chosen)
        for at, src in enumerate(points):
            row = out[at]
            for to in everyone if at in chosen else self.chosen:
                ports = self.meet(row[to], into[to][at])
                if ports:
                    yield src, points[to], ports
        yield from self.node_pairs()

    def node_pairs(self) -> Iterator[tuple[Point, Point, Spans]]:
        """Whatever is on a node's network is that node to policies, so one per node is looked at. Pods that share gates
        and a node are told apart only by policies for nodes."""
        kept: dict[object, Spans] = {}
        on_nodes = any(
            section.on_nodes or section.unsure for policy in self.index.policies for section in policy.sections
        )
        alike: dict[End, object] = {item.end: (item.end.node, item.end.ips, item.end.ports) for item in self.hosts}
        for item in self.pods if self.hosts else ():
            standing = self.index.standing(item.end) if on_nodes else None
            alike[item.end] = (item.end.node, item.end.ports, standing, *self._gates_of(item.end))

        def passes(src: End, dst: End) -> Spans:
            key = (alike[src], alike[dst])
            if key not in kept:
                kept[key] = self.may_pass(src, dst)
            return kept[key]

        for host in self.hosts:
            mine = point_of(host.owner)
            for other in (*self.pods, *self.hosts):
                if other.owner == host.owner or not (self.wanted(other.owner) or self.wanted(host.owner)):
                    continue
                theirs = point_of(other.owner)
                yield mine, theirs, passes(host.end, other.end)
                if other.number >= 0:
                    yield theirs, mine, passes(other.end, host.end)

    def _gates_of(self, end: End) -> tuple[Gate, ...]:
        return tuple(
            self.index.gate(variant, direction, end) for variant in self.variants for direction in (EGRESS, INGRESS)
        )

    def meet(self, first: Spans, second: Spans) -> Spans:
        """What both let pass; equal answers are one object."""
        if first is second or second is EVERYTHING:
            return first
        if first is EVERYTHING:
            return second
        key = (id(first), id(second))
        kept = self._pool.met.get(key)
        if kept is None:
            kept = self._pool.met[key] = self._intern(intersect(first, second))
        return kept

    def _intern(self, item: Spans) -> Spans:
        return EVERYTHING if item == EVERYTHING else self._pool.interned.setdefault(item, item)

    def rows(self, direction: str) -> list[list[Spans]]:
        """For each class of pods, what its own gate lets pass to (or from) each class that is of interest."""
        rows: list[list[Spans]] = []
        kept = self._pool.rows
        chosen = set(self.chosen)
        for number, item in enumerate(self.pods):
            wide = number in chosen
            gates = tuple(self.index.gate(variant, direction, item.end) for variant in self.variants)
            # A gate belongs to one variant and one direction.
            key = (*gates, direction, wide, item.end.ports if direction == INGRESS else None)
            row = kept.get(key)
            if row is None:
                row = None
                for variant, gate in zip(self.variants, gates, strict=True):
                    if gate.open or variant.audit:
                        continue
                    one = self._row(variant, gate, direction, item.end.ports, self._asked[wide])
                    row = one if row is None else list(map(self.meet, row, one))
                row = kept[key] = row or [EVERYTHING] * len(self.pods)
            rows.append(row)
        return rows

    def _row(self, variant: Variant, gate: Gate, direction: str, ports: PortTable, asked: int) -> list[Spans]:
        """What one gate lets pass to (or from) the classes of these bits; of the others the row says nothing.

        Each rule divides the peers by whether it is about them; what is left together is folded once.
        """
        parts: list[tuple[int, tuple[tuple[Rule, bool], ...]]] = [(asked, ())]
        for rule in gate.rules():
            sure, perhaps = self._bits(rule, variant)
            if not (sure | perhaps) & asked:
                continue
            divided = []
            for bits, signature in parts:
                yes, maybe = bits & sure, bits & perhaps
                if yes:
                    divided.append((yes, (*signature, (rule, True))))
                if maybe:
                    divided.append((maybe, (*signature, (rule, False))))
                if rest := bits & ~(yes | maybe):
                    divided.append((rest, signature))
            parts = divided
        row = [EVERYTHING] * len(self.pods)
        for bits, signature in parts:
            hits = dict(signature)
            by_peer = direction == EGRESS and any(rule.ports.named for rule, _ in signature)
            folded: dict[PortTable, Spans] = {}
            for number in indexes(bits):
                at = self._places[number]
                table = self.pods[at].end.ports if by_peer else ports
                allowed = folded.get(table)
                if allowed is None:
                    allowed = folded[table] = self._intern(fold(gate, hits, table).allowed)
                row[at] = allowed
        return row

    def _bits(self, rule: Rule, variant: Variant) -> tuple[int, int]:
        """The pods a rule is about for sure, and those it may be about. What selectors cannot say is asked one by one."""
        universe = self.index.universe
        peers = rule.peers
        if peers.everyone:
            return universe.all, 0
        sure = 0
        for selector in peers.selectors:
            sure |= universe.select(selector)
        perhaps = universe.all if peers.maybe else 0
        if peers.addresses and (variant.engine.cidr_pods or peers.inside):
            for at, end in enumerate(self.index.pods):
                found = matches(peers, end.facts, end, variant.engine)
                if found:
                    sure |= 1 << at
                elif found is None:
                    perhaps |= 1 << at
        return sure, perhaps & ~sure

    def may_pass(self, src: End, dst: End) -> Spans:
        """What passes between two ends whatever the doubts, or, where it depends on the node, in one of the cases."""
        ports = EVERYTHING
        for variant in self.variants:
            if variant.audit:
                continue
            for direction, subject, peer in ((EGRESS, src, dst), (INGRESS, dst, src)):
                either = NOTHING
                for side in sides_of(self.index, variant, direction, subject, peer):
                    either = union(either, side.verdict.allowed)
                ports = intersect(ports, either)
        return ports

    # -- outside ---------------------------------------------------------------------------------------------------------
    def outside(self) -> Iterator[tuple[Point, Point, Spans]]:
        """Ranges of addresses, as wide as their ports are the same; IPv6 only where the cluster has it. Then FQDNs."""
        world = (*IPV4, *(IPV6 if self.index.ipv6 else ()))
        for owner, ends in self._by_owner().items():
            me = point_of(owner)
            for direction in (INGRESS, EGRESS):
                by_ports: dict[Spans, list[tuple[int, int]]] = {}
                for part, ports in self._world(ends, direction, world):
                    ports = intersect(ports, TRANSPORT)
                    if ports:
                        by_ports.setdefault(ports, []).extend(part)
                for ports, items in by_ports.items():
                    for low, high in spans(items):
                        out = Point(cidr=range_text(low, high))
                        yield (out, me, ports) if direction == INGRESS else (me, out, ports)
            yield from self._names(me, ends)

    def _by_owner(self) -> dict[Owner, list[End]]:
        found: dict[Owner, list[End]] = {}
        for item in (*self.pods, *self.hosts):
            if self.wanted(item.owner):
                found.setdefault(item.owner, []).append(item.end)
        return found

    def _world(self, ends: Iterable[End], direction: str, world: Spans) -> Iterator[tuple[Spans, Spans]]:
        gates: dict[tuple[Gate, ...], End] = {}
        for end in ends:
            gates.setdefault(tuple(self.index.gate(variant, direction, end) for variant in self.variants), end)
        for sample, part in alike({gate for group in gates for gate in group}, world):
            outer = End(Is.WORLD, "", ips=sample)
            ports = NOTHING
            for group, end in gates.items():
                ports = union(ports, self._through(group, outer, end, direction))
            yield part, ports

    def _through(self, gates: tuple[Gate, ...], outer: End, end: End, direction: str) -> Spans:
        ports = EVERYTHING
        for variant, gate in zip(self.variants, gates, strict=True):
            if gate.open or variant.audit:
                continue
            ((facts, _),) = identities(outer, end)
            hits = hits_of(gate, facts, outer, variant.engine)
            table = end.ports if direction == INGRESS else outer.ports
            ports = intersect(ports, fold(gate, hits, table).allowed)
        return ports

    def _names(self, me: Point, ends: list[End]) -> Iterator[tuple[Point, Point, Spans]]:
        for end in ends:
            gates = tuple(self.index.gate(variant, EGRESS, end) for variant in self.variants)
            patterns = sorted({name for gate in gates for rule in gate.rules() for name in rule.peers.names})
            for pattern in patterns:
                outer = End(Is.NAME, pattern, name=_sample(pattern))
                yield me, Point(fqdn=pattern), self._through(gates, outer, end, EGRESS)

    # -- ingress ---------------------------------------------------------------------------------------------------------
    def ingress(self, snapshot: Snapshot) -> Iterator[tuple[Point, Point, Spans]]:
        """What Ingresses and routes let in, as far as policies let the controller reach the backends."""
        me = Point(name=CONTROLLER)
        by_end: dict[End, Spans] = {}
        for end, ports in entries(self.index, snapshot):
            by_end[end] = union(by_end.get(end, NOTHING), ports)
        controllers = ingress_controllers(self.index, snapshot)
        for end, ports in by_end.items():
            if end.owner is None or not self.wanted(end.owner):
                continue
            passes = NOTHING
            for controller in controllers:
                passes = union(passes, self.may_pass(controller, end))
            yield me, point_of(end.owner), intersect(ports, passes)


def port_list(ports: Spans) -> list[Mapping[str, object]] | str:
    """The JSON form: ``"all"`` or ``[{protocol, from, to}]``."""
    if all_transport(ports):
        return "all"
    return [{"protocol": protocol, "from": low, "to": high} for protocol, low, high in transport(ports)]


def reasons_of(index: PolicyIndex, snapshot: Snapshot, items: Iterable[Connection]) -> list[tuple[Because, ...]]:
    """Which rules let each connection pass: the judge's own reasons for one pair of its ends."""
    work = _Work(index)
    by_point: dict[Point, list[End]] = {}
    for one in (*work.pods, *work.hosts):
        by_point.setdefault(point_of(one.owner), []).append(one.end)

    def ends(point: Point) -> list[End]:
        if point.cidr:
            low, high = (address(text) for text in point.cidr.split("-"))
            return [End(Is.WORLD, point.cidr, ips=((low, high),))]
        if point.fqdn:
            return [End(Is.NAME, point.fqdn, name=_sample(point.fqdn))]
        return by_point.get(point) or ingress_controllers(index, snapshot)

    found = []
    for item in items:
        decisions = [judge_ports(index, src, dst, item.ports) for src in ends(item.src) for dst in ends(item.dst)]
        best = next((decision for decision in decisions if decision.answer is Answer.ALLOWED), decisions[0])
        found.append(best.because)
    return found


def _sample(pattern: str) -> str:
    """A name that the pattern, and no narrower one, matches."""
    return pattern.replace("**.", "any.").replace("*", "any")
