"""Typing a filter: live count, errors in words, escape clears and then closes, earlier filters come back."""

from __future__ import annotations

from textual.containers import Vertical
from widgetbench import Bench, widget_text

from pointsman.widgets.cells import Column
from pointsman.widgets.filterbar import FilterBar
from pointsman.widgets.grid import Grid
from pointsman.widgets.gridmodel import GridModel


def pair(count: int = 30) -> tuple[Grid[int], FilterBar]:
    model: GridModel[int] = GridModel([Column("n", "n", lambda row: f"row {row}", value=lambda row: row, flex=1)])
    model.set_items(range(count), key=lambda row: row)
    grid = Grid(model)
    return grid, FilterBar(grid)


async def test_typing_filters_and_counts() -> None:
    grid, bar = pair()
    app = Bench(Vertical(grid, bar))
    async with app.run_test(size=(60, 10)) as pilot:
        assert not bar.display
        bar.open()
        await pilot.pause()
        await pilot.press(*"row", "space", "2")
        await pilot.pause()
        assert len(grid.model) == 12
        line = widget_text(bar)[0]
        assert line.startswith("/ row 2")
        assert line.rstrip().endswith("12/30")
        await pilot.press("enter")
        await pilot.pause()
        assert grid.has_focus
        assert bar.display  # the filter is on, so it stays in sight
        assert [message.text for message in app.heard if isinstance(message, FilterBar.Closed)] == ["row 2"]


async def test_escape_clears_then_closes() -> None:
    grid, bar = pair()
    app = Bench(Vertical(grid, bar))
    async with app.run_test(size=(60, 10)) as pilot:
        bar.open()
        await pilot.pause()
        await pilot.press("2", "escape")
        await pilot.pause()
        assert bar.display
        assert bar.text == ""
        assert len(grid.model) == 30
        await pilot.press("escape")
        await pilot.pause()
        assert not bar.display
        assert grid.has_focus


async def test_a_bad_regular_expression_is_a_sentence_and_keeps_the_rows() -> None:
    grid, bar = pair()
    app = Bench(Vertical(grid, bar))
    async with app.run_test(size=(90, 10)) as pilot:
        bar.open()
        await pilot.pause()
        await pilot.press("2", "space", "slash", "left_parenthesis")
        await pilot.pause()
        assert bar.trouble.startswith("not a regular expression")
        assert "✖ not a regular expression" in widget_text(bar)[0]
        assert len(grid.model) == 12
        await pilot.press("backspace", "backspace")
        await pilot.pause()
        assert bar.trouble == ""
        assert widget_text(bar)[0].rstrip().endswith("12/30")


async def test_earlier_filters_come_back() -> None:
    grid, bar = pair()
    app = Bench(Vertical(grid, bar))
    async with app.run_test(size=(60, 10)) as pilot:
        for word in "12":
            bar.open()
            await pilot.pause()
            await pilot.press(word, "enter")
            await pilot.pause()
            bar.set_text("")
        bar.open()
        await pilot.pause()
        await pilot.press("9", "up")
        assert bar.text == "12" or bar.text == "2"
        await pilot.press("down")
        assert bar.text == "9"


async def test_a_long_list_is_searched_when_the_typing_pauses() -> None:
    grid, bar = pair(20_000)
    app = Bench(Vertical(grid, bar))
    async with app.run_test(size=(60, 10)) as pilot:
        bar.open()
        await pilot.pause()
        await pilot.press(*"199")
        await pilot.press("enter")  # enter does not wait
        for _ in range(500):
            if not grid.searching:
                break
            await pilot.pause(0.005)
        assert len(grid.model) == len([number for number in range(20_000) if "199" in str(number)])
        assert grid.model.counters.rows_searched <= 20_000
        await pilot.pause()
        assert widget_text(bar)[0].rstrip().endswith(f"{len(grid.model)}/20,000")


async def test_it_shows_a_filter_that_was_there_before() -> None:
    grid, bar = pair()
    grid.model.set_filter("row 3")
    app = Bench(Vertical(grid, bar))
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.pause()
        assert bar.display
        assert bar.text == "row 3"
        assert not bar.query_one("Input").has_focus
