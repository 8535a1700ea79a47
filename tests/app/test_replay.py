"""`replay FILE` in the app: the Flows pane on recorded flows, marked as such, with nothing concluded about a cluster."""

from __future__ import annotations

from pathlib import Path

from flowbytes import answer, flow

from pointsman.tui.answers.flows.jsonpb import jsonpb
from pointsman.tui.app.program import Pointsman
from pointsman.tui.config import Config
from pointsman.tui.options import Options
from pointsman.tui.wire import hubble


def screen_text(app: Pointsman) -> str:
    """What is on screen, a line a row."""
    size = app.screen.size
    return "\n".join(
        "".join(segment.text for segment in strip).rstrip()
        for strip in app.screen._compositor.render_strips()[: size.height]
    )


async def test_it_opens_on_the_recorded_flows(tmp_path: Path, own_home: Path) -> None:
    file = tmp_path / "evening.json"
    raws = [answer(flow(_34=str(number), _2=1 + number % 2)) for number in range(40)]
    file.write_text("".join(jsonpb(hubble.GetFlowsResponse.FromString(raw)) + "\n" for raw in raws) + "nonsense\n")
    app = Pointsman(Options(replay=str(file)), Config())
    async with app.run_test(size=(120, 40)) as pilot:
        for _ in range(100):
            await pilot.pause(0.05)
            link = app.session.store.snapshot().links.get("replay")
            if link is not None and "40 flows" in link.detail:
                break
        await pilot.pause(0.3)
        said = screen_text(app)
        assert app.current_mode == "flows"
        for words in ("REPLAY", "evening.json", "2026-09-21", " RO ", "media/sonarr", "db/postgres"):
            assert words in said, words
        await pilot.press("1")
        await pilot.pause(0.3)
        said = screen_text(app)
        assert "unknown" in said
        assert "none" not in said.lower().replace("none of", "")
        assert app.session.read_only
        app.writer.access_log(True)
        await pilot.pause(0.2)
    assert app.crash is None
