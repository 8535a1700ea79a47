"""kube-vip: the annotation ``kube-vip.io/vipHost`` names the node; the leases of its ways to elect say since when, and win
where the two differ: the annotation is written once, the lease is renewed.

A service's own lease is ``kubevip-<service>`` in its namespace, or what ``kube-vip.io/leaseName`` names, which services may
share; without an election of its own the lease for all services counts (``plndr-svcs-lock``).
"""

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
LEASE_NAME = "kube-vip.io/leaseName"
IGNORED = "kube-vip.io/ignore"


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
    if not marked or (serving is None and not host) or notes.get(IGNORED) == "true":
        return None
    lease = _lease(ctx, service)
    holder = lease.body.spec.holder_identity if lease is not None else ""
    strength = OBSERVED if serving else GIVEN
    if lease is not None and holder:
        source = f"Lease {lease.path}"
        announcer = Announcer(holder, epoch(lease.body.spec.acquire_time), Evidence.LEASE, source, IpKind.KUBE_VIP)
        problems = _ghost(ctx, holder, source)
        if host and host != holder and not problems:
            text = f"{source} is held by {holder}, but annotation {HOST} still names {host}"
            problems = (Problem("two-announcers", "warn", text),)
        return Claim(IpKind.KUBE_VIP, strength, None, (announcer,), problems)
    if host:
        source = f"annotation {HOST} of the service"
        announcer = Announcer(host, None, Evidence.STATUS, source, IpKind.KUBE_VIP)
        return Claim(IpKind.KUBE_VIP, strength, None, (announcer,), _ghost(ctx, host, "kube-vip"))
    return Claim(IpKind.KUBE_VIP, GIVEN)


def _ghost(ctx: Context, node: str, who: str) -> tuple[Problem, ...]:
    trouble = ctx.node_trouble(node)
    return (Problem("vip-ghost", "error", f"{GHOST}{who} names {node}, which {trouble}"),) if trouble else ()


def _lease(ctx: Context, service: Obj[Service]) -> Obj[Lease] | None:
    """The service's own lease, else the one for all services."""
    name = service.meta.annotations.get(LEASE_NAME) or f"kubevip-{service.name}"
    own = ctx.snapshot.get(LEASES, service.namespace, name)
    serving = ctx.kube_vip
    return own or (ctx.snapshot.get(LEASES, serving.namespace, serving.lease) if serving else None)
