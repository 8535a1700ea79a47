"""A pane that is not there yet: says so, and what answers its question today."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from pointsman.tui.screens.base import PaneScreen
from pointsman.tui.screens.panel import Panel
from pointsman.tui.views.coming import coming_lines
from pointsman.widgets.cells import CellLike

if TYPE_CHECKING:
    from pointsman.tui.store.snapshot import Snapshot


class ComingScreen(PaneScreen):
    def __init__(self, pane: str) -> None:
        super().__init__()
        self.place = pane  # type: ignore[misc]  # one class for several places

    def body(self) -> ComposeResult:
        yield Panel[object](columns=(), id="coming", key=id, empty=self._lines)

    def _lines(self) -> Sequence[CellLike]:
        summary = self.summary
        return coming_lines(self.place, summary.stack if summary else "", self.host.snapshot())

    def draw(self, snapshot: Snapshot, *, changed: bool) -> None:  # noqa: ARG002
        if changed:
            self.query_one("#coming", Panel).changed()
