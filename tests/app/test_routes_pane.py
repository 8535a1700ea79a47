"""The Routes pane on the demo's objects: the list, the middlewares, the trace, and what is said where nothing is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from appkit import make_app
from textual.pilot import Pilot

from pointsman.tui.actions.toggle import parked
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.kinds import KINDS
from pointsman.tui.answers.routes.request import Resolution
from pointsman.tui.commands import BY_ID
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import INGRESSES, INGRESSROUTES, SERVICES
from pointsman.tui.screens import routes as pane
from pointsman.tui.screens.panel import Panel
from pointsman.tui.screens.question import QuestionBar
from pointsman.tui.store.snapshot import State
from pointsman.widgets.drawer import Drawer


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setattr(pane, "_resolved", lambda *_: Resolution((), "test", "the test knows no address"))


async def press(pilot: Pilot[Any], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    await pilot.pause(0.12)
    await pilot.pause()


async def opened(pilot: Pilot[Any], *keys: str) -> Any:
    await press(pilot)
    await press(pilot, "6", *keys)
    return pilot.app.screen


async def traced(pilot: Pilot[Any]) -> list[str]:
    for _ in range(50):
        await press(pilot)
        if pilot.app.screen._trace is not None:  # type: ignore[attr-defined]
            return rows(pilot.app, "hops")
    raise AssertionError("no trace")


def rows(app: Any, panel: str = "routes") -> list[str]:
    model = app.screen.query_one(f"#{panel}", Panel).model
    return [" ".join(cell.plain for cell in model.cells_at(index)).strip() for index in range(len(model))]


def words(app: Any) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def go_to(app: Any, name: str, kind: str = "ingressroutes", namespace: str = "media") -> None:
    app.screen.point_at(Ref(kind, namespace, name), "")


async def test_the_list_says_what_is_broken_and_has_one_row_for_a_service_without_a_route() -> None:
    app = make_app("broken")
    async with app.run_test(size=(160, 40)) as pilot:
        await opened(pilot)
        shown = rows(app)
        films = next(row for row in shown if "films.home.example" in row)
        assert "Middleware web/auth does not exist" in films
        assert sum("games/minecraft" in row for row in shown) == 1
        minecraft = next(row for row in shown if "games/minecraft" in row)
        assert "25565" in minecraft
        assert "19132/udp" in minecraft
        assert "own address" in minecraft
        broken = re.search(r"(\d+) broken", words(app))
        assert broken is not None
        assert int(broken[1]) > 5


async def test_problems_only_and_the_filter() -> None:
    app = make_app("broken")
    async with app.run_test(size=(160, 40)) as pilot:
        await opened(pilot, "ctrl+z")
        shown = rows(app)
        assert {name for name in ("films", "movies", "vault", "aliases") if any(name in row for row in shown)} == {
            "films", "movies", "vault", "aliases",
        }  # fmt: skip
        assert not any(name in row for row in shown for name in ("downloads", "grafana", "zigbee"))
        await press(pilot, "ctrl+z", "slash", *"lan-only", "enter")
        assert rows(app)
        assert all("lan-only" in row for row in rows(app))


async def test_explaining_a_route_names_its_steps() -> None:
    app = make_app("broken")
    async with app.run_test(size=(160, 40)) as pilot:
        await opened(pilot)
        go_to(app, "downloads")
        await press(pilot, "enter")
        explanation = app.screen.query_one(Drawer).explanation
        assert explanation is not None
        said = [piece.text for piece in explanation.evidence]
        assert any(str(text).startswith("1. media/auth: basicAuth: asks for user and password") for text in said)
        assert any("2. web/lan-only: ipAllowList" in str(text) for text in said)
        assert "through media/auth and web/lan-only" in explanation.headline.plain  # type: ignore[union-attr]


async def test_a_trace_names_the_first_broken_hop_and_escape_goes_back_step_by_step() -> None:
    app = make_app("broken")
    async with app.run_test(size=(160, 40)) as pilot:
        screen = await opened(pilot)
        go_to(app, "films")
        await press(pilot, "t")
        hops = await traced(pilot)
        assert any("router" in row and "broken" in row and "media/films" in row for row in hops)
        assert screen.selected_row.hop.kind == "router"
        assert "broken at 6, the router" in words(app)
        assert "https://films.home.example/" in words(app)
        await press(pilot, "escape")
        assert screen.view == "list"
        assert not screen.query_one(QuestionBar).is_open


async def test_a_trace_follows_the_objects() -> None:
    app = make_app("classic")
    async with app.run_test(size=(160, 40)) as pilot:
        await opened(pilot)
        go_to(app, "films")
        await press(pilot, "t")
        assert any("endpoint" in row for row in await traced(pilot))
        store = app.session.store
        service = store.snapshot().get(SERVICES, "media", "jellyfin")
        store.change(SERVICES, deletes=[service.key])
        app.session.store._clock.now += 2
        await press(pilot)
        assert any("broken" in row and "media/jellyfin" in row for row in rows(app, "hops"))


async def test_words_of_a_trace_that_make_no_sense_are_said_beside_the_line() -> None:
    app = make_app("classic")
    async with app.run_test(size=(160, 40)) as pilot:
        screen = await opened(pilot)
        for text, said in (
            ("gopher://x", "unknown scheme"),
            ("https://x from nowhere", "is not an address"),
            ("https://x maybe yes", "is not a word of a trace"),
            ("https://x header", "header needs a value"),
            ("https://x 'y", "a quotation mark has no other end"),
        ):
            screen.cmd_trace(text)
            await press(pilot)
            assert screen.view == "list"
            assert said in words(app)


async def test_words_of_a_trace_change_its_answer() -> None:
    app = make_app("classic")
    async with app.run_test(size=(160, 40)) as pilot:
        screen = await opened(pilot)
        screen.cmd_trace("https://downloads.home.example/ from 203.0.113.9 header 'Authorization: Basic x'")
        hops = await traced(pilot)
        assert any("web/lan-only" in row and "refuses 203.0.113.9" in row for row in hops)


async def test_the_middlewares_and_the_one_that_is_missing() -> None:
    app = make_app("broken")
    async with app.run_test(size=(160, 40)) as pilot:
        screen = await opened(pilot, "v")
        assert screen.view == "middlewares"
        missing = next(row for row in rows(app, "middlewares") if "web/auth" in row)
        assert "missing" in missing
        assert "1 missing" in words(app)
        await press(pilot, "escape")
        assert screen.view == "list"


async def test_sorting_by_a_key_sorts_the_list_in_view() -> None:
    app = make_app("broken")
    async with app.run_test(size=(200, 60)) as pilot:
        await opened(pilot, "X")
        assert "films" in rows(app)[0] or "movies" in rows(app)[0]
        await press(pilot, "v", "K")
        kinds = [row.item.kind for row in app.screen.query_one("#middlewares", Panel).model.view_items()]
        assert kinds == sorted(kinds)
        assert len(set(kinds)) > 1


async def test_nothing_blank() -> None:
    app = make_app("classic")
    async with app.run_test(size=(100, 30)) as pilot:
        store = app.session.store
        for kind, _ in KINDS:
            store.replace(kind, [])
        await opened(pilot)
        assert "no route" in words(app)
        assert "An Ingress, an IngressRoute" in words(app)
        store.set_kind_link(INGRESSES, State.FORBIDDEN, "needs list ingresses.networking.k8s.io")
        await press(pilot)
        assert "needs list ingresses.networking.k8s.io" in words(app)


async def test_hostile_names_are_drawn_harmless() -> None:
    app = make_app("classic")
    async with app.run_test(size=(160, 40)) as pilot:
        evil = "Host(`[red]x[/]\x1b[2J\u202e`) && PathPrefix(`/" + "y" * 100_000 + "`)"
        doc = {"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute",
               "metadata": {"name": "[bold]e", "namespace": "media"},
               "spec": {"routes": [{"match": evil, "services": [{"name": "a\x1b]0;x\x07", "port": 1}]}]}}  # fmt: skip
        app.session.store.change(INGRESSROUTES, [from_doc(doc, INGRESSROUTES)])
        await opened(pilot)
        go_to(app, "[bold]e")
        await press(pilot, "enter")
        shown = words(app)
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "[bold]e" in shown


async def test_the_palette_opens_a_middleware_in_its_list() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot)
        app.open_object(Ref("middlewares", "web", "lan-only"), explain=True)
        await press(pilot)
        assert app.screen.view == "middlewares"
        assert app.screen.selected_row.item.ref.name == "lan-only"


async def test_what_can_be_switched_and_what_not() -> None:
    app = make_app("classic")
    async with app.run_test(size=(160, 40)) as pilot:
        screen = await opened(pilot)
        toggle = BY_ID["toggle"]
        assert screen.why_not(toggle) == ""
        go_to(app, "postgres", "services", "db")
        assert "has no switch" in screen.why_not(toggle)
        await press(pilot, "v")
        assert "in their list" in screen.why_not(toggle)


async def test_a_route_that_is_off_counts_down_in_its_row_and_in_the_footer() -> None:
    app = make_app("classic")
    async with app.run_test(size=(160, 40)) as pilot:
        store = app.session.store
        obj = store.snapshot().get(INGRESSROUTES, "media", "films")
        off = parked({**obj.doc(), "kind": "IngressRoute"}, op="o", until=store.snapshot().now + 271, by="me@here")
        store.change(INGRESSROUTES, [from_doc(off, INGRESSROUTES)])
        await opened(pilot)
        assert "off 4:31" in next(row for row in rows(app) if "films" in row)
        assert "route off media/films 4:31" in words(app)
        go_to(app, "films")
        await press(pilot, "enter")
        assert "It comes back in 4:31." in words(app)


async def test_leaving_is_asked_once_while_something_is_off() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40)) as pilot:
        store = app.session.store
        obj = store.snapshot().get(INGRESSROUTES, "media", "films")
        off = parked({**obj.doc(), "kind": "IngressRoute"}, op="o", until=store.snapshot().now + 271, by="me@here")
        store.change(INGRESSROUTES, [from_doc(off, INGRESSROUTES)])
        await opened(pilot)
        await press(pilot, "q")
        assert app.return_code is None
        assert "media/films is still switched off. q again quits." in [note.message for note in app._notifications]
        await press(pilot, "q")
        assert app.return_code == 0


async def test_the_middlewares_of_a_route_in_their_box() -> None:
    app = make_app("classic")
    async with app.run_test(size=(140, 40)) as pilot:
        screen = await opened(pilot)
        go_to(app, "downloads")
        await press(pilot, "m")
        assert "middlewares of IngressRoute media/downloads" in words(app)
        assert "1.  media/auth" in words(app)
        await press(pilot, "x")
        assert "media/auth keeps somebody out: without it more people get in." in words(app)
        await press(pilot, "escape")
        go_to(app, "postgres", "services", "db")
        assert "takes no middlewares" in screen.why_not(BY_ID["routes.middlewares"])


async def test_a_new_route_starts_with_a_list_of_forms_and_says_what_is_wrong() -> None:
    app = make_app("classic")
    async with app.run_test(size=(140, 40)) as pilot:
        await opened(pilot)
        await press(pilot, "a")
        assert "HTTP route" in words(app)
        assert "middleware basicAuth" in words(app)
        assert "HTTPRoute is" in words(app)
        await press(pilot, "enter", *"media/nobody:80", "enter")
        assert "there is no Service media/nobody" in words(app)
        await press(pilot, "escape")
        assert "HTTP route" not in words(app)


async def test_what_traefik_makes_of_a_route_is_told_once() -> None:
    app = make_app("classic")
    async with app.run_test(size=(160, 40), notifications=True) as pilot:
        screen = await opened(pilot)
        screen.watch_live(Ref("ingressroutes", "media", "films"))
        app.session.store._clock.now += 30
        await press(pilot)
        said = [note.message for note in app._notifications]
        assert sum("Whether Traefik runs IngressRoute media/films is not known" in text for text in said) == 1
        assert screen._awaited == {}
