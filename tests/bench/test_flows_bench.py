"""Flows a second, headless: decoded from bytes, filtered and stored; and lines of a file. Seconds are printed, not gated;
what gates is the ratio to decoding alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import scenarios
from flowbytes import answer, fields, flow

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


def test_memory_stays_flat() -> None:
    """What 2,000 flows a second are in five minutes, with new addresses all the time, through all that is kept of them."""
    import gc

    import psutil
    from flowstream import frames

    from pointsman.tui.sources.hubble.feed import Intake
    from pointsman.tui.store.store import Store

    process = psutil.Process()
    store = Store()
    intake = Intake(store)
    made = frames()
    strangers = [
        answer(flow(_5=fields(_1=f"203.{at >> 8 & 255}.{at & 255}.9", _2="10.52.1.1", _3=1), _8=fields(_2=2),
                    _34=f"{at:036d}", _14=[f"n{at}.example"]))
        for at in range(20_000)
    ]  # fmt: skip
    sizes = []
    for turn in range(6):
        for at in range(100_000):
            event = decode(made[at % len(made)] if at % 5 else strangers[(turn * 20_000 + at // 5) % len(strangers)])
            assert event is not None
            intake.take(event)
        store.snapshot()
        gc.collect()
        sizes.append(process.memory_info().rss / 1024 / 1024)
    print(f"\n    600,000 flows: {', '.join(f'{size:.0f}' for size in sizes)} MB after each 100,000", end="")
    assert store.flows.sequence > 599_000
    assert sizes[-1] - sizes[1] < 10


SENT = 60_000
CLI_SECONDS = 5.1
"""What the hubble CLI (1.19, Go) took for 100,000 lines with ``-o jsonpb`` on two cores like these."""


def run(*words: str, out: Path) -> tuple[float, subprocess.Popen[bytes]]:
    """Start the verb with its lines into a file."""
    with out.open("wb") as file:
        process = subprocess.Popen([sys.executable, "-m", "pointsman.tui", "flows", *words], stdout=file)
    return time.monotonic(), process


def spent(process: subprocess.Popen[bytes]) -> float:
    """Processor seconds of a child that ends, its start included."""
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return used.ru_utime + used.ru_stime


def test_live_flows_of_one_relay(tmp_path: Path) -> None:
    """The verb, following a sender at 30,000 flows a second: what it costs, not how long it took."""
    place, out = tmp_path / "s", tmp_path / "out"
    sender = subprocess.Popen(
        [sys.executable, str(Path(__file__).parents[1] / "flowsender.py"), str(place), "30000", str(SENT)],
        stdout=subprocess.PIPE,
    )
    try:
        assert sender.stdout is not None
        sender.stdout.readline()
        _, idle = run("--hubble-server", f"unix://{place}x", out=out)
        start = spent(idle)
        begun, process = run("-f", "--hubble-server", f"unix://{place}", "--pod", "media/", out=out)
        size = -1
        while out.stat().st_size != size or not size:
            size = out.stat().st_size
            assert time.monotonic() - begun < 90
            time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        each = (spent(process) - start) / SENT
    finally:
        sender.kill()
        sender.communicate()
    lines = out.read_bytes().count(b"\n")
    print(
        f"\n    {lines:,} of {SENT:,} flows told, {each * 1e6:.1f} µs each: {each * 20_000:.0%} of a core at 20,000/s",
        end="",
    )
    assert lines >= SENT, "none is lost, none is told twice"
    raw = answer(flow())
    bare = seconds(lambda: [hubble.GetFlowsResponse.FromString(raw) for _ in range(NUMBER)]) / NUMBER
    assert each < bare * 40


def test_replay_of_a_file_in_each_form(tmp_path: Path) -> None:
    from pointsman.tui.demo.hubble.scene import scenes
    from pointsman.tui.demo.hubble.stream import Stream

    built = scenarios.scenario("cilium")
    cast = scenes(built.objects, built.now.timestamp())
    stream = Stream(cast, 0, 2000.0)
    lines: list[bytes] = []
    for second in range(1, 60):
        lines += [
            jsonpb(hubble.GetFlowsResponse.FromString(raw)).encode() for _, _, raw in stream.until(second * 10**9)
        ]
        if len(lines) >= NUMBER:
            break
    del lines[NUMBER:]
    file = tmp_path / "flows.json"
    file.write_bytes(b"\n".join([*lines, b""]))
    plain = seconds(lambda: [json.loads(line) for line in lines]) / NUMBER
    start = spent(run("--input-file", os.devnull, out=tmp_path / "out")[1])
    for form in ("compact", "json", "jsonpb", "table"):
        each = (spent(run("--input-file", str(file), "-o", form, out=tmp_path / "out")[1]) - start) / NUMBER
        print(f"\n    {form:8} {each * 1e5:.1f} s for 100,000 lines ({each / plain:.1f} × json.loads;"
              f" the hubble CLI: {CLI_SECONDS} s)", end="")  # fmt: skip
        assert each < plain * 1.5
        if form == "jsonpb":
            assert (tmp_path / "out").read_bytes() == file.read_bytes()
