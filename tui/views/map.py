"""The Map pane: what is on the map, how boxes and lines look, and the words in the frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pointsman.tui.answers.flows.declared import declared_graph
from pointsman.tui.answers.flows.graph import IN, Box, Graph, Line, Pair, Role, cast, traffic_graph
from pointsman.tui.answers.flows.narrowing import MANY, around, foldable, folded, in_namespace, kept
from pointsman.tui.answers.words import plural
from pointsman.tui.store.snapshot import Snapshot
from pointsman.tui.views.maptable import LineRow, ports_text, rate_text, reason_text, verdict_cell
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike
from pointsman.widgets.mapdraw import Face, Ink, Picture, Stroke, Words
from pointsman.widgets.maplayout import settle
from pointsman.widgets.mapmodel import Metrics, Skeleton, Spot
from pointsman.widgets.maproute import Plan, route
from pointsman.widgets.text import clean, width

BUSY = 10.0
"""Events per second from which a line is drawn heavy."""
ROOMY = Metrics()
CLOSE = Metrics(height=1, foot=1, gap=0, words=20, label=6, step=1)
Parts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Looking:
    """How the map is looked at. ``opened`` namespaces are not folded, ``closed`` ones are, however few boxes there are."""

    namespace: str = ""
    opened: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    focus: str = ""
    problems: bool = False
    hidden: frozenset[str] = frozenset()
    """Which of :data:`NOISE` are left out."""
    paths: bool = False
    """The declared paths, though there are flows."""


NOISE = {"dns": "DNS", "host": "nodes"}


def is_noise(graph: Graph, line: Line, hidden: frozenset[str]) -> bool:
    if "dns" in hidden and line.ports and all(number == 53 for number, _ in line.ports):
        return True
    return "host" in hidden and any(graph.boxes[key].role is Role.CLUSTER for key in line.pair)


def make_graph(snapshot: Snapshot, shown: frozenset[str] = frozenset(), *, paths: bool = False) -> Graph:
    """Of the flows if any were counted, else (or with ``paths``) of what the objects declare."""
    if snapshot.traffic.edges and not paths:
        return traffic_graph(snapshot.traffic.edges, snapshot.now, cast(snapshot), shown=shown)
    return declared_graph(snapshot)


def narrowed(graph: Graph, looking: Looking) -> tuple[Graph, frozenset[str]]:
    """What is drawn, and which namespaces are folded in it."""
    graph = in_namespace(graph, looking.namespace)
    if looking.hidden:
        whole = graph
        graph = kept(graph, lambda line: not is_noise(whole, line, looking.hidden))
    if looking.problems:
        graph = kept(graph, is_problem)
    many = sum(box.role is not Role.ROUTE for box in graph.boxes.values()) > MANY and not looking.focus
    shut = frozenset(foldable(graph)) - looking.opened if many else looking.closed & foldable(graph)
    shown = folded(graph, shut)
    if looking.focus in shown.boxes:
        shown = around(shown, looking.focus)
    return shown, shut


def is_problem(line: Line) -> bool:
    """Something was dropped or failed, or nothing can get through."""
    return bool(line.dropped or line.errors or line.broken)


# -- drawing --------------------------------------------------------------------------------------------------------------
def spots(graph: Graph, metrics: Metrics = ROOMY) -> list[Spot]:
    """The boxes for the layout; in a low box its sign stands beside the name."""
    return [
        Spot(
            box.key,
            clean(box.group, 200) or "no namespace",
            width(clean(box.name, 200)) + (_sign_room(box, graph.declared) if metrics.height == 1 else 0),
            "left" if box.group == IN or box.role is Role.ADDRESS else "",
        )
        for box in graph.boxes.values()
    ]


def _sign_room(box: Box, declared: bool) -> int:
    """Cells of a low box's sign and the space before it; numbers that change do not change it."""
    if (box.total is not None and declared) or box.inside:
        return 4 if max(box.total or 0, box.inside) < 10 else 6
    return 2 if box.role is Role.ROUTE else 0


def metrics_for(graph: Graph, metrics: Metrics) -> Metrics:
    """Declared paths have no words at their arrows, so no room is kept for them."""
    return replace(metrics, label=1) if graph.declared else metrics


def lay(graph: Graph, metrics: Metrics, before: Skeleton | None = None) -> Plan:
    """A plan of the graph, from the one before if there is one."""
    metrics = metrics_for(graph, metrics)
    return route(settle(spots(graph, metrics), graph.lines, metrics, before), graph.lines, metrics)


