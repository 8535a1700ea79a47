"""Who has an address, by what the cluster's objects say: for flows that come with addresses alone (access logs)."""

from __future__ import annotations

from pointsman.tui.model.flows import Peer
from pointsman.tui.model.kinds import NODES, PODS, REPLICASETS, SERVICES
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot

HOST = 1


@memoized(PODS, NODES, SERVICES, REPLICASETS)
def address_book(snapshot: Snapshot) -> dict[str, Peer]:
    """Address → the peer that has it, without a port: a pod with its workload, a service (cluster, external or load balancer
    address), a node. A pod on the host's network is its node; so Hubble sees it too."""
    book: dict[str, Peer] = {}
    for service in snapshot.all(SERVICES):
        spec = service.body.spec
        balancer = service.body.status.load_balancer.ingress
        for ip in (spec.cluster_ip, *spec.cluster_ips, *spec.external_ips, *(item.ip for item in balancer)):
            if ip and ip != "None":
                book[ip] = Peer(ip=ip, service=service.name, service_namespace=service.namespace)
    for pod in snapshot.all(PODS):
        status = pod.body.status
        if pod.body.spec.host_network or status.phase in ("Succeeded", "Failed"):
            continue
        for ip in {status.pod_ip, *(item.ip for item in status.pod_ips)}:
            if ip:
                book[ip] = Peer(pod.namespace, pod.name, _workload(snapshot, pod.namespace, pod.meta.controller), ip=ip)
    for node in snapshot.all(NODES):
        for address in node.body.status.addresses:
            if address.type in ("InternalIP", "ExternalIP"):
                book[address.address] = Peer(identity=HOST, ip=address.address)
    return book


def _workload(snapshot: Snapshot, namespace: str, owner: object) -> str:
    """``Kind/name`` of what manages a pod; a ReplicaSet gives way to its Deployment where that is known."""
    kind, name = getattr(owner, "kind", ""), getattr(owner, "name", "")
    if kind == "ReplicaSet" and (found := snapshot.get(REPLICASETS, namespace, name)) is not None:
        above = found.meta.controller
        if above is not None:
            kind, name = above.kind, above.name
    return f"{kind}/{name}" if kind and name else ""
