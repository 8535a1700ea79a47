"""The budgets, measured on the real program: ``make bench`` prints them. Ratios and sizes gate; seconds do not.

Start is measured against a bare Textual app on the same machine in the same minute, as a ratio of medians.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from bigcluster import big_cluster
from terminal import Terminal

pytestmark = [pytest.mark.bench, pytest.mark.e2e]

BARE = (
    "from textual.app import App\nfrom textual.widgets import Static\n"
    "class Bare(App):\n    def compose(self):\n        yield Static('first row')\n"
    "Bare().run()\n"
)
RUNS = 5
MB = 1024 * 1024


def say(text: str) -> None:
    print(f"\n    {text}", end="", flush=True)


def first_rows(words: list[str], text: str) -> float:
    """Seconds from the start of the process until the text is on the screen."""
    start = time.monotonic()
    with Terminal(words) as terminal:
        terminal.wait_for(text, 60)
        return time.monotonic() - start


def median(words: list[str], text: str) -> float:
    return statistics.median(first_rows(words, text) for _ in range(RUNS))


@pytest.fixture(scope="module")
def bare() -> float:
    seconds = median([sys.executable, "-c", BARE], "first row")
    say(f"a bare Textual app: {seconds:.2f} s to its first row")
    return seconds


POINTSMAN = [sys.executable, "-m", "pointsman.tui"]


def test_help() -> None:
    seconds = []
    for _ in range(RUNS):
        start = time.monotonic()
        subprocess.run([*POINTSMAN, "--help"], stdout=subprocess.DEVNULL, check=True)
        seconds.append(time.monotonic() - start)
    say(f"--help: {statistics.median(seconds):.3f} s (budget 0.2)")


def test_the_demos_first_rows(bare: float) -> None:
    seconds = median([*POINTSMAN, "--demo"], "192.168.7.100")
    say(f"--demo: {seconds:.2f} s to the first rows, {seconds / bare:.1f} x bare (budget 1.5 s idle; gate 6 x)")
    assert seconds / bare < 6


@pytest.mark.parametrize(("pods", "memory"), [(1000, 160), (3000, 220)])
def test_a_large_cluster(bare: float, pods: int, memory: int, tmp_path: Path) -> None:
    with big_cluster(pods, tmp_path) as kubeconfig:
        words = [*POINTSMAN, "--kubeconfig", str(kubeconfig)]
        seconds = median(words, "192.168.7.100")
        with Terminal(words) as terminal:
            terminal.wait_for("192.168.7.100", 60)
            terminal.watch(8)
            process = psutil.Process(terminal.process.pid)
            resident = process.memory_info().rss / MB
            before = sum(process.cpu_times()[:2])
            written = terminal.watch(20)
            busy = (sum(process.cpu_times()[:2]) - before) / 20
    say(f"{pods} pods: first rows {seconds:.2f} s ({seconds / bare:.1f} x bare), {resident:.0f} MB")
    say(f"{pods} pods at rest: {written / 20 / 1024:.2f} KB/s to the terminal, {busy:.1%} of a core")
    assert resident < memory
    assert seconds / bare < (6 if pods == 1000 else 9)


def test_at_rest(tmp_path: Path) -> None:
    with Terminal([*POINTSMAN, "--demo"]) as terminal:
        terminal.wait_for("192.168.7.100", 30)
        terminal.watch(6)
        process = psutil.Process(terminal.process.pid)
        resident = process.memory_info().rss / MB
        before = sum(process.cpu_times()[:2])
        written = terminal.watch(30)
        busy = (sum(process.cpu_times()[:2]) - before) / 30
    say(
        f"at rest on the demo: {resident:.0f} MB (budget 110), {written / 30 / 1024:.2f} KB/s (budget 1), {busy:.1%} of a core"
    )
    assert resident < 110
    assert written / 30 < 1024


def test_slow_link_while_much_changes() -> None:
    with Terminal([*POINTSMAN, "--demo", "broken", "--slow-link"]) as terminal:
        terminal.wait_for("192.168.7.104", 30)
        terminal.press("4")
        terminal.watch(3)
        start = terminal.bytes
        for _ in range(10):
            terminal.press("j", "k")
            terminal.watch(1)
        rate = (terminal.bytes - start) / 10
    say(f"--slow-link, broken, two keys a second: {rate / 1024:.2f} KB/s (budget 5)")
    assert rate < 5 * 1024
