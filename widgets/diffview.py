"""What a change changes: added and removed lines with their signs, the rest folded away."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, Parts
from pointsman.widgets.textview import TextView

_STYLES = {"+": "diff-add", "-": "diff-remove", "~": "dim", " ": "muted"}


@dataclass(frozen=True, slots=True)
class DiffLine:
    """`kind` is `+` added, `-` removed, a space unchanged, `~` a fold that stands for `folded` unchanged lines."""

    kind: str
    text: str
    folded: int = 0


def diff_lines(before: str, after: str, context: int = 3) -> list[DiffLine]:
    """The difference of two texts line by line; unchanged lines further than `context` from a change are folded."""
    old, new = before.splitlines(), after.splitlines()
    if old == new:
        return []
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    # Comparing only what lies between the common ends keeps a one-line change in a huge object fast.
    middle = difflib.SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail])
    lines = [DiffLine(" ", text) for text in old[:head]]
    for tag, old_from, old_to, new_from, new_to in middle.get_opcodes():
        if tag == "equal":
            lines.extend(DiffLine(" ", text) for text in old[head + old_from : head + old_to])
            continue
        lines.extend(DiffLine("-", text) for text in old[head + old_from : head + old_to])
        lines.extend(DiffLine("+", text) for text in new[head + new_from : head + new_to])
    lines.extend(DiffLine(" ", text) for text in old[len(old) - tail :] if tail)
    return _fold(lines, context)


def _fold(lines: Sequence[DiffLine], context: int) -> list[DiffLine]:
    near = bytearray(len(lines))
    for index, line in enumerate(lines):
        if line.kind != " ":
            for close in range(max(0, index - context), min(len(lines), index + context + 1)):
                near[close] = 1
    folded: list[DiffLine] = []
    at = 0
    while at < len(lines):
        if near[at]:
            folded.append(lines[at])
            at += 1
            continue
        end = at
        while end < len(lines) and not near[end]:
            end += 1
        if end - at == 1:  # a fold would take as much room as the line itself
            folded.append(lines[at])
        else:
            folded.append(DiffLine("~", "", end - at))
        at = end
    return folded


def diff_summary(lines: Sequence[DiffLine]) -> Cell:
    """`+3 -1`, or that nothing changes."""
    added = sum(1 for line in lines if line.kind == "+")
    removed = sum(1 for line in lines if line.kind == "-")
    if not added and not removed:
        return Cell("no change", "dim")
    return Cell.join(
        (f"{glyphs.current.added}{added}", "diff-add"), " ", (f"{glyphs.current.removed}{removed}", "diff-remove")
    )


class DiffView(TextView):
    """A `TextView` of a difference; `n` and `N` of the screen may call `action_next_change`."""

    def __init__(
        self,
        before: str = "",
        after: str = "",
        *,
        context: int = 3,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(empty="nothing would change", name=name, id=id, classes=classes)
        self._around = context
        self._kinds: list[str] = []
        self.summary = Cell("no change", "dim")
        if before != after:
            self.show_diff(before, after)

    def show_diff(self, before: str, after: str) -> None:
        """Show the difference of two texts."""
        lines = diff_lines(before, after, self._around)
        self._kinds = [line.kind for line in lines]
        self.summary = diff_summary(lines)
        self.show_text("\n".join(_draw(line) for line in lines), self._colour)

    def _colour(self, number: int, text: str) -> Parts:
        kind = self._kinds[number] if number < len(self._kinds) else " "
        return ((text, _STYLES[kind]),)

    def action_next_change(self) -> None:
        """To the next group of changed lines."""
        self._jump(1)

    def action_previous_change(self) -> None:
        """To the previous group of changed lines."""
        self._jump(-1)

    def _jump(self, step: int) -> None:
        at = self.buffer.at_row(self.scroll_offset.y)
        here = at[0] if at else 0
        starts = [
            number
            for number, kind in enumerate(self._kinds)
            if kind in "+-" and (number == 0 or self._kinds[number - 1] not in "+-")
        ]
        wanted = [start for start in starts if (start > here + 1 if step > 0 else start < here)]
        if wanted:
            self._to(self.buffer.row_of(wanted[0] if step > 0 else wanted[-1]) - 1)


def _draw(line: DiffLine) -> str:
    if line.kind == "~":
        fold = glyphs.current.fold * 3
        return f"{fold} {line.folded:,} lines unchanged {fold}"
    sign = {"+": glyphs.current.added, "-": glyphs.current.removed}.get(line.kind, " ")
    return f"{sign} {line.text}"
