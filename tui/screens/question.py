"""The line where a question is typed: ``media/jellyfin → db/postgres 5432``; beside it the answer in a word."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual.app import ComposeResult
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

from pointsman.widgets.cells import Cell, CellLike
from pointsman.widgets.inputline import InputLine, Words
from pointsman.widgets.lines import Lines

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


class QuestionBar(InputLine):
    """One line, hidden until a question is asked; it stays while its answer is on screen."""

    DEFAULT_CSS = """
    QuestionBar {
        & > #ask { width: 7; }
        & > #said { width: auto; max-width: 60%; }
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

    def compose(self) -> ComposeResult:
        yield Lines([Cell(f"{self._label}  ", "accent bold")], id="ask")
        yield Words(self._example, Names(self._names))
        yield Lines(id="said")

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    def open(self, text: str | None = None) -> None:
        """Show the line and take the focus, with these words in it or those that were there."""
        if text is not None:
            self._input.value = text
        self.focus_input()

    def close(self) -> None:
        """Put the line away with its words and answer."""
        self.remove_class("-open")
        self._input.value = ""
        self.say("")

    def say(self, word: CellLike) -> None:
        """The answer in a word, or what is wrong with the question."""
        self.query_one("#said", Lines).set_lines([Cell.join("  ", word)] if word else [])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = self.text.strip()
        if text:
            self.remember(text)
            self.post_message(self.Asked(text))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
