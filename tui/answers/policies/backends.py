"""From services, Ingresses and routes to the pods behind them and the ports they listen on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pointsman.tui.answers.index import slices_by_service
from pointsman.tui.answers.policies.ends import End, Is
from pointsman.tui.answers.policies.index import PolicyIndex
from pointsman.tui.answers.policies.ports import PORTED, protocol_spans
from pointsman.tui.answers.policies.spans import NOTHING, Spans, union
from pointsman.tui.answers.stack import cilium
from pointsman.tui.answers.stack.facts import facts
from pointsman.tui.model.core import Ingress, IngressBackend, Service, ServicePort
from pointsman.tui.model.kinds import (
    GRPCROUTES,
    HTTPROUTES,
    INGRESSES,
    INGRESSROUTES,
    INGRESSROUTETCPS,
    INGRESSROUTEUDPS,
    SERVICES,
    TCPROUTES,
    TLSROUTES,
    TRAEFIKSERVICES,
    UDPROUTES,
    Kind,
)
from pointsman.tui.model.meta import Loose, Obj, dig_list, dig_str
from pointsman.tui.store.snapshot import Snapshot

GATEWAY_ROUTES: tuple[Kind[Loose], ...] = (HTTPROUTES, GRPCROUTES, TLSROUTES, TCPROUTES, UDPROUTES)
TRAEFIK_ROUTES: tuple[Kind[Loose], ...] = (INGRESSROUTES, INGRESSROUTETCPS, INGRESSROUTEUDPS)
DEEPEST = 4


def pods_behind(index: PolicyIndex, snapshot: Snapshot, service: Obj[Service]) -> list[End]:
    """The ends a service sends to: by its selector, or, without one, the pods its EndpointSlices name."""
    wanted = service.body.spec.selector.items()
    found = [
        end
        for end in index.ends
        if wanted
        and end.owner is not None
        and end.owner.namespace == service.namespace
        and wanted <= end.labels.items()
    ]
    return found or _in_slices(index, snapshot, service)


def _in_slices(index: PolicyIndex, snapshot: Snapshot, service: Obj[Service]) -> list[End]:
    names = {
        (item.target_ref.namespace or service.namespace, item.target_ref.name)
        for piece in slices_by_service(snapshot).get(service.key, ())
        for item in piece.body.endpoints
        if item.target_ref is not None and item.target_ref.kind == "Pod"
    }
    return [end for end in index.ends if end.ref is not None and (end.ref.namespace, end.ref.name) in names]


def target_ports(port: ServicePort, end: End) -> Spans:
    """Where a service's port ends at a backend; nothing if the backend has no port of that name."""
    protocol = port.protocol if port.protocol in PORTED else "TCP"
    target = port.target_port or port.port
    if isinstance(target, str) and not target.isdigit():
        numbers = [number for name, kind, number in end.ports if name == target.lower() and kind == protocol]
    else:
        numbers = [int(target)]
    found = NOTHING
    for number in numbers:
        if 0 < number < 65536:
            found = union(found, protocol_spans(protocol, number, number))
    return found


def service_ports(service: Service, wanted: Any) -> list[ServicePort]:
    """The ports of a service that a route means: by number or name; all of them where it names none."""
    if wanted in (None, "", 0):
        return list(service.spec.ports)
    return [port for port in service.spec.ports if wanted in (port.port, port.name) or str(port.port) == str(wanted)]


CONTROLLER = "ingress-controller"
CONTROLLERS = ("traefik", "ingress-nginx", "haproxy-ingress", "kubernetes-ingress", "contour")
"""What ingress controllers call themselves in ``app.kubernetes.io/name``."""


def ingress_controllers(index: PolicyIndex, snapshot: Snapshot) -> list[End]:
    """The controllers that run here, Cilium's own among them; else any pod of a namespace that no policy names."""
    found = [end for end in index.ends if end.labels.get("app.kubernetes.io/name") in CONTROLLERS]
    values = cilium.config(facts(snapshot)) or {}
    if cilium.on(values, "enable-ingress-controller") or cilium.on(values, "enable-gateway-api"):
        found.append(End(Is.ENTITY, "Cilium's ingress", {"r:ingress": ""}))
    return found or [End(Is.POD, CONTROLLER, index.places.pod_facts(f"{CONTROLLER}-ns", {}))]


Wanted = tuple[str, str, Any]
"""Namespace and name of a service, and the port asked for."""


def entries(index: PolicyIndex, snapshot: Snapshot) -> Iterator[tuple[End, Spans]]:
    """Every backend of an Ingress or route with the ports it is reached on."""
    for namespace, name, wanted in dict.fromkeys(_wanted(snapshot)):
        service = snapshot.get(SERVICES, namespace, name)
        if service is None or service.problem:
            continue
        ports = service_ports(service.body, wanted)
        for end in pods_behind(index, snapshot, service):
            found = NOTHING
            for port in ports:
                found = union(found, target_ports(port, end))
            if found:
                yield end, found


def _wanted(snapshot: Snapshot) -> Iterator[Wanted]:
    for ingress in snapshot.all(INGRESSES):
        yield from _of_ingress(ingress)
    for kind in TRAEFIK_ROUTES:
        for obj in snapshot.all(kind):
            for route in dig_list(obj.body.spec, "routes"):
                yield from _of_traefik(snapshot, obj.namespace, dig_list(route, "services"), 0)
    for kind in GATEWAY_ROUTES:
        for obj in snapshot.all(kind):
            for rule in dig_list(obj.body.spec, "rules"):
                for backend in dig_list(rule, "backendRefs"):
                    if dig_str(backend, "kind", default="Service") == "Service" and not dig_str(backend, "group"):
                        namespace = dig_str(backend, "namespace", default=obj.namespace)
                        yield namespace, dig_str(backend, "name"), _port(backend)


def _of_ingress(obj: Obj[Ingress]) -> Iterator[Wanted]:
    backends: Iterable[IngressBackend] = (
        *((obj.body.spec.default_backend,) if obj.body.spec.default_backend else ()),
        *(path.backend for rule in obj.body.spec.rules if rule.http for path in rule.http.paths),
    )
    for backend in backends:
        if backend.service is not None:
            yield obj.namespace, backend.service.name, backend.service.port.number or backend.service.port.name


def _of_traefik(snapshot: Snapshot, namespace: str, listed: list[Any], depth: int) -> Iterator[Wanted]:
    for item in listed:
        home = dig_str(item, "namespace", default=namespace)
        if dig_str(item, "kind", default="Service") == "Service":
            yield home, dig_str(item, "name"), _port(item)
            continue
        found = snapshot.get(TRAEFIKSERVICES, home, dig_str(item, "name"))
        if found is not None and depth < DEEPEST:
            spec = found.body.spec
            inner = [*dig_list(spec, "weighted", "services"), *dig_list(spec, "mirroring", "mirrors")]
            if dig_str(spec, "mirroring", "name"):
                inner.append(spec["mirroring"])
            yield from _of_traefik(snapshot, home, inner, depth + 1)


def _port(item: Any) -> Any:
    value = item.get("port") if isinstance(item, dict) else None
    return value if isinstance(value, (int, str)) else None
