"""The registry of planted faults: one file each, one line here."""

from __future__ import annotations

from pointsman.tui.demo.scenario.faults.address_without_pods import ADDRESS_WITHOUT_PODS
from pointsman.tui.demo.scenario.faults.advertisement_without_node import ADVERTISEMENT_WITHOUT_NODE
from pointsman.tui.demo.scenario.faults.agent_crashes import AGENT_CRASHES
from pointsman.tui.demo.scenario.faults.base import Fault
from pointsman.tui.demo.scenario.faults.certificate_expires import CERTIFICATE_EXPIRES
from pointsman.tui.demo.scenario.faults.class_nobody_serves import CLASS_NOBODY_SERVES
from pointsman.tui.demo.scenario.faults.firewall_symptoms import FIREWALL_SYMPTOMS
from pointsman.tui.demo.scenario.faults.gateway_nobody_serves import GATEWAY_NOBODY_SERVES
from pointsman.tui.demo.scenario.faults.host_port_taken import HOST_PORT_TAKEN
from pointsman.tui.demo.scenario.faults.hubble_certificate import HUBBLE_CERTIFICATE
from pointsman.tui.demo.scenario.faults.ip_not_announced import IP_NOT_ANNOUNCED
from pointsman.tui.demo.scenario.faults.l2_policy_broken import L2_POLICY_BROKEN
from pointsman.tui.demo.scenario.faults.lease_flaps import LEASE_FLAPS
from pointsman.tui.demo.scenario.faults.lease_rate import LEASE_RATE
from pointsman.tui.demo.scenario.faults.policies_not_enforced import POLICIES_NOT_ENFORCED
from pointsman.tui.demo.scenario.faults.policy_invalid import POLICY_INVALID
from pointsman.tui.demo.scenario.faults.policy_selects_nothing import POLICY_SELECTS_NOTHING
from pointsman.tui.demo.scenario.faults.pool_exhausted import POOL_EXHAUSTED
from pointsman.tui.demo.scenario.faults.pool_holds_machines import POOL_HOLDS_MACHINES
from pointsman.tui.demo.scenario.faults.route_bad_secret import ROUTE_BAD_SECRET
from pointsman.tui.demo.scenario.faults.route_entry_point import ROUTE_ENTRY_POINT
from pointsman.tui.demo.scenario.faults.route_ignored import ROUTE_IGNORED
from pointsman.tui.demo.scenario.faults.route_invalid_rule import ROUTE_INVALID_RULE
from pointsman.tui.demo.scenario.faults.route_missing_middleware import ROUTE_MISSING_MIDDLEWARE
from pointsman.tui.demo.scenario.faults.route_missing_port import ROUTE_MISSING_PORT
from pointsman.tui.demo.scenario.faults.route_missing_secret import ROUTE_MISSING_SECRET
from pointsman.tui.demo.scenario.faults.route_missing_service import ROUTE_MISSING_SERVICE
from pointsman.tui.demo.scenario.faults.route_tls_option import ROUTE_TLS_OPTION
from pointsman.tui.demo.scenario.faults.route_twice import ROUTE_TWICE
from pointsman.tui.demo.scenario.faults.route_without_pods import ROUTE_WITHOUT_PODS
from pointsman.tui.demo.scenario.faults.service_port_unknown import SERVICE_PORT_UNKNOWN
from pointsman.tui.demo.scenario.faults.service_selects_nothing import SERVICE_SELECTS_NOTHING
from pointsman.tui.demo.scenario.faults.tunnel_address import TUNNEL_ADDRESS
from pointsman.tui.demo.scenario.faults.vip_ghost import VIP_GHOST
from pointsman.tui.demo.scenario.world import World

FAULTS: tuple[Fault, ...] = (
    LEASE_FLAPS,
    LEASE_RATE,
    VIP_GHOST,
    AGENT_CRASHES,
    POOL_EXHAUSTED,
    POOL_HOLDS_MACHINES,
    IP_NOT_ANNOUNCED,
    ADVERTISEMENT_WITHOUT_NODE,
    L2_POLICY_BROKEN,
    ADDRESS_WITHOUT_PODS,
    SERVICE_SELECTS_NOTHING,
    SERVICE_PORT_UNKNOWN,
    HOST_PORT_TAKEN,
    TUNNEL_ADDRESS,
    FIREWALL_SYMPTOMS,
    POLICY_SELECTS_NOTHING,
    POLICY_INVALID,
    POLICIES_NOT_ENFORCED,
    ROUTE_MISSING_SERVICE,
    ROUTE_MISSING_PORT,
    ROUTE_WITHOUT_PODS,
    ROUTE_MISSING_MIDDLEWARE,
    ROUTE_ENTRY_POINT,
    ROUTE_INVALID_RULE,
    ROUTE_TLS_OPTION,
    ROUTE_IGNORED,
    ROUTE_TWICE,
    ROUTE_MISSING_SECRET,
    ROUTE_BAD_SECRET,
    CERTIFICATE_EXPIRES,
    HUBBLE_CERTIFICATE,
    CLASS_NOBODY_SERVES,
    GATEWAY_NOBODY_SERVES,
)


def plant(world: World) -> None:
    """Plant all of them; the order of the registry does not matter."""
    for fault in FAULTS:
        fault.plant(world)
