"""Cilium's L2 announcements need its kube-proxy replacement; without it the agents announce nothing."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ips.cilium import selects, service_labels
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.stack import cilium
from pointsman.tui.model.kinds import CILIUML2POLICIES, CILIUMPOOLS, CONFIGMAPS, SERVICES


def look(exam: Exam) -> Iterator[Sign]:
    state = exam.context.cilium
    values = state.config
    if values is None or not cilium.on(values, "enable-l2-announcements") or cilium.replaces_proxy(values):
        return
    policies = state.l2_policies
    if not policies:
        return
    services = [
        ref(service)
        for service in exam.snapshot.all(SERVICES)
        if service.body.spec.type == "LoadBalancer"
        and any(selects(policy.body.spec.service_selector, service_labels(service), True) for policy in policies)
    ]
    proxy = values.get("kube-proxy-replacement", "not set")
    target = Ref(CONFIGMAPS.id, state.namespace or "kube-system", "cilium-config")
    yield Sign(
        "error",
        target,
        "Cilium's L2 announcements are on, but its kube-proxy replacement is not: it announces nothing",
        (f"cilium-config: enable-l2-announcements: true, kube-proxy-replacement: {proxy}",),
        (*map(ref, policies), *services),
    )


CHECK = Check(
    id="l2-without-proxy",
    title="L2 announcements of Cilium without its kube-proxy replacement",
    why="The agents answer ARP only for services whose traffic they carry themselves.",
    fix="Set kubeProxyReplacement to true, or announce with MetalLB.",
    reads=(*FACTS, SERVICES, CILIUML2POLICIES, CILIUMPOOLS),
    look=look,
    needs=(CONFIGMAPS,),
)
