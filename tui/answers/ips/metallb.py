"""MetalLB's pools, advertisements and status objects, put together once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property

from pointsman.tui.answers.index import event_time, event_writer, events_by_object, pod_ready
from pointsman.tui.answers.ips.agents import is_speaker
from pointsman.tui.answers.ranges import Address, Lookup, Range, parse_ip, parse_range
from pointsman.tui.answers.stack import metallb
from pointsman.tui.answers.stack.facts import Facts, containers
from pointsman.tui.answers.words import sees
from pointsman.tui.model.core import LabelSelector, Service, Workload
from pointsman.tui.model.kinds import (
    BGPADVERTISEMENTS,
    BGPPEERS,
    L2ADVERTISEMENTS,
    METALLBPOOLS,
    PODS,
    SERVICEBGPSTATUSES,
    SERVICEL2STATUSES,
    Kind,
)
from pointsman.tui.model.lb import IPAddressPool, L2Advertisement, ServiceAllocation, ServiceL2Status
from pointsman.tui.model.meta import Key, Obj, condition
from pointsman.tui.model.selectors import SelectorError, matches
from pointsman.tui.store.snapshot import Snapshot

PREFIXES = ("metallb.io/", "metallb.universe.tf/")
"""The annotation prefix, and the old one that MetalLB still honours."""
EXCLUDE = "node.kubernetes.io/exclude-from-external-load-balancers"
ASSIGNED = re.compile(r'announcing from node "([^"]+)"(?: with protocol "([^"]+)")?')


def annotation(service: Obj[Service], name: str) -> str:
    for prefix in PREFIXES:
        if value := service.meta.annotations.get(prefix + name):
            return value
    return ""


def any_selects(selectors: Sequence[LabelSelector], labels: Mapping[str, str]) -> bool:
    """A list of selectors is an OR; one that the API server would refuse selects nothing."""
    for selector in selectors:
        try:
            if matches(selector, labels):
                return True
        except SelectorError:
            continue
    return False


def allocated(rule: ServiceAllocation, service: Obj[Service], space: Mapping[str, str]) -> bool:
    """Whether a pool that is reserved serves a service; ``space`` are the labels of its namespace."""
    reserved = bool(rule.namespaces or rule.namespace_selectors)
    if reserved and service.namespace not in rule.namespaces and not any_selects(rule.namespace_selectors, space):
        return False
    return not rule.service_selectors or any_selects(rule.service_selectors, service.meta.labels)


class MetalState:
    """``running``: there is a speaker or a controller; without one, all objects are leftovers."""

    def __init__(self, snapshot: Snapshot, found: Facts) -> None:
        self.snapshot = snapshot
        self.found = found
        self.speaks = bool(metallb.speakers(found))
        self.controls = bool(metallb.controllers(found))
        self.running = self.speaks or self.controls
        self.pools: dict[str, Obj[IPAddressPool]] = {pool.name: pool for pool in snapshot.all(METALLBPOOLS)}
        self.ranges: dict[str, tuple[Range, ...]] = {
            name: tuple(item for text in pool.body.spec.addresses if (item := parse_range(text)) is not None)
            for name, pool in self.pools.items()
        }
        self._lookup = Lookup((item, name) for name, items in self.ranges.items() for item in items)

    @cached_property
    def lb_class(self) -> str | None:
        return metallb.load_balancer_class(self.found)

    def handles(self, service: Obj[Service]) -> bool:
        """By class: with ``--lb-class`` only that one, without it only services of none."""
        return service.body.spec.load_balancer_class == (self.lb_class or "")

    def pool_of(self, service: Obj[Service], address: Address) -> tuple[str | None, bool]:
        """The pool an address comes from, and whether MetalLB's own annotation says so (else only the range does)."""
        noted = annotation(service, "ip-allocated-from-pool")
        names = self._lookup.names(address)
        if noted and (noted in names or noted not in self.pools):
            return noted, True
        return (names[0], False) if names else (None, False)

    # -- advertisements -------------------------------------------------------------------------------------------
    @cached_property
    def _l2(self) -> Mapping[str, tuple[Obj[L2Advertisement], ...]]:
        return self._by_pool(L2ADVERTISEMENTS)

    @cached_property
    def _bgp(self) -> Mapping[str, tuple[Obj[L2Advertisement], ...]]:
        return self._by_pool(BGPADVERTISEMENTS)

    def _by_pool(self, kind: Kind[L2Advertisement]) -> Mapping[str, tuple[Obj[L2Advertisement], ...]]:
        """No pool named and no selector means every pool; otherwise the union of both."""
        result: dict[str, list[Obj[L2Advertisement]]] = {}
        for advert in sorted(self.snapshot.all(kind), key=lambda item: item.key):
            spec = advert.body.spec
            named = set(spec.ip_address_pools)
            for name, pool in self.pools.items():
                everything = not spec.ip_address_pools and not spec.ip_address_pool_selectors
                if everything or name in named or any_selects(spec.ip_address_pool_selectors, pool.meta.labels):
                    result.setdefault(name, []).append(advert)
        return {name: tuple(items) for name, items in result.items()}

    def l2(self, pool: str | None, service: Obj[Service] | None = None) -> tuple[Obj[L2Advertisement], ...]:
        """The L2Advertisements of a pool that also select the service (all services where they name none)."""
        return _for_service(self._l2.get(pool or "", ()), service)

    def bgp(self, pool: str | None, service: Obj[Service] | None = None) -> tuple[Obj[L2Advertisement], ...]:
        return _for_service(self._bgp.get(pool or "", ()), service)

    @property
    def adverts_known(self) -> bool:
        return sees(self.snapshot, L2ADVERTISEMENTS, BGPADVERTISEMENTS)

    @property
    def uses_bgp(self) -> bool:
        return self.snapshot.count(BGPPEERS) > 0 or self.snapshot.count(BGPADVERTISEMENTS) > 0

    # -- who announces --------------------------------------------------------------------------------------------
    @cached_property
    def l2_statuses(self) -> Mapping[Key, tuple[Obj[ServiceL2Status], ...]]:
        return _by_service(self.snapshot, SERVICEL2STATUSES)

    @cached_property
    def bgp_statuses(self) -> Mapping[Key, tuple[Obj[ServiceL2Status], ...]]:
        return _by_service(self.snapshot, SERVICEBGPSTATUSES)

    def assigned(self, service: Obj[Service], protocol: str) -> list[tuple[str, float | None]]:
        """Node and time of the service's ``nodeAssigned`` events of a protocol, newest first."""
        result: list[tuple[str, float | None]] = []
        for event in events_by_object(self.snapshot).get(("Service", service.namespace, service.name), ()):
            body = event.body
            if body.reason != "nodeAssigned" or "metallb" not in event_writer(body):
                continue
            match = ASSIGNED.search(body.message)
            if match and (match.group(2) or protocol) == protocol:
                result.append((match.group(1), event_time(body)))
        return result

    @cached_property
    def speaker_nodes(self) -> frozenset[str] | None:
        """Nodes with a ready speaker pod; None if pods cannot be read."""
        if not sees(self.snapshot, PODS):
            return None
        nodes = set()
        for pod in self.snapshot.all(PODS):
            if is_speaker(pod) and pod.body.spec.node_name and pod_ready(pod.body):
                nodes.add(pod.body.spec.node_name)
        return frozenset(nodes)

    @cached_property
    def ignores_exclusion(self) -> bool:
        return any(
            word.lstrip("-") in ("ignore-exclude-lb", "ignore-exclude-lb=true")
            for item in metallb.speakers(self.found)
            for part in containers(item)
            for word in (*part.command, *part.args)
        )

    def may_speak(self) -> list[str]:
        """The nodes that may announce at all: those of every advertisement together."""
        adverts = (*self.snapshot.all(L2ADVERTISEMENTS), *self.snapshot.all(BGPADVERTISEMENTS))
        return self.eligible(adverts)

    def workloads(self) -> tuple[Obj[Workload], ...]:
        """The speakers' and the controller's own objects."""
        return (*metallb.speakers(self.found), *metallb.controllers(self.found))

    def eligible(self, adverts: Sequence[Obj[L2Advertisement]]) -> list[str]:
        """The nodes that may announce for these advertisements: a live speaker, a network, not excluded, selected."""
        speakers = self.speaker_nodes
        result = []
        for node in self.found.nodes:
            if speakers is not None and node.name not in speakers:
                continue
            network = condition(node.body.status.conditions, "NetworkUnavailable")
            if network is not None and network.status == "True":
                continue
            if EXCLUDE in node.meta.labels and not self.ignores_exclusion:
                continue
            if any(
                not advert.body.spec.node_selectors or any_selects(advert.body.spec.node_selectors, node.meta.labels)
                for advert in adverts
            ):
                result.append(node.name)
        return result


