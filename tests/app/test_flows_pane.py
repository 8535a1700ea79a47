"""The Flows pane on a store that is filled by hand: following, standing still, filtering, views, explanations, memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from appkit import Clock, make_app
from flowrows import COREDNS, HOST, JELLYFIN, LAN, POSTGRES, WEATHER, drop, flow
from textual.pilot import Pilot

from pointsman.tui.model.flows import L7, Flow, Lost, NodeStatus, Peer
from pointsman.tui.screens.flows import FlowsScreen
from pointsman.tui.store.snapshot import State

KINDS = (flow(), drop(), flow(JELLYFIN, COREDNS), flow(LAN, JELLYFIN), flow(JELLYFIN, WEATHER), flow(HOST, COREDNS))


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


class Pane:
    """The pane with its app, a clock, and flows on demand."""

    def __init__(self, pilot: Pilot[Any], app: Any, clock: Clock) -> None:
        self.pilot, self.app, self.clock = pilot, app, clock

    @property
    def screen(self) -> FlowsScreen:
        found = self.app.screen
        assert isinstance(found, FlowsScreen)
        return found

    def add(self, *flows: Flow) -> None:
        self.app.session.store.flows.add_flows(flows, self.clock.now)

    async def tick(self, seconds: float = 1.0) -> None:
        """Time passes and the app looks once."""
        self.clock.now += seconds
        self.screen.tail._drawn = 0.0
        self.app.pacer.reset()
        self.app._tick()
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    @property
    def rows(self) -> list[Flow]:
        model = self.screen.tail.model
        return [model.item_at(at) for at in range(len(model))]

    @property
    def title(self) -> str:
        return "".join(text for text, _ in self.screen.panel_here._title)

    @property
    def note(self) -> str:
        return "".join(text for text, _ in self.screen.panel_here._foot)

    def words(self) -> str:
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)


@pytest.fixture
async def pane(request: pytest.FixtureRequest) -> Any:
    clock = Clock()
    app = make_app("cilium", clock=clock)
    async with app.run_test(size=getattr(request, "param", (120, 40)), notifications=True) as pilot:
        await pilot.pause()
        app.session.store.set_link("hubble", State.LIVE, "version 1.20.2, 3 nodes")
        app.open_pane("flows")
        await pilot.pause()
        yield Pane(pilot, app, clock)


async def test_it_follows_and_stands_still(pane: Pane) -> None:
    pane.add(*KINDS * 10)
    await pane.tick()
    assert len(pane.rows) == 60
    assert "▶ follow" in pane.title
    assert pane.screen.tail.model.cursor == 59
    await pane.press("p")
    pane.add(*KINDS)
    await pane.tick()
    assert len(pane.rows) == 60
    assert "‖ 6 newer" in pane.title
    await pane.press("G")
    await pane.tick()
    assert len(pane.rows) == 66
    assert "▶ follow" in pane.title


async def test_moving_up_stands_still_and_no_row_is_pulled_away(pane: Pane) -> None:
    store = pane.app.session.store.flows
    pane.add(*KINDS * 100)
    await pane.tick()
    await pane.press("k", "k")
    selected = pane.screen.selected_row
    for _ in range(3):
        pane.add(*KINDS * (store.capacity // 6))
        await pane.tick()
    assert pane.screen.selected_row is selected
    assert len(pane.rows) == 600
    assert store.counts.evicted > store.capacity
    await pane.press("space")
    for _ in range(12):
        await pane.tick()
    assert len(pane.rows) == store.capacity
    assert pane.screen.tail.following


async def test_what_is_counted(pane: Pane) -> None:
    store = pane.app.session.store.flows
    pane.add(*KINDS)
    store.add(Lost(None, "HUBBLE_RING_BUFFER", 12), pane.clock.now)
    store.add(NodeStatus(None, "NODE_UNAVAILABLE", ("default/loft",), "connection refused"), pane.clock.now)
    await pane.tick()
    await pane.tick()
    assert "received 6" in pane.title
    assert "lost at the server 12" in pane.title
    assert "loft not reporting: connection refused" in pane.note


async def test_noise_pair_namespace_and_drops(pane: Pane) -> None:
    pane.add(*KINDS)
    await pane.tick()
    await pane.press("D")
    assert [one.destination.port for one in pane.rows] == [5432, 5432, 51000, 443]
    assert "without DNS" in pane.note
    await pane.press("D", "O")
    assert len(pane.rows) == 5
    await pane.press("O", "home", "f")
    assert pane.rows == [KINDS[0], KINDS[1]]
    assert "db/postgres ⇄ media/jellyfin" in pane.title
    await pane.press("f", "ctrl+z")
    assert pane.rows == [KINDS[1]]
    await pane.press("ctrl+z")
    pane.app.set_namespace("kube-system")
    await pane.tick()
    assert len(pane.rows) == 2
    await pane.press("0")
    await pane.tick()
    assert len(pane.rows) == 6
    pane.add(drop())
    await pane.press("G")
    await pane.tick()
    assert len(pane.rows) == 7


async def test_the_filter_line(pane: Pane) -> None:
    pane.add(*KINDS)
    await pane.tick()
    await pane.press("slash", *"verdict", "space", *"dro", "tab")
    assert pane.screen.query_one("#filter").text == "verdict dropped"
    await pane.press("enter")
    assert pane.rows == [KINDS[1]]
    pane.add(flow(), drop(JELLYFIN, COREDNS))
    await pane.tick()
    assert len(pane.rows) == 2
    await pane.press("slash", "space", *"port", "space", *"x")
    assert "not a port" in pane.words()
    await pane.press("backspace", *"53", "enter")
    assert len(pane.rows) == 1
    await pane.press("v")
    assert pane.screen.view == "edges"
    await pane.tick()
    assert [row.edge.destination.text for row in (pane.screen.panel_here.model.item_at(0),)] == ["kube-system/coredns"]
    await pane.press("escape")
    await pane.tick()
    assert len(pane.screen.panel_here.model) == 5


async def test_a_filter_that_leaves_little_goes_on_following(pane: Pane) -> None:
    pane.add(*KINDS * 100)
    await pane.tick()
    await pane.press("slash", *"5432", "enter")
    await pane.pilot.pause(0.1)
    assert pane.screen.tail.following
    await pane.press("slash", "escape", "escape")
    await pane.pilot.pause(0.1)
    assert pane.screen.tail.following
    pane.screen.tail.scroll_to(y=100, animate=False, force=True)
    await pane.pilot.pause()
    assert not pane.screen.tail.following


async def test_views_and_sorting(pane: Pane) -> None:
    pane.add(*KINDS, *[drop()] * 5)
    await pane.tick()
    seen = []
    for _ in range(4):
        await pane.press("v")
        await pane.tick()
        seen.append((pane.screen.view, len(pane.screen.panel_here.model)))
    assert seen == [("edges", 5), ("talkers", 6), ("drops", 1), ("lines", 11)]
    await pane.press("v", "S")
    await pane.tick()
    first = pane.screen.panel_here.model.item_at(0)
    assert first.edge.source.text == "host"
    await pane.press("enter")
    assert "host reaches kube-system/coredns on 53." in pane.words()
    await pane.press("escape", "p")
    assert pane.screen.view == "edges"


async def test_explained(pane: Pane) -> None:
    pane.add(flow(), drop())
    await pane.tick()
    await pane.press("enter")
    await pane.pilot.pause(0.3)
    said = pane.words()
    assert "media/jellyfin may not reach" in said
    assert "No rule allows it" in said
    assert not pane.screen.tail.following
    pane.add(*KINDS)
    await pane.tick()
    assert pane.screen.selected_row == drop()
    await pane.press("escape", "escape")
    await pane.tick()
    assert pane.screen.tail.following


async def test_taking_a_flow_along(pane: Pane) -> None:
    pane.add(flow())
    await pane.tick()
    await pane.press("y")
    assert '"workload": "Deployment/jellyfin"' in pane.app.screen.whole_text()
    await pane.press("escape")
    await pane.press("c")
    assert "media/jellyfin-7d-x:51000" in pane.app.clipboard
    await pane.press("F")
    assert "from-pod VALUE" in pane.app.screen.whole_text()
    await pane.press("escape", "g")
    await pane.pilot.pause(0.6)
    assert "related to the flow" in pane.words()


async def test_the_view_and_the_noise_are_remembered(pane: Pane) -> None:
    pane.add(*KINDS)
    await pane.tick()
    await pane.press("D", "v")
    state = pane.app.view.of("flows")
    assert (state.view, state.hidden) == ("edges", ("dns",))
    pane.screen.forget()
    state.view, state.hidden = "drops", ("dns", "nonsense")
    pane.screen.restore()
    await pane.tick()
    assert pane.screen.view == "drops"
    assert state.hidden == ("dns",)


async def test_another_cluster_leaves_nothing(pane: Pane) -> None:
    pane.add(*KINDS)
    await pane.tick()
    await pane.press("f", "v")
    pane.app.session.store.flows.clear()
    pane.screen.forget()
    assert pane.rows == []
    assert pane.screen.view == "lines"
    assert "⇄" not in pane.title


async def test_hostile_names_are_drawn_as_words(pane: Pane) -> None:
    evil = "[red]x[/]\x1b[2J\x1b]52;c;aGk=\x07\u202e" + "z" * 100_000
    peer = Peer(evil, evil, f"Deployment/{evil}", 4711, evil, 1, (evil,))
    outside = Peer(identity=2, ip=evil, names=(evil,))
    pane.add(
        flow(peer, outside, node=evil, summary=evil),
        drop(outside, peer, reason=evil, sub=0),
        flow(outside, peer, l7=L7("http", "REQUEST", method=evil, url=evil)),
    )
    await pane.tick()
    for _ in range(4):
        await pane.press("enter")
        await pane.pilot.pause(0.1)
        assert "\x1b" not in pane.words()
        assert "\u202e" not in pane.words()
        await pane.press("escape", "f", "f", "c", "v")
        await pane.tick()
    assert "[red]x" in pane.words()


@pytest.mark.parametrize("pane", [(80, 24), (200, 60), (60, 14)], indirect=True)
async def test_every_size(pane: Pane) -> None:
    pane.add(*KINDS * 20)
    await pane.tick()
    for _ in range(4):
        await pane.press("v", "enter")
        await pane.tick()
        await pane.press("escape")
    assert "postgres" in pane.words()


async def test_busy_streams_are_drawn_twice_a_second(pane: Pane, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("pointsman.tui.screens.flowstail.monotonic", lambda: now)
    store, tail = pane.app.session.store.flows, pane.screen.tail
    drawn = 0
    for _ in range(100):
        now += 0.1
        pane.clock.now += 0.1
        pane.add(*KINDS * 80)
        drawn += tail.take(store)
    assert 16 <= drawn <= 22
    assert tail.model.counters.rows_formatted <= 40 * (drawn + 1)
    assert tail.model.total == store.capacity
    monkeypatch.setattr(tail, "_drawn", 0.0)
    assert POSTGRES in (
        tail.model.item_at(0).destination,
        tail.model.item_at(1).destination,
        tail.model.item_at(2).destination,
    )


async def test_nothing_says_why_and_what_would_help() -> None:
    app = make_app("classic", clock=Clock())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        app.open_pane("flows")
        await pilot.pause(0.2)
        said = "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())
        assert "There is no Hubble on this stack" in said
        assert "nothing tells of traffic here" in said
