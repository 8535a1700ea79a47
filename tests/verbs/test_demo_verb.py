"""`pointsman demo serve` and `pointsman demo faults`."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from demohome import first_line

from pointsman.tui.cli import main


def test_serve_says_where_its_kubeconfig_is_and_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pointsman.tui", "demo", "serve", "broken"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    words = shlex.split(first_line(process.stdout, 20))
    assert words[0] == "export"
    kubeconfig = Path(words[1].removeprefix("KUBECONFIG="))
    assert "current-context: demo-broken\n" in kubeconfig.read_text()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=5)
    assert (process.returncode, errors) == (0, "")
    assert not kubeconfig.parent.exists()


def test_faults_are_listed_in_words_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "faults", "-o", "json"]) == 0
    doc = json.loads(capsys.readouterr().out)
    assert (doc["apiVersion"], doc["kind"]) == ("pointsman/v1", "DemoFaults")
    assert len(doc["items"]) >= 10
    assert all(
        set(item) == {"name", "description", "object", "finding"} and all(item.values()) for item in doc["items"]
    )
    assert main(["demo", "faults"]) == 0
    out = capsys.readouterr().out
    assert all(item["name"] in out and item["object"] in out for item in doc["items"])


@pytest.mark.parametrize(
    "words", [["demo"], ["demo", "dance"], ["demo", "serve", "nonsense"], ["demo", "serve", "-o", "yaml"]]
)
def test_wrong_words_are_one_sentence(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.startswith("pointsman: ")
    assert said.count("\n") == 1
