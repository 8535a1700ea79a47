"""The log file, and where stray output goes while the app owns the terminal.

Records go to ``pointsman.log`` in the platform's state folder, which is rotated and readable by this user alone. What
looks like a credential is masked in every record. While the app runs, file descriptor 2 is the log too, because a C
library that writes to stderr would otherwise draw over the screen.
"""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from pointsman.tui.disk.crash import masked
from pointsman.tui.paths import log_file, private_dir

SIZE = 1 << 20
"""Bytes of one log file; three older ones are kept."""
OLDER = 3


class _Masked(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


def start_logging() -> Path | None:
    """Begin the log; its path, or None if the disk refuses (the program then runs without)."""
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler, logging.handlers.RotatingFileHandler):
            return Path(handler.baseFilename)
    path = log_file()
    try:
        private_dir(path.parent)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.close(handle)
        file = logging.handlers.RotatingFileHandler(path, maxBytes=SIZE, backupCount=OLDER, encoding="utf-8")
    except OSError:
        root.addHandler(logging.NullHandler())
        return None
    file.setFormatter(_Masked("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
    root.addHandler(file)
    root.setLevel(logging.INFO)
    # These two speak of every request; what matters of them the sources say themselves.
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    logging.getLogger("aiohttp").setLevel(logging.WARNING)
    logging.captureWarnings(True)
    return path


@contextlib.contextmanager
def terminal_kept_clean(path: Path | None) -> Iterator[None]:
    """Inside, ``sys.__stderr__``, on which the toolkit draws, is the terminal, and nothing else is written there.

    The terminal moves to a descriptor of its own. Descriptor 2 becomes the log (or nothing, without one), unless the
    user sent it to a file: then it stays, and the toolkit draws on what stdout is.
    """
    try:
        terminal = next(number for number in (2, 1) if os.isatty(number))
        known = sys.__stderr__ is not None and sys.__stderr__.fileno() == 2
    except (StopIteration, OSError, ValueError):
        known = False
    if not known:
        yield  # no terminal (a test), or somebody moved it already
        return
    sys.stderr.flush()
    drawn = os.fdopen(os.dup(terminal), "w", encoding="utf-8", errors="replace")
    before = sys.__stderr__, sys.stderr
    kept = os.dup(2)
    if terminal == 2:
        log = os.open(path or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 2)
        os.close(log)
    strays = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="backslashreplace", buffering=1)
    sys.__stderr__ = drawn  # type: ignore[misc]
    sys.stderr = strays
    try:
        yield
    finally:
        sys.__stderr__, sys.stderr = before  # type: ignore[misc]
        os.dup2(kept, 2)
        os.close(kept)
        for stream in (drawn, strays):
            with contextlib.suppress(OSError):
                stream.close()
