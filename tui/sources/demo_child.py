"""The demo homelab as a child process: started, its kubeconfig read, ended with us."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shlex
import signal
import sys
from dataclasses import dataclass

from pointsman.tui.sources.errors import ConfigError

log = logging.getLogger(__name__)

READY = 15.0
"""Seconds until the first line must be there."""
STOP = 3.0
LINE = "export KUBECONFIG="


@dataclass
class DemoChild:
    """A running demo homelab. ``kubeconfig`` is the path to connect by."""

    process: asyncio.subprocess.Process
    kubeconfig: str
    variant: str

    async def stop(self) -> None:
        """End it; it removes its own files. Safe to call twice."""
        if self.process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP):
                await self.process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()


async def start_demo(variant: str = "classic") -> DemoChild:
    """Start the demo homelab in a process of its own and wait until it serves. Raises ConfigError if it does not."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "pointsman.tui.demo.serve",
        variant,
        f"--parent={os.getpid()}",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,  # ctrl+c in the terminal is ours to handle; the demo ends when we end it
    )
    assert process.stdout is not None
    assert process.stderr is not None
    kubeconfig = ""
    try:
        async with asyncio.timeout(READY):
            while line := (await process.stdout.readline()).decode("utf-8", "replace"):
                if line.startswith(LINE):
                    kubeconfig = (shlex.split(line.removeprefix(LINE)) or [""])[0]
                    break
    except TimeoutError:
        pass
    except BaseException:
        await _end(process)
        raise
    if not kubeconfig:
        await _end(process)
        said = (await process.stderr.read()).decode("utf-8", "replace").strip()
        log.error("the demo homelab did not start: %s", said[-4000:])
        last = said.splitlines()[-1][:200] if said else "it gave no reason"
        raise ConfigError(
            f"The demo homelab did not start: {last}", "Run it by itself to see more: pointsman demo serve"
        )
    child = DemoChild(process, kubeconfig, variant)
    # Its output is read until it ends, or a full pipe would stop it.
    _drains.add(task := asyncio.create_task(_drain(process)))
    task.add_done_callback(_drains.discard)
    return child


_drains: set[asyncio.Task[None]] = set()


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


async def _drain(process: asyncio.subprocess.Process) -> None:
    async def copy(stream: asyncio.StreamReader | None) -> None:
        while stream is not None and (line := await stream.readline()):
            log.info("demo: %s", line.decode("utf-8", "replace").rstrip())

    with contextlib.suppress(ValueError, asyncio.LimitOverrunError):
        await asyncio.gather(copy(process.stdout), copy(process.stderr))
