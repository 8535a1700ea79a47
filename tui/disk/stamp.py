"""When something was done last on this machine, whichever program did it: the time of an empty file."""

from __future__ import annotations

import contextlib
import hashlib
import os

from pointsman.tui.paths import private_dir, state_dir


class Stamp:
    """``name`` says what, ``key`` for whom (it may come from a cluster: only its hash names the file)."""

    def __init__(self, name: str, key: str) -> None:
        self.path = state_dir() / "stamps" / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"

    def at(self) -> float | None:
        """Seconds since 1970; None if it never was, or nobody knows."""
        try:
            return self.path.stat().st_mtime
        except OSError:
            return None

    def set(self, at: float) -> None:
        """It is done now. A disk that refuses is no reason not to do it."""
        with contextlib.suppress(OSError):
            private_dir(self.path.parent)
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            os.close(handle)
            os.utime(self.path, (at, at))
