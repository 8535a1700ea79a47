"""What the reading verbs share: open the source, read once, say in one sentence why that failed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from pointsman.tui.options import Options
from pointsman.tui.store.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.tui.sources.open import Opened

CANNOT_TELL = 2
TOLD = 20
"""Problems of files that are told one by one."""


def complain(sentence: str, hint: str = "") -> int:
    """One sentence on stderr, cleaned; exit code 2."""
    from pointsman.widgets.text import clean

    text = f"pointsman: {clean(sentence)}"
    if hint:
        text += f" ({clean(hint)})"
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except OSError:
        # Its reader has gone, or its disk is full: stderr is pointed elsewhere, or Python fails on it when it ends.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    return CANNOT_TELL


def tell(problems: Sequence[str]) -> None:
    """On stderr, what could not be read of the files; the answer itself stands on stdout."""
    for problem in problems[:TOLD]:
        complain(problem)
    if len(problems) > TOLD:
        complain(f"and {len(problems) - TOLD} more problems in the files")


def read(
    options: Options, also: Callable[[Opened], Awaitable[None]] | None = None, *, traefik: bool = False
) -> Snapshot | int:
    """Everything, read once; or the exit code, after the reason was said. ``also`` adds to the store what a verb wants
    more; ``traefik``: its API is asked too, once."""
    from pointsman.tui.sources.errors import KubeError
    from pointsman.tui.sources.open import open_source
    from pointsman.tui.store.store import Store

    async def load() -> Snapshot:
        store = Store()
        opened = open_source(store, options)
        try:
            await opened.load()
            if traefik and opened.manifests is None:
                from pointsman.tui.config import load_config
                from pointsman.tui.paths import config_file
                from pointsman.tui.sources.traefik.feed import ask_once

                config = load_config(config_file())
                opened.hubble = lambda context: config.hubble_in(context, options.hubble)
                opened.traefik_at = lambda context: config.traefik_in(context, options.traefik)
                await ask_once(opened)
            if opened.manifests is not None and opened.manifests.report is not None:
                tell([str(problem) for problem in opened.manifests.report.problems])
            if also is not None:
                await also(opened)
            return store.snapshot()
        finally:
            await opened.close()

    try:
        return asyncio.run(load())
    except KubeError as error:
        return complain(error.sentence, error.hint)


def with_hubble(options: Options) -> Options:
    """The options with what the settings file says of how Hubble is reached, where they say nothing."""
    from dataclasses import replace

    from pointsman.tui.config import load_config
    from pointsman.tui.paths import config_file

    return replace(options, hubble=load_config(config_file()).hubble_in(options.context, options.hubble))


def guarded(run: Callable[[], int]) -> int:
    """Run a verb: an interrupted one ends quietly, and so does one whose reader has gone."""
    try:
        code = run()
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (head, less) has gone. stdout is pointed elsewhere, or Python complains when it closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def forever(work: Coroutine[Any, Any, int]) -> int:
    """Run a following verb until it ends or is interrupted; SIGTERM ends it as SIGINT does, with exit code 0."""
    import signal

    async def main() -> int:
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(work)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            return 0

    return asyncio.run(main())
