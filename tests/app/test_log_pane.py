"""The Log pane and what the app does by itself, on the demo's API server: writes, undo, timers, lost answers."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from appkit import make_app
from demohome import Demo, demo_homelab
from textual.pilot import Pilot

from pointsman.tui.actions.desk import Desk, identity
from pointsman.tui.actions.toggle import OFF_OPERATION
from pointsman.tui.answers.policies.toggles import OFF_BY, OFF_UNTIL, is_off
from pointsman.tui.answers.ref import Ref
from pointsman.tui.config import Config
from pointsman.tui.disk.journal import Entry, Journal, State
from pointsman.tui.model.kinds import NETWORKPOLICIES
from pointsman.tui.model.times import rfc3339
from pointsman.tui.options import Options
from pointsman.tui.screens.lines import LineWidget
from pointsman.tui.screens.modals.confirm import ConfirmScreen
from pointsman.tui.screens.panel import Panel

VALKEY = Ref(NETWORKPOLICIES.id, "media", "immich-valkey")


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE_HOME", "CONFIG_HOME", "RUNTIME_DIR"):
        monkeypatch.setenv(f"XDG_{name}", str(tmp_path / name))
    monkeypatch.setenv("TZ", "UTC")


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    with demo_homelab(tmp_path, "classic") as found:
        yield found


@asynccontextmanager
async def running(demo: Demo, **options: Any) -> AsyncIterator[Pilot[Any]]:
    from pointsman.tui.app.program import Pointsman

    app = Pointsman(Options(kubeconfig=str(demo.kubeconfig), **options), Config())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: policy(app) is not None and app.writer.desk() is not None)
        yield pilot


async def until(pilot: Pilot[Any], what: Callable[[], bool], seconds: float = 25.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, (said(pilot.app), footer(pilot.app))
        await pilot.pause(0.1)


def policy(app: Any) -> Any:
    return app.snapshot().get(NETWORKPOLICIES, *VALKEY.key)


def said(app: Any) -> list[str]:
    return [item.message for item in app._notifications]


def footer(app: Any) -> str:
    return "".join(widget.plain for widget in app.screen.query("#foot > LineWidget").results(LineWidget))


def rows(app: Any) -> list[str]:
    model = app.screen.query_one("#log", Panel).model
    return [" ".join(cell.plain for cell in model.cells_at(index)) for index in range(len(model))]


def writes(app: Any) -> list[str]:
    return [row for row in rows(app) if " write " in row]


async def agree(pilot: Pilot[Any]) -> None:
    """Say yes to the dialog, with the name where it is asked for."""
    app = pilot.app
    await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and app.screen.seen)
    dialog = app.screen
    assert isinstance(dialog, ConfirmScreen)
    if dialog.plan.grave:
        dialog.query_one("#confirm-name").focus()
        await pilot.press(*("minus" if char == "-" else char for char in VALKEY.name), "enter")
    else:
        await pilot.press("y")
    await until(pilot, lambda: app.screen is not dialog)


async def off(app: Any, seconds: float, *, guard: bool = False) -> str:
    desk = app.writer.desk()
    result, _ = await desk.execute(desk.started(await desk.plan_off(VALKEY, seconds)), guard=guard)
    assert result.exit_code == 0, result
    return str(result.op)


async def test_z_takes_back_the_selected_write_and_the_footer_counts_down(demo: Demo) -> None:
    async with running(demo) as pilot:
        app = pilot.app
        before = policy(app).body.spec
        op = await off(app, 600)
        await until(pilot, lambda: "policy off media/immich-valkey 9:5" in footer(app))
        for key in "2345678":  # in every pane
            await pilot.press(key)
            await until(pilot, lambda: "policy off media/immich-valkey 9:" in footer(app))
        await until(pilot, lambda: len(writes(app)) == 1)
        (row,) = writes(app)
        assert "media/immich-valkey switch off for 10 minutes done" in " ".join(row.split())
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.drawer.is_open)
        told = app.screen.tell(app.screen.selected_row, app.snapshot())
        lines = [getattr(line, "plain", line) for line in told.facts]
        assert "+       pointsman.dev/switched-off: 'true'" in lines
        await pilot.press("z")
        await agree(pilot)
        await until(pilot, lambda: not is_off(policy(app)))
        assert policy(app).body.spec == before
        await until(pilot, lambda: len(writes(app)) == 2 and any("undone by" in row for row in writes(app)))
        await until(pilot, lambda: "policy off" not in footer(app))
        app.screen.query_one("#log", Panel).select(f"write {op}")
        await pilot.press("z")
        await until(pilot, lambda: any("undone already" in text for text in said(app)))
        assert not isinstance(app.screen, ConfirmScreen)


async def test_z_elsewhere_takes_back_the_last_write_that_stands(demo: Demo) -> None:
    async with running(demo) as pilot:
        app = pilot.app
        await pilot.press("z")
        await until(pilot, lambda: any("nothing to undo" in text for text in said(app)))
        op = await off(app, 600)
        await pilot.press("4", "z")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert op in app.screen.plan.title
        await agree(pilot)
        await until(pilot, lambda: not is_off(policy(app)))
        assert app.writer.last() is None  # taking back is not itself the next to be taken back


async def test_the_app_switches_on_when_the_time_is_over_and_no_guard_did(demo: Demo) -> None:
    async with running(demo) as pilot:
        app = pilot.app
        await off(app, 3, guard=False)
        await until(pilot, lambda: is_off(policy(app)))
        await until(pilot, lambda: not is_off(policy(app)))
        await until(pilot, lambda: any("is on again: its time was over" in text for text in said(app)))
        assert OFF_UNTIL not in policy(app).meta.annotations


async def test_a_read_only_app_leaves_it_and_says_so(demo: Demo) -> None:
    async with running(demo) as pilot:
        await off(pilot.app, 2, guard=False)
    async with running(demo, read_only=True) as pilot:
        app = pilot.app
        await until(pilot, lambda: "overdue" in footer(app))
        assert "switches on" not in footer(app)
        await pilot.pause(3.0)
        assert is_off(policy(app))
        app.run_command("revert")
        await until(pilot, lambda: any("read-only" in text for text in said(app)))


async def test_an_overdue_toggle_of_another_machine_is_offered_not_done(demo: Demo, tmp_path: Path) -> None:
    async with running(demo) as pilot:
        await off(pilot.app, 1, guard=False)
        op = policy(pilot.app).meta.annotations.get(OFF_OPERATION)
    for path in (tmp_path / "STATE_HOME").rglob("*.jsonl"):
        path.unlink()  # this machine knows nothing of it
    demo.kubectl(
        "annotate", "networkpolicy", "-n", "media", "immich-valkey", "--overwrite", f"{OFF_BY}=ann@other",
        f"{OFF_UNTIL}={rfc3339(time.time() - 240)}",
    )  # fmt: skip
    async with running(demo) as pilot:
        app = pilot.app
        await until(pilot, lambda: "overdue 4:0" in footer(app) and "R switches on" in footer(app))
        await until(pilot, lambda: any("switched off by ann@other" in text for text in said(app)))
        assert is_off(policy(app)), op
        await pilot.press("R")
        await agree(pilot)
        await until(pilot, lambda: not is_off(policy(app)))
        await until(pilot, lambda: "overdue" not in footer(app))


async def test_writes_without_an_outcome_are_read_back_at_the_start(demo: Demo) -> None:
    """One that landed and one that did not: their programs died before they could say so."""
    async with running(demo) as pilot:
        app = pilot.app
        desk: Desk = app.writer.desk()
        landed = await off(app, 600)
        path = desk.journal.path
        kept = [line for line in path.read_bytes().splitlines(keepends=True) if b'"event":"intent"' in line]
        path.write_bytes(b"".join(kept))
        live = policy(app).doc()
        lost = Entry(
            op="10570000", event="intent", actor="ann@desk pid 1", action="policy-on", title="switch on it", verb="update",
            kind=VALKEY.kind, version="v1", namespace=VALKEY.namespace, name=VALKEY.name, before=live,
            after={**live, "spec": {**live["spec"], "policyTypes": ["Egress"]}},
        )  # fmt: skip
        Journal(identity(app.snapshot().cluster)).append(lost)
        await until(pilot, lambda: policy(app).meta.resource_version == live["metadata"]["resourceVersion"])
    async with running(demo) as pilot:
        app = pilot.app
        await until(pilot, lambda: len([text for text in said(app) if text.startswith("Earlier write")]) == 2)
        reading = app.writer.desk().writes()
        assert {write.op: write.state for write in reading.writes} == {landed: State.DONE, "10570000": State.FAILED}
        await pilot.press("8")
        await until(pilot, lambda: len(writes(app)) == 2)
        assert any("not written" in row for row in writes(app))


async def test_a_dialog_does_not_survive_its_context_and_the_next_one_opens(demo: Demo) -> None:
    async with running(demo) as pilot:
        app = pilot.app
        await off(app, 600)
        await pilot.press("z")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        app.switch_context(app.snapshot().cluster.context)
        await until(pilot, lambda: not isinstance(app.screen, ConfirmScreen) and not app._switching)
        await until(pilot, lambda: policy(app) is not None and app.writer.desk() is not None)
        await until(pilot, lambda: "policy off" in footer(app))
        await pilot.press("z")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))


async def test_without_a_journal_the_clusters_own_news_are_listed() -> None:
    app = make_app("classic")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.pause(0.2)
        await pilot.press("8")
        await until(pilot, lambda: bool(rows(app)))
        assert writes(app) == []
        app.screen.query_one("#log", Panel).focus()
        await pilot.press("z")
        await until(pilot, lambda: any("Only what this program wrote" in text for text in said(app)))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.drawer.is_open)
