"""Why a LoadBalancer service has no address, in words; from the strongest evidence to the weakest."""

from __future__ import annotations

import re

from pointsman.tui.answers.ips.cilium import BGP_CLASS, L2_CLASS, NODE_CLASS
from pointsman.tui.answers.ips.context import Context
from pointsman.tui.answers.ips.kinds.kube_vip import CLASS as KUBE_VIP_CLASS
from pointsman.tui.answers.ips.metallb import annotation
from pointsman.tui.answers.ips.model import IpKind
from pointsman.tui.answers.stack import metallb
from pointsman.tui.answers.stack.facts import tally
from pointsman.tui.answers.words import blind, listed
from pointsman.tui.model.core import Service
from pointsman.tui.model.kinds import CILIUMPOOLS, DAEMONSETS, DEPLOYMENTS, METALLBPOOLS
from pointsman.tui.model.meta import Obj
from pointsman.tui.store.snapshot import State

FAILURES = ("AllocationFailed", "LoadBalancerFailed", "AdditionalAssignFailed", "SyncLoadBalancerFailed")
OPENING = re.compile(r'^Failed to allocate IP for "[^"]*":\s*')
CILIUM_REASONS = {
    "no_pool": "Cilium has no pool that could serve it",
    "pool_selector_mismatch": "the pool it asks for does not select it",
    "out_of_ips": "every pool that selects it is exhausted",
    "already_allocated": "the address it asks for is taken",
    "already_allocated_incompatible_service": "the address it asks for is taken by a service it cannot share it with",
}


def pending(ctx: Context, service: Obj[Service]) -> tuple[IpKind, str | None, str]:
    """The kind that should serve the service, the pool that failed if one is named, and the reason."""
    wanted = service.body.spec.load_balancer_class
    if wanted and (verdict := _by_class(ctx, service, wanted)):
        return verdict
    if not wanted and (verdict := _by_event(ctx, service)):
        return verdict
    if verdict := _by_condition(ctx, service):
        return verdict
    return _by_controllers(ctx, service)


Verdict = tuple[IpKind, str | None, str]


def _by_class(ctx: Context, service: Obj[Service], wanted: str) -> Verdict | None:
    if ctx.metallb.running and wanted == ctx.metallb.lb_class:
        return _by_event(ctx, service) or _metallb(ctx, service)
    if wanted in (L2_CLASS, BGP_CLASS, NODE_CLASS):
        if ctx.cilium.running:
            return None
        return IpKind.UNKNOWN, None, _unserved(ctx, wanted, "belongs to Cilium, which does not run here")
    if wanted == KUBE_VIP_CLASS and ctx.kube_vip:
        return IpKind.KUBE_VIP, None, "kube-vip has not given it an address yet"
    return IpKind.UNKNOWN, None, _unserved(ctx, wanted, "is served by nothing that runs here")


def _unserved(ctx: Context, wanted: str, end: str) -> str:
    unseen = blind(ctx.snapshot, DEPLOYMENTS, DAEMONSETS)
    return f"its loadBalancerClass {wanted} {end}" if not unseen else f"cannot tell who serves {wanted}: {unseen}"


def _by_event(ctx: Context, service: Obj[Service]) -> Verdict | None:
    """The newest word of MetalLB's controller, if it is that it failed."""
    for event in ctx.events(service, "metallb"):
        reason = event.body.reason
        if reason == "IPAllocated":
            return None
        if reason in FAILURES:
            text = OPENING.sub("", event.body.message).strip() or "MetalLB could not give it an address"
            return (
                IpKind.METALLB_L2,
                _pool_in(text, ctx) or annotation(service, "address-pool") or None,
                _mb_words(text),
            )
    return None


def _pool_in(text: str, ctx: Context) -> str | None:
    match = re.search(r'pool "?([a-z0-9][a-z0-9.-]*)"?', text)
    return match.group(1) if match and match.group(1) in ctx.metallb.pools else None


def _mb_words(text: str) -> str:
    match = re.fullmatch(r'no available IPs in pool "?([^"]+?)"?', text)
    if match:
        return f"pool {match.group(1)} is exhausted"
    if text == "no available IPs":
        return "no MetalLB pool that may serve it has a free address"
    match = re.fullmatch(r'unknown pool "([^"]+)"', text)
    if match:
        return f"it asks for pool {match.group(1)}, which does not exist"
    return f"MetalLB: {text}"


