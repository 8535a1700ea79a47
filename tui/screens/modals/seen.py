"""Dialogs that nobody answers before they can be seen.

Keys that come before the dialog was painted, and the terminal has said so, are dropped: nobody can have meant them for a
question they could not see.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from textual import events
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from pointsman.tui.screens.keys import KeyScreen

R = TypeVar("R")
Acknowledge = Callable[[Callable[[], None]], None]


class Choice(Static, can_focus=True):
    """A word that can be chosen, one line high: by enter, space or the mouse."""

    BINDINGS: ClassVar = [("enter,space", "choose", "Choose")]

    class Chosen(Message):
        """The word was chosen; ``control`` is which."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

        @property
        def control(self) -> Choice:
            return self.choice

    DEFAULT_CSS = """
    Choice {
        width: auto; height: 1; padding: 0 2; margin: 0 0 0 2; background: $panel; color: $text;
        &:focus { background: $accent; color: $background; text-style: bold; }
        &:disabled { color: $text-disabled; }
    }
    """

    def action_choose(self) -> None:
        self.post_message(self.Chosen(self))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if not self.disabled:
            self.action_choose()


class SeenScreen(KeyScreen[R], ModalScreen[R]):
    """``acknowledge`` calls back once the terminal has painted what was written so far; the app's own if none is given."""

    AUTO_FOCUS = ""

    def __init__(self, acknowledge: Acknowledge | None = None) -> None:
        super().__init__()
        self._acknowledge = acknowledge
        self._seen, self._seen_at = False, 0.0

    @property
    def seen(self) -> bool:
        """Whether the dialog is known to be on the terminal; before that no key counts."""
        return self._seen

    def now_seen(self) -> None:
        """The dialog may be answered from now on: enable what can be chosen."""

    def on_mount(self) -> None:
        self.call_after_refresh(self._painted)

    def _painted(self) -> None:
        """The first frame was written. What was typed before the terminal shows it is still on its way here."""
        (self._acknowledge or self.host.acknowledge)(self._shown_now)

    def _shown_now(self) -> None:
        if self._seen or not self.is_attached:
            return
        self._seen, self._seen_at = True, Message().time
        self.now_seen()

    def take_key(self, event: events.Key) -> bool:
        """Drop keys typed before the dialog was seen. Keys wait in a queue, so one may come late: its time tells."""
        return not self._seen or event.time <= self._seen_at
