"""A stream in a ring: the same as a bounded deque, for any history, with a reader's place that holds."""

from __future__ import annotations

from collections import deque

from hypothesis import given, settings
from hypothesis import strategies as st
from widgetbench import Bench, widget_text

from pointsman.widgets.cells import Column
from pointsman.widgets.grid import Grid
from pointsman.widgets.tailmodel import TailModel


def make(capacity: int) -> TailModel[int]:
    return TailModel([Column("n", "n", lambda row: f"row {row}", width=12)], capacity)


def view(model: TailModel[int]) -> list[int]:
    return [model.item_at(index) for index in range(len(model))]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(0, 25)),
        st.tuples(st.just("filter"), st.sampled_from(["", "1", "row 2", "!3"])),
        st.tuples(st.just("clear"), st.just(0)),
        st.tuples(st.just("move"), st.integers(0, 30)),
        st.tuples(st.just("follow"), st.just(0)),
    ),
    max_size=25,
)


@settings(max_examples=200)
@given(st.integers(1, 12), steps)
def test_any_history_equals_a_bounded_deque(capacity: int, history: list[tuple[str, int | str]]) -> None:
    model = make(capacity)
    kept: deque[int] = deque(maxlen=capacity)
    count = 0
    typed = ""
    for what, value in history:
        was = model.selected_item
        followed = model.following
        if what == "append":
            assert isinstance(value, int)
            batch = list(range(count, count + value))
            count += value
            kept.extend(batch)
            model.append(batch)
            if not followed and was is not None and was in view(model):
                assert model.selected_item == was
        elif what == "filter":
            typed = str(value)
            model.set_filter(typed)
        elif what == "clear":
            kept.clear()
            model.clear()
        elif what == "move":
            model.move_to(int(value))
        else:
            model.follow()
        word, negate = typed.lstrip("!"), typed.startswith("!")
        words = word.split()
        expected = [row for row in kept if all((part in f"row {row}") is not negate for part in words)]
        assert view(model) == expected
        assert model.total == len(kept)
        assert (model.cursor == -1) == (not expected)
        assert -1 <= model.cursor < max(1, len(expected))
        if model.following and expected:
            assert model.cursor == len(expected) - 1
        for index in range(len(model)):
            assert model.index_of(model.key_at(index)) == index


def test_only_new_rows_meet_the_filter() -> None:
    model = make(1000)
    model.append(range(500))
    model.set_filter("row")
    searched = model.counters.rows_searched
    assert searched == 500
    assert model.append(range(500, 510)) == 10
    assert model.counters.rows_searched == searched + 10
    assert model.counters.rows_formatted == 0


def test_rows_that_come_and_go_while_a_filter_is_applied_in_steps() -> None:
    model = make(3000)
    model.append(range(3000))
    steps = model.filter_steps("7")
    next(steps)
    model.append(range(3000, 5000))  # pushes out what was just searched
    for _ in steps:
        pass
    assert view(model) == [row for row in range(2000, 5000) if "7" in str(row)]
    model.append(range(5000, 5010))
    assert view(model)[-1] == 5007


def test_rows_that_arrive_while_reading_are_counted() -> None:
    model = make(100)
    model.append(range(10))
    assert model.newer == 0
    model.move_to(3)
    assert not model.following
    model.append(range(10, 17))
    assert model.newer == 7
    assert model.selected_item == 3
    model.follow()
    assert model.newer == 0
    assert model.selected_item == 16


def test_marks_end_with_their_rows() -> None:
    model = make(5)
    model.append(range(5))
    model.toggle_mark(model.key_at(0))
    model.toggle_mark(model.key_at(4))
    model.append(range(5, 8))
    assert model.marks == {4}


async def test_a_grid_follows_and_a_reader_keeps_the_place() -> None:
    model = make(50)
    grid = Grid(model)
    app = Bench(grid)
    async with app.run_test(size=(30, 11)) as pilot:
        model.append(range(50))
        grid.changed()
        await pilot.pause()
        assert widget_text(grid)[-1].startswith("▌ row 49")
        model.append(range(50, 60))
        grid.changed()
        await pilot.pause()
        assert widget_text(grid)[-1].startswith("▌ row 59")
        for _ in range(12):
            grid.action_cursor_up()
        await pilot.pause()
        before = [line[:-1] for line in widget_text(grid)]  # without the scrollbar
        formatted = model.counters.rows_formatted
        for start in range(60, 85, 5):
            model.append(range(start, start + 5))
            grid.changed()
            await pilot.pause()
            assert [line[:-1] for line in widget_text(grid)] == before
        assert model.counters.rows_formatted == formatted  # rows off screen cost nothing
        grid.action_bottom()
        await pilot.pause()
        assert widget_text(grid)[-1].startswith("▌ row 84")
        model.append(range(85, 86))
        grid.changed()
        await pilot.pause()
        assert widget_text(grid)[-1].startswith("▌ row 85")


async def test_scrolling_up_with_the_wheel_stops_following() -> None:
    model = make(200)
    grid = Grid(model)
    app = Bench(grid)
    async with app.run_test(size=(30, 11)) as pilot:
        model.append(range(100))
        grid.changed()
        await pilot.pause()
        grid.scroll_to(y=40, animate=False)
        await pilot.pause()
        assert not model.following
        model.append(range(100, 120))
        grid.changed()
        await pilot.pause()
        assert widget_text(grid)[1].startswith("  row 40")
        assert model.newer == 20
