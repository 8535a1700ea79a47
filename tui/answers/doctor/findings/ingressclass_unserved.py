"""An IngressClass whose controller does not run here. Of a controller that is not known nothing is said."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.routes.context import CLASS_NOTE, DEFAULT_CLASS
from pointsman.tui.answers.stack import cilium, traefik
from pointsman.tui.answers.stack.ingress import CILIUM, CONTROLLERS, workload
from pointsman.tui.answers.words import plural
from pointsman.tui.model.core import Ingress
from pointsman.tui.model.kinds import DAEMONSETS, DEPLOYMENTS, INGRESSCLASSES, INGRESSES
from pointsman.tui.model.meta import Obj


def look(exam: Exam) -> Iterator[Sign]:
    for item in sorted(exam.snapshot.all(INGRESSCLASSES), key=lambda one: one.name):
        controller = item.body.spec.controller
        why = _absent(exam, controller)
        if not why:
            continue
        mine = (item.name, "") if item.meta.annotations.get(DEFAULT_CLASS) == "true" else (item.name,)
        users = sorted((one for one in exam.snapshot.all(INGRESSES) if _class(one) in mine), key=lambda one: one.key)
        used = f"nobody serves its {plural(len(users), 'Ingress', 'Ingresses')}" if users else "nothing uses it"
        yield Sign(
            "warn" if users else "info",
            ref(item),
            f"IngressClass {item.name}: {why}; {used}",
            (f"controller {controller}", *(ref(one).title for one in users[:5])),
            tuple(map(ref, users)),
        )


def _class(ingress: Obj[Ingress]) -> str:
    return ingress.body.spec.ingress_class_name or ingress.meta.annotations.get(CLASS_NOTE, "")


def _absent(exam: Exam, controller: str) -> str:
    """Why nothing serves a controller's classes; empty if something does, or if that cannot be told."""
    if controller == traefik.CONTROLLER:
        return "" if traefik.workloads(exam.facts) else "no Traefik runs here"
    if controller == CILIUM:
        values = cilium.config(exam.facts)
        if not cilium.agents(exam.facts):
            return "no Cilium runs here"
        if values is not None and not cilium.on(values, "enable-ingress-controller"):
            return "Cilium's ingress controller is switched off (enable-ingress-controller)"
        return ""
    if controller in CONTROLLERS and workload(exam.facts, controller) is None:
        return f"no {CONTROLLERS[controller][1]} runs here"
    return ""


CHECK = Check(
    id="ingressclass-unserved",
    title="an IngressClass whose controller does not run",
    why="Its Ingresses look right, get no address, and answer nothing.",
    fix="Give the Ingresses the class of a controller that runs, or delete the class.",
    reads=(*FACTS, INGRESSCLASSES, INGRESSES),
    look=look,
    needs=(DEPLOYMENTS, DAEMONSETS),
    live=True,
)
