"""Crash reports: where the program was when it failed, for the user to send. Local values are left out: they may hold
what a cluster told us."""

from __future__ import annotations

import os
import platform
import re
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from pointsman.tui import __version__
from pointsman.tui.paths import private_dir, state_dir

KEPT = 10
"""Reports kept; the oldest go."""

_SECRETS = re.compile(
    r"(?i)(?P<key>authorization[\"'=:\s]+)[^\n\"']+"
    r"|(?P<word>(?:bearer|token|password|secret)[\"'=:\s]+)[^\s\"',;]+"
    r"|eyJ[\w-]{10,}\.[\w-]+\.[\w-]*"
)


def masked(text: str) -> str:
    """The text without what looks like a credential."""
    return _SECRETS.sub(lambda found: f"{found['key'] or found['word'] or ''}***", text)


def write_report(error: BaseException, words: Sequence[str] = ()) -> Path | None:
    """Write a report of the exception; its path, or None if the disk would not take it."""
    lines = [
        f"pointsman {__version__} on Python {platform.python_version()}, {platform.platform()}",
        f"time: {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}",
        f"arguments: {' '.join(words)}",
        f"terminal: TERM={os.environ.get('TERM', '')} COLORTERM={os.environ.get('COLORTERM', '')}"
        f" stdout is {'a terminal' if sys.stdout.isatty() else 'no terminal'}",
        "",
        *traceback.format_exception(error),
    ]
    try:
        folder = private_dir(state_dir() / "crashes")
        path = folder / f"crash-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{os.getpid()}.txt"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(masked("\n".join(lines)))
        for old in sorted(folder.glob("crash-*.txt"))[:-KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return None
    return path
