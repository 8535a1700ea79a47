"""MetalLB's webhook without an endpoint: no pool and no advertisement can be written."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.index import backends
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.stack import metallb
from pointsman.tui.model.kinds import ENDPOINTSLICES, SERVICES

ENDING = "webhook-service"


def look(exam: Exam) -> Iterator[Sign]:
    controllers = metallb.controllers(exam.facts)
    homes = {item.namespace for item in (*controllers, *metallb.speakers(exam.facts))}
    for service in exam.snapshot.all(SERVICES):
        if service.namespace not in homes or not service.name.endswith(ENDING) or "frr" in service.name:
            continue
        found = backends(exam.snapshot, service.key)
        if not found.ready:
            yield Sign(
                "warn",
                ref(service),
                f"MetalLB's webhook (Service {service.path}) has no ready endpoint: nothing of its configuration can be "
                "written",
                (f"{found.ready} of {found.total} endpoints are ready",),
                tuple(map(ref, controllers)),
            )


CHECK = Check(
    id="metallb-webhook-down",
    title="MetalLB's webhook without an endpoint",
    why="Its failure policy is Fail: every change of a pool or an advertisement is refused with an obscure error.",
    fix="Bring MetalLB's controller back; it serves the webhook.",
    reads=(*FACTS, SERVICES, ENDPOINTSLICES),
    look=look,
    needs=(SERVICES, ENDPOINTSLICES),
    live=True,
    follows=("component-degraded",),
)
