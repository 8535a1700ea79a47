"""The live source on a real kube-apiserver: a thousand pods, CRDs that come and go, restarts, kill -9, a limited user."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from apiserver import RealCluster, real_apiserver

from pointsman.tui.model.decode import decode_page
from pointsman.tui.model.kinds import (
    CRDS,
    HELM_RELEASES,
    INGRESSROUTES,
    METALLBPOOLS,
    NAMESPACES,
    NODES,
    PODS,
    REPLICASETS,
    SERVICES,
    TLS_SECRETS,
    Kind,
)
from pointsman.tui.sources.errors import AuthError, ConflictError, InvalidError, NotFoundError
from pointsman.tui.sources.kube import KubeClient, KubeOptions, KubeSource, Timing
from pointsman.tui.store.snapshot import State
from pointsman.tui.store.store import Store

pytestmark = pytest.mark.realcluster
QUICK = Timing(first_pause=0.2, longest_pause=2.0, forbidden=1.0, refused=0.5)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    with real_apiserver(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@contextlib.asynccontextmanager
async def running(cluster: RealCluster, timing: Timing = QUICK, **options: Any) -> AsyncIterator[KubeSource]:
    source = KubeSource(Store(), KubeOptions(kubeconfig=str(cluster.kubeconfig), timing=timing, **options))
    task = asyncio.create_task(source.run())
    try:
        yield source
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], Any], seconds: float = 20.0) -> float:
    """How long it took, in seconds."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() < start + seconds, "it did not come to that"
        await asyncio.sleep(0.01)
    return time.monotonic() - start


def state(source: KubeSource, kind: Kind[Any]) -> State:
    return source.store.snapshot().state(kind)


def live(source: KubeSource) -> bool:
    link = source.store.snapshot().links.get("kube")
    return link is not None and link.state is State.LIVE


def names(source: KubeSource, kind: Kind[Any]) -> set[str]:
    return {obj.path for obj in source.store.snapshot().all(kind)}


def pod(name: str) -> dict[str, Any]:
    """A pod of about the size that real ones have, environment and probes included."""
    env = [{"name": f"SETTING_{number}", "value": f"value {number} of the container"} for number in range(60)]
    probe = {"httpGet": {"path": "/healthz", "port": 8080}, "initialDelaySeconds": 5, "periodSeconds": 10}
    container = {
        "name": "main",
        "image": "registry.home/app:1.2.3",
        "ports": [{"containerPort": 8080, "name": "http"}],
        "env": env,
        "livenessProbe": probe,
        "readinessProbe": probe,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": "load", "n": name}},
        "spec": {"containers": [container], "nodeName": "node-1"},
    }


def make_pods(cluster: RealCluster, namespace: str, count: int) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def one(number: int) -> int:
        path = f"/api/v1/namespaces/{namespace}/pods"
        return cluster.request(path, method="POST", body=pod(f"p{number:04}"))[0]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(count))) == {201}


def make_crd(cluster: RealCluster, group: str, version: str, kind: str, plural: str) -> None:
    doc = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind, "singular": kind.lower(), "listKind": f"{kind}List"},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                }
            ],
        },
    }
    cluster.kubectl("apply", "-f", "-", input=json.dumps(doc))


async def test_a_thousand_pods(cluster: RealCluster, capsys: pytest.CaptureFixture[str]) -> None:
    await asyncio.to_thread(cluster.kubectl, "create", "namespace", "load")
    await asyncio.to_thread(make_pods, cluster, "load", 1000)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pauses: list[float] = []

    async def measure() -> None:
        while True:
            start = time.thread_time()  # processor time: the neighbours on a shared machine do not count
            await asyncio.sleep(0.001)
            pauses.append(time.thread_time() - start)

    task = asyncio.create_task(measure())
    started, cpu = time.perf_counter(), time.process_time()
    async with running(cluster) as source:
        first = await until(lambda: state(source, NODES) is State.LIVE)
        await until(lambda: live(source))
        wall, used = time.perf_counter() - started, time.process_time() - cpu
        task.cancel()
        snapshot = source.store.snapshot()
        assert snapshot.count(PODS) == 1000
        assert sum(obj.raw == b"" or bool(obj.problem) for obj in snapshot.all(PODS)) == 0
        size = sum(len(obj.raw) for obj in snapshot.all(PODS)) / 1000
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        with capsys.disabled():
            print(
                f"\n1,000 pods of {size:.0f} bytes: nodes after {first:.2f} s, all kinds live after {wall:.2f} s wall, "
                f"{used:.2f} s CPU, longest turn of the loop {1000 * max(pauses):.1f} ms, memory grew by {grown:.0f} MB, "
                f"{source.requests} requests"
            )
        assert max(pauses) < 0.05

        requests = source.requests
        await asyncio.sleep(10)
        assert source.requests == requests  # at rest: watches only

        # A watch event has the same bytes as the list gave, so a relist leaves everything as it is.
        await asyncio.to_thread(cluster.kubectl, "label", "pod", "-n", "load", "p0007", "touched=yes")
        await until(
            lambda: (found := source.store.snapshot().get(PODS, "load", "p0007")) and found.meta.labels.get("touched")
        )
        kept = source.store.snapshot().get(PODS, "load", "p0007")
        assert kept is not None
        body = await source.api.get("/api/v1/namespaces/load/pods", params={"labelSelector": "touched=yes"})
        assert decode_page(body, PODS, "v1").items[0].raw == kept.raw


