"""Controllers of the Gateway API besides Cilium and Traefik, known by the controller that a GatewayClass names."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.stack import traefik
from pointsman.tui.answers.stack.build import from_workloads
from pointsman.tui.answers.stack.facts import Facts, image_with
from pointsman.tui.answers.stack.model import Component, Health, Role
from pointsman.tui.answers.words import blind, listed, sees
from pointsman.tui.model.kinds import CRDS, DAEMONSETS, DEPLOYMENTS, GATEWAYCLASSES
from pointsman.tui.model.meta import dig_str
from pointsman.tui.store.snapshot import Snapshot, State

CILIUM = "io.cilium/gateway-controller"
CONTROLLERS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "gateway.envoyproxy.io/gatewayclass-controller": ("envoy-gateway", "Envoy Gateway", ("envoyproxy/gateway",)),
    "gateway.nginx.org/nginx-gateway-controller": ("nginx-gateway", "NGINX Gateway Fabric", ("nginx-gateway-fabric",)),
    "istio.io/gateway-controller": ("istio", "Istio", ("istio/pilot",)),
    "konghq.com/kic-gateway-controller": ("kong", "Kong", ("kong/kubernetes-ingress",)),
    "projectcontour.io/gateway-controller": ("contour", "Contour", ("contour",)),
}  # fmt: skip


def installed(snapshot: Snapshot) -> str:
    """``CRDs 1.6.1, standard`` from the bundle annotations; empty if the API is not served."""
    crd = snapshot.get(CRDS, "", "gatewayclasses.gateway.networking.k8s.io")
    if crd is not None:
        notes = crd.meta.annotations
        version = notes.get("gateway.networking.k8s.io/bundle-version", "").removeprefix("v")
        channel = notes.get("gateway.networking.k8s.io/channel", "")
        return ", ".join(part for part in (f"CRDs {version}".strip(), channel) if part)
    return "CRDs" if snapshot.state(GATEWAYCLASSES) in (State.LIVE, State.STALE) else ""


def detect(found: Facts, snapshot: Snapshot) -> Iterator[Component]:
    classes: dict[str, list[str]] = {}
    for obj in snapshot.all(GATEWAYCLASSES):
        classes.setdefault(dig_str(obj.body.spec, "controllerName"), []).append(obj.name)
    for controller, names in sorted(classes.items()):
        if controller in (CILIUM, traefik.GATEWAY_CONTROLLER) or not controller:
            continue
        which = f"GatewayClass {listed(sorted(names))}"
        known = CONTROLLERS.get(controller)
        if known is not None:
            pods = found.where(lambda item, words=known[2]: bool(image_with(item, *words)))  # type: ignore[misc]
            if pods:
                yield from_workloads(snapshot, Role.GATEWAY, known[0], known[1], pods[:1], known[2][0], which)
                continue
        unseen = blind(snapshot, DEPLOYMENTS, DAEMONSETS)
        yield Component(
            Role.GATEWAY,
            known[0] if known else controller,
            known[1] if known else controller,
            health=Health.UNKNOWN,
            detail=f"{which}; {unseen or 'no pods of it were found'}",
            standby=not unseen,
        )


def leftovers(_found: Facts, snapshot: Snapshot) -> Iterator[str]:
    if (what := installed(snapshot)) and sees(snapshot, GATEWAYCLASSES) and not snapshot.count(GATEWAYCLASSES):
        yield f"the Gateway API is installed ({what}), but there is no GatewayClass"
