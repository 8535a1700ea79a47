"""A status address that MetalLB does not own: it takes the service for served, gives nothing, and says nothing."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.doctor.addresses import READS, sign
from pointsman.tui.answers.doctor.exam import Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ips import Problem
from pointsman.tui.answers.ips.model import IpKind
from pointsman.tui.answers.ranges import parse_ip
from pointsman.tui.model.kinds import DAEMONSETS, METALLBPOOLS, SERVICES


def look(exam: Exam) -> Iterator[Sign]:
    ctx = exam.context
    if not ctx.metallb.controls or ctx.servicelb_on or ctx.kube_vip or not ctx.metallb.pools:
        return
    for item in exam.ips.items:
        service = exam.snapshot.get(SERVICES, *item.service.key)
        address = parse_ip(item.ip or "")
        if service is None or address is None or item.kind is not IpKind.UNKNOWN or item.announcers:
            continue
        given = {point.ip for point in service.body.status.load_balancer.ingress}
        if item.ip not in given or not ctx.metallb.handles(service) or ctx.metallb.pool_of(service, address)[0]:
            continue
        node = ctx.node_of_ip.get(str(address))
        whose = f", it is the address of node {node} (as ServiceLB gives)" if node else ""
        text = f"MetalLB serves this service, but the address is in none of its pools{whose}"
        yield sign(exam, item, Problem(CHECK.id, "warn", text))


CHECK = Check(
    id="ip-foreign",
    title="a service whose address another load balancer left behind",
    why="MetalLB waits for whoever gave the address; the service keeps one that nobody announces.",
    fix="Clear status.loadBalancer of the service (kubectl edit --subresource=status); MetalLB then gives its own.",
    reads=READS,
    look=look,
    needs=(METALLBPOOLS, DAEMONSETS),
    timed=True,
)
