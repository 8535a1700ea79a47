"""No key answers a question that cannot be seen yet: on a terminal that answers, one that is slow, one that never does."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from appkit import Clock, make_app
from terminal import Terminal

ASKED = "dry run: the server accepts it"
"""Stands in the dialog alone."""
ROW = "\x1b[2;"
"""How an answer begins that is about a dialog."""


class Late(Terminal):
    """Keeps back the answers that are about a dialog until they are let go."""

    kept: list[str]
    holding = True

    def _reply(self, text: str) -> None:
        if self.holding and text.startswith(ROW):
            self.kept.append(text)
            # What the program has not yet heard of is on the screen all the same.
            assert ASKED in self.text
        else:
            super()._reply(text)

    def let_go(self) -> None:
        self.holding = False
        for text in self.kept:
            super()._reply(text)


@contextmanager
def policies(kind: type[Terminal] = Terminal, **more: Any) -> Iterator[Any]:
    """The demo's policies, the cursor on one without a grave risk."""
    with kind.pointsman("--demo", "classic", columns=120, lines=40, **more) as terminal:
        if isinstance(terminal, Late):
            terminal.kept = []
        terminal.wait_for("findings", 40)
        terminal.press("5")
        terminal.wait_for("immich-valkey", 40)
        terminal.press("/", "immich-valkey", "enter")
        terminal.wait_gone("minio", 40)
        yield terminal


def still_asked(terminal: Terminal) -> bool:
    terminal.settle()
    return ASKED in terminal.text


def test_keys_typed_blind_are_dropped_until_the_terminal_has_drawn() -> None:
    with policies(Late) as terminal:
        os.write(terminal.master, b"xy")
        terminal.wait(lambda: bool(terminal.kept), 40, "the question whether the dialog is drawn")
        assert still_asked(terminal)
        terminal.press("y", "enter", "y")
        assert still_asked(terminal), "the terminal has not said that it shows the dialog"
        terminal.let_go()
        terminal.wait(lambda: still_asked(terminal), 5, "the dialog stays: what was dropped does not come back")
        terminal.press("y")
        terminal.wait_gone(ASKED)
        terminal.wait_for("off 9:", 40)


def test_on_a_slow_line_keys_count_from_when_the_dialog_is_there() -> None:
    with policies(bandwidth=12_000) as terminal:
        os.write(terminal.master, b"x")

        def typed_ahead() -> bool:
            there = "Go ahead" in terminal.text and ASKED in terminal.text
            if not there:
                os.write(terminal.master, b"y")
            return there

        terminal.wait(typed_ahead, 40, "the dialog")
        assert still_asked(terminal), "every y was on its way before the answer of the terminal"
        terminal.press("esc")
        terminal.wait_gone(ASKED)
        assert "off 9:" not in terminal.text


def test_a_terminal_that_never_answers_is_waited_for_a_while() -> None:
    with policies(answers=False) as terminal:
        os.write(terminal.master, b"xy")
        terminal.wait_for(ASKED, 40)

        def agreed() -> bool:
            terminal.press("n")
            return ASKED not in terminal.text

        terminal.wait(agreed, 20, "a key to count")
        assert "off 9:" not in terminal.text


async def test_keys_while_the_server_is_asked_are_for_no_pane(monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app("classic", clock=Clock())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("5")
        await pilot.pause()
        pane = app.screen
        monkeypatch.setattr(app.writer, "desk", object)
        monkeypatch.setattr(app.writer, "tend", lambda: None)
        never: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        async def make(_desk: object) -> Any:
            return await never

        app.writer.begin(make)
        await pilot.pause()
        assert app.writer.is_planning
        await pilot.press("y", "d", "4", "x", "enter")
        assert app.screen is pane
        await pilot.press("escape")
        await pilot.pause()
        assert not app.writer.is_planning
        assert never.cancelled()
        await pilot.press("y")
        await pilot.pause()
        assert app.screen is not pane