async def test_kill_minus_nine_while_watching(cluster: RealCluster, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(cluster) as source:
        await until(lambda: live(source))
        count = source.store.snapshot().count(NAMESPACES)
        start = time.monotonic()
        await asyncio.to_thread(cluster.kill_apiserver)
        noticed = await until(lambda: not live(source)) + 0 * start
        link = source.store.snapshot().links["kube"]
        assert link.state is State.STALE
        assert "refuses the connection" in link.detail or "broke off" in link.detail
        assert source.store.snapshot().count(NAMESPACES) == count
        assert state(source, NAMESPACES) is State.STALE
        await asyncio.to_thread(cluster.start_apiserver)
        back = await until(lambda: live(source))
        await asyncio.to_thread(cluster.kubectl, "create", "namespace", "after-the-crash")
        await until(lambda: "after-the-crash" in names(source, NAMESPACES))
        await until(lambda: all(state(source, kind) in (State.LIVE, State.ABSENT) for kind in (PODS, SERVICES, CRDS)))
        with capsys.disabled():
            print(f"\nkill -9: noticed after {noticed:.2f} s, live again {back:.2f} s after the server was ready")


async def test_restarts_in_order(cluster: RealCluster) -> None:
    async with running(cluster) as source:
        await until(lambda: live(source))
        for number in range(2):
            await asyncio.to_thread(cluster.restart_apiserver)
            await asyncio.to_thread(cluster.kubectl, "create", "namespace", f"restart-{number}")
            await until(lambda number=number: f"restart-{number}" in names(source, NAMESPACES))
            await until(lambda: live(source) and state(source, PODS) is State.LIVE)
        # A starting server may refuse or lack things for a moment; none of that may stay.
        await until(
            lambda: all(
                source.store.snapshot().state(kind) is State.LIVE for kind in (PODS, SERVICES, NODES, TLS_SECRETS, CRDS)
            )
        )


async def test_crds_of_three_projects_come_and_go(cluster: RealCluster, capsys: pytest.CaptureFixture[str]) -> None:
    from pointsman.tui.model.kinds import CILIUMNETWORKPOLICIES

    three = (
        (METALLBPOOLS, "v1beta1", "metallb.io"),
        (INGRESSROUTES, "v1alpha1", "traefik.io"),
        (CILIUMNETWORKPOLICIES, "v2", "cilium.io"),
    )
    async with running(cluster) as source:
        await until(lambda: live(source))
        assert all(state(source, kind) is State.ABSENT for kind, _, _ in three)
        for kind, version, group in three:
            await asyncio.to_thread(make_crd, cluster, group, version, kind.kind, kind.resource)
        seen = await until(lambda: all(state(source, kind) is State.LIVE for kind, _, _ in three))
        for kind, version, group in three:
            doc = {"apiVersion": f"{group}/{version}", "kind": kind.kind, "metadata": {"name": "one"}, "spec": {"a": 1}}
            await asyncio.to_thread(cluster.kubectl, "create", "-f", "-", input=json.dumps(doc))
        await until(lambda: all(names(source, kind) == {"default/one"} for kind, _, _ in three))
        await asyncio.to_thread(cluster.kubectl, "delete", "crd", *(kind.group_resource for kind, _, _ in three))
        gone = await until(lambda: all(state(source, kind) is State.ABSENT for kind, _, _ in three))
        assert all(not names(source, kind) for kind, _, _ in three)
        with capsys.disabled():
            print(f"\nCRDs: watched {seen:.2f} s after the last was made, absent {gone:.2f} s after they were deleted")


async def test_a_user_with_few_rights(cluster: RealCluster) -> None:
    async with running(cluster, context="restricted") as source:
        await until(lambda: live(source))
        assert state(source, PODS) is State.FORBIDDEN
        assert source.store.cluster.uid is None
        assert source.store.cluster.version
        assert "not allowed to read" in source.store.snapshot().links["kube"].detail
        rule = ("--verb=get,list,watch", "--resource=namespaces,services")
        await asyncio.to_thread(cluster.kubectl, "create", "clusterrole", "some", *rule)
        await asyncio.to_thread(
            cluster.kubectl, "create", "clusterrolebinding", "some", "--clusterrole=some", "--user=restricted"
        )
        await until(lambda: state(source, SERVICES) is State.LIVE and state(source, NAMESPACES) is State.LIVE)
        assert state(source, PODS) is State.FORBIDDEN
        assert "kube-system" in names(source, NAMESPACES)
        await asyncio.to_thread(cluster.kubectl, "delete", "clusterrolebinding", "some")


async def test_a_user_with_one_namespace(cluster: RealCluster) -> None:
    await asyncio.to_thread(cluster.kubectl, "create", "namespace", "mine")
    await asyncio.to_thread(
        cluster.kubectl, "create", "role", "view", "-n", "mine", "--verb=get,list,watch", "--resource=pods,services"
    )
    await asyncio.to_thread(
        cluster.kubectl, "create", "rolebinding", "view", "-n", "mine", "--role=view", "--user=restricted"
    )
    await asyncio.to_thread(cluster.kubectl, "create", "-n", "mine", "-f", "-", input=json.dumps(pod("here")))
    async with running(cluster, context="restricted", namespace="mine") as source:
        await until(lambda: live(source))
        assert names(source, PODS) == {"mine/here"}
        assert "only namespace mine" in source.store.snapshot().table(PODS).link.detail
        await asyncio.to_thread(cluster.kubectl, "create", "service", "clusterip", "web", "-n", "mine", "--tcp=80")
        await until(lambda: names(source, SERVICES) == {"mine/web"})
        assert state(source, NODES) is State.FORBIDDEN


async def test_secrets_come_in_reduced_and_metadata_kinds_without_bodies(cluster: RealCluster) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "tls"}, "type": "kubernetes.io/tls"}
    secret["stringData"] = {"tls.crt": "not a certificate", "tls.key": "very-secret-key"}
    helm = {"apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1", "stringData": {"release": "hush-hush"}}
    helm["metadata"] = {"name": "sh.helm.release.v1.x.v1", "labels": {"owner": "helm"}}
    for doc in (secret, helm):
        await asyncio.to_thread(cluster.kubectl, "create", "-f", "-", input=json.dumps(doc))
    template = {"metadata": {"labels": {"a": "b"}}, "spec": pod("x")["spec"]}
    replicas = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": "rs"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template},
    }
    await asyncio.to_thread(cluster.kubectl, "create", "-f", "-", input=json.dumps(replicas))
    async with running(cluster) as source:
        await until(lambda: live(source))
        snapshot = source.store.snapshot()
        tls = snapshot.get(TLS_SECRETS, "default", "tls")
        assert tls is not None
        assert tls.body.keys == ("tls.crt", "tls.key")
        everything = b"".join(obj.raw for kind in (TLS_SECRETS, HELM_RELEASES) for obj in snapshot.all(kind))
        assert b"secret-key" not in everything
        assert b"hush" not in everything
        assert snapshot.count(HELM_RELEASES) == 1
        small = snapshot.get(REPLICASETS, "default", "rs")
        assert small is not None
        assert b"of the container" not in small.raw


