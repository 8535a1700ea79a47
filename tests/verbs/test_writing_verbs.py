"""`policy`, `journal` and `undo` as a user runs them: questions, answers, exit codes, documents, disks that refuse."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from writekit import SPEC, Relay, run, tiny_disk

from pointsman.tui.actions.toggle import is_parked, was_switched
from pointsman.tui.cli import dispatch

DENY = {"podSelector": {}, "policyTypes": ["Ingress"]}


def talk(relay: Relay, answers: list[tuple[str, str]], *words: str, early: str = "") -> tuple[int, str]:
    """Run it in a terminal; give each answer when its question is on the screen. ``early`` is typed before anything."""
    master, slave = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "pointsman.tui", "--kubeconfig", str(relay.kubeconfig), *words],
        stdin=slave, stdout=slave, stderr=slave,
    )  # fmt: skip
    os.close(slave)
    said = b""
    if early:
        os.write(master, early.encode())
    try:
        for question, answer in answers:
            end = time.monotonic() + 20
            while question.encode() not in said:
                assert time.monotonic() < end, said.decode()
                said += os.read(master, 4096)
            time.sleep(0.1)
            os.write(master, answer.encode())
        while True:
            try:
                more = os.read(master, 4096)
            except OSError:
                break
            if not more:
                break
            said += more
    finally:
        os.close(master)
    return child.wait(20), said.decode()


def test_asked_and_agreed(relay: Relay, name: str) -> None:
    relay.make(name)
    code, text = talk(relay, [("Go ahead? [y/N]", "y\n")], "policy", "off", f"default/{name}", "--permanent")
    assert code == 0, text
    assert "dry run: the server accepts it" in text
    assert "context relay at 127.0.0.1:" in text
    assert is_parked(relay.read(name))


@pytest.mark.parametrize("answer", ["n\n", "\n", "maybe\n", "\x04"])
def test_asked_and_declined(relay: Relay, name: str, answer: str) -> None:
    relay.make(name)
    code, text = talk(relay, [("Go ahead? [y/N]", answer)], "policy", "off", f"default/{name}")
    assert code == 1, text
    assert "Nothing was written." in text
    assert not was_switched(relay.read(name))


def test_keys_typed_before_the_question_are_no_answer(relay: Relay, name: str) -> None:
    relay.make(name)
    code, text = talk(relay, [("Go ahead? [y/N]", "n\n")], "policy", "off", f"default/{name}", early="y\ny\ny\n")
    assert code == 1, text
    assert not was_switched(relay.read(name))


def test_a_risky_write_needs_the_name(relay: Relay, name: str) -> None:
    relay.make(name, DENY)
    code, text = talk(relay, [("Type the name", "y\n")], "policy", "off", f"default/{name}")
    assert code == 1, text
    assert "RISKY: it is a default deny for ingress" in text
    code, text = talk(relay, [("Type the name", f"{name}\n")], "policy", "off", f"default/{name}", "--permanent")
    assert code == 0, text
    assert is_parked(relay.read(name))


def test_without_a_terminal_somebody_must_have_said_yes(relay: Relay, name: str) -> None:
    relay.make(name, DENY)
    code, _, err = run(relay, "policy", "off", f"default/{name}")
    assert code == 2
    assert f"--yes={name}" in err
    code, _, err = run(relay, "policy", "off", f"default/{name}", "--yes")
    assert code == 2
    assert "risky" in err
    code, _, err = run(relay, "policy", "off", f"default/{name}", "--yes=another")
    assert code == 2
    assert "is not the name" in err
    assert not was_switched(relay.read(name))
    assert run(relay, "policy", "off", f"default/{name}", f"--yes={name}", "--permanent")[0] == 0
    assert is_parked(relay.read(name))


def test_a_yes_before_the_name_does_not_swallow_it(relay: Relay, name: str) -> None:
    relay.make(name)
    assert run(relay, "policy", "off", "--permanent", "--yes", f"default/{name}")[0] == 0
    assert is_parked(relay.read(name))
    op = json.loads(run(relay, "journal", "-o", "json")[1])["items"][0]["id"]
    assert run(relay, "undo", "--yes", op)[0] == 0
    assert not was_switched(relay.read(name))
    relay.make(f"{name}-deny", DENY)
    code, _, err = run(relay, "policy", "off", "--yes", f"default/{name}-deny")
    assert code == 2, "a plain yes is not the name, wherever it stands"
    assert "RISKY" in err
    assert not was_switched(relay.read(f"{name}-deny"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("policy", "off"), "needs the name"),
        (("policy", "off", "no/such"), "There is no policy no/such"),
        (("policy", "off", "postgres-from-lan"), "NetworkPolicy/db/postgres-from-lan"),
        (("policy", "off", "db/default-deny", "--for", "soon"), "is not a time"),
        (("policy", "on", "db/default-deny", "--for", "5m"), "belong to `policy off`"),
        (("policy", "off", "db/default-deny", "--for", "5m", "--permanent"), "not allowed with"),
        (("policy", "off", "db/default-deny", "--permanent", "--wait"), "--permanent has none"),
        (("policy", "status", "db/default-deny"), "takes no name"),
        (("policy", "sideways", "db/default-deny"), "invalid choice"),
        (("undo", "ffffffff"), "There is no operation ffffffff"),
        (("undo",), "needs the id"),
        (("journal", "ffffffff"), "no operation ffffffff"),
        (("--read-only", "policy", "off", "db/default-deny", "--yes=default-deny"), "read-only"),
    ],
)
def test_words_that_write_nothing(relay: Relay, words: tuple[str, ...], said: str) -> None:
    code, out, err = run(relay, *words)
    assert (code, out) == (2, "")
    assert said in err, err
    assert not [line for line in relay.seen if line.startswith(("PUT", "DELETE"))]
    assert not [line for line in relay.seen if line.startswith("PATCH") and "dryRun" not in line]


def test_read_only_by_the_settings_holds_for_verbs_too(relay: Relay, name: str, own_home: Path) -> None:
    relay.make(name)
    folder = own_home / ".config" / "pointsman"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('[contexts."relay"]\nread_only = true\n')
    code, _, err = run(relay, "policy", "off", f"default/{name}", "--yes")
    assert code == 2
    assert "read-only" in err
    assert not [line for line in relay.seen if line.startswith("PATCH")]


def test_files_cannot_be_written_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")
    assert dispatch(["policy", "off", "a/b", "--manifests", str(tmp_path), "--yes"]) == 2
    assert "nothing to write to" in capsys.readouterr().err


def test_status_and_journal_and_undo(relay: Relay, name: str) -> None:
    relay.make(name)
    code, out, _ = run(relay, "policy", "status")
    assert (code, out) == (0, "No policy is switched off.\n")
    code, out, _ = run(relay, "policy", "off", f"netpol/default/{name}", "--for", "5m", "--yes", "-o", "json")
    written = json.loads(out)
    assert (written["apiVersion"], written["kind"], written["status"]) == ("pointsman/v1", "Write", "done")
    code, out, _ = run(relay, "policy", "status", "-o", "json")
    (timer,) = json.loads(out)["items"]
    assert code == 0
    assert {key: timer[key] for key in ("kind", "namespace", "name", "id", "until", "watched", "overdue")} == {
        "kind": "NetworkPolicy", "namespace": "default", "name": name, "id": written["id"], "until": written["until"],
        "watched": "guard", "overdue": False,
    }  # fmt: skip
    code, out, _ = run(relay, "policy", "status")
    assert f"default/{name}" in out
    assert "a guard process here" in out
    code, out, _ = run(relay, "journal", written["id"][:5])
    assert code == 0
    assert "+      pointsman.dev/switched-off: 'true'" in out
    assert "verified" in out
    code, out, err = run(relay, "undo", written["id"], "--yes")
    assert code == 0, err
    assert not was_switched(relay.read(name))
    code, out, _ = run(relay, "journal", "-o", "json")
    first, second = json.loads(out)["items"]
    assert (first["state"], first["undone_by"], second["undoes"]) == ("undone", second["id"], first["id"])
    assert second["state"] == "done"
    assert "before" not in first, "the list is short; one operation is whole"
    code, _, err = run(relay, "undo", written["id"], "--yes")
    assert code == 2
    assert "undone already" in err


def test_switching_on_what_is_on_writes_nothing(relay: Relay, name: str) -> None:
    relay.make(name)
    code, _, err = run(relay, "policy", "on", f"default/{name}", "--yes")
    assert code == 0
    assert "is on already" in err
    assert run(relay, "journal")[1] == "Nothing was written here.\n"


def test_an_overdue_toggle_is_seen_by_a_later_start(relay: Relay, name: str) -> None:
    from pointsman.tui.actions.toggle import parked

    relay.make(name)
    doc = parked(relay.read(name), op="0ther000", until=time.time() - 90, by="you@laptop")
    relay.change(name, {"spec": doc["spec"], "metadata": {"annotations": doc["metadata"]["annotations"]}})
    code, out, _ = run(relay, "policy", "status")
    assert code == 1
    assert "overdue since 9" in out
    assert "you@laptop" in out
    assert "set on another machine" in out
    assert run(relay, "policy", "on", f"default/{name}", "--yes")[0] == 0
    assert relay.read(name)["spec"] == SPEC


def test_the_owner_that_will_put_it_back_is_named(relay: Relay, name: str) -> None:
    relay.make(name)
    relay.change(name, {"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}})
    code, _, err = run(relay, "policy", "off", f"default/{name}", "--yes", "--permanent")
    assert code == 0
    assert "It belongs to Flux Kustomization apps, which will put it back as it was." in err


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with tiny_disk(tmp_path / "small") as place:
        yield place


def test_a_full_disk_stops_the_write_before_it_is_sent(
    relay: Relay, name: str, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Larger than the rest of a page, which a full disk still takes.
    rules = [{"ports": [{"protocol": "TCP", "port": 1000 + number}]} for number in range(60)]
    relay.make(name, {**SPEC, "ingress": rules})
    monkeypatch.setenv("XDG_STATE_HOME", str(small_disk))
    assert run(relay, "policy", "off", f"default/{name}", "--yes", "--permanent")[0] == 0
    assert run(relay, "policy", "on", f"default/{name}", "--yes")[0] == 0
    with (small_disk / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 512)
    relay.seen.clear()
    code, _, err = run(relay, "policy", "off", f"default/{name}", "--yes", "--permanent")
    assert code == 2
    assert "No space left on device" in err
    assert "Nothing was written" in err
    assert not [line for line in relay.seen if line.startswith("PATCH") and "dryRun" not in line]
    assert not was_switched(relay.read(name))
    (small_disk / "filler").unlink()
    code, out, _ = run(relay, "journal", "-o", "json")
    assert code == 0
    assert [item["state"] for item in json.loads(out)["items"]] == ["undone", "done"], "and the journal is whole"
    assert run(relay, "policy", "off", f"default/{name}", "--yes", "--permanent")[0] == 0


def test_a_home_that_cannot_be_written_stops_the_write(
    relay: Relay, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    relay.make(name)
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))  # nobody can make folders there, not even root
    code, _, err = run(relay, "policy", "off", f"default/{name}", "--yes")
    assert code == 2
    assert "journal" in err
    assert not [line for line in relay.seen if line.startswith("PATCH") and "dryRun" not in line]
    assert run(relay, "policy", "status")[0] == 0, "looking needs no disk"
