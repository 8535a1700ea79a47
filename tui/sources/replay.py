"""Recorded flows in place of live ones: read once into the store, whose clock then stands still at the last of them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pointsman.tui.model.flows import Flow
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.sources.flowfile import Reading
from pointsman.tui.store.snapshot import Cluster, State

if TYPE_CHECKING:
    from pointsman.tui.store.store import Store

LINK: Final = "replay"
BATCH: Final = 500
PROGRESS_SECONDS: Final = 0.5
NOTHING: Final = "a recording holds flows only; --manifests adds objects"


class ReplaySource:
    """``alone`` is False where ``--manifests`` brings the objects."""

    name = LINK

    def __init__(self, store: Store, path: str, *, alone: bool) -> None:
        self._store = store
        self._path = path
        self._alone = alone
        self._stopped = False
        store.set_link(LINK, State.CONNECTING, f"reading {path}")
        for name in ("hubble", "traefik-log"):
            store.set_link(name, State.ABSENT, "recorded flows are shown in place of live ones")
        if alone:
            store.set_link("kube", State.ABSENT, "recorded flows are shown in place of a cluster")
            # Files in place of a cluster, without an object among them: nothing may be concluded from their absence.
            store.set_cluster(Cluster(Path(path).name, origin="manifests"))
            for kind in KINDS.values():
                store.set_kind_link(kind, State.DOWN, NOTHING)

    async def run(self) -> None:
        """Read the recording; then until cancelled."""
        reading = asyncio.ensure_future(asyncio.to_thread(self._read))
        try:
            while not reading.done():
                await asyncio.wait((reading,), timeout=PROGRESS_SECONDS)
                if count := self._store.flows.counts.received:
                    self._store.set_link(LINK, State.CONNECTING, f"reading {self._path}: {count:,} flows so far")
            self._end(*reading.result())
            await asyncio.Event().wait()
        finally:
            self._stopped = True

    def load(self) -> None:
        """Read it now. Blocks; never raises for what the file is."""
        self._end(*self._read())

    def _read(self) -> tuple[Reading, int]:
        """The flows into the store, from any thread; and the time of the last one in nanoseconds, 0 without one."""
        flows, reading = self._store.flows, Reading(self._path)
        batch: list[Flow] = []
        second = -1
        newest = 0
        for event in reading.events():
            if self._stopped:
                break
            if not isinstance(event, Flow):
                flows.add(event, (event.ns or newest) / 1e9)
                continue
            at = (event.ns or newest) // 10**9
            if batch and (at != second or len(batch) >= BATCH):
                flows.add_flows(batch, float(second))
                batch = []
                time.sleep(0)  # the screen's thread comes first
            second = at
            newest = max(newest, event.ns or 0)
            batch.append(event)
        flows.add_flows(batch, float(max(second, 0)))
        return reading, newest

    def _end(self, reading: Reading, newest: int) -> None:
        count = self._store.flows.counts.received
        if newest and self._alone:
            # One second on, so that the last one counts among the whole seconds of the rates.
            self._store.stand_still(newest / 1e9 + 1.0)
        text = f"{count:,} flows of {self._path}"
        if reading.problem:
            state = State.STALE if count else State.DOWN
            self._store.set_link(LINK, state, reading.problem, "What could be read is shown." if count else "")
        elif not count:
            why = f"{reading.bad_count:,} lines are none." if reading.bad_count else "It is empty."
            self._store.set_link(LINK, State.DOWN, f"There is no flow in {self._path}. {why}")
        else:
            bad = f"; {reading.bad_count:,} lines are no flows and were left out" if reading.bad_count else ""
            self._store.set_link(LINK, State.LIVE, text + bad)
