"""Where files live on this machine, by the platform's own rules (platformdirs). Nothing is made before it is needed."""

from __future__ import annotations

import os
import stat
import warnings
from pathlib import Path

import platformdirs

NAME = "pointsman"


def config_dir() -> Path:
    """The user's settings and themes (``~/.config/pointsman`` on Linux)."""
    return Path(platformdirs.user_config_dir(NAME, appauthor=False))


def state_dir() -> Path:
    """Logs, journal, history, what was on screen last (``~/.local/state/pointsman`` on Linux)."""
    return Path(platformdirs.user_state_dir(NAME, appauthor=False))


def runtime_dir() -> Path:
    """Sockets of port-forwards; private, gone at logout where the platform has such a place."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # it tells on stderr that XDG_RUNTIME_DIR is not set, which is nobody's business
        return Path(platformdirs.user_runtime_dir(NAME, appauthor=False, ensure_exists=False))


def config_file() -> Path:
    """``POINTSMAN_CONFIG`` or ``config.toml`` in the settings folder."""
    override = os.environ.get("POINTSMAN_CONFIG")
    return Path(override) if override else config_dir() / "config.toml"


def log_file() -> Path:
    return state_dir() / "pointsman.log"


def private_dir(path: Path) -> Path:
    """``path`` as an existing folder that only this user may enter (0700). Raises OSError if that cannot be had."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        path.chmod(0o700)
    return path
