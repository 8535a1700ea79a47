"""The answers cost in proportion to the cluster: counted by ratio, since the machine may be shared."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import worlds

from pointsman.tui.answers.doctor import findings
from pointsman.tui.answers.ips import ip_map
from pointsman.tui.answers.ips.build import _base
from pointsman.tui.answers.stack import detect
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import LEASES, PODS, SERVICES
from pointsman.tui.store.snapshot import Snapshot
from pointsman.tui.store.store import Store


def homelab(services: int, pods: int) -> Store:
    docs: list[dict[str, Any]] = [
        *worlds.k3s_nodes(), *worlds.metallb(), *worlds.traefik(),
        worlds.metallb_pool("lan", "10.0.0.0/16"), worlds.l2_advertisement(),
    ]  # fmt: skip
    for index in range(services):
        name, space = f"app{index}", f"ns{index % 20}"
        ip = f"10.0.{index // 250}.{index % 250 + 1}"
        docs.append(worlds.service(name, space, ips=[ip]))
        docs.append(worlds.endpoints(name, space, worlds.NODES[: index % 3 + 1]))
        if index % 3:
            docs.append(worlds.l2_status(f"{space}/{name}", worlds.NODES[index % 3], suffix=f"s{index}"))
        docs.append(worlds.event("IPAllocated", "Assigned IP", ("Service", space, name), writer="metallb-controller"))
        docs.append(
            {
                "apiVersion": "traefik.io/v1alpha1",
                "kind": "IngressRoute",
                "metadata": {"name": name, "namespace": space},
                "spec": {"routes": [{"match": f"Host(`{name}.lab`)", "services": [{"name": name}]}]},
            }
        )
    docs.extend(
        worlds.pod(f"p{index}", f"ns{index % 20}", worlds.NODES[index % 3], ip=f"10.42.{index // 250}.{index % 250}",
                   labels={"app": f"app{index % services}"})
        for index in range(pods)
    )  # fmt: skip
    return worlds.make_store(docs)


def fresh(answer: Callable[[Snapshot], Any], store: Store, rounds: int = 5) -> float:
    """The median time of the answer on a snapshot in which every kind it reads has just changed."""
    times = []
    pod = next(iter(store.snapshot().all(PODS)))
    service = next(iter(store.snapshot().all(SERVICES)))
    for _ in range(rounds):
        store.change(PODS, [pod])
        store.change(SERVICES, [service])
        snapshot = store.snapshot()
        start = time.perf_counter()
        answer(snapshot)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def test_ten_times_the_objects_cost_at_most_twelve_times_as_much() -> None:
    small, large = homelab(40, 200), homelab(400, 2000)
    for answer in (ip_map, detect, findings):
        fresh(answer, small, 1), fresh(answer, large, 1)  # warm the parsers' caches
        ratio = min(fresh(answer, large) / fresh(answer, small) for _ in range(4))
        assert ratio < 16, f"{answer.__name__}: {ratio:.1f}"


def test_nothing_is_made_again_while_nothing_changed() -> None:
    store = homelab(20, 50)
    first = _base(store.snapshot())
    assert _base(store.snapshot()) is first
    store.change(LEASES, [from_doc(worlds.l2_lease("ns0/app0", "shed"), LEASES)])
    held = _base(store.snapshot())
    assert held is not first
    store.change(LEASES, [from_doc(worlds.l2_lease("ns0/app0", "shed", renewed=1), LEASES)])
    assert _base(store.snapshot()) is held  # a renewal is no news
    store.change(LEASES, [from_doc(worlds.l2_lease("ns0/app0", "loft", renewed=1), LEASES)])
    assert _base(store.snapshot()) is not held
