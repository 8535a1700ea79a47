"""Projections of the load balancers' kinds: MetalLB, frr-k8s and Cilium's LB-IPAM, L2 and BGP."""

from __future__ import annotations

from typing import Any

import msgspec

from pointsman.tui.model.core import LabelSelector, Part
from pointsman.tui.model.meta import Condition, Loose, LooseStatus, Resource


class ServiceAllocation(Part, frozen=True):
    priority: int | None = None
    namespaces: tuple[str, ...] = ()
    namespace_selectors: tuple[LabelSelector, ...] = ()
    service_selectors: tuple[LabelSelector, ...] = ()


class IPAddressPoolSpec(Part, frozen=True):
    """``addresses`` are CIDRs or ``first-last``; ``avoidBuggyIPs`` leaves out .0 and .255."""

    addresses: tuple[str, ...] = ()
    auto_assign: bool | None = None
    avoid_buggy_ips: bool | None = msgspec.field(default=None, name="avoidBuggyIPs")
    service_allocation: ServiceAllocation | None = None


class IPAddressPoolStatus(Part, frozen=True, gc=False):
    assigned_ipv4: int | None = msgspec.field(default=None, name="assignedIPv4")
    assigned_ipv6: int | None = msgspec.field(default=None, name="assignedIPv6")
    available_ipv4: int | None = msgspec.field(default=None, name="availableIPv4")
    available_ipv6: int | None = msgspec.field(default=None, name="availableIPv6")


class IPAddressPool(Resource, frozen=True, kw_only=True):
    spec: IPAddressPoolSpec = msgspec.field(default_factory=IPAddressPoolSpec)
    status: IPAddressPoolStatus = IPAddressPoolStatus()


class L2AdvertisementSpec(Part, frozen=True):
    ip_address_pools: tuple[str, ...] = msgspec.field(default=(), name="ipAddressPools")
    ip_address_pool_selectors: tuple[LabelSelector, ...] = msgspec.field(default=(), name="ipAddressPoolSelectors")
    node_selectors: tuple[LabelSelector, ...] = ()
    interfaces: tuple[str, ...] = ()
    service_selectors: tuple[LabelSelector, ...] = ()


class L2Advertisement(Resource, frozen=True, kw_only=True):
    """Also BGPAdvertisement: the selecting fields are the same."""

    spec: L2AdvertisementSpec = msgspec.field(default_factory=L2AdvertisementSpec)


class ServiceStatusBody(Part, frozen=True):
    node: str = ""
    service_name: str = ""
    service_namespace: str = ""
    interfaces: list[dict[str, Any]] = msgspec.field(default_factory=list)
    peers: tuple[str, ...] = ()


class ServiceL2Status(Resource, frozen=True, kw_only=True):
    """Also ServiceBGPStatus, which fills ``peers``."""

    status: ServiceStatusBody = msgspec.field(default_factory=ServiceStatusBody)


class PoolBlock(Part, frozen=True, gc=False):
    cidr: str = ""
    start: str = ""
    stop: str = ""


class CiliumPoolSpec(Part, frozen=True):
    blocks: tuple[PoolBlock, ...] = ()
    cidrs: tuple[PoolBlock, ...] = ()
    """The name of ``blocks`` before Cilium 1.15."""
    disabled: bool = False
    allow_first_last_ips: str = msgspec.field(default="", name="allowFirstLastIPs")
    service_selector: LabelSelector | None = None


class CiliumLoadBalancerIPPool(Resource, frozen=True, kw_only=True):
    spec: CiliumPoolSpec = msgspec.field(default_factory=CiliumPoolSpec)
    status: LooseStatus = msgspec.field(default_factory=LooseStatus)


class CiliumL2PolicySpec(Part, frozen=True):
    service_selector: LabelSelector | None = None
    node_selector: LabelSelector | None = None
    interfaces: tuple[str, ...] = ()
    load_balancer_ips: bool = msgspec.field(default=False, name="loadBalancerIPs")
    external_ips: bool = msgspec.field(default=False, name="externalIPs")


class CiliumL2AnnouncementPolicy(Resource, frozen=True, kw_only=True):
    spec: CiliumL2PolicySpec = msgspec.field(default_factory=CiliumL2PolicySpec)
    status: LooseStatus = msgspec.field(default_factory=LooseStatus)


class BGPSessionStatus(Part, frozen=True, gc=False):
    bgp_status: str = ""
    bfd_status: str = ""
    node: str = ""
    peer: str = ""
    vrf: str = ""


class BGPSessionState(Resource, frozen=True, kw_only=True):
    status: BGPSessionStatus = BGPSessionStatus()


__all__ = [
    "BGPSessionState",
    "CiliumL2AnnouncementPolicy",
    "CiliumLoadBalancerIPPool",
    "Condition",
    "IPAddressPool",
    "L2Advertisement",
    "Loose",
    "ServiceL2Status",
]
