"""The other networks of pods, each known by the label of its DaemonSet: one line each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pointsman.tui.answers.stack.build import from_workloads
from pointsman.tui.answers.stack.facts import Facts, containers, label
from pointsman.tui.answers.stack.model import Component, Role
from pointsman.tui.store.snapshot import Snapshot


class Network(NamedTuple):
    id: str
    name: str
    label: str
    value: str
    image: str
    policies: bool
    """Whether it also enforces NetworkPolicy."""
    proxy_argument: str = ""
    """The argument by which it also takes kube-proxy's place."""


NETWORKS = (
    Network("calico", "Calico", "k8s-app", "calico-node", "calico", True),
    Network("calico", "Calico (with flannel)", "k8s-app", "canal", "calico", True),
    Network("kube-router", "kube-router", "k8s-app", "kube-router", "kube-router", True, "--run-service-proxy=true"),
    Network("antrea", "Antrea", "component", "antrea-agent", "antrea", True),
    Network("weave", "Weave Net", "name", "weave-net", "weave", True),
    Network("kindnet", "kindnet", "k8s-app", "kindnet", "kindnet", True),
    Network("kube-ovn", "Kube-OVN", "app", "kube-ovn-cni", "kube-ovn", True),
    Network("ovn-kubernetes", "OVN-Kubernetes", "app", "ovnkube-node", "ovn", True),
)


def detect(found: Facts, snapshot: Snapshot) -> Iterator[Component]:
    for item in found.daemonsets:
        for network in NETWORKS:
            if label(item, network.label) != network.value:
                continue
            one = (item,)
            canal = network.value == "canal"
            if not canal and _firewall_only(found, item.name, network):
                yield from_workloads(
                    snapshot, Role.POLICY_ENGINE, network.id, network.name, one, network.image, "policies only"
                )
                continue
            if not canal:  # Canal's network is flannel's; Calico is there for the policies
                yield from_workloads(snapshot, Role.CNI, network.id, network.name, one, network.image)
            if network.policies:
                yield from_workloads(snapshot, Role.POLICY_ENGINE, network.id, network.name, one, network.image)
            arguments = {argument for part in containers(item) for argument in (*part.args, *part.command)}
            if network.proxy_argument and network.proxy_argument in arguments:
                yield from_workloads(snapshot, Role.SERVICE_PROXY, network.id, network.name, one, network.image)


def _firewall_only(found: Facts, name: str, network: Network) -> bool:
    """kube-router with ``--run-router=false``, or calico-node beside a flannel DaemonSet, makes no network."""
    for item in found.daemonsets:
        if item.name != name:
            continue
        for part in containers(item):
            if network.id == "kube-router" and "--run-router=false" in (*part.args, *part.command):
                return True
            if network.id == "calico" and any(
                env.name == "CALICO_NETWORKING_BACKEND" and env.value == "none" for env in part.env
            ):
                return True
    return False
