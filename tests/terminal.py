"""A terminal in the tests: the real program on a pseudo-terminal, its screen kept by pyte, bytes counted.

It answers what a terminal answers (cursor position reports), so pacing by the terminal's replies is really exercised.
Nothing here sleeps for a fixed time: one waits for a text or for a condition, with a limit.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

import pyte

KEYS = {
    "enter": "\r",
    "esc": "\x1b",
    "tab": "\t",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "backspace": "\x7f",
    "space": " ",
}


class Screen(pyte.Screen):
    """pyte's screen, with what it lacks of modern terminals ignored and its replies handed on."""

    reply: Callable[[str], None] = staticmethod(lambda text: None)

    def write_process_input(self, data: str) -> None:
        self.reply(data)

    def select_graphic_rendition(self, *attrs: int, **kwargs: object) -> None:
        if not kwargs.get("private"):
            super().select_graphic_rendition(*attrs)

    def report_device_status(self, mode: int, **kwargs: object) -> None:
        if not kwargs.get("private"):
            super().report_device_status(mode)


class Terminal:
    """A process on a pty. Use it in a ``with``: leaving it ends the process and whatever it started."""

    def __init__(
        self,
        words: Sequence[str],
        *,
        columns: int = 120,
        lines: int = 40,
        env: Mapping[str, str] | None = None,
        answers: bool = True,
        bandwidth: int = 0,
    ) -> None:
        """``answers`` False is a terminal that never replies; ``bandwidth`` bytes/s throttles what is read (0: not)."""
        self.screen = Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.received = bytearray()
        self.bytes = 0
        self._bandwidth = bandwidth
        self._allowed_at = time.monotonic()
        self.master, slave = os.openpty()
        self._set_size(columns, lines)
        if answers:
            self.screen.reply = self._reply
        started = {**os.environ, "TERM": "xterm-256color", "PYTHONUNBUFFERED": "1", **(env or {})}
        started.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's second start has its bytecode
        for name in ("COLUMNS", "LINES"):
            started.pop(name, None)  # a test runner's own size; they would win over the terminal's
        self.process = subprocess.Popen(
            list(words),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=started,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)

    @classmethod
    def pointsman(cls, *words: str, columns: int = 120, lines: int = 40, **more: object) -> Terminal:
        command = [sys.executable, "-m", "pointsman.tui", *words]
        return cls(command, columns=columns, lines=lines, **more)  # type: ignore[arg-type]

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _reply(self, text: str) -> None:
        with contextlib.suppress(OSError):
            os.write(self.master, text.encode())

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def resize(self, columns: int, lines: int) -> None:
        self._set_size(columns, lines)
        self.screen.resize(lines, columns)

    def press(self, *keys: str) -> None:
        """Send keys: names of KEYS, ``ctrl+x``, or text as it is."""
        for key in keys:
            if key.startswith("ctrl+") and len(key) == 6:
                text = chr(ord(key[5].upper()) - 64)
            else:
                text = KEYS.get(key, key)
            os.write(self.master, text.encode())
            if key == "esc":
                self.watch(0.15)  # ESC and a letter in one breath is alt+letter to every program

    def read(self, seconds: float = 0.05) -> bool:
        """Take in what the program wrote; False once it has closed the terminal."""
        if self._bandwidth and time.monotonic() < self._allowed_at:
            time.sleep(min(seconds, self._allowed_at - time.monotonic()))
            return True
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return self.process.poll() is None
        try:
            data = os.read(self.master, min(65536, max(256, self._bandwidth // 20)) if self._bandwidth else 65536)
        except OSError:
            return False
        if not data:
            return False
        if self._bandwidth:
            self._allowed_at = time.monotonic() + len(data) / self._bandwidth
        self.bytes += len(data)
        self.received += data
        self.stream.feed(data)
        return True

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait(self, condition: Callable[[], bool], seconds: float = 20.0, what: str = "") -> float:
        """Read until the condition holds; the seconds it took. Fails with the screen if it never does."""
        start = time.monotonic()
        while True:
            if condition():
                return time.monotonic() - start
            if time.monotonic() - start > seconds:
                raise AssertionError(f"waited {seconds} s for {what or 'a condition'}; the screen:\n{self.text}")
            if not self.read() and not condition():
                raise AssertionError(f"the program ended (code {self.process.poll()}) before {what}:\n{self.text}")

    def wait_for(self, text: str, seconds: float = 20.0) -> float:
        return self.wait(lambda: text in self.text, seconds, repr(text))

    def wait_gone(self, text: str, seconds: float = 20.0) -> float:
        return self.wait(lambda: text not in self.text, seconds, f"{text!r} to go")

    def settle(self, quiet: float = 0.4, seconds: float = 10.0) -> None:
        """Read until nothing came for ``quiet`` seconds."""
        start = last = time.monotonic()
        while time.monotonic() - start < seconds:
            before = self.bytes
            if not self.read(0.05):
                return
            if self.bytes != before:
                last = time.monotonic()
            elif time.monotonic() - last > quiet:
                return

    def watch(self, seconds: float) -> int:
        """Read for that long; the bytes that came."""
        before, until = self.bytes, time.monotonic() + seconds
        while time.monotonic() < until and self.read(0.05):
            pass
        return self.bytes - before

    def wait_end(self, seconds: float = 10.0) -> int:
        """Wait for the program to end; its exit code (negative: the signal)."""
        start = time.monotonic()
        while self.process.poll() is None:
            if time.monotonic() - start > seconds:
                raise AssertionError(f"still running after {seconds} s; the screen:\n{self.text}")
            self.read(0.05)
        while self.read(0.05):
            if time.monotonic() - start > seconds + 2:
                break
        return self.process.returncode

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def close(self) -> None:
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(5)
        with contextlib.suppress(OSError):
            os.close(self.master)
