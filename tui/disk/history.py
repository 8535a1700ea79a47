"""The history of announcers on disk: small, bounded, shared by all programs of the user that watch one cluster.

One file of JSON lines per cluster (``history/UID.jsonl``, 0600). A line is an observation (who announced an address from
when on), written when it changes, or a span (``from``, ``to``) in which the program looked, written once a minute. What
lies in no span was not observed, whatever the lines say of before and after. Lines that cannot be read are skipped. A file
above COMPACT bytes is written anew with what matters still, so it stays below MOST.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from pointsman.tui.model.observation import Observation
from pointsman.tui.paths import private_dir, state_dir

Span = tuple[float, float]

COMPACT = 1_500_000
"""Bytes from which the file is written anew."""
MOST = 4_000_000
"""Bytes above which nothing is added, should writing anew not have helped."""
KEPT_SECONDS = 14 * 86400.0
KEPT_EACH = 500
CLUSTERS = 30
"""Files kept; the one that was written to longest ago goes first."""
HEARTBEAT = 60.0
_TEXT = 300
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")


class _Line(msgspec.Struct, omit_defaults=True):
    """An observation, or a span; what is neither is no line of this version."""

    ip: str = ""
    node: str = ""
    evidence: str = ""
    at: float = 0.0
    cause: str = ""
    proof: str = ""
    begin: float = msgspec.field(default=0.0, name="from")
    end: float = msgspec.field(default=0.0, name="to")


@dataclass(slots=True)
class Past:
    """What a file held. ``damaged`` counts lines that could not be read."""

    by_ip: dict[str, list[Observation]] = field(default_factory=dict)
    watched: list[Span] = field(default_factory=list)
    damaged: int = 0


def folder() -> Path:
    return state_dir() / "history"


class HistoryFile:
    """The history of one cluster. Nothing is made on disk before there is something to keep."""

    def __init__(self, uid: str) -> None:
        name = uid if _SAFE.fullmatch(uid) else hashlib.sha256(uid.encode()).hexdigest()
        self.path = folder() / f"{name}.jsonl"

    def load(self) -> Past:
        """Everything that is kept, in order of time; nothing if there is no file or it cannot be read."""
        try:
            raw = self.path.read_bytes()
        except OSError:
            return Past()
        return parse(raw)

    def append(self, observations: Sequence[Observation], span: Span | None = None) -> bool:
        """Add lines; False if the disk refuses them, which stops nothing."""
        lines = [msgspec.json.encode(_line(item)) for item in observations]
        if span is not None:
            lines.append(msgspec.json.encode(_Line(begin=round(span[0], 1), end=round(span[1], 1))))
        if not lines:
            return True
        try:
            fresh = not self.path.exists()
            with self._locked():
                self._append(b"\n".join(lines) + b"\n")
            if fresh:
                _prune(self.path)
        except OSError:
            return False
        return True

    def _append(self, data: bytes) -> None:
        size = self.path.stat().st_size if self.path.exists() else 0
        if size + len(data) > COMPACT:
            self._compact()
            size = self.path.stat().st_size
        if size + len(data) > MOST:
            return
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        handle = os.open(self.path, flags, 0o600)
        try:
            os.fchmod(handle, 0o600)
            end = os.lseek(handle, 0, os.SEEK_END)
            if end and os.pread(handle, 1, end - 1) != b"\n":
                data = b"\n" + data  # a crash cut the last line short; it stays, alone
            view = memoryview(data)
            while view:
                view = view[os.write(handle, view) :]
        finally:
            os.close(handle)

    def _compact(self) -> None:
        """Keep a fortnight, and of each address the last observation, however old it is."""
        past = self.load()
        text = compacted(past)
        fresh = self.path.with_suffix(".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            view = memoryview(text)
            while view:
                view = view[os.write(handle, view) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        fresh.replace(self.path)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """The file itself is replaced now and then, so another one is locked."""
        private_dir(self.path.parent)
        lock = self.path.with_suffix(".lock")
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(handle)


def _line(item: Observation) -> _Line:
    """A node's name comes from the cluster, so it is no longer here than a name may be."""
    return _Line(
        item.ip[:64], item.node[:253], item.evidence[:16], round(item.at, 1), item.cause[:_TEXT], item.proof[:_TEXT]
    )


