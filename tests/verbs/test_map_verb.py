"""The verb `map`: of saved flows, of files, and what cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from appkit import NOW
from traffickit import talk_flows

from pointsman.tui.answers.flows.document import flow_line
from pointsman.tui.cli import main
from pointsman.tui.demo.scenario import build


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Flows of a minute, as `flows -o json` writes them."""
    path = tmp_path_factory.mktemp("flows") / "flows.json"
    path.write_bytes(b"".join(flow_line(flow) + b"\n" for _, flow in talk_flows(NOW.timestamp())))
    return path


@pytest.fixture(scope="module")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "all.yaml"
    path.write_text(yaml.safe_dump_all(build("classic", now=NOW).objects), encoding="utf-8")
    return path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["map", *map(str, words)])
    said = capsys.readouterr()
    return code, said.out, said.err


def document(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    code, out, _ = run(capsys, *words, "-o", "json")
    assert code == 0
    return json.loads(out)


def test_the_table_has_drops_first(capsys: pytest.CaptureFixture[str], saved: Path) -> None:
    code, out, err = run(capsys, "--input-file", str(saved))
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split()[:4] == ["FROM", "TO", "PORT", "VERDICT"]
    assert "dropped" in lines[1]
    assert any("home/zigbee2mqtt" in line and "policy denied" in line for line in lines)
    assert "38 boxes, 59 lines" in lines[-1]


def test_json_is_whole(capsys: pytest.CaptureFixture[str], saved: Path) -> None:
    found = document(capsys, "--input-file", str(saved))
    assert (found["apiVersion"], found["kind"], found["declared"]) == ("pointsman/v1", "Map", False)
    ids = {node["id"] for node in found["nodes"]}
    assert all({edge["from"], edge["to"]} <= ids for edge in found["edges"])
    edge = next(edge for edge in found["edges"] if edge["from"].startswith("media/immich-server")
                and edge["to"].startswith("db/postgres"))  # fmt: skip
    assert edge["ports"] == [{"port": 5432, "protocol": "TCP"}]
    assert edge["verdict"] == "forwarded"
    assert 0.3 < edge["rate"] < 0.6
    denied = next(edge for edge in found["edges"] if edge["drop_reason"] == "POLICY_DENIED")
    assert denied["verdict"] == "dropped"
    assert denied["last_dropped"]


def test_filters_namespace_and_fold(capsys: pytest.CaptureFixture[str], saved: Path) -> None:
    dropped = document(capsys, "--input-file", str(saved), "--verdict", "DROPPED")
    assert {edge["verdict"] for edge in dropped["edges"]} == {"dropped"}
    of_db = document(capsys, "--input-file", str(saved), "-n", "db")
    assert all("db/" in edge["from"] + edge["to"] for edge in of_db["edges"])
    folded = document(capsys, "--input-file", str(saved), "--fold")
    assert {"namespace//media", "namespace//db"} <= {node["id"] for node in folded["nodes"]}
    few = document(capsys, "--input-file", str(saved), "--last", "3")
    assert sum(edge["forwarded"] + edge["dropped"] for edge in few["edges"]) == 3


def test_svg_is_whole_in_itself(capsys: pytest.CaptureFixture[str], saved: Path) -> None:
    code, out, _ = run(capsys, "--input-file", str(saved), "-o", "svg")
    assert code == 0
    root = ElementTree.fromstring(out)
    assert root.tag.endswith("svg")
    assert "jellyfin" in "".join(root.itertext())
    for foreign in ("@import", "@font-face", "href", "<script", "url("):
        assert foreign not in out


def test_files_give_the_declared_paths(capsys: pytest.CaptureFixture[str], manifests: Path) -> None:
    found = document(capsys, "--manifests", str(manifests))
    assert found["declared"]
    assert any(node["name"] == "films.home.example" for node in found["nodes"])
    code, out, _ = run(capsys, "--manifests", str(manifests))
    assert code == 0
    assert "declared by the objects, no flow was seen" in out


def test_what_cannot_be_is_one_sentence(capsys: pytest.CaptureFixture[str], saved: Path, tmp_path: Path) -> None:
    for words in (
        ("--input-file", str(tmp_path / "none")),
        ("--input-file", str(saved), "--declared"),
        ("--input-file", str(saved), "--verdict", "MAYBE"),
        ("--input-file", str(saved), "--since", "yesterday"),
    ):
        code, _, err = run(capsys, *words)
        assert code == 2, words
        assert err.startswith("pointsman: ")
        assert len(err.splitlines()) == 1


def test_an_empty_file_is_an_empty_map(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.write_text("", encoding="utf-8")
    assert document(capsys, "--input-file", str(path))["nodes"] == []
    assert run(capsys, "--input-file", str(path))[1].strip() == "0 boxes, 0 lines"
    assert ElementTree.fromstring(run(capsys, "--input-file", str(path), "-o", "svg")[1]).tag.endswith("svg")
