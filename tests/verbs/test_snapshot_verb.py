"""`pointsman snapshot save FILE`, as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pointsman.tui.options import DEMO_VARIANTS

MEGABYTE = 1024 * 1024


def pointsman(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pointsman.tui", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def answer(*words: str) -> Any:
    done = pointsman(*words, "-o", "json")
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.mark.parametrize("variant", DEMO_VARIANTS)
def test_a_homelab_fits_a_megabyte_and_gives_the_same_answers(tmp_path: Path, variant: str) -> None:
    file = tmp_path / "home.json"
    done = pointsman("--demo", variant, "snapshot", "save", str(file))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"pointsman --manifests {file}" in done.stdout
    assert 100_000 < file.stat().st_size < MEGABYTE
    text = file.read_text()
    for secret in ("last-applied-configuration", '"value":', "BEGIN CERTIFICATE", "PRIVATE KEY", "valuesContent"):
        assert secret not in text, secret
    docs = [json.loads(line) for line in text.splitlines()[1:]]
    assert all("data" not in doc["object"] for doc in docs if doc["table"] in ("configmaps", "secrets"))

    found = answer("--manifests", str(file), "ips")
    assert len(found["items"]) >= 9
    status = answer("--manifests", str(file), "status")
    assert status["context"] == f"demo-{variant}"
    assert status["stack"] == {"classic": "classic", "cilium": "cilium", "broken": "mixed"}[variant]
    again = answer("--manifests", str(file), "ips")
    assert again == found  # time stands still in a snapshot


def test_anonymized_and_compressed(tmp_path: Path) -> None:
    plain, anonymous = tmp_path / "plain.json", tmp_path / "anonymous.json.gz"
    assert pointsman("--demo", "snapshot", "save", str(plain)).returncode == 0
    done = answer("--demo", "snapshot", "save", "--anonymize", str(anonymous))
    assert (done["kind"], done["anonymized"], done["unread"]) == ("SnapshotSaved", True, [])
    assert done["bytes"] == anonymous.stat().st_size < 200_000

    import gzip

    text = gzip.decompress(anonymous.read_bytes()).decode()
    nodes = {
        doc["object"]["metadata"]["name"]
        for doc in map(json.loads, plain.read_text().splitlines()[1:])
        if doc["table"] == "nodes"
    }
    hosts = {
        rule["host"]
        for doc in map(json.loads, plain.read_text().splitlines()[1:])
        if doc["table"] == "ingresses"
        for rule in doc["object"]["spec"]["rules"]
    }
    assert nodes
    assert hosts
    for name in hosts:
        assert name not in text, name
    first = answer("--manifests", str(plain), "ips")
    second = answer("--manifests", str(anonymous), "ips")
    assert [item["ip"] for item in first["items"]] == [item["ip"] for item in second["items"]]
    assert not nodes & {announcer["node"] for item in second["items"] for announcer in item["announcers"]}


def test_what_is_refused(tmp_path: Path) -> None:
    kept = tmp_path / "letter.txt"
    kept.write_text("dear diary")
    done = pointsman("--demo", "snapshot", "save", str(kept))
    assert done.returncode == 2
    assert "is there and is no snapshot" in done.stderr
    assert kept.read_text() == "dear diary"
    done = pointsman("--demo", "snapshot", "save", str(tmp_path / "no" / "folder" / "x.json"))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "cannot be written: No such file or directory" in done.stderr
    done = pointsman("--kubeconfig", str(tmp_path / "missing"), "snapshot", "save", str(tmp_path / "x.json"))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert not (tmp_path / "x.json").exists()
    done = pointsman("--demo", "snapshot", "save", "-")
    assert (done.returncode, done.stdout) == (2, "")
    assert "not to standard output" in done.stderr
    assert pointsman("snapshot").returncode == 2
    assert pointsman("snapshot", "eat", "x").returncode == 2


def test_from_files_to_a_snapshot(tmp_path: Path) -> None:
    manifest = tmp_path / "a.yaml"
    manifest.write_text("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\nbroken: [\n")
    file = tmp_path / "s.json"
    done = pointsman("--manifests", str(manifest), "snapshot", "save", str(file))
    assert done.returncode == 0
    assert f"{manifest}:5: " in done.stderr
    assert done.stdout.startswith(f"1 object in {file} ")
