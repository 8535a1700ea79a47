"""From a checked theme to what Textual and the widgets draw with.

`prepare(app)` is called once at start, `register(app, spec)` makes one more theme known to it. `Tokens` turns the style
strings of cells (`"error bold"`) into Rich styles for the current theme; a widget asks `tokens_of(app)` when it draws,
which costs a dictionary look-up until the theme changes. An app that has none of our tokens (a test, another theme)
gets them from the base colours.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from rich.style import Style
from textual.app import App
from textual.color import Color, ColorParseError
from textual.style import Style as VisualStyle
from textual.theme import Theme

from pointsman.themes import tokens as names
from pointsman.themes.loader import BUNDLED, DEFAULT, ThemeSpec, load_theme
from pointsman.widgets import glyphs, scrollbars

_MODIFIERS = frozenset(("bold", "italic", "underline", "reverse", "strike", "not-bold"))
_TOKENS: WeakKeyDictionary[App[Any], Tokens] = WeakKeyDictionary()


def to_textual(spec: ThemeSpec) -> Theme:
    """The theme in Textual's form, semantic tokens as CSS variables (`$ok`, `$stack-cilium`)."""
    base = spec.base
    variables = dict(spec.variables)
    if spec.ansi:
        # Textual's own style sheet names these two and generates them for no theme with sixteen colours.
        variables.setdefault("ansi-background", base["background"])
        variables.setdefault("ansi-foreground", base["foreground"])
    return Theme(
        name=spec.name,
        primary=base["primary"],
        secondary=base["secondary"],
        warning=base["warning"],
        error=base["error"],
        success=base["success"],
        accent=base["accent"],
        foreground=base["foreground"],
        background=base["background"],
        surface=base["surface"],
        panel=base["panel"],
        dark=spec.dark,
        ansi=spec.ansi,
        variables=variables,
    )


def register(app: App[Any], spec: ThemeSpec) -> str:
    """Make the theme known to the app and give its name, for `app.theme = name`."""
    app.register_theme(to_textual(spec))
    return spec.name


def prepare(app: App[Any], *, ascii: bool = False) -> None:
    """Call once before the app draws: the glyph set, the scrollbars, and the bundled themes (none is chosen yet)."""
    glyphs.use(ascii=ascii, colour=not app.no_color)
    scrollbars.install()
    for name in BUNDLED:
        register(app, load_theme(name))


@lru_cache(maxsize=1)
def variable_defaults() -> dict[str, str]:
    """Every token with the colour of the default theme, for `App.get_theme_variable_defaults`.

    With it our CSS parses under any Textual theme, ours or not.
    """
    spec = load_theme(DEFAULT)
    return {name: spec.variables[name] for name in names.fallbacks()}


class Tokens:
    """Rich styles of semantic style strings under one set of theme variables."""

    def __init__(self, variables: dict[str, str], *, ansi: bool = False, no_color: bool = False) -> None:
        self.ansi = ansi
        self.no_color = no_color
        self._variables = variables
        self._fallbacks = names.fallbacks()
        self._styles: dict[str, Style] = {"": Style.null()}

    def belongs_to(self, app: App[Any]) -> bool:
        """Whether these are the tokens of the theme the app has now."""
        return self._variables is app.theme_variables and self.no_color == app.no_color

    def style(self, text: str) -> Style:
        """The style of a string of tokens; unknown words in it change nothing."""
        known = self._styles.get(text)
        if known is None:
            known = self._styles[text] = self._make(text)
        return known

    def visual(self, text: str) -> VisualStyle:
        """The same as `style`, in the form Textual's `Content` takes."""
        words = text.split()
        foreground = next((colour for colour in map(self.colour, reversed(words)) if colour is not None), None)
        rich = self.style(text)
        return VisualStyle(
            foreground=foreground,
            bold=rich.bold,
            italic=rich.italic,
            underline=rich.underline,
            reverse=rich.reverse,
            strike=rich.strike,
        )

    def colour(self, name: str) -> Color | None:
        """The colour of one token or base colour, `None` if nothing gives it one."""
        for _ in range(8):  # a fall-back leads to another name, a few steps at most
            value = self._variables.get(name) or self._fallbacks.get(name)
            if value is None:
                return None
            value = value.split()[0]
            if not value.startswith("$"):
                try:
                    return Color.parse(value)
                except ColorParseError:
                    return None
            name = value[1:]
        return None

    def ground(self, name: str) -> Style:
        """A style whose background is the token's colour."""
        colour = self.colour(name)
        return Style.null() if colour is None or colour.a == 0 else Style(bgcolor=colour.rich_color)

    def badge(self, name: str) -> Style:
        """Text and ground of a badge (`demo`, `ro`, `rw`, `danger`, `warning`); reversed where there is no colour."""
        if self.no_color:
            return Style(reverse=True, bold=True)
        return self.style(f"badge-{name}-text bold") + self.ground(f"badge-{name}-ground")

    def _make(self, text: str) -> Style:
        style = Style.null()
        for word in text.split():
            if word in _MODIFIERS:
                style += Style(bold=False) if word == "not-bold" else Style(**{word: True})  # type: ignore[arg-type]
                continue
            colour = self.colour(word)
            if colour is not None:
                style += Style(color=colour.rich_color)
        if self.no_color:
            # Without colour weight has to do what hue did: problems bold, side matters dim.
            words = set(text.split())
            if words & {"error", "source-down", "verdict-dropped", "diff-remove", "match"}:
                style += Style(bold=True)
            elif words & {"dim", "muted", "header"}:
                style += Style(dim=True)
        return style


def tokens_of(app: App[Any]) -> Tokens:
    """The tokens of the app's current theme, made once per theme."""
    known = _TOKENS.get(app)
    if known is None or not known.belongs_to(app):
        known = _TOKENS[app] = Tokens(app.theme_variables, ansi=app.native_ansi_color, no_color=app.no_color)
    return known
