"""kube-vip: the annotation ``kube-vip.io/vipHost`` names the node, else the leases of its two ways to elect."""

from __future__ import annotations

from pointsman.tui.answers.ips.claim import GIVEN, OBSERVED, Claim
from pointsman.tui.answers.ips.context import Context
from pointsman.tui.answers.ips.model import GHOST, Announcer, Evidence, IpKind, Problem
from pointsman.tui.answers.ranges import Address
from pointsman.tui.model.core import Lease, Service
from pointsman.tui.model.kinds import LEASES
from pointsman.tui.model.meta import Obj
from pointsman.tui.model.times import epoch

CLASS = "kube-vip.io/kube-vip-class"
HOST = "kube-vip.io/vipHost"
WANTED = "kube-vip.io/loadbalancerIPs"


def claim(ctx: Context, service: Obj[Service], _address: Address) -> Claim | None:
    notes = service.meta.annotations
    host = notes.get(HOST, "")
    marked = bool(
        host
        or notes.get(WANTED)
        or service.body.spec.load_balancer_class == CLASS
        or service.meta.labels.get("implementation") == "kube-vip"
    )
    serving = ctx.kube_vip
    if not marked or (serving is None and not host):
        return None
    if host:
        trouble = ctx.node_trouble(host)
        problems = (Problem("vip-ghost", "error", f"{GHOST}kube-vip names {host}, which {trouble}"),) if trouble else ()
        source = f"annotation {HOST} of the service"
        return Claim(
            IpKind.KUBE_VIP,
            OBSERVED if serving else GIVEN,
            None,
            (Announcer(host, None, Evidence.STATUS, source, IpKind.KUBE_VIP),),
            problems,
        )
    lease = _lease(ctx, service)
    if lease is not None and lease.body.spec.holder_identity:
        announcer = Announcer(
            lease.body.spec.holder_identity, epoch(lease.body.spec.acquire_time), Evidence.LEASE,
            f"Lease {lease.path}", IpKind.KUBE_VIP,
        )  # fmt: skip
        return Claim(IpKind.KUBE_VIP, OBSERVED, None, (announcer,))
    return Claim(IpKind.KUBE_VIP, GIVEN)


def _lease(ctx: Context, service: Obj[Service]) -> Obj[Lease] | None:
    """The service's own lease (``svc_election``), else the one for all services."""
    own = ctx.snapshot.get(LEASES, service.namespace, f"kubevip-{service.name}")
    serving = ctx.kube_vip
    return own or (ctx.snapshot.get(LEASES, serving.namespace, serving.lease) if serving else None)
