"""Reading a cluster as it grows: ten times the pods may cost twelve times the work. ``make bench`` prints the figures."""

from __future__ import annotations

import gc
import json
import statistics
import time
import tracemalloc

import pytest

from pointsman.tui.model.decode import decode_items, decode_line, split_page
from pointsman.tui.model.kinds import PODS
from pointsman.tui.store.memory import expect_many_objects
from pointsman.tui.store.store import Store

pytestmark = pytest.mark.bench
PAGE = 500
Pages = list[bytes]


def pages_of(count: int) -> Pages:
    """Lists of pods of 10 KB, as an API server gives them."""
    env = [{"name": f"SETTING_{n}", "value": f"value {n} of the container"} for n in range(60)]
    fields = {"f:spec": {"f:containers": {f"f:{n}": {"f:env": {}, "f:image": {}} for n in range(120)}}}
    found = []
    for start in range(0, count, PAGE):
        items = [
            {
                "metadata": {
                    "name": f"pod-{n}",
                    "namespace": f"ns-{n % 10}",
                    "resourceVersion": str(n),
                    "labels": {"app": f"app-{n % 40}"},
                    "managedFields": [{"manager": "kubelet", "operation": "Update", "fieldsV1": fields}],
                },
                "spec": {"nodeName": f"node-{n % 3}", "containers": [{"name": "main", "image": "app:1", "env": env}]},
                "status": {
                    "phase": "Running",
                    "podIP": "10.42.0.7",
                    "conditions": [{"type": "Ready", "status": "True"}],
                },
            }
            for n in range(start, min(start + PAGE, count))
        ]
        page = {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "9"}, "items": items}
        found.append(json.dumps(page, separators=(",", ":")).encode())
    return found


def read(pages: Pages) -> Store:
    store = Store()
    objects = [obj for page in pages for obj in decode_items(split_page(page, PODS).items, PODS, "v1")]
    store.replace(PODS, objects)
    return store


def test_reading_grows_linearly() -> None:
    expect_many_objects()  # as every opened source does
    seconds: dict[int, float] = {}
    memory: dict[int, int] = {}
    for count in (1000, 3000, 10_000):
        pages = pages_of(count)
        runs = []
        for _ in range(3):
            gc.collect()
            start = time.process_time()
            store = read(pages)
            runs.append(time.process_time() - start)
        assert store.applied == count
        seconds[count] = statistics.median(runs)
        tracemalloc.start()
        store = read(pages)
        memory[count] = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        size = sum(map(len, pages)) / 2**20
        print(
            f"\n    {count:6} pods, {size:6.1f} MB of JSON: {1000 * seconds[count]:6.0f} ms CPU, "
            f"{memory[count] / 2**20:6.1f} MB kept",
            end="",
        )
    print()
    assert memory[10_000] <= 12 * memory[1000]
    # Seconds are noisy on a shared machine; the rule is 12, the gate leaves room for a neighbour.
    assert seconds[10_000] <= 14 * seconds[1000]


def test_a_watch_keeps_up() -> None:
    store = read(pages_of(1000))
    pod = next(iter(store.snapshot().all(PODS)))
    lines = []
    for number in range(2000):
        doc = {**pod.doc(), "metadata": {**pod.doc()["metadata"], "resourceVersion": str(10_000 + number)}}
        lines.append(json.dumps({"type": "MODIFIED", "object": doc}, separators=(",", ":")).encode())
    before = store.applied
    start = time.process_time()
    for line in lines:
        event = decode_line(line, PODS)
        assert event.obj is not None
        store.change(PODS, [event.obj])
    spent = time.process_time() - start
    assert store.applied - before == len(lines)
    print(f"\n    2,000 events one by one on 1,000 pods: {1e6 * spent / len(lines):.0f} us CPU an event\n")
