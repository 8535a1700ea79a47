"""The Map pane on the demo's objects and talks: both views, walking, folding, focus, filter, saving, and nothing at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from appkit import NOW, Clock, make_app
from textual.pilot import Pilot
from textual.widgets import Input
from traffickit import fill_flows, talk_flows

from pointsman.tui.answers.flows.graph import Box, Line, Role
from pointsman.tui.options import Options
from pointsman.tui.screens.panel import Panel
from pointsman.widgets.cells import as_cell
from pointsman.widgets.drawer import Drawer
from pointsman.widgets.mapcanvas import MapCanvas, Spotted

AT = NOW.timestamp()


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("TZ", "UTC")


def app_of(variant: Any = "cilium", *, flows: bool = True, clock: Any = None, **options: Any) -> Any:
    app = make_app(variant, Options(**options), clock=clock)
    if flows:
        fill_flows(app.session.store, AT)
    return app


async def settle(pilot: Pilot[Any]) -> None:
    await pilot.pause(0.12)
    await pilot.pause()


async def press(pilot: Pilot[Any], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    await settle(pilot)


async def opened(pilot: Pilot[Any], *keys: str) -> Any:
    await settle(pilot)
    await press(pilot, "3", *keys)
    return pilot.app.screen


def words(app: Any) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def canvas(app: Any) -> MapCanvas:
    found: MapCanvas = app.screen.query_one(MapCanvas)
    return found


def places(app: Any) -> dict[str, Any]:
    plan = canvas(app).plan
    assert plan is not None
    return dict(plan.boxes)


async def test_the_map_of_the_flows() -> None:
    app = app_of()
    async with app.run_test(size=(200, 60)) as pilot:
        await opened(pilot)
        shown = words(app)
        assert "38 boxes 59 lines" in shown
        assert "traefik" in shown
        assert "✖" in shown
        assert "local network" in shown
        assert all(len(line) == 200 for line in shown.split("\n"))


@pytest.mark.parametrize("size", [(60, 14), (80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("theme", ["pointsman-light", "pointsman-16"])
async def test_every_size_and_look(size: tuple[int, int], theme: str) -> None:
    app = app_of(theme=theme)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, "l", "l", "enter", "v", "v", "escape")
        assert all(len(line) == size[0] for line in words(app).split("\n"))


async def test_ascii_draws_nothing_else() -> None:
    app = app_of(ascii=True)
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            await opened(pilot, "l", "enter")
            assert words(app).isascii()
    finally:
        from pointsman.widgets import glyphs

        glyphs.use(ascii=False)


async def test_walking_explains_as_it_goes() -> None:
    app = app_of()
    async with app.run_test(size=(160, 50)) as pilot:
        screen = await opened(pilot, "enter")
        drawer = app.screen.query_one(Drawer)
        assert drawer.is_open
        assert "local network" in str(drawer.border_title)
        await press(pilot, "l")
        assert isinstance(screen.thing_here, Line)
        assert "→" in str(drawer.border_title)
        await press(pilot, "right")
        assert isinstance(screen.thing_here, Box)
        there = screen.thing_here
        await press(pilot, "h")
        assert isinstance(screen.thing_here, Line)
        assert screen.thing_here.target == there.key
        await press(pilot, "l", "enter")
        assert screen.thing_here == there
        assert not drawer.is_open


async def test_a_drop_names_the_policy_that_is_its_cause() -> None:
    app = app_of()
    async with app.run_test(size=(160, 50)) as pilot:
        await opened(pilot)
        runner, postgres = "git/forgejo-runner/Deployment", "db/postgres/StatefulSet"
        canvas(app).go(Spotted(runner, (runner, postgres)))
        await press(pilot, "enter")
        drawer = app.screen.query_one(Drawer)
        for _ in range(50):
            if "runner-stays-outside" in as_cell(drawer.explanation.headline).plain:
                break
            await settle(pilot)
        said = as_cell(drawer.explanation.headline).plain
        assert said.startswith("git/forgejo-runner may not reach db/postgres on 5432: git/runner-stays-outside selects")
        assert any("POLICY_DENIED" in piece.source for piece in drawer.explanation.evidence)


async def test_rates_change_and_no_box_moves() -> None:
    clock = Clock()
    app = app_of(clock=clock)
    async with app.run_test(size=(160, 50)) as pilot:
        await opened(pilot)
        before, at = places(app), canvas(app).at
        for second in range(1, 6):
            clock.now = AT + second
            app.session.store.flows.add_flows([flow for _, flow in talk_flows(AT)], clock.now)
            await settle(pilot)
        assert places(app) == before
        assert canvas(app).at == at


async def test_a_tick_without_news_formats_nothing() -> None:
    clock = Clock()
    app = app_of("classic", flows=False, clock=clock)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        before = canvas(app).formatted
        for second in range(1, 4):
            clock.now = AT + second
            await settle(pilot)
        assert canvas(app).formatted == before


async def test_without_flows_the_declared_paths_are_drawn() -> None:
    app = app_of("classic", flows=False)
    async with app.run_test(size=(160, 50)) as pilot:
        screen = await opened(pilot)
        shown = words(app)
        assert "declared, no flows seen" in shown
        assert "192.168.7.100" in shown
        assert "films.home.example" in shown
        await press(pilot, "f")
        assert app.current_mode == "map"
        assert screen.why_not(next(command for command in app.all_commands() if command.id == "map.flows"))


async def test_the_declared_paths_can_be_seen_beside_the_flows() -> None:
    app = app_of()
    async with app.run_test(size=(160, 50)) as pilot:
        await opened(pilot)
        flows = places(app)
        await press(pilot, "p")
        assert "declared paths" in words(app)
        assert "no flows seen" not in words(app)
        assert "films.home.example" in words(app)
        await press(pilot, "p")
        assert places(app) == flows


async def test_an_empty_cluster_says_what_would_fill_it() -> None:
    from pointsman.tui.model.kinds import KINDS
    from pointsman.tui.store.snapshot import Cluster, State

    app = make_app(None)
    store = app.session.store
    for kind in KINDS.values():
        store.set_kind_link(kind, State.LIVE if kind.core else State.ABSENT)
    store.set_cluster(Cluster("empty", "127.0.0.1:6443", "uid", "v1.35.0"))
    store.set_link("kube", State.LIVE)
    store.set_link("hubble", State.ABSENT, "There is no Hubble on this stack: it comes with Cilium.")
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "l", "enter", "space", "o", "O", "Z", "=", "ctrl+s", "v", "v", "j", "k", "G")
        shown = words(app)
        assert "no flow was seen" in shown
        assert "There is no Hubble on this stack" in shown


async def test_the_table_holds_the_same_lines() -> None:
    app = app_of()
    async with app.run_test(size=(160, 50)) as pilot:
        screen = await opened(pilot, "v")
        panel = screen.query_one("#lines", Panel)
        assert panel.has_focus
        assert len(panel.model) == 59
        assert panel.model.item_at(0).line.dropped
        await press(pilot, "M", "M", "enter")
        assert app.screen.query_one(Drawer).is_open
        await press(pilot, "escape", "v")
        assert canvas(app).has_focus
        assert canvas(app).at.link is not None, "the line that was selected is lit on the map"


async def test_folding_and_unfolding() -> None:
    app = app_of()
    async with app.run_test(size=(160, 50)) as pilot:
        screen = await opened(pilot)
        canvas(app).go(Spotted("db/postgres/StatefulSet"))
        await press(pilot, "o")
        assert screen.thing_here.role is Role.NAMESPACE
        assert "namespace//db" in places(app)
        await press(pilot, "o")
        assert "db/postgres/StatefulSet" in places(app)
        await press(pilot, "O")
        assert "namespace//media" in places(app)
        assert "8 namespaces folded" in words(app)
        await press(pilot, "O")
        assert len(places(app)) == 38


async def test_focus_and_the_way_back() -> None:
    app = app_of()
    async with app.run_test(size=(160, 50)) as pilot:
        await opened(pilot)
        before = places(app)
        canvas(app).go(Spotted("media/qbittorrent/Deployment"))
        await press(pilot, "space")
        assert len(places(app)) < 10
        assert "around media/qbittorrent" in words(app)
        await press(pilot, "escape")
        assert app.current_mode == "map"
        assert places(app) == before, "all boxes are where they were"
        assert canvas(app).at.box == "media/qbittorrent/Deployment"


async def test_problems_only_and_the_filter_narrow_both_views() -> None:
    app = app_of()
    async with app.run_test(size=(160, 50)) as pilot:
        screen = await opened(pilot, "ctrl+z")
        assert 0 < len(screen.query_one("#lines", Panel).model) < 59
        fewer = len(places(app))
        assert fewer < 38
        await press(pilot, "ctrl+z", "/")
        assert isinstance(app.focused, Input)
        await press(pilot, *"pgbouncer", "enter")
        assert "db/pgbouncer/Deployment" in places(app)
        assert len(places(app)) == 4
        assert canvas(app).has_focus
        await press(pilot, "/", *"zzz", "enter")
        assert "none matches" in words(app)
        await press(pilot, "escape")
        assert len(places(app)) == 38


async def test_dns_and_nodes_can_be_left_out() -> None:
    app = app_of()
    async with app.run_test(size=(160, 50)) as pilot:
        await opened(pilot, "D")
        assert "kube-system/coredns/Deployment" in places(app), "the nodes ask for its health"
        await press(pilot, "H")
        assert "kube-system/coredns/Deployment" not in places(app)
        assert "cluster//nodes" not in places(app)
        assert "without DNS, nodes" in words(app)
        await press(pilot, "D", "H")
        assert len(places(app)) == 38


async def test_a_namespace_shows_what_has_to_do_with_it() -> None:
    app = app_of()
    async with app.run_test(size=(160, 50)) as pilot:
        await opened(pilot)
        app.set_namespace("dns")
        await settle(pilot)
        assert set(places(app)) == {"dns/pihole/Deployment", "dns/unbound/StatefulSet", "in//lan"}
        await press(pilot, "0")
        assert len(places(app)) == 38


async def test_zoom_and_arranging_anew() -> None:
    app = app_of()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        assert next(iter(places(app).values())).height == 1, "it does not fit, so boxes are low"
        await press(pilot, "Z", "Z")
        assert next(iter(places(app).values())).height == 3
        await press(pilot, "equals_sign")
        assert len(places(app)) == 38


@pytest.mark.parametrize("ending", ["svg", "json", "csv", "txt"])
async def test_saving(ending: str, tmp_path: Path) -> None:
    app = app_of()
    target = tmp_path / f"map.{ending}"
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "ctrl+s")
        app.screen.query_one(Input).value = str(target)
        await press(pilot, "enter")
        text = target.read_text(encoding="utf-8")
        assert "postgres" in text
        assert {"svg": "<svg", "json": '"kind": "Map"', "csv": "from,to", "txt": "│"}[ending] in text


async def test_a_line_opens_its_flows() -> None:
    app = app_of()
    async with app.run_test(size=(160, 50)) as pilot:
        await opened(pilot)
        canvas(app).go(Spotted("db/pgbouncer/Deployment", ("db/pgbouncer/Deployment", "db/postgres/StatefulSet")))
        await press(pilot, "f")
        assert app.current_mode == "flows"
        model = app.screen.panel_here.model
        assert "from-workload pgbouncer" in model.filter_text
        assert 0 < len(model) < model.total
        await press(pilot, "escape")
        assert app.current_mode == "map"
        assert model.filter_text == ""


async def test_the_cluster_is_left_and_nothing_stays() -> None:
    app = app_of()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, "l", "enter")
        screen.forget()
        assert canvas(app).plan is None
        assert not app.screen.query_one(Drawer).is_open


async def test_five_hundred_boxes_are_cut_to_what_a_picture_holds() -> None:
    from pointsman.tui.model.flows import HUBBLE, Flow, Peer

    app = make_app("cilium")
    flows = []
    for number in range(5_000):
        one, other = number % 500, (number * 7 + number // 500) % 500
        flows.append(
            Flow(HUBBLE, int(AT * 1e9), "FORWARDED", "egress", Peer(f"ns{one}", f"p{one}", f"Deployment/p{one}", 1000),
                 Peer(f"ns{other}", f"p{other}", f"Deployment/p{other}", 1000, "10.0.0.1", 80), "TCP", "to-endpoint")
        )  # fmt: skip
    app.session.store.flows.add_flows(flows, AT - 1)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        assert len(places(app)) <= 120
        assert "the busiest" in words(app)
        assert len(screen.query_one("#lines", Panel).model) > 1_000
