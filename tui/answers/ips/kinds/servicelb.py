"""k3s' ServiceLB: the addresses are the nodes' own, and each node with a ready ``svclb`` pod serves its own."""

from __future__ import annotations

from pointsman.tui.answers.index import pod_ready
from pointsman.tui.answers.ips.claim import GIVEN, OBSERVED, Claim
from pointsman.tui.answers.ips.context import Context
from pointsman.tui.answers.ips.model import Announcer, Evidence, IpKind, Problem
from pointsman.tui.answers.ranges import Address
from pointsman.tui.model.core import Service
from pointsman.tui.model.meta import Obj, condition
from pointsman.tui.model.times import epoch


def claim(ctx: Context, service: Obj[Service], address: Address) -> Claim | None:
    node = ctx.node_of_ip.get(str(address))
    pods = ctx.svclb_pods.get(service.key, ())
    if node is None or not (pods or service.key in ctx.svclb_services):
        return None
    serving = [pod for pod in pods if pod.body.spec.node_name == node and pod_ready(pod.body)]
    announcers = []
    for pod in serving[:1]:
        ready = condition(pod.body.status.conditions, "Ready")
        since = epoch(ready.last_transition_time) if ready else None
        announcers.append(Announcer(node, since, Evidence.STATUS, f"Pod {pod.path}", IpKind.SERVICELB))
    if announcers:
        return Claim(IpKind.SERVICELB, OBSERVED, None, tuple(announcers))
    problem = Problem("ip-not-announced", "error", f"no svclb pod is ready on {node}, so nothing listens there")
    return Claim(IpKind.SERVICELB, GIVEN, None, (), (problem,) if pods else ())
