"""Facts as dense two-column lines: dim names, values beside them, in one or more columns of pairs."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.widgets.cells import Cell, CellLike, as_cell, fit_parts, wrap_cell
from pointsman.widgets.lines import Lines
from pointsman.widgets.text import clean, fit, width

Pair = tuple[str, CellLike]

_GAP = 2
_NAME = 22


def keyvalue_lines(pairs: Sequence[Pair], cells: int, *, columns: int = 1, wrap: bool = True) -> list[Cell]:
    """The pairs as lines of at most `cells`.

    With several columns the pairs run down the first, then the next, and are cut with an ellipsis; in one column a value
    that is too long goes on below itself (`wrap`). A pair with an empty name continues the one before.
    """
    if not pairs or cells <= 0:
        return []
    columns = max(1, min(columns, len(pairs)))
    if columns > 1:
        return _in_columns(pairs, cells, columns)
    name_width = min(_NAME, cells // 2, max(width(clean(name)) for name, _ in pairs))
    room = max(1, cells - name_width - _GAP)
    lines: list[Cell] = []
    for name, value in pairs:
        values = wrap_cell(value, room) if wrap else [as_cell(value)]
        for number, part in enumerate(values):
            shown = fit(clean(name) if number == 0 else "", name_width + _GAP)
            lines.append(Cell(parts=((shown, "dim"), *part.segments())))
    return lines


def _in_columns(pairs: Sequence[Pair], cells: int, columns: int) -> list[Cell]:
    height = -(-len(pairs) // columns)
    room = max(4, (cells - _GAP * (columns - 1)) // columns)
    lines: list[list[tuple[str, str]]] = [[] for _ in range(height)]
    for column in range(columns):
        group = pairs[column * height : (column + 1) * height]
        if not group:
            break
        name_width = min(_NAME, room // 2, max(width(clean(name)) for name, _ in group))
        for row in range(height):
            parts = lines[row]
            if column:
                parts.append((" " * _GAP, ""))
            if row >= len(group):
                parts.append((" " * room, ""))
                continue
            name, value = group[row]
            cleaned = tuple((clean(text), style) for text, style in as_cell(value).segments())
            parts.append((fit(clean(name), name_width) + " " * _GAP, "dim"))
            parts.extend(fit_parts(cleaned, max(1, room - name_width - _GAP), "left", "middle"))
    return [Cell(parts=tuple(parts)) for parts in lines]


class KeyValue(Lines):
    """A block of facts; the number of columns follows the width unless it is given."""

    def __init__(
        self,
        pairs: Sequence[Pair] = (),
        *,
        columns: int | None = None,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        self._pairs = list(pairs)
        self._columns = columns
        super().__init__(compose_lines=self._make_lines, name=name, id=id, classes=classes)

    def set_pairs(self, pairs: Sequence[Pair]) -> None:
        """Show these facts."""
        self._pairs = list(pairs)
        self.update_lines()

    def _make_lines(self, cells: int) -> list[Cell]:
        columns = self._columns if self._columns is not None else max(1, cells // 60)
        return keyvalue_lines(self._pairs, cells, columns=columns)
