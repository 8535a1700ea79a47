"""How many there are of what the panes are about; None where that is not known."""

from __future__ import annotations

from typing import Any

from pointsman.tui.answers.index import unreported
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


def total(snapshot: Snapshot, *kinds: Kind[Any], namespace: str = "") -> int | None:
    """All objects of these kinds together, of one namespace or of all; None if one of the kinds is not known. A kind
    that is not served counts zero."""
    if not all(snapshot.known(kind) for kind in kinds):
        return None
    if namespace:
        return sum(obj.namespace == namespace for kind in kinds if kind.namespaced for obj in snapshot.all(kind))
    return sum(snapshot.count(kind) for kind in kinds)


def counts(snapshot: Snapshot, namespace: str = "") -> dict[str, int | None]:
    """``ips`` are distinct addresses of LoadBalancer services and external IPs; ``pending_ips`` are LoadBalancer
    services that have no address. With a namespace everything but nodes and namespaces counts that one alone."""
    result = {
        "nodes": total(snapshot, NODES),
        "nodes_ready": None,
        "namespaces": total(snapshot, NAMESPACES),
        "pods": total(snapshot, PODS, namespace=namespace),
        "services": total(snapshot, SERVICES, namespace=namespace),
        "load_balancer_services": None,
        "ips": None,
        "pending_ips": None,
        "policies": total(snapshot, *POLICIES, namespace=namespace),
        "routes": total(snapshot, *ROUTES, namespace=namespace),
        "middlewares": total(snapshot, MIDDLEWARES, MIDDLEWARETCPS, namespace=namespace),
        "endpoint_slices": total(snapshot, ENDPOINTSLICES, namespace=namespace),
    }
    if snapshot.known(NODES):
        ready = [condition(node.body.status.conditions, "Ready") for node in snapshot.all(NODES)]
        result["nodes_ready"] = sum(item is not None and item.status == "True" for item in ready)
    if snapshot.known(SERVICES):
        balancers = pending = 0
        addresses: set[str] = set()
        for obj in snapshot.all(SERVICES):
            if namespace and obj.namespace != namespace:
                continue
            addresses.update(obj.body.spec.external_ips)
            if obj.body.spec.type != "LoadBalancer":
                continue
            balancers += 1
            given = {point.ip or point.hostname for point in obj.body.status.load_balancer.ingress} - {""}
            addresses |= given
            pending += not given and not unreported(snapshot, obj)
        result |= {"load_balancer_services": balancers, "ips": len(addresses), "pending_ips": pending}
    return result
