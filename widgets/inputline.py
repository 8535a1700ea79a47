"""One line to type in, hidden until it is wanted, with what was typed before at the arrows."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.suggester import Suggester
from textual.widgets import Input

_HISTORY = 50


class Words(Input):
    """The input in an :class:`InputLine`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "history(-1)", "Earlier words", show=False, id="line.earlier"),
        Binding("down", "history(1)", "Later words", show=False, id="line.later"),
    ]

    def __init__(self, placeholder: str, suggester: Suggester | None = None) -> None:
        super().__init__(placeholder=placeholder, compact=True, select_on_focus=False, suggester=suggester)
        self.cursor_blink = False  # every blink is a frame on the wire

    def action_history(self, step: int) -> None:
        self.line.recall(step)

    @property
    def line(self) -> InputLine:
        """The line it is in."""
        return next(node for node in self.ancestors if isinstance(node, InputLine))


class InputLine(Horizontal):
    """What the lines have in common that words are typed in: how they look, and what was typed before."""

    DEFAULT_CSS = """
    InputLine {
        height: 1;
        display: none;
        background: transparent;

        &.-open { display: block; }
        & > Input {
            width: 1fr;
            height: 1;
            border: none;
            padding: 0;
            background: transparent;
            &:focus { border: none; background: transparent; background-tint: transparent; }
            & > .input--placeholder, & > .input--suggestion { color: $text-muted; }
        }
    }
    """

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._history: list[str] = []
        self._place = 0
        self._draft = ""

    @property
    def text(self) -> str:
        """The words as typed."""
        return self._input.value

    @property
    def _input(self) -> Input:
        return self.query_one(Input)

    def focus_input(self) -> None:
        """Show the line and take the focus, behind the words that are in it."""
        self.add_class("-open")
        self._place = len(self._history)
        self._input.focus()
        self._input.cursor_position = len(self.text)

    def recall(self, step: int) -> None:
        """Go through earlier words; below the newest is what was being typed."""
        if not self._history:
            return
        if self._place == len(self._history):
            self._draft = self.text
        self._place = max(0, min(len(self._history), self._place + step))
        self._input.value = self._history[self._place] if self._place < len(self._history) else self._draft
        self._input.cursor_position = len(self.text)

    def remember(self, text: str) -> None:
        """Keep words for later; the same ones once."""
        if text in self._history:
            self._history.remove(text)
        if text:
            self._history.append(text)
        del self._history[:-_HISTORY]
        self._place = len(self._history)
