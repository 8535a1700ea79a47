"""How a key becomes a command: every screen of the program looks it up in the registry's keymap for its place.

The toolkit's own bindings are not used, so that what the help shows is what runs, remapped or not, and so that two keys
in a row (``g g``) can be one command. The app asks the screen on top before the focused widget gets the key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual import events
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input

from pointsman.tui.commands import BY_ID, Command

if TYPE_CHECKING:
    from pointsman.tui.screens.host import Host

R = TypeVar("R")

PAIR_WAIT = 0.45
"""Seconds the first key of a pair waits for the second before it runs by itself."""
_IN_A_FIELD = frozenset(("escape", "ctrl+c"))
"""Keys that are commands even while text is typed; the field has all others."""


def key_of(event: events.Key) -> str:
    """The key as the registry writes it: the character for printable keys, the toolkit's name for the others."""
    if event.is_printable and event.character and event.character != " ":
        return event.character
    return event.key


class KeyScreen(Screen[R], inherit_bindings=False):
    """A screen whose keys come from the registry. ``place`` is a pane's id or a dialog's name."""

    place: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self._first = ""
        self._timer: Timer | None = None

    @property
    def host(self) -> Host:
        return cast("Host", self.app)

    def why_not(self, command: Command) -> str:  # noqa: ARG002
        """Why a command cannot run on what is selected now; empty if it can. Panes say more."""
        return ""

    def take_key(self, event: events.Key) -> bool:
        """Run the command the key has here; False leaves the key to the focused widget."""
        key = key_of(event)
        if isinstance(self.focused, Input) and key not in _IN_A_FIELD:
            return False
        commands = self.host.keymap.at(self.place)
        if self._first:
            pair = commands.get(f"{self._first} {key}")
            self._forget()
            if pair is not None:
                self.host.run_command(pair)
                return True
        if any(name.startswith(f"{key} ") for name in commands):
            self._first = key
            self._timer = self.set_timer(PAIR_WAIT, self._alone)
            return True
        command = commands.get(key)
        if command is None:
            return False
        self.host.run_command(command)
        return True

    def _forget(self) -> None:
        self._first = ""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _alone(self) -> None:
        """No second key came: the first one is a command of its own."""
        first = self._first
        self._forget()
        command = self.host.keymap.at(self.place).get(first)
        if command is not None and command in BY_ID and self.is_current:
            self.host.run_command(command)
