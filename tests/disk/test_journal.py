"""The journal on disk: whole lines, private, synced, shared by programs, honest about what it cannot keep."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pointsman.tui.disk.journal import Entry, Journal, JournalError, State, clusters, fold, new_id

UID = "11111111-2222-3333-4444-555555555555"


def intent(op: str, **more: object) -> Entry:
    fields = {"kind": "networkpolicies", "namespace": "a", "name": "p", "verb": "update", "title": "t", **more}
    return Entry(op=op, event="intent", **fields)  # type: ignore[arg-type]


def test_a_write_and_what_became_of_it() -> None:
    journal = Journal(UID, clock=lambda: 1000.0)
    assert journal.read().writes == ()
    journal.append(intent("aa11", before={"spec": {"a": 1}}, after={"spec": {"a": 2}}))
    (write,) = journal.read().writes
    assert (write.state, write.intent.at, write.intent.after) == (State.PENDING, 1000.0, {"spec": {"a": 2}})
    journal.append(Entry(op="aa11", event="applied", after={"spec": {"a": 2, "b": 0}}))
    assert journal.read().writes[0].state is State.PENDING
    journal.append(Entry(op="aa11", event="verified", text="read back"))
    (write,) = journal.read().writes
    assert (write.state, write.stored, write.text) == (State.DONE, {"spec": {"a": 2, "b": 0}}, "read back")
    journal.append(Entry(op="aa11", event="undone", undoes="bb22"))
    (write,) = journal.read().writes
    assert (write.state, write.undone_by) == (State.UNDONE, "bb22")


def test_it_is_private_and_kept_by_the_clusters_identity() -> None:
    old = os.umask(0)
    try:
        Journal(UID).append(intent("aa11"))
        Journal("../../etc/passwd").append(intent("bb22"))
    finally:
        os.umask(old)
    files = clusters()
    assert len(files) == 2
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.parent.name == "journal"
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert Journal(UID).path.name == f"{UID}.jsonl"


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    journal = Journal(UID)
    journal.path.parent.mkdir(parents=True)
    (tmp_path / "mine").write_text("precious")
    journal.path.symlink_to(tmp_path / "mine")
    with pytest.raises(JournalError):
        journal.append(intent("aa11"))
    assert (tmp_path / "mine").read_text() == "precious"


def test_secrets_and_bookkeeping_are_left_out() -> None:
    journal = Journal(UID)
    secret = {
        "kind": "Secret",
        "metadata": {"name": "s", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "aHVudGVyMg=="}},
        "data": {"password": "aHVudGVyMg=="},
    }
    other = {"kind": "NetworkPolicy", "metadata": {"name": "p", "managedFields": [{"manager": "kubectl"}]}, "spec": {}}
    journal.append(intent("aa11", before=secret, after=other))
    raw = journal.path.read_text()
    assert "aHVudGVyMg" not in raw
    assert "managedFields" not in raw
    assert '"password"' in raw  # the names of keys are kept


def test_a_line_cut_short_stays_alone() -> None:
    journal = Journal(UID)
    journal.append(intent("aa11"))
    with journal.path.open("ab") as file:
        file.write(b'{"op":"bb22","event":"int')
    journal.append(intent("cc33"))
    reading = journal.read()
    assert [write.op for write in reading.writes] == ["aa11", "cc33"]
    assert len(reading.problems) == 1
    assert "one line" in reading.problems[0]


@pytest.mark.parametrize(
    "junk", [b"\xff\xfe\n", b"[]\n", b"null\n", b'{"op":1,"event":"intent"}\n', b"[" * 5000 + b"\n"]
)
def test_junk_is_skipped_and_said(junk: bytes) -> None:
    reading = fold(junk.split(b"\n"))
    assert reading.writes == ()
    assert reading.problems


def test_lines_of_a_newer_version_are_no_trouble() -> None:
    reading = fold(
        [b'{"op":"x","event":"intent","shiny":1}', b'{"op":"x","event":"polished"}', b'{"op":"y","event":"verified"}']
    )
    assert [write.op for write in reading.writes] == ["x"]
    assert reading.problems == ()


def test_the_beginning_of_an_id_is_enough() -> None:
    reading = fold(
        [b'{"op":"abc1","event":"intent"}', b'{"op":"abd2","event":"intent"}', b'{"op":"abc12","event":"intent"}']
    )
    assert [write.op for write in reading.matching("abd")] == ["abd2"]
    assert len(reading.matching("ab")) == 3
    assert [write.op for write in reading.matching("abc1")] == ["abc1"]
    assert reading.matching("") == []
    assert len({new_id() for _ in range(200)}) == 200


def test_two_programs_do_not_tear_each_others_lines(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pointsman.tui.disk.journal import Entry, Journal\n"
        f"journal = Journal({UID!r})\n"
        "for number in range(60):\n"
        "    journal.append(Entry(op=f'{sys.argv[1]}-{number}', event='intent', title='x' * 3000))\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", code, name]) for name in ("one", "two", "three")]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    reading = Journal(UID).read()
    assert reading.problems == ()
    assert len(reading.writes) == 180


def test_a_file_that_may_not_grow_is_left_as_it_was() -> None:
    code = (
        "import resource, sys\nfrom pointsman.tui.disk.journal import Entry, Journal, JournalError\n"
        f"journal = Journal({UID!r})\n"
        "journal.append(Entry(op='aa11', event='intent'))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))\n"
        "try:\n    journal.append(Entry(op='bb22', event='intent', title='x' * 5000))\n"
        "except JournalError as error:\n    print(error.sentence)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "File too large" in done.stdout
    reading = Journal(UID).read()
    assert [write.op for write in reading.writes] == ["aa11"]
    assert reading.problems == ()
    assert resource.getrlimit(resource.RLIMIT_FSIZE)


def test_no_room_and_no_permission_are_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(UID)
    journal.append(intent("aa11"))
    before = journal.path.read_bytes()

    def full(handle: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(JournalError, match="No space left on device") as caught:
        journal.append(intent("bb22"))
    assert "Make room" in caught.value.hint
    monkeypatch.undo()
    assert journal.path.read_bytes() == before


def test_a_folder_where_the_journal_should_be_is_a_sentence() -> None:
    journal = Journal(UID)
    journal.path.mkdir(parents=True)
    with pytest.raises(JournalError):
        journal.append(intent("aa11"))
    with pytest.raises(JournalError):
        journal.read()


def test_a_write_under_way_is_seen_until_its_program_dies() -> None:
    journal = Journal(UID)
    code = (
        "import sys, time\nfrom pointsman.tui.disk.journal import Journal\n"
        f"with Journal({UID!r}).hold('aa11'):\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    assert journal.under_way("aa11")
    assert not journal.under_way("bb22")
    child.send_signal(signal.SIGKILL)
    child.wait(10)
    child.stdout.close()
    assert not journal.under_way("aa11")
    assert not list(journal.path.parent.glob("*.writing"))
    with journal.hold("aa11"):
        assert journal.under_way("aa11")
    assert not journal.under_way("aa11")


def test_a_lock_that_is_never_given_back_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    from pointsman.tui.disk import journal as module

    monkeypatch.setattr(module, "LOCK_SECONDS", 0.1)
    journal = Journal(UID)
    journal.append(intent("aa11"))
    with journal.path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        start = time.monotonic()
        with pytest.raises(JournalError, match="another program"):
            journal.append(intent("bb22"))
        assert time.monotonic() - start < 5
