"""For each finding of the doctor a cluster in which it has to be raised, and some in which it must not.

A case is made of documents (see :mod:`worlds`); they are copied before each use. A silent one differs from the firing one in
as little as possible: that is where false alarms live.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import worlds

from pointsman.tui.model.neighbours import LanReading
from pointsman.tui.model.proxies import Replica
from pointsman.tui.store.snapshot import Snapshot, State

Doc = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """``fires`` raises the finding with ``severity`` at ``object`` (its slug); ``text`` is a part of what it says.

    ``silent`` are clusters by what is different in them. ``options`` are those of :func:`snapshot`, ``quiet`` stand in their
    place for the silent ones.
    """

    fires: list[Doc]
    silent: Mapping[str, list[Doc]]
    severity: str = "error"
    object: str | None = None
    text: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    quiet: Mapping[str, Any] | None = None


def snapshot(
    docs: list[Doc], *, lan: LanReading | None = None, traefik: Iterable[Replica] = (), **options: Any
) -> Snapshot:
    """``lan`` is what the local network said, ``traefik`` what its API did; the others go to :func:`worlds.make_store`."""
    store = worlds.make_store(copy.deepcopy(docs), **options)
    if replicas := tuple(traefik):
        store.set_traefik(replicas)
        store.set_link("traefik", State.LIVE, "asked")
    if lan is not None:
        store.set_lan([lan])
    return store.snapshot()


def together(*parts: Doc | Iterable[Doc]) -> list[Doc]:
    """Documents and lists of documents as one list."""
    found: list[Doc] = []
    for part in parts:
        found.extend([part] if isinstance(part, dict) else part)
    return found


def patched(doc: Doc, **changes: Any) -> Doc:
    """A copy with fields set: ``spec__type="ClusterIP"`` sets ``spec.type``."""
    made = copy.deepcopy(doc)
    for path, value in changes.items():
        *way, last = path.split("__")
        here = made
        for step in way:
            here = here.setdefault(step, {})
        here[last] = value
    return made


# -- stacks ---------------------------------------------------------------------------------------------------------------
def classic(*args: str) -> list[Doc]:
    """k3s with flannel, and MetalLB with a pool that is advertised."""
    return together(
        worlds.k3s_nodes("--disable=servicelb", *args), worlds.metallb(), worlds.metallb_pool("lan", RANGE),
        worlds.l2_advertisement("lan", "lan"),
    )  # fmt: skip


RANGE = "192.168.7.100-192.168.7.120"
IP = "192.168.7.104"


def cilium(config: Mapping[str, str] | None = None, *, ready: int = 3) -> list[Doc]:
    """k3s with Cilium for everything, a pool and a policy that announces it."""
    return together(
        worlds.k3s_nodes("--disable=servicelb", "--flannel-backend=none", "--disable-kube-proxy", flannel=""),
        worlds.cilium(config, ready=ready), worlds.cilium_pool("lan", {"start": "192.168.7.100", "stop": "192.168.7.120"}),
        worlds.l2_policy(),
    )  # fmt: skip


def served(name: str = "web", namespace: str = "x", *, ips: Iterable[str] = (IP,), **options: Any) -> list[Doc]:
    """A LoadBalancer service with a ready endpoint and its pod."""
    return together(
        worlds.service(name, namespace, ips=ips, **options), worlds.endpoints(name, namespace, ["shed"]),
        worlds.pod(f"{name}-1", namespace, "shed", ip="10.42.0.9", labels={"app": name}),
    )  # fmt: skip


def config_map(name: str, data: Mapping[str, str], namespace: str = "kube-system") -> Doc:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace},
            "data": dict(data)}  # fmt: skip


def custom(api: str, kind: str, name: str, spec: Doc, namespace: str = "", status: Doc | None = None) -> Doc:
    meta = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api, "kind": kind, "metadata": meta, "spec": spec, **({"status": status} if status else {})}


def flannel_daemonset() -> Doc:
    return worlds.daemonset("kube-flannel-ds", "kube-flannel", "ghcr.io/flannel-io/flannel:v0.28.9", {"app": "flannel"},
                            container="kube-flannel")  # fmt: skip


def kubeadm(*, flannel: bool = True) -> list[Doc]:
    """Three kubeadm nodes, with flannel's DaemonSet."""
    nodes = [worlds.node(name, f"192.168.7.{11 + at}", version="v1.36.1", server=at == 0)
             for at, name in enumerate(worlds.NODES)]  # fmt: skip
    return together(nodes, [flannel_daemonset()] if flannel else [])
