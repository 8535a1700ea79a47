"""A large cluster for measurements: the demo homelab with many more pods and services, served in a process of its own.

``python bigcluster.py PODS FOLDER`` prints ``ready`` when FOLDER/kubeconfig can be used, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def more(objects: list[dict[str, Any]], pods: int) -> list[dict[str, Any]]:
    """Copies of the homelab's pods, with a service and its EndpointSlice for every fifth, until there are ``pods``."""
    found = [doc for doc in objects if doc["kind"] == "Pod"]
    models = [doc for doc in found if doc["status"].get("podIP") and not doc["spec"].get("hostNetwork")]
    added: list[dict[str, Any]] = []
    for number in range(max(0, pods - len(found))):
        pod = copy.deepcopy(models[number % len(models)])
        name = f"load-{number:05}"
        address = f"10.42.{3 + number // 250}.{number % 250 + 2}"
        pod["metadata"].update(name=name, uid=str(uuid.uuid4()), ownerReferences=[])
        pod["metadata"].setdefault("labels", {})["load"] = name
        pod["status"].update(podIP=address, podIPs=[{"ip": address}])
        added.append(pod)
        if number % 5:
            continue
        namespace = pod["metadata"]["namespace"]
        cluster_ip = f"10.43.{10 + number // 250}.{number % 250 + 2}"
        added.append(
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": name, "namespace": namespace, "uid": str(uuid.uuid4())},
                "spec": {
                    "type": "ClusterIP",
                    "clusterIP": cluster_ip,
                    "clusterIPs": [cluster_ip],
                    "selector": {"load": name},
                    "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}],
                },
                "status": {"loadBalancer": {}},
            }
        )
        added.append(
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {
                    "name": f"{name}-x",
                    "namespace": namespace,
                    "uid": str(uuid.uuid4()),
                    "labels": {"kubernetes.io/service-name": name},
                },
                "addressType": "IPv4",
                "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
                "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
            }
        )
    return added


async def _serve(pods: int, folder: Path) -> None:
    from pointsman.tui.demo import tls
    from pointsman.tui.demo.homelab import Homelab
    from pointsman.tui.demo.serve import kubeconfig

    homelab = Homelab("classic", seed=1, cluster_uid=str(uuid.uuid4()))
    homelab.storage.seed(more(list(homelab.scenario.objects), pods))
    pki = tls.make()
    port = await homelab.start(pki.server_context(folder), {"admin": "big", "restricted": "small"})
    (folder / "kubeconfig").write_text(kubeconfig("big", port, pki.ca, "big", "small"), encoding="utf-8")
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await homelab.stop()


@contextlib.contextmanager
def big_cluster(pods: int, folder: Path) -> Iterator[Path]:
    """The kubeconfig of a running large cluster; it ends with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, __file__, str(pods), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        if process.stdout.readline().strip() != "ready":
            raise AssertionError("the large cluster did not start")
        yield folder / "kubeconfig"
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
        process.stdout.close()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2])))
