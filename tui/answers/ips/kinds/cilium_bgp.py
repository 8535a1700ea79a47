"""Cilium, BGP: nodes with an established session announce what a CiliumBGPAdvertisement selects."""

from __future__ import annotations

from pointsman.tui.answers.ips.cilium import BGP_CLASS
from pointsman.tui.answers.ips.claim import GIVEN, OBSERVED, POSSIBLE, Claim
from pointsman.tui.answers.ips.context import Context, local
from pointsman.tui.answers.ips.model import Announcer, Evidence, IpKind, Problem
from pointsman.tui.answers.ranges import Address
from pointsman.tui.answers.words import sees
from pointsman.tui.model.core import Service
from pointsman.tui.model.kinds import CILIUMBGPADVERTISEMENTS, CILIUMBGPNODECONFIGS
from pointsman.tui.model.meta import Obj, dig_list, dig_str
from pointsman.tui.model.times import epoch


def claim(ctx: Context, service: Obj[Service], address: Address) -> Claim | None:
    state = ctx.cilium
    adverts = state.advertisements(service)
    given = service.body.spec.load_balancer_class == BGP_CLASS
    if not adverts and not given:
        return None
    pool = state.pool_of(address)
    if pool is None and not given and not state.bgp_on:
        return None
    announcers: list[Announcer] = []
    if adverts:
        for config in sorted(ctx.snapshot.all(CILIUMBGPNODECONFIGS), key=lambda item: item.name):
            times = [
                epoch(dig_str(peer, "establishedTime"))
                for instance in dig_list(config.body.status, "bgpInstances")
                for peer in dig_list(instance, "peers")
                if dig_str(peer, "peeringState") == "established"
            ]
            if not times:
                continue
            if local(service) and config.name not in ctx.backends(service).ready_nodes:
                continue
            known = [at for at in times if at is not None]
            announcers.append(
                Announcer(
                    config.name,
                    min(known, default=None),
                    Evidence.STATUS,
                    f"CiliumBGPNodeConfig {config.name}",
                    IpKind.CILIUM_BGP,
                )
            )
    problems: list[Problem] = []
    if state.running and sees(ctx.snapshot, CILIUMBGPADVERTISEMENTS) and sees(ctx.snapshot, CILIUMBGPNODECONFIGS):
        if not adverts:
            text = "no CiliumBGPAdvertisement selects this service's load balancer address"
            problems.append(Problem("ip-not-announced", "error", text))
        elif not announcers:
            problems.append(Problem("ip-not-announced", "error", "no node has an established BGP session"))
    strength = OBSERVED if announcers and state.running else GIVEN if given else POSSIBLE
    return Claim(IpKind.CILIUM_BGP, strength, pool, tuple(announcers), tuple(problems))
