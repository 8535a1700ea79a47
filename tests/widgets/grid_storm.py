"""A program for `test_grid_pty.py`: a bordered grid under a storm of changes; at the end it writes what it means to show."""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from textual.app import App, ComposeResult

from pointsman.widgets import theming
from pointsman.widgets.cells import Cell, Column
from pointsman.widgets.filterbar import FilterBar
from pointsman.widgets.grid import Grid
from pointsman.widgets.gridmodel import GridModel

TICKS = 60
ACTS = ("cursor_down", "cursor_up", "page_down", "page_up", "bottom", "top", "half_down", "toggle_mark")


@dataclass(frozen=True)
class Row:
    number: int
    name: str
    load: int


class Storm(App[None]):
    """Rows change, come and go, sort and filter change, the cursor moves: all between two frames."""

    CSS = """
    Screen { background: $background; color: $foreground; }
    Grid { border: round $border; padding: 0 1; }
    """

    def __init__(self, report: Path) -> None:
        super().__init__()
        theming.prepare(self)
        self.theme = "pointsman-dark"
        self.report = report
        self.random = random.Random(4)
        self.rows = [Row(number, f"row-{number}-日本", number) for number in range(200)]
        model = GridModel(
            [
                Column("number", "no", lambda row: str(row.number), value=lambda row: row.number, align="right"),
                Column("name", "name", lambda row: row.name, value=lambda row: row.name, flex=1),
                Column("load", "load", lambda row: Cell.join(("●", "ok"), f" {row.load}"), value=lambda row: row.load),
            ]
        )
        self.grid: Grid[Row] = Grid(model, flash=True)
        self.bar = FilterBar(self.grid)
        self.ticks = 0

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theming.variable_defaults()

    def compose(self) -> ComposeResult:
        yield self.grid
        yield self.bar

    def on_mount(self) -> None:
        self.grid.set_items(list(self.rows), lambda row: row.number)
        self.grid.focus()
        self.set_timer(0.03, self.blow)

    def blow(self) -> None:
        self.ticks += 1
        if self.ticks > TICKS:
            self.set_timer(2.0, self.tell)  # until the last lit cell has gone out
            return
        rows, chance = self.rows, self.random
        for _ in range(3):
            at = chance.randrange(len(rows))
            rows[at] = replace(rows[at], load=chance.randrange(10_000))
        if self.ticks % 7 == 0:
            rows.insert(chance.randrange(30), Row(1000 + self.ticks, f"new-{self.ticks}", 0))
        if self.ticks % 9 == 0:
            rows.pop(chance.randrange(30))
        if self.ticks == 25:
            self.grid.sort_by("load")
        if self.ticks == 45:
            self.bar.set_text("row")
            self.grid.set_filter("row")
        if self.ticks % 3 == 0:
            getattr(self.grid, f"action_{chance.choice(ACTS)}")()
        self.grid.set_items(list(rows), lambda row: row.number)
        self.set_timer(0.03, self.blow)

    def tell(self) -> None:
        # A fresh grid with the same rows has nothing cached: this is what has to be on the screen.
        self.grid._painter.forget()
        self.grid._styles_cache.clear()
        strips = self.screen._compositor.render_strips()
        lines = ["".join(segment.text for segment in strip) for strip in strips]
        self.report.write_text("\n".join(lines), encoding="utf-8")
        self.exit()


if __name__ == "__main__":
    Storm(Path(sys.argv[1])).run()
