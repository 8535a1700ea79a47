"""Cilium's Node IPAM: class ``io.cilium/node``, or the default for services of no class; the addresses are the nodes' own."""

from __future__ import annotations

from pointsman.tui.answers.ips.cilium import NODE_CLASS
from pointsman.tui.answers.ips.claim import GIVEN, Claim
from pointsman.tui.answers.ips.context import Context
from pointsman.tui.answers.ips.model import Announcer, Evidence, IpKind
from pointsman.tui.answers.ranges import Address
from pointsman.tui.model.core import Service
from pointsman.tui.model.meta import Obj


def claim(ctx: Context, service: Obj[Service], address: Address) -> Claim | None:
    wanted = service.body.spec.load_balancer_class
    default = (ctx.cilium.config or {}).get("default-lb-service-ipam") == "nodeipam"
    node = ctx.node_of_ip.get(str(address))
    if node is None or not (wanted == NODE_CLASS or (not wanted and default)):
        return None
    source = f"it is an address of node {node}"
    return Claim(IpKind.NODE_IPAM, GIVEN, None, (Announcer(node, None, Evidence.STATUS, source, IpKind.NODE_IPAM),))
