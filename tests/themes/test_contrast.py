"""Every word of every bundled theme can be read on every ground it is drawn on."""

from __future__ import annotations

import pytest

from pointsman.themes import tokens
from pointsman.themes.colours import VGA, XTERM, contrast, rgb
from pointsman.themes.loader import BUNDLED, ThemeSpec, load_theme

GROUNDS = ("background", "surface", "panel", "selection", "selection-blurred", "flash", "flash-fading", "mark")
WORDS = (*tokens.TEXT, "foreground", "accent", "primary", "secondary", "error", "warning", "success")


def ratios(spec: ThemeSpec, names: tuple[str, ...], grounds: tuple[str, ...]) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for palette in (XTERM, VGA) if spec.ansi else (XTERM,):
        for ground in grounds:
            # With sixteen colours the selected row is drawn in one pair; that pair has its own test below.
            if spec.ansi and ground == "selection":
                continue
            back = rgb(spec.colour(ground), palette)
            assert back is not None
            for name in names:
                front = rgb(spec.colour(name), palette)
                assert front is not None
                value = contrast(front, back)
                found[name, ground] = min(value, found.get((name, ground), 21.0))
    return found


def colour_of(spec: ThemeSpec, name: str) -> str:
    return spec.variables.get(name) or spec.base[name]


@pytest.mark.parametrize("name", BUNDLED)
def test_words_have_contrast_on_every_ground(name: str) -> None:
    low = {pair: round(value, 2) for pair, value in ratios(load_theme(name), WORDS, GROUNDS).items() if value < 4.5}
    assert not low


@pytest.mark.parametrize("name", BUNDLED)
def test_graphics_and_borders_can_be_seen(name: str) -> None:
    grounds = ("background", "surface", "panel")
    found = ratios(load_theme(name), tuple(tokens.GRAPHIC), grounds)
    assert not {pair: round(value, 2) for pair, value in found.items() if value < 3.0}


@pytest.mark.parametrize("name", BUNDLED)
def test_badges_can_be_read(name: str) -> None:
    spec = load_theme(name)
    for palette in (XTERM, VGA):
        for badge in tokens.BADGES:
            front = rgb(spec.colour(f"badge-{badge}-text"), palette)
            back = rgb(spec.colour(f"badge-{badge}-ground"), palette)
            assert front is not None
            assert back is not None
            assert contrast(front, back) >= 4.5, badge


@pytest.mark.parametrize("name", BUNDLED)
def test_cursor_and_input_pairs_can_be_read(name: str) -> None:
    spec = load_theme(name)
    pairs = [
        ("block-cursor-foreground", "block-cursor-background"),
        ("block-cursor-blurred-foreground", "block-cursor-blurred-background"),
        ("footer-key-foreground", "footer-background"),
        ("footer-description-foreground", "footer-background"),
        ("input-cursor-foreground", "input-cursor-background"),
        ("muted", "background"),
        ("muted", "footer-background"),
    ]
    for palette in (XTERM, VGA) if spec.ansi else (XTERM,):
        for one, other in pairs:
            front, back = rgb(colour_of(spec, one), palette), rgb(colour_of(spec, other), palette)
            assert front is not None
            assert back is not None
            assert contrast(front, back) >= 4.5, (one, other)


@pytest.mark.parametrize("name", ["pointsman-dark", "pointsman-light"])
def test_selection_is_told_from_the_background(name: str) -> None:
    spec = load_theme(name)
    back, selected = rgb(spec.colour("background")), rgb(spec.colour("selection"))
    assert back is not None
    assert selected is not None
    assert contrast(back, selected) >= 1.2


@pytest.mark.parametrize("name", BUNDLED)
def test_ribbon_shades_differ(name: str) -> None:
    spec = load_theme(name)
    assert len({spec.colour(f"node-{number}") for number in range(1, 10)}) == 9


def test_contrast_has_the_known_ends() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((9, 9, 9), (9, 9, 9)) == pytest.approx(1)
