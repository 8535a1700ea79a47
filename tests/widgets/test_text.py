"""Hostile text is shown, not obeyed, and every cut is seen."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.widgets import glyphs
from pointsman.widgets.text import (
    clean,
    clean_lines,
    fit,
    shorten_end,
    shorten_middle,
    take_left,
    take_right,
    width,
    wrap,
)

anything = st.text(st.characters(codec=None), max_size=60)


@given(anything)
def test_clean_text_has_nothing_a_terminal_or_a_reader_would_obey(text: str) -> None:
    for character in clean(text):
        assert unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"}
        assert unicodedata.bidirectional(character) not in {
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        }
        assert character not in "\u200b\u200c\u200d\u200e\u200f\ufeff\u2060"


@given(anything)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(
    anything,
    st.integers(0, 40),
    st.sampled_from(["left", "right", "center"]),
    st.sampled_from(["middle", "end", "none"]),
)
def test_fit_is_exact_for_any_text(text: str, cells: int, align: str, how: str) -> None:
    assert width(fit(clean(text), cells, align, how)) == cells  # type: ignore[arg-type]


@given(anything, st.integers(1, 30))
def test_wrapped_lines_fit_and_lose_no_letter(text: str, cells: int) -> None:
    safe = clean(text)
    lines = wrap(safe, cells)
    assert "".join(lines).replace(" ", "") == safe.replace(" ", "")
    assert all(width(line) <= max(cells, 2) for line in lines)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\x1b[31mred", "a␛[31mred"),
        ("a\nb\rc", "a␊b␍c"),
        ("tab\tbed", "tab bed"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("zero\u200bwidth", "zero\ufffdwidth"),
        ("\ud800", "\ufffd"),
        ("del\x7f c1\x9b", "del␡ c1\ufffd"),
        ("heart❤\ufe0f", "heart❤"),
    ],
)
def test_control_characters_become_visible(raw: str, shown: str) -> None:
    assert clean(raw) == shown


def test_the_ascii_set_keeps_everything_in_ascii() -> None:
    glyphs.use(ascii=True)
    assert clean("é\x1b日\u202e") == "e???"
    assert clean("● ok · ▲ – “x” → 3…") == '* ok . ! - "x" > 3~'
    assert shorten_middle("jellyfin-server", 9) == "jell~rver"


def test_a_huge_name_is_cut_and_says_so() -> None:
    shown = clean("x" * 100_000)
    assert len(shown) == 4096
    assert shown.endswith("…")


def test_a_pile_of_marks_is_trimmed() -> None:
    assert len(clean("e" + "\u0301" * 500 + "x")) <= 5


def test_names_are_shortened_in_the_middle() -> None:
    assert shorten_middle("minecraft-bedrock-server", 12) == "minecr…erver"
    assert shorten_middle("short", 12) == "short"
    assert width(shorten_middle("日本語テスト", 7)) <= 7
    assert shorten_middle("abc", 1) == "…"
    assert shorten_middle("abc", 0) == ""


def test_sentences_are_cut_at_the_end_with_a_mark() -> None:
    assert shorten_end("no rule allows it", 8) == "no rule…"


def test_half_a_wide_character_is_never_taken() -> None:
    assert take_left("日本", 3) == "日"
    assert take_right("日本", 3) == "本"


def test_lines_are_split_before_they_are_cleaned() -> None:
    assert clean_lines("a\r\nb\tc\x1b\rd") == ["a", "b    c␛", "d"]
