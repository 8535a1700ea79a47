"""Objects with missing, wrong and hostile fields: every answer is still an answer."""

from __future__ import annotations

import random

import pytest
import scenarios
import worlds
from hostile import mutate

from pointsman.tui.answers.describe import describe
from pointsman.tui.answers.doctor import findings
from pointsman.tui.answers.find import find
from pointsman.tui.answers.ips import explain, ip_map, observe
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.related import related
from pointsman.tui.answers.stack import detect
from pointsman.tui.answers.yaml_text import yaml_text
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.store.snapshot import Snapshot
from pointsman.tui.views.json import dumps, ips_json, status_json
from pointsman.tui.views.plain import ips_lines, status_lines
from pointsman.tui.views.tables import Paper


def everything(snapshot: Snapshot) -> None:
    """Ask every question there is."""
    report = detect(snapshot)
    found = ip_map(snapshot)
    for item in found.items:
        explain(item, snapshot)
    observe(snapshot)
    findings(snapshot)
    dumps(status_json(report, snapshot))
    dumps(ips_json(found))
    for paper in (Paper(), Paper(80, True), Paper(20)):
        text = "\n".join([*status_lines(report, snapshot, paper), *ips_lines(found, snapshot, paper)])
        if not paper.color:
            assert "\x1b" not in text
        assert "‮" not in text
    for words in ("192.168.7.104", "jelly", "https://films.home.example/", "[", "svc/", "//", "::", "http://[x"):
        find(snapshot, words)


@pytest.mark.parametrize("seed", range(12))
def test_broken_objects_break_no_answer(seed: int) -> None:
    dice = random.Random(seed)
    docs = scenarios.documents(dice.choice(["classic", "cilium", "broken"]))
    broken = []
    for doc in docs:
        meta = {key: doc["metadata"].get(key, "") for key in ("name", "namespace", "resourceVersion")}
        changed = mutate(doc, dice, dice.choice([0.0, 0.02, 0.2]))
        changed |= {"apiVersion": doc["apiVersion"], "kind": doc["kind"]}
        if not isinstance(changed.get("metadata"), dict):
            changed["metadata"] = {}
        changed["metadata"] |= meta
        broken.append(changed)
    snapshot = scenarios.store_of("broken", broken).snapshot()
    everything(snapshot)
    for kind in KINDS.values():
        for obj in snapshot.all(kind):
            describe(obj, snapshot)
            yaml_text(obj)
            if dice.random() < 0.1:
                related(snapshot, ref(obj))


def test_an_empty_cluster_and_a_cluster_nobody_may_read() -> None:
    everything(worlds.make_snapshot())
    from pointsman.tui.store.snapshot import State

    for state in (State.FORBIDDEN, State.CONNECTING, State.DOWN, State.STALE):
        everything(worlds.make_snapshot(states=dict.fromkeys(KINDS, state)))
    everything(Snapshot())


def test_names_with_markup_escapes_and_length_are_kept_apart_from_the_terminal() -> None:
    name = "[bold]x[/bold]\x1b]0;owned\x07‮" + "n" * 100_000
    snapshot = worlds.make_snapshot(
        worlds.k3s_nodes(),
        worlds.service(name, "ns", ips=["192.168.7.9"], annotations={"metallb.io/ip-allocated-from-pool": name}),
        worlds.service(name + "2", name),
        worlds.event("AllocationFailed", f"no available IPs in pool {name}", ("Service", name, name + "2")),
        worlds.metallb(),
    )
    everything(snapshot)
    lines = ips_lines(ip_map(snapshot), snapshot, Paper(100))
    assert max(len(line) for line in lines) < 9000
    assert all("\x1b" not in line and "\x07" not in line for line in lines)
