"""Which theme to draw with: what the user named, else what suits the terminal."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pointsman.themes.loader import BUNDLED, ThemeError, ThemeSpec, load_theme
from pointsman.tui.paths import config_dir

DARK, LIGHT, SIXTEEN = "pointsman-dark", "pointsman-light", "pointsman-16"

_SIMPLE = ("linux", "vt", "ansi", "cons", "screen.linux", "xterm-16color")


def user_themes() -> Path:
    return config_dir() / "themes"


def fitting(environment: Mapping[str, str] = os.environ, *, colours: str | None = None) -> str:
    """The bundled theme for this terminal.

    ``colours`` is what the toolkit found out (``standard``: sixteen, ``256``, ``truecolor``, None: none). A terminal that
    says its background is light (``COLORFGBG``, 7 or 15) gets the light theme.
    """
    term = environment.get("TERM", "")
    many = environment.get("COLORTERM", "") in ("truecolor", "24bit")
    if colours == "standard" or (term.startswith(_SIMPLE) and not many):
        return SIXTEEN
    ground = environment.get("COLORFGBG", "").rpartition(";")[2]
    return LIGHT if ground in ("7", "15") else DARK


def find(name: str) -> ThemeSpec:
    """A bundled theme or one of the user's; raises :class:`ThemeError` with a sentence."""
    return load_theme(name, user_themes())


def names() -> list[tuple[str, str]]:
    """Every theme with its description; one that cannot be used says why instead."""
    found: dict[str, str] = {}
    for name in BUNDLED:
        found[name] = find(name).description
    try:
        files = sorted(user_themes().glob("*.toml"))
    except OSError:
        files = []
    for path in files:
        try:
            found[path.stem] = find(path.stem).description or f"{path}"
        except ThemeError as error:
            found[path.stem] = str(error)
    return list(found.items())
