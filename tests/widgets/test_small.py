"""Sparklines, bars, ribbons, pills and facts: right at the edges, and readable without colour or Unicode."""

from __future__ import annotations

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.widgets import glyphs
from pointsman.widgets.bars import usage_bar
from pointsman.widgets.cells import Cell, wrap_cell
from pointsman.widgets.keyvalue import keyvalue_lines
from pointsman.widgets.pill import STATES, pill, sign, source
from pointsman.widgets.ribbon import Hold, legend, ribbon, shades
from pointsman.widgets.sparkline import sparkline
from pointsman.widgets.text import width

samples = st.lists(st.one_of(st.none(), st.floats()), max_size=40)


@given(samples, st.integers(0, 30), st.booleans())
def test_a_sparkline_is_as_wide_as_asked(values: list[float | None], cells: int, braille: bool) -> None:
    assert width(sparkline(values, cells, braille=braille).plain) == cells


def test_a_sparkline_tells_zero_little_much_and_unknown_apart() -> None:
    assert sparkline([0, 1, 1000, None, nan], 6).plain == " ▁▂█··"
    assert sparkline([5, 10], 2, ceiling=10).plain == "▅█"
    assert sparkline([0, 0], 2).plain == "▁▁"
    assert sparkline([], 3).plain == "   "
    assert sparkline([1, 2, 3, 4], 2).plain == "▆█"  # the newest
    glyphs.use(ascii=True)
    assert sparkline([0, 4, 8], 3, braille=True).plain == "_=#"


def test_braille_holds_two_values_a_cell() -> None:
    assert sparkline([0, 4], 1, braille=True).plain == chr(0x2800 + 0x40 + 0x80 + 0x20 + 0x10 + 0x08)
    assert sparkline([None, None], 1, braille=True).plain == "\u2800"


@pytest.mark.parametrize(
    ("used", "total", "shown", "style"),
    [
        (0, 10, "▁▁▁▁▁▁▁▁▁▁ 0/10", "bar-free"),
        (1, 1510, "▇▁▁▁▁▁▁▁▁▁ 1/1,510", "bar-used"),
        (9, 10, "▇▇▇▇▇▇▇▇▇▁ 9/10", "bar-warn"),
        (999, 1000, "▇▇▇▇▇▇▇▇▇▁ 999/1,000", "bar-warn"),
        (10, 10, "▇▇▇▇▇▇▇▇▇▇ 10/10", "bar-full"),
        (11, 10, "▇▇▇▇▇▇▇▇▇▇ 11/10", "bar-full"),
        (0, 0, "▇▇▇▇▇▇▇▇▇▇ 0/0", "bar-full"),
        (3, None, "3/?", ""),
    ],
)
def test_a_bar_never_says_full_or_empty_when_it_is_not(used: int, total: int | None, shown: str, style: str) -> None:
    cell = usage_bar(used, total)
    assert cell.plain == shown
    if style:
        assert style in {words for _, words in cell.segments()}


def test_a_bar_in_percent_and_bare() -> None:
    assert usage_bar(1, 4, 4, label="percent").plain == "▇▁▁▁  25 %"
    assert usage_bar(1, 4, 4, label="none").plain == "▇▁▁▁"
    glyphs.use(ascii=True)
    assert usage_bar(1, 4, 4).plain == "#... 1/4"


def test_a_ribbon_shows_holders_gaps_and_what_is_not_known() -> None:
    shade = shades(["shed", "loft"])
    assert shade == {"loft": 1, "shed": 2}
    holds = [Hold(10, 40, "shed"), Hold(40, 41, None), Hold(41, 100, "loft")]
    cell = ribbon(holds, 0, 100, 10, shade)
    assert cell.segments() == (("·", "dim"), ("▆▆▆", "node-2"), ("▁", "error"), ("▆▆▆▆▆", "node-1"))


def test_a_short_outage_or_move_is_not_averaged_away() -> None:
    shade = shades(["a", "b"])
    assert "▁" in ribbon([Hold(0, 50, "a"), Hold(50, 50.01, None), Hold(50.01, 100, "a")], 0, 100, 4, shade).plain
    cell = ribbon([Hold(0, 100, "a"), Hold(10, 12, "b")], 0, 100, 4, shade)
    assert cell.plain == "▚▆▆▆"
    assert {style for _, style in cell.segments()} == {"node-1"}


def test_what_is_only_told_is_a_thin_line_under_what_was_seen() -> None:
    shade = shades(["a", "b"])
    holds = [Hold(0, 100, "a", seen=False), Hold(50, 100, "a")]
    assert ribbon(holds, -25, 100, 5, shade).segments() == (("·", "dim"), ("──", "node-1"), ("▆▆", "node-1"))


def test_without_colour_shades_differ_by_texture_or_number() -> None:
    shade = shades("abcd")
    holds = [Hold(number, number + 1, name) for number, name in enumerate("abcd")]
    glyphs.use(colour=False)
    assert len(set(ribbon(holds, 0, 4, 4, shade).plain)) == 4
    glyphs.use(ascii=True)
    assert ribbon(holds, 0, 4, 4, shade).plain == "1234"
    assert legend(shade).plain == "1 a  2 b  3 c  4 d"


def test_more_holders_than_shades_wrap_around() -> None:
    assert max(shades(str(number) for number in range(30)).values()) == 9
    assert ribbon([Hold(0, 1, "stranger")], 0, 1, 1, {}).segments() == (("▆", "node-9"),)
    assert ribbon([], 0, 1, 0, {}).plain == ""
    assert ribbon([], 5, 5, 3, {}).plain == ""


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_a_sign_and_a_word(state: str) -> None:
    assert pill(state).plain == f"{sign(state)[0]} {state}"
    glyphs.use(ascii=True)
    assert pill(state).plain.isascii()


def test_pills() -> None:
    assert pill("stale", "old", "4m").plain == "◐ old 4m"
    assert pill("live", "").plain == "●"
    assert pill("from-the-future").plain == "? from-the-future"
    assert source("kube", "live", "0.2s").plain == "kube ● 0.2s"
    assert source("hubble", "absent").plain == "hubble ○ absent"


def test_facts_line_up_and_wrap_below_themselves() -> None:
    lines = keyvalue_lines([("pool", "lan"), ("announcer", "loft since 3 days, by lease"), ("", "more")], 24)
    assert [line.plain for line in lines] == [
        "pool       lan",
        "announcer  loft since 3",
        "           days, by",
        "           lease",
        "           more",
    ]


def test_facts_in_columns_are_exact_and_cut_with_a_mark() -> None:
    pairs = [(f"name{number}", "value " * 10) for number in range(5)]
    for cells in (20, 41, 80):
        for columns in (2, 3):
            for line in keyvalue_lines(pairs, cells, columns=columns):
                assert width(line.plain) <= max(cells, columns * 6)
    assert "…" in keyvalue_lines(pairs, 40, columns=2)[0].plain
    assert keyvalue_lines([], 40) == []


@given(
    st.lists(st.tuples(st.text("ab \x1b日", max_size=12), st.sampled_from(["", "ok"])), max_size=4), st.integers(2, 20)
)
def test_a_wrapped_cell_keeps_every_letter(parts: list[tuple[str, str]], cells: int) -> None:
    from pointsman.widgets.text import clean

    lines = wrap_cell(Cell(parts=tuple(parts)), cells, indent=1)
    plain = "".join(clean(text) for text, _ in parts)
    assert "".join(line.plain for line in lines).replace(" ", "") == plain.replace(" ", "")
    assert all(width(line.plain) <= cells + 1 for line in lines)
