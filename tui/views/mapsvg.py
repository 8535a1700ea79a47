"""The map as an SVG picture: whole in itself (no fonts, scripts or links), readable on light and dark grounds.

It is drawn from the same plan as the one in the terminal, with rounded lines in place of signs. Every text is cleaned and
escaped: names come from the cluster.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from pointsman.tui.answers.flows.graph import Box, Graph, Line, Role
from pointsman.tui.model.times import rfc3339
from pointsman.tui.views.map import BUSY, RATES, lay, meaning
from pointsman.tui.views.maptable import rate_text
from pointsman.widgets.mapcells import Point, Way
from pointsman.widgets.mapmodel import Link, Metrics, Rect
from pointsman.widgets.maproute import Plan
from pointsman.widgets.text import clean, shorten_middle

CELL = (8, 18)
"""Pixels of a cell of the plan."""
EDGE = 24
TOP = 58
ROUND = 6
METRICS = Metrics(words=28, label=9, step=2)
STYLE = """
text { font: 13px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #24292f; }
.ground { fill: #ffffff; } .box { fill: #f6f8fa; stroke: #8c959f; } .outside { stroke-dasharray: 4 3; }
.quiet { fill: #59636e; } .small { font-size: 11px; } .strong { font-weight: bold; }
.line { fill: none; stroke: #6e7781; stroke-width: 1.4; } .busy { stroke-width: 3; }
.dropped { stroke: #cf222e; stroke-dasharray: 5 4; } .bad { fill: #cf222e; } .good { fill: #1a7f37; }
.core { fill: none; stroke: #ffffff; stroke-width: 1.6; } .seven { stroke-width: 4.2; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; } .ground { fill: #0d1117; } .box { fill: #161b22; stroke: #768390; } .quiet { fill: #9198a1; }
.line { stroke: #8b949e; } .dropped { stroke: #ff7b72; } .bad { fill: #ff7b72; } .good { fill: #56d364; }
.core { stroke: #0d1117; }
}
""".strip()


def map_svg(graph: Graph, name: str) -> str:
    """The picture; ``name`` is the cluster's."""
    plan = lay(graph, METRICS)
    width = max(plan.width * CELL[0] + 2 * EDGE, 480)
    height = max(plan.height * CELL[1] + TOP + EDGE, 120)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{width}" height="{height}"/>',
        *_head(graph, name),
        *(_title(head.group, head.x, head.y) for head in plan.heads),
        *_lines(graph, plan),
        *(_box(graph.boxes[key], rect, declared=graph.declared) for key, rect in plan.boxes.items()),
        *_arrivals(graph, plan),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _head(graph: Graph, name: str) -> Iterator[str]:
    when = rfc3339(graph.at) if graph.at > 0 else ""
    what = "declared paths; no flow was seen" if graph.declared else f"{rate_text(graph.rate) or '0/s'} events"
    yield _text(EDGE, 26, f"who talks to whom in {clean(name, 120)}", "strong")
    yield _text(EDGE, 44, f"{len(graph.boxes)} boxes, {len(graph.lines)} lines, {what}, {when}", "quiet small")


def _text(x: float, y: float, text: str, style: str = "", end: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ""
    return f'<text x="{x:g}" y="{y:g}" class="{style}"{anchor}>{escape(text)}</text>'


def _at(point: Point) -> tuple[float, float]:
    """The middle of a cell."""
    return EDGE + (point[0] + 0.5) * CELL[0], TOP + (point[1] + 0.5) * CELL[1]


def _title(group: str, x: int, y: int) -> str:
    return _text(
        EDGE + x * CELL[0] + 2, TOP + (y + 0.8) * CELL[1], shorten_middle(clean(group, 200), 30), "quiet strong small"
    )


def _box(box: Box, rect: Rect, *, declared: bool) -> str:
    x, y = EDGE + rect.x * CELL[0], TOP + rect.y * CELL[1] + 3
    wide, high = rect.width * CELL[0], rect.height * CELL[1] - 6
    outside = " outside" if box.role in (Role.OUTSIDE, Role.ADDRESS) else ""
    found = [
        f"<g><title>{escape(clean(box.text, 400))}</title>",
        f'<rect class="box{outside}" x="{x}" y="{y}" width="{wide}" height="{high}" rx="6"/>',
        _text(x + 10, y + high / 2 + 4.5, shorten_middle(clean(box.name, 200), rect.width - 3)),
    ]
    note, style = "", "quiet small"
    if box.total is not None and box.role is not Role.NAMESPACE:
        good = box.ready == box.total and box.total
        note = f"{box.ready}/{box.total}" if declared or not good else ""
        style = "small quiet" if good else "small bad"
    elif box.inside > 1:
        note = str(box.inside)
    if note:
        found.append(_text(x + wide - 6, y + high - 5, note, style, end=True))
    return "".join(found) + "</g>"


def _lines(graph: Graph, plan: Plan) -> Iterator[str]:
    order = sorted(plan.ways, key=lambda link: (bool(graph.lines[link].dropped), link))
    for link in order:
        line, way = graph.lines[link], plan.ways[link]
        path = _path(way)
        style = "line"
        if line.broken or (line.dropped and not line.forwarded):
            style += " dropped"
        elif line.requests:
            style += " seven"
        elif line.rate >= BUSY:
            style += " busy"
        words = meaning(graph, line).plain
        yield f'<path class="{style}" d="{path}"><title>{escape(clean(words, 400))}</title></path>'
        if style == "line seven":
            yield f'<path class="core" d="{path}"/>'


def _path(way: Way) -> str:
    """The way with its corners rounded, from frame to arrow."""
    points = [_at(point) for point in way.points]
    half = CELL[0] / 2
    first, last = points[0], points[-1]
    starts_right = len(points) < 2 or points[1][0] >= first[0]
    points[0] = (first[0] - half if starts_right else first[0] + half, first[1])
    points[-1] = (last[0], last[1])
    found = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        enter = _short_of(here, before)
        leave = _short_of(here, after)
        found.append(f"L{enter[0]:g} {enter[1]:g}Q{here[0]:g} {here[1]:g} {leave[0]:g} {leave[1]:g}")
    found.append(f"L{points[-1][0]:g} {points[-1][1]:g}")
    return "".join(found)


def _short_of(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """A point a little before a corner, on the way from another."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = max(abs(dx), abs(dy)) or 1.0
    step = min(ROUND, length / 2)
    return corner[0] + dx / length * step, corner[1] + dy / length * step


def _arrivals(graph: Graph, plan: Plan) -> Iterator[str]:
    """Arrows (or crosses), with the sums of what arrives by them."""
    by_point: dict[tuple[Point, bool], list[Link]] = {}
    for link, way in plan.ways.items():
        by_point.setdefault((way.arrow, way.back), []).append(link)
    for (point, back), links in by_point.items():
        lines = [graph.lines[link] for link in links]
        x, y = _at(point)
        if all(_stops(line) for line in lines):
            yield f'<path class="line" style="stroke:#cf222e;stroke-width:2" d="M{x - 4:g} {y - 4:g}l8 8m0 -8l-8 8"/>'
        else:
            turn = -1 if back else 1
            yield f'<path class="good" d="M{x + 4 * turn:g} {y:g}l{-9 * turn} -5v10z"/>'
        if back:
            continue
        rate, drops = sum(line.rate for line in lines), sum(line.drop_rate for line in lines)
        text, style = RATES(rate - drops, drops)
        if text:
            yield _text(x - 10, y - 5, text, "small bad" if style else "small quiet", end=True)


def _stops(line: Line) -> bool:
    return bool(line.broken) or bool(line.dropped and not line.forwarded)
