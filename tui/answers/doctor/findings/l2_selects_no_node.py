"""An advertisement or announcement policy whose node selector matches no node."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ips.cilium import selects, service_labels
from pointsman.tui.answers.ips.metallb import any_selects
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.words import plural, sees
from pointsman.tui.model.kinds import (
    BGPADVERTISEMENTS,
    CILIUML2POLICIES,
    CILIUMNODES,
    CILIUMPOOLS,
    L2ADVERTISEMENTS,
    LEASES,
    METALLBPOOLS,
    NODES,
    SERVICES,
)
from pointsman.tui.model.lb import CiliumL2AnnouncementPolicy
from pointsman.tui.model.meta import Obj


def look(exam: Exam) -> Iterator[Sign]:
    yield from _metallb(exam)
    yield from _cilium(exam)


def _metallb(exam: Exam) -> Iterator[Sign]:
    state = exam.context.metallb
    if not state.speaks:
        return
    for kind in (L2ADVERTISEMENTS, BGPADVERTISEMENTS):
        for advert in sorted(exam.snapshot.all(kind), key=lambda item: item.key):
            wanted = advert.body.spec.node_selectors
            if not wanted or any(any_selects(wanted, node.meta.labels) for node in exam.facts.nodes):
                continue
            held = state.l2 if kind is L2ADVERTISEMENTS else state.bgp
            pools = [pool for name, pool in state.pools.items() if advert in held(name)]
            names = ", ".join(pool.name for pool in pools) or "no pool"
            yield Sign(
                "error",
                ref(advert),
                f"{ref(advert).title} selects no node: none of {plural(len(exam.facts.nodes), 'node')} matches its "
                "nodeSelectors",
                (f"it is for {names}",),
                tuple(map(ref, pools)),
            )


def _cilium(exam: Exam) -> Iterator[Sign]:
    state = exam.context.cilium
    if not (state.running and state.l2_on and sees(exam.snapshot, CILIUMNODES)):
        return
    for policy in state.l2_policies:
        if policy.body.spec.node_selector is None or state.nodes_of([policy]):
            continue
        yield Sign(
            "error",
            ref(policy),
            f"{ref(policy).title} selects no node: its nodeSelector matches none of "
            f"{plural(len(state.node_labels), 'CiliumNode')}",
            (),
            tuple(_services(exam, policy)),
        )


def _services(exam: Exam, policy: Obj[CiliumL2AnnouncementPolicy]) -> Iterator[Ref]:
    """The services that the policy would announce."""
    for service in exam.snapshot.all(SERVICES):
        if service.body.spec.type == "LoadBalancer" and selects(
            policy.body.spec.service_selector, service_labels(service), True
        ):
            yield ref(service)


CHECK = Check(
    id="l2-selects-no-node",
    title="an advertisement or announcement policy that selects no node",
    why="Nobody may announce the addresses it is about; a label was renamed or a machine was replaced.",
    fix="Compare its node selector with the nodes' labels.",
    reads=(
        *FACTS,
        SERVICES,
        METALLBPOOLS,
        L2ADVERTISEMENTS,
        BGPADVERTISEMENTS,
        CILIUML2POLICIES,
        CILIUMNODES,
        CILIUMPOOLS,
        LEASES,
    ),
    look=look,
    needs=(NODES,),
    action="edit",
)
