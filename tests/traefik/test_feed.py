"""The feed on the demo's own API: found by itself, over one port-forward, asked only while somebody looks, and how it says
what it cannot see."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from pointsman.tui.answers.routes.build import route_list
from pointsman.tui.answers.routes.exposure import exposures
from pointsman.tui.demo import tls
from pointsman.tui.demo.homelab import Homelab
from pointsman.tui.demo.kube.objects import clone
from pointsman.tui.demo.serve import kubeconfig
from pointsman.tui.options import Options
from pointsman.tui.sources.open import Opened, open_source
from pointsman.tui.sources.traefik import feed
from pointsman.tui.sources.traefik.feed import asker_of
from pointsman.tui.store.snapshot import Link, State
from pointsman.tui.store.store import Store

pytestmark = pytest.mark.timeout(60)

DASHBOARD = ("ingressroutes.traefik.io", "kube-system", "traefik-dashboard")


class Lab:
    def __init__(self, lab: Homelab, opened: Opened) -> None:
        self.lab = lab
        self.opened = opened
        self.store = opened.store

    @property
    def link(self) -> Link:
        return self.store.snapshot().links["traefik"]

    async def until(self, what: Callable[[], Any], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while not what():  # noqa: ASYNC110 - the store has no callbacks
                await asyncio.sleep(0.02)

    @property
    def requests(self) -> int:
        assert self.opened.kube is not None
        return self.opened.kube.requests


@contextlib.asynccontextmanager
async def running(
    folder: Path, change: Callable[[Homelab], None] = lambda lab: None, **options: Any
) -> AsyncIterator[Lab]:
    lab = Homelab("broken", seed=1, cluster_uid=str(uuid.uuid4()))
    change(lab)
    tokens = {name: secrets.token_urlsafe(16) for name in ("admin", "restricted")}
    pki = tls.make()
    port = await lab.start(pki.server_context(folder), tokens)
    file = folder / "kubeconfig"
    user = options.pop("user", "admin")
    file.write_text(kubeconfig("broken", port, pki.ca, tokens[user], tokens[user]))
    opened = open_source(Store(), Options(kubeconfig=str(file), **options))
    task = asyncio.create_task(opened.run())
    try:
        yield Lab(lab, opened)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await lab.stop()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("EVERY", 0.05), ("WHOLE_EVERY", 1.0), ("GRACE", 0.2), ("KEPT", 0.5), ("LONGEST_PAUSE", 0.2)):
        monkeypatch.setattr(feed, name, seconds)


async def test_only_while_somebody_looks(tmp_path: Path) -> None:
    async with running(tmp_path) as lab:
        await lab.until(lambda: lab.opened.kube is not None and lab.opened.kube.client is not None)
        await lab.until(lambda: lab.store.snapshot().links["kube"].state is State.LIVE)
        lab.store.audience.look(["flows", ""])
        await asyncio.sleep(0.3)
        assert (lab.link.state, lab.link.detail) == (State.ABSENT, "Traefik's API was not asked")
        assert lab.lab.traefik.api is None, "nobody has connected"
        lab.store.audience.look(["routes", ""])
        await lab.until(lambda: lab.link.state is State.LIVE)
        assert lab.link.detail == "3.7.15, 1 replica"
        states = {route.ref.name: route.live.state for route in route_list(lab.store.snapshot()).items}
        assert (states["films"], states["movies"], states["series"]) == ("disabled", "missing", "enabled")
        lab.store.audience.look(["flows", ""])
        await lab.until(lambda: lab.link.state is State.STALE)
        assert lab.link.detail == f"3.7.15, 1 replica; {feed.RESTING}"
        asker = asker_of(lab.opened)
        await lab.until(lambda: not asker._lines)
        asked = asker.asked
        await asyncio.sleep(0.3)
        assert asker.asked == asked
        lab.store.audience.look(["policies", "trace"])
        await lab.until(lambda: lab.link.state is State.LIVE)


async def test_at_rest_it_is_one_port_forward_and_no_further_request_to_the_cluster(tmp_path: Path) -> None:
    async with running(tmp_path) as lab:
        lab.store.audience.look(["routes"])
        await lab.until(lambda: lab.link.state is State.LIVE)
        asker = asker_of(lab.opened)
        await lab.until(lambda: lab.store.snapshot().traefik.replicas)
        line = next(iter(asker._lines.values()))
        before, asked = lab.requests, line.api.asked
        await lab.until(lambda: line.api.asked >= asked + 40)
        assert asker.forwards == 1
        watches = lab.requests - before
        assert watches <= 2, (
            "a watch may be opened again meanwhile, but nothing is asked of the cluster for Traefik's sake"
        )


async def test_changes_are_seen(tmp_path: Path) -> None:
    async with running(tmp_path) as lab:
        lab.store.audience.look(["overview"])
        await lab.until(lambda: lab.link.state is State.LIVE)

        def changed(obj: Any) -> None:
            obj["spec"]["routes"][0]["middlewares"] = []

        lab.lab.storage.modify("ingressroutes.traefik.io", "media", "films", changed)

        def state() -> str | None:
            return next(r.live.state for r in route_list(lab.store.snapshot()).items if r.ref.name == "films")

        await lab.until(lambda: state() == "enabled")


async def test_not_exposed_then_exposed(tmp_path: Path) -> None:
    kept: list[Any] = []

    def hidden(lab: Homelab) -> None:
        kept.append(clone(lab.storage.get(*DASHBOARD)))
        lab.storage.delete(*DASHBOARD)

    async with running(tmp_path, hidden) as lab:
        lab.store.audience.look(["routes"])
        await lab.until(lambda: "no route leads to api@internal" in lab.link.detail)
        assert lab.link.state is State.ABSENT
        assert "IngressRoute to api@internal on the entry point traefik" in lab.link.hint
        (found,) = exposures(lab.store.snapshot())
        assert found.offer
        doc = kept[0]
        doc["metadata"] = {"name": "own", "namespace": "kube-system"}
        lab.lab.storage.create(doc)
        await lab.until(lambda: lab.link.state is State.LIVE)
        lab.lab.storage.delete("ingressroutes.traefik.io", "kube-system", "own")
        await lab.until(lambda: lab.link.state is State.ABSENT)
        assert lab.store.snapshot().traefik.replicas == ()


async def test_without_the_right_to_forward(tmp_path: Path) -> None:
    async with running(tmp_path, user="restricted", read_only=True) as lab:
        lab.store.audience.look(["routes"])
        await lab.until(lambda: lab.link.detail != "Traefik's API was not asked" or lab.link.state is not State.ABSENT)
        assert lab.link.state in (State.FORBIDDEN, State.ABSENT, State.DOWN)
        assert lab.link.detail


async def test_no_traefik(tmp_path: Path) -> None:
    def gone(lab: Homelab) -> None:
        lab.storage.delete("deployments.apps", "kube-system", "traefik")

    async with running(tmp_path, gone) as lab:
        lab.store.audience.look(["routes"])
        await lab.until(lambda: lab.link.detail == "There is no Traefik in this cluster.")
        assert lab.link.state is State.ABSENT


async def test_two_replicas(tmp_path: Path) -> None:
    async with running(tmp_path) as lab:
        lab.store.audience.look(["routes"])
        await lab.until(lambda: lab.link.state is State.LIVE)

        def doubled(obj: Any) -> None:
            obj["spec"]["replicas"] = 2

        lab.lab.storage.modify("deployments.apps", "kube-system", "traefik", doubled)
        await lab.lab.step(120)
        await lab.until(lambda: lab.link.detail == "3.7.15, 2 replicas")
        assert len(lab.store.snapshot().traefik.replicas) == 2


async def test_the_pod_goes_and_another_comes(tmp_path: Path) -> None:
    async with running(tmp_path) as lab:
        lab.store.audience.look(["routes"])
        await lab.until(lambda: lab.link.state is State.LIVE)
        (before,) = lab.store.snapshot().traefik.replicas
        lab.lab.storage.delete("pods", *before.where.split("/"))
        await lab.lab.step(120)
        await lab.until(
            lambda: (
                lab.link.state is State.LIVE
                and [item.where for item in lab.store.snapshot().traefik.replicas] not in ([], [before.where])
            )
        )
