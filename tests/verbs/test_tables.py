"""Plain tables: whole to a pipe, fitted to a terminal, coloured only where asked, harmless always."""

from __future__ import annotations

import io
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.views.tables import Head, Paper, Table, paper, print_lines
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell
from pointsman.widgets.text import width

SGR = re.compile("\x1b\\[[0-9;]*m")


def table() -> Table:
    found = Table((Head("name", shrink=1, least=6), Head("count", "right"), Head("note", shrink=2, least=8, drop=1)))
    found.add(Cell("jellyfin", "bold"), "7", "serves films to the whole house")
    found.add(Cell("минио", "bold"), "1,024", Cell("ok", "ok"))
    return found


def test_whole_where_there_is_no_width() -> None:
    assert table().lines(Paper()) == [
        "NAME      COUNT  NOTE",
        "jellyfin      7  serves films to the whole house",
        "минио     1,024  ok",
    ]


def test_fitted_to_a_width_and_a_column_dropped_at_last() -> None:
    assert table().lines(Paper(30))[1].endswith(glyphs.current.ellipsis)
    for cells in range(13, 60):
        lines = table().lines(Paper(cells))
        assert all(width(line) <= cells for line in lines), cells
    assert "NOTE" not in table().lines(Paper(16))[0]


def test_colours_only_on_coloured_paper() -> None:
    plain, coloured = table().lines(Paper(80)), table().lines(Paper(80, color=True))
    assert not any("\x1b" in line for line in plain)
    assert "\x1b[1mjellyfin\x1b[0m" in coloured[1]
    assert [SGR.sub("", line).rstrip() for line in coloured] == [line.rstrip() for line in plain]


def test_a_column_without_a_word_is_left_out() -> None:
    found = Table((Head("a"), Head("b")))
    found.add("x", "")
    assert found.lines(Paper()) == ["A", "x"]


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=200)), min_size=1, max_size=4), st.integers(20, 90))
def test_any_text_stays_on_its_line(rows: list[tuple[str, str]], cells: int) -> None:
    found = Table((Head("a", shrink=1, least=4), Head("b", shrink=2, least=4)))
    for row in rows:
        found.add(*row)
    lines = found.lines(Paper(cells))
    assert len(lines) == len(rows) + 1
    assert all(unicodedata.category(letter) not in ("Cc", "Zl", "Zp") for line in lines for letter in line)
    assert all(width(line) <= cells for line in lines)


class Tty(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


def test_the_paper_follows_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    monkeypatch.setenv("TERM", "xterm")
    try:
        assert paper(io.StringIO()) == Paper()
        assert paper(Tty()) == Paper(90, True)
        assert paper(Tty(), no_color=True) == Paper(90, False)
        monkeypatch.setenv("TERM", "dumb")
        assert not paper(Tty()).color
        paper(Tty(), ascii=True)
        assert glyphs.current.ascii
        latin = Tty()
        latin.encoding = "iso8859-1"  # type: ignore[misc]
        paper(latin)
        assert glyphs.current.ascii
    finally:
        glyphs.use()


def test_what_the_encoding_cannot_carry_is_replaced() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    print_lines(["минио → x"], stream)
    assert raw.getvalue() == b"????? ? x\n"
