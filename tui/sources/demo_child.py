"""The demo homelab as a child process: launched early, its kubeconfig read, ended with us.

:func:`launch` needs the standard library only, so that the app can call it before it loads Textual: the homelab then
comes up on the other core meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shlex
import subprocess
import sys
import threading
from collections import deque
from dataclasses import dataclass
from typing import IO

from pointsman.tui.sources.errors import ConfigError

log = logging.getLogger(__name__)

READY = 15.0
"""Seconds until the first line must be there."""
STOP = 3.0
LINE = "export KUBECONFIG="


class Launched:
    """A demo homelab that is coming up. A thread reads what it says, from the first line to its end."""

    def __init__(self, variant: str) -> None:
        self.variant = variant
        self.kubeconfig = ""
        self.said: deque[str] = deque(maxlen=40)
        self.decided = threading.Event()
        """Set once the kubeconfig is known, or the process has ended without one."""
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "pointsman.tui.demo.serve", variant, f"--parent={os.getpid()}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,  # ctrl+c in the terminal is ours to handle; the demo ends when we end it
        )
        assert self.process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,), name="demo", daemon=True)
        self._reader.start()

    def _read(self, stream: IO[str]) -> None:
        with stream, contextlib.suppress(ValueError, OSError):
            for line in stream:
                if line.startswith(LINE) and not self.kubeconfig:
                    self.kubeconfig = (shlex.split(line.removeprefix(LINE)) or [""])[0]
                    self.decided.set()
                else:
                    self.said.append(line.rstrip())
                    log.info("demo: %s", line.rstrip())
        self.decided.set()

    def stop(self) -> None:
        """End it and wait; it removes its own files. Blocks for up to 3 s; safe to call twice."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join(STOP)


@dataclass
class DemoChild:
    """A running demo homelab. ``kubeconfig`` is the path to connect by."""

    launched: Launched
    kubeconfig: str
    variant: str

    @property
    def process(self) -> subprocess.Popen[str]:
        return self.launched.process

    async def stop(self) -> None:
        """End it; it removes its own files. Safe to call twice."""
        await asyncio.to_thread(self.launched.stop)


_waiting: list[Launched] = []
"""Launched ahead of :func:`start_demo`, which takes it over."""


def launch(variant: str) -> None:
    """Begin to start the demo homelab that :func:`start_demo` is about to be asked for. A failure is left to that call."""
    with contextlib.suppress(OSError):
        _waiting.append(Launched(variant))


async def start_demo(variant: str = "classic") -> DemoChild:
    """The demo homelab in a process of its own, once it serves. Raises ConfigError if it does not come up."""
    ahead = next((one for one in _waiting if one.variant == variant), None)
    if ahead is not None:
        _waiting.remove(ahead)
    try:
        # In this thread: the demo ends with the thread that started it, and this one lasts.
        launched = ahead or Launched(variant)
    except OSError as error:
        raise ConfigError(f"The demo homelab did not start: {error}", "The log file has the details.") from None
    try:
        await asyncio.to_thread(launched.decided.wait, READY)
    except asyncio.CancelledError:
        launched.process.kill()
        launched.decided.set()
        raise
    if not launched.kubeconfig:
        launched.process.kill()
        await asyncio.to_thread(launched.stop)
        log.error("the demo homelab did not start: %s", "\n".join(launched.said))
        last = launched.said[-1][:200] if launched.said else "it gave no reason"
        raise ConfigError(f"The demo homelab did not start: {last}", "The log file has the details.")
    return DemoChild(launched, launched.kubeconfig, variant)
