"""Regular expressions of Traefik are those of Go, which are RE2's: no backtracking, so no expression can run away."""

from __future__ import annotations

import functools
from typing import Protocol

from pointsman.tui.answers.routes.language.parse import RuleError

MOST_BYTES = 4 << 20
"""Memory for one compiled expression; RE2 refuses what needs more."""


class Pattern(Protocol):
    def search(self, text: str, /) -> object | None: ...


@functools.lru_cache(maxsize=4096)
def compiled(pattern: str) -> Pattern:
    """The expression, found anywhere in a text unless it is anchored. Raises RuleError."""
    import re2  # 3 ms, and needed only where a rule has an expression

    options = re2.Options()
    options.log_errors = False
    options.max_mem = MOST_BYTES
    try:
        found: Pattern = re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise RuleError(f"error in the regular expression: {text}") from None
    return found


def quoted(text: str) -> str:
    """The text as an expression that matches just it."""
    return "".join(f"\\{sign}" if sign in r"\.+*?()|[]{}^$" else sign for sign in text)
