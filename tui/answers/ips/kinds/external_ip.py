"""``spec.externalIPs``: the nodes take the traffic if it comes, but nothing in Kubernetes brings it to them."""

from __future__ import annotations

from pointsman.tui.answers.ips.claim import POSSIBLE, Claim
from pointsman.tui.answers.ips.context import Context
from pointsman.tui.answers.ips.model import Announcer, Evidence, IpKind, Problem
from pointsman.tui.answers.ranges import Address, parse_ip
from pointsman.tui.model.core import Service
from pointsman.tui.model.meta import Obj


def claim(ctx: Context, service: Obj[Service], address: Address) -> Claim | None:
    if address not in {parse_ip(text) for text in service.body.spec.external_ips}:
        return None
    node = ctx.node_of_ip.get(str(address))
    if node is not None:
        announcer = Announcer(node, None, Evidence.STATUS, f"it is an address of node {node}", IpKind.EXTERNAL_IP)
        return Claim(IpKind.EXTERNAL_IP, POSSIBLE, None, (announcer,))
    text = "an external IP: the cluster accepts it, but something outside must route it to a node"
    return Claim(IpKind.EXTERNAL_IP, POSSIBLE, None, (), (Problem("external-ip-unrouted", "info", text),))
