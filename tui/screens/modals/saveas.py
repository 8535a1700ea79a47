"""Where to save: one line with a path. Nothing is overwritten without a second enter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from pointsman.tui.screens.panel import content_of
from pointsman.widgets.cells import Cell
from pointsman.widgets.lines import Lines


class SaveScreen(ModalScreen[None]):
    """``text`` gives what is written for an extension (``.csv``); ``extensions`` empty: any."""

    BINDINGS = [("escape", "dismiss", "Cancel")]  # noqa: RUF012

    DEFAULT_CSS = """
    SaveScreen {
        align: center middle;
        & > #box {
            width: 76; max-width: 92%; height: auto; padding: 0 1;
            border: round $border; background: $surface; border-subtitle-color: $text-muted;
        }
        & Input { border: none; height: 1; padding: 0; background: transparent; &:focus { border: none; } }
    }
    """

    def __init__(self, name: str, text: Callable[[str], str], extensions: tuple[str, ...]) -> None:
        super().__init__()
        self._name, self._make, self._extensions = name, text, extensions
        self._asked = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = content_of((("save as", ""),))
            box.border_subtitle = content_of((("enter saves  esc leaves", ""),))
            yield Input(self._name, compact=True, select_on_focus=False)
            kinds = f"the extension says the form: {' '.join(self._extensions)}" if self._extensions else ""
            yield Lines([Cell(f"in {Path.cwd()}", "muted"), Cell(kinds, "muted")], id="said")

    def _say(self, text: str, style: str = "warn") -> None:
        self.query_one("#said", Lines).set_lines([Cell(text, style)])

    def on_input_changed(self) -> None:
        self._asked = ""

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        words = event.value.strip()
        if not words:
            return
        path = Path(words).expanduser()
        if self._extensions and path.suffix.lower() not in self._extensions:
            self._say(f"The name must end in one of {' '.join(self._extensions)}.")
            return
        if path.is_dir():
            self._say(f"{path} is a folder.")
            return
        if path.exists() and self._asked != words:
            self._asked = words
            self._say(f"{path} is there already; enter again overwrites it.")
            return
        try:
            path.write_text(self._make(path.suffix.lower()), encoding="utf-8")
        except OSError as error:
            self._say(f"{path} could not be written: {error.strerror}.", "error")
            return
        self.dismiss(None)
        self.app.notify(f"Saved {path.resolve()}", markup=False, timeout=4)
