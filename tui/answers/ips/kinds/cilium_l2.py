"""Cilium, layer 2: whoever holds the lease ``cilium-l2announce-<namespace>-<service>`` answers.

The leases are first come, first served and sticky. Cilium announces whatever address a selected service has, whoever gave
it, so the pool may be another controller's.
"""

from __future__ import annotations

from pointsman.tui.answers.ips.cilium import L2_CLASS
from pointsman.tui.answers.ips.claim import GIVEN, OBSERVED, POSSIBLE, Claim
from pointsman.tui.answers.ips.context import Context, local
from pointsman.tui.answers.ips.model import GHOST, Announcer, Evidence, IpKind, Problem
from pointsman.tui.answers.ranges import Address, parse_ip
from pointsman.tui.answers.words import listed, sees
from pointsman.tui.model.core import Lease, Service
from pointsman.tui.model.kinds import CILIUML2POLICIES, DAEMONSETS, LEASES
from pointsman.tui.model.lb import CiliumL2AnnouncementPolicy
from pointsman.tui.model.meta import Obj
from pointsman.tui.model.times import epoch

Policies = list[Obj[CiliumL2AnnouncementPolicy]]


def claim(ctx: Context, service: Obj[Service], address: Address) -> Claim | None:
    state = ctx.cilium
    external = _is_external(service, address)
    lease = state.lease(service)
    pool = None if external else state.pool_of(address)
    policies = state.policies(service, external=external)
    given = service.body.spec.load_balancer_class == L2_CLASS
    if lease is None and not policies and not given and (pool is None or external):
        return None
    if lease is None and not policies and state.bgp_on and state.advertisements(service):
        return None
    holder = lease.body.spec.holder_identity if lease is not None else ""
    problems: list[Problem] = []
    announcers: tuple[Announcer, ...] = ()
    strength = POSSIBLE
    if pool is not None and state.running:
        request = state.request(service)
        satisfied = request is not None and request.status == "True"
        strength = GIVEN if satisfied or given else POSSIBLE
    if lease is not None and holder:
        strength = OBSERVED if state.running and state.l2_on else POSSIBLE
        announcers = (
            Announcer(
                holder, epoch(lease.body.spec.acquire_time), Evidence.LEASE, f"Lease {lease.path}", IpKind.CILIUM_L2
            ),
        )
        problems.extend(_holder_problems(ctx, service, lease, policies))
        if len(owners := state.lease_owners.get(lease.name, ())) > 1:
            text = f"{lease.name} is the lease of {listed(owners)}: Cilium makes one name of theirs, so one node holds both"
            problems.append(Problem("lease-ambiguous", "info", text))
    elif state.running and _may_judge(ctx):
        problems.extend(_unannounced(ctx, service, lease, policies, external))
    if policies and not announcers and state.running and state.l2_on:
        strength = max(strength, GIVEN)
    return Claim(IpKind.CILIUM_L2, strength, pool, announcers, tuple(problems))


def _is_external(service: Obj[Service], address: Address) -> bool:
    given = {parse_ip(point.ip) for point in service.body.status.load_balancer.ingress}
    return address not in given and address in {parse_ip(text) for text in service.body.spec.external_ips}


def _may_judge(ctx: Context) -> bool:
    return sees(ctx.snapshot, LEASES) and sees(ctx.snapshot, CILIUML2POLICIES)


def _holder_problems(ctx: Context, service: Obj[Service], lease: Obj[Lease], policies: Policies) -> list[Problem]:
    state = ctx.cilium
    holder = lease.body.spec.holder_identity
    trouble = ctx.node_trouble(holder)
    if trouble:
        text = f"Lease {lease.path} is held by {holder}, which {trouble}"
        return [Problem("l2-lease-holder-gone", "error", text)]
    if not state.running:
        if not sees(ctx.snapshot, DAEMONSETS):
            return []
        return [Problem("vip-ghost", "error", f"{GHOST}Lease {lease.path} is left over, no Cilium agent runs")]
    agents = state.ready_agents
    if agents and holder not in agents:
        text = f"{GHOST}the lease names {holder}, but the Cilium agent there is not ready"
        return [Problem("vip-ghost", "error", text)]
    if policies and holder not in state.nodes_of(policies):
        text = f"the lease is held by {holder}, which no policy's nodeSelector matches"
        return [Problem("l2-lease-holder-gone", "warn", text)]
    if local(service) and ctx.backends_known:
        backends = ctx.backends(service)
        if backends.ready and backends.ready_nodes and holder not in backends.ready_nodes:
            text = f"externalTrafficPolicy is Local, but {holder}, which answers, holds no ready endpoint: traffic is dropped"
            return [Problem("l2-local-without-endpoint", "error", text)]
    return []


def _unannounced(
    ctx: Context, service: Obj[Service], lease: Obj[Lease] | None, policies: Policies, external: bool
) -> list[Problem]:
    """Why nobody holds a lease, along Cilium's own ladder: switch, policy, class, nodes, endpoints."""
    state = ctx.cilium
    wish = "externalIPs" if external else "loadBalancerIPs"
    if not state.l2_on:
        text = "L2 announcements are switched off in cilium-config, so Cilium announces nothing"
    elif not policies:
        silent = [policy.name for policy in state.l2_policies]
        text = "no CiliumL2AnnouncementPolicy selects this service" + (
            f" with {wish} on ({listed(silent)} looked at)" if silent else ": there is none"
        )
    elif not state.nodes_of(policies):
        text = f"policy {policies[0].name} selects the service, but its nodeSelector matches no node"
    elif local(service) and ctx.backends_known and ctx.backends(service).nodeless:
        text = (
            "externalTrafficPolicy is Local and its only endpoint is a placeholder without a node, so no node takes the "
            "lease (use externalTrafficPolicy Cluster)"
        )
    elif lease is not None:
        text = f"Lease {lease.path} has no holder: nobody answers for the address"
    else:
        text = f"policy {policies[0].name} selects the service, but there is no lease: no agent has taken it"
    return [Problem("ip-not-announced", "error", text)]
