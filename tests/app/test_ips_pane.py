"""The IPs pane on the demo's API server: the LAN check, the ribbons, and the actions from the menu to the moved address."""

from __future__ import annotations

import gc
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from appkit import make_app
from demohome import Demo, demo_homelab
from textual.pilot import Pilot

from pointsman.tui.config import Config
from pointsman.tui.options import Options
from pointsman.tui.screens.modals.confirm import ConfirmScreen
from pointsman.tui.screens.panel import Panel
from pointsman.widgets.form import FormScreen
from pointsman.widgets.picker import PickerScreen

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""A connection whose TLS is still saying goodbye when a test's loop ends is no leak of the app."""


@pytest.fixture(autouse=True)
def swept() -> Iterator[None]:
    """What such connections leave is swept up here, so that it falls on no other test's head."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    with demo_homelab(tmp_path, "classic") as found:
        yield found


@asynccontextmanager
async def running(demo: Demo, **options: Any) -> AsyncIterator[Pilot[Any]]:
    from pointsman.tui.app.program import Pointsman

    app = Pointsman(Options(kubeconfig=str(demo.kubeconfig), **options), Config())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("4")
        await until(pilot, lambda: bool(app.screen.query("#ips")) and len(table(app).model) > 5)
        await until(pilot, lambda: app.writer.desk() is not None)
        yield pilot


async def until(pilot: Pilot[Any], what: Callable[[], bool], seconds: float = 25.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, [item.message for item in pilot.app._notifications]
        await pilot.pause(0.1)


def table(app: Any) -> Panel[Any]:
    found: Panel[Any] = app.screen.query_one("#ips", Panel)
    return found


def row(app: Any, service: str) -> Any:
    model = table(app).model
    return next(model.item_at(at) for at in range(len(model)) if model.item_at(at).address.service.path == service)


async def choose(app: Any, service: str) -> None:
    table(app).focus()
    table(app).select(row(app, service).key)


async def test_the_lan_is_asked_once_and_agrees(demo: Demo) -> None:
    async with running(demo) as pilot:
        app = pilot.app
        assert row(app, "media/jellyfin").address.lan.state == "not-checked"
        await pilot.press("a")
        await until(pilot, lambda: row(app, "media/jellyfin").address.lan.state == "agrees")
        assert row(app, "media/jellyfin").address.lan.node
        await pilot.press("a")
        await until(pilot, lambda: any("less than ten seconds ago" in item.message for item in app._notifications))
        assert "shed" in str(table(app).border_subtitle)
        await pilot.press("v")
        await until(pilot, lambda: "last day" in str(table(app).border_subtitle))


async def test_a_pin_from_the_menu_to_the_new_address(demo: Demo) -> None:
    async with running(demo) as pilot:
        app = pilot.app
        await choose(app, "media/jellyfin")
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, PickerScreen))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, FormScreen))
        line = app.screen.query_one("#field-ip")
        line.value = "192.168.7.11"
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert isinstance(app.screen, FormScreen)  # a node's address is refused where it is typed
        line.value = "192.168.7.222"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and app.screen.seen)
        dialog = app.screen
        assert dialog.plan.grave
        assert any("MetalLB takes" in risk.text for risk in dialog.plan.risks)
        dialog.query_one("#confirm-name").focus()
        await pilot.press(*"jellyfin", "enter")
        await until(pilot, lambda: app.screen is not dialog)
        await until(pilot, lambda: row(app, "media/jellyfin").address.ip == "192.168.7.222")


async def test_what_the_restricted_user_may_not_do_is_dimmed_with_the_reason(demo: Demo) -> None:
    async with running(demo, context="demo-classic-restricted") as pilot:
        app = pilot.app
        await choose(app, "media/jellyfin")
        await until(pilot, lambda: "needs patch services in media" in app.why_not(_command("ips.pin")))


async def test_read_only_and_files_act_on_nothing() -> None:
    app = make_app("classic", Options(read_only=True))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("4")
        await pilot.pause(0.2)
        assert app.why_not(_command("ips.pin")) == "Refused: this is read-only."  # whole in the menu at 80 columns
        await pilot.press("x")
        await pilot.pause(0.2)
        assert isinstance(app.screen, PickerScreen)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_the_ribbon_is_there_where_there_is_room(size: tuple[int, int]) -> None:
    app = make_app("cilium")
    async with app.run_test(size=size) as pilot:
        await pilot.press("4")
        await pilot.pause(0.3)
        shown = not {"ribbon", "ribbon-short"} <= set(table(app).hidden_columns)
        assert shown is (size[0] >= 100)


async def test_the_title_says_first_why_and_then_what_is_missing() -> None:
    from pointsman.tui.model.kinds import EVENTS, LEASES, NODES, PODS
    from pointsman.tui.store.snapshot import State

    app = make_app("cilium")
    for kind in (NODES, LEASES, PODS, EVENTS):
        app.session.store.replace(kind, [])
        app.session.store.set_kind_link(kind, State.FORBIDDEN)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("4")
        await pilot.pause(0.3)
        assert "may not read nodes, leases and 2 more" in str(table(app).border_title)


def _command(id: str) -> Any:
    from pointsman.tui.commands import BY_ID

    return BY_ID[id]
