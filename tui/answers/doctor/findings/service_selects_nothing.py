"""A service whose selector matches no pod and no pod template in its namespace."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.labels import NEEDS, READS, any_matches, labels_by_namespace
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.index import backends, pods_by_label
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import ENDPOINTSLICES, SERVICES


def look(exam: Exam) -> Iterator[Sign]:
    labels = labels_by_namespace(exam.snapshot)
    here = pods_by_label(exam.snapshot)
    for service in sorted(exam.snapshot.all(SERVICES), key=lambda item: item.key):
        selector = service.body.spec.selector
        if not selector or service.body.spec.type == "ExternalName":
            continue
        some = next(iter(selector.items()))
        if (service.namespace, *some) in here and _pods(exam, service.namespace, selector):
            continue
        if any_matches({"matchLabels": selector}, labels.get(service.namespace, ())):
            continue
        if backends(exam.snapshot, service.key).total:
            continue  # somebody fills its slices by hand
        words = listed([f"{key}={value}" for key, value in selector.items()])
        yield Sign(
            "warn",
            ref(service),
            f"Service {service.path} selects no pod: none in {service.namespace} has {words}",
            (
                "compared with the pods and the pod templates of the namespace",
                *_near(exam, service.namespace, selector),
            ),
        )


def _pods(exam: Exam, namespace: str, selector: dict[str, str]) -> bool:
    first = pods_by_label(exam.snapshot).get((namespace, *next(iter(selector.items()))), ())
    return any(selector.items() <= pod.meta.labels.items() for pod in first)


def _near(exam: Exam, namespace: str, selector: dict[str, str]) -> list[str]:
    """Values that pods and templates have for the keys it asks for: what was probably meant."""
    found = []
    for key, value in selector.items():
        values = sorted({one[key] for one in labels_by_namespace(exam.snapshot).get(namespace, ()) if key in one})
        if values and value not in values:
            found.append(f"{key} is {listed(values, most=6, word='or')} there")
    return found


CHECK = Check(
    id="service-selects-nothing",
    title="a service whose selector matches no pod",
    why="It has an address and a name and never an endpoint; mostly a label is misspelt or was renamed.",
    fix="Compare the service's selector with the pods' labels.",
    reads=(*READS, SERVICES, ENDPOINTSLICES),
    look=look,
    needs=(*NEEDS, SERVICES, ENDPOINTSLICES),
    live=True,
    action="edit",
)
