"""Somebody else was first: both changes are shown, nothing is overwritten, and one may begin again; forbidden is dimmed."""

from __future__ import annotations

from typing import Any

import pytest
from appkit import NOW, Clock, make_app
from dialogkit import REF, conflict_for, plan_for
from textual.pilot import Pilot

from pointsman.tui.actions.access import Access
from pointsman.tui.actions.pipeline import Conflict, Result, Status
from pointsman.tui.actions.plan import Plan
from pointsman.tui.commands import BY_ID
from pointsman.tui.screens.modals.confirm import ConfirmScreen
from pointsman.tui.screens.modals.conflict import ConflictScreen
from pointsman.tui.screens.modals.seen import Choice

EVIL = "[red]\x1b[31mflux\u202e[/red]"


def words(pilot: Pilot[Any]) -> str:
    lines = ["".join(segment.text for segment in strip) for strip in pilot.app.screen._compositor.render_strips()]
    return "\n".join(lines)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_it_shows_both_sides_and_fits(size: tuple[int, int]) -> None:
    app = make_app("classic", clock=Clock())
    async with app.run_test(size=size) as pilot:
        mine, theirs = conflict_for(app).mine, conflict_for(app).theirs
        screen = ConflictScreen(
            f"{EVIL} was first", Conflict(EVIL, "2026-03-14T13:00:11Z", mine, theirs), NOW.timestamp(),
            acknowledge=lambda call: call(),
        )  # fmt: skip
        answers: list[bool | None] = []
        app.push_screen(screen, answers.append)
        await pilot.pause()
        await pilot.pause()
        text = words(pilot)
        assert "\x1b" not in text
        assert "\u202e" not in text
        for part in (
            "[red]",
            "changed",
            "2m ago",
            "port: 5433",
            "what was to be changed here",
            "pointsman.dev",
            "Leave it",
        ):
            assert part in text, f"{part!r} is missing in\n{text}"
        for choice in screen.query(Choice):
            assert screen.region.contains_region(choice.region)
            assert choice.region.height == 1
        assert isinstance(screen.focused, Choice)
        assert screen.focused.id == "conflict-leave"
        await pilot.press("enter")
        assert answers == [False]


@pytest.mark.parametrize(("keys", "answer"), [(("a",), True), (("tab", "enter"), True), (("escape",), False)])
async def test_keys_count_once_it_is_seen(keys: tuple[str, ...], answer: bool) -> None:
    app = make_app("classic", clock=Clock())
    async with app.run_test(size=(120, 40)) as pilot:
        waiting: list[Any] = []
        answers: list[bool | None] = []
        screen = ConflictScreen("It was changed.", conflict_for(app), NOW.timestamp(), acknowledge=waiting.append)
        app.push_screen(screen, answers.append)
        await pilot.pause()
        await pilot.press("a", "enter", "escape", "n")
        assert answers == []
        waiting.pop()()
        await pilot.pause()
        await pilot.press(*keys)
        assert answers == [answer]


class FakeDesk:
    """A desk whose first write meets another's change; the next one succeeds."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.planned = 0
        self.results = [
            Result(Status.CONFLICT, "Nothing was written: it was changed meanwhile by flux.", "1", conflict_for(app)),
            Result(Status.DONE, "Done: it is off.", "2"),
        ]

    async def make(self) -> Plan:
        self.planned += 1
        return plan_for(self.app)

    def started(self, plan: Plan) -> Plan:
        return plan

    async def execute(self, plan: Plan, **_: Any) -> tuple[Result, None]:
        return self.results.pop(0), None

    def timers(self) -> tuple[()]:
        return ()


async def until(pilot: Pilot[Any], kind: type[Any], *, seen: bool = True) -> Any:
    for _ in range(400):
        if isinstance(pilot.app.screen, kind) and (not seen or pilot.app.screen.seen):
            return pilot.app.screen
        await pilot.pause(0.01)
    raise AssertionError(f"no {kind.__name__}; on top is {pilot.app.screen}")


@pytest.mark.parametrize("again", [True, False])
async def test_a_conflict_is_shown_and_planned_again(monkeypatch: pytest.MonkeyPatch, again: bool) -> None:
    app = make_app("classic", clock=Clock())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        desk = FakeDesk(app)
        monkeypatch.setattr(app.writer, "desk", lambda: desk)
        monkeypatch.setattr(app.writer, "tend", lambda: None)
        monkeypatch.setattr(app, "acknowledge", lambda call: call())
        app.writer.begin(lambda found: found.make())
        await until(pilot, ConfirmScreen)
        await pilot.press("y")
        conflict = await until(pilot, ConflictScreen)
        assert "flux" in words(pilot)
        assert conflict is app.screen
        await pilot.press("a" if again else "escape")
        if again:
            await until(pilot, ConfirmScreen)
            assert desk.planned == 2
            await pilot.press("y")
            await pilot.pause(0.1)
            assert desk.results == []
        else:
            await pilot.pause(0.1)
            assert (desk.planned, len(desk.results)) == (1, 1)


async def test_what_may_not_be_done_is_dimmed_with_the_missing_right(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str, str]] = []

    async def may(_client: object, verb: str, kind: Any, namespace: str = "", name: str = "") -> Access:
        asked.append((verb, kind.id, namespace))
        return Access(verb, kind.group_resource, namespace, verb == "patch")

    monkeypatch.setattr("pointsman.tui.actions.access.may", may)
    app = make_app("classic", clock=Clock())
    client = object()
    monkeypatch.setattr(type(app.session), "client", property(lambda _: client))
    monkeypatch.setattr(app.writer, "desk", lambda: None)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("5")
        pane = app.screen
        for _ in range(400):
            if pane.selected_row is not None and app.why_not(BY_ID["edit"]):
                break
            await pilot.pause(0.01)
        why = app.why_not(BY_ID["edit"])
        assert why == "Not allowed: this needs update networkpolicies.networking.k8s.io in backup."
        assert app.why_not(BY_ID["toggle"]) == ""
        assert len(asked) == len(set(asked)), "each is asked once"
        await pilot.press("e")
        await pilot.pause()
        assert app.screen is pane
        count = len(asked)
        await pilot.press("j", "j", "k")
        assert app.why_not(BY_ID["edit"])
        assert len(asked) <= count + 4
        app.rights.forget()
        assert app.rights.missing("update", REF) == "", "what is not known is not forbidden"
