"""Small clusters for questions about policies: pods, namespaces and policies in, an index out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from worlds import Doc, make_snapshot

from pointsman.tui.answers.policies.ends import End
from pointsman.tui.answers.policies.index import PolicyIndex, compile_index
from pointsman.tui.answers.policies.judge import Answer, Decision, judge
from pointsman.tui.answers.policies.spans import Spans
from pointsman.tui.answers.policies.targets import find_target
from pointsman.tui.store.snapshot import Cluster, Snapshot

FILES = Cluster("files", origin="manifests")
ALLOWED, DENIED, UNKNOWN = Answer.ALLOWED, Answer.DENIED, Answer.UNKNOWN
CNI_KINDS = ("ciliumnetworkpolicies", "ciliumclusterwidenetworkpolicies", "ciliumcidrgroups")


def namespace(name: str, **labels: str) -> Doc:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def pod(
    path: str,
    labels: Mapping[str, str] | None = None,
    *,
    ip: str | Iterable[str] = "",
    node: str = "",
    host: bool = False,
    ports: Iterable[tuple[str, str, int]] = (),
    **meta: Any,
) -> Doc:
    space, name = path.split("/")
    ips = [ip] if isinstance(ip, str) else list(ip)
    container = {
        "name": "main",
        "image": "example/app:1",
        "ports": [{"name": title, "protocol": protocol, "containerPort": number} for title, protocol, number in ports],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": space, "labels": dict(labels or {}), **meta},
        "spec": {"nodeName": node, "hostNetwork": host, "containers": [container]},
        "status": {"phase": "Running", "podIP": ips[0], "podIPs": [{"ip": text} for text in ips if text]},
    }


def workload(kind: str, path: str, labels: Mapping[str, str], ports: Iterable[tuple[str, str, int]] = ()) -> Doc:
    space, name = path.split("/")
    made = pod(path, labels, ports=ports)
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": space},
        "spec": {
            "selector": {"matchLabels": dict(labels)},
            "template": {"metadata": {"labels": dict(labels)}, "spec": made["spec"]},
        },
    }


def policy(text: str, path: str = "default/p", kind: str = "NetworkPolicy") -> Doc:
    """A policy from the YAML of its spec (``specs`` for a list)."""
    versions = {
        "NetworkPolicy": "networking.k8s.io/v1",
        "CiliumNetworkPolicy": "cilium.io/v2",
        "CiliumClusterwideNetworkPolicy": "cilium.io/v2",
        "CiliumCIDRGroup": "cilium.io/v2",
        "AdminNetworkPolicy": "policy.networking.k8s.io/v1alpha1",
        "BaselineAdminNetworkPolicy": "policy.networking.k8s.io/v1alpha1",
        "ClusterNetworkPolicy": "policy.networking.k8s.io/v1alpha2",
    }
    space, _, name = path.rpartition("/")
    spec = yaml.safe_load(text)
    meta = {"name": name} | ({"namespace": space} if space else {})
    return {
        "apiVersion": versions[kind],
        "kind": kind,
        "metadata": meta,
        "specs" if isinstance(spec, list) else "spec": spec,
    }


def cnp(text: str, path: str = "default/c") -> Doc:
    return policy(text, path, "CiliumNetworkPolicy")


def ccnp(text: str, path: str = "c") -> Doc:
    return policy(text, path, "CiliumClusterwideNetworkPolicy")


def contains(items: Spans, value: int) -> bool:
    return any(low <= value <= high for low, high in items)


def files(*docs: Doc | Iterable[Doc]) -> Snapshot:
    """Documents as files: policies are judged as if an engine enforced them."""
    return make_snapshot(*docs, cluster=FILES)


class Asked:
    """Questions to one snapshot, by the words a person would use."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.index: PolicyIndex = compile_index(snapshot)

    def end(self, word: str) -> End:
        (found,) = find_target(self.index, self.snapshot, word).ends
        return found

    def decide(self, src: str, dst: str, port: int | None = 80, protocol: str | None = "TCP") -> Decision:
        return judge(self.index, self.end(src), self.end(dst), port, protocol)

    def __call__(self, src: str, dst: str, port: int | None = 80, protocol: str | None = "TCP") -> Answer:
        return self.decide(src, dst, port, protocol).answer

    def texts(self, src: str, dst: str, port: int | None = 80, protocol: str | None = "TCP") -> str:
        return "\n".join(item.text for item in self.decide(src, dst, port, protocol).because)


def ask(*docs: Doc | Iterable[Doc]) -> Asked:
    return Asked(files(*docs))
