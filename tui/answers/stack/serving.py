"""Whether what serves an IngressClass runs here."""

from __future__ import annotations

from pointsman.tui.answers.stack import cilium, traefik
from pointsman.tui.answers.stack.facts import Facts
from pointsman.tui.answers.stack.ingress import CILIUM, CONTROLLERS, workload

UNSERVED = "ingressclass-unserved"


def absent(found: Facts, controller: str) -> str:
    """Why nothing serves a controller's classes; empty if something does, or if that cannot be told."""
    if controller == traefik.CONTROLLER:
        return "" if traefik.workloads(found) else "no Traefik runs here"
    if controller == CILIUM:
        values = cilium.config(found)
        if not cilium.agents(found):
            return "no Cilium runs here"
        if values is not None and not cilium.on(values, "enable-ingress-controller"):
            return "Cilium's ingress controller is switched off (enable-ingress-controller)"
        return ""
    if controller in CONTROLLERS and workload(found, controller) is None:
        return f"no {CONTROLLERS[controller][1]} runs here"
    return ""
