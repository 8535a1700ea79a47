"""What was on screen last, for each cluster: pane, namespace, theme; filter, sort and columns of each pane.

One JSON file per cluster, named by the cluster's UID (of the kube-system namespace), never by a context's name. Written
whole to a temporary file and renamed, so that two programs at once can only overwrite each other, never tear the file.
A file that cannot be read is ignored with a sentence.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from pathlib import Path

import msgspec

from pointsman.tui.paths import private_dir, state_dir

KEPT = 50
"""Clusters remembered; those not seen for longest go first."""

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")


class PaneState(msgspec.Struct, omit_defaults=True):
    """How one list was looked at. ``sort`` is a column's key; empty: the pane's own order."""

    filter: str = ""
    sort: str = ""
    reverse: bool = False
    problems: bool = False
    wide: bool = False
    view: str = ""
    """Which of the pane's views; empty: the first."""
    hidden: tuple[str, ...] = ()
    """What is left out as noise (Flows)."""
    span: str = ""
    """How far back ribbons go: ``day``, or an hour where it is empty."""


class ViewState(msgspec.Struct, omit_defaults=True):
    """All that is remembered of one cluster. ``namespace`` empty means all."""

    pane: str = ""
    namespace: str = ""
    theme: str = ""
    panes: dict[str, PaneState] = msgspec.field(default_factory=dict)

    def of(self, pane: str) -> PaneState:
        return self.panes.setdefault(pane, PaneState())


def folder() -> Path:
    return state_dir() / "views"


def _file(uid: str) -> Path:
    """The UID comes from a cluster: anything but letters, digits and dashes is hashed before it names a file."""
    name = uid if _SAFE.fullmatch(uid) else hashlib.sha256(uid.encode()).hexdigest()
    return folder() / f"{name}.json"


def load(uid: str) -> tuple[ViewState, str]:
    """What is remembered of the cluster, and a sentence if there is something that cannot be read."""
    path = _file(uid)
    try:
        raw = path.read_bytes()
        return msgspec.json.decode(raw, type=ViewState), ""
    except FileNotFoundError:
        return ViewState(), ""
    except OSError as error:
        return ViewState(), f"{path} cannot be read ({error.strerror}); panes start as they are made"
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ViewState(), f"{path} is damaged and was ignored; it is written anew at the end"


def save(uid: str, state: ViewState) -> None:
    """Write what is remembered. A disk that refuses is no reason to stop; then nothing is remembered."""
    with contextlib.suppress(OSError):
        place = private_dir(folder())
        path = _file(uid)
        handle, name = tempfile.mkstemp(dir=place, prefix=".view-", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(state))
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        _prune(place)


def _prune(place: Path) -> None:
    files = sorted(place.glob("*.json"), key=lambda path: path.stat().st_mtime)
    for old in files[:-KEPT]:
        old.unlink(missing_ok=True)
