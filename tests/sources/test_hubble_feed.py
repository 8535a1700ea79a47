"""Hubble's flows in the running app's store: live, gone and back, absent with the reason, without a keypress."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hubblelab import Lab, start

from pointsman.tui.model.flows import HUBBLE
from pointsman.tui.options import HubbleOptions
from pointsman.tui.sources.hubble.feed import Intake, ask_once
from pointsman.tui.store.snapshot import Link, State
from pointsman.tui.store.store import Store
from pointsman.tui.wire.hubbleflow import decode


def link(lab: Lab) -> Link:
    return lab.opened.store.snapshot().links["hubble"]


@contextlib.asynccontextmanager
async def running(lab: Lab) -> AsyncIterator[Lab]:
    await lab.opened.close()  # what start() connected with
    task = asyncio.create_task(lab.opened.run())
    try:
        yield lab
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await lab.lab.stop()


async def test_live_cut_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    states: set[State] = set()
    tell = Store.set_link

    def told(self: Store, name: str, state: State, *rest: str) -> None:
        if name == "hubble":
            states.add(state)
        tell(self, name, state, *rest)

    monkeypatch.setattr(Store, "set_link", told)
    async with running(await start("cilium", tmp_path)) as lab:
        store = lab.opened.store
        await lab.until(lambda: sum(flow.origin == HUBBLE for flow in store.flows.flows()) > 300)
        await lab.until(lambda: link(lab).detail == "version 1.20.2, 3 nodes")
        observer = await lab.lab.relay.ready()
        observer.set_rate(200)
        states.clear()
        before = store.flows.sequence
        observer.generation += 1  # breaks every stream off

        def back() -> bool:
            return State.DOWN in states and link(lab).state is State.LIVE and store.flows.sequence > before + 200

        await lab.until(back)
        kept = [flow.uuid for flow in store.flows.flows() if flow.origin == HUBBLE]
        assert len(kept) == len(set(kept))
        wanted = {("kube-system/traefik", "web/site", 8080), ("media/immich-server", "media/immich-valkey", 6379)}

        def counted() -> bool:
            traffic = store.snapshot().traffic
            found = {(edge.source.text, edge.destination.text, edge.port) for edge in traffic.edges}
            return wanted <= found and any(edge.dropped for edge in traffic.edges) and bool(traffic.names)

        await lab.until(counted)
        await lab.until(lambda: store.snapshot().traffic.rates.flows > 50)


@pytest.mark.parametrize("fault", ["restart", "cut", "node", "lost"])
async def test_faults_while_looking(tmp_path: Path, fault: str) -> None:
    """The Relay is killed and started again, the port-forward is cut, a node goes away, events are lost: nobody presses a
    key, and it is said."""
    async with running(await start("cilium", tmp_path)) as lab:
        store, relay = lab.opened.store, lab.lab.relay
        await lab.until(lambda: sum(flow.origin == HUBBLE for flow in store.flows.flows()) > 300)
        observer = await relay.ready()
        if fault == "node":
            observer.set_available("loft", False)
            await lab.until(lambda: "loft unavailable" in link(lab).detail)
            observer.set_available("loft", True)
            await lab.until(lambda: link(lab).detail == "version 1.20.2, 3 nodes")
            return
        if fault == "lost":
            observer.lose(120)
            await lab.until(lambda: store.flows.counts.lost_total >= 120)
            return
        observer.set_rate(200)
        before = store.flows.sequence
        if fault == "restart":
            await relay.restart()
        else:
            relay.cut()
        await lab.until(lambda: link(lab).state is State.LIVE and store.flows.sequence > before + 300)
        kept = [flow.uuid for flow in store.flows.flows() if flow.origin == HUBBLE]
        assert len(kept) == len(set(kept))


async def test_absent_until_a_relay_appears(tmp_path: Path) -> None:
    async with running(await start("classic", tmp_path)) as lab:
        await lab.until(lambda: link(lab).state is State.ABSENT)
        assert "comes with Cilium" in link(lab).detail
        made = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "hubble-relay-1", "namespace": "kube-system", "labels": {"k8s-app": "hubble-relay"}},
            "spec": {"containers": [{"name": "relay", "image": "relay"}]},
        }
        client = lab.opened.kube.client if lab.opened.kube else None
        assert client is not None
        await client.create("/api/v1/namespaces/kube-system/pods", json.dumps(made).encode())
        await lab.until(lambda: link(lab).state is not State.ABSENT)


async def test_not_allowed(tmp_path: Path) -> None:
    async with running(await start("cilium", tmp_path, "restricted")) as lab:
        await lab.until(lambda: link(lab).state in (State.FORBIDDEN, State.ABSENT))
        assert link(lab).detail


async def test_an_address_of_ones_own_that_nobody_answers_at(tmp_path: Path) -> None:
    lab = await start("classic", tmp_path)
    lab.opened.hubble = lambda _context: HubbleOptions(server="127.0.0.1:1")
    async with running(lab):
        await lab.until(lambda: link(lab).state is State.DOWN)
        assert "Hubble at 127.0.0.1:1 cannot be reached" in link(lab).detail


def test_the_past_is_counted_at_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from flowbytes import answer, fields, flow

    now = 1_700_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    monkeypatch.setattr("time.time_ns", lambda: int(now * 1e9))
    store = Store(lambda: now)
    intake = Intake(store)
    intake.begin()
    for seconds in (120, 60, 0):
        event = decode(answer(flow(_1=fields(_1=int(now) - seconds), _2=1, _34=str(seconds))))
        assert event is not None
        intake.take(event)
    assert store.flows.sequence == 2
    assert store.flows.rates(now + 1).flows == 0
    now += 1
    intake.flush()
    assert store.flows.sequence == 3
    (edge,) = store.flows.traffic(now).edges
    assert [at * 5 for at, _, _ in edge.buckets] == [now - 121, now - 61, now - 1] or len(edge.buckets) == 3


@pytest.mark.parametrize(("variant", "state", "said"), [
    ("cilium", State.LIVE, "version 1.20.2, 3 nodes"),
    ("classic", State.ABSENT, "comes with Cilium"),
])  # fmt: skip
async def test_a_verb_asks_once(tmp_path: Path, variant: str, state: State, said: str) -> None:
    lab = await start(variant, tmp_path)
    try:
        assert lab.opened.kube is not None
        await lab.opened.kube.load(5.0)
        await ask_once(lab.opened)
        assert link(lab).state is state
        assert said in link(lab).detail
        lab.opened.hubble = lambda _context: HubbleOptions(server="127.0.0.1:1")
        await ask_once(lab.opened)
        assert link(lab).state is State.DOWN
    finally:
        await lab.opened.close()
        await lab.lab.stop()
