"""The line where a question is typed: ``media/jellyfin → db/postgres 5432``; beside it the answer in a word."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

from pointsman.widgets.cells import Cell, CellLike
from pointsman.widgets.lines import Lines

_HISTORY = 30
REACH_EXAMPLE = "media/jellyfin → db/postgres 5432      an end is NS/NAME, ns/NAME, an address, a name, world"


class Names(Suggester):
    """Completes the word being typed to the first end that begins with it; the arrow to the right takes it."""

    def __init__(self, names: Callable[[], Iterable[str]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._names = names

    async def get_suggestion(self, value: str) -> str | None:
        head, space, word = value.rpartition(" ")
        if not word:
            return None
        found = next((name for name in self._names() if name.startswith(word) and name != word), None)
        return f"{head}{space}{found}" if found else None


class _Words(Input):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "history(-1)", "Earlier question", show=False, id="question.earlier"),
        Binding("down", "history(1)", "Later question", show=False, id="question.later"),
    ]

    def action_history(self, step: int) -> None:
        next(node for node in self.ancestors if isinstance(node, QuestionBar)).recall(step)


class QuestionBar(Horizontal):
    """One line, hidden until a question is asked; it stays while its answer is on screen."""

    DEFAULT_CSS = """
    QuestionBar {
        height: 1;
        display: none;

        &.-open { display: block; }
        & > #ask { width: 7; }
        & > #said { width: auto; max-width: 60%; }
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

    class Asked(Message):
        """A question was typed."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    def __init__(
        self,
        names: Callable[[], Iterable[str]],
        *,
        label: str = "reach",
        example: str = REACH_EXAMPLE,
        id: str | None = None,
    ) -> None:
        """``label`` stands before the line, ``example`` in it while it is empty."""
        super().__init__(id=id)
        self._label, self._example = label, example
        self._names = names
        self._history: list[str] = []
        self._place = 0

    def compose(self) -> ComposeResult:
        yield Lines([Cell(f"{self._label}  ", "accent bold")], id="ask")
        words = _Words(placeholder=self._example, compact=True, select_on_focus=False, suggester=Names(self._names))
        words.cursor_blink = False  # every blink is a frame on the wire
        yield words
        yield Lines(id="said")

    @property
    def _input(self) -> Input:
        return self.query_one(Input)

    @property
    def text(self) -> str:
        return self._input.value

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    def open(self, text: str | None = None) -> None:
        """Show the line and take the focus, with these words in it or those that were there."""
        self.add_class("-open")
        if text is not None:
            self._input.value = text
        self._place = len(self._history)
        self._input.focus()
        self._input.cursor_position = len(self.text)

    def close(self) -> None:
        """Put the line away with its words and answer."""
        self.remove_class("-open")
        self._input.value = ""
        self.say("")

    def say(self, word: CellLike) -> None:
        """The answer in a word, or what is wrong with the question."""
        self.query_one("#said", Lines).set_lines([Cell.join("  ", word)] if word else [])

    def recall(self, step: int) -> None:
        """Go through earlier questions."""
        if self._history:
            self._place = max(0, min(len(self._history), self._place + step))
            self._input.value = self._history[self._place] if self._place < len(self._history) else ""
            self._input.cursor_position = len(self.text)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = self.text.strip()
        if text:
            if text in self._history:
                self._history.remove(text)
            self._history.append(text)
            del self._history[:-_HISTORY]
            self._place = len(self._history)
            self.post_message(self.Asked(text))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