def _by_condition(ctx: Context, service: Obj[Service]) -> Verdict | None:
    """LB-IPAM writes its verdict into the service's status."""
    if not ctx.cilium.running:
        return None
    request = ctx.cilium.request(service)
    if request is None or request.status == "True":
        return None
    words = CILIUM_REASONS.get(request.reason) or request.message or request.reason or "LB-IPAM refused it"
    if request.message and request.reason in CILIUM_REASONS:
        words += f" ({request.message})"
    return IpKind.CILIUM_L2, None, words


def _by_controllers(ctx: Context, service: Obj[Service]) -> Verdict:
    if ctx.metallb.running and ctx.metallb.handles(service):
        return _metallb(ctx, service)
    if ctx.cilium.running and ctx.cilium.handles(service) and (ctx.cilium.pools or ctx.cilium.l2_on):
        return _cilium(ctx)
    if ctx.servicelb_on and not service.body.spec.load_balancer_class:
        return _servicelb(ctx, service)
    if ctx.kube_vip:
        return (
            IpKind.KUBE_VIP,
            None,
            "kube-vip has not given it an address: it needs an address by annotation or its cloud provider",
        )
    unseen = blind(ctx.snapshot, DEPLOYMENTS, DAEMONSETS)
    if unseen:
        return IpKind.UNKNOWN, None, f"cannot tell why: {unseen}"
    if ctx.metallb.running:
        return IpKind.UNKNOWN, None, f"MetalLB serves only class {ctx.metallb.lb_class}, and this service has none"
    if ctx.snapshot.state(METALLBPOOLS) in (State.LIVE, State.STALE) and ctx.metallb.pools:
        return IpKind.UNKNOWN, None, "MetalLB has pools, but its controller does not run"
    return IpKind.UNKNOWN, None, "nothing in this cluster gives LoadBalancer services an address"


def _metallb(ctx: Context, service: Obj[Service]) -> Verdict:
    kind = IpKind.METALLB_L2
    unseen = blind(ctx.snapshot, METALLBPOOLS)
    asked = annotation(service, "address-pool")
    if unseen:
        return kind, None, f"cannot tell why: {unseen}"
    if not ctx.metallb.pools:
        return kind, None, "MetalLB has no IPAddressPool"
    if not ctx.metallb.controls:
        return kind, asked or None, "MetalLB's controller, which gives the addresses, does not run"
    ready = tally(*metallb.controllers(ctx.found))
    if not ready.unknown and not ready.ready:
        return kind, asked or None, "MetalLB's controller, which gives the addresses, is not ready"
    if asked and asked not in ctx.metallb.pools:
        return kind, None, f"it asks for pool {asked}, which does not exist"
    if not asked and all(pool.body.spec.auto_assign is False for pool in ctx.metallb.pools.values()):
        names = listed(sorted(ctx.metallb.pools))
        return kind, None, f"no pool gives addresses by itself (autoAssign is off in {names}), and it asks for none"
    return kind, asked or None, "MetalLB has not given it an address yet, and no event says why"


def _cilium(ctx: Context) -> Verdict:
    unseen = blind(ctx.snapshot, CILIUMPOOLS)
    if unseen:
        return IpKind.CILIUM_L2, None, f"cannot tell why: {unseen}"
    if not ctx.cilium.pools:
        return IpKind.CILIUM_L2, None, "Cilium's LB-IPAM sleeps until there is a CiliumLoadBalancerIPPool"
    return IpKind.CILIUM_L2, None, "LB-IPAM has said nothing about this service: is the Cilium operator running?"


def _servicelb(ctx: Context, service: Obj[Service]) -> Verdict:
    pods = ctx.svclb_pods.get(service.key, ())
    waiting = [pod for pod in pods if pod.body.status.phase == "Pending"]
    if waiting:
        ports = listed([port_text(port.port, port.protocol) for port in service.body.spec.ports], word="or")
        return IpKind.SERVICELB, None, f"its svclb pods cannot start: host port {ports} is taken on every node"
    return IpKind.SERVICELB, None, "k3s' ServiceLB has not given it an address yet"


def port_text(port: int, protocol: str) -> str:
    """``443``, ``53/udp``; TCP goes without saying."""
    return str(port) if protocol in ("TCP", "") else f"{port}/{protocol.lower()}"
