"""The way from the kubeconfig to the flows, on the demo's own API and Relay: found, forwarded, read, and come back to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hubblelab import Lab, start

from pointsman.tui.model.flows import Flow
from pointsman.tui.options import HubbleOptions
from pointsman.tui.sources.errors import ForbiddenError, KubeError
from pointsman.tui.sources.hubble.errors import NoRelayError, ReachError, RefusedError, RelayDownError
from pointsman.tui.sources.hubble.source import Seen
from pointsman.tui.store.snapshot import State
from pointsman.tui.wire import hubble


@pytest.fixture
async def cilium(tmp_path: Path) -> AsyncIterator[Lab]:
    lab = await start("cilium", tmp_path)
    yield lab
    await lab.opened.close()
    await lab.lab.stop()


async def test_one_request(cilium: Lab) -> None:
    await cilium.source.once(hubble.GetFlowsRequest(number=5))
    assert len(cilium.flows) == 15
    assert cilium.source.status.num_connected_nodes.value == 3
    assert cilium.source.version == "1.20.2"


async def test_a_relay_that_restarts_is_come_back_to_and_nothing_is_told_twice(cilium: Lab) -> None:
    observer = await cilium.lab.relay.ready()
    observer.set_rate(400)
    following = asyncio.create_task(cilium.source.follow(hubble.GetFlowsRequest(follow=True, number=50)))
    await cilium.until(lambda: len(cilium.flows) > 200)
    observer.generation += 1  # breaks every stream off
    before = len(cilium.flows)
    await cilium.until(lambda: cilium.source.reconnects >= 1 and len(cilium.flows) > before + 500)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    told = [flow.uuid for flow in cilium.flows]
    assert len(told) == len(set(told))
    assert cilium.source.duplicates > 0
    assert any(state is State.DOWN and "broke off" in detail for state, detail in cilium.states)
    assert (State.LIVE, "version 1.20.2, 3 nodes") in cilium.states
    # Nothing between the two streams is missing.
    begun: dict[str, int] = {}
    for flow in cilium.flows:
        begun[flow.node] = min(begun.get(flow.node, flow.ns or 0), flow.ns or 0)
    first, last = max(begun.values()), max(flow.ns or 0 for flow in cilium.flows)
    cilium.events.clear()
    again = cilium.over(HubbleOptions())
    await again.once(hubble.GetFlowsRequest(number=2**64 - 1))
    held = {flow.uuid for flow in cilium.flows if first < (flow.ns or 0) < last - 3 * 10**8}
    assert held
    assert held <= set(told)


async def test_a_filter_the_server_refuses_is_told_and_not_repeated(cilium: Lab) -> None:
    with pytest.raises(RefusedError, match="refuses the request"):
        await cilium.source.follow(hubble.GetFlowsRequest(follow=True, whitelist=[{"http_path": ["["]}]))


async def test_a_mask_it_does_not_know_is_taken_off(cilium: Lab) -> None:
    request = hubble.GetFlowsRequest(follow=True, number=3, field_mask={"paths": ["no_such_field"]})
    following = asyncio.create_task(cilium.source.follow(request))
    await cilium.until(lambda: len(cilium.flows) >= 9)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert all(flow.kind != "UNKNOWN" for flow in cilium.flows)


async def test_no_relay_is_said_with_what_would_bring_one(tmp_path: Path) -> None:
    lab = await start("classic", tmp_path)
    try:
        with pytest.raises(NoRelayError) as caught:
            await lab.source.once(hubble.GetFlowsRequest(number=1))
        assert "hubble.relay.enabled" in caught.value.hint
    finally:
        await lab.opened.close()
        await lab.lab.stop()


async def test_a_relay_that_is_not_ready_is_named(cilium: Lab) -> None:
    storage = cilium.lab.storage
    for pod in storage.list("pods", "kube-system"):
        if pod["metadata"]["labels"].get("k8s-app") == "hubble-relay":
            raw = storage.raw(("", "pods"), ("kube-system", pod["metadata"]["name"]))
            assert raw is not None
            raw["status"]["conditions"] = []
    with pytest.raises(RelayDownError, match="kube-system/hubble-relay-"):
        await cilium.source.once(hubble.GetFlowsRequest(number=1))


async def test_without_the_right_to_forward(tmp_path: Path) -> None:
    lab = await start("cilium", tmp_path, "restricted")
    try:
        with pytest.raises(KubeError) as caught:
            await lab.source.once(hubble.GetFlowsRequest(number=1))
        assert isinstance(caught.value, ForbiddenError | NoRelayError)
    finally:
        await lab.opened.close()
        await lab.lab.stop()


async def test_an_address_of_ones_own(cilium: Lab) -> None:
    await cilium.lab.relay.ready()
    server = cilium.lab.relay._server
    assert server is not None
    direct = cilium.over(HubbleOptions(server=f"unix://{server.path}"))
    await direct.once(hubble.GetFlowsRequest(number=1))
    assert len(cilium.flows) == 3
    with pytest.raises(ReachError, match=r"Hubble at 127\.0\.0\.1:1 cannot be reached"):
        await cilium.over(HubbleOptions(server="127.0.0.1:1")).once(hubble.GetFlowsRequest(number=1))
    with pytest.raises(ReachError, match="cannot be read"):
        await cilium.over(HubbleOptions(server="tls://127.0.0.1:1", ca_file="/nonexistent")).once(
            hubble.GetFlowsRequest()
        )


def test_what_was_seen_is_remembered_for_a_while() -> None:
    seen = Seen(least=1, most=2)

    def flow(name: str) -> Flow:
        from flowbytes import answer
        from flowbytes import flow as made

        from pointsman.tui.wire.hubbleflow import decode

        found = decode(answer(made(_34=name)))
        assert isinstance(found, Flow)
        return found

    assert [seen.again(flow(name)) for name in ("a", "a", "b", "c", "a", "")] == [
        False,
        True,
        False,
        False,
        False,
        False,
    ]
    assert [seen.again(flow(name)) for name in ("d", "e", "f", "a")] == [False, False, False, False]
    many = Seen(least=10, most=100)
    for number in range(1000):
        assert not many.again(flow(str(number)))
    assert many.again(flow("999"))
    assert len(many._new) + len(many._old) <= 200
