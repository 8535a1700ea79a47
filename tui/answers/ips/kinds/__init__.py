"""The means of announcing, one file each; one line each in :data:`KINDS`.

Each is a function ``claim(context, service, address) -> Claim | None``. At equal strength the earlier line answers.
"""

from collections.abc import Callable

from pointsman.tui.answers.ips.claim import Claim
from pointsman.tui.answers.ips.context import Context
from pointsman.tui.answers.ips.kinds import (
    cilium_bgp,
    cilium_l2,
    external_ip,
    kube_vip,
    metallb_bgp,
    metallb_l2,
    node_ipam,
    servicelb,
)
from pointsman.tui.answers.ranges import Address
from pointsman.tui.model.core import Service
from pointsman.tui.model.meta import Obj

KINDS: tuple[Callable[[Context, Obj[Service], Address], Claim | None], ...] = (
    metallb_l2.claim,
    cilium_l2.claim,
    metallb_bgp.claim,
    cilium_bgp.claim,
    servicelb.claim,
    kube_vip.claim,
    node_ipam.claim,
    external_ip.claim,
)