def faces(graph: Graph) -> dict[str, Face]:
    broken = {line.target for line in graph.lines.values() if line.broken}
    return {
        key: _face(box, graph.lines.get((key, key)), broken=key in broken, declared=graph.declared)
        for key, box in graph.boxes.items()
    }


def _face(box: Box, own: Line | None, *, broken: bool, declared: bool) -> Face:
    current = glyphs.current
    note, style, sign = "", "muted", ""
    if box.total is not None and box.role is not Role.NAMESPACE:
        # Where flows are shown, pods are only worth a word while some of them are missing.
        bad = (box.ready or 0) < box.total or not box.total
        note = sign = f"{box.ready}/{box.total}" if bad or declared else ""
        style = ("error" if not box.ready else "warn") if bad else "muted"
    elif box.role is Role.NAMESPACE:
        note = sign = plural(box.inside, "box", "boxes") if box.inside != 1 else ""
        sign = f"+{box.inside}"
    elif box.inside > 1:
        note = f"{box.inside:,}"
        sign = note
    elif broken and box.role is Role.ROUTE:
        note = sign = current.error
        style = "error"
    if own is not None:
        loop = f"{current.loop} {rate_text(own.rate)}".strip()
        note = f"{loop}  {note}".strip()
    quiet = box.role in (Role.OUTSIDE, Role.ADDRESS, Role.CLUSTER)
    frame = "error" if style == "error" else "frame"
    return Face(box.name, note, "info" if quiet else "", style, frame, sign)


def inks(graph: Graph) -> dict[Pair, Ink]:
    return {pair: _ink(line) for pair, line in graph.lines.items()}


def _ink(line: Line) -> Ink:
    if line.declared:
        stops = bool(line.broken)
        style = "error" if stops else "muted"
        return Ink(Stroke.DASHED if stops else Stroke.PLAIN, style, "error" if stops else "info", stops=stops)
    amount, bad = round(line.rate - line.drop_rate, 6), line.drop_rate
    if line.dropped and not line.forwarded:
        return Ink(Stroke.DASHED, "verdict-dropped", "verdict-dropped", 0.0, max(bad, 0.0), stops=True)
    stroke = Stroke.DOUBLE if line.requests else Stroke.HEAVY if line.rate >= BUSY else Stroke.PLAIN
    style = "muted" if line.rate else "rule"
    return Ink(stroke, style, "verdict-dropped" if bad else "verdict-forwarded", max(amount, 0.0), bad)


class RateWords(Words):
    """Rates at the arrows; what is dropped with its sign."""

    def __call__(self, amount: float, bad: float) -> tuple[str, str]:
        if bad:
            # Where nothing but drops arrives the arrow is a cross already.
            sign = glyphs.current.error if amount else ""
            return f"{sign}{rate_text(bad)}", "verdict-dropped"
        return rate_text(amount), ""


RATES = RateWords()


def picture(graph: Graph, plan: Plan) -> Picture:
    """The whole map as it is drawn without a cursor."""
    return Picture(plan, faces(graph), inks(graph), RATES)


# -- the frame ------------------------------------------------------------------------------------------------------------
VIEWS = {"map": "map", "table": "table"}


def title(whole: Graph, shown: Graph, shut: frozenset[str], looking: Looking, rows: int | None = None) -> Parts:
    """What is in view: boxes and lines, where they come from, what is left out."""
    parts: list[tuple[str, str]] = [("map ", ""), (f"{len(shown.boxes):,}", "bold"), (" boxes ", ""),
                                    (f"{len(shown.lines) if rows is None else rows:,}", "bold"), (" lines", "")]  # fmt: skip
    if rows is None and len(shown.lines) < len(whole.lines):
        parts.append((f" of {len(whole.lines):,}, the busiest", "warn"))
    if whole.declared and looking.paths:
        parts.append(("  declared paths", "warn bold"))
    elif whole.declared:
        parts += [("  declared", "warn bold"), (", no flows seen", "warn")]
    else:
        parts += [("  ", ""), (rate_text(shown.rate) or "0/s", ""), (" events", "muted")]
        if shown.drop_rate:
            parts.append((f"  {glyphs.current.error} {rate_text(shown.drop_rate)}", "verdict-dropped"))
    if looking.focus in shown.boxes:
        parts.append((f"  around {clean(shown.boxes[looking.focus].text, 60)}", "accent"))
    if shut:
        parts.append((f"  {plural(len(shut), 'namespace')} folded", "muted"))
    if looking.hidden:
        without = ", ".join(word for name, word in NOISE.items() if name in looking.hidden)
        parts.append((f"  without {without}", "muted"))
    if looking.problems:
        parts.append(("  problems only", "warn"))
    if whole.unknown:
        parts.append((f"  {glyphs.current.unknown} {whole.unknown}", "warn"))
    return tuple(parts)


