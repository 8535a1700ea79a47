"""Overview: what runs, what is wrong, who answers for which address, what changed. Enter opens the row's pane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll

from pointsman.tui.answers.ref import Ref
from pointsman.tui.commands import BY_ID, LISTS
from pointsman.tui.screens.base import PaneScreen
from pointsman.tui.screens.listpane import ListPane
from pointsman.tui.screens.panel import Panel
from pointsman.tui.views.changes import Change, changes
from pointsman.tui.views.explain import Told, tell_address, tell_change, tell_finding, tell_stack_row
from pointsman.tui.views.ips import IpRow, ip_rows, is_problem
from pointsman.tui.views.opening import pane_of
from pointsman.tui.views.overview import (
    CHANGE_COLUMNS,
    FINDING_COLUMNS,
    SHORT_IP_COLUMNS,
    STACK_COLUMNS,
    FindingRow,
    StackRow,
    finding_rows,
    ips_title,
    stack_rows,
    traffic_lines,
)
from pointsman.tui.views.states import absence
from pointsman.widgets.cells import CellLike
from pointsman.widgets.lines import Lines

if TYPE_CHECKING:
    from pointsman.tui.store.snapshot import Snapshot


Row = StackRow | FindingRow | IpRow | Change


class OverviewScreen(ListPane):
    place = "overview"
    CSS_PATH: ClassVar = "overview.tcss"
    AUTO_FOCUS = "#ips"

    def __init__(self) -> None:
        super().__init__()
        self._heights = ""

    def body(self) -> ComposeResult:
        with VerticalScroll(id="overview", can_focus=False):
            yield Panel[StackRow](STACK_COLUMNS, id="stack", key=lambda row: row.key, empty=self._no_stack)
            yield Panel[FindingRow](FINDING_COLUMNS, id="findings", key=lambda row: row.key, empty=self._no_findings)
            yield Panel[IpRow](SHORT_IP_COLUMNS, id="ips", key=lambda row: row.key, empty=self._no_ips)
            yield Panel[Change](CHANGE_COLUMNS, id="changes", key=lambda row: row.key, empty=self._no_changes)
            with Container(id="traffic") as traffic:
                # A border without corners leaves no room around its title.
                traffic.border_title = " traffic " if self.host.slow else "traffic"
                yield Lines(compose_lines=self._traffic)

    # -- drawing ----------------------------------------------------------------------------------------------------

    def draw(self, snapshot: Snapshot, *, changed: bool) -> None:  # noqa: ARG002
        summary = self.summary
        if summary is None:
            return
        self.show_stale(snapshot)
        namespace = self.host.view.namespace
        stack = self.panel("stack")
        stack.show_rows(stack_rows(summary.report, snapshot.now, short=self.size.width < 100))
        stack.set_title(("stack", ""))
        findings = self.panel("findings")
        rows = finding_rows(summary.findings, namespace)
        findings.show_rows(rows)
        errors = any(row.finding.severity == "error" for row in rows)
        findings.set_title(("findings ", ""), (str(len(rows)), "bold error" if errors else "bold"))
        ips = self.panel("ips")
        ips.show_rows(ip_rows(summary.ips, snapshot.now, namespace))
        ips.set_title(*ips_title(summary.ips, max(20, ips.size.width - 4)))
        self.panel("changes").show_rows(changes(snapshot, namespace))
        self.panel("changes").set_title(("what changed", ""))
        self.query_one("#traffic Lines", Lines).update_lines()
        self._place(len(stack.model), len(rows))

    def _place(self, rows: int, findings: int) -> None:
        """The heights of the rows of the grid: as the content needs it where there is room."""
        body = self.query_one("#overview", VerticalScroll)
        height = self.query_one("#body").size.height
        if self.size.width < 100 or height < 28:
            top = min(max(8, rows + 2), 13)
            heights = f"{top} {max(7, height - top)} 9 5"
        else:
            top = max(8, rows + 2, min(findings + 2, height // 2))
            heights = f"{min(top, height * 3 // 5)} 1fr 5"
        if heights != self._heights:
            self._heights = heights
            body.styles.grid_rows = heights

    # -- rows -------------------------------------------------------------------------------------------------------

    def ref_of(self, row: Row) -> Ref | None:
        match row:
            case StackRow():
                return row.ref
            case FindingRow():
                return row.finding.object
            case IpRow():
                return row.address.service
            case Change():
                return row.ref

    def is_problem(self, row: Row) -> bool:
        match row:
            case IpRow():
                return is_problem(row)
            case FindingRow():
                return row.finding.severity != "info"
            case StackRow():
                return row.filled and row.health.value != "ok"
            case Change():
                return row.severity != "info"

    def cmd_explain(self) -> None:
        """Enter: where the row is at home."""
        row = self.selected_row
        told = self.drawer.is_open and self._explained == self.panel_here.selected_key
        if (isinstance(row, FindingRow) and not told) or not self._open(row):
            super().cmd_explain()

    def _open(self, row: Row | None, *, explain: bool = True) -> bool:
        """Go to the pane where the row is at home; False if it has none."""
        if isinstance(row, IpRow):
            self.host.open_object(row.address.service, pane="ips")
        elif isinstance(row, FindingRow) and row.target is not None and row.pane in LISTS and row.pane != self.place:
            self.host.open_object(row.target, pane=row.pane, explain=explain)
        elif isinstance(row, Change) and row.ref is not None and pane_of(row.ref) in LISTS:
            self.host.open_object(row.ref)
        else:
            return False
        return True

    def cmd_overview_open(self) -> None:
        if not self._open(self.selected_row):
            self.host.say("This row has no pane of its own; d describes the object.")

    def cmd_overview_mend(self) -> None:
        """The finding's own command: here if it works here, else in the pane of the object."""
        row = self.selected_row
        action = row.finding.action if isinstance(row, FindingRow) else ""
        if not isinstance(row, FindingRow) or not action:
            self.host.say("Nothing mends this by a key; the finding says what to do.")
        elif BY_ID[action].applies(self.place):
            self.host.run_command(action)
        elif self._open(row, explain=False) and isinstance(screen := self.app.screen, PaneScreen):
            screen.when_ready(lambda: self.host.run_command(action))

    def tell(self, row: Any, snapshot: Snapshot) -> Told:
        summary = self.summary
        if isinstance(row, StackRow) and summary is not None:
            return tell_stack_row(row, summary.report)
        if isinstance(row, FindingRow):
            return tell_finding(row)
        if isinstance(row, IpRow):
            return tell_address(row, snapshot)
        return tell_change(row)

    # -- nothing to show --------------------------------------------------------------------------------------------

    def _no_stack(self) -> Sequence[CellLike]:
        return absence(self.host.snapshot(), "stack")

    def _no_findings(self) -> Sequence[CellLike]:
        return absence(self.host.snapshot(), "findings")

    def _no_ips(self) -> Sequence[CellLike]:
        return absence(self.host.snapshot(), "ips")

    def _no_changes(self) -> Sequence[CellLike]:
        return absence(self.host.snapshot(), "changes")

    def _traffic(self, cells: int) -> Sequence[CellLike]:
        if self.summary is None:
            return ()
        return traffic_lines(self.host.snapshot(), self.summary.report, cells)
