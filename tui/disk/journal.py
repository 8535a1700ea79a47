"""The journal: every write the program makes, on disk before it is sent, and what became of it.

One append-only file of JSON lines per cluster (``journal/UID.jsonl``, 0600), each line synced to the disk before
:meth:`Journal.append` returns. A write is an ``intent`` line and, later, lines that say what became of it (``applied``,
``verified``, ``failed``, ``missed``, ``unknown``, ``undone``; ``part`` for an object made or removed along with it,
``restated`` for an intent whose time was set anew before it was sent), tied by the operation's id. Several programs may append at once: a
lock on the file orders them. A line that a crash or a full disk cut short is skipped by readers and never completed.

While a write is under way its program holds a lock (:meth:`Journal.hold`) that the kernel releases when the program
ends, however it ends: so a later start can tell a write in progress from one whose program died.
"""

from __future__ import annotations

import contextlib
import enum
import errno
import fcntl
import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from pointsman.tui.model.secrets import reduce_secret
from pointsman.tui.paths import private_dir, state_dir

Doc = dict[str, Any]

LOCK_SECONDS = 5.0
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_HIDDEN_KINDS = ("Secret",)


class JournalError(Exception):
    """The journal cannot be read or written. ``sentence`` says why, ``hint`` (may be empty) what would mend it."""

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint


