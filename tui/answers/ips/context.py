"""What the kinds look at, gathered once for all services."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from pointsman.tui.answers.index import Backends, backends, event_writer, events_by_object
from pointsman.tui.answers.ips.cilium import CiliumState
from pointsman.tui.answers.ips.metallb import MetalState
from pointsman.tui.answers.stack import kubevip, servicelb
from pointsman.tui.answers.stack.facts import Facts, facts
from pointsman.tui.answers.words import sees
from pointsman.tui.model.core import Event, Node, Pod, Service
from pointsman.tui.model.kinds import ENDPOINTSLICES, NODES, PODS
from pointsman.tui.model.meta import Key, Obj, condition
from pointsman.tui.store.snapshot import Snapshot

SVCLB_NAME = servicelb.SERVICE
SVCLB_NAMESPACE = servicelb.SERVICE_NAMESPACE


class Context:
    """Every index is built on first use, in one pass over its kind."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.found: Facts = facts(snapshot)

    @cached_property
    def nodes(self) -> Mapping[str, Obj[Node]]:
        return {node.name: node for node in self.snapshot.all(NODES)}

    @cached_property
    def node_of_ip(self) -> Mapping[str, str]:
        """The node that has an address of its own, internal or external."""
        return {
            address.address: node.name
            for node in self.found.nodes
            for address in node.body.status.addresses
            if address.type in ("InternalIP", "ExternalIP")
        }

    @cached_property
    def metallb(self) -> MetalState:
        return MetalState(self.snapshot, self.found)

    @cached_property
    def cilium(self) -> CiliumState:
        return CiliumState(self.snapshot, self.found)

    @cached_property
    def svclb_pods(self) -> Mapping[Key, tuple[Obj[Pod], ...]]:
        """The pods of k3s' ServiceLB by the service they stand for."""
        found: dict[Key, list[Obj[Pod]]] = {}
        for pod in self.snapshot.all(PODS):
            name = pod.meta.labels.get(SVCLB_NAME)
            if name:
                found.setdefault((pod.meta.labels.get(SVCLB_NAMESPACE, ""), name), []).append(pod)
        return {key: tuple(sorted(pods, key=lambda pod: pod.name)) for key, pods in found.items()}

    @cached_property
    def svclb_services(self) -> frozenset[Key]:
        """The services for which ServiceLB made a DaemonSet."""
        return frozenset(
            (item.meta.labels.get(SVCLB_NAMESPACE, ""), item.meta.labels.get(SVCLB_NAME, ""))
            for item in servicelb.daemonsets(self.found)
        )

    @cached_property
    def servicelb_on(self) -> bool | None:
        """Whether k3s runs ServiceLB; None if nothing tells."""
        return servicelb.switched_on(self.found)

    @cached_property
    def kube_vip(self) -> kubevip.Serving | None:
        """Where kube-vip serves Services from."""
        return kubevip.serving(self.found, self.snapshot)

    def backends(self, service: Obj[Service]) -> Backends:
        return backends(self.snapshot, service.key)

    @cached_property
    def backends_known(self) -> bool:
        return sees(self.snapshot, ENDPOINTSLICES)

    def events(self, service: Obj[Service], writer: str = "") -> tuple[Obj[Event], ...]:
        """The service's events, newest first; only those whose writer's name holds ``writer``."""
        found = events_by_object(self.snapshot).get(("Service", service.namespace, service.name), ())
        return tuple(item for item in found if writer in event_writer(item.body)) if writer else found

    def node_trouble(self, name: str) -> str:
        """Why a node cannot announce anything, as the end of a sentence; empty if nothing is known against it."""
        node = self.nodes.get(name)
        if node is None:
            return "is not a node of this cluster" if sees(self.snapshot, NODES) else ""
        ready = condition(node.body.status.conditions, "Ready")
        if ready is not None and ready.status != "True":
            return "is not ready"
        return ""


def local(service: Obj[Service]) -> bool:
    return service.body.spec.external_traffic_policy == "Local"
