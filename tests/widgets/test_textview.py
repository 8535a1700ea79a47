"""Text to read: bounded, wrapped, searched, followed, coloured line by line, and safe."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from widgetbench import Bench, widget_text

from pointsman.widgets.filtering import FilterError
from pointsman.widgets.highlight import YamlHighlighter, diff_line, log_line, yaml_line
from pointsman.widgets.text import width
from pointsman.widgets.textbuffer import TextBuffer, cut_spans
from pointsman.widgets.textview import TextView

SIZE = (40, 10)
lines_of_text = st.lists(st.text("ab 日…\t", max_size=30), max_size=12)


@settings(max_examples=100)
@given(st.lists(lines_of_text, max_size=5), st.integers(0, 9), st.integers(1, 30))
def test_rows_are_those_of_the_kept_lines(batches: list[list[str]], cells: int, most: int) -> None:
    buffer = TextBuffer(most)
    buffer.wrap(cells)
    total = 0
    for batch in batches:
        before = buffer.rows
        gone = buffer.extend(batch)
        total += len(batch)
        assert buffer.end == total
        assert len(buffer) <= most + most // 10
        assert buffer.rows >= before - gone
    expected = [
        (number, start, end)
        for number in range(buffer.first, buffer.end)
        for start, end in (cut_spans(buffer.line(number), cells) if cells else [(0, len(buffer.line(number)))])
    ]
    assert [buffer.at_row(row) for row in range(buffer.rows)] == expected
    assert buffer.at_row(buffer.rows) is None
    assert buffer.at_row(-1) is None
    if cells > 1:
        assert all(width(buffer.line(number)[start:end]) <= cells for number, start, end in expected)


def test_search_goes_on_while_lines_come() -> None:
    buffer = TextBuffer(10)
    buffer.extend(["one", "two", "One more"])
    buffer.search("one")
    assert buffer.matches == [0, 2]
    buffer.extend(["none"])
    assert buffer.matches == [0, 2, 3]
    buffer.search("One")  # a capital asks for it exactly
    assert buffer.matches == [2]
    buffer.search("/^t|e$/")
    assert buffer.matches == [0, 1, 2, 3]
    with pytest.raises(FilterError):
        buffer.search("/(/")
    assert buffer.next_match(0, 1) == 1
    assert buffer.next_match(3, 1) == 0
    assert buffer.next_match(0, -1) == 3
    buffer.extend(str(number) for number in range(30))
    assert all(number >= buffer.first for number in buffer.matches)


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_colouring_keeps_the_text(text: str) -> None:
    text = text.replace("\n", " ")
    for parts in (yaml_line(text), log_line(0, text), diff_line(0, text)):
        assert "".join(piece for piece, _ in parts) == text


@pytest.mark.parametrize(
    ("line", "styles"),
    [
        ("kind: Service", {"kind": "yaml-key", " Service": "yaml-string"}),
        ("  - name: web # main", {"name": "yaml-key", " # main": "yaml-comment"}),
        ("    port: 8080", {"port": "yaml-key", " 8080": "yaml-number"}),
        ("enabled: true", {" true": "yaml-bool"}),
        ("# note", {"# note": "yaml-comment"}),
        ("a.b/c-d: 'x: y # z'", {"a.b/c-d": "yaml-key", " 'x: y # z'": "yaml-string"}),
        ("- &anchor", {"&anchor": "yaml-anchor"}),
        ("image: nginx:1.27", {"image": "yaml-key", " nginx:1.27": "yaml-string"}),
        ("- 192.168.7.0/24", {"192.168.7.0/24": "yaml-string"}),
        ('"quoted key": 1', {'"quoted key"': "yaml-key", " 1": "yaml-number"}),
    ],
)
def test_yaml_words_have_their_tokens(line: str, styles: dict[str, str]) -> None:
    found = dict(yaml_line(line))
    for text, style in styles.items():
        assert found.get(text) == style, found


def test_a_block_scalar_is_one_string_until_it_ends() -> None:
    lines = ["data:", "  script: |", "    key: not a key", "", "    # not a comment", "  other: 1"]
    colour = YamlHighlighter(lines)
    assert colour(2, lines[2]) == ((lines[2], "yaml-string"),)
    assert colour(4, lines[4]) == ((lines[4], "yaml-string"),)
    assert ("other", "yaml-key") in colour(5, lines[5])


def test_log_levels_and_times() -> None:
    assert log_line(0, "2026-01-02T03:04:05Z level=error msg=x") == (
        ("2026-01-02T03:04:05Z", "dim"),
        (" level=", ""),
        ("error", "error"),
        (" msg=x", ""),
    )
    assert log_line(0, "W0102 03:04:05.123456 1 warn")[0][1] == "warn"
    assert log_line(0, "terror is no level") == (("terror is no level", ""),)


async def test_a_text_is_shown_cleaned_and_never_as_markup() -> None:
    view = TextView("[bold]a[/]\n\x1b[31mred\n\u202ex\ttab")
    app = Bench(view)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert [line.strip() for line in widget_text(view)[:3]] == ["[bold]a[/]", "␛[31mred", "\ufffdx    tab"]


async def test_wrap_and_sideways() -> None:
    view = TextView("x" * 50 + "END\nsecond")
    app = Bench(view)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "END" not in "\n".join(widget_text(view))
        assert widget_text(view)[0].rstrip().endswith("x›")
        for _ in range(4):
            view.action_side_right()
        await pilot.pause()
        assert widget_text(view)[0].rstrip().endswith("END")
        assert widget_text(view)[0].startswith(" ‹x")
        assert widget_text(view)[1].strip() == "‹"
        view.action_toggle_wrap()
        await pilot.pause()
        text = widget_text(view)
        assert text[1].strip() == "x" * 13 + "END"
        assert text[2].strip() == "second"
        view.action_toggle_wrap()
        await pilot.pause()
        assert widget_text(view)[1].strip() == "second"


async def test_following_a_log_and_stopping() -> None:
    view = TextView(max_lines=100, highlight=log_line)
    app = Bench(view)
    async with app.run_test(size=SIZE) as pilot:
        view.following = True
        view.append(f"line {number}" for number in range(50))
        await pilot.pause()
        assert widget_text(view)[-1].strip().startswith("line 49")
        view.action_page_up()
        await pilot.pause()
        assert not view.following
        assert [m.following for m in app.heard if isinstance(m, TextView.FollowChanged)] == [True, False]
        top = widget_text(view)[0].split()[:2]
        view.append(f"line {number}" for number in range(50, 130))  # pushes the first lines out
        await pilot.pause()
        assert view.buffer.first > 0
        assert widget_text(view)[0].split()[:2] == top
        view.action_toggle_follow()
        await pilot.pause()
        assert widget_text(view)[-1].strip().startswith("line 129")


async def test_search_marks_moves_and_tells() -> None:
    view = TextView("\n".join(f"line {number}" for number in range(100)))
    app = Bench(view)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert view.search("5") == 19
        view.search("line 77")
        await pilot.pause()
        assert any("line 77" in line for line in widget_text(view))
        view.search("/[05]$/")
        view.action_next_match()
        view.action_previous_match()
        await pilot.pause()
        told = [m for m in app.heard if isinstance(m, TextView.Searched)]
        assert told[-1].total == 20
        assert view.search("nowhere") == 0
        with pytest.raises(FilterError):
            view.search("/[/")


async def test_what_is_found_far_right_is_brought_into_view() -> None:
    view = TextView("short\n" + "x" * 90 + "NEEDLE" + "x" * 90)
    app = Bench(view)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        view.search("NEEDLE")
        await pilot.pause()
        assert "NEEDLE" in widget_text(view)[1]
        view.search("short")
        await pilot.pause()
        assert "short" in widget_text(view)[0]


async def test_only_visible_lines_are_coloured() -> None:
    view = TextView()
    app = Bench(view)
    async with app.run_test(size=SIZE) as pilot:
        view.show_yaml("\n".join(f"key{number}: {number}" for number in range(20_000)))
        await pilot.pause()
        assert view.lines_highlighted <= SIZE[1] + 1
        view.action_bottom()
        await pilot.pause()
        assert widget_text(view)[-1].strip().startswith("key19999: 19999")
        assert view.lines_highlighted <= 2 * SIZE[1] + 2


async def test_reading_again_keeps_the_place() -> None:
    view = TextView()
    app = Bench(view)
    async with app.run_test(size=SIZE) as pilot:
        view.show_yaml("\n".join(f"key{number}: {number}" for number in range(100)))
        view.action_page_down()
        await pilot.pause()
        before = widget_text(view)[0]
        view.show_yaml("\n".join(f"key{number}: {number}" for number in range(101)), keep_place=True)
        await pilot.pause()
        assert widget_text(view)[0] == before


async def test_an_empty_text_says_so() -> None:
    view = TextView(empty="no log yet: the container has not started")
    app = Bench(view)
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.pause()
        assert "no log yet" in "\n".join(widget_text(view))
        view.append(["first"])
        await pilot.pause()
        assert widget_text(view)[0].strip() == "first"
        assert "no log yet" not in "\n".join(widget_text(view))


async def test_lines_that_came_while_it_was_hidden_are_there_when_it_is_shown() -> None:
    view = TextView()
    app = Bench(view)
    async with app.run_test(size=SIZE) as pilot:
        view.following = True
        view.append(["first"])
        await pilot.pause()
        view.display = False
        await pilot.pause()
        view.append(f"line {number}" for number in range(100))
        view.display = True
        await pilot.pause()
        await pilot.pause()
        assert widget_text(view)[-1].strip().startswith("line 99")
