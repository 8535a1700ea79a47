"""What the list costs at 100,000 rows: figures to read, gates on counted work only."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from widgetbench import Bench

from pointsman.widgets.cells import Cell, Column
from pointsman.widgets.grid import Grid
from pointsman.widgets.gridmodel import GridModel
from pointsman.widgets.tailmodel import TailModel

ROWS = 100_000
SIZE = (120, 40)


@dataclass(frozen=True)
class Pod:
    name: str
    namespace: str
    node: str
    restarts: int
    phase: str


def pods(count: int = ROWS) -> list[Pod]:
    return [
        Pod(f"pod-{(number * 7919) % count:06}", f"ns-{number % 40}", f"node-{number % 9}", number % 17, "Running")
        for number in range(count)
    ]


def columns() -> list[Column[Pod]]:
    return [
        Column(
            "namespace", "namespace", lambda pod: Cell(pod.namespace, "dim"), value=lambda pod: pod.namespace, width=10
        ),
        Column("name", "name", lambda pod: pod.name, value=lambda pod: pod.name, flex=1),
        Column("node", "node", lambda pod: pod.node, value=lambda pod: pod.node),
        Column("phase", "phase", lambda pod: Cell.join(("●", "ok"), f" {pod.phase}"), value=lambda pod: pod.phase),
        Column("restarts", "restarts", lambda pod: str(pod.restarts), value=lambda pod: pod.restarts, align="right"),
    ]


def key(pod: Pod) -> str:
    return pod.name


def taken(what: str, work: Callable[[], object]) -> float:
    """CPU milliseconds of some work, printed."""
    start = time.process_time()
    work()
    spent = (time.process_time() - start) * 1000
    print(f"  {what:<44} {spent:9.1f} ms CPU")
    return spent


@pytest.mark.bench
def test_model_at_100k_rows() -> None:
    model = GridModel(columns())
    rows = pods()
    print(f"\ngrid model, {ROWS:,} rows")
    taken("first items", lambda: model.set_items(rows, key))
    taken("the same items in a new list", lambda: model.set_items([*rows], key))
    changed = [*rows]
    changed[500] = replace(changed[500], restarts=99)
    taken("one row changed", lambda: model.set_items(changed, key))
    taken("sort by name", lambda: model.sort_by("name"))
    taken("sort by restarts, down", lambda: model.sort_by("restarts", reverse=True))
    taken("first key of a filter (all rows searched)", lambda: model.set_filter("p"))
    taken("second key (narrows)", lambda: model.set_filter("po"))
    taken("ns-3 node-4 (new words)", lambda: model.set_filter("ns-3 node-4"))
    taken("filter off", lambda: model.set_filter(""))
    model.move_to(50_000)
    taken("one row changed while sorted, cursor inside", lambda: model.set_items([*rows], key))
    assert model.counters.rows_formatted == 0
    assert model.counters.rows_searched <= ROWS + 2


@pytest.mark.bench
def test_tail_at_100k_rows() -> None:
    tail: TailModel[Pod] = TailModel(columns(), ROWS)
    rows = pods(ROWS)
    print(f"\ntail model, {ROWS:,} rows kept")
    taken("fill", lambda: tail.append(rows))
    taken("10 batches of 500 beyond the bound", lambda: [tail.append(rows[:500]) for _ in range(10)])
    taken("filter", lambda: tail.set_filter("ns-3 node-4"))
    taken("10 batches of 500 with the filter on", lambda: [tail.append(rows[:500]) for _ in range(10)])
    assert tail.counters.rows_formatted == 0


@pytest.mark.bench
async def test_frames_at_100k_rows() -> None:
    grid: Grid[Pod] = Grid(GridModel(columns()))
    app = Bench(grid)
    page = SIZE[1] - 1
    async with app.run_test(size=SIZE) as pilot:
        rows = pods()
        grid.set_items(rows, key)
        await pilot.pause()
        grid.focus()
        print(f"\ngrid on screen, {ROWS:,} rows, {SIZE[0]}x{SIZE[1]}")
        frames = 50
        for what, step in (("cursor down", grid.action_cursor_down), ("page down", grid.action_page_down)):
            before = grid.model.counters.rows_formatted
            start = time.process_time()
            for _ in range(frames):
                step()
                await pilot.pause()
            spent = (time.process_time() - start) * 1000 / frames
            formatted = grid.model.counters.rows_formatted - before
            print(f"  {what:<44} {spent:9.2f} ms CPU a frame, {formatted} rows formatted")
            assert formatted <= page * frames
        assert grid.model.counters.rows_formatted <= page * (2 * frames + 2)


@pytest.mark.bench
async def test_frames_of_a_followed_stream() -> None:
    tail: TailModel[Pod] = TailModel(columns(), ROWS)
    rows = pods()
    tail.append(rows)
    grid: Grid[Pod] = Grid(tail)
    app = Bench(grid)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        print(f"\nfollowed stream, {ROWS:,} rows kept")
        for rate in (100, 500, 2000):
            before = tail.counters.rows_formatted
            start = time.process_time()
            for _ in range(30):
                tail.append(rows[:rate])
                grid.changed()
                await pilot.pause()
            spent = (time.process_time() - start) * 1000 / 30
            formatted = tail.counters.rows_formatted - before
            print(f"  {rate:>5} rows a frame {'':<26} {spent:9.2f} ms CPU a frame, {formatted} rows formatted")
            assert formatted <= 30 * (SIZE[1] - 1)
