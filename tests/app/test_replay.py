"""`replay FILE` in the app: the Flows pane on recorded flows, marked as such, with nothing concluded about a cluster."""

from __future__ import annotations

import gzip
import stat
import threading
from pathlib import Path

from flowbytes import answer, fields, flow

from pointsman.tui.answers.flows.document import flow_line
from pointsman.tui.answers.flows.jsonpb import jsonpb
from pointsman.tui.app.program import Pointsman
from pointsman.tui.config import Config
from pointsman.tui.disk.tape import Tape, create
from pointsman.tui.model.flows import Flow
from pointsman.tui.options import Options
from pointsman.tui.store.flows import FlowStore
from pointsman.tui.wire import hubble
from pointsman.tui.wire.hubbleflow import decode


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


async def test_flows_are_recorded_while_asked_for(tmp_path: Path, own_home: Path) -> None:
    from appkit import make_app

    app = make_app("cilium")
    target = tmp_path / "evening.json.gz"
    event = decode(answer(flow(_15=fields(_1=1, _101=fields(_2="GET", _3="http://x/?token=abcdef")))))
    assert isinstance(event, Flow)
    async with app.run_test(size=(120, 40)) as pilot:
        app.session.store.flows.add_flows([event], 1.0)
        app.run_command("record", str(target))
        app.session.store.flows.add_flows([event, event], 2.0)
        await pilot.pause(0.3)
        assert "recording ●" in screen_text(app)
        app.run_command("record", str(tmp_path / "other.json"))
        await pilot.pause(0.2)
        assert "recording" not in screen_text(app).splitlines()[0]
        app.run_command("record", str(target))
        await pilot.pause(0.2)
        assert any("replaces no file" in note.message for note in app._notifications)
        app.run_command("record", "/dev/full/x")
        await pilot.pause(0.1)
    lines = gzip.decompress(target.read_bytes()).splitlines()
    assert len(lines) == 2, "what came before it is not in it"
    assert b"abcdef" not in target.read_bytes() + lines[0]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert not (tmp_path / "other.json").exists()


def test_a_disk_that_fills_up_ends_the_recording() -> None:
    store = FlowStore()
    event = decode(answer(flow()))
    assert isinstance(event, Flow)
    tape = Tape.__new__(Tape)
    tape.path, tape.count, tape.missed, tape.problem = Path("/dev/full"), 0, 0, ""
    tape._pull, tape._next, tape._line, tape._ended = store.after, 0, flow_line, threading.Event()
    tape._file = create(Path("/dev/full"), replace=True)
    store.add_flows([event], 1.0)
    tape._ended.set()
    tape._run()
    assert "No space left" in tape.problem
