"""`record FILE` and what reads it again; `replay FILE` as far as it goes without a terminal."""

from __future__ import annotations

import gzip
import json
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from flowbytes import answer, fields, flow

from pointsman.tui.answers.flows.jsonpb import jsonpb
from pointsman.tui.cli import main
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.store.snapshot import State
from pointsman.tui.store.store import Store
from pointsman.tui.wire import hubble


@pytest.fixture
def file(tmp_path: Path) -> Path:
    raws = [answer(flow(_34=str(number), _2=1 + number % 2), at=1_790_000_000 + number) for number in range(30)]
    raws.append(answer(flow(_15=fields(_1=1, _101=fields(_2="GET", _3="http://x/?token=abcdef")))))
    path = tmp_path / "flows.json"
    path.write_text("".join(jsonpb(hubble.GetFlowsResponse.FromString(raw)) + "\n" for raw in raws))
    return path


def run(capfdbinary: pytest.CaptureFixture[bytes], *words: str) -> tuple[int, list[str], str]:
    code = main(list(words))
    out, err = capfdbinary.readouterr()
    return code, out.decode().splitlines(), err.decode()


@pytest.mark.parametrize("ending", ["json", "json.gz"])
def test_what_is_written_is_private_masked_and_read_again(
    ending: str, file: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    target = file.with_name(f"rec.{ending}")
    code, out, err = run(capfdbinary, "record", str(target), "--input-file", str(file))
    assert (code, out) == (0, [])
    assert f"31 flows in {target}" in err
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    data = target.read_bytes()
    text = gzip.decompress(data) if ending.endswith("gz") else data
    assert b"abcdef" not in text
    assert {json.loads(line)["origin"] for line in text.splitlines()} == {"hubble"}
    compact = run(capfdbinary, "flows", "--input-file", str(file))[1]
    assert run(capfdbinary, "flows", "--input-file", str(target))[1] == compact
    assert len(run(capfdbinary, "flows", "--input-file", str(target), "--verdict", "DROPPED")[1]) == 15


def test_word_for_word_only_when_asked_for(file: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    target = file.with_name("rec.json")
    run(capfdbinary, "record", str(target), "-o", "jsonpb", "--input-file", str(file))
    assert target.read_text() == file.read_text()


def test_no_file_is_replaced_unasked_and_refusals_are_sentences(
    file: Path, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    before = file.read_text()
    for words, part in (
        (("record", str(file), "--input-file", str(file)), "is there"),
        (("record", "-"), "goes to a file"),
        (("record", str(tmp_path / "no" / "x"), "--input-file", str(file)), "cannot be written"),
        (("record", "/dev/full", "--force", "--input-file", str(file)), "No space left"),
        (("record", str(tmp_path / "new"), "--verdict", "X"), "is not a verdict"),
        (("replay", str(tmp_path / "none")), "cannot be read"),
        (("replay", "-"), "give a file"),
        (("--demo", "replay", str(file)), "in place of a cluster"),
    ):
        code, out, err = run(capfdbinary, *words)
        assert (code, out) == (2, []), words
        assert part in err, err
    assert file.read_text() == before
    assert not (tmp_path / "new").exists()


def test_following_the_access_log_until_interrupted(tmp_path: Path) -> None:
    target = tmp_path / "rec.json.gz"
    command = [sys.executable, "-m", "pointsman.tui", "--demo", "classic", "record", str(target), "-f", "--last", "20"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not target.exists() or target.stat().st_size < 500:
            assert process.poll() is None
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    lines = gzip.decompress(target.read_bytes()).splitlines()
    assert len(lines) >= 20
    assert {json.loads(line)["origin"] for line in lines} == {"traefik-log"}


def test_a_recording_fills_the_store_and_stops_its_clock(file: Path) -> None:
    from pointsman.tui.sources.replay import ReplaySource

    with file.open("a") as more:
        more.write("nonsense\n" * 3)
    store = Store()
    ReplaySource(store, str(file), alone=True).load()
    snapshot = store.snapshot()
    assert store.flows.counts.received == 31
    assert snapshot.now == pytest.approx(1_790_000_001.3457)
    link = snapshot.links["replay"]
    assert (link.state, "3 lines are no flows" in link.detail) == (State.LIVE, True)
    assert snapshot.cluster.origin == "manifests"
    assert not any(map(snapshot.known, KINDS.values())), "nothing is concluded from objects that are not there"


def test_a_recording_that_is_none_says_so(tmp_path: Path) -> None:
    from pointsman.tui.sources.replay import ReplaySource

    for name, data, state in (
        ("empty", b"", State.DOWN),
        ("bad", b"x\n", State.DOWN),
        ("torn.gz", b"\x1f\x8bxx", State.DOWN),
    ):
        (tmp_path / name).write_bytes(data)
        store = Store()
        ReplaySource(store, str(tmp_path / name), alone=True).load()
        assert store.snapshot().links["replay"].state is state


def test_the_recorders_folder_is_read_in_order(
    file: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    ring = tmp_path / "ring"
    ring.mkdir()
    lines = run(capfdbinary, "flows", "--input-file", str(file), "-o", "json")[1]
    (ring / "flows-1790000000000-1.jsonl").write_text("\n".join(lines[:10]) + "\n")
    (ring / "flows-1790000009000-1.jsonl").write_text("\n".join(lines[10:]) + "\n")
    assert run(capfdbinary, "flows", "--input-file", str(ring), "-o", "json")[1] == lines
