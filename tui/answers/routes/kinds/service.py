"""LoadBalancer services that no controller stands in front of: whatever comes to a port goes to the pods."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.routes.context import Context
from pointsman.tui.answers.routes.crd import Parts
from pointsman.tui.answers.routes.model import DIRECT, Route
from pointsman.tui.model.core import Service
from pointsman.tui.model.kinds import SERVICES
from pointsman.tui.model.meta import Obj

KIND = SERVICES
GATEWAY_LABELS = ("gateway.networking.k8s.io/gateway-name", "io.cilium.gateway/owning-gateway")


def read(ctx: Context, obj: Obj[Service]) -> Iterator[Route]:
    """One route for each port. The controllers' own services are no routes: they are where routes begin."""
    if obj.body.spec.type != "LoadBalancer" or leads_to_controller(ctx, obj):
        return
    owner = ctx.owner(obj)
    for index, port in enumerate(obj.body.spec.ports):
        parts = Parts()
        backend = ctx.backend(obj.namespace, obj.name, str(port.port) if not port.name else port.name)
        parts.add(backend.problem)
        protocol = "udp" if port.protocol == "UDP" else "tcp"
        yield Route(
            ref(obj), index, protocol, DIRECT, ports=(f"{port.port}/{(port.protocol or 'TCP').lower()}",),
            backends=(backend,), owner=owner, problems=tuple(parts.problems),
        )  # fmt: skip


def leads_to_controller(ctx: Context, obj: Obj[Service]) -> bool:
    if any(ctx.selects(obj, workload) for workload in ctx.templates):
        return True
    if any(label in obj.meta.labels for label in GATEWAY_LABELS):
        return True
    return obj.name == "cilium-ingress" or obj.name.startswith(("cilium-gateway-", "cilium-ingress-"))
