"""A fresh process finds every planted fault of a running demo and nothing else, twenty seconds after it is ready."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from demohome import Demo, demo_homelab

from pointsman.tui.demo.faults import listing


def doctor(demo: Demo, home: Path, *words: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, document and stderr of `pointsman doctor -o json` in a process without any history."""
    folders = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CONFIG", "STATE", "CACHE", "DATA")}
    done = subprocess.run(
        [sys.executable, "-m", "pointsman.tui", "--kubeconfig", str(demo.kubeconfig), "doctor", "-o", "json", *words],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **folders, "HOME": str(home)},
        check=False,
    )
    return done.returncode, json.loads(done.stdout), done.stderr


def told(doc: dict[str, Any]) -> set[tuple[str, str]]:
    return {(item["id"], item["object"]) for item in doc["findings"] if item["severity"] != "info"}


PLANTED = {(fault["finding"], fault["object"]) for fault in listing()}


def test_every_planted_fault_is_found_and_none_else(tmp_path: Path) -> None:
    with demo_homelab(tmp_path, "broken") as demo:
        demo.step(20)
        code, doc, err = doctor(demo, tmp_path)
        assert (code, err) == (1, "")
        assert told(doc) == PLANTED
        assert doc["unjudged"] == []
        moves = transitions(demo)
        demo.step(60)
        assert transitions(demo) > moves, "a lease that flaps really flaps"
        assert told(doctor(demo, tmp_path)[1]) == PLANTED
        # Who may read less is told less, and what could not be judged; a consequence stands alone where its cause (a
        # pool) may not be read.
        _, seen, _ = doctor(demo, tmp_path, "--context", "demo-broken-restricted")
        assert told(seen) - PLANTED == {("ip-pending", "Service/games/creative-guests")}
        assert seen["unjudged"]


def transitions(demo: Demo) -> int:
    lease = demo.get("lease", "-n", "kube-system", "cilium-l2announce-games-minecraft")
    return int(lease["spec"]["leaseTransitions"])


@pytest.mark.parametrize("variant", ["classic", "cilium"])
def test_a_healthy_homelab_has_no_error_and_no_warning(tmp_path: Path, variant: str) -> None:
    with demo_homelab(tmp_path, variant) as demo:
        demo.step(20)
        code, doc, err = doctor(demo, tmp_path)
        assert (code, err) == (0, "")
        assert told(doc) == set()
        assert told(doctor(demo, tmp_path, "--context", f"demo-{variant}-restricted")[1]) == set()
