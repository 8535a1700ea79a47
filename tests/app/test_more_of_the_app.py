"""Logs, the mouse, imports of the first paint, keys typed ahead, the log file."""

from __future__ import annotations

import asyncio
import logging
import logging.handlers
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from appkit import make_app
from textual import events
from textual.pilot import Pilot

from pointsman.tui.answers.ref import Ref
from pointsman.tui.logfile import start_logging
from pointsman.tui.screens.modals.podlogs import LogsScreen
from pointsman.tui.screens.panel import Panel
from pointsman.widgets.grid import Grid
from pointsman.widgets.picker import PickerScreen


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


async def settle(pilot: Pilot[Any]) -> None:
    app: Any = pilot.app
    for _ in range(3):
        await pilot.pause()
        await app.keys.drained()
        app._tick()
    await pilot.pause()


async def press(pilot: Pilot[Any], *keys: str) -> None:
    await pilot.press(*keys)
    await settle(pilot)


# -- logs -----------------------------------------------------------------------------------------------------------


class Pods:
    """A client whose pods say what they are told to."""

    read_only = True

    def __init__(self, lines: list[bytes], *, error: Exception | None = None) -> None:
        self.lines, self.error = lines, error
        self.asked: list[dict[str, Any]] = []

    async def logs(self, namespace: str, pod: str, container: str, **more: Any) -> AsyncIterator[bytes]:
        self.asked.append({"namespace": namespace, "pod": pod, "container": container, **more})
        for line in self.lines:
            yield line
        if self.error is not None:
            raise self.error
        if more.get("follow"):
            await asyncio.Event().wait()


async def open_logs(pilot: Pilot[Any], pods: Pods, ref: Ref) -> None:
    app: Any = pilot.app
    app.session.source = SimpleNamespace(kube=SimpleNamespace(client=pods))
    await settle(pilot)
    app.open_logs(ref)
    await settle(pilot)
    await pilot.pause(0.15)


async def test_logs_follow_and_are_plain_text() -> None:
    app = make_app("classic")
    pods = Pods([b"first [bold]line[/]", b"\x1b[31mred\x1b[0m \xff", b"last"])
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await open_logs(pilot, pods, Ref("services", "media", "jellyfin"))
        assert isinstance(app.screen, LogsScreen)
        text = app.screen.whole_text()
        assert "first [bold]line[/]" in text
        assert "last" in text
        assert "\x1b" not in text
        assert pods.asked[0]["follow"]
        assert pods.asked[0]["namespace"] == "media"
        await press(pilot, "s")
        assert not app.screen.view.following
        await press(pilot, "q")
        assert not isinstance(app.screen, LogsScreen)


async def test_several_containers_are_asked_about() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 30)) as pilot:
        await open_logs(pilot, Pods([b"x"]), Ref("nodes", "", "shed"))
        assert isinstance(app.screen, PickerScreen)
        await press(pilot, "enter")
        assert isinstance(app.screen, LogsScreen)


async def test_a_log_that_is_refused_says_why() -> None:
    class RefusedError(Exception):
        sentence = "needs get pods/log in media"

    app = make_app("classic")
    async with app.run_test(size=(120, 30)) as pilot:
        await open_logs(pilot, Pods([], error=RefusedError()), Ref("services", "media", "jellyfin"))
        await settle(pilot)
        assert any("needs get pods/log in media" in part.text for part in app.screen.title_parts())


async def test_without_a_connection_or_pods_there_is_a_sentence() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        said: list[str] = []
        app.say = lambda text, **_: said.append(text)
        app.open_logs(Ref("services", "media", "jellyfin"))
        app.open_logs(Ref("services", "no", "such"))
        assert said == ["There is no connection to read logs over.", "No pod is behind Service no/such."]


async def test_a_flood_of_lines_is_drawn_in_time_and_the_gap_is_told() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 30)) as pilot:
        await open_logs(pilot, Pods([b"%d" % number for number in range(20_000)]), Ref("services", "media", "jellyfin"))
        await pilot.pause(0.3)
        text = app.screen.whole_text()
        assert "19999" in text
        assert "came too fast to be drawn" in text
        assert text.count("\n") < 6_000


# -- mouse ----------------------------------------------------------------------------------------------------------


async def test_tabs_titles_and_rows_can_be_clicked() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        at = "".join(part.text for part in app.screen.query_one("#tabs").line).index("IPs")
        await pilot.click("#tabs", offset=(at, 0))
        await settle(pilot)
        assert app.current_mode == "ips"
        grid = app.screen.query_one("#ips", Grid)
        await pilot.click("#ips", offset=(6, 4))
        await settle(pilot)
        assert grid.model.cursor == 2
        await pilot.click("#ips", offset=(6, 1))
        await settle(pilot)
        assert grid.model.sort_key == "address"


# -- keys typed ahead -----------------------------------------------------------------------------------------------


async def test_what_is_typed_ahead_reaches_what_it_opened() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        for character in "4/pihole":
            app.post_message(events.Key(character if character != "/" else "slash", character))
        app.post_message(events.Key("enter", "\r"))
        app.post_message(events.Key("j", "j"))
        await settle(pilot)
        grid = app.screen.query_one("#ips", Grid)
        assert grid.model.filter_text == "pihole"
        assert len(grid.model) == 2
        assert grid.model.cursor == 1
        for character in ":192.168.7.103":
            app.post_message(events.Key("colon" if character == ":" else character, character))
        app.post_message(events.Key("enter", "\r"))
        await settle(pilot)
        assert app.screen.query_one("#ips", Panel).selected_item.address.ip == "192.168.7.103"


# -- first paint ----------------------------------------------------------------------------------------------------


def test_the_first_paint_loads_no_network_library(tmp_path: Path) -> None:
    program = """
import asyncio, sys
from pointsman.tui.app.program import Pointsman
from pointsman.tui.options import Options

async def main():
    app = Pointsman(Options())
    app._begin = lambda: None
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        heavy = {"kubernetes", "grpc", "aiohttp", "httpx", "cryptography", "yaml"}
        print(sorted(heavy & {name.partition(".")[0] for name in sys.modules}))

asyncio.run(main())
"""
    env = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=env, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


# -- the log file ---------------------------------------------------------------------------------------------------


def test_the_log_is_private_rotated_and_masks_credentials() -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        path = start_logging()
        assert path is not None
        assert path.stat().st_mode & 0o077 == 0
        logging.getLogger("x").warning("Authorization: Bearer abc.def password=hunter2")
        text = path.read_text()
        assert "hunter2" not in text
        assert "abc.def" not in text
        handler = next(one for one in root.handlers if isinstance(one, logging.handlers.RotatingFileHandler))
        assert handler.backupCount
        assert start_logging() == path  # once is enough
    finally:
        for handler in root.handlers[:]:
            if handler not in before[0]:
                root.removeHandler(handler)
                handler.close()
        root.setLevel(before[1])
        logging.captureWarnings(False)
