"""Who stands behind the addresses of an access log: pod, node, service, or the world outside, as the objects tell.

Hubble names both ends itself; a log has addresses only. What an address is now is taken for what it was when the line was
written, which holds for lines of the last minutes. An address of the pods' range that no pod has is left unknown.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pointsman.tui.answers.index import pods_by_ip
from pointsman.tui.answers.policies.ends import owner_of_pod
from pointsman.tui.model.flows import Flow, Peer
from pointsman.tui.model.kinds import DAEMONSETS, DEPLOYMENTS, NODES, PODS, REPLICASETS, SERVICES, STATEFULSETS, Kind
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot

HOST: Final = 1
WORLD: Final = 2
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_UNKNOWN: Final = Peer()
_WORLD: Final = Peer(identity=WORLD)


@dataclass(frozen=True, slots=True)
class Places:
    """``known`` holds an end without its port for each address; ``ranges`` are those of the pods."""

    known: Mapping[str, Peer]
    ranges: tuple[Network, ...]

    def of(self, ip: str, port: int | None) -> Peer:
        """The end at an address; identity 2 (world) for what is not the cluster's, none for what is not known."""
        found = self.known.get(ip) or self._stranger(ip)
        return Peer(
            found.namespace, found.pod, found.workload, found.identity, ip, port, (), found.service,
            found.service_namespace,
        )  # fmt: skip

    def _stranger(self, ip: str) -> Peer:
        try:
            address = ipaddress.ip_address(ip)
        except ValueError:
            return _UNKNOWN
        if any(address in network for network in self.ranges if network.version == address.version):
            return _UNKNOWN
        return _WORLD


@memoized(PODS, NODES, SERVICES, REPLICASETS, DEPLOYMENTS, STATEFULSETS, DAEMONSETS)
def places(snapshot: Snapshot) -> Places:
    """Every address of the cluster."""
    kinds: tuple[Kind[Any], ...] = (REPLICASETS, DEPLOYMENTS, STATEFULSETS, DAEMONSETS)
    parents = {(kind.kind, obj.namespace, obj.name): obj for kind in kinds for obj in snapshot.all(kind)}
    known: dict[str, Peer] = {}
    ranges: list[Network] = []
    for service in snapshot.all(SERVICES):
        spec = service.body.spec
        for ip in {spec.cluster_ip, *spec.cluster_ips}:
            if ip and ip != "None":
                known[ip] = Peer(service=service.name, service_namespace=service.namespace)
    for node in snapshot.all(NODES):
        spec_of_node = node.body.spec
        for text in {spec_of_node.pod_cidr, *spec_of_node.pod_cidrs} - {""}:
            try:
                network = ipaddress.ip_network(text, strict=False)
            except ValueError:
                continue
            ranges.append(network)
            # The first addresses are the node's own in its pods' network: the tunnel's and the bridge's.
            for own in (network.network_address, network.network_address + 1):
                known[str(own)] = Peer(identity=HOST)
        for address in node.body.status.addresses:
            known[address.address] = Peer(identity=HOST)
    for ip, pods in pods_by_ip(snapshot).items():
        if len(pods) > 1 or pods[0].body.spec.host_network:
            known.setdefault(ip, Peer(identity=HOST))
            continue
        pod = pods[0]
        owner = owner_of_pod(pod.meta, parents)
        known[ip] = Peer(pod.namespace, pod.name, f"{owner.kind}/{owner.name}")
    return Places(known, tuple(ranges))


def placed(flow: Flow, where: Places) -> Flow:
    """The same flow with both ends named. The backend of a request is a pod, so no service is put in its place."""
    source, destination = flow.source, flow.destination
    return Flow(
        flow.origin, flow.ns, flow.verdict, flow.direction,
        where.of(source.ip, source.port) if source.ip else source,
        where.of(destination.ip, destination.port) if destination.ip else destination,
        flow.protocol, flow.kind, flow.event, flow.sub, flow.summary, flow.is_reply, flow.drop_reason, flow.node,
        flow.uuid, flow.l7, flow.auth, flow.ip_trace, flow.masked, flow.raw,
    )  # fmt: skip
