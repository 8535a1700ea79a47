"""The cluster's DNS service without a ready endpoint."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.index import backends
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.stack.facts import tally
from pointsman.tui.model.core import Service
from pointsman.tui.model.kinds import ENDPOINTSLICES, SERVICES
from pointsman.tui.model.meta import Obj

NAMES = ("kube-dns", "coredns", "rke2-coredns-rke2-coredns")


def look(exam: Exam) -> Iterator[Sign]:
    for service in exam.snapshot.all(SERVICES):
        if not _is_dns(service):
            continue
        found = backends(exam.snapshot, service.key)
        if found.ready:
            continue
        selector = service.body.spec.selector.items()
        pods = [
            item
            for item in exam.facts.workloads
            if selector
            and item.namespace == service.namespace
            and selector <= item.body.spec.template.metadata.labels.items()
        ]
        ready = tally(*pods)
        evidence = [f"Service {service.path}: 0 of {found.total} endpoints are ready"]
        evidence += [f"{ref(item).title}: {ready.ready} of {ready.wanted} pods ready" for item in pods[:1]]
        yield Sign(
            "error",
            ref(pods[0]) if pods else ref(service),
            f"the cluster's DNS has no ready pod (Service {service.path})",
            tuple(evidence),
            (ref(service), *map(ref, pods)),
        )


def _is_dns(service: Obj[Service]) -> bool:
    if service.namespace != "kube-system" or service.body.spec.cluster_ip in ("", "None"):
        return False
    return service.name in NAMES or service.meta.labels.get("k8s-app") in ("kube-dns", "coredns")


CHECK = Check(
    id="coredns-down",
    title="a cluster DNS without a ready pod",
    why="No name resolves in any pod: applications lose their databases, Traefik its ExternalName services.",
    fix="Look at CoreDNS' pods: their events and logs say why (a loop in the Corefile, an unreachable upstream).",
    reads=(*FACTS, SERVICES, ENDPOINTSLICES),
    look=look,
    needs=(SERVICES, ENDPOINTSLICES),
    live=True,
    action="logs",
)
