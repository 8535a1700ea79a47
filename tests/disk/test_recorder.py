"""The ring of flows on disk: bounded, private, complete, and no trouble to anybody when the disk refuses."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.tui.answers.flows.document import flow_line
from pointsman.tui.disk import recorder as module
from pointsman.tui.disk.recorder import MEGABYTE, Limits, Recorder, files, folder, newest
from pointsman.tui.model.flows import HUBBLE, TRAEFIK_LOG, Flow, Peer
from pointsman.tui.store.flows import FlowStore

AT = 1_790_000_000


def flow(number: int, at: float | None = None, origin: str = HUBBLE) -> Flow:
    ns = int((AT + number if at is None else at) * 1e9)
    return Flow(
        origin, ns, "FORWARDED", "ingress", Peer(ip="10.0.0.1"), Peer(ip="10.0.0.2", port=number), "TCP", "to-endpoint"
    )


class World:
    """A ring, a clock and a store of flows."""

    def __init__(self, place: Path, limits: Limits | None = None, capacity: int = 20_000) -> None:
        self.place = place
        self.now = float(AT)
        self.store = FlowStore(capacity)
        self.limits = limits or Limits()
        self.recorder = self.anew()

    def anew(self) -> Recorder:
        made = Recorder(self.place, self.store.after, flow_line, self.limits, lambda: self.now)
        made._newest = dict(newest(self.place))
        return made

    def come(self, *flows: Flow) -> None:
        self.store.add_flows(flows, self.now)
        self.recorder.turn()

    def ports(self) -> list[int]:
        found = []
        for path in files(self.place):
            found += [json.loads(line)["destination"]["port"] for line in path.read_bytes().splitlines()]
        return found


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "flows" / "uid")


def test_all_that_comes_is_there_in_order_and_private(world: World) -> None:
    for start in range(0, 900, 300):
        world.come(*(flow(number) for number in range(start, start + 300)))
    assert world.ports() == list(range(900))
    (path,) = files(world.place)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(world.place.stat().st_mode) == stat.S_IMODE(world.place.parent.stat().st_mode) == 0o700
    assert (world.recorder.written, world.recorder.missed) == (900, 0)
    assert world.recorder.bytes == path.stat().st_size


def test_what_the_store_let_go_of_is_counted(tmp_path: Path) -> None:
    world = World(tmp_path, capacity=100)
    world.come(*(flow(number) for number in range(250)))
    assert (world.ports(), world.recorder.missed) == (list(range(150, 250)), 150)


@settings(max_examples=25, deadline=None)
@given(batches=st.lists(st.integers(1, 400), max_size=25), megabytes=st.integers(1, 3))
def test_the_ring_is_bounded_and_what_is_there_is_the_newest(
    batches: list[int], megabytes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    world = World(tmp_path_factory.mktemp("ring"), Limits(megabytes))
    # Small megabytes, so that the ring is full soon.
    old, module.MEGABYTE = module.MEGABYTE, 20_000
    try:
        number = 0
        for batch in batches:
            world.now += 1
            world.come(*(flow(number + at) for at in range(batch)))
            number += batch
        ports = world.ports()
        assert ports == list(range(number - len(ports), number))
        total = sum(path.stat().st_size for path in files(world.place))
        longest = max((len(flow_line(flow(0))) + 10) * min(batch, module.SLICE) for batch in [*batches, 1])
        assert total <= megabytes * 20_000 + longest
    finally:
        module.MEGABYTE = old


def test_old_files_go(world: World) -> None:
    world.come(flow(1))
    world.now += 26 * 3600
    world.come(flow(2, world.now))
    assert world.ports() == [2]


def test_a_later_run_does_not_tell_the_past_again(world: World) -> None:
    world.come(flow(1), flow(2), flow(3, AT + 2.5, TRAEFIK_LOG))
    world.recorder._close()
    os.close(world.recorder._lock or -1)
    world.now += 10
    world.store = FlowStore()
    world.recorder = world.anew()
    world.come(
        flow(1),
        flow(2),
        flow(3, AT + 2.5, TRAEFIK_LOG),
        flow(4),
        flow(5, AT + 2.25, TRAEFIK_LOG),
        flow(6, AT + 3, TRAEFIK_LOG),
    )
    assert world.ports() == [1, 2, 3, 4, 6]


def test_a_full_disk_costs_lines_and_nothing_else(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.come(flow(1))
    real = os.write

    def full(_: int, data: Sequence[int]) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    world.come(flow(2))
    assert "No space left on device" in world.recorder.problem
    assert world.recorder.missed == 1
    monkeypatch.setattr(os, "write", real)
    world.come(flow(3))
    assert world.recorder.missed == 2, "it is not tried again at once"
    world.now += module.AGAIN_SECONDS
    world.come(flow(4))
    assert (world.recorder.problem, world.ports()) == ("", [1, 4])


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "flows").write_text("in the way")
    world = World.__new__(World)
    world.place, world.now, world.store, world.limits = tmp_path / "flows" / "uid", float(AT), FlowStore(), Limits()
    world.recorder = Recorder(world.place, world.store.after, flow_line, world.limits, lambda: world.now)
    world.come(flow(1))
    assert "not recorded" in world.recorder.problem


def test_one_program_at_a_time_writes_a_ring(world: World) -> None:
    world.come(flow(1))
    other = world.anew()
    world.store.add_flows([flow(2)], world.now)
    other.turn()
    assert (other.elsewhere, other.missed, other.problem) == (True, 0, "")
    world.recorder.turn()
    assert world.ports() == [1, 2]
    os.close(world.recorder._lock or -1)
    world.now += module.AGAIN_SECONDS
    world.store.add_flows([flow(3)], world.now)
    other.turn()
    assert (other.elsewhere, world.ports()) == (False, [1, 2, 3])


def test_a_time_to_come_does_not_silence_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.come(flow(1, AT + 10**6))
    os.close(world.recorder._lock or -1)
    monkeypatch.setattr(module, "TURN_SECONDS", 0.01)
    later = Recorder(world.place, world.store.after, flow_line, world.limits, lambda: world.now)
    later._next = world.store.sequence
    world.store.add_flows([flow(2)], world.now)
    later.start()
    later.stop()
    assert sorted(
        json.loads(line)["destination"]["port"]
        for path in files(world.place)
        for line in path.read_bytes().splitlines()
    ) == [1, 2]


def test_a_link_in_its_place_is_not_followed(world: World, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("")
    world.place.mkdir(parents=True)
    (world.place / f"flows-{AT * 1000:013d}-{os.getpid()}.jsonl").symlink_to(secret)
    world.come(flow(1))
    assert world.recorder.problem
    assert secret.read_text() == ""


def test_in_a_thread_it_begins_and_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TURN_SECONDS", 0.01)
    world.store.add_flows([flow(1), flow(2)], world.now)
    world.recorder.start()
    world.recorder.stop()
    assert world.ports() == [1, 2]


def test_an_identity_is_no_path() -> None:
    assert folder("0a1b-22").name == "0a1b-22"
    for bad in ("../x", "a/b", "", ".", "x" * 65):
        with pytest.raises(ValueError, match="identity"):
            folder(bad)
    assert Limits(8).file_bytes == MEGABYTE
    assert not Limits(0).on
