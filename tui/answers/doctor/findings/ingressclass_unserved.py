"""An IngressClass whose controller does not run here. Of a controller that is not known nothing is said."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.routes.context import CLASS_NOTE, DEFAULT_CLASS
from pointsman.tui.answers.stack.serving import UNSERVED, absent
from pointsman.tui.answers.words import plural
from pointsman.tui.model.core import Ingress
from pointsman.tui.model.kinds import DAEMONSETS, DEPLOYMENTS, INGRESSCLASSES, INGRESSES
from pointsman.tui.model.meta import Obj


def look(exam: Exam) -> Iterator[Sign]:
    for item in sorted(exam.snapshot.all(INGRESSCLASSES), key=lambda one: one.name):
        controller = item.body.spec.controller
        why = absent(exam.facts, controller)
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


CHECK = Check(
    id=UNSERVED,
    title="an IngressClass whose controller does not run",
    why="Its Ingresses look right, get no address, and answer nothing.",
    fix="Give the Ingresses the class of a controller that runs, or delete the class.",
    reads=(*FACTS, INGRESSCLASSES, INGRESSES),
    look=look,
    needs=(DEPLOYMENTS, DAEMONSETS),
    live=True,
)
