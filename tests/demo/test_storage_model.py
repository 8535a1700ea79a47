"""Any sequence of writes, against a plain dictionary: what is listed, what watchers saw, what versions did."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pointsman.tui.demo.kube.errors import ApiError
from pointsman.tui.demo.kube.events import Watch
from pointsman.tui.demo.kube.objects import clone
from pointsman.tui.demo.kube.storage import Storage

Object = dict[str, Any]
NAMES = st.sampled_from(["a", "b", "c"])
SPACES = st.sampled_from(["one", "two"])
DATA = st.dictionaries(st.sampled_from(["x", "y"]), st.sampled_from(["1", "2"]), max_size=2)


class Model(RuleBasedStateMachine):
    """`plain` holds the data of what should be there, `held` what waits for its finalizer."""

    @initialize()
    def begin(self) -> None:
        self.storage = Storage(now=lambda: datetime(2026, 1, 1, tzinfo=UTC), seed=1)
        spaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in ("one", "two")]
        self.storage.seed(spaces)
        self.plain: dict[tuple[str, str], Object] = {}
        self.held: set[tuple[str, str]] = set()
        self.finalized: set[tuple[str, str]] = set()
        self.watches: list[tuple[Watch, dict[tuple[str, str], Object]]] = []
        self.last = self.storage.version
        self.watch_from_now()

    @rule()
    def watch_from_now(self) -> None:
        seen = {(o["metadata"]["namespace"], o["metadata"]["name"]): o for o in self.storage.list("configmaps")}
        self.watches.append((self.storage.watch("configmaps", self.storage.version), seen))

    @rule(space=SPACES, name=NAMES, data=DATA, held=st.booleans())
    def create(self, space: str, name: str, data: Object, held: bool) -> None:
        meta: Object = {"name": name, "namespace": space}
        if held:
            meta["finalizers"] = ["lab.example/hold"]
        obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": dict(data)}
        if (space, name) in self.plain:
            with pytest.raises(ApiError, match="already exists"):
                self.storage.create(obj, manager="test")
            return
        self.storage.create(obj, manager="test")
        self.plain[space, name] = data
        if held:
            self.finalized.add((space, name))

    @rule(space=SPACES, name=NAMES, data=DATA)
    def change(self, space: str, name: str, data: Object) -> None:
        if (space, name) not in self.plain:
            return
        before = self.storage.version
        self.storage.modify("configmaps", space, name, lambda obj: obj.update(data=dict(data)), manager="test")
        assert (self.storage.version > before) == (self.plain[space, name] != data)
        self.plain[space, name] = data

    @rule(space=SPACES, name=NAMES, data=DATA)
    def change_with_an_old_version(self, space: str, name: str, data: Object) -> None:
        if (space, name) not in self.plain:
            return
        obj = clone(self.storage.get("configmaps", space, name))
        obj["metadata"]["resourceVersion"] = str(int(obj["metadata"]["resourceVersion"]) - 1)
        obj["data"] = dict(data)
        with pytest.raises(ApiError, match="the object has been modified"):
            self.storage.update(obj)

    @rule(space=SPACES, name=NAMES)
    def delete(self, space: str, name: str) -> None:
        if (space, name) not in self.plain:
            return
        _, gone = self.storage.delete("configmaps", space, name)
        assert gone == ((space, name) not in self.finalized)
        if gone:
            del self.plain[space, name]
        else:
            self.held.add((space, name))

    @rule(space=SPACES, name=NAMES)
    def release(self, space: str, name: str) -> None:
        if (space, name) not in self.finalized:
            return
        self.storage.modify("configmaps", space, name, lambda obj: obj["metadata"].pop("finalizers"))
        self.finalized.discard((space, name))
        if (space, name) in self.held:
            self.held.discard((space, name))
            del self.plain[space, name]

    @rule()
    def compact(self) -> None:
        self.storage.compact()
        with pytest.raises(ApiError, match="too old resource version"):
            self.storage.watch("configmaps", self.storage.version - 1)

    @invariant()
    def the_list_is_the_model(self) -> None:
        if not hasattr(self, "plain"):
            return
        found = {
            (o["metadata"]["namespace"], o["metadata"]["name"]): o.get("data", {})
            for o in self.storage.list("configmaps")
        }
        assert found == self.plain
        for place in self.held:
            assert self.storage.get("configmaps", *place)["metadata"]["deletionTimestamp"]

    @invariant()
    def watchers_see_the_same(self) -> None:
        if not hasattr(self, "watches"):
            return
        for watch, seen in self.watches:
            for event in watch.take():
                place = event.object["metadata"]["namespace"], event.object["metadata"]["name"]
                assert (event.type == "ADDED") == (place not in seen)
                if event.type == "DELETED":
                    del seen[place]
                else:
                    seen[place] = event.object
            listed = {(o["metadata"]["namespace"], o["metadata"]["name"]): o for o in self.storage.list("configmaps")}
            assert seen == listed

    @invariant()
    def versions_only_grow(self) -> None:
        if not hasattr(self, "last"):
            return
        assert self.storage.version >= self.last
        self.last = self.storage.version
        versions = [int(o["metadata"]["resourceVersion"]) for o in self.storage.list("configmaps")]
        assert len(set(versions)) == len(versions)
        assert all(version <= self.last for version in versions)


Model.TestCase.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestStorageModel = Model.TestCase
