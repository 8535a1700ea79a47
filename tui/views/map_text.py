"""The verb ``map``: the map as JSON and as a table. Fields of the JSON are stable; ``null`` is unknown."""

from __future__ import annotations

from typing import Any

from pointsman.tui.answers.flows.graph import Box, Graph, Line, Role
from pointsman.tui.answers.words import plural
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.views.json import Document, document, time_text
from pointsman.tui.views.maptable import line_rows, ports_text, rate_text, reason_text, verdict_word
from pointsman.tui.views.tables import Head, Paper, Table, wrapped
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike


def map_json(graph: Graph) -> Document:
    return document(
        "Map",
        {
            "at": time_text(graph.at),
            "declared": graph.declared,
            "nodes": [_node(graph.boxes[key]) for key in sorted(graph.boxes)],
            "edges": [_edge(graph.lines[pair]) for pair in sorted(graph.lines)],
            "left_out": graph.hidden,
            "unknown": graph.unknown or None,
        },
    )


def _node(box: Box) -> dict[str, Any]:
    inside = box.role in (Role.WORKLOAD, Role.SERVICE, Role.ROUTE)
    ref = box.ref
    namespace = box.group if inside else ref.namespace if ref is not None else ""
    return {
        "id": box.key,
        "role": box.role.value,
        "kind": (KINDS[ref.kind].kind if ref is not None and ref.kind in KINDS else box.kind) or None,
        "namespace": namespace or None,
        "name": box.name,
        "group": box.group,
        "pods": None if box.total is None else {"ready": box.ready, "total": box.total},
        "stands_for": box.inside or None,
        "members": list(box.members),
        "detail": box.detail or None,
    }


def _edge(line: Line) -> dict[str, Any]:
    found: dict[str, Any] = {
        "from": line.source,
        "to": line.target,
        "verdict": verdict_word(line).replace("in part", "partly"),
        "declared": line.declared,
        "words": line.words or None,
        "broken": line.broken or None,
    }
    if line.declared:
        return found
    return found | {
        "ports": [{"port": number, "protocol": protocol or None} for number, protocol in line.ports],
        "rate": round(line.rate, 3),
        "drop_rate": round(line.drop_rate, 3),
        "forwarded": line.forwarded,
        "dropped": line.dropped,
        "other": line.other,
        "requests": line.requests,
        "errors": line.errors,
        "drop_reason": line.drop_reason or None,
        "first": time_text(line.first),
        "last": time_text(line.last),
        "last_dropped": time_text(line.last_dropped),
        "origins": list(line.origins),
    }


def map_lines(graph: Graph, paper: Paper) -> list[str]:
    """The table, drops first, and a sentence below it."""
    table = Table(
        (
            Head("from", shrink=2, least=14, how="middle"),
            Head("to", shrink=2, least=14, how="middle"),
            Head("port", drop=3),
            Head("verdict"),
            Head("rate", "right"),
            Head("forwarded", "right", drop=5),
            Head("dropped", "right", drop=2),
            Head("why, or what it is", shrink=3, least=14, drop=6),
        )
    )
    rows = line_rows(graph, graph.at)
    for row in rows:
        line = row.line
        table.add(Cell(row.source.text, "bold"), Cell(row.target.text, "bold"), ports_text(line), _verdict(line),
                  rate_text(line.rate), f"{line.forwarded:,}" if line.forwarded else "",
                  Cell(f"{line.dropped:,}", "error") if line.dropped else "", _why(line))  # fmt: skip
    lines = table.lines(paper) if rows else []
    told = f"{plural(len(graph.boxes), 'box', 'boxes')}, {plural(len(graph.lines), 'line')}"
    if graph.declared:
        told += "; declared by the objects, no flow was seen"
    elif graph.drop_rate or any(line.dropped for line in graph.lines.values()):
        told += f", {plural(sum(bool(line.dropped) for line in graph.lines.values()), 'line')} with drops"
    lines += ["", *wrapped(Cell(told, "dim"), paper, 0)] if rows else wrapped(Cell(told, "dim"), paper, 0)
    if graph.unknown:
        lines += wrapped(Cell(graph.unknown, "warn"), paper)
    return lines


def _verdict(line: Line) -> CellLike:
    word = verdict_word(line)
    style = {"forwarded": "ok", "dropped": "error", "broken": "error", "in part": "warn"}.get(word, "dim")
    return Cell(word, style)


def _why(line: Line) -> CellLike:
    if line.broken:
        return Cell(line.broken, "error")
    if line.drop_reason:
        return Cell(reason_text(line.drop_reason), "error")
    return Cell(line.words or ("" if line.rate or not line.last else glyphs.current.dash), "dim")
