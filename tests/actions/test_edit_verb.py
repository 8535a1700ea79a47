"""`pointsman edit` as a user runs it: exit codes, SIGKILL at every point of the write, disks that take nothing, editors."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from writekit import NP, Relay, fill, pointsman, rehearses, run, tiny_disk, until, writes

from pointsman.tui.disk import drafts


@pytest.fixture(autouse=True)
def no_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KUBE_EDITOR", "VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)


def sed(monkeypatch: pytest.MonkeyPatch, script: str, variable: str = "EDITOR") -> None:
    monkeypatch.setenv(variable, f"sed -i -e '{script}'")


def port(relay: Relay, name: str) -> Any:
    return relay.read(name)["spec"]["ingress"][0]["ports"][0]["port"]


def items(relay: Relay) -> Any:
    return json.loads(run(relay, "journal", "-o", "json")[1])["items"]


def test_edited_agreed_written_and_taken_back(relay: Relay, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    relay.make(name)
    sed(monkeypatch, "s/5433/5434/", "VISUAL")
    sed(monkeypatch, "s/port: 5432/port: 5433 # mine/", "KUBE_EDITOR")
    code, out, err = run(relay, "edit", f"netpol/default/{name}", "--yes")
    assert code == 0, err
    assert "+      port: 5433" in err
    assert "dry run: the server accepts it" in err
    assert port(relay, name) == 5433
    op = out.rpartition("pointsman undo ")[2].split()[0]
    assert run(relay, "undo", op, "--yes")[0] == 0
    assert port(relay, name) == 5432
    code, out, _ = run(relay, "edit", f"default/{name}", "--yes", "-o", "json")
    document = json.loads(out)
    assert (document["kind"], document["action"], document["status"]) == ("Write", "edit", "done")


@pytest.mark.parametrize(
    ("script", "code", "said"),
    [
        ("", 1, "nothing was changed"),
        ("d", 1, "emptied"),
        ("s/podSelector/podSelektor/", 2, "unknown field"),
        ("s/name: e/name: f/", 2, "another object"),
        ("s/5432/5433/", 2, "Nobody can be asked here"),
    ],
)
def test_exit_codes(
    relay: Relay, name: str, monkeypatch: pytest.MonkeyPatch, script: str, code: int, said: str
) -> None:
    name = f"e-{name}"
    relay.make(name)
    sed(monkeypatch, script)
    words = () if "asked" in said else ("--yes",)
    found, _, err = run(relay, "edit", f"default/{name}", *words)
    assert (found, said in err) == (code, True), err
    assert port(relay, name) == 5432
    assert items(relay) == []


@pytest.mark.parametrize(
    ("editor", "said"),
    [
        ("no-such-editor-here", "no editor 'no-such-editor-here'"),
        ("'", "cannot be read as a command"),
        ("false", "ended with code 1"),
        ("sh -c 'kill -9 $$'", "ended by SIGKILL"),
    ],
)
def test_an_editor_that_does_not_work_is_a_sentence(
    relay: Relay, name: str, monkeypatch: pytest.MonkeyPatch, editor: str, said: str
) -> None:
    relay.make(name)
    monkeypatch.setenv("EDITOR", editor)
    code, _, err = run(relay, "edit", f"default/{name}", "--yes")
    assert code == 2
    assert said in err
    assert port(relay, name) == 5432


def test_what_cannot_be_edited(relay: Relay, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    relay.make(name)
    sed(monkeypatch, "s/5432/5433/")
    for words, said in (
        (("edit",), "needs the name"),
        (("edit", "default/no-such"), "no object"),
        (("edit", "secrets/default/x"), "not a kind of object"),
        (("--read-only", "edit", f"default/{name}"), "read-only"),
    ):
        code, _, err = run(relay, *words)
        assert code == 2
        assert said in err.lower() or said in err


POINTS = {
    "dry run": (lambda: rehearses, False, False),
    "request not sent": (lambda: writes, False, False),
    "answer not come": (lambda: writes, True, True),
}


@pytest.mark.parametrize("point", ["in the editor", *POINTS, "request lands after the end", "read back"])
def test_sigkill_at_every_point_of_an_edit(
    relay: Relay, name: str, point: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    relay.make(name)
    sed(monkeypatch, "s/port: 5432/port: 5433 # mine/")
    stop = None
    if point == "in the editor":
        mark = tmp_path / "typed"
        editor = tmp_path / "editor.sh"
        editor.write_text(f'sed -i -e "s/port: 5432/port: 5433 # mine/" "$1"; touch "{mark}"; exec sleep 60\n')
        monkeypatch.setenv("EDITOR", f"sh {editor}")
    elif point == "read back":
        seen = {"written": False}

        def after_the_write(request: web.Request) -> bool:
            seen["written"] |= writes(request)
            return seen["written"] and request.method == "GET" and request.path.endswith(f"/{name}")

        stop = relay.hold(after_the_write, then="cut")
    elif point == "request lands after the end":
        stop = relay.hold(writes, then="pass")
    else:
        rule, after, _ = POINTS[point]
        stop = relay.hold(rule(), after=after, then="cut")
    child = pointsman(relay, "edit", f"default/{name}", "--yes", start_new_session=True)
    if stop is not None:
        assert stop.reached.wait(30)
    else:
        until(mark.exists, 30)
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate(timeout=10)
    if stop is not None:
        stop.go.set()
    landed = point in ("answer not come", "request lands after the end", "read back")
    if landed:
        until(lambda: port(relay, name) == 5433, 10)
    assert port(relay, name) == (5433 if landed else 5432)
    (draft,) = drafts.folder().glob("*.yaml")
    assert "port: 5433 # mine" in draft.read_text()
    assert stat.S_IMODE(draft.stat().st_mode) == 0o600
    found = items(relay)
    if point in ("in the editor", "dry run"):
        assert found == [], "nothing was sent, nothing was promised"
        return
    (item,) = found
    assert item["state"] == ("done" if landed else "failed")
    if landed:
        assert run(relay, "undo", item["id"], "--yes")[0] == 0
        assert port(relay, name) == 5432


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_a_disk_that_takes_nothing_stops_the_edit(
    relay: Relay, name: str, how: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    relay.make(name)
    sed(monkeypatch, "s/5432/5433/")
    with tiny_disk(tmp_path / "small") as place:
        monkeypatch.setenv("XDG_STATE_HOME", str(place))
        if how == "full":
            assert run(relay, "edit", f"default/{name}", "--yes")[0] == 0
            assert run(relay, "undo", items(relay)[0]["id"], "--yes")[0] == 0
            fill(place)
        else:
            subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        relay.seen.clear()
        code, _, err = run(relay, "edit", f"default/{name}", "--yes")
        assert code == 2
        assert ("No space left on device" if how == "full" else "Read-only file system") in err
        assert not [line for line in relay.seen if line.startswith("PUT") and "dryRun" not in line]
        assert port(relay, name) == 5432
        if how == "full":
            (place / "filler").unlink()
            assert run(relay, "edit", f"default/{name}", "--yes")[0] == 0
            assert port(relay, name) == 5433


def test_a_policy_of_another_name_is_never_made(relay: Relay, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    relay.make(name)
    sed(monkeypatch, f"s/name: {name}/name: {name}-2/")
    assert run(relay, "edit", f"default/{name}", "--yes")[0] == 2
    assert relay.ask("GET", f"{NP}/{name}-2")[0] == 404
