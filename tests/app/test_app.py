"""The app on the demo's objects: what is on screen, and what keys do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from appkit import NOW, Clock, make_app
from textual.pilot import Pilot
from textual.widgets import Input

from pointsman.tui.config import Config, ContextConfig
from pointsman.tui.disk import viewstate
from pointsman.tui.model.kinds import EVENTS, NODES, SERVICES
from pointsman.tui.options import Options
from pointsman.tui.screens.lines import LineWidget
from pointsman.tui.screens.panel import Panel
from pointsman.tui.store.snapshot import State
from pointsman.tui.views.states import CORE
from pointsman.widgets.drawer import Drawer
from pointsman.widgets.grid import Grid
from pointsman.widgets.picker import PickerScreen
from pointsman.widgets.textview import TextView


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("TZ", "UTC")


async def settle(pilot: Pilot[Any]) -> None:
    """Until every key was given out and the tick has shown what there is; no clock but the program's own."""
    app: Any = pilot.app
    for _ in range(3):
        await pilot.pause()
        await app.keys.drained()
        app._tick()
    await pilot.pause()


async def press(pilot: Pilot[Any], *keys: str) -> None:
    await pilot.press(*keys)
    await settle(pilot)


def line(app: Any, id: str) -> str:
    if id == "header":
        return "".join(
            app.screen.query_one(f"#header-{part}", LineWidget).plain for part in ("left", "sources", "clock")
        )
    return str(app.screen.query_one(f"#{id}", LineWidget).plain)


def rows(app: Any, panel: str) -> list[str]:
    model = app.screen.query_one(f"#{panel}", Panel).model
    return [" ".join(cell.plain for cell in model.cells_at(index)).strip() for index in range(len(model))]


