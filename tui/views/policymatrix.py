"""The matrix of the Policies pane: the sign of each cell, and what the cell under the cursor means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pointsman.tui.answers.policies.index import PolicyIndex
from pointsman.tui.answers.policies.matrix import Axes, Crowd, Mark, Place, Tally
from pointsman.tui.answers.words import plural
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike, Column


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A matrix, or as many of its rows as there are yet. ``path`` is the cell of namespaces it is the inside of."""

    crowd: Crowd
    path: tuple[Place, Place] | None
    axes: Axes
    rows: tuple[tuple[Tally, ...], ...]
    key: object = None

    @property
    def whole(self) -> bool:
        return len(self.rows) == len(self.axes.rows)

    def at(self, row: int, column: int) -> Tally | None:
        """The cell, None if it is not judged yet."""
        return self.rows[row][column] if row < len(self.rows) and column < len(self.rows[row]) else None


def make_picture(
    index: PolicyIndex,
    versions: object,
    path: tuple[Place, Place] | None,
    old: Picture | None,
    going_on: Callable[[], bool],
    show: Callable[[Picture], None],
) -> Picture | None:
    """Judge all cells, showing what there is after each row; None if it was no longer wanted. An old matrix of workloads
    that stand as they stood is taken over as it is."""
    crowd = Crowd(index)
    key = (versions, crowd.shape)
    axes = crowd.axes(*(path or (None, None)))
    if old is not None and old.whole and old.path == path and old.key == key:
        return Picture(crowd, path, axes, old.rows, key)
    rows: list[tuple[Tally, ...]] = []
    for source in axes.rows:
        row: list[Tally] = []
        for target in axes.columns:
            if not going_on():
                return None
            row.append(crowd.cell(source, target))
        rows.append(tuple(row))
        if old is None or old.path != path:
            show(Picture(crowd, path, axes, tuple(rows), key))
    return Picture(crowd, path, axes, tuple(rows), key)


def sign(mark: Mark) -> Cell:
    signs = glyphs.current
    return {
        Mark.ALLOWED: Cell(signs.live, "verdict-forwarded"),
        Mark.PARTLY: Cell(signs.stale, "info"),
        Mark.DENIED: Cell(signs.absent, "muted"),
        Mark.UNKNOWN: Cell(signs.unknown, "unknown"),
        Mark.SELF: Cell(signs.dash, "dim"),
    }[mark]


def cells(picture: Picture) -> list[list[Cell]]:
    return [[sign(tally.mark) for tally in row] for row in picture.rows]


def legend() -> Cell:
    words = {
        Mark.ALLOWED: "everything",
        Mark.PARTLY: "in part",
        Mark.DENIED: "nothing",
        Mark.UNKNOWN: "unknown",
    }
    parts: list[tuple[str, str]] = []
    for mark, text in words.items():
        parts += [*sign(mark).segments(), (f" {text}   ", "muted")]
    return Cell(parts=tuple(parts))


def meaning(picture: Picture, row: int, column: int) -> Cell:
    """The cell under the cursor in a sentence."""
    if row >= len(picture.axes.rows) or column >= len(picture.axes.columns):
        return Cell("")
    source, target = picture.axes.rows[row], picture.axes.columns[column]
    tally = picture.at(row, column)
    head = [(source.text, "bold"), (f" {glyphs.current.arrow} ", "muted"), (target.text, "bold"), ("  ", "")]
    if tally is None:
        return Cell(parts=(*head, (f"being judged {glyphs.current.ellipsis}", "muted")))
    return Cell(parts=(*head, *sign(tally.mark).segments(), (f" {_said(tally, source, target)}", "")))


def _said(tally: Tally, source: Place, target: Place) -> str:
    if tally.mark is Mark.SELF:
        return "nothing to judge" if source.is_world else "a single pod, which may always reach itself"
    if tally.pairs == 1:
        return {
            Mark.ALLOWED: "may connect on all ports",
            Mark.PARTLY: "may connect on some ports, or from some of its pods",
            Mark.DENIED: "may not connect",
            Mark.UNKNOWN: "cannot be told",
        }[tally.mark]
    what = plural(tally.pairs, "workload" if source.is_world or target.is_world else "pair")
    if tally.mark is Mark.ALLOWED:
        return f"all {what} may connect on all ports"
    if tally.mark is Mark.DENIED:
        return f"none of {what} may connect"
    counts = [
        (tally.allowed, "on all ports"),
        (tally.partly, "in part"),
        (tally.denied, "not at all"),
        (tally.unknown, "unknown"),
    ]
    return f"of {what}: " + ", ".join(f"{number} {words}" for number, words in counts if number)


def nothing(index: PolicyIndex) -> list[CellLike]:
    """Why there is no matrix."""
    if index.blind:
        return [Cell("the matrix cannot be told", "unknown"), Cell(index.blind, "muted")]
    return ["no workload", Cell("Pods, or workloads in files, are the rows and columns here.", "muted")]


@dataclass(frozen=True, slots=True)
class Pair:
    """One cell as a row, to be saved or copied."""

    source: str
    target: str
    tally: Tally


def pairs(picture: Picture) -> list[Pair]:
    return [
        Pair(source.text, target.text, tally)
        for source, row in zip(picture.axes.rows, picture.rows, strict=False)
        for target, tally in zip(picture.axes.columns, row, strict=True)
        if tally.mark is not Mark.SELF
    ]


PAIR_COLUMNS: Sequence[Column[Pair]] = (
    Column("from", "from", lambda row: row.source),
    Column("to", "to", lambda row: row.target),
    Column("verdict", "verdict", lambda row: row.tally.mark.value),
    Column("allowed", "allowed", lambda row: str(row.tally.allowed)),
    Column("partly", "partly", lambda row: str(row.tally.partly)),
    Column("denied", "denied", lambda row: str(row.tally.denied)),
    Column("unknown", "unknown", lambda row: str(row.tally.unknown)),
)
