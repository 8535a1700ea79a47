"""The guard: a process of its own that switches a policy on again when its time has come.

It outlives the program that starts it: it runs in a session of its own, so that neither SIGKILL of that program nor a
lost terminal reaches it. It holds a lock for as long as it watches, so that there is one guard for a toggle, and others
can see that there is. It sleeps by the wall clock (a laptop that slept past the deadline is late, not wrong), reads the
kubeconfig again for each try, writes only to the cluster whose uid it was given, and only if the object still carries
the operation it watches over. It tries until the policy is on, and says in ``guard.log`` what it does.

It does not outlive a reboot, nor a system that ends a user's processes at logout (systemd's ``KillUserProcesses=yes``);
then the annotations on the object tell the next start of the program.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from pointsman.tui.actions.errors import ActionError
from pointsman.tui.disk.journal import file_name
from pointsman.tui.model.times import rfc3339
from pointsman.tui.paths import private_dir, state_dir

READY_SECONDS = 20.0
READY = "watching"


@dataclass(frozen=True, slots=True)
class Post:
    """What a guard watches over. ``until`` in seconds since 1970; ``uid`` the cluster the object is in."""

    uid: str
    op: str
    kind: str
    namespace: str
    name: str
    version: str
    until: float
    kubeconfig: str
    context: str
    server: str
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Armed:
    """A guard that watches."""

    pid: int
    log: Path


def folder() -> Path:
    return state_dir() / "guards"


def log_file() -> Path:
    return state_dir() / "guard.log"


def lock_path(uid: str, op: str) -> Path:
    return folder() / f"{file_name(uid)}.{file_name(op)}.lock"


def take(path: Path) -> int | None:
    """Take the lock of a toggle: its descriptor, or None if another guard has it. Raises OSError."""
    private_dir(path.parent)
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(handle).st_ino:
                return handle
        os.close(handle)  # its holder has just ended and removed it: try again with a new file


def guard_alive(uid: str, op: str) -> bool:
    """Whether a guard on this machine watches over the operation."""
    try:
        handle = os.open(lock_path(uid, op), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False


def post(duty: Post) -> Armed:
    """Start a guard and wait until it says that it watches. Raises ActionError if it does not."""
    command = [sys.executable, "-P", "-m", "pointsman.tui.actions.guard"]  # nothing of the folder we stand in
    try:
        private_dir(state_dir())
        done = subprocess.run(
            command,
            input=json.dumps(asdict(duty)),
            capture_output=True,
            text=True,
            timeout=READY_SECONDS,
            check=False,
            env=_environment(),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ActionError(
            f"The guard process could not be started ({getattr(error, 'strerror', None) or type(error).__name__}).",
            "Without it nobody would switch the policy on again; --permanent does without.",
        ) from error
    word, _, pid = done.stdout.strip().partition(" ")
    if word != READY or not pid.isdigit():
        reason = done.stderr.strip().splitlines()[-1:] or ["it gave no answer"]
        raise ActionError(f"The guard process could not be started: {reason[0]}.")
    return Armed(int(pid), log_file())


def _environment() -> dict[str, str]:
    """The user's own environment: the kubeconfig, the proxy and credential plugins need it. Imports must work as here."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}


def main() -> int:
    """``python -m pointsman.tui.actions.guard``: reads a :class:`Post` as JSON from stdin, leaves a guard behind, says
    ``watching PID`` and ends. Exit code 1 with a sentence on stderr if there is none."""
    duty = Post(**json.loads(sys.stdin.read()))
    reader, writer = os.pipe()
    if os.fork():
        os.close(writer)
        with os.fdopen(reader) as answer:
            said = answer.read().strip()
        if said.startswith(READY):
            sys.stdout.write(f"{said}\n")
            return 0
        sys.stderr.write(f"{said or 'it ended at once'}\n")
        return 1
    os.close(reader)
    os.setsid()
    if os.fork():  # no session leader, so that no terminal can become its own
        os._exit(0)
    code = 1
    try:
        code = _guard(duty, writer)
    except BaseException:
        _log(f"{duty.op}: ended by an error of its own: {sys.exc_info()[1]!r}")
    os._exit(code)


def _guard(duty: Post, writer: int) -> int:
    """The guard itself, in its own process. Says on ``writer`` that it watches, then lets go of all that is inherited."""
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    try:
        handle = take(lock_path(duty.uid, duty.op))
        problem = "another guard watches over this already" if handle is None else ""
        if not problem:
            # Everything that is needed is loaded now: an upgrade of the program must not pull it from under our feet.
            from pointsman.tui.actions.watch import watch
    except (OSError, ImportError) as error:
        problem = str(error)
    if problem:
        os.write(writer, problem.encode())
        return 1
    assert handle is not None
    os.ftruncate(handle, 0)
    os.write(handle, f"{os.getpid()}\n".encode())
    _log(f"{duty.op}: watching over {duty.kind} {duty.namespace}/{duty.name} in pid {os.getpid()}")
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.write(writer, f"{READY} {os.getpid()}".encode())
    os.close(writer)
    try:
        return watch(duty, _log)
    finally:
        lock_path(duty.uid, duty.op).unlink(missing_ok=True)


def _log(text: str) -> None:
    """One line with the time in ``guard.log`` (0600). A disk that refuses is no reason to stop watching."""
    with contextlib.suppress(OSError):
        path = log_file()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            clean = "".join(char if char.isprintable() else "?" for char in text)
            os.write(handle, f"{rfc3339(time.time())} {clean}\n".encode())
        finally:
            os.close(handle)


if __name__ == "__main__":
    sys.exit(main())
