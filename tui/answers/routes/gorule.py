"""Strings of rules as the providers of Traefik write them for Ingresses and Gateway routes."""

from __future__ import annotations

import re

from pointsman.tui.answers.routes.language.regex import quoted

SIMPLE = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
          "\\": "\\\\", '"': '\\"'}  # fmt: skip
ODD = re.compile(r"[\x00-\x1f\x7f\\\"]")


def quote(text: str) -> str:
    """A double-quoted string of Go."""
    return '"' + ODD.sub(lambda match: SIMPLE.get(match[0]) or f"\\x{ord(match[0]):02x}", text) + '"'


def regexp_quote(text: str) -> str:
    """A regular expression that matches just this text."""
    return quoted(text)
