"""The rows of a table: order, filter, cursor by identity, and how little work each change costs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.widgets.cells import Cell, Column, fit_parts
from pointsman.widgets.filtering import FilterError, parse
from pointsman.widgets.gridmodel import GridModel
from pointsman.widgets.text import width


@dataclass(frozen=True)
class Row:
    name: str
    node: str = "loft"
    size: int | None = 0


def columns() -> list[Column[Row]]:
    return [
        Column("name", "name", lambda row: row.name, value=lambda row: row.name, flex=1),
        Column("node", "node", lambda row: Cell(row.node, "dim"), value=lambda row: row.node),
        Column("size", "Size!", lambda row: str(row.size), value=lambda row: row.size, align="right"),
        Column("sign", "", lambda row: Cell.join(("●", "ok"), " ok")),
    ]


def model(*rows: Row) -> GridModel[Row]:
    made = GridModel(columns())
    made.set_items(rows, key=lambda row: row.name)
    return made


def names(made: GridModel[Row]) -> list[str]:
    return [row.name for row in made.view_items()]


ABC = (Row("a", "shed", 3), Row("b", "loft", 1), Row("c", "loft", None), Row("d", "shed", 1))


def test_rows_come_in_the_order_given_until_sorted() -> None:
    made = model(*ABC)
    assert names(made) == ["a", "b", "c", "d"]
    made.sort_by("size")
    assert names(made) == ["b", "d", "a", "c"]  # equal sizes keep their order, unknown is last
    made.sort_by("size")
    assert names(made) == ["a", "b", "d", "c"]  # also when turned around
    made.sort_by(None)
    assert names(made) == ["a", "b", "c", "d"]


def test_a_column_without_a_value_does_not_sort() -> None:
    made = model(*ABC)
    assert made.sort_by("sign") is False
    assert made.sort_key is None


def test_values_of_several_types_still_sort() -> None:
    made = GridModel([Column("v", "v", str, value=lambda row: row)])
    made.set_items(("b", 2, "a", 1, None), key=lambda row: row)
    made.sort_by("v")
    assert made.view_items() == [1, 2, "a", "b", None]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", "abcd"),
        ("LOFT", "bc"),
        ("!loft", "ad"),
        ("shed 1", "d"),
        ("node:shed", "ad"),
        ("!node:shed", "bc"),
        ("size:none", "c"),
        ('"● ok"', "abcd"),
        ("/^[ab]$/", "ab"),
        ("!/^[ab]$/", "cd"),
        ("-f sd", "ad"),
        ("-f zz", ""),
        ("!", "abcd"),
        ("node:", "abcd"),
        ("web:loft", ""),
        ("size!:1", "bd"),
        ("NODE:loft", "bc"),
        ("|", "abcd"),
        ("loft|3", "abc"),
        ("!loft|3", "d"),
        ("name:b|c|", "bc"),
    ],
)
def test_filter_words(typed: str, kept: str) -> None:
    made = model(*ABC)
    made.set_filter(typed)
    assert "".join(names(made)) == kept
    assert made.total == 4


def test_a_filter_that_cannot_be_understood_keeps_the_old_one() -> None:
    made = model(*ABC)
    made.set_filter("loft")
    with pytest.raises(FilterError, match="not a regular expression"):
        made.set_filter("/[/")
    assert names(made) == ["b", "c"]
    assert made.filter_text == "loft"


def test_a_screen_can_add_words() -> None:
    made = GridModel(columns(), words={"-s": lambda word: lambda row: row.size == int(word)})
    made.set_items(ABC, key=lambda row: row.name)
    made.set_filter("-s 1 loft")
    assert names(made) == ["b"]
    made.set_filter("-s")
    assert len(made) == 4


def test_predicates_add_up_and_go_away() -> None:
    made = model(*ABC)
    made.set_predicate(lambda row: row.node == "shed", "namespace")
    made.set_predicate(lambda row: row.size == 1, "problems")
    assert names(made) == ["d"]
    made.set_predicate(None, "namespace")
    assert names(made) == ["b", "d"]


def test_the_cursor_stays_on_its_row() -> None:
    made = model(*ABC)
    made.select("c")
    made.set_items((Row("0"), Row("00"), *ABC), key=lambda row: row.name)
    assert made.selected == "c"
    assert made.cursor == 4
    made.sort_by("name", reverse=True)
    assert made.selected == "c"


def test_when_the_row_vanishes_the_neighbour_is_taken() -> None:
    made = model(*ABC)
    made.select("b")
    made.set_items((ABC[0], ABC[3]), key=lambda row: row.name)
    assert made.selected == "d"
    made.set_items((ABC[0],), key=lambda row: row.name)
    assert made.selected == "a"
    made.set_items((), key=lambda row: row.name)
    assert made.selected is None
    assert made.cursor == -1


def test_an_empty_moment_does_not_lose_the_row() -> None:
    made = model(*ABC)
    made.select("c")
    made.set_filter("nothing has this")
    assert made.selected is None
    made.set_filter("")
    assert made.selected == "c"


def test_before_the_user_moves_the_cursor_stays_on_top() -> None:
    made = model(Row("m"))
    made.set_items((Row("a"), Row("m")), key=lambda row: row.name)
    assert made.selected == "a"


def test_two_rows_with_one_key_do_not_break_it() -> None:
    made = GridModel(columns())
    made.set_items([Row("a", size=1), Row("b"), Row("a", size=2)], key=lambda row: row.name)
    assert [(row.name, row.size) for row in made.view_items()] == [("a", 2), ("b", 0)]


def test_next_match_works_with_the_last_filter_after_it_was_closed() -> None:
    made = model(*ABC)
    made.set_filter("loft")
    made.set_filter("")
    made.move_to(0)
    found = []
    for _ in range(3):
        index = made.next_match()
        assert index is not None
        made.move_to(index)
        found.append(made.selected)
    assert found == ["b", "c", "b"]
    index = made.next_match(-1)
    assert index is not None
    assert made.key_at(index) == "c"


def test_marks_follow_identity_and_end_with_the_row() -> None:
    made = model(*ABC)
    made.toggle_mark("b")
    made.mark_range("d")
    assert made.marks == {"b", "c", "d"}
    made.set_items(ABC[:2], key=lambda row: row.name)
    assert made.marks == {"b"}
    made.clear_marks()
    assert not made.marks


def test_typing_a_filter_neither_sorts_nor_formats_and_searches_each_row_once() -> None:
    rows = [Row(f"pod-{number}", size=number) for number in range(1000)]
    made = model(*rows)
    made.sort_by("size", reverse=True)
    made.set_filter("p")
    made.set_filter("pod-9")
    made.set_filter("pod-99")
    assert len(made) == 11
    assert made.counters.sorts == 1
    assert made.counters.rows_searched == 1000
    assert made.counters.rows_formatted == 0


def test_a_replaced_list_searches_only_the_rows_that_changed() -> None:
    rows = [Row(f"pod-{number}") for number in range(1000)]
    made = model(*rows)
    made.set_filter("pod")
    rows[7] = replace(rows[7], node="shed")
    made.set_items([*rows], key=lambda row: row.name)
    assert made.counters.rows_searched == 1001


def test_an_equal_list_changes_nothing() -> None:
    made = model(*ABC)
    version = made.version
    assert made.set_items([replace(row) for row in ABC], key=lambda row: row.name) is False
    assert made.version == version


def test_an_equal_row_is_not_formatted_again() -> None:
    made = model(*ABC)
    made.cells_at(0)
    made.set_items([replace(row) for row in ABC], key=lambda row: row.name)
    made.cells_at(0)
    assert made.counters.rows_formatted == 1
    made.touch()
    made.cells_at(0)
    assert made.counters.rows_formatted == 2


def test_cells_are_clean() -> None:
    made = model(Row("a\x1b[31m\u202e"))
    assert made.cells_at(0)[0].plain == "a␛[31m\ufffd"


row_lists = st.lists(
    st.builds(Row, st.sampled_from("abcdefghij"), st.sampled_from(["loft", "shed"]), st.integers(0, 3)),
    unique_by=lambda row: row.name,
    max_size=10,
)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(row_lists, st.sampled_from(["", "l", "lo", "loft", "!loft", "a", "1"])), min_size=1, max_size=6)
)
def test_any_history_gives_the_view_of_a_fresh_model(history: list[tuple[list[Row], str]]) -> None:
    made = GridModel(columns())
    made.sort_by("size")
    for rows, typed in history:
        made.set_items(rows, key=lambda row: row.name)
        made.set_filter(typed)
        fresh = GridModel(columns())
        fresh.set_items(rows, key=lambda row: row.name)
        fresh.sort_by("size")
        fresh.set_filter(typed)
        assert names(made) == names(fresh)
        assert (made.cursor == -1) == (len(made) == 0)
        assert -1 <= made.cursor < max(1, len(made))


@given(st.text('abc !/"-f:', max_size=12), st.text('abc !/"-f:', max_size=12))
def test_narrowing_is_never_claimed_falsely(old_text: str, new_text: str) -> None:
    try:
        old, new = parse(old_text, ["a"]), parse(new_text, ["a"])
    except FilterError:
        return
    made = GridModel([Column("a", "a", str)])
    rows = ["", "a", "ab", "abc", "cab", "b/a", "f", "a b", "-f", "!a"]
    if new.narrows(old):
        for row in rows:
            assert not made.matches(row, new) or made.matches(row, old)


@given(st.lists(st.tuples(st.text("ab日…é", max_size=6), st.sampled_from(["", "ok"])), max_size=4), st.integers(0, 12))
def test_parts_fit_exactly(parts: list[tuple[str, str]], cells: int) -> None:
    for align in ("left", "right"):
        for how in ("middle", "end", "none"):
            fitted = fit_parts(tuple(parts) or (("", ""),), cells, align, how)  # type: ignore[arg-type]
            assert sum(width(text) for text, _ in fitted) == cells


def test_shortened_parts_keep_their_styles() -> None:
    parts = (("games/", "dim"), ("minecraft-bedrock-server", ""))
    assert fit_parts(parts, 16) == [("games/", "dim"), ("mi", ""), ("…", "dim"), ("-server", "")]


def test_highlights_are_where_the_words_are() -> None:
    assert parse("lo !x").spans("Loft lo") == [(0, 2), (5, 7)]
    assert parse("/[0-9]+/").spans("a12 b3") == [(1, 3), (5, 6)]
    assert parse("i").spans("İ i") == []  # a letter that changes length in lower case
