"""Which Kubernetes distribution: the nodes say it in versions, labels, annotations, provider ids and OS images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pointsman.tui.model.core import Node
from pointsman.tui.model.meta import Obj

KUBEADM = "kubeadm.alpha.kubernetes.io/cri-socket"


def distribution_of_node(node: Obj[Node]) -> str:
    """k3s, rke2, k0s, talos, microk8s, kind, kubeadm or unknown.

    The more specific sign first: kind and minikube are made with kubeadm, and Talos' kubelet carries no mark.
    """
    version = node.body.status.node_info.kubelet_version
    for mark, name in (("+k3s", "k3s"), ("+rke2", "rke2"), ("+k0s", "k0s"), ("-k0s", "k0s")):
        if mark in version:
            return name
    labels, notes = node.meta.labels, node.meta.annotations
    if node.body.status.node_info.os_image.startswith("Talos"):
        return "talos"
    if "microk8s.io/cluster" in labels or any(key.startswith("node.kubernetes.io/microk8s-") for key in labels):
        return "microk8s"
    if "node.k0sproject.io/role" in labels:
        return "k0s"
    if node.body.spec.provider_id.startswith("kind://"):
        return "kind"
    if KUBEADM in notes:
        return "kubeadm"
    return "unknown"


def distribution_of(nodes: Sequence[Obj[Node]], server_version: str | None) -> str:
    """That of most nodes; with no nodes to read, what the API server's own version tells."""
    found = Counter(distribution_of_node(node) for node in nodes)
    found.pop("unknown", None)
    if found:
        most = max(found.values())
        return min(name for name, count in found.items() if count == most)
    for mark in ("k3s", "rke2", "k0s"):
        if server_version and (f"+{mark}" in server_version or f"-{mark}" in server_version):
            return mark
    return "unknown"


def version_of(nodes: Sequence[Obj[Node]], server_version: str | None) -> str | None:
    """The API server's version; without it the kubelet's of a control-plane node, or of any."""
    if server_version:
        return server_version
    ordered = sorted(nodes, key=lambda item: (not control_plane(item), item.name))
    return next((v for node in ordered if (v := node.body.status.node_info.kubelet_version)), None)


def control_plane(node: Obj[Node]) -> bool:
    return any(f"node-role.kubernetes.io/{role}" in node.meta.labels for role in ("control-plane", "master"))
