"""A recording that somebody asked for: the flows that come from now on, into one file, until it is stopped."""

from __future__ import annotations

import gzip
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, cast

from pointsman.tui.disk.recorder import Pull
from pointsman.tui.model.flows import Flow

TURN_SECONDS: Final = 0.5
SLICE: Final = 200
"""Lines that are made in one go; then others may have the interpreter."""


def create(path: Path, *, replace: bool = False) -> IO[bytes]:
    """A new file that only this user may read; ``.gz`` compresses. Raises OSError, FileExistsError among them."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | (os.O_TRUNC if replace else os.O_EXCL)
    file = os.fdopen(os.open(path, flags, 0o600), "wb", 1 << 18)
    return cast("IO[bytes]", _Packed(file)) if path.suffix == ".gz" else file


class _Packed(gzip.GzipFile):
    """Closes the file below too."""

    def __init__(self, below: IO[bytes]) -> None:
        super().__init__(filename="", fileobj=cast("gzip._WritableFileobj", below), mode="wb", compresslevel=6)
        self._below = below

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._below.close()


class Tape:
    """Runs in a thread of its own from the start on. ``count`` is how many flows were written, ``missed`` how many came too
    fast; ``problem`` says in a sentence why it ended before it was stopped."""

    def __init__(self, path: Path, pull: Pull, begin: int, line: Callable[[Flow], bytes]) -> None:
        """``begin`` is the number after which flows are new. Raises OSError if the file cannot be made."""
        self.path = path
        self.count = 0
        self.missed = 0
        self.problem = ""
        self._pull = pull
        self._next = begin
        self._line = line
        self._file = create(path)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tape", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """Write what is left and close the file; waits two seconds at most."""
        self._ended.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        try:
            with self._file as file:
                while not self._ended.wait(TURN_SECONDS):
                    self._turn(file)
                self._turn(file)
        except OSError as error:
            self.problem = f"{self.path} cannot be written any more: {error.strerror or error}"

    def _turn(self, file: IO[bytes]) -> None:
        before = self._next
        flows, self._next = self._pull(before)
        self.missed += max(0, self._next - before - len(flows))
        for at in range(0, len(flows), SLICE):
            piece = flows[at : at + SLICE]
            file.write(b"".join([self._line(flow) + b"\n" for flow in piece]))
            self.count += len(piece)
        file.flush()
