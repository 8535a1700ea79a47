"""The history of announcers on disk: kept across restarts, bounded, shared, and read whatever is in it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.disk import history
from pointsman.tui.disk.history import HistoryFile, Keeper, Past, compacted, parse
from pointsman.tui.model.observation import Observation

VIP = "192.168.7.104"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(history, "state_dir", lambda: tmp_path)
    return tmp_path


def seen(node: str, at: float, ip: str = VIP, **more: str) -> Observation:
    return Observation(ip, node, "lease" if node else "", at, **more)


def test_what_is_kept_is_there_after_a_restart_with_its_cause() -> None:
    file = HistoryFile("uid-1")
    assert file.append([seen("loft", 10.0), seen("shed", 20.0, cause="loft died", proof="Node loft")], (5.0, 25.0))
    past = HistoryFile("uid-1").load()
    assert past.by_ip[VIP] == [seen("loft", 10.0), seen("shed", 20.0, cause="loft died", proof="Node loft")]
    assert past.watched == [(5.0, 25.0)]
    assert HistoryFile("uid-2").load().by_ip == {}


def test_only_this_user_may_read_it(state: Path) -> None:
    file = HistoryFile("uid-1")
    file.append([seen("loft", 1.0)])
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    assert HistoryFile("../../etc/passwd").path.parent == state / "history"


def test_broken_lines_are_skipped_and_a_cut_line_spoils_none_after_it() -> None:
    file = HistoryFile("uid-1")
    file.append([seen("loft", 1.0)])
    with file.path.open("ab") as handle:
        handle.write(b'\xff\xfe\n[1]\n{"ip": 5}\n{"from": 9, "to": 3}\n{"ip":"10.0.0.1","node":"cut sho')
    file.append([seen("shed", 2.0)])
    past = file.load()
    assert [item.node for item in past.by_ip[VIP]] == ["loft", "shed"]
    assert past.damaged == 4
    assert past.watched == []


def test_two_programs_that_saw_the_same_are_one() -> None:
    one, other = HistoryFile("uid-1"), HistoryFile("uid-1")
    one.append([seen("loft", 1.0), seen("shed", 60.0)], (0.0, 70.0))
    other.append([seen("loft", 1.2), seen("shed", 60.1)], (30.0, 90.0))
    past = one.load()
    assert [(item.node, item.at) for item in past.by_ip[VIP]] == [("loft", 1.0), ("shed", 60.0)]
    assert past.watched == [(0.0, 90.0)]


def test_the_file_stays_small_and_keeps_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "COMPACT", 20_000)
    monkeypatch.setattr(history, "MOST", 40_000)
    monkeypatch.setattr(history.time, "time", lambda: 2_000_000.0)
    file = HistoryFile("uid-1")
    for number in range(1500):
        file.append([seen(f"node-{number % 3}", 1_900_000.0 + number)])
        assert file.path.stat().st_size <= 20_000 + 200
    nodes = [item.node for item in file.load().by_ip[VIP]]
    assert nodes[-1] == f"node-{1499 % 3}"
    assert len(nodes) > 50


def test_compacting_drops_the_old_but_never_the_last_word_on_an_address() -> None:
    now = 100 * 86400.0
    past = Past(
        {VIP: [seen("a", now - 50 * 86400), seen("b", now - 60.0)], "10.0.0.1": [seen("c", 5.0, ip="10.0.0.1")]},
        [(1.0, 2.0), (now - 100, now - 50), (now - 45, now)],
    )
    again = parse(compacted(past, now))
    assert [item.node for item in again.by_ip[VIP]] == ["b"]
    assert [item.node for item in again.by_ip["10.0.0.1"]] == ["c"]
    assert again.watched == [(now - 100, now)]


def test_a_disk_that_refuses_stops_nothing(state: Path) -> None:
    (state / "history").write_text("in the way")
    file = HistoryFile("uid-1")
    assert file.append([seen("loft", 1.0)]) is False
    keeper = Keeper(file, {})
    keeper.keep({VIP: (seen("loft", 1.0),)}, (0.0, 2.0), 2.0)
    assert keeper.failing
    (state / "history").unlink()
    keeper.keep({VIP: (seen("loft", 1.0),)}, (0.0, 62.0), 63.0)
    assert not keeper.failing
    assert file.load().by_ip[VIP] == [seen("loft", 1.0)]


def test_the_keeper_writes_changes_at_once_and_the_time_it_watched_once_a_minute() -> None:
    file = HistoryFile("uid-1")
    keeper = Keeper(file, {})
    known = {VIP: (seen("loft", 1.0),)}
    keeper.keep(known, (0.0, 1.0), 1.0)
    size = file.path.stat().st_size
    for second in range(2, 60):
        keeper.keep(known, (0.0, float(second)), float(second))
    assert file.path.stat().st_size == size
    keeper.keep(known, (0.0, 61.0), 61.0)
    assert file.load().watched == [(0.0, 61.0)]
    keeper.keep(known, (0.0, 70.0), 70.0, last=True)
    assert file.load().watched == [(0.0, 70.0)]


def test_old_clusters_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "CLUSTERS", 3)
    for number in range(6):
        HistoryFile(f"uid-{number}").append([seen("loft", 1.0)])
    left = {path.stem for path in history.folder().glob("*.jsonl")}
    assert len(left) == 3
    assert "uid-5" in left


@given(st.binary(max_size=400))
def test_any_bytes_are_read(raw: bytes) -> None:
    past = parse(raw)
    assert all(items for items in past.by_ip.values())


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["n1", "n2", ""]), st.floats(1, 1e9)), max_size=30))
def test_what_is_compacted_reads_the_same(lines: list[tuple[str, str, float]]) -> None:
    items = [seen(node, round(at, 1), ip=ip) for ip, node, at in lines]
    past = parse(b"\n".join(history.msgspec.json.encode(history._line(item)) for item in items))
    again = parse(compacted(past, 0.0))
    assert again.by_ip == past.by_ip
