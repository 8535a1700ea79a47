"""The store: immutable pictures, versions that mean one thing, history of announcers."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import PODS, SERVICES
from pointsman.tui.model.meta import Obj
from pointsman.tui.store.history import KEPT, History, Observation
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot, State
from pointsman.tui.store.store import Store


def pod(name: str, version: str = "1", **spec: Any) -> Obj[Any]:
    return from_doc({"metadata": {"name": name, "namespace": "n", "resourceVersion": version}, "spec": spec}, PODS)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_snapshot_never_changes() -> None:
    store = Store()
    store.replace(PODS, [pod("a")])
    before = store.snapshot()
    store.change(PODS, [pod("b")], [("n", "a")])
    assert [obj.name for obj in before.all(PODS)] == ["a"]
    assert [obj.name for obj in store.snapshot().all(PODS)] == ["b"]


def test_the_version_grows_only_with_a_change() -> None:
    store = Store()
    store.set_kind_link(PODS, State.LIVE)
    store.replace(PODS, [pod("a")])
    version = store.version
    store.replace(PODS, [pod("a")])
    store.change(PODS, [], [])
    store.set_kind_link(PODS, State.LIVE)
    store.set_link("kube", State.CONNECTING)
    assert store.version > version  # a new source is a change
    version = store.version
    store.set_link("kube", State.CONNECTING)
    assert store.version == version


def test_a_relist_keeps_the_objects_that_did_not_change() -> None:
    store = Store()
    store.replace(PODS, [pod("a"), pod("b")])
    first = store.snapshot().get(PODS, "n", "a")
    store.replace(PODS, [pod("a"), pod("b", "2", nodeName="x")])
    assert store.snapshot().get(PODS, "n", "a") is first
    assert store.snapshot().get(PODS, "n", "b") is not None


def test_links_tell_since_when_and_when_last_well() -> None:
    clock = Clock()
    store = Store(clock)
    store.set_link("kube", State.LIVE)
    clock.now = 1010.0
    store.set_link("kube", State.LIVE)
    clock.now = 1020.0
    store.set_link("kube", State.STALE, "the line is cut")
    link = store.snapshot().links["kube"]
    assert (link.state, link.since, link.last_ok, link.detail) == (State.STALE, 1020.0, 1010.0, "the line is cut")


def test_an_absent_kind_forgets_its_objects() -> None:
    store = Store()
    store.replace(PODS, [pod("a")])
    store.set_kind_link(PODS, State.ABSENT)
    snapshot = store.snapshot()
    assert snapshot.count(PODS) == 0
    assert snapshot.known(PODS)
    assert not snapshot.known(SERVICES)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), max_size=30), st.integers(1, 5))
def test_any_split_into_batches_gives_the_same_objects(events: list[tuple[str, bool]], size: int) -> None:
    whole: dict[str, int] = {}
    store = Store()
    for start in range(0, len(events), size):
        batch: dict[str, bool] = {}
        for index, (name, keep) in enumerate(events[start : start + size], start):
            batch.pop(name, None)
            batch[name] = keep
            if keep:
                whole[name] = index
            else:
                whole.pop(name, None)
        store.change(
            PODS, [pod(n) for n, keep in batch.items() if keep], [("n", n) for n, keep in batch.items() if not keep]
        )
    assert {obj.name for obj in store.snapshot().all(PODS)} == set(whole)


def test_an_answer_is_computed_once_for_one_version() -> None:
    calls: list[int] = []

    @memoized(PODS)
    def names(snapshot: Snapshot) -> tuple[str, ...]:
        calls.append(1)
        return tuple(sorted(obj.name for obj in snapshot.all(PODS)))

    store = Store()
    store.replace(PODS, [pod("a")])
    assert names(store.snapshot()) == names(store.snapshot()) == ("a",)
    store.replace(SERVICES, [])
    store.change(SERVICES, [])
    assert names(store.snapshot()) == ("a",)
    assert len(calls) == 1
    store.change(PODS, [pod("b")])
    assert names(store.snapshot()) == ("a", "b")
    other = Store()
    other.replace(PODS, [pod("z")])
    assert names(other.snapshot()) == ("z",)
    assert names(Snapshot()) == ()


def seen(node: str, at: float) -> Observation:
    return Observation("192.168.7.104", node, "lease", at)


def test_moves_are_changes_of_node_and_a_gap_is_none() -> None:
    history = History().observed(
        [seen("shed", 0), seen("shed", 5), seen("", 10), seen("shed", 12), seen("loft", 20), seen("shed", 30)]
    )
    assert history.moves("192.168.7.104", since=-1) == 2
    assert history.moves("192.168.7.104", since=20) == 1
    assert history.moves("192.168.7.9", since=0) == 0
    last = history.last("192.168.7.104")
    assert last is not None
    assert last.at == 30


def test_history_is_bounded_and_shared() -> None:
    history = History()
    for at in range(KEPT + 50):
        history = history.observed([seen("ab"[at % 2], at)])
    assert len(history.by_ip["192.168.7.104"]) == KEPT
    assert history.observed([seen("ab"[(KEPT + 49) % 2], 1e6)]) is history
    store = Store()
    assert store.observe([seen("a", 1)])
    assert not store.observe([seen("a", 2)])
