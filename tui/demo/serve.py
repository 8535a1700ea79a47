"""The demo homelab as a process: it starts, says where its kubeconfig is, serves, and leaves nothing behind.

`python -m pointsman.tui.demo.serve [VARIANT]` prints `export KUBECONFIG=PATH` (quoted for the shell) as its first line
once it answers. It ends on SIGINT, SIGTERM and SIGHUP, and when the process that started it is gone.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import ctypes
import gc
import logging
import os
import secrets
import shlex
import shutil
import signal
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pointsman.tui.demo import tls

PARENT_POLL_SECONDS = 0.5
END_SECONDS = 1.5
"""After this long an orderly end is given up: the folder goes, the process too."""
_PREFIX = "pointsman-demo-"
_STARTED_BY = os.getppid()  # asked early: it may be gone when the server is ready
_PR_SET_PDEATHSIG = 1


async def run(
    variant: str,
    *,
    ready: Callable[[Path], None],
    seed: int = 1,
    folder: Path,
    ended: asyncio.Event | None = None,
) -> None:
    """Serve a variant until cancelled or `ended` is set. `ready` gets the kubeconfig's path once the API answers.

    `folder` is private to this run and the caller's to remove. Raises ValueError for an unknown variant.
    """
    # What is built here lives to the end: the collector need not look at it, now or later.
    gc.disable()
    from pointsman.tui.demo.homelab import Homelab

    homelab = Homelab(variant, seed=seed, cluster_uid=str(uuid.uuid4()))
    pki = tls.make()
    tokens = {name: secrets.token_urlsafe(32) for name in ("admin", "restricted")}
    port = await homelab.start(pki.server_context(folder), tokens)
    gc.freeze()
    gc.enable()
    config = folder / "kubeconfig"
    config.touch(mode=0o600)
    config.write_text(kubeconfig(variant, port, pki.ca, tokens["admin"], tokens["restricted"]))
    try:
        ready(config)
        await (ended or asyncio.Event()).wait()
    finally:
        await homelab.stop()


def kubeconfig(variant: str, port: int, ca: str, admin: str, restricted: str) -> str:
    """Two contexts on one cluster: `demo-VARIANT` (current, may do all) and `demo-VARIANT-restricted`."""
    name = f"demo-{variant}"
    data = base64.b64encode(ca.encode()).decode()
    return f"""\
apiVersion: v1
kind: Config
current-context: {name}
preferences: {{}}
clusters:
- name: {name}
  cluster:
    server: https://127.0.0.1:{port}
    certificate-authority-data: {data}
contexts:
- name: {name}
  context:
    cluster: {name}
    user: {name}-admin
    namespace: default
- name: {name}-restricted
  context:
    cluster: {name}
    user: {name}-guest
    namespace: default
users:
- name: {name}-admin
  user:
    token: {admin}
- name: {name}-guest
  user:
    token: {restricted}
"""


@contextlib.contextmanager
def private_folder() -> Iterator[Path]:
    """A new 0700 folder that goes with the block; what earlier runs could not remove (SIGKILL) goes first."""
    base = Path(tempfile.gettempdir())
    for old in base.glob(f"{_PREFIX}*"):
        owner = old.name.removeprefix(_PREFIX).partition("-")[0]
        with contextlib.suppress(OSError):
            if owner.isdigit() and old.stat().st_uid == os.getuid() and not _lives(int(owner)):
                shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _ask_for_parents_death(signum: int) -> None:
    """Have Linux send `signum` when the thread that started this process ends. Elsewhere polling has to do."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signum), 0, 0, 0)


async def _watch_parent(parent: int, end: Callable[[], None]) -> None:
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing signals this everywhere
        await asyncio.sleep(PARENT_POLL_SECONDS)
    end()


async def _serve(variant: str, seed: int, parent: int, folder: Path) -> None:
    # What a client sends that is no HTTP is answered, and is no news of the server's.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def end() -> None:
        if not ended.is_set():
            ended.set()
            loop.call_later(END_SECONDS, give_up)

    def give_up() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)

    def parent_may_be_gone() -> None:
        # The signal also comes when only the thread that started us has ended.
        if os.getppid() != parent:
            end()

    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(signum, end)
    loop.add_signal_handler(signal.SIGUSR2, parent_may_be_gone)
    _ask_for_parents_death(signal.SIGUSR2)
    watcher = asyncio.create_task(_watch_parent(parent, end))

    def ready(config: Path) -> None:
        sys.stdout.write(f"export KUBECONFIG={shlex.quote(str(config))}\n")
        sys.stdout.flush()
        if sys.stderr.isatty():
            sys.stderr.write(
                f"The demo homelab ({variant}) runs. Paste the line above into another shell; ctrl+c ends it.\n"
            )

    try:
        await run(variant, ready=ready, seed=seed, folder=folder, ended=ended)
    finally:
        watcher.cancel()


def serve(variant: str, *, seed: int = 1, parent: int | None = None) -> int:
    """Run in the foreground until a signal or the parent's end; the exit code.

    `parent` is the process that wants it, where the caller knows: it may be gone before this one looks.
    """
    parent = _STARTED_BY if parent is None else parent
    try:
        with private_folder() as folder:
            asyncio.run(_serve(variant, seed, parent, folder))
    except (KeyboardInterrupt, BrokenPipeError):
        pass
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """The command line of the child process. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="pointsman demo serve", description="The demo homelab as a server.")
    parser.add_argument("variant", nargs="?", default="classic", choices=("classic", "cilium", "broken"))
    parser.add_argument("--seed", type=int, default=1, help="what happens, and when, follows from it (default 1)")
    parser.add_argument("--parent", type=int, help="the process to end with (the one that started this, by default)")
    words = parser.parse_args(argv)
    return serve(words.variant, seed=words.seed, parent=words.parent)


if __name__ == "__main__":
    raise SystemExit(main())
