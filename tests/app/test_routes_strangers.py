"""Routers of Traefik's that no object stands behind, in the Routes pane: seen, explained, traced, and never a crash where an
object would be needed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from appkit import make_app
from textual.pilot import Pilot

from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.model import BY_TRAEFIK
from pointsman.tui.answers.routes.request import Resolution
from pointsman.tui.model import proxies
from pointsman.tui.screens import routes as pane
from pointsman.tui.screens.panel import Panel
from pointsman.tui.store.snapshot import State

PLACE = ("deployments", "kube-system", "traefik")
RULE = "Host(`nas.home.example`)"
ROUTER = proxies.Router(
    "nas@file", "http", "file", "enabled", rule=RULE, priority=24, service="nas", using=("websecure",), tls=True
)


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setattr(pane, "_resolved", lambda *_: Resolution((), "test", "the test knows no address"))


async def press(pilot: Pilot[object], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    await pilot.pause(0.12)
    await pilot.pause()


async def test_every_key_on_such_a_row() -> None:
    app = make_app("classic")
    store = app.session.store
    store.set_traefik([proxies.Replica("kube-system/traefik-0", PLACE, "3.7.15", (ROUTER,))])
    store.set_link("traefik", State.LIVE, "3.7.15, 1 replica")
    async with app.run_test(size=(140, 40)) as pilot:
        await press(pilot)
        await press(pilot, "6", "slash", *"nas.home", "enter")
        model = app.screen.query_one("#routes", Panel).model
        rows = [" ".join(cell.plain for cell in model.cells_at(index)) for index in range(len(model))]
        assert len(rows) == 1
        assert "nas@file" in rows[0]
        for key in ("enter", "escape", "y", "escape", "d", "escape", "l", "escape", "g", "escape", "e", "escape", "x", "escape",
                    "t", "escape", "m", "escape", "c", "n"):  # fmt: skip
            await press(pilot, key)
            assert app.crash is None, key
            assert app.is_running, key


async def test_a_finding_about_one_leads_to_its_row() -> None:
    app = make_app("classic")
    store = app.session.store
    broken = msgspec.structs.replace(ROUTER, status="disabled", errors=("oops",))
    store.set_traefik([proxies.Replica("kube-system/traefik-0", PLACE, "3.7.15", (broken,))])
    store.set_link("traefik", State.LIVE, "3.7.15, 1 replica")
    async with app.run_test(size=(140, 40)) as pilot:
        await press(pilot)
        app.open_object(Ref(BY_TRAEFIK, "", "nas@file"))
        await press(pilot)
        assert app.current_mode == "routes"
        row = app.screen.selected_row
        assert row is not None
        assert row.route.ref.name == "nas@file"
