"""What a pane says that is not there yet in this version: what it will show, and what answers the question today."""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.tui.commands import PANES
from pointsman.tui.store.snapshot import Snapshot
from pointsman.widgets.cells import Cell, CellLike, wrap_cell


@dataclass(frozen=True, slots=True)
class Coming:
    """``meanwhile`` are pairs of what to type and what it gives."""

    question: str
    meanwhile: tuple[tuple[str, str], ...]
    cilium: tuple[tuple[str, str], ...] = ()
    """Used in place of ``meanwhile`` where Cilium carries the traffic."""


NOTES: dict[str, Coming] = {
    "stack": Coming(
        "How do I get from one stack to the other, and back?",
        (
            ("1  Overview", "what runs now: each component with version, health and owner"),
            ("pointsman status", "the same as a table, or JSON with -o json"),
        ),
    ),
}


def coming_lines(pane: str, stack: str, snapshot: Snapshot, room: int = 100) -> list[CellLike]:
    """The note, one cell a line. It also says what this pane's subject comes to here, where that is known."""
    name = next(item for item in PANES if item.id == pane)
    note = NOTES[pane]
    ways = note.cilium if note.cilium and stack in ("cilium", "mixed") else note.meanwhile
    lines: list[CellLike] = [
        Cell.join((f"{name.key}  ", "key bold"), (name.title, "accent bold"), (f"   {note.question}", "bold")),
        "",
        Cell("This pane is not here yet in this version.", "muted"),
    ]
    if told := _known(pane, snapshot):
        lines.append(Cell(told, "muted"))
    lines += ["", Cell("Meanwhile", "muted")]
    widest = max(len(what) for what, _ in ways)
    beside = widest + 5 + max(len(gives) for _, gives in ways) <= room
    for what, gives in ways:
        if beside:
            lines.append(Cell.join(("  ", ""), (what.ljust(widest), "key"), (f"   {gives}", "muted")))
        else:
            lines.append(Cell.join(("  ", ""), (what, "key")))
            lines.append(Cell(f"    {gives}", "muted"))
    return [part for line in lines for part in (wrap_cell(line, room, indent=4) or [Cell("")])]


def _known(pane: str, snapshot: Snapshot) -> str:
    from pointsman.tui.answers.stack.counts import counts

    numbers = counts(snapshot)
    number = numbers.get(pane)
    if pane not in ("policies", "routes") or number is None:
        return ""
    words = {"policies": ("policy", "policies"), "routes": ("route", "routes")}[pane]
    return f"This cluster has {number:,} {words[0] if number == 1 else words[1]}."