def _for_service(
    adverts: tuple[Obj[L2Advertisement], ...], service: Obj[Service] | None
) -> tuple[Obj[L2Advertisement], ...]:
    if service is None:
        return adverts
    return tuple(
        advert
        for advert in adverts
        if not advert.body.spec.service_selectors
        or any_selects(advert.body.spec.service_selectors, service.meta.labels)
    )


def _by_service(snapshot: Snapshot, kind: Kind[ServiceL2Status]) -> Mapping[Key, tuple[Obj[ServiceL2Status], ...]]:
    """Status objects by service: by their labels, else by the status itself. Those without a node say nothing."""
    found: dict[Key, list[Obj[ServiceL2Status]]] = {}
    for obj in snapshot.all(kind):
        labels, status = obj.meta.labels, obj.body.status
        name = labels.get("metallb.io/service-name") or status.service_name
        namespace = labels.get("metallb.io/service-namespace") or status.service_namespace
        if name and status_node(obj):
            found.setdefault((namespace, name), []).append(obj)
    return {key: tuple(sorted(items, key=lambda item: item.key)) for key, items in found.items()}


def status_node(obj: Obj[ServiceL2Status]) -> str:
    return obj.body.status.node or obj.meta.labels.get("metallb.io/node", "")


def election_name(service: Obj[Service]) -> str:
    """The address that enters the election: the service's first, for both families, as Go writes it."""
    for point in service.body.status.load_balancer.ingress:
        address = parse_ip(point.ip)
        if address is not None:
            return str(address)
    return ""
