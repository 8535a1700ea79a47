"""Colours of plain texts the program makes itself: descriptions and help. One line at a time, into semantic tokens."""

from __future__ import annotations

import re

from pointsman.widgets.cells import Parts

_PAIR = re.compile(r"(\s*)([A-Z][^:]{0,40}:)(\s+)(.*)")
_HEAD = re.compile(r"[A-Z][\w ()/-]*:")


def colour_description(_number: int, text: str) -> Parts:
    """``Name:   value`` with the name quiet, ``Events:`` alone as a heading, warnings of events in the warning's colour."""
    if _HEAD.fullmatch(text):
        return ((text, "accent bold"),)
    pair = _PAIR.fullmatch(text)
    if pair is not None:
        indent, name, gap, value = pair.groups()
        return ((indent, ""), (name, "yaml-key"), (gap, ""), (value, ""))
    if text.lstrip().startswith("Warning "):
        return ((text, "warn"),)
    return ((text, ""),)


def colour_help(_number: int, text: str) -> Parts:
    """Headings in the accent, keys in the key's colour."""
    if not text.startswith("  "):
        return ((text, "accent bold"),)
    at = text.find("   ", 3)
    if at < 0:
        return ((text, ""),)
    return ((text[:at], "key"), (text[at:], ""))
