"""A GatewayClass whose controller does not run here. Of a controller that is not known nothing is said."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.routes.traefik import read_traefik
from pointsman.tui.answers.stack import cilium, traefik
from pointsman.tui.answers.stack.facts import image_with
from pointsman.tui.answers.stack.gateway import CILIUM, CONTROLLERS
from pointsman.tui.answers.words import plural
from pointsman.tui.model.kinds import DAEMONSETS, DEPLOYMENTS, GATEWAYCLASSES, GATEWAYS
from pointsman.tui.model.meta import dig_str


def look(exam: Exam) -> Iterator[Sign]:
    for item in sorted(exam.snapshot.all(GATEWAYCLASSES), key=lambda one: one.name):
        controller = dig_str(item.body.spec, "controllerName")
        why = _absent(exam, controller)
        if not why:
            continue
        users = [one for one in exam.snapshot.all(GATEWAYS) if dig_str(one.body.spec, "gatewayClassName") == item.name]
        users.sort(key=lambda one: one.key)
        used = f"nobody serves its {plural(len(users), 'Gateway')}" if users else "nothing uses it"
        yield Sign(
            "warn" if users else "info",
            ref(item),
            f"GatewayClass {item.name}: {why}; {used}",
            (f"controller {controller}", *(ref(one).title for one in users[:5])),
            tuple(map(ref, users)),
        )


def _absent(exam: Exam, controller: str) -> str:
    """Why nothing serves a controller's classes; empty if something does, or if that cannot be told."""
    if controller == traefik.GATEWAY_CONTROLLER:
        found = [read_traefik(item) for item in traefik.workloads(exam.facts)]
        if not found:
            return "no Traefik runs here"
        # What stands in a file of its own cannot be seen.
        on = any(item.gateway or item.notes for item in found)
        return "" if on else "Traefik's provider kubernetesGateway is switched off"
    if controller == CILIUM:
        values = cilium.config(exam.facts)
        if not cilium.agents(exam.facts):
            return "no Cilium runs here"
        if values is not None and not cilium.on(values, "enable-gateway-api"):
            return "Cilium's Gateway API is switched off (enable-gateway-api)"
        return ""
    known = CONTROLLERS.get(controller)
    if known is None or any(image_with(item, *known[2]) for item in exam.facts.workloads):
        return ""
    return f"no {known[1]} runs here"


CHECK = Check(
    id="gatewayclass-unserved",
    title="a GatewayClass whose controller does not run",
    why="Its Gateways get no address and their routes no status: everything looks applied and nothing answers.",
    fix="Switch the controller's Gateway API on, or use the class of one that runs.",
    reads=(*FACTS, GATEWAYCLASSES, GATEWAYS),
    look=look,
    needs=(DEPLOYMENTS, DAEMONSETS),
    live=True,
)
