"""`e` on a real terminal: the editor gets it for itself, the app comes back, and goes on watching and reverting meanwhile."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from terminal import Terminal

from pointsman.tui.disk import drafts

ASKED = "dry run: the server accepts it"


class Editor:
    """A program that says that it is there, waits for a line, and then does the next thing it was given to the file."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._script = folder / "editor.sh"
        self._script.write_text(
            f'cp "$1" "{folder}/page"\n'
            'echo "THE EDITOR HAS $(basename "$1")"\n'
            "read line\n"
            'echo "IT WAS TOLD $line"\n'
            f'. "{folder}/next"\n'
        )
        for name in ("KUBE_EDITOR", "VISUAL"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("EDITOR", f"sh '{self._script}'")

    def will(self, command: str) -> None:
        (self._folder / "next").write_text(f"{command}\n")

    @property
    def page(self) -> str:
        return (self._folder / "page").read_text()


def handed_over(terminal: Terminal, times: int) -> None:
    """Wait until the editor runs for the time of that number."""
    terminal.wait(lambda: terminal.received.count(b"THE EDITOR HAS") == times, 40, f"the editor, time {times}")


def since_left(terminal: Terminal) -> str:
    """All that came since the app left the terminal to another."""
    return bytes(terminal.received).rpartition(b"\x1b[?1049l")[2].decode()


def agree(terminal: Terminal) -> None:
    """Say yes once the dialog stands still: before that keys do not count."""
    terminal.settle()
    terminal.press("y")
    terminal.wait_gone(ASKED)


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Editor:
    return Editor(tmp_path, monkeypatch)


def test_the_way_of_an_edit_on_a_terminal(editor: Editor) -> None:
    with Terminal.pointsman("--demo", "classic", columns=120, lines=40) as terminal:
        terminal.wait_for("findings", 40)
        terminal.press("5")
        terminal.wait_for("immich-valkey", 40)
        terminal.wait_gone("connecting", 40)
        terminal.press("/", "postgres-from-lan", "enter")
        terminal.wait_gone("minio", 40)

        # Refused at a line, mended, agreed to.
        editor.will('sed -i "s/policyTypes/policyTypez/" "$1"')
        terminal.press("e")
        handed_over(terminal, 1)
        terminal.watch(1.5)  # ticks, live rows and the clock want to draw meanwhile
        assert since_left(terminal).split("THE EDITOR HAS")[1].count("\n") == 1, "nothing is drawn over the editor"
        terminal.press("go on", "enter")
        terminal.wait(lambda: 'unknown field "spec.policyTypez"' in editor.page, 40, "the second page")
        editor.will('sed -i "s/policyTypez/policyTypes/; s/port: 5432/port: 5433 # mine/" "$1"')
        handed_over(terminal, 2)
        terminal.press("enter")
        terminal.wait_for(ASKED, 40)
        terminal.wait_for("port: 5433")
        assert list(drafts.folder().glob("*.yaml"))
        agree(terminal)
        terminal.wait_for("Done: edit NetworkPolicy", 40)
        terminal.wait_for("lets 192.168.7.0/24 reach 5433", 40)
        assert list(drafts.folder().glob("*.yaml")) == []

        # ctrl+c is the editor's; what was typed is kept, and its path said.
        editor.will("exit 0")
        terminal.press("e")
        handed_over(terminal, 3)
        terminal.press("ctrl+c")
        terminal.wait_for("ended by SIGINT", 40)
        editor.will('sed -i "s/5433/5434/" "$1"; exit 3')
        terminal.press("e")
        handed_over(terminal, 4)
        terminal.press("enter")
        terminal.wait_for("ended with code 3", 40)
        terminal.wait_for("Your text is kept in", 40)
        (path,) = drafts.folder().glob("*.yaml")
        assert "5434" in path.read_text()

        # z takes back what was written.
        terminal.press("z")
        terminal.wait_for("Undo ", 40)
        terminal.wait_for(ASKED, 40)
        agree(terminal)
        terminal.wait_for("reach 5432", 40)

        # Ended while the editor runs: so does the editor, and the terminal is left in order.
        editor.will("exit 0")
        terminal.press("e")
        handed_over(terminal, 5)
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_end(20) == 128 + signal.SIGTERM
        assert bytes(terminal.received).rindex(b"\x1b[?1049l") > bytes(terminal.received).rindex(b"\x1b[?1049h")


def test_a_policy_from_a_template(editor: Editor) -> None:
    with Terminal.pointsman("--demo", "classic", columns=120, lines=40) as terminal:
        terminal.wait_for("findings", 40)
        terminal.press("5")
        terminal.wait_for("immich-valkey", 40)
        terminal.wait_gone("connecting", 40)
        editor.will('touch "$1"')
        terminal.press("a")
        terminal.wait_for("not on this cluster", 40)
        terminal.press("DNS", "enter")
        handed_over(terminal, 1)
        terminal.press("enter")
        terminal.wait_for(ASKED, 40)
        terminal.wait_for("Create NetworkPolicy backup/")
        agree(terminal)
        terminal.wait_for("Done: create NetworkPolicy backup/", 40)

        # Not saved is not meant.
        editor.will("exit 0")
        terminal.press("a")
        terminal.wait_for("not on this cluster", 40)
        terminal.press("enter")
        handed_over(terminal, 2)
        terminal.press("enter")
        terminal.wait_for("it was not saved", 40)
        assert list(drafts.folder().glob("*.yaml")) == []


def test_a_missing_editor_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBE_EDITOR", "/no/such/editor")
    with Terminal.pointsman("--demo", "classic", columns=120, lines=40) as terminal:
        terminal.wait_for("findings", 40)
        terminal.press("5")
        terminal.wait_for("immich-valkey", 40)
        terminal.wait_gone("connecting", 40)
        terminal.press("e")
        terminal.wait_for("There is no editor '/no/such/editor'", 40)
        terminal.press("8")
        terminal.wait_for("log", 40)
    assert os.environ["KUBE_EDITOR"]
    assert list(drafts.folder().glob("*.yaml")) == []
