"""What a list shows, as CSV, JSON or aligned text: the columns and rows in view, in their order."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

from pointsman.widgets import glyphs
from pointsman.widgets.cells import Column
from pointsman.widgets.text import fit, width

FORMATS: dict[str, str] = {".csv": "csv", ".json": "json", ".txt": "text"}
"""What may be saved, by the file's extension."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the start of a formula (the wide forms of the signs too)."""


def table(columns: Sequence[Column[Any]], rows: Sequence[Any]) -> tuple[list[str], list[list[str]]]:
    """Titles and cells as plain words. Columns without a title (signs) are named by their key."""
    titles = [column.title or column.key for column in columns]
    return titles, [[column.cell(row).plain.strip() for column in columns] for row in rows]


def to_csv(columns: Sequence[Column[Any]], rows: Sequence[Any]) -> str:
    """RFC 4180. A cell that a spreadsheet would run as a formula gets a quote in front: the words are a cluster's. The
    dash that stands for nothing on screen is an empty cell."""
    titles, cells = table(columns, rows)
    dash = glyphs.current.dash
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(titles)
    writer.writerows([_harmless("" if cell == dash else cell) for cell in row] for row in cells)
    return out.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def to_json(columns: Sequence[Column[Any]], rows: Sequence[Any]) -> str:
    """A list of objects, one for each row, keyed by the columns' keys; ``null`` where the screen has a dash or ``?``."""
    _, cells = table(columns, rows)
    blank = (glyphs.current.dash, "?")
    keys = [column.key for column in columns]
    items = [{key: None if cell in blank else cell for key, cell in zip(keys, row, strict=True)} for row in cells]
    return json.dumps(items, indent=2, ensure_ascii=False) + "\n"


def to_text(columns: Sequence[Column[Any]], rows: Sequence[Any]) -> str:
    """Aligned columns, as in a terminal."""
    titles, cells = table(columns, rows)
    wide = [max(width(line[index]) for line in [titles, *cells]) for index in range(len(titles))]
    lines = [
        "  ".join(fit(cell, wide[index], columns[index].align) for index, cell in enumerate(line)).rstrip()
        for line in [titles, *cells]
    ]
    return "\n".join(lines) + "\n"


WRITERS: dict[str, Callable[[Sequence[Column[Any]], Sequence[Any]], str]] = {
    "csv": to_csv,
    "json": to_json,
    "text": to_text,
}
