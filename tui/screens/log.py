"""Log: what this program wrote to the cluster, with what became of it, and what changed; z takes a write back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult

from pointsman.tui.answers.ref import Ref
from pointsman.tui.commands import Command
from pointsman.tui.disk.journal import JournalError, Reading, Write
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.screens.listpane import ListPane
from pointsman.tui.screens.panel import Panel
from pointsman.tui.views.changes import changes
from pointsman.tui.views.explain import Told, tell_change
from pointsman.tui.views.log import (
    COLUMNS,
    LogRow,
    Step,
    Written,
    is_problem,
    log_rows,
    row_text,
    tell_write,
    title,
)
from pointsman.tui.views.states import absence
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, CellLike
from pointsman.widgets.diffview import diff_lines

if TYPE_CHECKING:
    from pointsman.tui.store.snapshot import Snapshot

NOTHING = Reading()
MOST_DIFF = 400
"""Lines of a change that the drawer shows."""
_STYLES = {"+": "diff-add", "-": "diff-remove", " ": "muted"}


class LogScreen(ListPane):
    place = "log"
    CSS_PATH: ClassVar = "log.tcss"
    AUTO_FOCUS = "#log"
    main = "log"

    def __init__(self) -> None:
        super().__init__()
        self._reading: Reading | None = None
        self._written: tuple[Written, ...] = ()
        self._rows: tuple[LogRow, ...] = ()
        self._diffs: dict[str, tuple[CellLike, ...]] = {}

    def body(self) -> ComposeResult:
        yield Panel[LogRow](
            COLUMNS,
            id="log",
            key=lambda row: row.key,
            empty=self._nothing,
            show_header=True,
            flash=True,
            search=row_text,
        )

    def draw(self, snapshot: Snapshot, *, changed: bool) -> None:
        self.show_stale(snapshot)
        panel = self.panel("log")
        namespace = self.host.view.namespace
        reading, problem = self._read()
        if changed or reading is not self._reading or not panel.model.total:
            if reading is not self._reading:
                self._reading = reading
                self._written = tuple(map(written, reading.writes))
            self._rows = log_rows(self._written, changes(snapshot, namespace), snapshot.now, namespace)
            panel.show_rows(self._rows)
        parts = list(title(self._rows, len(panel.model)))
        if self.host.view.of(self.place).problems:
            parts.append(("  problems only", "warn"))
        panel.set_title(*parts)
        panel.set_note(*(((problem, "warn"),) if problem else ()))
        self.refresh_drawer()

    def _read(self) -> tuple[Reading, str]:
        """The journal of this cluster, and what is wrong with it. The same object while nothing was added."""
        desk = self.host.writer.desk()
        if desk is None:
            return NOTHING, ""
        try:
            found = desk.writes()
        except JournalError as error:
            return NOTHING, error.sentence
        return found, "; ".join(found.problems)

    def forget(self) -> None:
        super().forget()
        self._reading = None
        self._written, self._rows = (), ()
        self._diffs.clear()

    # -- rows -------------------------------------------------------------------------------------------------------

    def ref_of(self, row: Any) -> Ref | None:
        ref = row.ref if isinstance(row, LogRow) else None
        return ref if ref is not None and ref.kind in KINDS else None

    def is_problem(self, row: Any) -> bool:
        return not isinstance(row, LogRow) or is_problem(row)

    def tell(self, row: Any, snapshot: Snapshot) -> Told:  # noqa: ARG002
        if row.write is None:
            return tell_change(row.change)
        key = "" if self.host.session.read_only else self.host.keymap.label("undo")
        return tell_write(row.write, self._diff(row.write.op), key)

    def _diff(self, op: str) -> tuple[CellLike, ...]:
        """What the write changed; unchanged lines far from a change are folded. An intent never changes, so once is enough."""
        if op not in self._diffs:
            self._diffs[op] = self._make_diff(op)
        return self._diffs[op]

    def _make_diff(self, op: str) -> tuple[CellLike, ...]:
        from pointsman.tui.actions.undo import change_of

        write = self._reading.get(op) if self._reading is not None else None
        if write is None or write.intent.kind not in KINDS:
            return ()
        lines = diff_lines(*change_of(write).texts())
        cells: list[CellLike] = []
        for line in lines[:MOST_DIFF]:
            if line.kind == "~":
                cells.append(Cell(f"{glyphs.current.fold} {line.folded} unchanged lines", "dim"))
            else:
                cells.append(Cell(f"{line.kind} {line.text}", _STYLES[line.kind]))
        if len(lines) > MOST_DIFF:
            cells.append(Cell(f"and {len(lines) - MOST_DIFF} more lines: pointsman journal {op}", "dim"))
        return tuple(cells) or (Cell("nothing was to change", "muted"),)

    # -- undo -------------------------------------------------------------------------------------------------------

    def why_not(self, command: Command) -> str:
        if command.id == "undo" and self.is_ready:
            row = self.selected_row
            if row is None or row.write is None:
                return "Only what this program wrote can be undone; this row tells of the cluster."
            return str(row.write.why_not_undo)
        return super().why_not(command)

    def cmd_undo(self) -> None:
        row = self.selected_row
        if isinstance(row, LogRow) and row.write is not None:
            self.host.writer.undo(row.write.op)

    # -- nothing to show --------------------------------------------------------------------------------------------

    def _nothing(self) -> Sequence[CellLike]:
        return absence(self.host.snapshot(), "log")


def written(write: Write) -> Written:
    """A record of the journal as the view wants it."""
    intent = write.intent
    return Written(
        op=write.op,
        at=intent.at,
        title=intent.title,
        state=write.state.value,
        text=write.text,
        actor=intent.actor,
        context=intent.context,
        server=intent.server,
        verb=intent.verb,
        ref=Ref(intent.kind, intent.namespace, intent.name),
        undoes=intent.undoes,
        undone_by=write.undone_by,
        until=intent.until,
        steps=tuple(Step(entry.at, entry.event, entry.text) for entry in write.events[1:]),
    )
