"""Cilium's pools, L2 policies, leases and BGP advertisements, put together once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pointsman.tui.answers.index import pod_ready
from pointsman.tui.answers.ranges import Address, Lookup, Range, between, parse_range
from pointsman.tui.answers.stack import cilium
from pointsman.tui.answers.stack.facts import Facts, image_with, tag
from pointsman.tui.answers.words import sees
from pointsman.tui.model.core import LabelSelector, Lease, Service
from pointsman.tui.model.kinds import (
    CILIUMBGPADVERTISEMENTS,
    CILIUMBGPNODECONFIGS,
    CILIUML2POLICIES,
    CILIUMNODES,
    CILIUMPOOLS,
    LEASES,
    PODS,
    SERVICES,
)
from pointsman.tui.model.lb import CiliumL2AnnouncementPolicy, CiliumLoadBalancerIPPool
from pointsman.tui.model.meta import Condition, Obj, dig_dict, dig_list, dig_str
from pointsman.tui.model.selectors import SelectorError, matches
from pointsman.tui.store.snapshot import Snapshot

L2_CLASS = "io.cilium/l2-announcer"
BGP_CLASS = "io.cilium/bgp-control-plane"
NODE_CLASS = "io.cilium/node"
LEASE_PREFIX = "cilium-l2announce-"
SATISFIED = ("cilium.io/IPAMRequestSatisfied", "io.cilium/lb-ipam-request-satisfied")
WANTED_IPS = ("lbipam.cilium.io/ips", "io.cilium/lb-ipam-ips")
PSEUDO = ("io.kubernetes.service.namespace", "io.kubernetes.service.name")
"""Labels that Cilium adds to a service before it compares a serviceSelector."""


def service_labels(service: Obj[Service]) -> dict[str, str]:
    return {**service.meta.labels, PSEUDO[0]: service.namespace, PSEUDO[1]: service.name}


def selects(selector: LabelSelector | Mapping[str, Any] | None, labels: Mapping[str, str], default: bool) -> bool:
    """``default`` is what a missing selector means; one the API server would refuse selects nothing."""
    if selector is None:
        return default
    try:
        return matches(selector, labels)
    except SelectorError:
        return False


def blocks(pool: Obj[CiliumLoadBalancerIPPool]) -> tuple[Range, ...]:
    found = []
    for block in (*pool.body.spec.blocks, *pool.body.spec.cidrs):
        item = parse_range(block.cidr) if block.cidr else between(block.start, block.stop or block.start)
        if item is not None:
            found.append(item)
    return tuple(found)


class CiliumState:
    """``running``: there is an agent; without one, pools and leases are leftovers."""

    def __init__(self, snapshot: Snapshot, found: Facts) -> None:
        self.snapshot = snapshot
        self.found = found
        self.running = bool(cilium.agents(found))
        self.namespace = cilium.namespace(found)
        self.config = cilium.config(found)
        self.pools: dict[str, Obj[CiliumLoadBalancerIPPool]] = {pool.name: pool for pool in snapshot.all(CILIUMPOOLS)}
        self.ranges = {name: blocks(pool) for name, pool in self.pools.items()}
        self._lookup = Lookup((item, name) for name, items in self.ranges.items() for item in items)

    @property
    def release(self) -> str | None:
        """The agent's version, by its image (``1.20.2``)."""
        found = (image_with(item, "cilium") for item in cilium.agents(self.found))
        return next((tag(image) for image in found if image), None)

    def setting(self, key: str, default: bool = False) -> bool:
        return default if self.config is None else cilium.on(self.config, key, default)

    @property
    def l2_on(self) -> bool:
        """Whether L2 announcements are switched on; without a ConfigMap to read, policies or leases imply it."""
        if self.config is None:
            return self.running and (self.snapshot.count(CILIUML2POLICIES) > 0 or bool(self.leases))
        return self.running and self.setting("enable-l2-announcements")

    @property
    def bgp_on(self) -> bool:
        if self.config is None:
            return self.running and self.snapshot.count(CILIUMBGPNODECONFIGS) > 0
        return self.running and self.setting("enable-bgp-control-plane")

    @property
    def gives(self) -> bool:
        """Whether LB-IPAM works: it does from the first pool on, unless it is switched off. Assumed so where the settings
        are not to be seen."""
        return self.running and self.setting("enable-lb-ipam", True)

    @property
    def gives_surely(self) -> bool:
        """The same where it is not assumed."""
        return self.gives and self.config is not None

    def pool_of(self, address: Address) -> str | None:
        if not self.gives:
            return None
        names = self._lookup.names(address)
        return names[0] if names else None

    def request(self, service: Obj[Service]) -> Condition | None:
        """LB-IPAM's verdict on the service; None means that it does not feel responsible."""
        return next((item for item in service.body.status.conditions if item.type in SATISFIED), None)

    def handles(self, service: Obj[Service]) -> bool:
        """LB-IPAM serves its two classes, and services of no class as long as it is their default."""
        wanted = service.body.spec.load_balancer_class
        if not wanted:
            default = (self.config or {}).get("default-lb-service-ipam", "lbipam")
            return self.setting("enable-lb-ipam", True) and default == "lbipam"
        return wanted in (L2_CLASS, BGP_CLASS)

    # -- L2 -------------------------------------------------------------------------------------------------------
    @cached_property
    def leases(self) -> Mapping[str, tuple[Obj[Lease], ...]]:
        """Announcement leases by name; in Cilium's namespace, or in any if that is not known."""
        found: dict[str, list[Obj[Lease]]] = {}
        for lease in self.snapshot.all(LEASES):
            if lease.name.startswith(LEASE_PREFIX) and self.namespace in (None, lease.namespace):
                found.setdefault(lease.name, []).append(lease)
        return {name: tuple(items) for name, items in found.items()}

    @cached_property
    def lease_owners(self) -> Mapping[str, tuple[str, ...]]:
        """The services with an address by the name of their lease; more than one where dashes make two names one."""
        found: dict[str, list[str]] = {}
        for service in self.snapshot.all(SERVICES):
            if service.body.spec.type == "LoadBalancer" and service.body.status.load_balancer.ingress:
                found.setdefault(f"{LEASE_PREFIX}{service.namespace}-{service.name}", []).append(service.path)
        return {name: tuple(sorted(paths)) for name, paths in found.items()}

    def lease(self, service: Obj[Service]) -> Obj[Lease] | None:
        """The lease of a service. Its name is built and looked up: it cannot be split, as both parts may hold a dash."""
        found = self.leases.get(f"{LEASE_PREFIX}{service.namespace}-{service.name}", ())
        return found[0] if found else None

    def policies(self, service: Obj[Service], *, external: bool = False) -> list[Obj[CiliumL2AnnouncementPolicy]]:
        """The L2 policies that announce the service's load balancer addresses (or its external ones)."""
        if service.body.spec.load_balancer_class not in ("", L2_CLASS):
            return []
        labels = service_labels(service)
        return [
            policy
            for policy in self.l2_policies
            if (policy.body.spec.external_ips if external else policy.body.spec.load_balancer_ips)
            and selects(policy.body.spec.service_selector, labels, True)
        ]

    @cached_property
    def l2_policies(self) -> tuple[Obj[CiliumL2AnnouncementPolicy], ...]:
        return tuple(sorted(self.snapshot.all(CILIUML2POLICIES), key=lambda item: item.name))

    @cached_property
    def node_labels(self) -> Mapping[str, Mapping[str, str]]:
        """Labels of the CiliumNodes, which the policies are compared with; of the nodes where there are none."""
        found = {node.name: node.meta.labels for node in self.snapshot.all(CILIUMNODES)}
        return found or {node.name: node.meta.labels for node in self.found.nodes}

    def nodes_of(self, policies: list[Obj[CiliumL2AnnouncementPolicy]]) -> frozenset[str]:
        return frozenset(
            name
            for name, labels in self.node_labels.items()
            if any(selects(policy.body.spec.node_selector, labels, True) for policy in policies)
        )

    @cached_property
    def ready_agents(self) -> frozenset[str] | None:
        """Nodes with a ready agent; None if pods cannot be read."""
        if not sees(self.snapshot, PODS):
            return None
        return frozenset(
            pod.body.spec.node_name
            for pod in self.snapshot.all(PODS)
            if pod.meta.labels.get("k8s-app") == "cilium" and pod_ready(pod.body)
        )

    # -- BGP ------------------------------------------------------------------------------------------------------
    def advertisements(self, service: Obj[Service]) -> list[Obj[Any]]:
        """The CiliumBGPAdvertisements that carry the service's load balancer address. No selector selects nothing."""
        if service.body.spec.load_balancer_class not in ("", BGP_CLASS):
            return []
        labels = service_labels(service)
        result = []
        for advert in sorted(self.snapshot.all(CILIUMBGPADVERTISEMENTS), key=lambda item: item.name):
            for item in dig_list(advert.body.spec, "advertisements"):
                if dig_str(item, "advertisementType") != "Service":
                    continue
                if "LoadBalancerIP" not in dig_list(item, "service", "addresses"):
                    continue
                selector = dig_dict(item, "selector") if isinstance(item.get("selector"), dict) else None
                if selects(selector, labels, False):
                    result.append(advert)
                    break
        return result
