"""MetalLB, layer 2: ServiceL2Status, else the newest ``nodeAssigned`` event, else the election, calculated."""

from __future__ import annotations

from pointsman.tui.answers.ips.claim import GIVEN, OBSERVED, POSSIBLE, Claim
from pointsman.tui.answers.ips.context import Context, local
from pointsman.tui.answers.ips.election import ranking
from pointsman.tui.answers.ips.metallb import election_name, status_node
from pointsman.tui.answers.ips.model import GHOST, Announcer, Evidence, IpKind, Problem
from pointsman.tui.answers.ranges import Address
from pointsman.tui.answers.words import sees
from pointsman.tui.model.core import Service
from pointsman.tui.model.kinds import DAEMONSETS, METALLBPOOLS
from pointsman.tui.model.meta import Obj
from pointsman.tui.model.times import epoch


def claim(ctx: Context, service: Obj[Service], address: Address) -> Claim | None:
    state = ctx.metallb
    pool, noted = state.pool_of(service, address)
    statuses = state.l2_statuses.get(service.key, ())
    if pool is None and not statuses:
        return None
    adverts = state.l2(pool, service)
    problems: list[Problem] = []
    strength = POSSIBLE
    announcers: list[Announcer] = []
    if statuses:
        strength = OBSERVED if state.speaks else POSSIBLE
        for status in statuses:
            source = f"ServiceL2Status {status.path}"
            announcers.append(
                Announcer(
                    status_node(status),
                    epoch(status.meta.creation_timestamp),
                    Evidence.STATUS,
                    source,
                    IpKind.METALLB_L2,
                )
            )
            problems.extend(_status_problems(ctx, status_node(status), source))
    elif not adverts and state.adverts_known and (state.bgp(pool, service) or state.uses_bgp):
        return None  # announced by BGP, if at all
    if not announcers and (events := state.assigned(service, "layer2")):
        node, at = events[0]
        announcers.append(Announcer(node, at, Evidence.EVENT, "event nodeAssigned of the service", IpKind.METALLB_L2))
        strength = GIVEN if state.speaks else POSSIBLE
    if noted and state.running:
        strength = max(strength, GIVEN)
    if not announcers and adverts and state.speaks:
        announcers.extend(_predicted(ctx, service, address))
    if state.running and state.handles(service):
        problems.extend(_unannounced(ctx, service, pool, bool(announcers)))
    # That the pool is MetalLB's does not say how it is announced, nor by whom.
    told = bool(announcers or statuses or adverts) or state.adverts_known
    return Claim(
        IpKind.METALLB_L2 if told else IpKind.UNKNOWN, strength, pool, tuple(announcers), tuple(problems)
    )  # fmt: skip


def _predicted(ctx: Context, service: Obj[Service], address: Address) -> list[Announcer]:
    """The election's winner; nobody where the backends cannot be known or there is none to serve."""
    if not ctx.backends_known:
        return []
    backends = ctx.backends(service)
    if not backends.ready:
        return []
    state = ctx.metallb
    pool, _ = state.pool_of(service, address)
    nodes = state.eligible(state.l2(pool, service))
    if local(service):
        nodes = [node for node in nodes if node in backends.ready_nodes]
    order = ranking(nodes, election_name(service))
    source = "calculated by MetalLB's election rule"
    return [Announcer(order[0], None, Evidence.PREDICTED, source, IpKind.METALLB_L2)] if order else []


def _status_problems(ctx: Context, node: str, source: str) -> list[Problem]:
    trouble = ctx.node_trouble(node)
    if trouble:
        return [Problem("vip-ghost", "error", f"{GHOST}{source} names {node}, which {trouble}")]
    if not ctx.metallb.speaks and sees(ctx.snapshot, DAEMONSETS):
        return [Problem("vip-ghost", "error", f"{GHOST}{source} names {node}, but no MetalLB speaker runs")]
    speakers = ctx.metallb.speaker_nodes
    if speakers is not None and node not in speakers:
        text = f"{GHOST}{source} names {node}, but no MetalLB speaker is ready there"
        return [Problem("vip-ghost", "error", text)]
    return []


def _unannounced(ctx: Context, service: Obj[Service], pool: str | None, announced: bool) -> list[Problem]:
    """An address that was given and that nobody announces, with the reason; the commonest mistake first."""
    state = ctx.metallb
    if not state.adverts_known or pool is None or not sees(ctx.snapshot, METALLBPOOLS):
        return []
    adverts = state.l2(pool, service)
    if not adverts and not state.bgp(pool, service):
        if pool not in state.pools:
            text = f"its pool {pool} is gone, so nothing announces the address"
        elif state.l2(pool) or state.bgp(pool):
            text = f"no advertisement of pool {pool} selects this service, so nothing announces the address"
        else:
            text = (
                f"pool {pool} is in no L2Advertisement and no BGPAdvertisement: the address is given, but nothing "
                "announces it"
            )
        return [Problem("ip-not-announced", "error", text)]
    if announced or not adverts:
        return []
    if not state.speaks:
        return [Problem("ip-not-announced", "error", "no MetalLB speaker runs, so nothing announces the address")]
    if ctx.backends_known and not ctx.backends(service).ready:
        return [Problem("no-endpoints", "warn", "the service has no ready endpoint, so MetalLB announces nothing")]
    nodes = state.eligible(adverts)
    if not nodes:
        text = "no node may announce it: check nodeSelectors, the speakers and the label exclude-from-external-load-balancers"
        return [Problem("ip-not-announced", "error", text)]
    if local(service) and ctx.backends_known and not set(nodes) & ctx.backends(service).ready_nodes:
        text = "externalTrafficPolicy is Local and no node that may announce it holds a ready endpoint"
        return [Problem("ip-not-announced", "error", text)]
    return []
