"""What runs beside the objects once there is a cluster: flows, access logs, the Traefik API. One module and one line each.

A feed's module has ``async def run(opened)``: it fills the store until it is cancelled, reports its link's state there and
raises nothing. It is imported in a thread when the source starts, so a heavy library costs the first paint nothing.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from typing import TYPE_CHECKING

from pointsman.tui.store.snapshot import State

if TYPE_CHECKING:
    from pointsman.tui.sources.open import Opened

log = logging.getLogger(__name__)

FEEDS: dict[str, str] = {
    "hubble": "pointsman.tui.sources.hubble.feed",
    "traefik": "pointsman.tui.sources.traefik.feed",
    "traefik-log": "pointsman.tui.sources.accesslog.feed",
    "recorder": "pointsman.tui.sources.recording",
}
"""The link's name → the module."""


async def run_feeds(opened: Opened) -> None:
    """All feeds until cancelled. One that fails is reported as down; the others go on."""
    await asyncio.gather(*(_run(name, module, opened) for name, module in FEEDS.items()))


async def _run(name: str, module: str, opened: Opened) -> None:
    try:
        feed = await asyncio.to_thread(importlib.import_module, module)
        await feed.run(opened)
    except asyncio.CancelledError:
        raise
    except Exception as error:
        log.exception("the feed %s failed", name)
        opened.store.set_link(
            name,
            State.DOWN,
            f"It stopped with an error of its own ({type(error).__name__}).",
            "The log file says more.",
        )
