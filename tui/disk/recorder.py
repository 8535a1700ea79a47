"""The flight recorder: the last flows on disk, as JSON lines in a ring of files, bounded by size and age.

One thread takes what came since the last time and writes it; nothing waits for it. A disk that is full or refuses costs
what could not be written and nothing else: it is said, and tried again after a while. The folder is this user's alone
(0700), so are the files (0600); what stands in the lines is masked as everywhere.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pointsman.tui.model.flows import Flow
from pointsman.tui.paths import private_dir, state_dir

MEGABYTE: Final = 1_000_000
FILES: Final = 8
"""The ring's size is that of so many files; the oldest goes as a whole."""
FILE_SECONDS: Final = 3600.0
"""A file is closed after so long, so that an old one holds nothing young."""
TURN_SECONDS: Final = 0.5
AGAIN_SECONDS: Final = 15.0
"""After a refusal of the disk."""
SLICE: Final = 200
"""Lines that are made in one go; then others may have the interpreter."""
TAIL: Final = 256 * 1024
_NAME: Final = re.compile(r"flows-(\d{13})-\d+\.jsonl")
_SAFE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_STAMP: Final = re.compile(rb'^\{"time":"([0-9TZ:.-]{20,30})"')
_ORIGIN: Final = re.compile(rb'"origin":"([a-z-]+)"')

