"""States as a sign and a word, always both; plain data for a cell, no Textual."""

from __future__ import annotations

from operator import attrgetter

from pointsman.widgets import glyphs
from pointsman.widgets.cells import Cell

_STATES: dict[str, tuple[str, str, str]] = {
    # state: (glyph, style of the glyph, style of the word)
    "live": ("live", "source-live", ""),
    "stale": ("stale", "source-stale", "source-stale"),
    "absent": ("absent", "source-absent", "dim"),
    "down": ("down", "source-down", "source-down"),
    "forbidden": ("forbidden", "source-forbidden", "source-forbidden"),
    "ok": ("ok", "ok", ""),
    "warn": ("warn", "warn", "warn"),
    "error": ("error", "error", "error"),
    "info": ("info", "info", ""),
    "unknown": ("unknown", "unknown", "dim"),
    "running": ("running", "accent", "accent"),
    "paused": ("paused", "warn", ""),
    "done": ("done", "ok", ""),
    "skipped": ("info", "dim", "dim"),
}
STATES = tuple(_STATES)


def sign(state: str) -> tuple[str, str]:
    """The sign of a state and its style; a state nobody knows is `?`."""
    glyph, style, _ = _STATES.get(state, _STATES["unknown"])
    return attrgetter(glyph)(glyphs.current), style


def pill(state: str, word: str | None = None, detail: str = "") -> Cell:
    """`● live 0.2s`: sign, word (the state itself unless another is given) and a dim detail such as an age."""
    glyph, style = sign(state)
    text = state if word is None else word
    parts = [(glyph, style)]
    if text:
        parts.append((f" {text}", _STATES.get(state, _STATES["unknown"])[2]))
    if detail:
        parts.append((f" {detail}", "dim"))
    return Cell(parts=tuple(parts))


def source(name: str, state: str, detail: str = "") -> Cell:
    """`kube ● 0.2s`: a data source in the header; a state other than live is said in words."""
    glyph, style = sign(state)
    parts = [(f"{name} ", "dim" if state == "absent" else ""), (glyph, style)]
    if state != "live":
        parts.append((f" {state}", _STATES.get(state, _STATES["unknown"])[2]))
    if detail:
        parts.append((f" {detail}", "dim"))
    return Cell(parts=tuple(parts))
