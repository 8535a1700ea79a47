"""The other Ingress controllers, known by the controller that an IngressClass names: one line each."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.stack import traefik
from pointsman.tui.answers.stack.build import from_workloads
from pointsman.tui.answers.stack.facts import Facts, image_with
from pointsman.tui.answers.stack.model import Component, Health, Role
from pointsman.tui.answers.words import blind, listed
from pointsman.tui.model.core import Workload
from pointsman.tui.model.kinds import DAEMONSETS, DEPLOYMENTS, INGRESSCLASSES
from pointsman.tui.model.meta import Obj
from pointsman.tui.store.snapshot import Snapshot

CILIUM = "cilium.io/ingress-controller"
CONTROLLERS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "k8s.io/ingress-nginx": (
        "ingress-nginx", "ingress-nginx", ("ingress-nginx/controller", "nginx-ingress-controller"),
    ),
    "nginx.org/ingress-controller": ("nginx-ingress", "NGINX Ingress", ("nginx-ingress", "nginx/nginx-ingress")),
    "haproxy.org/ingress-controller/haproxy": ("haproxy", "HAProxy Ingress", ("haproxy",)),
    "haproxy-ingress.github.io/controller": ("haproxy", "HAProxy Ingress", ("haproxy-ingress",)),
    "ingress-controllers.konghq.com/kong": ("kong", "Kong", ("kong/kubernetes-ingress", "kong/kong")),
    "projectcontour.io/ingress-controller": ("contour", "Contour", ("contour",)),
    "istio.io/ingress-controller": ("istio", "Istio", ("istio/pilot", "istio/proxyv2")),
    "caddy.io/ingress-controller": ("caddy", "Caddy", ("caddy",)),
    "tailscale.com/ts-ingress": ("tailscale", "Tailscale", ("tailscale/k8s-operator",)),
}  # fmt: skip
"""IngressClass controller → id, name, and parts of the image's name."""


def workload(found: Facts, controller: str) -> Obj[Workload] | None:
    """The Deployment or DaemonSet behind an IngressClass's controller."""
    known = CONTROLLERS.get(controller)
    if known is None:
        return None
    for item in (*found.deployments, *found.daemonsets):
        if image_with(item, *known[2]):
            return item
    return None


def detect(found: Facts, snapshot: Snapshot) -> Iterator[Component]:
    classes: dict[str, list[str]] = {}
    for obj in snapshot.all(INGRESSCLASSES):
        classes.setdefault(obj.body.spec.controller, []).append(obj.name)
    for controller, names in sorted(classes.items()):
        if controller in (CILIUM, traefik.CONTROLLER) or not controller:
            continue
        which = f"IngressClass {listed(sorted(names))}"
        item = workload(found, controller)
        known = CONTROLLERS.get(controller)
        if item is not None and known is not None:
            yield from_workloads(snapshot, Role.INGRESS, known[0], known[1], (item,), known[2][0], which)
            continue
        unseen = blind(snapshot, DEPLOYMENTS, DAEMONSETS)
        name = known[1] if known else controller
        yield Component(
            Role.INGRESS,
            known[0] if known else controller,
            name,
            health=Health.UNKNOWN,
            detail=f"{which}; {unseen or 'no pods of it were found'}",
            standby=not unseen,
        )
