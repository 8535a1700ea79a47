"""The real API server of `apiserver`: it serves, keeps, authorizes, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from apiserver import STOP_SECONDS, RealCluster, real_apiserver

CONFIGMAPS = "/api/v1/namespaces/{}/configmaps"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    with real_apiserver(tmp_path_factory.mktemp("real")) as cluster:
        yield cluster


@pytest.fixture
def namespace(cluster: RealCluster, request: pytest.FixtureRequest) -> str:
    """A namespace of the test's own with three configmaps, made by kubectl."""
    name = str(request.node.name).removeprefix("test_").replace("_", "-")[:60]
    cluster.kubectl("create", "namespace", name)
    manifests = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": each, "namespace": name}, "data": {"name": each}}
        for each in ("one", "two", "three")
    ]
    cluster.kubectl("apply", "-f", "-", input="\n---\n".join(json.dumps(each) for each in manifests))
    return name


def configmaps(cluster: RealCluster, namespace: str) -> tuple[dict[str, str], str]:
    """Name to uid, and the list's resourceVersion."""
    status, body = cluster.request(CONFIGMAPS.format(namespace))
    assert status == 200, body
    answer = json.loads(body)
    return {each["metadata"]["name"]: each["metadata"]["uid"] for each in answer["items"]}, answer["metadata"][
        "resourceVersion"
    ]


@pytest.mark.realcluster
def test_lists_what_kubectl_made(cluster: RealCluster, namespace: str) -> None:
    names, version = configmaps(cluster, namespace)
    assert set(names) == {"one", "two", "three"}
    assert int(version) > 0
    said = cluster.kubectl("get", "configmaps", "-n", namespace, "-o", "name").stdout.split()
    assert sorted(said) == ["configmap/one", "configmap/three", "configmap/two"]


@pytest.mark.realcluster
def test_watch_sees_each_change_in_order(cluster: RealCluster, namespace: str) -> None:
    _, version = configmaps(cluster, namespace)
    path = f"{CONFIGMAPS.format(namespace)}?watch=1&resourceVersion={version}"
    with cluster.stream(path) as watch:
        assert watch.status == 200
        cluster.kubectl("create", "configmap", "four", "-n", namespace)
        cluster.kubectl("label", "configmap", "four", "-n", namespace, "seen=yes")
        cluster.kubectl("delete", "configmap", "one", "-n", namespace)
        events = [json.loads(watch.readline()) for _ in range(3)]
    assert [(each["type"], each["object"]["metadata"]["name"]) for each in events] == [
        ("ADDED", "four"),
        ("MODIFIED", "four"),
        ("DELETED", "one"),
    ]
    versions = [int(each["object"]["metadata"]["resourceVersion"]) for each in events]
    assert int(version) < versions[0] < versions[1] < versions[2]


@pytest.mark.realcluster
def test_restart_keeps_the_data_and_the_address(cluster: RealCluster, namespace: str) -> None:
    before, version = configmaps(cluster, namespace)
    url, pid = cluster.url, cluster.apiserver_pid
    with cluster.stream(f"{CONFIGMAPS.format(namespace)}?watch=1&resourceVersion={version}") as watch:
        started = time.monotonic()
        cluster.restart_apiserver()
        assert time.monotonic() - started < STOP_SECONDS, "an open watch held up the restart until it was killed"
        assert watch.read() == b""
    assert cluster.url == url
    assert cluster.apiserver_pid != pid
    after, later = configmaps(cluster, namespace)
    assert after == before
    assert int(later) >= int(version)


@pytest.mark.realcluster
def test_kill_breaks_watches_and_refuses_until_started(cluster: RealCluster, namespace: str) -> None:
    before, version = configmaps(cluster, namespace)
    with cluster.stream(f"{CONFIGMAPS.format(namespace)}?watch=1&resourceVersion={version}") as watch:
        cluster.kill_apiserver()
        with contextlib.suppress(ConnectionError, http.client.HTTPException):  # a reset tells the same as the end
            assert watch.readline() == b""
    try:
        assert cluster.apiserver_pid is None
        with pytest.raises(ConnectionRefusedError):
            cluster.request("/readyz")
    finally:
        cluster.start_apiserver()
    assert configmaps(cluster, namespace)[0] == before


