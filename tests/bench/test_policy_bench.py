"""Policies at 200 workloads and 300 policies: every connection, one question. ``make bench`` prints the seconds; what
gates is counted work: how often rules are folded, which must not grow with the square of the workloads."""

from __future__ import annotations

import time
from typing import Any

import pytest
from policyworld import files, namespace, policy, workload

from pointsman.tui.answers.policies import connections as listing
from pointsman.tui.answers.policies import evaluate
from pointsman.tui.answers.policies.effect import effect, without
from pointsman.tui.answers.policies.index import PolicyIndex, compile_policies, read_policies
from pointsman.tui.answers.policies.reach import Question, reach
from pointsman.tui.answers.ref import Ref
from pointsman.tui.store.snapshot import Snapshot

pytestmark = pytest.mark.bench


def world(workloads: int, policies: int) -> Snapshot:
    spaces = [namespace(f"n{at}", team=f"t{at % 5}") for at in range(20)]
    apps = [
        workload(
            "Deployment", f"n{at % 20}/w{at}", {"app": f"w{at}", "tier": f"t{at % 4}"}, [("http", "TCP", 8000 + at % 7)]
        )
        for at in range(workloads)
    ]
    made = []
    for at in range(policies):
        kind = at % 6
        chosen = "{}"
        if kind:
            label = f"app: w{at * 7 % workloads}" if kind < 4 else f"tier: t{at % 4}"
            chosen = f"{{matchLabels: {{{label}}}}}"
        spec = (
            f"{{podSelector: {chosen}, ingress: [{{from: [{{namespaceSelector: {{matchLabels: {{team: t{at % 5}}}}}}},"
            f" {{podSelector: {{matchLabels: {{tier: t{at % 4}}}}}}}], ports: [{{port: {8000 + at % 7}}}, {{port: http}}]}},"
            f" {{from: [{{ipBlock: {{cidr: 10.{at % 200}.0.0/16}}}}]}}], egress: {'[{}]' if kind % 2 else '[]'}}}"
        )
        made.append(policy(spec, f"n{at % 20}/p{at}"))
    return files(spaces, apps, made)


def fresh(snapshot: Snapshot) -> PolicyIndex:
    return compile_policies(snapshot, read_policies(snapshot))


def test_every_connection_of_200_workloads_under_300_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = world(200, 300)
    start = time.perf_counter()
    index = fresh(snapshot)
    compiled = time.perf_counter()
    found = listing.connections(index, snapshot)
    done = time.perf_counter()
    print(
        f"\n    compiled in {compiled - start:.3f} s, {len(found):,} connections in {done - compiled:.3f} s (budget 2 s)",
        end="",
    )
    folds = 0
    plain = evaluate.fold

    def counted(*args: Any, **more: Any) -> Any:
        nonlocal folds
        folds += 1
        return plain(*args, **more)

    monkeypatch.setattr(listing, "fold", counted)
    listing.connections(fresh(snapshot), snapshot)
    assert folds < 200 * 200 // 2, f"{folds} folds: one for each pair would be 80,000"


def test_the_effect_of_a_toggle_among_1000_pods() -> None:
    snapshot = world(1000, 300)
    index = fresh(snapshot)
    times = []
    for at in (0, 1, 5, 17):
        after = without(index, Ref("networkpolicies", f"n{at}", f"p{at}"))
        start = time.process_time()
        found = effect(snapshot, index, after)
        times.append(time.process_time() - start)
        assert found.certain
    print(
        f"\n    what a toggle opens and closes: {', '.join(f'{each * 1000:.0f}' for each in times)} ms (budget 300 ms)",
        end="",
    )
    assert len(index._gates) < 4 * 1000, "gates are shared by what the same policies select"


def test_one_question_on_a_compiled_index() -> None:
    snapshot = world(200, 300)
    index = fresh(snapshot)
    reach(snapshot, Question("n0/w0", "n1/w1", 8001, "TCP"), index=index)
    times = []
    for at in range(50):
        start = time.perf_counter()
        reach(snapshot, Question(f"n{at % 20}/w{at}", f"n{(at + 3) % 20}/w{at + 3}", 8001, "TCP"), index=index)
        times.append(time.perf_counter() - start)
    print(
        f"\n    one question: median {sorted(times)[25] * 1000:.2f} ms, worst {max(times) * 1000:.2f} ms (budget 20 ms)",
        end="",
    )
    assert len(index._gates) < 4 * 200, "gates are shared by the subjects that the same policies select"
