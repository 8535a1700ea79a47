"""Repainting only what differs leaves a real terminal with exactly what a full repaint would show."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pyte
import pytest

LEAVE = b"\x1b[?1049l"
KEYBOARD = re.compile(rb"\x1b\[[<>=?]\d*u")  # pyte prints the end of these


@pytest.mark.e2e
def test_partial_repaints_add_up(tmp_path: Path) -> None:
    report = tmp_path / "report"
    terminal, inside = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 90, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    child = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("grid_storm.py")), str(report)],
        stdin=inside,
        stdout=inside,
        stderr=inside,
        env={**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        start_new_session=True,
    )
    os.close(inside)
    screen = pyte.Screen(90, 24)
    stream = pyte.ByteStream(screen)
    shown: list[str] = []
    raw = b""
    until = time.monotonic() + 60
    try:
        while time.monotonic() < until:
            if not select.select([terminal], [], [], 1)[0]:
                continue
            try:
                data = os.read(terminal, 65_536)
            except OSError:
                break
            if not data:
                break
            raw += data
            if LEAVE in raw:
                stream.feed(KEYBOARD.sub(b"", raw[: raw.index(LEAVE)]))
                shown = list(screen.display)
                break
    finally:
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        os.close(terminal)
    assert report.exists(), raw[-2000:].decode(errors="replace")
    meant = [line.rstrip() for line in report.read_text(encoding="utf-8").split("\n")]
    assert [line.rstrip() for line in shown] == meant
    assert any("▌" in line or "◆" in line for line in meant)
    assert "row" in meant[-1]
