"""MetalLB, BGP: every eligible node announces. ServiceBGPStatus, else ``nodeAssigned`` events, else calculated."""

from __future__ import annotations

from pointsman.tui.answers.ips.claim import GIVEN, OBSERVED, POSSIBLE, Claim
from pointsman.tui.answers.ips.context import Context, local
from pointsman.tui.answers.ips.metallb import status_node
from pointsman.tui.answers.ips.model import Announcer, Evidence, IpKind, Problem
from pointsman.tui.answers.ranges import Address
from pointsman.tui.model.core import Service
from pointsman.tui.model.meta import Obj
from pointsman.tui.model.times import epoch


def claim(ctx: Context, service: Obj[Service], address: Address) -> Claim | None:
    state = ctx.metallb
    pool, noted = state.pool_of(service, address)
    statuses = state.bgp_statuses.get(service.key, ())
    adverts = state.bgp(pool, service)
    if not statuses and not (pool is not None and (adverts or state.uses_bgp)):
        return None
    strength = GIVEN if noted and state.running else POSSIBLE
    announcers: list[Announcer] = []
    problems: list[Problem] = []
    if statuses:
        strength = OBSERVED if state.speaks else POSSIBLE
        for status in statuses:
            node, source = status_node(status), f"ServiceBGPStatus {status.path}"
            announcers.append(
                Announcer(node, epoch(status.meta.creation_timestamp), Evidence.STATUS, source, IpKind.METALLB_BGP)
            )
    else:
        seen: dict[str, float | None] = {}
        for node, at in state.assigned(service, "bgp"):
            seen.setdefault(node, at)
        announcers.extend(
            Announcer(node, at, Evidence.EVENT, "event nodeAssigned of the service", IpKind.METALLB_BGP)
            for node, at in sorted(seen.items())
        )
    if not announcers and adverts and state.speaks and ctx.backends_known and ctx.backends(service).ready:
        nodes = state.eligible(adverts)
        if local(service):
            nodes = [node for node in nodes if node in ctx.backends(service).ready_nodes]
        source = "calculated: with BGP every eligible node announces"
        announcers.extend(Announcer(node, None, Evidence.PREDICTED, source, IpKind.METALLB_BGP) for node in nodes)
    if not adverts and not state.l2(pool, service) and state.adverts_known and state.running and state.handles(service):
        text = f"pool {pool} is in no advertisement that selects this service: the address is given, but not announced"
        problems.append(Problem("ip-not-announced", "error", text))
    return Claim(IpKind.METALLB_BGP, strength, pool, tuple(announcers), tuple(problems))