async def test_writes(cluster: RealCluster) -> None:
    source = KubeSource(Store(), KubeOptions(kubeconfig=str(cluster.kubeconfig)))
    await source.load(kinds=[NAMESPACES])
    client = source.client
    assert isinstance(client, KubeClient)
    path = "/api/v1/namespaces/default/configmaps"
    text = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: note}\ndata: {mode: '0755'}\n"
    dry = json.loads(await client.apply(f"{path}/note", text, dry_run=True))
    assert dry["data"] == {"mode": "0755"}
    with pytest.raises(NotFoundError):
        await client.get(f"{path}/note")
    made = json.loads(await client.apply(f"{path}/note", text))
    managers = {item["manager"] for item in made["metadata"]["managedFields"]}
    assert managers == {"pointsman"}
    with pytest.raises(InvalidError, match="unknown field"):
        await client.create(path, b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\nnonsense: 1\n")
    await asyncio.to_thread(
        cluster.kubectl,
        "apply",
        "--server-side",
        "--force-conflicts",
        "-f",
        "-",
        input=text.decode().replace("0755", "1"),
    )
    with pytest.raises(ConflictError, match="conflict"):
        await client.apply(f"{path}/note", text)
    await client.apply(f"{path}/note", text, force=True)
    with pytest.raises(ConflictError):
        await client.patch(f"{path}/note", {"data": {"a": "b"}}, resource_version="1")
    await client.patch(f"{path}/note", {"data": {"mode": None}})
    with pytest.raises(ConflictError):
        await client.delete(f"{path}/note", uid="00000000-0000-0000-0000-000000000000")
    await client.delete(f"{path}/note", uid=made["metadata"]["uid"])
    await source.close()


async def test_a_wrong_token(cluster: RealCluster, tmp_path: Any) -> None:
    text = cluster.kubeconfig.read_text().replace(cluster.tokens["restricted"], "wrong")
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    source = KubeSource(Store(), KubeOptions(kubeconfig=str(path), context="restricted"))
    with pytest.raises(AuthError, match="does not accept the credentials"):
        await source.load()
    await source.close()
