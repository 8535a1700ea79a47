"""`pointsman flows` on files and on the demo: forms, filters, what is masked, bad lines, a reader that goes."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flowbytes import answer, fields, flow

from pointsman.tui.answers.flows.jsonpb import jsonpb
from pointsman.tui.cli import main
from pointsman.tui.wire import hubble

URL = "http://x.example/?token=abcdef"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    raws = [answer(flow(_34=str(number), _2=1 + number % 2)) for number in range(30)]
    raws.append(answer(flow(_15=fields(_1=1, _101=fields(_2="GET", _3=URL)), _100000=f"HTTP/1.1 GET {URL}")))
    raws.append(answer(fields(_1=3, _2=17), 3))
    raws.append(answer(fields(_1=2, _2=["a"], _3="refused"), 2))
    path = tmp_path / "flows.json"
    path.write_text("".join(jsonpb(hubble.GetFlowsResponse.FromString(raw)) + "\n" for raw in raws))
    return path


def run(capfdbinary: pytest.CaptureFixture[bytes], *words: str) -> tuple[int, list[str], str]:
    code = main(["flows", *words])
    out, err = capfdbinary.readouterr()
    return code, out.decode().splitlines(), err.decode()


def test_a_file_is_printed_whole(file: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    code, lines, err = run(capfdbinary, "--input-file", str(file))
    assert (code, len(lines)) == (0, 32)
    assert lines[31].endswith("EVENTS LOST: HUBBLE_RING_BUFFER CPU(0) 17")
    assert "1 nodes are unavailable: a" in err
    assert "abcdef" not in "".join(lines)


def test_asked_for_by_name_the_clis_forms_are_in_clear(file: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    _, lines, _ = run(capfdbinary, "--input-file", str(file), "-o", "compact")
    assert "token=abcdef" in lines[30]
    _, lines, _ = run(capfdbinary, "--input-file", str(file), "-o", "jsonpb")
    assert lines == file.read_text().splitlines()[:32]


def test_json_has_flows_only_and_masks(file: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    _, lines, err = run(capfdbinary, "--input-file", str(file), "-o", "json")
    documents = [json.loads(line) for line in lines]
    assert len(documents) == 31
    assert documents[30]["l7"]["url"] == "http://x.example/?token=***"
    assert "EVENTS LOST" in err
    assert "abcdef" not in "".join(lines)


def test_filters_numbers_and_the_table(file: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    where = ("--input-file", str(file))
    assert len(run(capfdbinary, *where, "--verdict", "DROPPED")[1]) == 15
    assert len(run(capfdbinary, *where, "--not", "--verdict", "DROPPED", "-n", "media")[1]) == 16
    assert len(run(capfdbinary, *where, "--not", "-n", "media")[1]) == 0
    assert len(run(capfdbinary, *where, "--last", "3", "--verdict", "DROPPED")[1]) == 3
    assert len(run(capfdbinary, *where, "-o", "table", "--first", "2")[1]) == 3


def test_gzip_and_bad_lines(file: Path, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    packed = tmp_path / "flows.json.gz"
    packed.write_bytes(gzip.compress(file.read_bytes() + b"nonsense\n" * 5))
    code, lines, err = run(capfdbinary, "--input-file", str(packed))
    assert (code, len(lines)) == (0, 32)
    assert f"line 34 of {packed}: not JSON" in err
    assert "and 2 more lines that are no flows" in err
    packed.write_bytes(packed.read_bytes()[:-20])
    code, _, err = run(capfdbinary, "--input-file", str(packed))
    assert code == 2
    assert "breaks off" in err


def test_what_cannot_be_is_one_sentence(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    for words, part in (
        (("--verdict", "X"), "is not a verdict"), (("--last", "1", "--first", "1"), "cannot be combined"),
        (("-f", "-o", "table"), "cannot follow"), (("--since", "x"), "is not a time"),
        (("--input-file", str(tmp_path / "none")), "cannot be read"), (("--not",), "stands at the end"),
        (("--manifests", str(tmp_path)), "--manifests"),
    ):  # fmt: skip
        code, lines, err = run(capfdbinary, *words)
        assert (code, lines) == (2, []), words
        assert part in err
        assert err.count("\n") == 1


PROGRAM = [sys.executable, "-m", "pointsman.tui", "--demo", "cilium", "flows"]


def test_on_the_demo_following_each_line_at_once_until_the_reader_goes() -> None:
    with subprocess.Popen(
        [*PROGRAM, "-f", "--verdict", "FORWARDED"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        assert all(b"FORWARDED" in line or b"ALLOWED" in line for line in lines)
        process.stdout.close()
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_on_the_demo_a_signal_ends_it() -> None:
    with subprocess.Popen([*PROGRAM, "-f"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        assert process.returncode == 0
        assert time.monotonic() - start < 5


def test_on_classic_it_reads_the_access_log_and_ends_with_its_reader(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    command = [sys.executable, "-m", "pointsman.tui", "--demo", "classic", "flows"]
    with subprocess.Popen([*command, "-f"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert b"http-response" in process.stdout.readline()
        process.stdout.close()
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""
    code, lines, err = run(capfdbinary, "--demo", "classic", "--last", "30", "--http-status", "200", "-o", "json")
    documents = [json.loads(line) for line in lines]
    assert (code, len(documents), err) == (0, 30, "")
    assert {item["origin"] for item in documents} == {"traefik-log"}
    assert all(item["destination"]["workload"] and item["l7"]["status"] == 200 for item in documents)
    code, lines, err = run(capfdbinary, "--demo", "classic", "-o", "jsonpb")
    assert (code, lines) == (2, [])
    assert "Hubble's own form" in err
