"""The real Traefik on the demo homelab, with odd objects added: what its API says is what the demo's own API says, word for
word, and is what we expect of each route by the objects alone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from demohome import Demo, demo_homelab
from traefikhome import traefik_on

from pointsman.tui.answers.routes.build import base, route_list
from pointsman.tui.answers.routes.model import TRAEFIK
from pointsman.tui.model.kinds import MIDDLEWARES
from pointsman.tui.options import Options, TraefikOptions
from pointsman.tui.sources.open import open_source
from pointsman.tui.sources.traefik.asker import Asker
from pointsman.tui.sources.traefik.ways import HttpWay
from pointsman.tui.store.snapshot import Snapshot, State
from pointsman.tui.store.store import Store

pytestmark = pytest.mark.timeout(240)

ODD = Path(__file__).parent.parent / "traefik" / "odd.yaml"
PATHS = [f"{protocol}/{kind}" for protocol in ("http", "tcp", "udp") for kind in ("routers", "services", "middlewares")
         if (protocol, kind) != ("udp", "middlewares")]  # fmt: skip
Tables = dict[str, dict[str, dict[str, Any]]]


@dataclass
class Both:
    """``real`` and ``own`` by path and name; ``snapshot`` is the demo's with what the real Traefik says."""

    real: Tables
    own: Tables
    snapshot: Snapshot


def real_tables(port: int) -> Tables:
    found: Tables = {}
    for path in PATHS:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/{path}?per_page=500", timeout=5) as answer:
            found[path] = {item["name"]: item for item in json.load(answer)}
    return found


async def looked_at(demo: Demo, port: int) -> tuple[Tables, Snapshot]:
    """The demo's own tables, through its port-forward, and a snapshot that was asked of the real one."""
    store = Store()
    opened = open_source(store, Options(kubeconfig=str(demo.kubeconfig)))
    own: Tables = {}
    try:
        await opened.load(20)
        asker = Asker(store, lambda: None, lambda: TraefikOptions(f"http://127.0.0.1:{port}"))
        assert await asker.ask()
        await asker.close()
        assert opened.kube is not None
        assert opened.kube.client is not None
        pod = next(
            item for item in demo.get("pods", "-n", "kube-system", "-l", "app.kubernetes.io/name=traefik")["items"]
        )
        async with opened.kube.client.port_forward("kube-system", pod["metadata"]["name"], 8080) as forward:
            way = HttpWay("the demo's Traefik", "http://traefik", socket=str(forward.path))
            for path in PATHS:
                answer = await way.ask(f"/api/{path}", {"per_page": "500"})
                own[path] = {item["name"]: item for item in json.loads(answer.body)}
            await way.close()
        return own, store.snapshot()
    finally:
        await opened.close()


@pytest.fixture(scope="module", params=["classic", "broken"])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("api")
    with demo_homelab(folder, request.param) as demo:
        demo.kubectl("apply", "-f", str(ODD))
        with traefik_on(demo, folder) as (ports, _):
            ends = time.monotonic() + 60
            while True:
                with contextlib.suppress(OSError):
                    real = real_tables(ports["traefik"])
                    if any("odd-many" in name for name in real["http/routers"]) and real["udp/routers"]:
                        break
                assert time.monotonic() < ends, "Traefik has not loaded the objects"
                time.sleep(0.3)
            own, snapshot = asyncio.run(looked_at(demo, ports["traefik"]))
            yield Both(real, own, snapshot)


def by_objects(tables: Tables) -> Tables:
    """Without what depends on how a Traefik is started: the tests' one has api.insecure."""
    return {
        path: {
            name: {
                field: [user for user in value if not user.endswith("@internal")] or None
                if field == "usedBy"
                else value
                for field, value in item.items()
            }
            for name, item in table.items()
            if item["provider"] != "internal"
        }
        for path, table in tables.items()
    }


@pytest.mark.parametrize("path", PATHS)
def test_the_demos_api_says_what_the_real_one_says(both: Both, path: str) -> None:
    assert by_objects(both.own)[path] == by_objects(both.real)[path]


def test_the_tables_hold_every_state(both: Both) -> None:
    states = {item["status"] for item in both.real["http/routers"].values()}
    assert states == {"enabled", "warning", "disabled"}
    assert {item["status"] for item in both.real["tcp/routers"].values()} == {"enabled", "disabled"}


def test_each_route_runs_as_the_objects_alone_foretell(both: Both) -> None:
    """But for what only Traefik can know: whether the Secret of a basicAuth is there."""
    assert both.snapshot.links["traefik"].state is State.LIVE
    foretold = {route.key: not route.dropped for route in base(both.snapshot).list.items if route.controller == TRAEFIK}
    seen = {route.key: route.live.state in ("enabled", "warning") for route in route_list(both.snapshot).items
            if route.controller == TRAEFIK and route.kind != "traefik"}  # fmt: skip
    wrong = {key: (foretold[key], seen[key]) for key in foretold if foretold[key] != seen[key]}
    assert wrong == {("ingressroutes", ("odd", "refused"), 3): (True, False)}


def test_no_router_is_left_without_an_object(both: Both) -> None:
    assert [route.ref.name for route in route_list(both.snapshot).items if route.kind == "traefik"] == []


def test_no_hash_is_kept(both: Both) -> None:
    assert any("$apr1$" in json.dumps(item) for item in both.real["http/middlewares"].values())
    assert "$apr1$" not in repr(both.snapshot.traefik)
    assert both.snapshot.count(MIDDLEWARES) > 8
