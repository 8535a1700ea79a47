"""What is being edited, on disk while it is: a text that was typed is never lost to a refusal, a crash or a dead line.

One private file (0600) per edit under ``drafts/`` in the state folder. It goes when what it says is written, or when
nothing was typed; otherwise it stays for a month and its path is said.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from pathlib import Path

from pointsman.tui.paths import private_dir, state_dir

KEPT_SECONDS = 31 * 86400.0
_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")


class DraftError(Exception):
    """The file cannot be written or read. ``sentence`` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def folder() -> Path:
    return state_dir() / "drafts"


class Draft:
    """One file. ``name`` says what it is about (``networkpolicies-media-jellyfin``); it is made safe for a file's name."""

    def __init__(self, name: str) -> None:
        safe = _UNSAFE.sub("-", name).strip("-.")[:80] or "object"
        try:
            parent = private_dir(folder())
            _sweep(parent)
            self.path = parent / f"{safe}-{secrets.token_hex(3)}.yaml"
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise _trouble(folder(), error) from error

    def write(self, text: str) -> None:
        """Raises DraftError; what was in the file before is then still there, or in full beside it."""
        fresh = self.path.with_name(f".{self.path.name}.new")
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
                file.write(text.encode("utf-8", "surrogateescape"))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise _trouble(self.path, error) from error

    def read(self) -> str:
        """What is in it now; bytes that are no UTF-8 are kept as they are. Raises DraftError."""
        try:
            text = self.path.read_bytes().decode("utf-8", "surrogateescape")
            with contextlib.suppress(OSError):
                self.path.chmod(0o600)  # an editor that writes a new file in its place may have opened it up
        except OSError as error:
            raise _trouble(self.path, error) from error
        return text

    def stamp(self) -> int:
        """Changes when the file is written, even with the same text."""
        try:
            found = self.path.stat()
        except OSError:
            return 0
        return hash((found.st_mtime_ns, found.st_ino, found.st_ctime_ns))

    def discard(self) -> None:
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


def _sweep(parent: Path) -> None:
    """Old ones go."""
    for path in parent.glob("*.yaml"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > KEPT_SECONDS:
                path.unlink()


def _trouble(path: Path, error: OSError) -> DraftError:
    return DraftError(f"{path} cannot be written or read ({error.strerror or type(error).__name__}).")
