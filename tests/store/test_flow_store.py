"""The ring of flows: what it keeps, counts and how fast it goes, against the simplest model."""

from __future__ import annotations

from flowbytes import answer, fields, flow
from hypothesis import given, strategies

from pointsman.tui.model.flows import Flow
from pointsman.tui.store.flows import FlowStore
from pointsman.tui.wire.hubbleflow import decode


def rows(number: int, first: int = 0) -> list[Flow]:
    found = [decode(answer(flow(_34=str(first + at), _2=1 + (first + at) % 2))) for at in range(number)]
    return [event for event in found if isinstance(event, Flow)]


@given(strategies.lists(strategies.integers(0, 9), max_size=12), strategies.integers(1, 20))
def test_like_a_list(batches: list[int], capacity: int) -> None:
    store, every = FlowStore(capacity), []
    marks = [(0, 0)]
    for size in batches:
        new = rows(size, len(every))
        store.add_flows(new, 100.0)
        every += new
        marks.append((store.sequence, len(every)))
    assert store.flows() == every[-capacity:]
    assert store.counts.evicted == max(0, len(every) - capacity)
    assert store.counts.received == store.counts.stored == len(every)
    for sequence, position in marks:
        assert store.since(sequence) == every[max(position, len(every) - capacity) :]
    assert store.newest(3, lambda item: item.dropped) == [item for item in every[-capacity:] if item.dropped][-3:]


def test_rates_by_the_second() -> None:
    store = FlowStore()
    for second in range(10):
        store.add_flows(rows(20), 1000.0 + second)
    rates = store.rates(1010.0, seconds=5)
    assert (rates.flows, rates.drops) == (20, 10)
    assert rates.history[-10:] == (20,) * 10
    assert len(rates.history) == 60
    assert store.rates(1100.0).flows == 0


def test_losses_statuses_and_duplicates() -> None:
    store = FlowStore()
    for event in (
        decode(answer(fields(_1=3, _2=17), 3)), decode(answer(fields(_1=3, _2=3), 3)), decode(answer(fields(_1=1, _2=5), 3)),
        decode(answer(fields(_1=2, _2=["a", "b"]), 2)), decode(answer(fields(_1=1, _2=["a"]), 2)),
    ):  # fmt: skip
        assert event is not None
        store.add(event, 0.0)
    store.skip(2, duplicate=True)
    assert store.counts.lost == {"HUBBLE_RING_BUFFER": 20, "PERF_EVENT_RING_BUFFER": 5}
    assert store.counts.lost_total == 25
    assert {name: status.state for name, status in store.nodes.items()} == {
        "a": "NODE_CONNECTED",
        "b": "NODE_UNAVAILABLE",
    }
    assert (store.counts.received, store.counts.duplicates, store.counts.stored) == (2, 2, 0)
