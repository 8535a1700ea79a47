"""Completion of what is being typed, by a function."""

from __future__ import annotations

from collections.abc import Callable

from textual.suggester import Suggester


class Completion(Suggester):
    """``complete(text)`` gives the whole text with its last word completed, or None. Right arrow or tab takes it."""

    def __init__(self, complete: Callable[[str], str | None]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        return self._complete(value)
