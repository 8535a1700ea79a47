"""The matrix widget: where names and signs stand, and where the cursor goes."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App, ComposeResult

from pointsman.widgets.cells import Cell
from pointsman.widgets.matrix import Matrix, lay_out

ROWS = ("backup", "db", "kube-system")


class Shown(App[None]):
    def __init__(self, rows: tuple[str, ...], columns: tuple[str, ...]) -> None:
        super().__init__()
        self.names = rows, columns
        self.seen: list[tuple[str, int, int]] = []

    def compose(self) -> ComposeResult:
        yield Matrix("from / to", id="matrix")

    def on_mount(self) -> None:
        matrix = self.query_one(Matrix)
        rows, columns = self.names
        matrix.set_axes(rows, columns)
        matrix.set_cells([[Cell(chr(ord("a") + (row + column) % 26)) for column in range(len(columns))]
                          for row in range(len(rows))])  # fmt: skip
        matrix.focus()

    def on_matrix_cell_selected(self, event: Matrix.CellSelected) -> None:
        self.seen.append(("selected", event.row, event.column))

    def on_matrix_cell_chosen(self, event: Matrix.CellChosen) -> None:
        self.seen.append(("chosen", event.row, event.column))


def lines(app: Any) -> list[str]:
    matrix = app.query_one(Matrix)
    return ["".join(segment.text for segment in matrix.render_line(y)) for y in range(matrix.size.height)]


def test_names_lie_flat_where_they_fit_and_stand_upright_where_not() -> None:
    wide = lay_out(ROWS, ROWS, 80, 20)
    assert (wide.upright, wide.head, wide.pitch) == (False, 1, len("kube-system") + 2)
    narrow = lay_out(ROWS, ROWS, 30, 24)
    assert (narrow.upright, narrow.head, narrow.columns) == (True, 11, 3)
    low = lay_out(ROWS, ROWS, 30, 8)
    assert low.head == 4
    assert low.rows == 3
    many = lay_out([f"n{i}" for i in range(50)], [f"n{i}" for i in range(50)], 40, 20)
    assert many.columns < 50
    assert many.names + 2 + many.columns * many.pitch <= 40


@pytest.mark.parametrize("size", [(40, 12), (30, 24), (20, 6), (120, 30)])
async def test_every_line_is_as_wide_as_the_widget(size: tuple[int, int]) -> None:
    app = Shown(ROWS, tuple(f"ns-{number}" for number in range(12)))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert {len(line) for line in lines(app)} == {size[0]}


async def test_the_cursor_is_in_brackets_and_stays_inside() -> None:
    app = Shown(ROWS, ROWS)
    async with app.run_test(size=(60, 10)) as pilot:
        matrix = app.query_one(Matrix)
        matrix.action_cursor_down()
        matrix.action_side_right()
        await pilot.pause()
        assert app.seen == [("selected", 1, 0), ("selected", 1, 1)]
        row = next(line for line in lines(app) if line.startswith("db"))
        assert "[c]" in row
        for _ in range(9):
            matrix.action_side_left()
            matrix.action_cursor_up()
        assert matrix.at == (0, 0)
        matrix.action_bottom()
        assert matrix.at == (2, 0)


async def test_what_does_not_fit_is_scrolled_to() -> None:
    names = tuple(f"n{number:02}" for number in range(40))
    app = Shown(names, names)
    async with app.run_test(size=(40, 14)) as pilot:
        matrix = app.query_one(Matrix)
        assert any("›" in line for line in lines(app))
        matrix.move_to(39, 39)
        await pilot.pause()
        shown = lines(app)
        assert any(line.startswith("n39") for line in shown)
        assert not any("›" in line for line in shown)
        head = ["".join(column) for column in zip(*shown[:3], strict=True)]
        assert "n39" in head


async def test_a_double_click_chooses_a_cell() -> None:
    app = Shown(ROWS, ROWS)
    async with app.run_test(size=(60, 10)) as pilot:
        matrix = app.query_one(Matrix)
        layout = matrix._lay_out()
        at = (layout.names + 2 + layout.pitch + 1, layout.head + 2)
        await pilot.click(Matrix, offset=at)
        assert matrix.at == (2, 1)
        await pilot.click(Matrix, offset=at, times=2)
        await pilot.pause()
        assert ("chosen", 2, 1) in app.seen


async def test_hostile_names_are_drawn_as_text() -> None:
    app = Shown(("[bold]x[/]", "\x1b[31mred", "\u202eevil"), ("a", "b"))
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.pause()
        shown = "\n".join(lines(app))
        assert "[bold]x[/]" in shown
        assert "\x1b" not in shown
        assert "\u202e" not in shown


async def test_without_names_the_note_stands_there() -> None:
    app = Shown((), ())
    async with app.run_test(size=(40, 10)) as pilot:
        app.query_one(Matrix).set_note(["nothing here", "because of that"])
        await pilot.pause()
        assert any("nothing here" in line for line in lines(app))
        app.query_one(Matrix).action_cursor_down()
        assert app.query_one(Matrix).at == (0, 0)
