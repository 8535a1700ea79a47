"""The grid on a screen: what is drawn, what moves, and how little is repainted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from textual.geometry import Region
from widgetbench import Bench, widget_text

from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, Column
from pointsman.widgets.filtering import FilterError
from pointsman.widgets.grid import Grid
from pointsman.widgets.gridmodel import GridModel

SIZE = (80, 12)


@dataclass(frozen=True)
class Row:
    name: str
    node: str = "loft"
    load: int = 0


def key(row: Row) -> str:
    return row.name


def make(count: int = 0, **options: object) -> Grid[Row]:
    columns = [
        Column("name", "name", lambda row: row.name, value=key, flex=1, min_width=10),
        Column("node", "node", lambda row: Cell.join(("●", "ok"), " ", row.node), value=lambda row: row.node),
        Column("load", "load", lambda row: str(row.load), value=lambda row: row.load, align="right", width=8),
        Column("wide", "only wide", lambda row: "w", min_terminal_width=120),
    ]
    grid: Grid[Row] = Grid(GridModel(columns), **options)  # type: ignore[arg-type]
    grid.model.set_items(rows(count), key)  # type: ignore[attr-defined]
    return grid


def rows(count: int) -> list[Row]:
    return [Row(f"pod-{number:03}", ["loft", "shed", "closet"][number % 3], number) for number in range(count)]


class Repaints:
    """Counts the lines a grid asks to repaint; a whole refresh counts as all of them."""

    def __init__(self, grid: Grid[Row], monkeypatch: pytest.MonkeyPatch) -> None:
        self.lines = 0
        real = grid.refresh

        def refresh(*regions: Region, **options: bool) -> Grid[Row]:
            self.lines += sum(region.height for region in regions) if regions else grid.size.height
            real(*regions, **options)  # type: ignore[arg-type]
            return grid

        monkeypatch.setattr(grid, "refresh", refresh)


async def test_header_rows_and_cursor_are_drawn() -> None:
    grid = make(3)
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        text = widget_text(grid)
        assert text[0].split() == ["name", "node", "load"]
        assert text[1].startswith("▌ pod-000 ")
        assert text[1].rstrip().endswith("● loft           0")
        assert text[2].startswith("  pod-001 ")
        assert text[4].strip() == ""
        assert grid.hidden_columns == ("wide",)


async def test_sorting_shows_an_arrow_and_tells() -> None:
    grid = make(3)
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        grid.action_sort("load")
        grid.action_sort("load")
        await pilot.pause()
        text = widget_text(grid)
        assert "load ↓" in text[0]
        assert text[1].strip().startswith("pod-002") or text[3].strip().lstrip("▌ ").startswith("pod-000")
        told = [message for message in app.heard_of(Grid.SortChanged) if isinstance(message, Grid.SortChanged)]
        assert [(message.column, message.reverse) for message in told] == [("load", False), ("load", True)]


async def test_a_click_selects_a_header_click_sorts_and_a_double_click_chooses() -> None:
    grid = make(3)
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.click(grid, offset=(5, 2))
        assert grid.selected_key == "pod-001"
        await pilot.click(grid, offset=(5, 3), times=2)
        await pilot.pause()
        chosen = [message for message in app.heard if isinstance(message, Grid.RowChosen)]
        assert [message.key for message in chosen] == ["pod-002"]
        assert chosen[0].item == rows(3)[2]
        assert chosen[0].control is grid
        await pilot.click(grid, offset=(grid.size.width - 4, 0))
        assert grid.model.sort_key == "load"
        await pilot.click(grid, offset=(5, 9))  # below the last row
        assert grid.selected_key == "pod-002"


async def test_moving_scrolls_and_selects() -> None:
    grid = make(100)
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        grid.focus()
        await pilot.press("down", "down", "up")
        assert grid.selected_key == "pod-001"
        await pilot.press("pagedown")
        assert grid.selected_key == "pod-011"
        assert widget_text(grid)[2].startswith("▌ pod-011")  # on the screen line it was on
        await pilot.press("end")
        await pilot.pause()
        assert grid.selected_key == "pod-099"
        assert widget_text(grid)[-1].startswith("▌ pod-099")
        await pilot.press("home", "enter")
        await pilot.pause()
        assert widget_text(grid)[1].startswith("▌ pod-000")
        assert any(isinstance(message, Grid.RowChosen) and message.key == "pod-000" for message in app.heard)
        grid.action_half_down()
        assert grid.selected_key == "pod-005"
        grid.action_half_up()
        assert grid.selected_key == "pod-000"


async def test_the_wheel_scrolls_and_leaves_the_cursor_alone() -> None:
    grid = make(100)
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        grid.scroll_to(y=20, animate=False)
        await pilot.pause()
        assert widget_text(grid)[1].startswith("  pod-020")
        assert grid.selected_key == "pod-000"
        grid.action_cursor_down()
        await pilot.pause()
        assert widget_text(grid)[1].startswith("▌ pod-001")


async def test_the_selected_row_keeps_its_screen_line_when_rows_come_above() -> None:
    grid = make(100)
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        grid.select("pod-050")
        await pilot.pause()
        line = next(y for y, text in enumerate(widget_text(grid)) if text.startswith("▌"))
        grid.set_items([*(Row(f"new-{number}") for number in range(7)), *rows(100)], key)
        await pilot.pause()
        assert widget_text(grid)[line].startswith("▌ pod-050")


async def test_a_list_that_shrinks_stays_on_screen() -> None:
    grid = make(100)
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        grid.focus()
        await pilot.press("end")
        grid.set_items(rows(5), key)
        await pilot.pause()
        await pilot.pause()
        assert widget_text(grid)[1].startswith("  pod-000")
        assert widget_text(grid)[5].startswith("▌ pod-004")


async def test_only_rows_on_screen_are_ever_formatted() -> None:
    grid = make(100_000)
    app = Bench(grid)
    page = SIZE[1] - 1
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert grid.model.counters.rows_formatted <= page
        grid.action_bottom()
        await pilot.pause()
        assert grid.model.counters.rows_formatted <= 2 * page
        grid.sort_by("load", reverse=True)
        await pilot.pause()
        assert grid.model.counters.rows_formatted <= 3 * page
        before = grid.model.counters.rows_formatted
        changed = rows(100_000)
        changed[50_000] = replace(changed[50_000], load=-1)  # nowhere near the screen
        grid.set_items(changed, key)
        await pilot.pause()
        assert grid.model.counters.rows_formatted == before


async def test_one_changed_row_repaints_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = make(100)
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.pause()
        repaints = Repaints(grid, monkeypatch)
        changed = rows(100)
        changed[4] = replace(changed[4], load=77)
        grid.set_items(changed, key)
        assert repaints.lines == 1
        await pilot.pause()
        assert widget_text(grid)[5].rstrip().endswith("77")
        changed = [*changed]
        changed[90] = replace(changed[90], load=78)
        grid.set_items(changed, key)
        assert repaints.lines == 1  # off screen: nothing
        grid.action_cursor_down()
        assert repaints.lines == 3  # the row left and the row reached


async def test_self_sizing_columns_grow_with_what_is_seen() -> None:
    grid = make(3)
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        grid.set_items([*rows(3), Row("x", node="a-node-with-a-name")], key)
        await pilot.pause()
        assert "● a-node-with-a-name" in widget_text(grid)[4]


async def test_columns_come_back_on_a_wide_terminal() -> None:
    grid = make(3)
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.resize_terminal(130, 20)
        await pilot.pause()
        assert "only wide" in widget_text(grid)[0]
        assert grid.hidden_columns == ()


async def test_all_columns_can_be_asked_for() -> None:
    grid = make(3)
    app = Bench(grid)
    async with app.run_test(size=(30, 8)) as pilot:
        await pilot.pause()
        assert grid.hidden_columns == ("wide",)
        grid.wide = True
        await pilot.pause()
        assert grid.hidden_columns == ()
        assert widget_text(grid)[0].endswith("›")
        for _ in range(9):
            grid.action_side_right()
        await pilot.pause()
        assert "only wide" in widget_text(grid)[0]
        grid.wide = False
        await pilot.pause()
        assert widget_text(grid)[1].startswith("▌ pod-000")


async def test_a_cell_may_be_plain_parts() -> None:
    grid: Grid[int] = Grid(GridModel([Column("n", "n", lambda row: (("●", "ok"), (f" {row}\x1b", "")), width=9)]))
    app = Bench(grid)
    async with app.run_test(size=(30, 8)) as pilot:
        grid.set_items([7], key=lambda row: row)
        await pilot.pause()
        assert widget_text(grid)[1].strip() == "▌ ● 7␛"


async def test_columns_that_do_not_fit_scroll_sideways() -> None:
    columns = [Column(name, name, lambda row, name=name: name * 3, width=30) for name in ("one", "two", "six")]
    grid: Grid[int] = Grid(GridModel(columns))  # type: ignore[arg-type]
    app = Bench(grid)
    async with app.run_test(size=(60, 6)) as pilot:
        grid.set_items([1], key=lambda row: row)
        grid.focus()
        await pilot.pause()
        assert widget_text(grid)[0].endswith("›")
        await pilot.press("right", "right", "right", "right", "right")
        await pilot.pause()
        text = widget_text(grid)
        assert text[1].rstrip().endswith("sixsixsix")
        assert not text[0].endswith("›")
        await pilot.press(*["left"] * 6)
        await pilot.pause()
        assert widget_text(grid)[1].startswith("▌ oneoneone")


async def test_filter_counts_and_an_empty_result_says_what_takes_it_away() -> None:
    grid = make(30)
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        grid.set_filter("shed")
        await pilot.pause()
        told = [message for message in app.heard if isinstance(message, Grid.ViewChanged)]
        assert (told[-1].shown, told[-1].total) == (10, 30)
        assert all("shed" in line for line in widget_text(grid)[1:11])
        with pytest.raises(FilterError):
            grid.set_filter("/(/")
        grid.set_filter("nobody")
        await pilot.pause()
        text = "\n".join(widget_text(grid))
        assert "30 rows, none matches nobody" in text
        assert "esc takes the filter away" in text


async def test_what_the_filter_finds_is_marked_as_one_types() -> None:
    grid = make(3)
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        for typed in ("po", "pod-", "pod-00", ""):
            grid.set_filter(typed)
            await pilot.pause()
            marked = [
                segment.text
                for strip in app.screen._compositor.render_strips()
                for segment in strip
                if segment.style is not None and segment.style.underline
            ]
            assert marked == ([typed] * 3 if typed else [])


async def test_an_empty_list_says_why() -> None:
    grid = make(0, empty=lambda: ["no flows here", Cell.join(("a", "key"), " switch it on [bold]now[/]")])
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        text = "\n".join(widget_text(grid))
        assert "no flows here" in text
        assert "a switch it on [bold]now[/]" in text  # never markup
        assert "name" not in text
        grid.set_items(rows(1), key)
        await pilot.pause()
        assert widget_text(grid)[1].startswith("▌ pod-000")
        assert app.heard_of(Grid.RowSelected)


async def test_hostile_rows_keep_the_frame() -> None:
    grid = make(0)
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        evil = [
            "\x1b[2J\x1b[31m",
            "\u202e" + "x" * 100_000,
            "日本語" * 50,
            "[bold red]markup[/]",
            "a\nb",
            "\ud800",
            "e" + "\u0301" * 900,
        ]
        grid.set_items([Row(name) for name in evil], key)
        await pilot.pause()
        for line in widget_text(grid):
            assert "\x1b" not in line
            assert "\u202e" not in line
        assert "[bold red]markup[/]" in "\n".join(widget_text(grid))
        from pointsman.widgets.text import width

        assert {width(strip.text) for strip in grid.render_lines(Region(0, 0, *grid.size))} == {SIZE[0]}


async def test_marks_are_signs_and_move_on() -> None:
    grid = make(5)
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        grid.action_toggle_mark()
        await pilot.pause()
        assert widget_text(grid)[1].startswith("◆ pod-000")
        assert grid.selected_key == "pod-001"
        grid.action_bottom()
        grid.action_mark_range()
        assert len(grid.model.marks) == 5
        grid.action_clear_marks()
        await pilot.pause()
        assert not any("◆" in line for line in widget_text(grid))


async def test_n_goes_to_the_next_match() -> None:
    grid = make(30)
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        grid.set_filter("shed")
        grid.set_filter("")
        grid.action_next_match()
        assert grid.selected_item is not None
        assert grid.selected_item.node == "shed"
        first = grid.selected_key
        grid.action_next_match()
        grid.action_previous_match()
        assert grid.selected_key == first


async def test_a_changed_cell_lights_up_and_goes_out() -> None:
    now = [0.0]
    grid = make(3, flash=True, clock=lambda: now[0])
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        changed = rows(3)
        changed[1] = replace(changed[1], load=50)
        grid.set_items(changed, key)
        await pilot.pause()

        def ground(y: int, x: int) -> object:
            strip = grid.render_line(y).crop(x, x + 1)
            style = next(iter(strip)).style
            assert style is not None
            return style.bgcolor

        plain = ground(3, grid.size.width - 2)
        lit = ground(2, grid.size.width - 2)
        assert lit != plain
        now[0] = 1.0
        grid._fade()
        assert ground(2, grid.size.width - 2) not in (plain, lit)
        now[0] = 2.0
        grid._fade()
        assert ground(2, grid.size.width - 2) == plain


async def test_stale_rows_are_dim_but_there() -> None:
    grid = make(3)
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        fresh = {segment.style for segment in grid.render_line(2)}
        grid.stale = True
        await pilot.pause()
        old = {segment.style for segment in grid.render_line(2)}
        assert fresh.isdisjoint(old)
        assert widget_text(grid)[2].startswith("  pod-001")


@pytest.mark.parametrize("theme", ["pointsman-dark", "pointsman-light", "pointsman-16"])
async def test_every_theme_draws_a_cursor_that_differs(theme: str) -> None:
    grid = make(3)
    app = Bench(grid, theme=theme)
    async with app.run_test(size=SIZE) as pilot:
        grid.focus()
        await pilot.pause()
        styles = [next(iter(grid.render_line(y).crop(4, 5))).style for y in (1, 2)]
        assert styles[0] != styles[1]
        assert all(line.strip() for line in widget_text(grid)[:4])


async def test_without_colour_the_cursor_is_reversed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    grid = make(3)
    app = Bench(grid, theme="pointsman-16")
    async with app.run_test(size=SIZE) as pilot:
        grid.focus()
        await pilot.pause()
        cursor = next(iter(grid.render_line(1).crop(4, 5))).style
        assert cursor is not None
        assert cursor.reverse


async def test_the_ascii_set_draws_ascii() -> None:
    glyphs.use(ascii=True)
    grid = make(30)
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        grid.sort_by("load")
        grid.action_toggle_mark()
        await pilot.pause()
        assert all(line.isascii() for line in widget_text(grid))
        assert any("#" in line[-1] for line in widget_text(grid))  # the scrollbar too


async def test_tiny_terminals_do_not_break_it() -> None:
    grid = make(30)
    app = Bench(grid)
    async with app.run_test(size=(20, 5)) as pilot:
        await pilot.pause()
        for size in ((1, 1), (3, 2), (200, 60), (20, 5)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert widget_text(grid)[1].startswith("▌ pod")


async def test_a_long_list_is_searched_in_slices_and_the_app_goes_on() -> None:
    grid = make(60_000)
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        grid.set_filter("pod-59")
        assert grid.searching
        assert len(grid.model) == 60_000  # the old rows stay until it is done
        grid.action_cursor_down()
        assert grid.selected_key == "pod-001"
        grid.set_filter("pod-599")  # typed on: the first search is dropped, what it read is kept
        grid.set_items(rows(60_001), key)  # and data comes meanwhile
        for _ in range(2000):
            if not grid.searching:
                break
            await pilot.pause(0.005)
        expected = sum(1 for row in rows(60_001) if "pod-599" in row.name)
        assert len(grid.model) == expected
        assert grid.model.filter_text == "pod-599"
        assert grid.model.counters.rows_searched <= 60_001


async def test_a_frame_is_few_bytes_and_a_changed_row_very_few() -> None:
    grid = make(100)
    app = Bench(grid)
    async with app.run_test(size=(120, 40)) as pilot:
        grid.focus()
        await pilot.pause()
        strips = grid.render_lines(Region(0, 0, *grid.size))
        sizes = [len(strip.render(app.console).encode()) for strip in strips]
        assert sum(sizes) <= 12_000
        assert max(sizes) <= 450
        assert max(len(strip) for strip in strips) <= 8  # segments: every one carries its own escape sequence


async def test_what_came_while_it_was_hidden_is_there_when_it_is_shown() -> None:
    grid = make(3)
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        grid.display = False
        await pilot.pause()
        grid.set_items([Row("new"), *rows(60)], key)
        grid.stale = True
        await pilot.pause()
        grid.display = True
        await pilot.pause()
        await pilot.pause()
        assert widget_text(grid)[1].startswith("▌ new")
        grid.action_bottom()
        await pilot.pause()
        assert widget_text(grid)[-1].startswith("▌ pod-059")


async def test_a_row_selected_before_it_is_on_screen_is_in_view() -> None:
    grid = make(500)
    assert grid.select("pod-321")
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert grid.selected_key == "pod-321"
        assert any(line.startswith("▌ pod-321") for line in widget_text(grid))
