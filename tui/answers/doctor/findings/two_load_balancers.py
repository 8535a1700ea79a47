"""Two load balancers that both believe to be in charge of services of no class: each rewrites what the other wrote."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.stack import servicelb
from pointsman.tui.answers.words import listed, plural
from pointsman.tui.model.kinds import CILIUMPOOLS, METALLBPOOLS, SERVICES


def look(exam: Exam) -> Iterator[Sign]:
    ctx = exam.context
    classless = [
        ref(service)
        for service in exam.snapshot.all(SERVICES)
        if service.body.spec.type == "LoadBalancer" and not service.body.spec.load_balancer_class
    ]
    if not classless:
        return
    giving: list[tuple[str, Ref]] = []
    if ctx.metallb.controls and ctx.metallb.lb_class == "" and ctx.metallb.pools:
        giving.append(("MetalLB", ref(next(iter(ctx.metallb.pools.values())))))
    default = (ctx.cilium.config or {}).get("default-lb-service-ipam", "lbipam") == "lbipam"
    working = [pool for pool in ctx.cilium.pools.values() if not pool.body.spec.disabled]
    if ctx.cilium.gives_surely and default and working:
        giving.append(("Cilium LB-IPAM", ref(working[0])))
    if servicelb.daemonsets(ctx.found):
        giving.append(("ServiceLB", ref(servicelb.daemonsets(ctx.found)[0])))
    if len(giving) < 2:
        return
    names = listed([name for name, _ in giving])
    yield Sign(
        "error",
        giving[0][1],
        f"{names} both serve the {plural(len(classless), 'LoadBalancer service')} that have no class: they undo each "
        "other's addresses",
        tuple(f"{name}: {target.title}" for name, target in giving),
        tuple(target for _, target in giving),
    )


CHECK = Check(
    id="two-load-balancers",
    title="two load balancers in charge of the same services",
    why="Each strips the addresses the other gave: services lose and regain theirs, and connections break.",
    fix="Switch one of them off, or give the services a loadBalancerClass.",
    reads=(*FACTS, SERVICES, METALLBPOOLS, CILIUMPOOLS),
    look=look,
)
