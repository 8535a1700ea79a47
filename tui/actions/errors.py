"""What stops an action before anything is sent."""

from __future__ import annotations


class ActionError(Exception):
    """Refused here. ``sentence`` says why, ``hint`` (may be empty) what to do; ``lines`` are candidates or details."""

    def __init__(self, sentence: str, hint: str = "", lines: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint
        self.lines = lines
