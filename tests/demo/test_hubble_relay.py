"""The demo's Relay: past and coming flows, verdicts by the homelab's own policies, and answers by the real one's rules."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from demohome import demo_homelab

from pointsman.tui.demo.clock import Clock
from pointsman.tui.demo.homelab import Homelab
from pointsman.tui.demo.hubble.observer import BadRequestError, Observer
from pointsman.tui.model.flows import Event, Flow, Lost, NodeStatus
from pointsman.tui.wire import hubble
from pointsman.tui.wire.hubbleflow import decode

ALL = 2**64 - 1


async def start(variant: str) -> tuple[Homelab, Observer]:
    lab = Homelab(variant, seed=1, cluster_uid=str(uuid.uuid4()), clock=Clock())
    return lab, await lab.relay.ready()


@pytest.fixture
async def observer() -> AsyncIterator[Observer]:
    lab, found = await start("cilium")
    yield found
    await lab.relay.stop()


def ask(observer: Observer, **request: Any) -> list[Event]:
    answers = observer.get_flows(hubble.GetFlowsRequest(**request), lambda: True)
    return [event for event in map(decode, answers) if event is not None]


def flows(observer: Observer, **request: Any) -> list[Flow]:
    return [event for event in ask(observer, **request) if isinstance(event, Flow)]


@pytest.mark.parametrize("variant", ["cilium", "broken"])
async def test_there_is_a_past_with_drops_in_it(variant: str) -> None:
    lab, observer = await start(variant)
    try:
        found = flows(observer, number=ALL)
        assert len(found) >= 500
        assert sum(flow.dropped for flow in found) / len(found) >= 0.05
        assert len({flow.uuid for flow in found}) == len(found)
        times = [flow.ns or 0 for flow in found]
        assert times == sorted(times)
        assert len(found) / ((times[-1] - times[0]) / 1e9) >= 20
        assert times[-1] <= lab.clock.now().timestamp() * 1e9
    finally:
        await lab.relay.stop()


def test_nothing_is_made_before_someone_asks() -> None:
    lab = Homelab("cilium", seed=1, clock=Clock())
    assert lab.relay.observer is None


async def test_policies_decide(observer: Observer) -> None:
    found = flows(observer, number=ALL)
    to_vault = {flow.verdict for flow in found if flow.source.pod.startswith("minecraft") and flow.is_reply is not True
                and flow.destination.namespace == "vault"}  # fmt: skip
    assert to_vault == {"DROPPED"}
    named = [flow for flow in found if flow.drop_reason == "POLICY_DENY"]
    message = hubble.GetFlowsResponse.FromString(named[0].raw).flow
    assert [item.name for item in message.egress_denied_by] == ["games-stay-out"]
    silent = next(flow for flow in found if flow.drop_reason == "POLICY_DENIED")
    message = hubble.GetFlowsResponse.FromString(silent.raw).flow
    assert not message.ingress_denied_by
    assert not message.egress_denied_by
    allowed = [
        flow
        for flow in found
        if flow.destination.pod.startswith("postgres") and flow.source.pod.startswith("pgbouncer")
    ]
    assert {flow.verdict for flow in allowed} == {"FORWARDED"}


async def test_a_policy_that_goes_lets_the_traffic_through() -> None:
    lab, observer = await start("cilium")
    try:
        from pointsman.tui.demo.hubble.scene import scenes

        objects = [
            obj for obj in lab.relay._objects()
            if not (obj["metadata"]["name"] == "games-stay-out" or (obj["metadata"].get("namespace") == "vault"
                    and obj["kind"] == "NetworkPolicy"))
        ]  # fmt: skip
        observer.recast(scenes(objects, lab.clock.now().timestamp()))
        scene = next(item for item in observer.stream._cast if item.talk.source == "games/minecraft")
        assert scene.allowed
    finally:
        await lab.relay.stop()


async def test_numbers_are_for_each_node(observer: Observer) -> None:
    nodes = Counter(flow.node for flow in flows(observer, number=4))
    assert set(nodes.values()) == {4}
    assert len(nodes) == 3
    first = flows(observer, number=2, first=True)
    every = flows(observer, number=ALL)
    assert first[0] == every[0]


async def test_since_until_and_filters(observer: Observer) -> None:
    every = flows(observer, number=ALL)
    middle = every[len(every) // 2].ns or 0
    stamp = {"seconds": middle // 10**9, "nanos": middle % 10**9}
    later = flows(observer, since=stamp, number=1)
    assert {flow.uuid for flow in every[len(every) // 2 :]} <= {flow.uuid for flow in later}
    assert all((flow.ns or 0) <= middle for flow in flows(observer, until=stamp))
    dropped = flows(
        observer, number=ALL, whitelist=[{"verdict": ["DROPPED"]}], blacklist=[{"destination_pod": ["db/"]}]
    )
    assert dropped
    assert all(flow.dropped and flow.destination.namespace != "db" for flow in dropped)


async def test_a_mask_leaves_only_what_was_asked_for(observer: Observer) -> None:
    found = flows(observer, number=3, field_mask={"paths": ["time", "source.pod_name", "IP"]})
    assert all(
        flow.verdict == "VERDICT_UNKNOWN" and not flow.destination.pod and flow.source.namespace == "" for flow in found
    )
    assert any(flow.source.ip for flow in found)
    for wrong in ({"field_mask": {"paths": ["source.id"]}}, {"first": True, "follow": True},
                  {"whitelist": [{"http_path": ["["]}]}):  # fmt: skip
        with pytest.raises(BadRequestError):
            ask(observer, **wrong)


async def test_nodes_that_are_away_and_events_that_were_lost(observer: Observer) -> None:
    observer.unavailable.add("default/shed")
    events = ask(observer, number=ALL)
    states = [event.state for event in events if isinstance(event, NodeStatus)]
    assert states == ["NODE_CONNECTED", "NODE_UNAVAILABLE"]
    assert "default/shed" not in {event.node for event in events if isinstance(event, Flow)}
    assert observer.server_status().num_unavailable_nodes.value == 1
    turns = iter([True, True, False])
    answers = observer.get_flows(hubble.GetFlowsRequest(follow=True), lambda: next(turns))
    assert isinstance(decode(next(answers)), NodeStatus)
    next(answers)
    observer.lose(17)
    rest = [decode(raw) for raw in answers]
    assert not any(isinstance(event, Lost) for event in rest) or [e.count for e in rest if isinstance(e, Lost)] == [17]


async def test_the_other_answers(observer: Observer) -> None:
    status = observer.server_status()
    assert status.num_flows >= 500
    assert status.num_connected_nodes.value == 3
    assert status.flows_rate >= 20
    assert len(observer.get_nodes().nodes) == 3
    names = [item.namespace for item in observer.get_namespaces().namespaces]
    assert names == sorted(names)
    assert "media" in names


# -- what tests and the demo's own app may do to it -------------------------------------------------------------------------


def stream(observer: Observer, **request: Any) -> Iterator[Event]:
    answers = observer.get_flows(hubble.GetFlowsRequest(follow=True, **request), lambda: True)
    return (event for event in map(decode, answers) if event is not None)


async def test_a_node_goes_and_comes_back_while_one_follows(observer: Observer) -> None:
    following = stream(observer)
    assert isinstance(next(following), NodeStatus)
    observer.set_available("loft", False)
    said = next(event for event in following if isinstance(event, NodeStatus))
    assert (said.state, said.nodes) == ("NODE_UNAVAILABLE", ("default/loft",))
    assert all(flow.node != "default/loft" for flow in flows(observer, number=ALL))
    observer.set_available("loft", True)
    said = next(event for event in following if isinstance(event, NodeStatus))
    assert (said.state, said.nodes) == ("NODE_CONNECTED", ("default/loft",))
    with pytest.raises(ValueError, match="no node"):
        observer.set_available("attic", False)


async def test_an_abort_breaks_every_stream(observer: Observer) -> None:
    following = stream(observer)
    next(following)
    observer.abort()
    with pytest.raises(ConnectionAbortedError):
        list(following)


def test_rate_and_faults_by_the_control_endpoint(tmp_path: Path) -> None:
    with demo_homelab(tmp_path, "cilium") as demo:

        def post(action: str, **body: Any) -> tuple[int, Any]:
            return demo.request(f"/_demo/{action}", method="POST", body=body)

        assert demo.request("/_demo/state")[1]["relay"] is None
        status, state = post("rate", flows=4000)
        assert (status, state["relay"]["rate"]) == (200, 4000)
        assert post("rate", flows=5001)[0] == post("rate", flows="x")[0] == post("relay", fault="x")[0] == 400
        assert post("relay", fault="node-unavailable", node="shed")[1]["relay"]["unavailable"] == ["default/shed"]
        assert post("relay", fault="node-unavailable", node="shed", on=False)[1]["relay"]["unavailable"] == []
        assert post("relay", fault="lost-events", count=17)[0] == post("relay", fault="stream-abort")[0] == 200
        assert post("relay", fault="port-forward-cut")[0] == post("relay", fault="restart", seconds=1)[0] == 200
        assert demo.request("/_demo/rate", method="POST", body={"flows": 1}, token=demo.token(1))[0] == 403
