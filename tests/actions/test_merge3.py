"""Two texts made of one are put together line by line; what both changed is marked, nothing is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.actions.merge3 import BETWEEN, MINE, THEIRS, merge_text

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\n", "e\n"]), max_size=8).map("".join)


@given(LINES, LINES)
def test_one_change_alone_is_taken(base: str, changed: str) -> None:
    assert merge_text(base, changed, base) == (changed, 0)
    assert merge_text(base, base, changed) == (changed, 0)
    assert merge_text(base, changed, changed) == (changed, 0)


@given(LINES, LINES, LINES)
def test_nothing_that_was_typed_is_lost(base: str, mine: str, theirs: str) -> None:
    text, clashes = merge_text(base, mine, theirs)
    assert text.count(MINE) == text.count(BETWEEN) == text.count(THEIRS) == clashes
    found = text.splitlines()
    for side in (mine, theirs):
        for line in set(side.splitlines()) - set(base.splitlines()):
            assert line in found, "a line that somebody added is there"


@given(st.lists(LINES, min_size=1, max_size=3), st.lists(LINES, min_size=1, max_size=3))
def test_changes_far_apart_do_not_meet(first: list[str], second: list[str]) -> None:
    wall = "".join(f"{number}\n" for number in range(4))
    base = f"{first[0]}{wall}{second[0]}"
    mine = f"{first[-1]}{wall}{second[0]}"
    theirs = f"{first[0]}{wall}{second[-1]}"
    assert merge_text(base, mine, theirs) == (f"{first[-1]}{wall}{second[-1]}", 0)


def test_both_at_one_place_are_marked_with_both_sides() -> None:
    text, clashes = merge_text("a\nport: 1\nb\n", "a\nport: 2 # mine\nb\n", "a\nport: 3\nb\n")
    assert clashes == 1
    assert text == f"a\n{MINE}\nport: 2 # mine\n{BETWEEN}\nport: 3\n{THEIRS}\nb\n"