@pytest.mark.realcluster
def test_a_server_outlives_the_thread_that_asked_for_it(cluster: RealCluster) -> None:
    asked = threading.Thread(target=cluster.restart_apiserver)
    asked.start()
    asked.join()
    time.sleep(0.2)
    assert cluster.request("/readyz") == (200, b"ok")


@pytest.mark.realcluster
def test_users_are_told_apart(cluster: RealCluster, namespace: str) -> None:
    path = CONFIGMAPS.format(namespace)
    status, body = cluster.request(path, user="restricted")
    assert status == 403
    assert json.loads(body)["message"] == (
        f'configmaps is forbidden: User "restricted" cannot list resource "configmaps" in API group "" '
        f'in the namespace "{namespace}"'
    )
    denied = cluster.kubectl("get", "configmaps", "-n", namespace, context="restricted", check=False)
    assert denied.returncode == 1
    assert "Forbidden" in denied.stderr
    assert cluster.kubectl("auth", "can-i", "list", "pods", context="restricted", check=False).stdout == "no\n"
    assert cluster.kubectl("auth", "can-i", "list", "pods").stdout == "yes\n"
    assert cluster.request("/version", user="restricted")[0] == 200
    assert cluster.request(path, user=None)[0] == 403

    cluster.kubectl("create", "role", "reader", "-n", namespace, "--verb=list", "--resource=configmaps")
    cluster.kubectl("create", "rolebinding", "reader", "-n", namespace, "--role=reader", "--user=restricted")
    granted = cluster.kubectl("get", "configmaps", "-n", namespace, "-o", "name", context="restricted")
    assert "configmap/one" in granted.stdout


@pytest.mark.realcluster
def test_certificate_is_checked(cluster: RealCluster) -> None:
    host, port = cluster.url.removeprefix("https://").split(":")
    stranger = http.client.HTTPSConnection(host, int(port), timeout=5, context=ssl.create_default_context())
    try:
        with pytest.raises(ssl.SSLCertVerificationError):
            stranger.request("GET", "/readyz")
    finally:
        stranger.close()


@pytest.mark.realcluster
def test_nothing_is_left_behind_after_a_failure(tmp_path: Path) -> None:
    seen: list[int | None] = []

    def fail_inside() -> None:
        with real_apiserver(tmp_path) as cluster:
            seen.extend([cluster.apiserver_pid, cluster.etcd_pid])
            assert cluster.kubeconfig.stat().st_mode & 0o077 == 0
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert len(seen) == 2
    for pid in seen:
        assert pid is not None
        with pytest.raises(ProcessLookupError):
            os.killpg(pid, 0)
    assert list(tmp_path.iterdir()) == []


def test_skips_with_a_reason_when_unset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBE_APISERVER", raising=False)
    with pytest.raises(pytest.skip.Exception, match="KUBE_APISERVER is not set"), real_apiserver(tmp_path):
        raise AssertionError("not reached")


def test_fails_when_set_to_no_executable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBE_APISERVER", str(tmp_path / "missing"))
    with pytest.raises(pytest.fail.Exception, match="KUBE_APISERVER names no executable"), real_apiserver(tmp_path):
        raise AssertionError("not reached")


def test_tells_why_a_server_did_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "etcd"
    broken.write_text("#!/bin/sh\necho out of luck\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("KUBE_APISERVER", str(broken))
    monkeypatch.setenv("ETCD", str(broken))
    with pytest.raises(RuntimeError, match="etcd ended with exit code 3:\nout of luck"), real_apiserver(tmp_path):
        raise AssertionError("not reached")
    assert list(tmp_path.iterdir()) == [broken]
