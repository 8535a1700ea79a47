"""Columns in any room: nothing overlaps, what is wanted most stays, and spare room is shared out to the last cell."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pointsman.widgets.cells import Column
from pointsman.widgets.gridlayout import GUTTER, lay_out

column = st.builds(
    lambda key, width, flex, priority, least, title: Column(
        key, title, str, width=width, flex=flex, priority=priority, min_terminal_width=least
    ),
    st.uuids().map(str),
    st.one_of(st.none(), st.integers(1, 30)),
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from([0, 0, 0, 100, 160]),
    st.sampled_from(["", "a", "announcer"]),
)


@given(st.lists(column, min_size=1, max_size=8), st.integers(1, 300), st.booleans())
def test_any_columns_in_any_room(columns: list[Column[object]], room: int, wide: bool) -> None:
    layout = lay_out(columns, room, room, {}, wide=wide)
    at = GUTTER
    for place in layout.placements:
        assert place.x >= at
        assert place.width >= 1
        at = place.x + place.width
    assert at == layout.width or not layout.placements
    shown = {place.index for place in layout.placements}
    assert {columns[index].key for index in range(len(columns)) if index not in shown} == set(layout.hidden)
    if wide:
        assert len(shown) == len(columns)
        return
    for index, each in enumerate(columns):
        if each.min_terminal_width == each.priority == 0:
            assert index in shown
        if room < each.min_terminal_width:
            assert index not in shown
    if layout.width > room:  # only what never goes is left
        assert all(columns[index].priority == columns[index].min_terminal_width == 0 for index in shown)
    elif any(columns[index].flex and columns[index].width is None for index in shown):
        assert layout.width == room


def test_the_least_wanted_column_goes_first() -> None:
    columns = [
        Column(name, name, str, width=10, priority=priority) for name, priority in (("a", 0), ("b", 2), ("c", 1))
    ]
    assert lay_out(columns, 40, 120, {}).hidden == ()
    assert lay_out(columns, 30, 120, {}).hidden == ("b",)
    assert lay_out(columns, 20, 120, {}).hidden == ("b", "c")
    assert lay_out(columns, 5, 120, {}).hidden == ("b", "c")


def test_on_a_narrow_screen_gaps_shrink_before_a_column_goes() -> None:
    columns = [Column(name, name, str, width=10, priority=1) for name in "abc"]
    assert lay_out(columns, 34, 80, {}).hidden == ()
    assert lay_out(columns, 34, 120, {}).hidden == ("c",)


def test_flex_shares_in_proportion() -> None:
    columns = [Column("a", "a", str, flex=1, min_width=5), Column("b", "b", str, flex=3, min_width=5)]
    layout = lay_out(columns, GUTTER + 12 + 40, 120, {})
    assert [place.width for place in layout.placements] == [15, 35]


def test_spare_room_goes_first_where_cells_need_it() -> None:
    columns = [Column(name, name, str, flex=1, min_width=5) for name in "ab"]
    layout = lay_out(columns, GUTTER + 12 + 20, 120, {"a": 6, "b": 22})
    assert [place.width for place in layout.placements] == [7, 23]
    layout = lay_out(columns, GUTTER + 12 + 10, 120, {"a": 40, "b": 40})
    assert [place.width for place in layout.placements] == [10, 10]


def test_self_sizing_columns_follow_what_was_seen_up_to_a_bound() -> None:
    columns = [Column("a", "name", str, value=str, max_width=12)]
    assert lay_out(columns, 80, 80, {}).placements[0].width == 6  # title and room for the arrow
    assert lay_out(columns, 80, 80, {"a": 9}).placements[0].width == 9
    assert lay_out(columns, 80, 80, {"a": 90}).placements[0].width == 12


def test_the_column_under_the_mouse() -> None:
    columns = [Column(name, name, str, width=5) for name in "ab"]
    layout = lay_out(columns, 80, 120, {})
    assert layout.column_at(0) == 0
    assert layout.column_at(GUTTER + 6) == 0
    assert layout.column_at(GUTTER + 7) == 1
    assert layout.column_at(70) == 1
    assert lay_out([], 80, 120, {}).column_at(3) is None


def test_a_column_of_short_cells_leaves_its_room_to_those_that_are_cut() -> None:
    columns = [
        Column("ports", "ports", str, flex=1, min_width=9),
        Column("problems", "problems", str, flex=4, min_width=24),
    ]
    seen = {"ports": 20, "problems": 0}
    widths = {columns[place.index].key: place.width for place in lay_out(columns, 40, 120, seen).placements}
    assert widths["ports"] >= 20
    assert widths["problems"] >= len("problems")
    assert lay_out(columns, 37, 120, {}).width == 37  # nothing seen yet: as wide as its author wants it


def test_a_narrow_column_comes_back_where_a_wide_one_had_to_go_too() -> None:
    columns = [
        Column("name", "", str, width=10),
        Column("free", "", str, width=6, priority=7),
        Column("ranges", "", str, width=30, priority=4),
    ]
    assert lay_out(columns, 50, 120, {}).hidden == ("free",)
    assert lay_out(columns, 40, 120, {}).hidden == ("ranges",)
    assert lay_out(columns, 18, 120, {}).hidden == ("free", "ranges")
