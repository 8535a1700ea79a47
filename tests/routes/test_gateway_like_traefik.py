"""Gateway API routes on the demo homelab in the real Traefik with its Gateway provider on: the same routers with the same names,
rules and priorities, and the statuses that it writes read as they are meant."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from demohome import Demo, demo_homelab
from traefikhome import traefik_on

from pointsman.tui.answers.routes.build import route_list
from pointsman.tui.answers.routes.model import Route
from pointsman.tui.options import Options, TraefikOptions
from pointsman.tui.sources.open import open_source
from pointsman.tui.sources.traefik.asker import Asker
from pointsman.tui.store.snapshot import Snapshot
from pointsman.tui.store.store import Store

pytestmark = pytest.mark.timeout(240)

HERE = Path(__file__).parent.parent / "traefik"
GATEWAY = ["--providers.kubernetesgateway=true"]


async def asked(demo: Demo, port: int) -> Snapshot:
    store = Store()
    opened = open_source(store, Options(kubeconfig=str(demo.kubeconfig)))
    try:
        await opened.load(20)
        asker = Asker(store, lambda: None, lambda: TraefikOptions(f"http://127.0.0.1:{port}"))
        assert await asker.ask()
        await asker.close()
        return store.snapshot()
    finally:
        await opened.close()


def tell_of_the_provider(demo: Demo, web: int) -> None:
    """The Deployment says what the Traefik of this test really runs with."""
    args = demo.get("deploy", "traefik", "-n", "kube-system")["spec"]["template"]["spec"]["containers"][0]["args"]
    args = [re.sub(r"(?<=--entryPoints\.web\.address=:)8000", str(web), arg) for arg in args] + GATEWAY
    patch = [{"op": "replace", "path": "/spec/template/spec/containers/0/args", "value": args}]
    demo.kubectl("patch", "deploy", "traefik", "-n", "kube-system", "--type=json", "-p", json.dumps(patch))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    folder = tmp_path_factory.mktemp("gateway")
    with demo_homelab(folder, "classic") as demo:
        demo.kubectl("apply", "-f", str(HERE / "odd.yaml"))
        with traefik_on(demo, folder, GATEWAY) as (ports, _):
            file = folder / "gateway.yaml"
            file.write_text((HERE / "gateway.yaml").read_text().replace("WEB", str(ports["web"])))
            demo.kubectl("apply", "-f", str(file))
            tell_of_the_provider(demo, ports["web"])
            ends = time.monotonic() + 60
            while True:
                with contextlib.suppress(AssertionError):
                    snapshot = asyncio.run(asked(demo, ports["traefik"]))
                    names = {router.name for router in snapshot.traefik.replicas[0].routers}
                    if sum("@kubernetesgateway" in name for name in names) >= 6 and told(snapshot):
                        break
                assert time.monotonic() < ends, "Traefik has not taken the Gateway"
                time.sleep(0.5)
            yield snapshot


def told(snapshot: Snapshot) -> bool:
    """Whether Traefik has written every route's status."""
    return not any(
        problem.id == "route-not-reconciled" for route in mine(snapshot).values() for problem in route.problems
    )


def mine(snapshot: Snapshot) -> dict[tuple[str, int], Route]:
    kinds = ("HTTPRoute", "GRPCRoute")
    return {(route.ref.name, route.rule_index): route for route in route_list(snapshot).items if route.kind in kinds}


def test_every_route_finds_its_routers(real: Snapshot) -> None:
    states = {key: route.live.state for key, route in mine(real).items()}
    assert states == {
        ("films", 0): "enabled", ("films", 1): "enabled", ("inner", 0): "enabled", ("nobody", 0): "missing",
        ("elsewhere", 0): "enabled", ("refused", 0): "missing", ("calls", 0): "enabled",
    }  # fmt: skip
    assert [route.ref.name for route in route_list(real).items if route.kind == "traefik"] == []


def test_the_same_rules_and_priorities(real: Snapshot) -> None:
    (replica,) = real.traefik.replicas
    theirs = {item.name: (item.rule, item.priority) for item in replica.routers if item.provider == "kubernetesgateway"}
    ours = {
        router.names[0]: (router.rule, router.priority)
        for route in mine(real).values()
        for router in route.routers
        if not route.dropped
    }
    assert ours == theirs


def test_refusals_in_words(real: Snapshot) -> None:
    found = mine(real)
    for name, words in (("refused", "does not allow routes of namespace web"), ("nobody", "has no listener nope")):
        assert words in " ".join(problem.text for problem in found[(name, 0)].problems)
        assert found[(name, 0)].dropped
    assert found[("films", 0)].problems == ()
