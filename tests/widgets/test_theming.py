"""Themes reach the screen: tokens become styles, a switch repaints, a foreign theme still works."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.color import Color as RichColor
from textual.app import App
from widgetbench import Bench

from pointsman.themes import tokens as names
from pointsman.themes.loader import BUNDLED, load_theme
from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell, Column
from pointsman.widgets.drawing import cell_content, plain_content
from pointsman.widgets.grid import Grid
from pointsman.widgets.gridmodel import GridModel
from pointsman.widgets.lines import Lines
from pointsman.widgets.pill import STATES, sign
from pointsman.widgets.theming import Tokens, register, to_textual, tokens_of, variable_defaults


def colour(grid: Grid[int]) -> RichColor | None:
    """The colour of the sign in the second row of a grid."""
    style = next(iter(grid.render_line(2).crop(2, 3))).style
    assert style is not None
    return style.color


def make() -> Grid[int]:
    grid: Grid[int] = Grid(GridModel([Column("n", "n", lambda row: Cell.join(("●", "ok"), str(row)), width=9)]))
    grid.model.set_items([1, 2, 3], lambda row: row)  # type: ignore[attr-defined]
    return grid


async def test_a_switch_of_the_theme_repaints() -> None:
    grid = make()
    app = Bench(grid)
    async with app.run_test(size=(40, 8)) as pilot:
        await pilot.pause()
        seen = []
        for name in BUNDLED:
            app.theme = name
            await pilot.pause()
            seen.append(colour(grid))
            spec = load_theme(name)
            expected = tokens_of(app).colour("ok")
            assert expected is not None
            assert colour(grid) == expected.rich_color
            if spec.ansi:
                assert colour(grid) == RichColor.from_ansi(10)
        assert len(set(seen)) == 3


async def test_a_users_theme_is_used(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('extends = "pointsman-dark"\n[tokens]\nok = "#abcdef"\n', encoding="utf-8")
    grid = make()
    app = Bench(grid)
    async with app.run_test(size=(40, 8)) as pilot:
        app.theme = register(app, load_theme(path))
        await pilot.pause()
        assert colour(grid) == RichColor.parse("#abcdef")


async def test_a_theme_that_is_not_ours_gets_fall_backs() -> None:
    class Plain(App[None]):
        def compose(self):  # type: ignore[no-untyped-def]
            yield make()

    app = Plain()
    async with app.run_test(size=(40, 8)) as pilot:
        await pilot.pause()
        tokens = tokens_of(app)
        assert tokens.colour("ok") == tokens.colour("success")
        assert tokens.colour("source-live") == tokens.colour("ok")
        assert tokens.style("ok bold").bold
        assert tokens.colour("no-such-token") is None
        assert not tokens.style("no-such-token")


@pytest.mark.parametrize("name", BUNDLED)
def test_every_token_of_every_theme_is_a_style(name: str) -> None:
    theme = to_textual(load_theme(name))
    tokens = Tokens({**theme.to_color_system().generate(), **theme.variables}, ansi=theme.ansi)
    for token in names.fallbacks():
        assert tokens.colour(token) is not None, token
    for badge in names.BADGES:
        assert tokens.badge(badge).bgcolor is not None
    for state in STATES:
        assert tokens.style(sign(state)[1]).color is not None


def test_without_colour_weight_stands_in() -> None:
    tokens = Tokens({}, no_color=True)
    assert tokens.style("error").bold
    assert tokens.style("dim").dim
    assert tokens.badge("demo").reverse


def test_defaults_cover_every_token() -> None:
    assert set(variable_defaults()) == set(names.fallbacks())


async def test_content_is_never_markup() -> None:
    app = Bench(Lines(["x"]))
    async with app.run_test(size=(40, 8)):
        content = cell_content(Cell.join(("[b]", "error"), "\x1b"), tokens_of(app))
        assert content.plain == "[b]␛"
        assert plain_content("[red]x[/] [unclosed").plain == "[red]x[/] [unclosed"


@pytest.mark.parametrize("glyph_set", [glyphs.UNICODE, glyphs.ASCII])
def test_every_sign_is_one_cell(glyph_set: glyphs.GlyphSet) -> None:
    for name in glyphs.GlyphSet.__slots__:
        value = getattr(glyph_set, name)
        if isinstance(value, str) and name != "border":
            assert value, name
            assert all(cell_len(sign) == 1 for sign in value), name
            assert value.isascii() or not glyph_set.ascii


def test_signs_that_mean_different_things_differ() -> None:
    for glyph_set in (glyphs.UNICODE, glyphs.ASCII):
        for group in (("ok", "warn", "error", "info", "unknown"), ("live", "stale", "absent", "down", "forbidden")):
            assert len({getattr(glyph_set, name) for name in group}) == len(group)