def meaning(graph: Graph, at: Box | Line | None) -> Cell:
    """What is under the cursor, in one line."""
    if at is None:
        return Cell("")
    if isinstance(at, Box):
        coming = [line for pair, line in graph.lines.items() if pair[1] == at.key and pair[0] != at.key]
        going = [line for pair, line in graph.lines.items() if pair[0] == at.key and pair[1] != at.key]
        parts: list[tuple[str, str]] = [(clean(at.text, 120), "bold")]
        if at.total is not None:
            parts.append((f"  {at.ready}/{at.total} pods ready", "muted" if at.ready == at.total else "warn"))
        parts.append((f"  {plural(len(coming), 'line')} in, {len(going)} out", "muted"))
        rates = [rate_text(sum(line.rate for line in some)) for some in (coming, going)]
        if any(rates):
            parts.append((f"  {rates[0] or '0/s'} in, {rates[1] or '0/s'} out", "muted"))
        if at.detail:
            parts.append((f"  {clean(at.detail, 200)}", "muted"))
        return Cell(parts=tuple(parts))
    source, target = graph.boxes[at.source], graph.boxes[at.target]
    parts = [
        (clean(source.text, 120), "bold"),
        (f" {glyphs.current.arrow} ", "muted"),
        (clean(target.text, 120), "bold"),
    ]
    if at.declared:
        parts.append((f"  {clean(at.broken or at.words, 200)}", "error" if at.broken else "muted"))
        return Cell(parts=tuple(parts))
    parts += [
        ("  ", ""),
        (ports_text(at), ""),
        ("  ", ""),
        *Cell.join(verdict_cell(LineRow(at, source, target))).segments(),
    ]
    if at.rate:
        parts.append((f"  {rate_text(at.rate)}", ""))
    if at.drop_rate:
        parts.append((f"  {glyphs.current.error} {rate_text(at.drop_rate)}", "verdict-dropped"))
    if at.drop_reason:
        parts.append((f"  {reason_text(at.drop_reason)}", "verdict-dropped"))
    return Cell(parts=tuple(parts))


def legend(graph: Graph) -> Cell:
    """How lines are drawn."""
    plain = glyphs.current.ascii
    signs: tuple[tuple[str, str, str], ...]
    if graph.declared:
        signs = (("-->" if plain else "──▶", "muted", "a declared path"),
                 ("..x" if plain else "╌╌✖", "error", "nothing gets through"))  # fmt: skip
    else:
        signs = (
            ("-->" if plain else "──▶", "muted", "forwarded"),
            ("##>" if plain else "━━▶", "muted", f"over {BUSY:.0f}/s"),
            ("==>" if plain else "══▶", "muted", "requests (L7)"),
            ("..x" if plain else "╌╌✖", "verdict-dropped", "dropped"),
        )
    parts: list[tuple[str, str]] = []
    for sign, style, word in signs:
        parts += [(sign, style), (f" {word}   ", "muted")]
    return Cell(parts=tuple(parts))


def absence(snapshot: Snapshot, graph: Graph, looking: Looking) -> list[CellLike]:
    """Why there is no map, and what would fill it."""
    if graph.boxes and looking.problems:
        return [
            Cell.join((f"{glyphs.current.ok} ", "ok"), "no line with a problem"),
            Cell("ctrl+z shows all again", "muted"),
        ]
    if graph.boxes and looking.hidden and not looking.namespace:
        return ["every line is one that was left out", Cell("D and H show DNS and nodes again", "muted")]
    if graph.boxes and looking.namespace:
        return [f"nothing here has to do with namespace {looking.namespace}", Cell("0 shows all namespaces", "muted")]
    lines: list[CellLike] = [Cell("no flow was seen, and no service has an address or a route", "bold")]
    if graph.unknown:
        lines.append(Cell(graph.unknown, "warn"))
    return [*lines, *fills(snapshot)]


def fills(snapshot: Snapshot) -> list[CellLike]:
    """What would fill a map with traffic, from what is said of the sources."""
    link = snapshot.links.get("hubble")
    told: list[CellLike] = []
    if link is not None and link.detail:
        told.append(Cell(f"Hubble: {link.detail}", "muted"))
        if link.hint:
            told.append(Cell(link.hint, "muted"))
    log = snapshot.links.get("accesslog")
    if log is not None and log.detail:
        told.append(Cell(f"access log: {log.detail}", "muted"))
    return told or [
        Cell("Flows of Hubble or of Traefik's access log are drawn here; without, the declared paths.", "muted")
    ]
