"""A pane that is not there yet: says so, and what answers its question today."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from pointsman.tui.screens.base import PaneScreen
from pointsman.tui.views.coming import coming_lines
from pointsman.widgets.lines import Lines

if TYPE_CHECKING:
    from pointsman.tui.store.snapshot import Snapshot


class ComingScreen(PaneScreen):
    CSS_PATH: ClassVar = "coming.tcss"
    AUTO_FOCUS = None
    needs_cluster = False

    def __init__(self, pane: str) -> None:
        super().__init__()
        self.place = pane  # type: ignore[misc]  # one class for several places

    def body(self) -> ComposeResult:
        with VerticalScroll(id="coming"):
            yield Lines(id="note")

    def draw(self, snapshot: Snapshot, *, changed: bool) -> None:
        if not changed:
            return
        summary = self.summary
        lines = coming_lines(self.place, summary.stack if summary else "", snapshot, self.size.width - 6)
        self.query_one("#note", Lines).set_lines(lines)

    def cmd_back(self) -> None:
        self.host.go_back()