def words(app: Any) -> str:
    """Everything on screen as text."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


# -- what is on screen ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("variant", "stack"), [("classic", "CLASSIC"), ("cilium", "CILIUM"), ("broken", "MIXED")])
async def test_the_first_screen_says_what_runs(variant: Any, stack: str) -> None:
    app = make_app(variant)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        header = line(app, "header")
        assert stack in header
        assert "DEMO" in header
        assert "k3s 1.35" in header
        assert "ns: all" in header
        assert "kube ● 0s" in header
        assert " RW " in header
        assert header.rstrip().endswith("13:02:11")
        assert any("192.168.7.100" in row for row in rows(app, "ips"))
        assert any("MetalLB" in row or "Cilium" in row for row in rows(app, "stack"))
        assert app.screen.query_one("#traffic").size.height > 0


@pytest.mark.parametrize("variant", ["classic", "cilium"])
async def test_a_homelab_that_is_well_has_no_finding_worse_than_info(variant: Any) -> None:
    app = make_app(variant)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        assert not any(row.startswith(("✖", "▲")) for row in rows(app, "findings"))


async def test_findings_come_worst_first_and_are_counted_in_the_tabs() -> None:
    app = make_app("broken")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        signs = [row[0] for row in rows(app, "findings")]
        assert signs == sorted(signs, key="✖▲·".index)
        assert signs[0] == "✖"
        assert "IPs ✖" in line(app, "tabs")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("pane", ["1", "2", "4", "7"])
async def test_every_line_is_as_wide_as_the_terminal(size: tuple[int, int], pane: str) -> None:
    app = make_app("broken")
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, pane)
        for text in words(app).split("\n"):
            assert len(text) == size[0], text


async def test_80_columns_keep_signs_and_drop_names_and_clock() -> None:
    app = make_app("classic")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        header = line(app, "header")
        assert "CLASSIC" in header
        assert "●" in header
        assert "hubble" not in header
        assert "13:02" not in header
        assert "1 Overview" in line(app, "tabs")
        assert "Flows" not in line(app, "tabs")
        assert "? help" in line(app, "footer")
        assert ": command" in line(app, "footer")


async def test_a_terminal_of_20_by_5_says_that_it_is_too_small() -> None:
    app = make_app("classic")
    async with app.run_test(size=(20, 5)) as pilot:
        await settle(pilot)
        assert "too small" in " ".join(words(app).split())
        await pilot.resize_terminal(100, 30)
        await settle(pilot)
        assert "too small" not in words(app)
        assert "192.168.7.100" in words(app)


async def test_a_storm_of_sizes_ends_in_a_right_picture() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        for width in range(20, 200, 9):
            await pilot.resize_terminal(width, max(4, width // 4))
        await pilot.resize_terminal(120, 40)
        await settle(pilot)
        await settle(pilot)
        assert "192.168.7.100" in words(app)
        assert all(len(text) == 120 for text in words(app).split("\n"))


@pytest.mark.parametrize("pane", ["stack"])
async def test_a_pane_to_come_names_what_to_use(pane: str) -> None:
    app = make_app("cilium")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        app.open_pane(pane)
        await settle(pilot)
        shown = words(app)
        assert "not here yet in this version" in shown
        assert "kubectl" in shown or "pointsman" in shown or "4  IPs" in shown


async def test_ascii_draws_nothing_else() -> None:
    app = make_app("broken", Options(ascii=True))
    try:
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await settle(pilot)
            assert words(app).isascii()
            await press(pilot, "4", "enter")
            assert words(app).isascii()
            await press(pilot, "escape", "question_mark")
            assert words(app).isascii()
    finally:
        from pointsman.widgets import glyphs

        glyphs.use(ascii=False)


# -- states ---------------------------------------------------------------------------------------------------------


async def test_connecting_says_so_and_then_shows_what_came() -> None:
    app = make_app(None)
    store = app.session.store
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert "connecting" in words(app)
        store.set_link("kube", State.LIVE)
        store.set_kind_link(SERVICES, State.LIVE)
        await settle(pilot)
        assert "reading the cluster" in words(app)
        for kind in CORE:
            store.set_kind_link(kind, State.LIVE)
        await settle(pilot)
        assert "no service has an address of its own" in words(app)


async def test_the_first_picture_does_not_wait_for_ever() -> None:
    clock = Clock()
    app = make_app(None, clock=clock)
    store = app.session.store
    async with app.run_test(size=(100, 30)) as pilot:
        store.set_link("kube", State.LIVE)
        store.set_kind_link(SERVICES, State.LIVE)
        await settle(pilot)
        assert "reading the cluster" in words(app)
        clock.now += 4
        await settle(pilot)
        assert "no service has an address of its own" in words(app)


async def test_a_cluster_that_is_down_gives_sentence_hint_and_ways_out() -> None:
    app = make_app(None)
    app.session.store.set_link("kube", State.DOWN, "10.0.0.1:6443 refuses the connection.", "Is k3s running?")
    async with app.run_test(size=(100, 30)) as pilot:
        for key in ("1", "4"):
            await press(pilot, key)
            shown = words(app)
            assert "10.0.0.1:6443 refuses the connection." in shown
            assert "Is k3s running?" in shown
            assert "--demo" in shown
            assert "down" in line(app, "header") or "✖" in line(app, "header")


async def test_a_kind_that_may_not_be_read_greys_its_place_only() -> None:
    app = make_app("classic")
    app.session.store.set_kind_link(EVENTS, State.FORBIDDEN, "needs list events in all namespaces")
    app.session.store.replace(EVENTS, [])
    app.session.store.set_kind_link(EVENTS, State.FORBIDDEN, "needs list events in all namespaces")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        assert "needs list events in all namespaces" in words(app)
        assert "192.168.7.100" in words(app)
        assert "⊘1" in line(app, "header")


async def test_old_data_stays_and_is_marked_with_its_age() -> None:
    clock = Clock()
    app = make_app("classic", clock=clock)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        clock.now += 300
        app.session.store.set_link("kube", State.STALE, "the connection was lost")
        await settle(pilot)
        assert "stale 5m" in line(app, "header")
        assert "192.168.7.100" in words(app)
        assert app.screen.query_one("#ips", Grid).stale
        assert line(app, "footer").rstrip().endswith("◐ the connection was lost")


# -- keys -----------------------------------------------------------------------------------------------------------


async def test_digits_open_panes_and_minus_and_escape_go_back() -> None:
    app = make_app("classic")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        for key, pane in zip("2345678", ["flows", "map", "ips", "policies", "routes", "stack", "log"], strict=True):
            await press(pilot, key)
            assert app.current_mode == pane
        await press(pilot, "minus")
        assert app.current_mode == "stack"
        await press(pilot, "4", "escape")
        assert app.current_mode == "stack"


async def test_escape_never_quits() -> None:
    app = make_app("classic")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        for _ in range(12):
            await pilot.press("escape")
        await settle(pilot)
        assert app.is_running
        assert app.return_value is None


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_quit(key: str) -> None:
    app = make_app("classic")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("4", key)
    assert app.return_value == 0


async def test_j_k_gg_and_G_move_and_g_alone_waits() -> None:
    app = make_app("classic")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "4")
        grid = app.screen.query_one("#ips", Grid)
        await press(pilot, "j", "j", "k")
        assert grid.model.cursor == 1
        await press(pilot, "G")
        assert grid.model.cursor == len(grid.model) - 1
        await press(pilot, "g", "g")
        assert grid.model.cursor == 0
        assert not isinstance(app.screen, PickerScreen)
        await pilot.press("g")
        assert not isinstance(app.screen, PickerScreen)
        await pilot.pause(0.6)
        assert isinstance(app.screen, PickerScreen)


async def test_g_and_another_key_runs_the_other_key_only() -> None:
    app = make_app("classic")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "4", "g", "j")
        await pilot.pause(0.6)
        assert not isinstance(app.screen, PickerScreen)
        assert app.screen.query_one("#ips", Grid).model.cursor == 1


async def test_enter_explains_in_words_and_follows_the_cursor() -> None:
    app = make_app("broken")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "4", "enter")
        drawer = app.screen.query_one(Drawer)
        assert drawer.is_open
        assert drawer.has_class("-right")
        assert "192.168.7.100" in str(drawer.explanation.headline)
        await press(pilot, "j")
        assert "192.168.7.101" in str(drawer.explanation.headline)
        await press(pilot, "escape")
        assert not drawer.is_open
        assert app.current_mode == "ips"


async def test_the_drawer_is_at_the_bottom_of_a_narrow_terminal() -> None:
    app = make_app("classic")
    async with app.run_test(size=(90, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "4", "enter")
        assert app.screen.query_one(Drawer).has_class("-bottom")


async def test_a_finding_explains_itself_and_opens_its_pane_at_the_object() -> None:
    app = make_app("broken")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        findings = app.screen.query_one("#findings", Panel)
        findings.focus()
        await settle(pilot)
        wanted = findings.selected_item.target
        await press(pilot, "enter")
        await settle(pilot)
        assert app.current_mode == "overview"
        drawer = app.screen.query_one(Drawer)
        assert drawer.is_open
        shown = words(app)
        assert all(word in shown for word in ("why it matters", "open", "ip-not-announced"))
        await press(pilot, "enter")
        await settle(pilot)
        assert app.current_mode == "ips"
        assert app.screen.query_one("#ips", Panel).selected_item.address.service == wanted
        assert app.screen.query_one(Drawer).is_open


async def test_a_key_on_a_finding_opens_its_pane_and_another_begins_to_mend_it() -> None:
    app = make_app("broken")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        findings = app.screen.query_one("#findings", Panel)
        findings.focus()
        await settle(pilot)
        while findings.selected_item.finding.id != "vip-ghost":
            await press(pilot, "j")
        await press(pilot, "o")
        await settle(pilot)
        assert app.current_mode == "ips"
        await press(pilot, "1")
        await settle(pilot)
        began: list[str] = []
        app.run_command = lambda id, argument="": began.append(id)  # type: ignore[method-assign]
        app.screen.cmd_overview_mend()
        await settle(pilot)
        assert began == ["ips.restart"]
        assert app.current_mode == "ips"


async def test_enter_on_an_address_of_overview_opens_ips_at_it() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "j", "j", "j", "enter")
        assert app.current_mode == "ips"
        assert app.screen.query_one("#ips", Panel).selected_item.address.ip == "192.168.7.102"
        await press(pilot, "escape")
        assert app.current_mode == "overview"


async def test_filter_narrows_counts_and_goes() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "4", "slash", *"jellyfin")
        assert len(rows(app, "ips")) == 1
        await press(pilot, "enter")
        assert isinstance(app.focused, Grid)
        assert app.view.of("ips").filter == "jellyfin"
        await press(pilot, "escape")
        assert len(rows(app, "ips")) == 10
        assert app.current_mode == "ips"


async def test_keys_typed_into_the_filter_are_no_commands() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "4", "slash", "q", "1", "y", "question_mark")
        assert app.screen.query_one(Input).value == "q1y?"
        assert app.current_mode == "ips"


async def test_problems_only() -> None:
    app = make_app("broken")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "4", "ctrl+z")
        shown = rows(app, "ips")
        assert shown
        assert all(row[0] in "✖▲" for row in shown)
        await press(pilot, "ctrl+z")
        assert len(rows(app, "ips")) > len(shown)


async def test_shift_letters_sort_and_turn_around() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "4", "S")
        names = [app.screen.query_one("#ips", Grid).model.item_at(i).address.service.path for i in range(10)]
        assert names == sorted(names)
        await press(pilot, "S")
        names = [app.screen.query_one("#ips", Grid).model.item_at(i).address.service.path for i in range(10)]
        assert names == sorted(names, reverse=True)


async def test_yaml_and_describe_show_the_object_and_return() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "4", "y")
        assert "kind: Service" in words(app)
        assert "managedFields" not in app.screen.whole_text()
        await press(pilot, "f")
        assert "managedFields" in app.screen.whole_text()
        await press(pilot, "q")
        assert app.current_mode == "ips"
        await press(pilot, "d")
        assert "Name:" in words(app)
        await press(pilot, "escape")
        assert app.current_mode == "ips"
        assert app.is_running


async def test_the_reader_follows_the_object_and_says_when_it_is_gone() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "4", "y")
        app.session.store.change(SERVICES, deletes=[("kube-system", "traefik")])
        await settle(pilot)
        assert "it is gone" in words(app)
        assert "kind: Service" in words(app)


async def test_readers_search() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "4", "y", "slash", *"ports")
        assert app.screen.query_one(TextView).buffer.matches
        await press(pilot, "enter", "n")
        await press(pilot, "escape")
        assert app.screen.query("TextView")
        await press(pilot, "escape")
        assert not app.screen.query("TextView")
        assert app.current_mode == "ips"


async def test_related_opens_the_pane_filtered_and_escape_returns() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        app.screen.query_one("#ips", Panel).focus()
        await pilot.press("g")
        await pilot.pause(0.6)
        await press(pilot, *"ipaddress", "enter")
        await settle(pilot)
        assert app.current_mode == "ips"
        assert "pool" in app.screen.query_one("#ips", Grid).model.filter_text
        await press(pilot, "escape")
        assert app.current_mode == "overview"


async def test_help_names_the_live_keys_of_the_pane() -> None:
    app = make_app("classic", config=Config(keys={"yaml": ("Y",)}))
    async with app.run_test(size=(120, 60)) as pilot:
        await settle(pilot)
        await press(pilot, "4", "question_mark")
        text = app.screen.whole_text()
        assert "Sort the list by announcer" in text
        yaml = next(one for one in text.split("\n") if "The object's YAML" in one)
        assert yaml.split()[0] == "Y"
        await press(pilot, "escape", "y")
        assert app.current_mode == "ips"
        assert not app.screen.query("TextView")
        await press(pilot, "Y")
        assert app.screen.query("TextView")


async def test_the_palette_runs_commands_with_arguments() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "colon", *"ips /jelly", "enter")
        await settle(pilot)
        assert app.current_mode == "ips"
        assert len(rows(app, "ips")) == 1
        await press(pilot, "ctrl+p", *"ns media", "enter")
        assert app.view.namespace == "media"
        assert "ns: media" in line(app, "header")
        await press(pilot, "escape", "escape", "0")
        assert "ns: all" in line(app, "header")


@pytest.mark.parametrize("typed", ["192.168.7.103", "media/jellyfin", "svc/jellyfin"])
async def test_the_palette_opens_objects(typed: str) -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "colon")
        app.screen.query_one(Input).value = typed  # pasted
        await settle(pilot)
        await press(pilot, "enter")
        await settle(pilot)
        assert app.current_mode == "ips"
        assert app.screen.query_one("#ips", Panel).selected_item.address.ip == "192.168.7.103"


async def test_the_palette_dims_what_cannot_run() -> None:
    app = make_app("classic", Options(manifests=("x",)))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "4", "colon", *"logs")
        assert "Files have no logs" in words(app)
        await press(pilot, "enter")
        assert app.screen.query("#found")


async def test_a_target_opens_at_once() -> None:
    app = make_app("classic", Options(target="192.168.7.104"))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await settle(pilot)
        assert app.current_mode == "ips"
        assert app.screen.query_one("#ips", Panel).selected_item.address.ip == "192.168.7.104"
        assert app.screen.query_one(Drawer).is_open


async def test_ctrl_d_only_explains() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        before = app.session.store.version
        await press(pilot, "4", "ctrl+d")
        assert "Nothing is deleted here" in words(app)
        assert app.session.store.version == before


async def test_copy_goes_to_the_terminal_and_says_so() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "4", "c")
        assert app.clipboard == "192.168.7.100"
        assert "Sent to the terminal" in words(app)


@pytest.mark.parametrize(("name", "begin"), [("a.csv", "mark,address"), ("a.json", "[\n"), ("a.txt", "mark")])
async def test_save_view(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, begin: str) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app("classic")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "4", "ctrl+s")
        app.screen.query_one(Input).value = name
        await press(pilot, "enter")
        assert app.current_mode == "ips"
    text = (tmp_path / name).read_text()
    assert text.startswith(begin)
    assert "192.168.7.100" in text


async def test_save_overwrites_nothing_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("mine")
    app = make_app("classic")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "4", "ctrl+s")
        app.screen.query_one(Input).value = "a.csv"
        await settle(pilot)
        await press(pilot, "enter")
        assert (tmp_path / "a.csv").read_text() == "mine"
        await press(pilot, "enter")
    assert (tmp_path / "a.csv").read_text() != "mine"


async def test_read_only_is_shown_and_a_context_can_be_stricter() -> None:
    for options, config in (
        (Options(read_only=True), Config()),
        (Options(), Config(contexts={"demo": ContextConfig(True)})),
        (Options(manifests=("x",)), Config()),
    ):
        app = make_app("classic", options, config)
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await settle(pilot)
            assert " RO " in line(app, "header")


# -- what is remembered ---------------------------------------------------------------------------------------------


async def test_pane_filter_sort_and_namespace_come_back() -> None:
    app = make_app("classic", demo=False)
    uid = app.session.store.cluster.uid
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "4", "S", "slash", *"media", "enter")
        app.set_namespace("media")
        await settle(pilot)
    assert viewstate.load(uid)[0].pane == "ips"
    again = make_app("classic", demo=False)
    async with again.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await settle(pilot)
        assert again.current_mode == "ips"
        grid = again.screen.query_one("#ips", Grid)
        assert grid.model.sort_key == "service"
        assert grid.model.filter_text == "media"
        assert again.view.namespace == "media"


async def test_a_first_start_and_the_demo_show_overview_and_all_namespaces() -> None:
    for demo in (True, False):
        app = make_app("classic", demo=demo)
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await settle(pilot)
            assert app.current_mode == "overview"
            assert app.view.namespace == ""


async def test_a_damaged_memory_is_a_notice() -> None:
    app = make_app("classic", demo=False)
    uid = app.session.store.cluster.uid
    viewstate.save(uid, viewstate.ViewState())
    (viewstate.folder() / f"{uid}.json").write_text("{")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await settle(pilot)
        assert "damaged" in words(app)


# -- themes and settings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["pointsman-dark", "pointsman-light", "pointsman-16"])
async def test_every_theme_draws_every_pane(theme: str) -> None:
    app = make_app("broken", Options(theme=theme))
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert app.theme == theme
        for key in "12345678":
            await press(pilot, key)


async def test_an_unknown_theme_is_one_sentence_and_another_one() -> None:
    app = make_app("classic", Options(theme="pointsman-drak"))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await settle(pilot)
        assert "pointsman-dark" in words(app).replace("\n", " ")
        assert app.theme.startswith("pointsman-")


async def test_wrong_settings_are_told_on_screen() -> None:
    app = make_app("classic", config=Config(problems=("config.toml: there is no setting 'thme'",)))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        assert "there is no setting 'thme'" in words(app)


# -- hostile text ---------------------------------------------------------------------------------------------------

NASTY = "[bold]x[/] \x1b[31mred\x1b]52;c;AAAA\x07 \u202egnp.exe [/nope] " + "n" * 100_000


async def test_names_from_the_cluster_are_never_markup_or_escapes() -> None:
    app = make_app("classic")
    store = app.session.store
    snapshot = store.snapshot()
    service = snapshot.get(SERVICES, "media", "jellyfin")
    meta = replace_meta(service.body.metadata, name=NASTY, namespace="media", annotations={"a": NASTY})
    import msgspec

    body = msgspec.structs.replace(service.body, metadata=meta)
    store.change(SERVICES, [msgspec.structs.replace(service, body=body)], [("media", "jellyfin")])
    store.set_cluster(replace(store.cluster, context=NASTY))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "4", "slash", *"bold", "enter", "enter")
        for key in ("y", "escape", "d", "escape", "colon", "escape", "c"):
            await press(pilot, key)
            shown = words(app)
            assert "\x1b" not in shown
            assert "\u202e" not in shown
            assert all(len(text) == 120 for text in shown.split("\n"))
        assert "[bold]x[/]" in words(app)


def replace_meta(meta: Any, **fields: Any) -> Any:
    import msgspec

    return msgspec.structs.replace(meta, **fields)


# -- counted work ---------------------------------------------------------------------------------------------------


async def test_nothing_is_drawn_while_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app("broken")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await settle(pilot)
        drawn: list[str] = []
        original = type(app.screen).draw
        monkeypatch.setattr(
            type(app.screen), "draw", lambda self, *a, **k: (drawn.append("x"), original(self, *a, **k))
        )
        frames = app.pacer.frames
        for _ in range(5):
            await settle(pilot)
        assert drawn == []
        assert app.pacer.frames == frames


async def test_a_second_that_passes_redraws_only_ages() -> None:
    clock = Clock()
    app = make_app("classic", clock=clock)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "4")
        await settle(pilot)
        grid = app.screen.query_one("#ips", Grid)
        before = grid.model.counters.rows_formatted
        summary = app.screen.summary
        clock.now += 1
        await settle(pilot)
        assert app.screen.summary is summary
        assert grid.model.counters.rows_formatted - before <= 1
        assert line(app, "header").rstrip().endswith("13:02:12")


async def test_a_change_elsewhere_formats_no_row() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "4")
        grid = app.screen.query_one("#ips", Grid)
        before = grid.model.counters.rows_formatted
        node = next(app.session.store.snapshot().all(NODES))
        app.session.store.change(NODES, [node])
        await settle(pilot)
        assert grid.model.counters.rows_formatted == before


async def test_the_context_picker_leaves_nothing_of_the_old_cluster(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(
        """
        {"apiVersion": "v1", "kind": "Config", "current-context": "one",
         "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:9"}}],
         "users": [{"name": "u", "user": {"token": "t"}}],
         "contexts": [{"name": "one", "context": {"cluster": "c", "user": "u"}},
                      {"name": "two", "context": {"cluster": "c", "user": "u"}}]}
        """
    )
    config = Config(contexts={"two": ContextConfig(True)})
    app = make_app("classic", Options(kubeconfig=str(kubeconfig)), config, demo=False)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "4", "enter", "slash", *"media", "enter")
        await press(pilot, "colon", *"ctx two", "enter")
        for _ in range(20):
            await settle(pilot)
            if "refuses" in words(app):
                break
        shown = words(app)
        assert "two" in line(app, "header")
        assert " RO " in line(app, "header")
        assert "192.168.7" not in shown
        assert app.screen.query_one("#ips", Grid).model.total == 0
        assert app.screen.query_one("#ips", Grid).model.filter_text == ""
        assert not app.screen.query_one(Drawer).is_open
    assert NOW.year == 2026
