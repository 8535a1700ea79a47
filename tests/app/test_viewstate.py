"""What is remembered of a cluster survives, two programs at once cannot tear it, and a damaged file is no crash."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pointsman.tui.disk import viewstate
from pointsman.tui.disk.viewstate import PaneState, ViewState, load, save


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def test_what_was_saved_comes_back() -> None:
    state = ViewState(pane="ips", namespace="media", theme="x", panes={"ips": PaneState("jelly", "since", True, True)})
    save("3e1f-uid", state)
    assert load("3e1f-uid") == (state, "")


def test_an_unknown_cluster_starts_afresh() -> None:
    assert load("never-seen") == (ViewState(), "")


@pytest.mark.parametrize("raw", [b"", b"{", b"[1]", b'{"panes": 3}', b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_file_is_ignored_with_a_sentence(raw: bytes) -> None:
    save("u1", ViewState())
    (viewstate.folder() / "u1.json").write_bytes(raw)
    state, problem = load("u1")
    assert state == ViewState()
    assert "u1.json" in problem


def test_an_uid_from_a_cluster_cannot_leave_the_folder() -> None:
    save("../../../etc/passwd", ViewState(pane="ips"))
    assert [path.parent for path in viewstate.folder().parent.rglob("*.json")] == [viewstate.folder()]
    assert load("../../../etc/passwd")[0].pane == "ips"


def test_two_writers_never_tear_the_file() -> None:
    states = [ViewState(pane=f"{number}" * 2000) for number in range(2)]
    problems: list[str] = []

    def write(state: ViewState) -> None:
        for _ in range(50):
            save("both", state)
            problems.append(load("both")[1])

    threads = [threading.Thread(target=write, args=(state,)) for state in states]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(problems) == {""}
    assert load("both")[0] in states
    assert not list(viewstate.folder().glob(".view-*"))


def test_only_the_last_clusters_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewstate, "KEPT", 3)
    for number in range(6):
        save(f"c{number}", ViewState())
    assert len(list(viewstate.folder().glob("*.json"))) == 3


def test_a_disk_that_refuses_is_no_crash(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    save("u", ViewState())
    assert load("u")[0] == ViewState()
