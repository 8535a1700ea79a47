"""The map where no flow is known: the paths that the objects declare, from address to route to service to workload.

Nothing of it was seen to happen; a path says where a request would go, and how many of the pods there are ready.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pointsman.tui.answers.flows.graph import (
    ADDRESSES,
    CALLED,
    INGRESS,
    Box,
    Cast,
    Graph,
    Line,
    Pair,
    Role,
    Who,
    cast,
    workload_box,
)
from pointsman.tui.answers.ips import Address, ip_map
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.build import route_list
from pointsman.tui.answers.routes.model import DIRECT, Backend, Route
from pointsman.tui.answers.words import listed
from pointsman.tui.model.kinds import DAEMONSETS, DEPLOYMENTS, PODS, SERVICES, STATEFULSETS
from pointsman.tui.store.snapshot import Snapshot

_LONGEST_RULE = 60


def declared_graph(snapshot: Snapshot) -> Graph:
    """See the module. ``unknown`` says what could not be read."""
    return _Paths(snapshot).graph()


class _Paths:
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._known: Cast = cast(snapshot)
        self._labelled: dict[str, list[tuple[Mapping[str, str], Who]]] = {}
        for pod in snapshot.all(PODS):
            if (owner := self._known.owner.get(pod.key)) is not None:
                self._labelled.setdefault(pod.namespace, []).append((pod.meta.labels, owner))
        for kind in (DEPLOYMENTS, STATEFULSETS, DAEMONSETS):
            for item in snapshot.all(kind):
                labels = item.body.spec.template.metadata.labels
                self._labelled.setdefault(item.namespace, []).append((labels, (kind.kind, *item.key)))
        self._boxes: dict[str, Box] = {}
        self._lines: dict[Pair, Line] = {}
        self._doors: dict[str, str] = {}

    def graph(self) -> Graph:
        found = route_list(self._snapshot)
        addresses = ip_map(self._snapshot)
        for address in addresses.items:
            self._address(address)
        for route in found.items:
            if route.controller != DIRECT:
                self._route(route)
        ends = {end for pair in self._lines for end in pair}
        boxes = {key: box for key, box in self._boxes.items() if key in ends}
        unknown = "; ".join(dict.fromkeys(text for text in (found.unknown, addresses.unknown) if text))
        return Graph(boxes, self._lines, declared=True, unknown=unknown, at=self._snapshot.now)

    def _add(self, box: Box) -> str:
        self._boxes.setdefault(box.key, box)
        return box.key

    def _join(self, source: str, target: str, words: str, broken: str = "") -> None:
        pair = (source, target)
        old = self._lines.get(pair)
        if old is None:
            self._lines[pair] = Line(*pair, declared=True, words=words, broken=broken)
        elif words and words not in old.words.split(", "):
            self._lines[pair] = replace(
                old, words=f"{old.words}, {words}" if old.words else words, broken=old.broken and broken
            )

    def _address(self, address: Address) -> None:
        """From an address to what is behind its service."""
        key = self._add(
            Box(
                f"address//{address.ip or address.service.path}",
                address.ip or "pending",
                ADDRESSES,
                Role.ADDRESS,
                address.kind.value,
                address.service,
                detail=address.pending or f"of Service {address.service.path}",
            )
        )
        broken = f"no address yet: {address.pending}" if address.ip is None else ""
        ports = listed([port.removesuffix("/tcp").removesuffix("/TCP") for port in address.ports], 3)
        for target in self._behind(address.service):
            self._join(key, target, ports, broken)

    def _behind(self, service: Ref) -> list[str]:
        """The workloads behind a service: of its endpoints, else those its selector finds, else the service itself."""
        obj = self._snapshot.get(SERVICES, *service.key)
        owners: set[Who] = set()
        if obj is not None and (selector := obj.body.spec.selector):
            owners = {
                owner
                for labels, owner in self._labelled.get(service.namespace, ())
                if selector.items() <= labels.items()
            }
        if not owners:
            return [
                self._add(replace(workload_box("Service", service.namespace, service.name, None), ready=0, total=0))
            ]
        return [self._add(workload_box(*owner, self._known)) for owner in sorted(owners)]

    def _route(self, route: Route) -> None:
        """From the controller over the route to the workloads of its services."""
        door = self._door(route)
        where = listed(list(route.hosts), 2) or route.match[:_LONGEST_RULE] or route.ref.name
        broken = route.dropped or next((item.text for item in route.problems if item.severity == "error"), "")
        key = self._add(
            Box(
                f"route/{route.ref.kind}/{route.ref.path}/{route.rule_index}",
                where,
                route.ref.namespace,
                Role.ROUTE,
                route.protocol,
                route.ref,
                detail=broken or listed([use.name for use in route.middlewares]),
            )
        )
        self._join(door, key, listed(list(route.ports or route.entry_points), 2), route.dropped)
        for backend in route.backends:
            self._backend(key, backend)

    def _door(self, route: Route) -> str:
        """The box of what runs the route: its workload where one is known."""
        if route.served_by is not None:
            for kind in ("Deployment", "DaemonSet", "StatefulSet"):
                if (kind, *route.served_by.key) in self._known.pods:
                    return self._add(workload_box(kind, *route.served_by.key, self._known))
        if route.controller not in self._doors:
            name = route.controller or "no controller"
            for home, title in ((DEPLOYMENTS, "Deployment"), (DAEMONSETS, "DaemonSet")):
                here = [key for key in sorted(self._known.doors) if self._snapshot.get(home, *key) is not None]
                if route.controller.lower() == "traefik" and here:
                    self._doors[route.controller] = self._add(workload_box(title, *here[0], self._known))
                    break
            else:
                self._doors[route.controller] = self._add(
                    Box(f"ingress//{name.lower()}", name, INGRESS, Role.INGRESS, detail="its pods are not known")
                )
        return self._doors[route.controller]

    def _backend(self, route: str, backend: Backend) -> None:
        broken = backend.problem.text if backend.problem is not None else ""
        port = f":{backend.number or backend.port}" if backend.number or backend.port else ""
        words = f"{backend.name}{port}"
        if backend.ref is None or backend.external:
            name = backend.external or backend.name
            box = Box(f"called/{name}", name, CALLED if backend.external else INGRESS,
                      Role.OUTSIDE if backend.external else Role.INGRESS, detail="answered by the proxy itself"
                      if not backend.external else "")  # fmt: skip
            self._join(route, self._add(box), words, broken)
            return
        known = self._known.owner
        owners = sorted({known[item.pod] for item in backend.servers if item.pod is not None and item.pod in known})
        targets = [self._add(workload_box(*owner, self._known)) for owner in owners] or self._behind(backend.ref)
        for target in targets:
            self._join(route, target, words, broken)
