"""Flows a second, headless: decoded from bytes, filtered and stored; and lines of a file. Seconds are printed, not gated;
what gates is the ratio to decoding alone."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from flowbytes import answer, flow

from pointsman.tui.answers.flows.compact import compact_line
from pointsman.tui.answers.flows.jsonpb import jsonpb
from pointsman.tui.answers.flows.predicates import matcher
from pointsman.tui.answers.flows.words import FilterWords
from pointsman.tui.model.flows import Flow
from pointsman.tui.store.flows import FlowStore
from pointsman.tui.wire import hubble
from pointsman.tui.wire.hubbleflow import decode, decode_line

pytestmark = [pytest.mark.bench]
NUMBER = 20_000


def seconds(work: Callable[[], object]) -> float:
    """Processor time of the best of three."""
    found = []
    for _ in range(3):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def test_flows_a_second() -> None:
    raw = [answer(flow(_34=f"{number:036d}")) for number in range(NUMBER)]
    words = FilterWords()
    for word, value in (("pod", "media/"), ("protocol", "tcp"), ("not", ""), ("verdict", "DROPPED")):
        words.add(word, value)
    keep = matcher(*words.filters())

    def bare() -> None:
        for item in raw:
            hubble.GetFlowsResponse.FromString(item)

    def whole() -> None:
        store = FlowStore()
        for item in raw:
            event = decode(item)
            if isinstance(event, Flow) and keep(event):
                store.add(event, 0.0)
        assert store.counts.stored == NUMBER

    lines = [jsonpb(hubble.GetFlowsResponse.FromString(item)).encode() for item in raw]

    def replay() -> None:
        for line in lines:
            event = decode_line(line)
            assert event is not None
            compact_line(event)

    alone, took, read = seconds(bare), seconds(whole), seconds(replay)
    print(f"\n    protobuf alone {NUMBER / alone:,.0f}/s; decoded, filtered, stored {NUMBER / took:,.0f}/s"
          f" ({took / NUMBER * 20_000:.0%} of a core at 20,000/s); JSON lines printed {NUMBER / read:,.0f}/s", end="")  # fmt: skip
    assert took < alone * 40
    assert read < took * 4
