"""The registry of planted faults: one file each, one line here."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.base import Fault
from pointsman.tui.demo.scenario.faults.certificate_expires import CERTIFICATE_EXPIRES
from pointsman.tui.demo.scenario.faults.ip_not_announced import IP_NOT_ANNOUNCED
from pointsman.tui.demo.scenario.faults.lease_flaps import LEASE_FLAPS
from pointsman.tui.demo.scenario.faults.policies_not_enforced import POLICIES_NOT_ENFORCED
from pointsman.tui.demo.scenario.faults.policy_invalid import POLICY_INVALID
from pointsman.tui.demo.scenario.faults.policy_selects_nothing import POLICY_SELECTS_NOTHING
from pointsman.tui.demo.scenario.faults.pool_exhausted import POOL_EXHAUSTED
from pointsman.tui.demo.scenario.faults.route_missing_middleware import ROUTE_MISSING_MIDDLEWARE
from pointsman.tui.demo.scenario.faults.route_missing_service import ROUTE_MISSING_SERVICE
from pointsman.tui.demo.scenario.faults.vip_ghost import VIP_GHOST
from pointsman.tui.demo.scenario.world import World

FAULTS: tuple[Fault, ...] = (
    LEASE_FLAPS,
    VIP_GHOST,
    POOL_EXHAUSTED,
    IP_NOT_ANNOUNCED,
    POLICY_SELECTS_NOTHING,
    POLICY_INVALID,
    ROUTE_MISSING_SERVICE,
    ROUTE_MISSING_MIDDLEWARE,
    CERTIFICATE_EXPIRES,
    POLICIES_NOT_ENFORCED,
)


def plant(world: World) -> None:
    """Plant all of them; the order of the registry does not matter."""
    for fault in FAULTS:
        fault.plant(world)
