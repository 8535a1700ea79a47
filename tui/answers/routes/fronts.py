"""Where a request comes in: the service at its address and port, and which controller's pods that service leads to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pointsman.tui.answers.routes.context import Context, leads_to
from pointsman.tui.answers.routes.kinds.service import GATEWAY_LABELS
from pointsman.tui.answers.routes.model import CILIUM, DIRECT, TRAEFIK, Route
from pointsman.tui.answers.routes.request import Request
from pointsman.tui.answers.routes.traefik import EntryPoint, Traefik
from pointsman.tui.answers.stack.ingress import CONTROLLERS, workload
from pointsman.tui.model.core import Service
from pointsman.tui.model.kinds import SERVICES
from pointsman.tui.model.meta import Key, Obj


@dataclass(frozen=True, slots=True)
class Front:
    """What stands behind the service that the request comes to. ``point`` is Traefik's entry point."""

    controller: str
    service: Obj[Service] | None = None
    traefik: Traefik | None = None
    point: EntryPoint | None = None
    gateway: Key | None = None


def behind_service(ctx: Context, routes: Sequence[Route], service: Obj[Service], number: int) -> Front:
    """What the pods of a service are."""
    for traefik in ctx.traefiks:
        if traefik.ref is None or not ctx.selects(service, traefik.ref):
            continue
        for point in traefik.entry_points.values():
            if any(port.port == number and leads_to(port, point) for port in service.body.spec.ports):
                return Front(TRAEFIK, service, traefik, point)
        return Front(TRAEFIK, service, traefik, None)
    name = next((service.meta.labels[label] for label in GATEWAY_LABELS if label in service.meta.labels), "")
    if not name and service.name.startswith("cilium-gateway-"):
        name = service.name.removeprefix("cilium-gateway-")
    if name:
        key = (service.namespace, name)
        owner = next((route.controller for route in routes if any(r.gateway == key for r in route.routers)), CILIUM)
        return Front(owner, service, gateway=key)
    if service.name == "cilium-ingress":
        return Front(CILIUM, service)
    for controller, (title, *_) in CONTROLLERS.items():
        item = workload(ctx.found, controller)
        labels = item.body.spec.template.metadata.labels if item is not None else {}
        selector = service.body.spec.selector
        if item is not None and item.namespace == service.namespace and selector and selector.items() <= labels.items():
            return Front(title, service)
    return Front(DIRECT, service)


def guess(ctx: Context, routes: Sequence[Route], request: Request) -> Front | None:
    """Where a request comes in when its address does not say: Traefik's service, or another controller's."""
    for traefik in ctx.traefiks:
        for point in traefik.entry_points.values():
            if point.protocol != request.protocol:
                continue
            for service, number in ctx.exposed(traefik, point):
                if number == request.port:
                    return Front(TRAEFIK, service, traefik, point)
            if traefik.assumed and point.port == request.port:
                return Front(TRAEFIK, None, traefik, point)
    for service in sorted(ctx.snapshot.all(SERVICES), key=lambda item: item.key):
        if service.body.spec.type == "LoadBalancer" and any(
            port.port == request.port and (port.protocol or "TCP").lower() == request.protocol
            for port in service.body.spec.ports
        ):
            front = behind_service(ctx, routes, service, request.port)
            if front.controller not in (DIRECT, TRAEFIK):
                return front
    if ctx.assumed:
        return Front(TRAEFIK, None, ctx.traefiks[0], None)
    return None
