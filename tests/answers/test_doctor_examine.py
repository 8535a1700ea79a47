"""How checks are made: each for itself, again only when what it reads has changed, consequences told as that."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import pytest
import scenarios
import worlds
from doctorcases import addresses, platform, policies, pools, routes, services, snapshot
from hostile import mutate

from pointsman.tui.answers.doctor import CHECKS, Check, diagnose
from pointsman.tui.answers.doctor.examine import FAILED, Memory, examine
from pointsman.tui.answers.doctor.follow import Follower
from pointsman.tui.answers.doctor.model import Diagnosis, Finding, Sign
from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import KINDS, LEASES, NODES, PODS, SERVICES, Kind
from pointsman.tui.store.snapshot import Link, Snapshot, State, Table

CASES = {
    id: case for module in (platform, addresses, pools, services, routes, policies) for id, case in module.CASES.items()
}


class Watched(Snapshot):
    """A snapshot that notes which kinds were looked at."""

    seen: set[str]

    def table(self, kind: Kind[Any]) -> Table[Any]:
        self.seen.add(kind.id)
        return super().table(kind)


def watched(picture: Snapshot) -> Watched:
    made = Watched(**{field.name: getattr(picture, field.name) for field in dataclasses.fields(picture)})
    object.__setattr__(made, "seen", set())
    return made


def test_a_check_reads_only_what_it_says() -> None:
    """Or it would go on saying what is no longer so."""
    pictures = [snapshot(case.fires, **case.options) for case in CASES.values()]
    pictures += [scenarios.store_of(variant).snapshot() for variant in ("classic", "cilium", "broken")]
    unsaid: dict[str, set[str]] = {}
    for picture in pictures:
        for check in CHECKS:
            made = watched(picture)
            examine(made, [check], Memory())
            if more := made.seen - {kind.id for kind in check.reads}:
                unsaid.setdefault(check.id, set()).update(more)
    assert unsaid == {}


def look_again(picture: Snapshot, memory: Memory) -> int:
    before = memory.looks
    examine(picture, CHECKS, memory)
    return memory.looks - before


def test_a_check_is_made_again_only_when_something_it_reads_has_changed() -> None:
    memory = Memory()
    store = scenarios.store_of("broken")
    timed = sum(check.timed for check in CHECKS)
    assert look_again(store.snapshot(), memory) == len(CHECKS)
    assert look_again(store.snapshot(), memory) == timed
    lease = next(iter(store.snapshot().all(LEASES)))
    store.change(LEASES, [lease])
    reading = sum(LEASES in check.reads and not check.timed for check in CHECKS)
    assert look_again(store.snapshot(), memory) == timed + reading
    assert reading < len(CHECKS) / 5, "leases are renewed every few seconds"
    pod = next(iter(store.snapshot().all(PODS)))
    store.change(PODS, [pod])
    assert look_again(store.snapshot(), memory) == timed + sum(PODS in c.reads and not c.timed for c in CHECKS)


def test_what_traefik_says_has_routes_looked_at_again() -> None:
    memory = Memory()
    store = scenarios.store_of("classic")
    look_again(store.snapshot(), memory)
    store.set_traefik([routes.FINE])
    asked = sum(check.also is not None for check in CHECKS)
    assert look_again(store.snapshot(), memory) == asked + sum(check.timed for check in CHECKS)
    assert asked > 20


def test_what_is_kept_is_what_would_be_said() -> None:
    memory = Memory()
    store = scenarios.store_of("broken")
    examine(store.snapshot(), CHECKS, memory)
    node = scenarios.scenario("broken").get("Node", "", "loft")
    condition = next(item for item in node["status"]["conditions"] if item["type"] == "Ready")
    broken = {**node, "status": {**node["status"], "conditions": [{**condition, "status": "False"}]}}
    store.change(NODES, [from_doc(broken, NODES)])
    assert examine(store.snapshot(), CHECKS, memory) == examine(store.snapshot(), CHECKS, Memory())


def check(id: str, look: Any, **options: Any) -> Check:
    return Check(id, "something", "It matters.", "Mend it.", (SERVICES,), look, **options)


def test_a_check_that_fails_takes_no_other_with_it() -> None:
    def fails(_exam: Any) -> Any:
        yield Sign("error", None, "half a finding")
        raise KeyError("x")

    found = examine(
        worlds.make_snapshot(), [check("bad", fails), check("good", lambda _exam: [Sign("warn", None, "w")])]
    )
    assert [(item.id, item.severity) for item in found.findings] == [("good", "warn"), (FAILED, "info")]
    assert "bad" in found.findings[1].text
    assert "KeyError" in found.findings[1].text


def test_consequences_are_worth_knowing_only() -> None:
    pool, service = Ref("ipaddresspools", "m", "lan"), Ref("services", "x", "web")
    cause = check("cause", lambda _exam: [Sign("error", pool, "the pool is full", (), (service,))])
    harmless = check("cause", lambda _exam: [Sign("info", pool, "the pool is nearly full", (), (service,))])
    effect = check("effect", lambda _exam: [Sign("error", service, "it waits"), Sign("error", None, "all waits")],
                   follows=("cause",))  # fmt: skip
    found = {item.text: item for item in examine(worlds.make_snapshot(), [effect, cause]).findings}
    assert (found["it waits"].severity, found["it waits"].cause) == ("info", "cause")
    assert "follows from: the pool is full" in found["it waits"].evidence
    assert (found["all waits"].severity, found["all waits"].cause) == ("error", "")
    found = {item.text: item for item in examine(worlds.make_snapshot(), [effect, harmless]).findings}
    assert found["it waits"].severity == "error"


@pytest.mark.parametrize("seed", range(6))
def test_hostile_objects_make_no_check_fail(seed: int) -> None:
    dice = random.Random(seed)
    docs = [doc for case in CASES.values() for doc in case.fires] + scenarios.documents("broken")
    broken: dict[tuple[str, ...], dict[str, Any]] = {}
    for doc in docs:
        meta = {key: doc["metadata"].get(key, "") for key in ("name", "namespace")}
        changed = mutate(doc, dice, dice.choice([0.01, 0.05, 0.3]))
        changed |= {"apiVersion": doc["apiVersion"], "kind": doc["kind"]}
        if not isinstance(changed.get("metadata"), dict):
            changed["metadata"] = {}
        changed["metadata"] |= meta
        broken[(doc["kind"], *meta.values())] = changed
    found = diagnose(worlds.make_snapshot(broken.values()))
    assert [item.text for item in found.findings if item.id == FAILED] == []
    assert found.findings


@pytest.mark.parametrize("variant", ["classic", "cilium"])
def test_a_kind_that_may_not_be_read_makes_no_false_alarm(variant: Any) -> None:
    picture = scenarios.store_of(variant).snapshot()
    for kind in KINDS.values():
        for state in (State.FORBIDDEN, State.DOWN):
            unread: Table[Any] = Table(link=Link(kind.id, state))
            found = diagnose(dataclasses.replace(picture, tables={**picture.tables, kind.id: unread})).findings
            assert [(kind.id, item.text) for item in found if item.severity != "info"] == []


# -- following --------------------------------------------------------------------------------------------------------
def told(*findings: tuple[str, str]) -> Diagnosis:
    return Diagnosis(tuple(Finding(id, severity, None, id) for id, severity in findings))


def test_news_has_to_stand_for_a_while() -> None:
    follower = Follower(5.0)

    def look(at: float, *findings: tuple[str, str]) -> list[tuple[str, str]]:
        return [(event.what, event.finding.id) for event in follower.look(told(*findings), at)]

    assert look(0, ("a", "error")) == [("appears", "a")]
    assert look(1, ("a", "error"), ("b", "warn")) == []
    assert look(3, ("a", "error")) == []  # b was a passing cloud
    assert look(4, ("a", "error"), ("b", "warn")) == []
    assert look(9, ("a", "error"), ("b", "warn")) == [("appears", "b")]
    assert look(10, ("b", "warn")) == []
    assert look(12, ("a", "error"), ("b", "warn")) == []
    assert look(13, ("b", "warn")) == []
    assert look(18, ("b", "error")) == [("clears", "a")]
    assert look(23, ("b", "error")) == [("changes", "b")]
    assert look(40, ("b", "error")) == []
