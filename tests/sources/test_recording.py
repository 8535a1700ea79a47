"""The flight recorder beside the app: which clusters it records, and how its link stands."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from pointsman.tui.disk import recorder
from pointsman.tui.disk.recorder import Limits, files, folder
from pointsman.tui.model.flows import HUBBLE, Flow, Peer
from pointsman.tui.options import Options
from pointsman.tui.sources import recording
from pointsman.tui.sources.open import open_source
from pointsman.tui.store.snapshot import Cluster, Link, State
from pointsman.tui.store.store import Store

FLOW = Flow(HUBBLE, 1_790_000_000 * 10**9, "FORWARDED", "ingress", Peer(), Peer(), "TCP", "to-endpoint", uuid="u")


async def after(cluster: Cluster, limits: Limits, monkeypatch: pytest.MonkeyPatch) -> Link:
    """How the link stands once it does, after one flow came."""
    monkeypatch.setattr(recorder, "TURN_SECONDS", 0.01)
    monkeypatch.setattr(recording, "LOOK_SECONDS", 0.01)
    store = Store()
    opened = open_source(store, Options())
    opened.recording = limits
    task = asyncio.create_task(recording.run(opened))
    store.set_cluster(cluster)
    store.flows.add_flows([FLOW], 1_790_000_000.0)
    async with asyncio.timeout(10):
        while (link := store.snapshot().links.get(recording.LINK)) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return link


CLUSTER = Cluster("home", "192.168.7.2:6443", "0a1b2c3d-1111-4222-8333-444455556666")


async def test_a_clusters_flows_are_kept_under_its_identity(monkeypatch: pytest.MonkeyPatch, own_home: Path) -> None:
    link = await after(CLUSTER, Limits(), monkeypatch)
    assert (link.state, "of 64 MB" in link.detail) == (State.LIVE, True)
    assert CLUSTER.uid is not None
    (path,) = files(folder(CLUSTER.uid))
    assert json.loads(path.read_text())["uuid"] == "u"


@pytest.mark.parametrize(
    ("cluster", "limits", "part"),
    [
        (CLUSTER, Limits(0), "record_megabytes is 0"),
        (replace(CLUSTER, demo="classic"), Limits(), "demo homelab"),
        (replace(CLUSTER, uid="../../etc"), Limits(), "no identity"),
    ],
)
async def test_where_nothing_is_recorded_it_is_said(
    cluster: Cluster, limits: Limits, part: str, monkeypatch: pytest.MonkeyPatch, own_home: Path
) -> None:
    link = await after(cluster, limits, monkeypatch)
    assert (link.state, part in link.detail) == (State.ABSENT, True)


async def test_a_disk_that_refuses_is_down(monkeypatch: pytest.MonkeyPatch, own_home: Path) -> None:
    assert CLUSTER.uid is not None
    place = folder(CLUSTER.uid)
    place.parent.parent.mkdir(parents=True, exist_ok=True)
    place.parent.write_text("in the way")
    monkeypatch.setattr(recorder, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(recording, "LOOK_SECONDS", 0.0)
    store = Store()
    opened = open_source(store, Options())
    opened.recording = Limits()
    store.set_cluster(CLUSTER)
    store.flows.add_flows([FLOW], 1_790_000_000.0)
    task = asyncio.create_task(recording.run(opened))
    async with asyncio.timeout(10):
        while (found := store.snapshot().links.get(recording.LINK)) is None or found.state is not State.DOWN:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert "not recorded" in found.detail


async def test_a_recording_that_runs_is_confirmed(monkeypatch: pytest.MonkeyPatch, own_home: Path) -> None:
    monkeypatch.setattr(recording, "LOOK_SECONDS", 0.01)
    now = 100.0
    store = Store(clock=lambda: now)
    opened = open_source(store, Options())
    opened.recording = Limits()
    store.set_cluster(CLUSTER)

    async def confirmed(at: float) -> None:
        while (link := store.snapshot().links.get(recording.LINK)) is None or link.last_ok != at:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    task = asyncio.create_task(recording.run(opened))
    async with asyncio.timeout(10):
        await confirmed(100.0)
        now = 160.0
        await confirmed(160.0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
