"""How many there are of what the panes are about; None where that is not known."""

from __future__ import annotations

from typing import Any

from pointsman.tui.model.core import Service
from pointsman.tui.model.kinds import (
    ADMINNETWORKPOLICIES,
    BASELINEADMINNETWORKPOLICIES,
    CILIUMCLUSTERWIDENETWORKPOLICIES,
    CILIUMNETWORKPOLICIES,
    CLUSTERNETWORKPOLICIES,
    ENDPOINTSLICES,
    GRPCROUTES,
    HTTPROUTES,
    INGRESSES,
    INGRESSROUTES,
    INGRESSROUTETCPS,
    INGRESSROUTEUDPS,
    MIDDLEWARES,
    MIDDLEWARETCPS,
    NAMESPACES,
    NETWORKPOLICIES,
    NODES,
    PODS,
    SERVICES,
    TCPROUTES,
    TLSROUTES,
    UDPROUTES,
    Kind,
)
from pointsman.tui.model.meta import condition
from pointsman.tui.store.snapshot import Snapshot

POLICIES: tuple[Kind[Any], ...] = (
    NETWORKPOLICIES,
    CILIUMNETWORKPOLICIES,
    CILIUMCLUSTERWIDENETWORKPOLICIES,
    ADMINNETWORKPOLICIES,
    BASELINEADMINNETWORKPOLICIES,
    CLUSTERNETWORKPOLICIES,
)
ROUTES: tuple[Kind[Any], ...] = (
    INGRESSES,
    INGRESSROUTES,
    INGRESSROUTETCPS,
    INGRESSROUTEUDPS,
    HTTPROUTES,
    GRPCROUTES,
    TLSROUTES,
    TCPROUTES,
    UDPROUTES,
)


def total(snapshot: Snapshot, *kinds: Kind[Any]) -> int | None:
    """All objects of these kinds together; None if one of them is not known. A kind that is not served counts zero."""
    if not all(snapshot.known(kind) for kind in kinds):
        return None
    return sum(snapshot.count(kind) for kind in kinds)


def is_load_balancer(service: Service) -> bool:
    return service.spec.type == "LoadBalancer"


def counts(snapshot: Snapshot) -> dict[str, int | None]:
    """``ips`` are distinct addresses of LoadBalancer services and external IPs; ``pending_ips`` are LoadBalancer
    services that have no address."""
    result = {
        "nodes": total(snapshot, NODES),
        "nodes_ready": None,
        "namespaces": total(snapshot, NAMESPACES),
        "pods": total(snapshot, PODS),
        "services": total(snapshot, SERVICES),
        "load_balancer_services": None,
        "ips": None,
        "pending_ips": None,
        "policies": total(snapshot, *POLICIES),
        "routes": total(snapshot, *ROUTES),
        "middlewares": total(snapshot, MIDDLEWARES, MIDDLEWARETCPS),
        "endpoint_slices": total(snapshot, ENDPOINTSLICES),
    }
    if snapshot.known(NODES):
        ready = [condition(node.body.status.conditions, "Ready") for node in snapshot.all(NODES)]
        result["nodes_ready"] = sum(item is not None and item.status == "True" for item in ready)
    if snapshot.known(SERVICES):
        balancers = pending = 0
        addresses: set[str] = set()
        for obj in snapshot.all(SERVICES):
            addresses.update(obj.body.spec.external_ips)
            if not is_load_balancer(obj.body):
                continue
            balancers += 1
            given = {point.ip or point.hostname for point in obj.body.status.load_balancer.ingress} - {""}
            addresses |= given
            pending += not given
        result |= {"load_balancer_services": balancers, "ips": len(addresses), "pending_ips": pending}
    return result
