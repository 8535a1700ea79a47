"""The map to a file: SVG, the JSON of the verb, the lines as CSV, the drawing as text."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.tui.answers.flows.graph import Graph
from pointsman.tui.views.json import dumps
from pointsman.tui.views.map import picture
from pointsman.tui.views.map_text import map_json
from pointsman.tui.views.mapsvg import map_svg
from pointsman.tui.views.maptable import COLUMNS, LineRow
from pointsman.tui.views.saving import to_csv
from pointsman.widgets.mapdraw import text_of
from pointsman.widgets.maproute import Plan

FORMS = (".svg", ".json", ".csv", ".txt")


def saved(extension: str, graph: Graph, plan: Plan, rows: Sequence[LineRow], name: str) -> str:
    """What is written for an extension of :data:`FORMS`."""
    match extension:
        case ".svg":
            return map_svg(graph, name)
        case ".json":
            return dumps(map_json(graph)) + "\n"
        case ".csv":
            return to_csv(COLUMNS, rows)
    return text_of(picture(graph, plan))
