"""Diff, drawer, picker and lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.containers import Horizontal
from textual.widgets import Input
from widgetbench import Bench, screen_text, widget_text

from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell
from pointsman.widgets.diffview import DiffLine, DiffView, diff_lines, diff_summary
from pointsman.widgets.drawer import Action, Drawer, Evidence, Explanation, explanation_lines
from pointsman.widgets.keyvalue import KeyValue
from pointsman.widgets.lines import Lines
from pointsman.widgets.picker import Choice, Picker, PickerScreen
from pointsman.widgets.text import width

few_lines = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=14)


@given(few_lines, few_lines, st.integers(0, 3))
def test_a_diff_rebuilds_both_texts(old: list[str], new: list[str], context: int) -> None:
    before, after = "\n".join(old), "\n".join(new)
    lines = diff_lines(before, after, context)
    full = diff_lines(before, after, 100)
    if before.splitlines() == after.splitlines():
        assert lines == []
        return
    assert [line.text for line in full if line.kind != "+"] == before.splitlines()
    assert [line.text for line in full if line.kind != "-"] == after.splitlines()
    unchanged = sum(1 for line in full if line.kind == " ")
    assert sum(line.folded for line in lines) + sum(1 for line in lines if line.kind == " ") == unchanged


def test_far_lines_are_folded() -> None:
    before = "\n".join(str(number) for number in range(20))
    after = before.replace("10", "ten")
    assert diff_lines(before, after, 1) == [
        DiffLine("~", "", 9),
        DiffLine(" ", "9"),
        DiffLine("-", "10"),
        DiffLine("+", "ten"),
        DiffLine(" ", "11"),
        DiffLine("~", "", 8),
    ]
    assert diff_summary(diff_lines(before, after)).plain == "+1 -1"
    assert diff_summary([]).plain == "no change"


def test_one_changed_line_in_a_huge_object_is_found_fast() -> None:
    lines = [f"key{number}: {number % 7}" for number in range(50_000)]
    changed = [*lines]
    changed[25_000] = "key: other"
    found = diff_lines("\n".join(lines), "\n".join(changed))
    assert [line.kind for line in found] == ["~", " ", " ", " ", "-", "+", " ", " ", " ", "~"]


async def test_the_diff_view_has_signs_and_folds() -> None:
    view = DiffView("a\nb\nc\n" + "same\n" * 30, "a\nB\nc\n" + "same\n" * 30)
    app = Bench(view)
    async with app.run_test(size=(50, 12)) as pilot:
        await pilot.pause()
        text = [line.strip() for line in widget_text(view)]
        assert "- b" in text
        assert "+ B" in text
        assert any("28 lines unchanged" in line for line in text)
        assert view.summary.plain == "+1 -1"
        view.show_diff("a", "a")
        await pilot.pause()
        assert "nothing would change" in "\n".join(widget_text(view))
        view.show_diff("\n".join("x" * 3 for _ in range(200)), "\n".join(["x" * 3] * 100 + ["new"] + ["x" * 3] * 100))
        view.action_next_change()
        view.action_previous_change()


EXPLANATION = Explanation(
    headline="jellyfin may not reach postgres: db/default-deny selects postgres and no policy lets media in.",
    evidence=[
        Evidence("seen 41 times in 5 min", "hubble"),
        Evidence(Cell.join("node ", ("loft", "bold")), "lease", "error"),
    ],
    actions=[Action("a", "allow it", "allow"), Action("x", "toggle", "toggle", why_not="needs patch in media")],
    facts=["first 13:57:20"],
    title="media/jellyfin [bold]",
)


@pytest.mark.parametrize("cells", [10, 24, 40, 120])
def test_an_explanation_fits_any_width(cells: int) -> None:
    lines = explanation_lines(EXPLANATION, cells)
    assert all(width(line.plain) <= cells for line, _ in lines)
    words = " ".join(line.plain for line, _ in lines).split()
    for word in ("jellyfin", "lets", "41", "hubble", "loft", "13:57:20", "allow", "needs"):
        assert any(word in found for found in words)
    assert {action.id for _, action in lines if action} == {"allow", "toggle"}


@pytest.mark.parametrize(("size", "side"), [((140, 30), "-right"), ((80, 24), "-bottom")])
async def test_the_drawer_stands_where_there_is_room(size: tuple[int, int], side: str) -> None:
    drawer = Drawer()
    app = Bench(Lines(["below"]), drawer)
    async with app.run_test(size=size) as pilot:
        assert not drawer.display
        drawer.explain(EXPLANATION)
        await pilot.pause()
        await pilot.pause()
        assert drawer.is_open
        assert drawer.has_class(side)
        text = "\n".join(screen_text(app))
        assert "media/jellyfin [bold]" in text  # never markup
        assert "a  allow it" in text
        assert "needs patch in media" in text
        if side == "-right":
            assert drawer.region.right == size[0]
        else:
            assert drawer.region.bottom == size[1]
            assert drawer.region.height <= size[1] // 2
        drawer.close()
        await pilot.pause()
        assert not drawer.display
        assert app.heard_of(Drawer.Closed)


async def test_a_drawer_that_opens_again_shows_what_it_now_tells() -> None:
    drawer = Drawer()
    app = Bench(Lines(["below"]), drawer)
    async with app.run_test(size=(140, 30)) as pilot:
        for name in ("one", "two", "six"):
            drawer.explain(Explanation(headline=f"all about {name}", evidence=[Evidence(f"seen {name}")], title=name))
            await pilot.pause()
            await pilot.pause()
            text = "\n".join(screen_text(app))
            assert f"all about {name}" in text
            assert f"seen {name}" in text
            drawer.close()
            await pilot.pause()
            await pilot.pause()


async def test_a_click_on_an_action_tells_and_a_dead_one_does_not() -> None:
    drawer = Drawer()
    app = Bench(drawer)
    async with app.run_test(size=(140, 30)) as pilot:
        drawer.explain(EXPLANATION)
        await pilot.pause()
        await pilot.pause()
        text = screen_text(app)
        for word in ("allow it", "toggle"):
            y = next(row for row, line in enumerate(text) if word in line)
            await pilot.click(offset=(text[y].index(word), y))
            await pilot.pause()
        told = [message.action.id for message in app.heard if isinstance(message, Drawer.ActionChosen)]
        assert told == ["allow"]


async def test_an_equal_explanation_repaints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    drawer = Drawer()
    app = Bench(drawer)
    async with app.run_test(size=(140, 30)) as pilot:
        drawer.explain(EXPLANATION)
        await pilot.pause()
        calls: list[object] = []
        monkeypatch.setattr(Lines, "refresh", lambda self, *regions, **options: calls.append(regions) or self)
        drawer.explain(Explanation(**{field: getattr(EXPLANATION, field) for field in Explanation.__slots__}))
        assert calls == []


CHOICES = [
    Choice("all", "all namespaces", "40 pods"),
    Choice("media", "media", "6 pods", current=True),
    Choice("db", "db", "2 pods"),
    Choice("secret", "vault", why_not="needs list pods in vault"),
]


async def test_picking_by_typing() -> None:
    class Host(Bench):
        picked: object = "nothing"

        def on_mount(self) -> None:
            self.push_screen(PickerScreen("namespace", CHOICES), lambda key: setattr(self, "picked", key))

    app = Host(Lines(["under"]))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        text = "\n".join(screen_text(app))
        assert "namespace" in text
        assert "● media" in text
        screen = app.screen
        assert isinstance(screen, PickerScreen)
        assert screen.picker.grid.selected_key == "media"
        await pilot.press("v", "a", "u", "enter")
        await pilot.pause()
        assert app.screen is screen  # it cannot be taken
        await pilot.press("backspace", "backspace", "backspace", "p", "o", "d", "s", "down", "down")
        assert screen.picker.grid.selected_key == "db"
        await pilot.press("up", "enter")
        await pilot.pause()
        assert app.picked == "media"


async def test_escape_picks_nothing_and_late_choices_keep_what_was_typed() -> None:
    picker = Picker([], empty="still listing")
    app = Bench(picker)
    async with app.run_test(size=(60, 16)) as pilot:
        await pilot.pause()
        assert "still listing" in "\n".join(screen_text(app))
        await pilot.press("d", "b")
        picker.set_choices(CHOICES)
        await pilot.pause()
        assert picker.grid.selected_key == "db"
        assert picker.query_one(Input).value == "db"
        await pilot.click(picker.grid, offset=(5, 0), times=2)
        await pilot.press("escape")
        await pilot.pause()
        assert [m.choice.key for m in app.heard if isinstance(m, Picker.Chosen)] == ["db"]
        assert app.heard_of(Picker.Cancelled)


async def test_lines_repaint_only_what_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    block = Lines(["one", "two", "three"])
    app = Bench(block)
    async with app.run_test(size=(30, 5)) as pilot:
        await pilot.pause()
        regions: list[object] = []
        real = block.refresh
        monkeypatch.setattr(block, "refresh", lambda *r, **o: regions.extend(r) or real(*r, **o))
        block.set_lines(["one", Cell("TWO", "error"), "three"])
        assert [region.y for region in regions] == [1]  # type: ignore[attr-defined]
        await pilot.pause()
        assert [line.strip() for line in widget_text(block)] == ["one", "TWO", "three"]
        block.set_lines(["one"])
        await pilot.pause()
        assert block.region.height == 1


async def test_facts_take_more_columns_where_there_is_room() -> None:
    facts = KeyValue([("pool", "lan"), ("announcer", "loft"), ("since", "3d"), ("kind", "MetalLB L2")])
    app = Bench(Horizontal(facts))
    async with app.run_test(size=(50, 8)) as pilot:
        await pilot.pause()
        assert facts.region.height == 4
        await pilot.resize_terminal(130, 8)
        await pilot.pause()
        await pilot.pause()
        assert facts.region.height == 2
        facts.set_pairs([("pool", "guests")])
        await pilot.pause()
        assert "guests" in widget_text(facts)[0]


async def test_the_ascii_set_reaches_the_panels() -> None:
    glyphs.use(ascii=True)
    lines = explanation_lines(EXPLANATION, 40)
    assert all(line.plain.isascii() for line, _ in lines)
