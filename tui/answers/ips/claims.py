"""Which controller gives a service its address, whether it has one yet or not."""

from __future__ import annotations

from pointsman.tui.answers.ips.cilium import NODE_CLASS
from pointsman.tui.answers.ips.context import Context
from pointsman.tui.answers.ips.kinds.kube_vip import CLASS as KUBE_VIP_CLASS
from pointsman.tui.answers.ips.metallb import annotation
from pointsman.tui.answers.ranges import parse_ip
from pointsman.tui.model.core import Service
from pointsman.tui.model.meta import Obj


def giver(ctx: Context, service: Obj[Service]) -> str:
    """``metallb``, ``cilium``, ``kube-vip``, ``servicelb``, ``node-ipam``, or empty where nobody is known to.

    What the service shows of who gave it its address wins over who would; of two controllers that both would, the one
    whose pool holds the address it has.
    """
    wanted = service.body.spec.load_balancer_class
    if wanted == NODE_CLASS or (
        not wanted and ctx.cilium.running and (ctx.cilium.config or {}).get("default-lb-service-ipam") == "nodeipam"
    ):
        return "node-ipam"
    if wanted == KUBE_VIP_CLASS:
        return "kube-vip"
    metallb = ctx.metallb.running and ctx.metallb.handles(service)
    cilium = ctx.cilium.gives and ctx.cilium.handles(service) and bool(ctx.cilium.pools)
    if metallb and annotation(service, "ip-allocated-from-pool"):
        return "metallb"
    if cilium and (request := ctx.cilium.request(service)) is not None and request.status == "True":
        return "cilium"
    addresses = [found for point in service.body.status.load_balancer.ingress if (found := parse_ip(point.ip))]
    if metallb and any(ctx.metallb.pool_of(service, address)[0] for address in addresses):
        return "metallb"
    if cilium and any(ctx.cilium.pool_of(address) for address in addresses):
        return "cilium"
    if metallb:
        return "metallb"
    if cilium:
        return "cilium"
    if ctx.servicelb_on and not wanted:
        return "servicelb"
    return "kube-vip" if ctx.kube_vip and not wanted else ""
