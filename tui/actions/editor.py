"""The user's own editor: which it is, where in the file it opens, and what it says when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

from pointsman.tui.actions.errors import ActionError

SETTINGS = ("KUBE_EDITOR", "VISUAL", "EDITOR")
"""Environment variables, the first that is set wins: kubectl's own, then the usual two."""
FALLBACKS = ("vi", "nano", "vim")
LAST_WORDS = 2.0
"""Seconds an editor gets to save its own recovery file when the program must end."""
_PLUS = frozenset(
    ("vi", "vim", "nvim", "view", "nano", "pico", "emacs", "emacsclient", "micro", "joe", "mg", "kak", "ne")
)
"""Editors that take ``+LINE`` before the file."""
_COLON = frozenset(("hx", "helix", "subl", "zed"))
"""Editors that take ``FILE:LINE``."""


def editor_command(environment: Mapping[str, str]) -> list[str]:
    """The editor with its own options. Raises ActionError if there is none."""
    for name in SETTINGS:
        setting = environment.get(name, "").strip()
        if not setting:
            continue
        try:
            words = shlex.split(setting)
        except ValueError as error:
            raise ActionError(f"{name} is {setting!r}, which cannot be read as a command ({error}).") from None
        if words and shutil.which(words[0], path=environment.get("PATH")) is None:
            raise ActionError(
                f"There is no editor {words[0]!r}, which {name} names.", "Set EDITOR to one that is there."
            )
        if words:
            return words
    for name in FALLBACKS:
        if shutil.which(name, path=environment.get("PATH")) is not None:
            return [name]
    raise ActionError("There is no editor: EDITOR is not set, and neither vi nor nano is here.", "Set EDITOR.")


def command_line(editor: list[str], path: Path, line: int = 1) -> list[str]:
    """The editor on a file, at a line where it is known how to say that."""
    name = Path(editor[0]).name
    if line > 1 and name in _PLUS:
        return [*editor, f"+{line}", str(path)]
    if line > 1 and name in _COLON:
        return [*editor, f"{path}:{line}"]
    if line > 1 and name in ("code", "codium"):
        return [*editor, "--goto", f"{path}:{line}"]
    return [*editor, str(path)]


async def run_editor(path: Path, line: int = 1) -> None:
    """Run the editor on this terminal to its end. Raises ActionError if it cannot be started or ends badly.

    The terminal must be the editor's own meanwhile: who calls has given it up. Cancelled, it ends the editor too.
    """
    editor = editor_command(os.environ)
    try:
        # What the program itself would complain of may go to a file; the editor's words are for the terminal.
        complain = 1 if os.isatty(1) and not os.isatty(2) else None
        child = await asyncio.create_subprocess_exec(*command_line(editor, path, line), stderr=complain)
    except OSError as error:
        raise ActionError(f"The editor {editor[0]} cannot be started ({error.strerror}).") from error
    try:
        code = await child.wait()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(child.wait(), LAST_WORDS)
        raise
    if code < 0:
        raise ActionError(f"The editor {editor[0]} was ended by {_signal(-code)}.")
    if code:
        raise ActionError(f"The editor {editor[0]} ended with code {code}, as if something went wrong.")


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
