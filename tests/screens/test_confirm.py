"""The one dialog before a write: what it shows, which keys count, and which do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from appkit import Clock, make_app
from dialogkit import plan_for
from textual.pilot import Pilot
from textual.widgets import Input

from pointsman.tui.actions.errors import ActionError
from pointsman.tui.actions.plan import DryRun, Plan, Risk
from pointsman.tui.answers.owners import Owner
from pointsman.tui.screens.modals.confirm import ConfirmScreen
from pointsman.tui.screens.modals.seen import Choice

HOSTILE = "[red]\x1b[31mnot red\u202e[/red]"


class Asked:
    """A dialog that was opened, and what it gave."""

    def __init__(self) -> None:
        self.answers: list[Plan | None] = []
        self.waiting: list[Callable[[], None]] = []

    def terminal_says_painted(self) -> None:
        for callback in self.waiting:
            callback()
        self.waiting.clear()


async def opened(pilot: Pilot[Any], plan: Plan, *, seen: bool = True, **more: Any) -> tuple[Asked, ConfirmScreen]:
    asked = Asked()
    screen = ConfirmScreen(plan, acknowledge=asked.waiting.append, **more)
    pilot.app.push_screen(screen, asked.answers.append)
    await pilot.pause()
    await pilot.pause()
    if seen:
        asked.terminal_says_painted()
        await pilot.pause()
    return asked, screen


def words(pilot: Pilot[Any]) -> str:
    lines = ["".join(segment.text for segment in strip) for strip in pilot.app.screen._compositor.render_strips()]
    return "\n".join(lines)


async def test_it_says_what_where_and_what_the_server_thinks() -> None:
    app = make_app("classic", clock=Clock())
    async with app.run_test(size=(120, 40)) as pilot:
        flux = Owner("gitops", "apps", "Flux Kustomization apps", True)
        plan = plan_for(app, owner=flux, dry_run=DryRun(True, "the server accepts it", ("it is old",)))
        await opened(pilot, plan)
        text = words(pilot)
        for part in (
            "Switch off NetworkPolicy db/postgres-from-lan for 10 minutes", "context demo at 127.0.0.1:6443", "DEMO",
            "dry run: the server accepts it", "it is old", "Flux Kustomization apps, which will put it back",
            "pointsman.dev/switched-off", "lines unchanged", "Cancel",
        ):  # fmt: skip
            assert part in text, f"{part!r} is missing in\n{text}"


async def test_what_was_said_before_does_not_lie_on_its_buttons() -> None:
    app = make_app("classic", clock=Clock())
    async with app.run_test(size=(80, 24)) as pilot:
        app.say("Done: switch off NetworkPolicy db/postgres-from-lan for 10 minutes.", seconds=60)
        await pilot.pause()
        await opened(pilot, plan_for(app))
        assert "Go ahead" in words(pilot)
        assert "Done:" not in words(pilot)


async def test_cancel_has_the_focus_and_enter_leaves() -> None:
    app = make_app("classic", clock=Clock())
    async with app.run_test(size=(120, 40)) as pilot:
        asked, screen = await opened(pilot, plan_for(app))
        assert isinstance(screen.focused, Choice)
        assert screen.focused.id == "confirm-cancel"
        await pilot.press("enter")
        assert asked.answers == [None]


async def test_y_goes_ahead_when_nothing_is_risky() -> None:
    app = make_app("classic", clock=Clock())
    async with app.run_test(size=(120, 40)) as pilot:
        plan = plan_for(app, risks=(Risk("a small one", grave=False),))
        asked, _ = await opened(pilot, plan)
        assert "a small one" in words(pilot)
        await pilot.press("y")
        assert asked.answers == [plan]


@pytest.mark.parametrize("key", ["y", "enter", "escape", "n", "space"])
async def test_keys_before_the_terminal_has_painted_are_dropped(key: str) -> None:
    app = make_app("classic", clock=Clock())
    async with app.run_test(size=(120, 40)) as pilot:
        asked, screen = await opened(pilot, plan_for(app), seen=False)
        assert not screen.seen
        await pilot.press(key)
        await pilot.press(key)
        assert asked.answers == []
        asked.terminal_says_painted()
        await pilot.pause()
        assert asked.answers == [], "what was dropped does not come back"
        await pilot.press("y")
        assert asked.answers == [screen.plan]


async def test_a_terminal_that_says_nothing_is_waited_for_a_while() -> None:
    app = make_app("classic", clock=Clock())
    async with app.run_test(size=(120, 40)) as pilot:
        answers: list[Plan | None] = []
        screen = ConfirmScreen(plan_for(app))
        app.push_screen(screen, answers.append)
        await pilot.pause()
        await pilot.press("y")
        assert answers == []
        await pilot.pause(1.2)
        assert screen.seen
        await pilot.press("y")
        assert answers == [screen.plan]


async def test_a_risky_write_needs_the_name() -> None:
    app = make_app("classic", clock=Clock())
    async with app.run_test(size=(120, 40)) as pilot:
        plan = plan_for(app, risks=(Risk("it is a default deny for ingress"),))
        asked, screen = await opened(pilot, plan)
        assert "it is a default deny for ingress" in words(pilot)
        assert "type postgres-from-lan to go ahead" in words(pilot)
        await pilot.press("y")
        assert asked.answers == []
        screen.query_one(Input).focus()
        await pilot.pause()
        await pilot.press(*"postgres-from-la", "enter")
        assert asked.answers == []
        assert screen.query_one("#confirm-agree", Choice).disabled
        await pilot.press("n", "enter")  # in the field, n is a letter
        assert asked.answers == [plan]


async def test_what_is_refused_cannot_be_agreed_to() -> None:
    app = make_app("classic", clock=Clock())
    async with app.run_test(size=(120, 40)) as pilot:
        plan = plan_for(app, refusal="Not allowed: this needs patch networkpolicies in db.")
        asked, screen = await opened(pilot, plan)
        assert "needs patch networkpolicies in db" in words(pilot)
        assert screen.query_one("#confirm-agree", Choice).disabled
        await pilot.press("y")
        assert asked.answers == []
        await pilot.press("escape")
        assert asked.answers == [None]


async def test_another_time_is_another_plan() -> None:
    app = make_app("classic", clock=Clock())
    async with app.run_test(size=(120, 40)) as pilot:
        calls: list[float | None] = []

        async def replan(seconds: float | None, in_cluster: bool) -> Plan:
            calls.append(seconds)
            if seconds is None:
                raise ActionError("not for good")
            return plan_for(app, seconds=seconds)

        asked, screen = await opened(pilot, plan_for(app), replan=replan)
        assert "[10 minutes]" in words(pilot)
        await pilot.press("plus")
        await pilot.pause()
        assert calls == [1800.0]
        assert "[30 minutes]" in words(pilot)
        assert "for 30 minutes" in words(pilot)
        await pilot.press("plus", "plus")
        await pilot.pause()
        await pilot.press("plus")
        await pilot.pause()
        assert screen.plan.wish.seconds is not None, "a plan that failed leaves the one before"
        await pilot.press("y")
        assert asked.answers == [screen.plan]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_it_fits_and_hostile_text_is_only_text(size: tuple[int, int]) -> None:
    app = make_app("classic", clock=Clock())
    async with app.run_test(size=size) as pilot:
        plan = plan_for(
            app, risks=tuple(Risk(f"{HOSTILE} {n}") for n in range(4)), dry_run=DryRun(None, HOSTILE, (HOSTILE,))
        )
        _, screen = await opened(pilot, plan)
        text = words(pilot)
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "[red]" in text
        for id in ("#confirm-cancel", "#confirm-agree", "#confirm-name"):
            region = screen.query_one(id).region
            assert screen.region.contains_region(region), id
            assert region.height == 1
