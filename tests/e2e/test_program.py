"""The real program in a pseudo-terminal: start, look around, end, and end badly."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from terminal import Terminal

pytestmark = pytest.mark.e2e

LEFT_ALTERNATE_SCREEN = b"\x1b[?1049l"
CURSOR_SHOWN = b"\x1b[?25h"
MOUSE_OFF = b"\x1b[?1000l"


@pytest.fixture
def private_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program's own TMPDIR, so that what it leaves behind is seen."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def children(process: int) -> list[psutil.Process]:
    return psutil.Process(process).children(recursive=True)


def gone(processes: list[psutil.Process], seconds: float) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not alive


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("pointsman"))


@pytest.fixture(scope="module")
def demo() -> Iterator[Terminal]:
    """One app on the demo homelab for the tests that only look; each leaves it on the Overview."""
    with Terminal.pointsman("--demo") as terminal:
        terminal.wait_for("192.168.7.100", 30)
        yield terminal
        terminal.press("q")
        assert terminal.wait_end() == 0


def test_the_first_screen_shows_the_homelab_and_nothing_over_it(demo: Terminal) -> None:
    demo.wait_for("flannel")
    for word in ("CLASSIC", "DEMO", "MetalLB", "Traefik", "shed", "loft", "closet", "192.168.7.108", "k3s"):
        demo.wait_for(word)
    demo.wait_for("no finding")


def test_an_address_is_explained_and_esc_goes_back(demo: Terminal) -> None:
    demo.press("4")
    demo.wait_for("service addresses")
    demo.press("enter")
    demo.wait_for("has answered for 192.168.7.100")
    demo.press("esc")
    demo.wait_gone("has answered for")
    demo.press("1")
    demo.wait_for("what changed")


def test_a_filter_narrows_and_counts(demo: Terminal) -> None:
    demo.press("4")
    demo.wait_for("service addresses")
    demo.press("/", "pihole", "enter")
    demo.wait_gone("games/minecraft")
    demo.wait_for("2/10")
    demo.press("esc", "1")
    demo.wait_for("what changed")


def test_yaml_help_and_palette_open_and_close(demo: Terminal) -> None:
    demo.press("4")
    demo.wait_for("service addresses")
    demo.press("y")
    demo.wait_for("kind: Service")
    demo.press("esc")
    demo.wait_for("service addresses")
    demo.press("?")
    demo.wait_for("keys of")
    demo.press("esc")
    demo.wait_gone("keys of")
    demo.press(":")
    demo.wait_for("command or object")
    demo.press("192.168.7.104", "enter")
    demo.wait_for("games/minecraft")
    demo.press("esc", "esc", "1")
    demo.wait_for("what changed")


@pytest.mark.parametrize(
    ("pane", "title"),
    [("2", "flows "), ("3", "boxes"), ("4", "service addresses"), ("5", "policies "), ("6", "routes "), ("8", "log ")],
)
def test_every_pane_opens_by_its_number(demo: Terminal, pane: str, title: str) -> None:
    demo.press(pane)
    demo.wait_for(f"─ {title}" if pane != "3" else title)
    demo.press("1")
    demo.wait_for("what changed")


def test_a_pane_to_come_says_what_to_use_meanwhile(demo: Terminal) -> None:
    demo.press("7")
    demo.wait_for("not here yet in this version")
    assert "pointsman status" in demo.text
    demo.press("1")
    demo.wait_for("what changed")


def test_a_storm_of_resizes_and_a_tiny_terminal(demo: Terminal) -> None:
    for step in range(30):
        demo.resize(60 + step * 4, 15 + step)
        demo.signal(signal.SIGWINCH)
        demo.read(0.01)
    demo.resize(20, 5)
    demo.wait_for("small", 10)
    demo.resize(80, 24)
    demo.wait_for("192.168.7.100", 10)
    demo.resize(120, 40)
    demo.wait_for("what changed", 10)


def test_all_is_drawn_again_when_asked_and_after_a_stop(demo: Terminal) -> None:
    everything = ("pointsman", "8 Log", "flannel", "192.168.7.108", "traffic", "? help")
    demo.wait_for("flannel")
    demo.screen.reset()
    demo.press("\x12")  # ctrl+r
    for word in everything:
        demo.wait_for(word, 10)
    demo.signal(signal.SIGTSTP)
    end = time.monotonic() + 10
    while psutil.Process(demo.process.pid).status() != psutil.STATUS_STOPPED:
        assert time.monotonic() < end
        demo.read(0.05)
    demo.read(0.05)
    demo.screen.reset()
    demo.signal(signal.SIGCONT)
    for word in everything:
        demo.wait_for(word, 10)


def test_at_rest_the_line_is_nearly_silent(demo: Terminal) -> None:
    """Budget: 1 KB/s as a mean of 30 s at 120x40. A third of that time here, so three times the slack for one event."""
    demo.settle()
    assert demo.watch(10) < 10 * 1024 * 1.5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_with_the_terminal_restored(private_tmp: Path, number: signal.Signals) -> None:
    with Terminal.pointsman("--demo") as terminal:
        terminal.wait_for("192.168.7.100", 30)
        started = children(terminal.process.pid)
        assert started
        terminal.signal(number)
        code = terminal.wait_end(6)
        assert code in (128 + number, -number)
        tail = bytes(terminal.received[-2000:])
        assert LEFT_ALTERNATE_SCREEN in tail
        assert CURSOR_SHOWN in tail
        assert MOUSE_OFF in tail
        assert gone(started, 3)
    assert not leftovers(private_tmp)


def test_killed_without_a_word_it_leaves_no_process_and_no_file(private_tmp: Path) -> None:
    with Terminal.pointsman("--demo") as terminal:
        terminal.wait_for("192.168.7.100", 30)
        started = children(terminal.process.pid)
        terminal.signal(signal.SIGKILL)
        terminal.wait_end(5)
        assert gone(started, 3)
    until = time.monotonic() + 2
    while leftovers(private_tmp) and time.monotonic() < until:
        time.sleep(0.05)
    assert not leftovers(private_tmp)


def test_a_crash_restores_the_terminal_and_says_where_the_report_is(own_home: Path) -> None:
    code = (
        "import sys\n"
        "import pointsman.tui.app.program as program\n"
        "def broken(self): raise RuntimeError('planted')\n"
        "program.Pointsman._tick = broken\n"
        "from pointsman.tui.cli import main\n"
        "sys.exit(main(['--demo']))\n"
    )
    with Terminal([sys.executable, "-c", code]) as terminal:
        assert terminal.wait_end(30) == 2
        said = bytes(terminal.received).rsplit(LEFT_ALTERNATE_SCREEN, 1)[1].decode(errors="replace")
    assert "internal error" in said
    assert "Traceback" not in said
    reports = list((own_home / ".local/state/pointsman/crashes").glob("crash-*.txt"))
    assert len(reports) == 1
    assert reports[0].name in said.replace("\r\n", "")
    assert "planted" in reports[0].read_text(encoding="utf-8")


def test_without_a_kubeconfig_it_says_what_to_do() -> None:
    with Terminal.pointsman() as terminal:
        terminal.wait_for("--demo", 15)
        assert "kubeconfig" in terminal.text
        terminal.press("q")
        assert terminal.wait_end() == 0


def test_a_cluster_that_is_down_gives_a_usable_screen_and_the_reason(tmp_path: Path) -> None:
    config = tmp_path / "kubeconfig"
    config.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: home\n"
        "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true}}]\n"
        "users: [{name: u, user: {token: t}}]\ncontexts: [{name: home, context: {cluster: c, user: u}}]\n",
        encoding="utf-8",
    )
    with Terminal.pointsman("--kubeconfig", str(config)) as terminal:
        terminal.wait_for("refuses the connection", 15)
        terminal.press("4")
        terminal.wait_for("IPs")
        terminal.press("?")
        terminal.wait_for("keys of")
        terminal.press("esc", "q")
        assert terminal.wait_end() == 0


def test_two_at_once_on_one_config() -> None:
    with Terminal.pointsman("--demo") as first, Terminal.pointsman("--demo", "broken") as second:
        first.wait_for("CLASSIC", 30)
        second.wait_for("MIXED", 30)
        for terminal in (first, second):
            terminal.press("4")
            terminal.wait_for("service addresses")
            terminal.press("q")
        assert first.wait_end() == 0
        assert second.wait_end() == 0


HOSTILE = "\x1b]0;owned\x07\x1b[31mred\x1b[0m[bold]x[/bold]\u202egnp.exe"


def test_hostile_names_are_text(tmp_path: Path) -> None:
    import yaml

    docs = [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": "games", "annotations": {"note": HOSTILE}},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]},
            "status": {"loadBalancer": {"ingress": [{"ip": address}]}},
        }
        for name, address in ((HOSTILE, "192.168.7.150"), ("n" * 100_000, "192.168.7.151"), ("[/]", "192.168.7.152"))
    ]
    (tmp_path / "bad.yaml").write_text(yaml.safe_dump_all(docs), encoding="utf-8")
    with Terminal.pointsman("--manifests", str(tmp_path)) as terminal:
        terminal.wait_for("192.168.7.152", 20)
        for keys in (["4"], ["enter"], ["j"], ["j"], ["esc"], ["y"], ["esc"], ["d"], ["esc"]):
            terminal.press(*keys)
            terminal.settle(0.2, 3)
        assert "[bold]" in bytes(terminal.received).decode(errors="replace") or "[/]" in terminal.text
        for raw in (b"\x1b]0;owned", b"\x1b[31mred", "\u202e".encode()):
            assert raw not in terminal.received
        terminal.press("q")
        assert terminal.wait_end() == 0


def test_it_needs_a_terminal() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pointsman.tui", "--demo"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "terminal" in done.stderr


def test_a_terminal_that_never_answers_still_gets_frames() -> None:
    with Terminal.pointsman("--demo", answers=False) as terminal:
        terminal.wait_for("192.168.7.100", 30)
        terminal.press("4")
        terminal.wait_for("service addresses")
        terminal.press("q")
        assert terminal.wait_end() == 0


@pytest.mark.parametrize(
    "environment", [{"NO_COLOR": "1"}, {"TERM": "xterm"}, {"TERM": "screen", "LANG": "C", "LC_ALL": "C"}]
)
def test_plain_terminals(environment: dict[str, str]) -> None:
    with Terminal.pointsman("--demo", "--ascii", env=environment) as terminal:
        terminal.wait_for("192.168.7.100", 30)
        terminal.settle(0.3, 3)
        assert terminal.text.isascii()
        if "NO_COLOR" in environment:
            assert b"\x1b[38;2;" not in terminal.received
        terminal.press("q")
        assert terminal.wait_end() == 0


def test_nothing_is_written_outside_its_folders(own_home: Path, private_tmp: Path) -> None:
    with Terminal.pointsman("--demo") as terminal:
        terminal.wait_for("192.168.7.100", 30)
        terminal.press("q")
        assert terminal.wait_end() == 0
    assert not list(private_tmp.iterdir()), f"left in {tempfile.gettempdir()}"
    made = [path for path in own_home.rglob("*") if path.is_file()]
    assert all("pointsman" in path.parts for path in made)
    for path in made:
        assert not path.stat().st_mode & 0o077, path
