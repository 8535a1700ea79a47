"""The live source against a server that misbehaves: the store keeps what is known and says how far it can be trusted."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from fakekube import FakeKube, fake_kube, status

from pointsman.tui.model.kinds import CRDS, KINDS, METALLBPOOLS, NAMESPACES, NODES, PODS, SERVICES, Kind
from pointsman.tui.sources.errors import AuthError, ConfigError, NotKubernetesError, TimedOutError, UnreachableError
from pointsman.tui.sources.kube import KubeOptions, KubeSource, Timing
from pointsman.tui.store.snapshot import Link, Snapshot, State
from pointsman.tui.store.store import Store

QUICK = Timing(
    watch=20.0,
    silence=0.6,
    grace=20.0,
    first_pause=0.05,
    longest_pause=0.3,
    forbidden=0.5,
    unwatchable=0.2,
    discovery=0.4,
    debounce=0.05,
    probe=2.0,
    refused=0.5,
)
POD = "/api/v1/pods"
SERVICE = "/api/v1/services"
NAMESPACE = "/api/v1/namespaces"
CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
POOL = "/apis/metallb.io/v1beta1/ipaddresspools"


@contextlib.asynccontextmanager
async def running(kubeconfig: str, timing: Timing = QUICK, **options: Any) -> AsyncIterator[KubeSource]:
    """A source that runs for the length of the block; an exception out of it fails the test."""
    source = KubeSource(Store(), KubeOptions(kubeconfig=kubeconfig, timing=timing, **options))
    task = asyncio.create_task(source.run())
    try:
        yield source
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], Any], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        await asyncio.sleep(0.01)


def names(source: KubeSource, kind: Kind[Any]) -> list[str]:
    return sorted(obj.path for obj in source.store.snapshot().all(kind))


def state(source: KubeSource, kind: Kind[Any]) -> State:
    return source.store.snapshot().state(kind)


def link(source: KubeSource) -> Link:
    return source.store.snapshot().links.get("kube", Link("kube"))


async def live(source: KubeSource) -> None:
    await until(lambda: link(source).state is State.LIVE)


def pods(fake: FakeKube, count: int) -> None:
    for number in range(count):
        fake.put(POD, "default", f"p{number}")


# -- the ordinary course -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("aggregated", [True, False])
async def test_lists_in_pages_then_watches(tmp_path: Path, aggregated: bool) -> None:
    async with fake_kube(tmp_path) as fake:
        fake.aggregated = aggregated
        pods(fake, 1203)
        async with running(fake.kubeconfig(tmp_path)) as source:
            await live(source)
            assert source.store.snapshot().count(PODS) == 1203
            assert fake.hits[POD] == 3
            fake.put(POD, "default", "new")
            fake.put(POD, "default", "p0", metadata={"labels": {"a": "b"}})
            fake.remove(POD, "default", "p1")
            await until(lambda: "default/new" in names(source, PODS) and "default/p1" not in names(source, PODS))
            changed = source.store.snapshot().get(PODS, "default", "p0")
            assert changed is not None
            assert changed.meta.labels == {"a": "b"}
            assert state(source, METALLBPOOLS) is State.LIVE
            assert source.store.snapshot().table(SERVICES).link.last_ok


async def test_identity_version_and_demo_mark(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        fake.put(
            NAMESPACE, "", "kube-system", metadata={"uid": "the-uid", "annotations": {"pointsman.dev/demo": "classic"}}
        )
        async with running(fake.kubeconfig(tmp_path, insecure_skip_tls_verify=True)) as source:
            await live(source)
            cluster = source.store.cluster
            assert (cluster.uid, cluster.version, cluster.demo) == ("the-uid", "v1.35.0+fake", "classic")
            assert (cluster.context, cluster.user, cluster.server) == ("fake", "tester", f"127.0.0.1:{fake.port}")
            assert cluster.insecure
            assert "not checked" in cluster.warnings[0]


async def test_at_rest_there_are_watches_only(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake, running(fake.kubeconfig(tmp_path)) as source:
        await live(source)
        await asyncio.sleep(0.3)
        before = source.requests
        await asyncio.sleep(1.5)
        assert source.requests == before
        assert all(len(watches) == 1 for watches in fake.watches.values())


def test_with_every_kind_served_watches_stay_under_the_budget() -> None:
    """0.2 requests a second at rest, a tenth of it left for looks at discovery."""
    assert len(KINDS) / Timing().watch < 0.15


async def test_objects_that_did_not_change_keep_their_identity_over_a_relist(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake, running(fake.kubeconfig(tmp_path)) as source:
        await live(source)
        fake.put(POD, "default", "a", spec={})
        await until(lambda: names(source, PODS))
        before = source.store.snapshot().get(PODS, "default", "a")
        version = source.store.snapshot().versions(PODS)
        expired = {
            "type": "ERROR",
            "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"},
        }
        fake.send(POD, json.dumps(expired).encode() + b"\n")
        await until(lambda: fake.hits[POD] == 2 and state(source, PODS) is State.LIVE)
        assert source.store.snapshot().get(PODS, "default", "a") is before
        assert source.store.snapshot().versions(PODS) != version  # it was stale for a moment, and said so


# -- one kind --------------------------------------------------------------------------------------------------------------


async def test_403_greys_that_kind_only_and_is_tried_again_rarely(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        allowed = False

        async def hook(request: web.Request) -> web.StreamResponse | None:
            return None if allowed else status(403, "Forbidden", "no")

        fake.on(POD, hook)
        async with running(fake.kubeconfig(tmp_path)) as source:
            await live(source)
            assert state(source, PODS) is State.FORBIDDEN
            assert "pods may not be listed" in source.store.snapshot().table(PODS).link.detail
            assert state(source, SERVICES) is State.LIVE
            assert "not allowed to read pods" in link(source).detail
            assert not source.store.snapshot().known(PODS)
            assert fake.hits[POD] == 1
            allowed = True
            await until(lambda: state(source, PODS) is State.LIVE)


async def test_a_namespace_is_read_where_the_cluster_may_not_be(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        fake.put(POD, "media", "player")
        fake.put(POD, "other", "hidden")

        async def hook(request: web.Request) -> web.StreamResponse | None:
            return status(403, "Forbidden", "no")

        fake.on(POD, hook)
        fake.on(NAMESPACE, hook)
        async with running(fake.kubeconfig(tmp_path), namespace="media") as source:
            await live(source)
            assert names(source, PODS) == ["media/player"]
            assert "only namespace media" in source.store.snapshot().table(PODS).link.detail
            assert "only namespace media" in link(source).detail
            assert state(source, NAMESPACES) is State.FORBIDDEN
            await until(lambda: fake.hits["watch /api/v1/namespaces/media/pods"] == 1)


async def test_a_kind_that_may_be_listed_but_not_watched(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:

        async def hook(request: web.Request) -> web.StreamResponse | None:
            return status(403, "Forbidden", "no watch")

        fake.on(f"watch {POD}", hook)
        fake.put(POD, "a", "one")
        async with running(fake.kubeconfig(tmp_path)) as source:
            await until(lambda: state(source, PODS) is State.STALE)
            fake.put(POD, "a", "two")
            await until(lambda: len(names(source, PODS)) == 2)
            assert "not watched" in source.store.snapshot().table(PODS).link.detail or state(source, PODS) is State.LIVE


async def test_429_and_5xx_on_one_kind_wait_as_asked(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        times: list[float] = []

        async def hook(request: web.Request) -> web.StreamResponse | None:
            times.append(time.monotonic())
            if len(times) == 1:
                return status(429, "TooManyRequests", "later", Retry_After="1")
            if len(times) < 4:
                return status(503, "ServiceUnavailable", "etcd has no leader")
            return None

        fake.on(POD, hook)
        async with running(fake.kubeconfig(tmp_path)) as source:
            await until(lambda: state(source, PODS) is State.DOWN)
            await until(lambda: state(source, SERVICES) is State.LIVE)
            await until(lambda: link(source).state is State.LIVE)
            await until(lambda: state(source, PODS) is State.LIVE)
        assert times[1] - times[0] >= 0.95


async def test_410_while_paging_reads_the_list_in_one_piece(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        pods(fake, 700)

        async def hook(request: web.Request) -> web.StreamResponse | None:
            return status(410, "Expired", "continue token too old") if request.query.get("continue") else None

        fake.on(POD, hook)
        async with running(fake.kubeconfig(tmp_path)) as source:
            await live(source)
            assert source.store.snapshot().count(PODS) == 700
            assert [request.query.get("limit") for request in fake.seen if request.path == POD][:3] == [
                "500",
                "500",
                None,
            ]


async def test_410_at_the_opening_of_a_watch(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        count = 0

        async def hook(request: web.Request) -> web.StreamResponse | None:
            nonlocal count
            count += 1
            return status(410, "Expired", "too old") if count == 1 else None

        fake.on(f"watch {POD}", hook)
        async with running(fake.kubeconfig(tmp_path)) as source:
            await until(lambda: fake.hits[POD] == 2 and state(source, PODS) is State.LIVE)
            assert fake.hits[SERVICE] == 1


async def test_garbage_in_a_watch_is_borne(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake, running(fake.kubeconfig(tmp_path)) as source:
        await live(source)
        await until(lambda: fake.watches.get(POD))
        noise = random.Random(7)
        for _ in range(15):
            fake.send(POD, bytes(noise.randrange(256) for _ in range(40)).replace(b"\n", b"") + b"\n")
        fake.send(
            POD, b'{"type": "NEWS", "object": {"kind": "Status"}}\n{"type":"ADDED","object":{"metadata":{}}}\n\n\r\n'
        )
        fake.send(POD, b'{"type":"ADDED","object":{"metadata":{"name":"good","namespace":"a","resourceVersion":"900"}}')
        await asyncio.sleep(0.05)
        fake.send(POD, b"}\n")
        await until(lambda: names(source, PODS) == ["a/good"])
        assert fake.hits[POD] == 1
        for _ in range(30):
            fake.send(POD, b"<html>\n")
        await until(lambda: fake.hits[POD] == 2)
        await until(lambda: state(source, PODS) is State.LIVE)


HOSTILE = {
    "markup": {"metadata": {"name": "[bold red]x[/]", "namespace": "a"}},
    "ansi": {"metadata": {"name": "\x1b[31mx\x1b]0;t\x07", "namespace": "a"}},
    "rtl": {"metadata": {"name": "\u202eabc", "namespace": "a"}},
    "huge name": {"metadata": {"name": "n" * 100_000, "namespace": "a"}},
    "unknown field": {"metadata": {"name": "u", "namespace": "a", "nova": {}}, "spec": {"antimatter": 1}, "nova": []},
    "unknown enum": {"metadata": {"name": "e", "namespace": "a"}, "status": {"phase": "Quantum", "conditions": None}},
    "missing fields": {"metadata": {"name": "m", "namespace": "a"}},
    "wrong types": {"metadata": {"name": "w", "namespace": "a", "labels": {"x": 3}}, "spec": "nothing", "status": []},
    "nulls": {"metadata": {"name": "z", "namespace": "a", "labels": None}, "spec": None, "status": None},
}


@pytest.mark.parametrize("doc", HOSTILE.values(), ids=list(HOSTILE))
async def test_strange_objects_in_list_and_watch(tmp_path: Path, doc: dict[str, Any]) -> None:
    async with fake_kube(tmp_path) as fake:
        fake.objects[POD] = {("a", "x"): {**doc, "metadata": {**doc["metadata"], "resourceVersion": "5"}}}
        async with running(fake.kubeconfig(tmp_path)) as source:
            await live(source)
            assert source.store.snapshot().count(PODS) == 1
            other = {**doc, "metadata": {**doc["metadata"], "namespace": "b", "resourceVersion": "200"}}
            fake.rv += 1
            fake.event(POD, "ADDED", other)
            await until(lambda: source.store.snapshot().count(PODS) == 2)
            assert state(source, PODS) is State.LIVE


async def test_an_object_of_10_mb(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake, running(fake.kubeconfig(tmp_path)) as source:
        await live(source)
        fake.put(POD, "a", "big", metadata={"annotations": {"x": "y" * 10_000_000}})
        fake.put(POD, "a", "small")
        await until(lambda: len(names(source, PODS)) == 2)
        assert state(source, PODS) is State.LIVE


async def test_a_slow_trickle(tmp_path: Path) -> None:
    """A list that comes byte by byte does not hold up the others."""
    async with fake_kube(tmp_path) as fake:
        release = asyncio.Event()

        async def hook(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": "application/json"})
            await response.prepare(request)
            for number, byte in enumerate(b'{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[]}'):
                await response.write(bytes([byte]))
                await asyncio.sleep(0.002)
                if number == 30:
                    await release.wait()
            return response

        fake.on(POD, hook)
        async with running(fake.kubeconfig(tmp_path)) as source:
            await until(lambda: state(source, SERVICES) is State.LIVE)
            assert state(source, PODS) is State.CONNECTING
            assert link(source).state is State.CONNECTING
            assert "reading the cluster: " in link(source).detail
            release.set()
            await live(source)
            assert state(source, PODS) is State.LIVE


# -- custom resources come and go ------------------------------------------------------------------------------------------


async def test_crds_appear_and_vanish_while_running(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        base = "/apis/metallb.io/v1beta1"
        metallb = fake.resources.pop(base)
        fake.objects[CRD].clear()
        async with running(fake.kubeconfig(tmp_path)) as source:
            await live(source)
            assert state(source, METALLBPOOLS) is State.ABSENT
            assert source.store.snapshot().known(METALLBPOOLS)

            fake.put(CRD, "", "ipaddresspools.metallb.io")
            await asyncio.sleep(0.12)  # announced first, served a moment later
            fake.resources[base] = metallb
            fake.put(POOL, "metallb-system", "home")
            await until(lambda: names(source, METALLBPOOLS) == ["metallb-system/home"])
            assert state(source, METALLBPOOLS) is State.LIVE

            del fake.resources[base]
            fake.send(POOL, None)
            fake.remove(CRD, "", "ipaddresspools.metallb.io")
            await until(lambda: state(source, METALLBPOOLS) is State.ABSENT)
            assert names(source, METALLBPOOLS) == []
            before = fake.hits[f"watch {POOL}"]
            await asyncio.sleep(0.5)
            assert fake.hits[f"watch {POOL}"] == before


async def test_where_crds_may_not_be_watched_discovery_is_asked_now_and_then(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        metallb = fake.resources.pop("/apis/metallb.io/v1beta1")

        async def hook(request: web.Request) -> web.StreamResponse | None:
            return status(403, "Forbidden", "no")

        fake.on(CRD, hook)
        async with running(fake.kubeconfig(tmp_path)) as source:
            await live(source)
            assert state(source, CRDS) is State.FORBIDDEN
            fake.resources["/apis/metallb.io/v1beta1"] = metallb
            await until(lambda: state(source, METALLBPOOLS) is State.LIVE)


async def test_a_served_version_the_table_does_not_know_is_a_last_resort(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        fake.resources["/apis/metallb.io/v9"] = fake.resources.pop("/apis/metallb.io/v1beta1")
        async with running(fake.kubeconfig(tmp_path)) as source:
            await live(source)
            assert fake.hits["/apis/metallb.io/v9/ipaddresspools"] == 1
            assert state(source, METALLBPOOLS) is State.LIVE


# -- the connection ----------------------------------------------------------------------------------------------------------


async def test_a_server_that_dies_and_comes_back(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        fake.put(POD, "a", "kept")
        async with running(fake.kubeconfig(tmp_path)) as source:
            await live(source)
            last = link(source).last_ok
            await fake.stop()
            await until(lambda: link(source).state is State.STALE)
            assert "refuses the connection" in link(source).detail
            assert link(source).hint
            assert link(source).last_ok is not None
            assert last is not None
            assert names(source, PODS) == ["a/kept"]
            assert state(source, PODS) is State.STALE
            fake.put(POD, "a", "meanwhile")
            fake.hits.clear()
            await fake.start()
            await live(source)
            await until(lambda: names(source, PODS) == ["a/kept", "a/meanwhile"])
            await until(lambda: state(source, PODS) is State.LIVE)
            assert fake.hits[POD] == 0  # resumed where the watch broke off
            assert fake.hits[f"watch {POD}"] == 1


async def test_while_the_server_is_down_one_question_goes_out_not_one_for_each_kind(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake, running(fake.kubeconfig(tmp_path)) as source:
        await live(source)
        await fake.stop()
        await until(lambda: link(source).state is State.STALE)
        before = source.requests
        await asyncio.sleep(1.0)
        # Version and identity, every 0.15 s to 0.3 s.
        assert source.requests - before <= 16


async def test_one_broken_watch_does_not_make_the_rest_stale(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake, running(fake.kubeconfig(tmp_path)) as source:
        await live(source)
        await until(lambda: fake.watches.get(POD))
        seen: set[State] = set()
        fake.send(POD, ConnectionResetError())
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            seen.add(link(source).state)
            await asyncio.sleep(0.01)
        assert seen == {State.LIVE}
        assert fake.hits[f"watch {POD}"] == 2
        assert fake.hits[f"watch {SERVICE}"] == 1


async def test_a_watch_gone_silent_is_noticed(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake, running(fake.kubeconfig(tmp_path)) as source:
        await live(source)
        await until(lambda: fake.watches.get(POD))
        bookmark = {"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {"resourceVersion": "777"}}}
        fake.send(POD, json.dumps(bookmark).encode() + b"\n")
        await until(lambda: fake.hits[f"watch {POD}"] == 2)
        reopened = [request for request in fake.seen if request.path == POD and request.query.get("watch")][-1]
        assert reopened.query["resourceVersion"] == "777"
        assert fake.hits[f"watch {SERVICE}"] == 1


async def test_a_watch_that_the_server_ends_is_opened_again(tmp_path: Path) -> None:
    timing = Timing(**{**{f: getattr(QUICK, f) for f in QUICK.__slots__}, "watch": 1.0})
    async with fake_kube(tmp_path) as fake, running(fake.kubeconfig(tmp_path), timing) as source:
        await live(source)
        await until(lambda: fake.hits[f"watch {POD}"] >= 2)
        assert state(source, PODS) is State.LIVE
        assert fake.hits[POD] == 1


async def test_a_server_that_ends_every_watch_at_once_is_not_hammered(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:

        async def hook(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            return response

        fake.on(f"watch {POD}", hook)
        async with running(fake.kubeconfig(tmp_path)) as source:
            await live(source)
            await asyncio.sleep(1.5)
            assert 3 <= fake.hits[f"watch {POD}"] <= 20


async def test_another_cluster_at_the_same_address_is_read_afresh(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        fake.put(POD, "a", "old")
        async with running(fake.kubeconfig(tmp_path)) as source:
            await live(source)
            await fake.stop()
            await until(lambda: link(source).state is State.STALE)
            fake.objects.clear()
            fake.log.clear()
            fake.rv = 3
            fake.put(NAMESPACE, "", "kube-system", metadata={"uid": "reinstalled"})
            fake.put(POD, "a", "new")
            await fake.start()
            await until(lambda: names(source, PODS) == ["a/new"])
            assert source.store.cluster.uid == "reinstalled"


async def test_a_token_that_is_revoked_and_replaced_in_the_kubeconfig(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        kubeconfig = fake.kubeconfig(tmp_path)
        async with running(kubeconfig) as source:
            await live(source)
            fake.tokens = {"fresh"}
            fake.cut()
            await until(lambda: link(source).state is State.STALE)
            assert "does not accept the credentials" in link(source).detail
            assert state(source, PODS) is State.STALE
            fake.kubeconfig(tmp_path, user={"token": "fresh"})
            await until(lambda: link(source).state is State.LIVE)


async def test_another_server_in_the_kubeconfig_is_never_followed(tmp_path: Path, unused_tcp_port: int) -> None:
    async with fake_kube(tmp_path) as fake:
        kubeconfig = fake.kubeconfig(tmp_path)
        async with running(kubeconfig) as source:
            await live(source)
            fake.tokens = set()
            fake.cut()
            await until(lambda: link(source).state is State.STALE)
            fake.kubeconfig(tmp_path, user={"token": "x"}, server=f"https://127.0.0.1:{unused_tcp_port}")
            source._retarget()
            assert source.api.server == f"127.0.0.1:{fake.port}"


# -- at the start -------------------------------------------------------------------------------------------------------------


async def test_a_cluster_that_is_down_at_the_start(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        kubeconfig = fake.kubeconfig(tmp_path)
        await fake.stop()
        started = time.monotonic()
        async with running(kubeconfig) as source:
            await until(lambda: link(source).state is State.DOWN)
            assert time.monotonic() - started < 3
            assert "refuses the connection" in link(source).detail
            assert state(source, PODS) is State.DOWN
            assert source.client is None
            await fake.start()
            await live(source)
            assert source.client is not None


async def test_a_server_that_hangs_gives_a_reason_within_three_seconds(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:

        async def hook(request: web.Request) -> web.StreamResponse | None:
            await asyncio.sleep(30)
            return None

        fake.on("*", hook)
        started = time.monotonic()
        async with running(fake.kubeconfig(tmp_path), Timing()) as source:
            await until(lambda: link(source).state is State.DOWN)
            assert time.monotonic() - started < 3
            assert "does not answer" in link(source).detail


async def test_a_wrong_token_at_the_start(tmp_path: Path) -> None:
    patient = dataclasses.replace(QUICK, refused=60.0)
    async with (
        fake_kube(tmp_path) as fake,
        running(fake.kubeconfig(tmp_path, user={"token": "wrong"}), patient) as source,
    ):
        await until(lambda: link(source).state is State.DOWN)
        assert "does not accept the credentials" in link(source).detail
        await asyncio.sleep(0.5)
        assert fake.hits["/version"] == 1  # no hammering: that locks accounts


async def test_a_kubeconfig_that_is_broken_and_then_mended(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        path = tmp_path / "kubeconfig"
        path.write_text("clusters: [")
        async with running(str(path)) as source:
            await until(lambda: link(source).state is State.DOWN)
            assert "cannot be parsed" in link(source).detail
            fake.kubeconfig(tmp_path)
            await until(lambda: link(source).state is State.LIVE)


async def test_a_credential_plugin_that_takes_its_time(tmp_path: Path) -> None:
    """A login in a browser outlasts every limit on requests; it is run once, and the screen says what is waited for."""
    answer = {
        "kind": "ExecCredential",
        "apiVersion": "client.authentication.k8s.io/v1",
        "status": {"token": "right-token"},
    }
    plugin = tmp_path / "plugin.sh"
    plugin.write_text(f"#!/bin/sh\necho run >> {tmp_path}/runs\nsleep 1.2\necho '{json.dumps(answer)}'\n")
    plugin.chmod(0o755)
    user = {"exec": {"command": "./plugin.sh", "apiVersion": "client.authentication.k8s.io/v1"}}
    async with fake_kube(tmp_path) as fake:
        kubeconfig = fake.kubeconfig(tmp_path, user=user)
        async with running(kubeconfig) as source:
            await until(lambda: "running the credential plugin ./plugin.sh" in link(source).detail)
            await live(source)
        assert (tmp_path / "runs").read_text() == "run\n"
        snapshot = await load(kubeconfig, deadline=0.8)
        assert snapshot.links["kube"].state is State.LIVE


async def test_a_kind_whose_watch_always_breaks_is_not_hammered(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:

        async def hook(request: web.Request) -> web.StreamResponse:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()

        fake.on(f"watch {POD}", hook)
        async with running(fake.kubeconfig(tmp_path)) as source:
            await live(source)
            await asyncio.sleep(1.5)
            assert 3 <= fake.hits[f"watch {POD}"] <= 20
            assert state(source, SERVICES) is State.LIVE


# -- one-shot verbs -----------------------------------------------------------------------------------------------------------


async def load(kubeconfig: str, **more: Any) -> Snapshot:
    source = KubeSource(Store(), KubeOptions(kubeconfig=kubeconfig))
    try:
        await source.load(**more)
    finally:
        await source.close()
    return source.store.snapshot()


async def test_load_reads_once_and_opens_no_watch(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:
        pods(fake, 20)
        snapshot = await load(fake.kubeconfig(tmp_path))
        assert snapshot.count(PODS) == 20
        assert snapshot.links["kube"].state is State.LIVE
        assert snapshot.state(METALLBPOOLS) is State.LIVE
        assert not [key for key in fake.hits if key.startswith("watch")]
        only = await load(fake.kubeconfig(tmp_path), kinds=[SERVICES])
        assert only.state(SERVICES) is State.LIVE
        assert only.state(PODS) is State.CONNECTING


async def test_load_returns_at_its_deadline_with_what_there_is(tmp_path: Path) -> None:
    async with fake_kube(tmp_path) as fake:

        async def slow(request: web.Request) -> web.StreamResponse | None:
            await asyncio.sleep(30)
            return None

        async def refuse(request: web.Request) -> web.StreamResponse | None:
            return status(403, "Forbidden", "no")

        fake.on(POD, slow)
        fake.on(SERVICE, refuse)
        started = time.monotonic()
        snapshot = await load(fake.kubeconfig(tmp_path), deadline=0.8)
        assert time.monotonic() - started < 2
        assert snapshot.state(PODS) is State.DOWN
        assert "no answer within 0.8 s" in snapshot.table(PODS).link.detail
        assert snapshot.links["kube"].detail == "not allowed to read services; cannot read pods"
        assert snapshot.state(SERVICES) is State.FORBIDDEN
        assert snapshot.state(NODES) is State.LIVE


async def test_load_raises_where_there_is_nothing_to_read(tmp_path: Path, unused_tcp_port: int) -> None:
    async with fake_kube(tmp_path) as fake:
        with pytest.raises(AuthError):
            await load(fake.kubeconfig(tmp_path, user={"token": "wrong"}))
        with pytest.raises(UnreachableError):
            await load(fake.kubeconfig(tmp_path, server=f"https://127.0.0.1:{unused_tcp_port}"))
        with pytest.raises(ConfigError):
            await load(str(tmp_path / "missing"))

        async def slow(request: web.Request) -> web.StreamResponse | None:
            await asyncio.sleep(30)
            return None

        fake.on("*", slow)
        started = time.monotonic()
        with pytest.raises(TimedOutError, match=r"no answer within 0.5 s"):
            await load(fake.kubeconfig(tmp_path), deadline=0.5)
        assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"<html><body>Welcome to the hotel</body></html>", "text/html"), (b'{"hello": 1}', "application/json"),
     (b"ok", "text/plain"), (b"[]", "application/json")],
)  # fmt: skip
async def test_something_else_answers(tmp_path: Path, body: bytes, kind: str) -> None:
    async with fake_kube(tmp_path) as fake:

        async def hook(request: web.Request) -> web.StreamResponse:
            return web.Response(body=body, content_type=kind)

        fake.on("*", hook)
        with pytest.raises(NotKubernetesError, match="not as a Kubernetes API"):
            await load(fake.kubeconfig(tmp_path))


# -- the event loop -----------------------------------------------------------------------------------------------------------


async def measure(pauses: list[float]) -> None:
    """Processor seconds of this thread from one turn of a waiting task to its next, over and over.

    Processor time and not the clock's, which on a shared machine also counts what the neighbours do.
    """
    while True:
        before = time.thread_time()
        await asyncio.sleep(0.001)
        pauses.append(time.thread_time() - before)


async def test_the_loop_goes_on_while_1000_pods_of_12_kb_come_in(tmp_path: Path) -> None:
    """Nothing else runs while a slice is decoded, so slices are short. Generous: the machine is shared."""
    async with fake_kube() as fake:
        padding = [{"manager": f"m{n}", "fieldsV1": {"f:x": {f"f:{i}": {} for i in range(60)}}} for n in range(14)]
        for number in range(1000):
            fake.put(POD, "a", f"p{number}", metadata={"managedFields": padding})
        bodies: dict[str, bytes] = {}

        async def hook(request: web.Request) -> web.StreamResponse:
            # Made in advance: the server shares this loop, and its own encoding must not be measured.
            return web.Response(body=bodies[request.query.get("continue", "0")], content_type="application/json")

        docs = list(fake.objects[POD].values())
        for start, after in ((0, "500"), (500, "")):
            page = {"metadata": {"resourceVersion": "9", "continue": after}, "items": docs[start : start + 500]}
            bodies[str(start)] = json.dumps({"kind": "PodList", **page}).encode()
        assert len(bodies["0"]) > 500 * 10_000
        fake.on(POD, hook)
        kubeconfig = fake.kubeconfig(tmp_path)
        worst: list[float] = []
        for _ in range(3):
            pauses: list[float] = []
            task = asyncio.create_task(measure(pauses))
            snapshot = await load(kubeconfig)
            task.cancel()
            assert snapshot.count(PODS) == 1000
            worst.append(max(pauses))
        print(f"longest turn of the loop, three loads: {[f'{1000 * lag:.1f} ms' for lag in worst]}")
        assert min(worst) < 0.04