log = logging.getLogger(__name__)
Pull = Callable[[int], tuple[Sequence[Flow], int]]
"""The flows after a number, oldest first, and the number to ask with the next time."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``megabytes`` 0 is off. ``hours`` is how old a file may get."""

    megabytes: int = 64
    hours: int = 24

    @property
    def on(self) -> bool:
        return self.megabytes > 0

    @property
    def file_bytes(self) -> int:
        return max(1, self.megabytes * MEGABYTE // FILES)


def folder(uid: str) -> Path:
    """Where a cluster's flows are kept; ``uid`` is its identity."""
    if not _SAFE.fullmatch(uid):
        raise ValueError("no identity of a cluster")
    return state_dir() / "flows" / uid


def files(place: Path) -> list[Path]:
    """The ring's files, oldest first. Raises OSError if the folder cannot be read; one that is not there has none."""
    if not place.is_dir():
        return []
    return sorted((path for path in place.iterdir() if _NAME.fullmatch(path.name)), key=lambda path: path.name)


class Recorder:
    """Writes what ``pull`` gives until ``stop``. ``line`` makes a flow's line, without its end.

    ``problem`` says in a sentence why nothing is written at the moment; ``missed`` counts flows that were not.
    """

    def __init__(
        self,
        place: Path,
        pull: Pull,
        line: Callable[[Flow], bytes],
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.place = place
        self.limits = limits or Limits()
        self.problem = ""
        self.elsewhere = False
        """Whether another program writes this ring."""
        self.written = 0
        self.missed = 0
        self.bytes = 0
        """Size of the ring on disk, as of the last file that was begun and what was written since."""
        self._pull = pull
        self._line = line
        self._clock = clock
        self._next = 0
        self._lock: int | None = None
        self._file: int | None = None
        self._size = 0
        self._begun = 0.0
        self._quiet_until = 0.0
        self._newest: dict[str, str] = {}
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what is left and end; waits two seconds at most."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(2.0)

    def _run(self) -> None:
        now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(self._clock()))
        with contextlib.suppress(OSError):  # the first turn says what is wrong
            # A time to come is of a clock that was wrong: nothing would be new until then.
            self._newest = {origin: at for origin, at in newest(self.place) if at <= f"{now}.999999999"}
        while not self._ended.wait(TURN_SECONDS):
            self.turn()
        self.turn()
        self._close()
        if self._lock is not None:
            os.close(self._lock)

    def turn(self) -> None:
        """Write what came since the last time. Never raises."""
        before = self._next
        flows, self._next = self._pull(before)
        self.missed += max(0, self._next - before - len(flows))
        if self._clock() < self._quiet_until:
            self.missed += 0 if self.elsewhere else len(flows)
            return
        self.elsewhere = False
        try:
            for at in range(0, len(flows), SLICE):
                self._write(flows[at : at + SLICE])
                time.sleep(0)
            if self.problem and flows:
                self.problem = ""
        except BlockingIOError:
            self.elsewhere = True
            self._quiet_until = self._clock() + AGAIN_SECONDS
        except OSError as error:
            self.missed += len(flows)
            self.problem = f"Flows are not recorded: {self.place}: {error.strerror or error}."
            log.warning("%s", self.problem)
            self._quiet_until = self._clock() + AGAIN_SECONDS
            self._close()

    def _write(self, flows: Sequence[Flow]) -> None:
        lines = [line for flow in flows if self._new(line := self._line(flow))]
        if not lines:
            return
        now = self._clock()
        if self._file is None or self._size >= self.limits.file_bytes or now - self._begun >= FILE_SECONDS:
            self._open(now)
        assert self._file is not None
        data = memoryview(b"\n".join([*lines, b""]))
        while data:
            # A disk that fills up takes a part: the torn line is ended when there is room again, and counts as bad.
            count = os.write(self._file, data)
            data = data[count:]
            self._size += count
            self.bytes += count
        self.written += len(lines)

    def _new(self, line: bytes) -> bool:
        """Whether a line is younger than what an earlier run wrote: the past is told anew at each start."""
        if not self._newest:
            return True
        stamp, origin = _STAMP.match(line), _ORIGIN.search(line)
        if stamp is None or origin is None:
            return True
        known = self._newest.get(origin[1].decode())
        if known is None:
            return True
        if _sortable(stamp[1].decode()) > known:
            # Flows come in the order of time, more or less: from here on all are new.
            if self.written > SLICE:
                del self._newest[origin[1].decode()]
            return True
        return False

    def _open(self, now: float) -> None:
        self._close()
        private_dir(self.place.parent)
        private_dir(self.place)
        self._claim()
        self._prune(now)
        path = self.place / f"flows-{int(now * 1000):013d}-{os.getpid()}.jsonl"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        self._size, self._begun = 0, now

    def _claim(self) -> None:
        """One program at a time writes a ring, or every flow would be in it twice. Raises BlockingIOError."""
        if self._lock is None:
            lock = os.open(self.place / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(lock)
                raise
            self._lock = lock

    def _prune(self, now: float) -> None:
        """Let the oldest files go: those that are too old, and those there is no room for."""
        left = []
        for path in files(self.place):
            begun = int(path.name[6:19]) / 1000
            if now - begun > self.limits.hours * 3600 + FILE_SECONDS:
                path.unlink(missing_ok=True)
            else:
                left.append((path, path.stat().st_size))
        total = sum(size for _, size in left)
        room = self.limits.megabytes * MEGABYTE - self.limits.file_bytes
        for path, size in left:
            if total <= room:
                break
            path.unlink(missing_ok=True)
            total -= size
        self.bytes = total

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def newest(place: Path) -> Iterator[tuple[str, str]]:
    """The time of the last flow of each origin in the ring, in a form that sorts. Raises OSError."""
    found: dict[str, str] = {}
    for path in files(place)[-2:]:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL))
            for line in file:
                stamp, origin = _STAMP.match(line), _ORIGIN.search(line)
                if stamp is not None and origin is not None:
                    key, at = origin[1].decode(), _sortable(stamp[1].decode())
                    found[key] = max(found.get(key, ""), at)
    yield from found.items()


def _sortable(stamp: str) -> str:
    """``…:20Z`` and ``…:20.5Z`` in a form in which the earlier one comes first."""
    head, _, part = stamp.removesuffix("Z").partition(".")
    return f"{head}.{part:0<9}"
