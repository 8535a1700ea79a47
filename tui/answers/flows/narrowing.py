"""Less of a map: namespaces folded into one box, the neighbourhood of a box, the lines that a filter keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pointsman.tui.answers.flows.graph import Box, Graph, Line, Pair, Role
from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.kinds import NAMESPACES

MANY = 40
"""Boxes above which namespaces are folded."""
MOST_BOXES, MOST_LINES = 120, 400
"""What one picture can hold; above, the busiest lines are drawn, and the table has them all."""
_IN_A_NAMESPACE = (Role.WORKLOAD, Role.SERVICE, Role.ROUTE)


def foldable(graph: Graph) -> frozenset[str]:
    """Namespaces with more than one box."""
    counts: dict[str, int] = {}
    for box in graph.boxes.values():
        if box.role in _IN_A_NAMESPACE:
            counts[box.group] = counts.get(box.group, 0) + 1
    return frozenset(name for name, count in counts.items() if count > 1)


def folded(graph: Graph, namespaces: frozenset[str]) -> Graph:
    """These namespaces as one box each; the lines of their boxes add up. What goes on inside is a line to itself."""
    if not namespaces:
        return graph
    boxes: dict[str, Box] = {}
    home: dict[str, str] = {}
    inside: dict[str, list[Box]] = {}
    for key, box in graph.boxes.items():
        if box.role in _IN_A_NAMESPACE and box.group in namespaces:
            home[key] = f"namespace//{box.group}"
            inside.setdefault(box.group, []).append(box)
        else:
            home[key] = key
            boxes[key] = box
    for name, members in inside.items():
        pods = [box for box in members if box.total is not None]
        boxes[f"namespace//{name}"] = Box(
            f"namespace//{name}", name, "namespaces", Role.NAMESPACE, "Namespace", Ref(NAMESPACES.id, "", name),
            sum(box.ready or 0 for box in pods) if pods else None, sum(box.total or 0 for box in pods) if pods else None,
            len(members), members=tuple(sorted(box.name for box in members))[:64],
        )  # fmt: skip
    lines: dict[Pair, Line] = {}
    for (source, target), line in graph.lines.items():
        pair = (home[source], home[target])
        moved = replace(line, source=pair[0], target=pair[1])
        lines[pair] = joined(lines[pair], moved) if pair in lines else moved
    return replace(graph, boxes=boxes, lines=lines)


def joined(one: Line, other: Line) -> Line:
    """Two lines between the same boxes as one."""
    later = max((one, other), key=lambda line: (line.last_dropped or 0.0, line.drop_reason))
    words = dict.fromkeys(word for word in (one.words, other.words) if word)
    return Line(
        one.source,
        one.target,
        one.forwarded + other.forwarded,
        one.dropped + other.dropped,
        one.other + other.other,
        one.rate + other.rate,
        one.drop_rate + other.drop_rate,
        one.requests + other.requests,
        one.errors + other.errors,
        tuple(dict.fromkeys((*one.ports, *other.ports))),
        min((at for at in (one.first, other.first) if at is not None), default=None),
        max((at for at in (one.last, other.last) if at is not None), default=None),
        later.last_dropped,
        later.drop_reason,
        tuple(sorted({*one.origins, *other.origins})),
        one.declared and other.declared,
        ", ".join(words)[:400],
        one.broken if one.broken and other.broken else "",
    )


def around(graph: Graph, key: str) -> Graph:
    """A box, what it talks to, and what of that talks to each other."""
    near = {key} | {end for pair in graph.lines if key in pair for end in pair}
    return replace(
        graph,
        boxes={name: box for name, box in graph.boxes.items() if name in near},
        lines={pair: line for pair, line in graph.lines.items() if pair[0] in near and pair[1] in near},
    )


def kept(graph: Graph, keep: Callable[[Line], bool]) -> Graph:
    """The lines that pass, and the boxes they join."""
    lines = {pair: line for pair, line in graph.lines.items() if keep(line)}
    ends = {end for pair in lines for end in pair}
    return replace(graph, boxes={key: box for key, box in graph.boxes.items() if key in ends}, lines=lines)


def busiest(graph: Graph) -> Graph:
    """As much of the graph as one picture can hold: lines with drops first, then the busiest."""
    if len(graph.boxes) <= MOST_BOXES and len(graph.lines) <= MOST_LINES:
        return graph
    lines: dict[Pair, Line] = {}
    ends: set[str] = set()
    for line in sorted(graph.lines.values(), key=lambda one: (-bool(one.dropped or one.broken), -one.total, one.pair)):
        if len(lines) == MOST_LINES:
            break
        if len(ends.union(line.pair)) <= MOST_BOXES:
            lines[line.pair] = line
            ends.update(line.pair)
    return replace(graph, boxes={key: box for key, box in graph.boxes.items() if key in ends}, lines=lines)


def in_namespace(graph: Graph, namespace: str) -> Graph:
    """What has to do with one namespace: its boxes, and what they talk to."""
    if not namespace:
        return graph

    def here(key: str) -> bool:
        box = graph.boxes[key]
        return box.group == namespace or (box.ref is not None and box.ref.namespace == namespace)

    lines = {pair: line for pair, line in graph.lines.items() if here(pair[0]) or here(pair[1])}
    ends = {end for pair in lines for end in pair}
    boxes = {key: box for key, box in graph.boxes.items() if key in ends or here(key)}
    return replace(graph, boxes=boxes, lines=lines)
