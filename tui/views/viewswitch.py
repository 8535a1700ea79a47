"""The names of a pane's views in the line below a list: the one in view lit, and the key that goes on to the next."""

from __future__ import annotations

from collections.abc import Mapping

from pointsman.widgets import glyphs

Parts = tuple[tuple[str, str], ...]
LEAST = 60
"""Terminal columns below which the key is left out."""


def switch(views: Mapping[str, str], view: str, key: str, columns: int, *, word: str = "next view") -> Parts:
    """``views`` are ids with what they are called; ``word`` says where the key leads."""
    parts: list[tuple[str, str]] = []
    for id, name in views.items():
        if parts:
            parts.append((f" {glyphs.current.bullet} ", "muted"))
        parts.append((name, "accent bold" if id == view else "muted"))
    if key and columns >= LEAST:
        parts += [("  ", ""), (key, "key bold"), (f" {word}", "muted")]
    return tuple(parts)