class Entry(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One line. ``at`` is seconds since 1970.

    An ``intent`` says what is about to be written: ``kind`` (an id in the table of kinds), ``namespace`` and ``name``;
    ``verb`` is create, update or delete; ``before`` and ``after`` are the whole object (None: it is not there),
    ``source`` the user's own YAML where there was one, ``undoes`` the operation that this one takes back, ``until`` when it
    is to be reverted. Every other event says in
    ``text`` what happened; ``applied`` also holds the object as the server answered (``after``).
    """

    op: str
    event: str
    at: float = 0.0
    actor: str = ""
    action: str = ""
    title: str = ""
    kind: str = ""
    version: str = ""
    namespace: str = ""
    name: str = ""
    verb: str = ""
    before: Doc | None = None
    after: Doc | None = None
    source: str = ""
    context: str = ""
    server: str = ""
    undoes: str = ""
    until: float | None = None
    text: str = ""


class State(enum.StrEnum):
    """What is known of a write. PENDING: its program has not said yet, or died before it could."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    UNDONE = "undone"


@dataclass(slots=True)
class Write:
    """A write with all its lines put together. ``stored`` is the object as the server kept it, if that is known."""

    intent: Entry
    state: State = State.PENDING
    text: str = ""
    stored: Doc | None = None
    ended: float | None = None
    undone_by: str = ""
    sent: bool = False
    """Whether the server is known to have answered the write with yes."""
    certain: bool = True
    """False for a FAILED write whose answer was lost: the object was unchanged when it was read back, but a request
    that hung somewhere on the way may have landed after that."""
    events: list[Entry] = field(default_factory=list)

    @property
    def op(self) -> str:
        return self.intent.op

    @property
    def has_parts(self) -> bool:
        """Whether other objects were made along with it."""
        return any(entry.event == "part" for entry in self.events)

    @property
    def path(self) -> str:
        """``media/jellyfin``, or the name alone for cluster-scoped objects."""
        intent = self.intent
        return f"{intent.namespace}/{intent.name}" if intent.namespace else intent.name


@dataclass(frozen=True, slots=True)
class Reading:
    """The writes in the order they began, and sentences about lines that cannot be read."""

    writes: tuple[Write, ...] = ()
    problems: tuple[str, ...] = ()

    def get(self, op: str) -> Write | None:
        for write in self.writes:
            if write.op == op:
                return write
        return None

    def matching(self, start: str) -> list[Write]:
        """The writes whose id begins with ``start``; an exact id is alone."""
        exact = self.get(start)
        if exact is not None:
            return [exact]
        return [write for write in self.writes if start and write.op.startswith(start)]


def new_id() -> str:
    """An operation's id: eight characters, short enough to type."""
    return secrets.token_hex(4)


def masked(doc: Doc | None) -> Doc | None:
    """An object as the journal may keep it: a Secret reduced to type and keys; the server's bookkeeping left out."""
    if doc is None:
        return None
    if doc.get("kind") in _HIDDEN_KINDS:
        return reduce_secret(doc)
    metadata = doc.get("metadata")
    if isinstance(metadata, dict) and "managedFields" in metadata:
        kept = {key: value for key, value in metadata.items() if key != "managedFields"}
        return {**doc, "metadata": kept}
    return doc


def folder() -> Path:
    return state_dir() / "journal"


def file_name(uid: str) -> str:
    """The UID comes from a cluster: anything but letters, digits and dashes is hashed before it names a file."""
    return uid if _SAFE.fullmatch(uid) else hashlib.sha256(uid.encode()).hexdigest()


class Journal:
    """The journal of one cluster. Nothing is made on disk before the first write."""

    def __init__(self, uid: str, *, clock: Callable[[], float] = time.time) -> None:
        self.uid = uid
        self._clock = clock
        self.path = folder() / f"{file_name(uid)}.jsonl"

    # -- writing ---------------------------------------------------------------------------------------------------

    def append(self, entry: Entry) -> None:
        """Write one line and see it to the disk. Raises JournalError; then the file is as it was before."""
        kept = msgspec.structs.replace(
            entry, at=entry.at or self._clock(), before=masked(entry.before), after=masked(entry.after)
        )
        line = msgspec.json.encode(kept) + b"\n"
        try:
            private_dir(self.path.parent)
            fresh = not self.path.exists()
            with _opened(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND) as handle:
                os.fchmod(handle, 0o600)
                _lock(handle, self.path)
                end = os.lseek(handle, 0, os.SEEK_END)
                if end and os.pread(handle, 1, end - 1) != b"\n":
                    line = b"\n" + line  # a crash cut the last line short; it stays, alone
                try:
                    _write_all(handle, line)
                    os.fsync(handle)
                except OSError:
                    with contextlib.suppress(OSError):
                        os.ftruncate(handle, end)
                    raise
            if fresh:
                _sync_folder(self.path.parent)
        except OSError as error:
            raise _trouble(self.path, error) from error

    @contextlib.contextmanager
    def hold(self, op: str) -> Iterator[None]:
        """Say that a write is under way for as long as the block lasts. Raises JournalError if that cannot be said."""
        path = self._mark(op)
        try:
            private_dir(path.parent)
            with _opened(path, os.O_RDWR | os.O_CREAT) as handle:
                _lock(handle, path)
                try:
                    yield
                finally:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise _trouble(path, error) from error

    def under_way(self, op: str) -> bool:
        """Whether a living program is in the middle of this write."""
        path = self._mark(op)
        try:
            with _opened(path, os.O_RDWR) as handle:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return True
                path.unlink(missing_ok=True)  # its program died and left the mark behind
                return False
        except OSError:
            return False

    def _mark(self, op: str) -> Path:
        name = op if _SAFE.fullmatch(op) else hashlib.sha256(op.encode()).hexdigest()
        return self.path.parent / f"{self.path.stem}.{name}.writing"

    # -- reading ---------------------------------------------------------------------------------------------------

    def read(self) -> Reading:
        """Everything that was written. Raises JournalError if the file is there and cannot be read."""
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return Reading()
        except OSError as error:
            raise _trouble(self.path, error, "read") from error
        return fold(raw.split(b"\n"), str(self.path))

    def stamp(self) -> tuple[int, int]:
        """Changes when something was appended; costs one ``stat``."""
        try:
            found = self.path.stat()
        except OSError:
            return (0, 0)
        return (found.st_size, found.st_mtime_ns)


def fold(lines: Iterable[bytes], where: str = "the journal") -> Reading:
    """Lines put together to writes. Lines of unknown operations or events are no problem: a newer version wrote them."""
    writes: dict[str, Write] = {}
    problems: list[str] = []
    damaged = 0
    for line in lines:
        if not line.strip():
            continue
        try:
            entry = msgspec.json.decode(line, type=Entry)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            damaged += 1
            continue
        if entry.event == "intent":
            writes.setdefault(entry.op, Write(entry)).events.append(entry)
            continue
        write = writes.get(entry.op)
        if write is None:
            continue
        write.events.append(entry)
        _take(write, entry)
    if damaged:
        what = "one line" if damaged == 1 else f"{damaged} lines"
        problems.append(f"{what} of {where} cannot be read (cut short by a crash or a full disk?)")
    return Reading(tuple(writes.values()), tuple(problems))


def _take(write: Write, entry: Entry) -> None:
    match entry.event:
        case "restated":
            write.intent = msgspec.structs.replace(write.intent, after=entry.after, until=entry.until)
        case "applied":
            write.sent = True
            write.stored = entry.after if entry.after is not None else write.stored
        case "verified":
            write.state, write.text, write.ended, write.sent = State.DONE, entry.text, entry.at, True
            write.stored = entry.after if entry.after is not None else write.stored
        case "failed" | "missed":
            write.state, write.text, write.ended = State.FAILED, entry.text, entry.at
            write.certain = entry.event == "failed"
        case "unknown":
            write.state, write.text, write.ended = State.UNKNOWN, entry.text, entry.at
        case "undone":
            write.state, write.undone_by = State.UNDONE, entry.undoes
            write.text = entry.text or write.text


def clusters() -> list[Path]:
    """The journals there are, the one that was written to last first."""
    with contextlib.suppress(OSError):
        return sorted(folder().glob("*.jsonl"), key=lambda path: -path.stat().st_mtime)
    return []


@contextlib.contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    """A descriptor that is not followed through a symbolic link and not inherited."""
    handle = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def _lock(handle: int, path: Path) -> None:
    """Wait for the lock, not for ever: a stopped program must not hang this one."""
    end = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > end:
                raise OSError(errno.EBUSY, "another program keeps it locked", str(path)) from None
            time.sleep(0.01)


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _trouble(path: Path, error: OSError, doing: str = "written") -> JournalError:
    reason = error.strerror or type(error).__name__
    sentence = f"The journal {path} cannot be {doing} ({reason})."
    hints = {
        errno.ENOSPC: "Make room on that disk; a write is sent only after it is in the journal.",
        errno.EDQUOT: "Make room on that disk; a write is sent only after it is in the journal.",
        errno.EFBIG: "Raise the limit on file sizes (ulimit -f); a write is sent only after it is in the journal.",
        errno.EROFS: "Point XDG_STATE_HOME at a folder that can be written; a write is sent only after it is in the journal.",
        errno.EACCES: "Point XDG_STATE_HOME at a folder that can be written; a write is sent only after it is in the journal.",
        errno.EBUSY: "Another pointsman may hang; end it and try again.",
    }
    return JournalError(sentence, hints.get(error.errno or 0, ""))
