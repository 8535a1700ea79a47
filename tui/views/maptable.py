"""The lines of the map as a table, and the words for ports, rates, verdicts and reasons that all of its views share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pointsman.tui.answers.flows.graph import Box, Graph, Line, Pair
from pointsman.tui.model.times import age
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike, Column
from pointsman.widgets.text import LIMIT


def rate_text(rate: float) -> str:
    """``9/s``, ``0.3/s``, ``4/min``; nothing for none."""
    if rate <= 0:
        return ""
    if rate >= 999.5:
        return f"{rate / 1000:.1f}k/s"
    if rate >= 9.95:
        return f"{rate:.0f}/s"
    if rate >= 0.095:
        return f"{rate:.1f}".removesuffix(".0") + "/s"
    return f"{max(1.0, rate * 60):.0f}/min"


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line of the map. The ages are in words, so that a row is equal until one of them changes."""

    line: Line
    source: Box
    target: Box
    last: str = ""
    declared: bool = False

    @property
    def key(self) -> Pair:
        return self.line.pair


def line_rows(graph: Graph, now: float) -> tuple[LineRow, ...]:
    """All lines, the busiest first; drops before them, declared paths in their order."""
    lines: Iterable[Line] = graph.lines.values()
    if not graph.declared:
        lines = sorted(lines, key=lambda line: (-round(line.drop_rate, 3), -round(line.rate, 3), line.pair))
    return tuple(
        LineRow(
            line, graph.boxes[line.source], graph.boxes[line.target],
            age(now - line.last) if line.last is not None else "", graph.declared,
        )
        for line in lines
    )  # fmt: skip


def row_text(row: LineRow) -> str:
    """What the filter looks in."""
    line = row.line
    words = [row.source.text, row.target.text, ports_text(line, 20), verdict_word(line), line.drop_reason, line.words,
             line.broken, *row.source.members[:8], *row.target.members[:8]]  # fmt: skip
    return "\n".join(words)[:LIMIT]


def ports_text(line: Line, most: int = 3) -> str:
    """``443 53/udp``: TCP goes without saying."""
    found = []
    for number, protocol in line.ports[:most]:
        low = protocol.lower()
        if number is None:
            found.append(low or "?")
        else:
            found.append(str(number) if low in ("tcp", "") else f"{number}/{low}")
    more = len(line.ports) - most
    return " ".join(found) + (f" +{more}" if more > 0 else "")


def verdict_word(line: Line) -> str:
    if line.declared:
        return "broken" if line.broken else "declared"
    if line.dropped and line.forwarded:
        return "in part"
    if line.dropped:
        return "dropped"
    return "forwarded" if line.forwarded else "other"


def verdict_cell(row: LineRow) -> CellLike:
    word, current = verdict_word(row.line), glyphs.current
    sign, style = {
        "dropped": (current.error, "verdict-dropped"),
        "broken": (current.error, "error"),
        "in part": (current.warn, "verdict-dropped"),
        "forwarded": (current.ok, "verdict-forwarded"),
        "declared": (current.info, "muted"),
    }.get(word, (current.unknown, "verdict-unknown"))
    return Cell.join((f"{sign} ", style), (word, style if word != "declared" else "muted"))


def _why(row: LineRow) -> CellLike:
    line = row.line
    if line.broken:
        return Cell(line.broken, "error")
    if line.drop_reason:
        return Cell(reason_text(line.drop_reason), "verdict-dropped")
    return Cell(line.words, "muted")


def reason_text(reason: str) -> str:
    """``POLICY_DENIED`` → ``policy denied``."""
    return reason.replace("_", " ").lower()


def _rate(rate: float, style: str = "") -> CellLike:
    return Cell(rate_text(rate), style) if rate else Cell(glyphs.current.dash, "dim")


def _count(number: int, style: str = "") -> CellLike:
    return Cell(f"{number:,}", style) if number else Cell(glyphs.current.dash, "dim")


COLUMNS: Sequence[Column[LineRow]] = (
    Column("source", "from", lambda row: row.source.text, lambda row: row.source.text, max_width=34),
    Column("target", "to", lambda row: row.target.text, lambda row: row.target.text, max_width=34),
    Column("port", "port", lambda row: ports_text(row.line), lambda row: row.line.ports[0][0] if row.line.ports else None,
           priority=4, max_width=18),
    Column("verdict", "verdict", verdict_cell, lambda row: (-bool(row.line.dropped or row.line.broken), verdict_word(row.line))),
    Column("rate", "rate", lambda row: _rate(row.line.rate), lambda row: -row.line.rate, align="right", flash=False),
    Column("drops", "drops", lambda row: _rate(row.line.drop_rate, "verdict-dropped"), lambda row: -row.line.drop_rate,
           align="right", priority=2, flash=False),
    Column("forwarded", "forwarded", lambda row: _count(row.line.forwarded), lambda row: -row.line.forwarded,
           align="right", priority=7, flash=False),
    Column("dropped", "dropped", lambda row: _count(row.line.dropped, "verdict-dropped"), lambda row: -row.line.dropped,
           align="right", priority=6, flash=False),
    Column("requests", "requests", lambda row: _count(row.line.requests), lambda row: -row.line.requests,
           align="right", priority=8, flash=False),
    Column("errors", "5xx", lambda row: _count(row.line.errors, "error"), lambda row: -row.line.errors,
           align="right", priority=9, flash=False),
    Column("last", "last", lambda row: Cell(row.last or glyphs.current.dash, "dim"),
           lambda row: -(row.line.last or 0.0), align="right", priority=5, flash=False),
    Column("why", "why, or what it is", _why, lambda row: row.line.drop_reason or row.line.broken or row.line.words, flex=1,
           priority=3, min_width=14, shorten="end"),
)  # fmt: skip
