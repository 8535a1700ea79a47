"""The flight recorder beside the app: begins once it is known which cluster this is, ends with the connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from pointsman.tui.answers.flows.document import flow_line
from pointsman.tui.disk.recorder import Recorder, folder
from pointsman.tui.store.snapshot import State

if TYPE_CHECKING:
    from pointsman.tui.sources.open import Opened

LINK: Final = "recorder"
LOOK_SECONDS: Final = 1.0


async def run(opened: Opened) -> None:
    """Until cancelled. Nothing is kept of the demo homelab, which is another one at each start."""
    store, limits = opened.store, opened.recording
    if not limits.on:
        store.set_link(LINK, State.ABSENT, "Flows are not recorded: record_megabytes is 0 in the settings.")
        return
    while not (uid := store.cluster.uid):  # noqa: ASYNC110 - the store has no callbacks
        await asyncio.sleep(LOOK_SECONDS)
    if store.cluster.demo:
        store.set_link(
            LINK, State.ABSENT, "Flows of the demo homelab are not recorded by themselves; record FILE does."
        )
        return
    try:
        place = folder(uid)
    except ValueError:
        store.set_link(LINK, State.ABSENT, "This cluster has no identity that flows could be kept under.")
        return
    recorder = Recorder(place, store.flows.after, flow_line, limits)
    recorder.start()
    try:
        while True:
            store.set_link(LINK, *_standing(recorder))  # also when nothing changed: it is confirmed
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        await asyncio.to_thread(recorder.stop)


def _standing(recorder: Recorder) -> tuple[State, str, str]:
    if recorder.problem:
        return State.DOWN, recorder.problem, "It is tried again; record_megabytes = 0 switches it off."
    if recorder.elsewhere:
        return State.ABSENT, "Another Pointsman of yours records this cluster's flows.", ""
    return State.LIVE, f"{recorder.bytes / 1e6:.0f} of {recorder.limits.megabytes} MB in {recorder.place}", ""