def parse(raw: bytes) -> Past:
    """The lines of a file; those that are cut short, no JSON or of another shape are counted and skipped."""
    past = Past()
    decoder = msgspec.json.Decoder(_Line)
    for line in raw.split(b"\n"):
        if not line.strip():
            continue
        try:
            found = decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            past.damaged += 1
            continue
        if found.ip:
            item = Observation(found.ip, found.node, found.evidence, found.at, found.cause, found.proof)
            past.by_ip.setdefault(found.ip, []).append(item)
        elif found.end >= found.begin and found.end > 0:
            past.watched.append((found.begin, found.end))
    for ip, items in past.by_ip.items():
        items.sort(key=lambda item: item.at)
        past.by_ip[ip] = _changes(items)
    past.watched = _joined(past.watched)
    return past


def _changes(items: Iterable[Observation]) -> list[Observation]:
    """Two programs that watch the same cluster say the same; what repeats is left out."""
    found: list[Observation] = []
    for item in items:
        if not found or found[-1].node != item.node:
            found.append(item)
    return found


def _joined(spans: Iterable[Span], near: float = 0.0) -> list[Span]:
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1] + near:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def compacted(past: Past, now: float | None = None) -> bytes:
    """The same history in fewer bytes, at most half of COMPACT."""
    oldest = (time.time() if now is None else now) - KEPT_SECONDS
    lines: list[tuple[float, bytes]] = []
    for items in past.by_ip.values():
        kept = [item for number, item in enumerate(items) if item.at >= oldest or number == len(items) - 1]
        lines += [(item.at, msgspec.json.encode(_line(item))) for item in kept[-KEPT_EACH:]]
    lines += [
        (end, msgspec.json.encode(_Line(begin=begin, end=end)))
        for begin, end in _joined(past.watched, near=15.0)
        if end >= oldest
    ]
    lines.sort(key=lambda line: line[0])
    size, found = 0, []
    for _, line in reversed(lines):
        size += len(line) + 1
        if size > COMPACT // 2:
            break
        found.append(line)
    return b"".join(line + b"\n" for line in reversed(found))


def _prune(mine: Path) -> None:
    """A cluster that is made anew every day has a new uid every day."""
    with contextlib.suppress(OSError):
        found = sorted(folder().glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
        for path in found[: max(0, len(found) - CLUSTERS)]:
            if path != mine:
                path.unlink(missing_ok=True)
                path.with_suffix(".lock").unlink(missing_ok=True)


class Keeper:
    """Writes what is new in a history, as it grows: observations at once, the time that was watched once a minute."""

    def __init__(self, file: HistoryFile, known: Mapping[str, Sequence[Observation]]) -> None:
        self.file = file
        self._known: Mapping[str, Sequence[Observation]] = known
        self._beat = float("-inf")
        self._span: Span | None = None
        self.failing = False
        """Whether the disk refuses: then the history lives as long as the program."""

    def keep(
        self, by_ip: Mapping[str, Sequence[Observation]], span: Span | None, now: float, *, last: bool = False
    ) -> None:
        """``span`` is the time watched without a break up to now; ``last``: the program ends."""
        fresh: list[Observation] = []
        if by_ip is not self._known:
            for ip, items in by_ip.items():
                before = self._known.get(ip, ())
                if items is not before:
                    newest = before[-1].at if before else float("-inf")
                    fresh += [item for item in items if item.at > newest]
        broken = span is not None and self._span is not None and span[0] != self._span[0]
        due = (
            span is not None and span != self._span and (broken or last or now - self._beat >= HEARTBEAT or bool(fresh))
        )
        if not fresh and not due:
            return
        kept = self.file.append(fresh, span if due else None)
        self.failing = not kept
        if kept:
            self._known = by_ip
        if due:
            self._beat, self._span = now, span
