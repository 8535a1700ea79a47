"""MetalLB: its controller, which assigns addresses, and its speakers, which announce them on the LAN."""

from __future__ import annotations

from collections.abc import Callable

from pointsman.tui.demo.controllers.addresses import Allocator, Pool, Request, held_ips, is_balancer, ranges_of
from pointsman.tui.demo.controllers.manager import Changes, Manager, Obj, ready
from pointsman.tui.demo.kube.objects import clone
from pointsman.tui.demo.scenario.platform.metallb import NS, elect, pool_status
from pointsman.tui.demo.scenario.services import POOL_ANNOTATION
from pointsman.tui.demo.scenario.world import owner_ref, selects

POOLS, ADVERTS, STATUSES = "ipaddresspools.metallb.io", "l2advertisements.metallb.io", "servicel2statuses.metallb.io"
CAUSES = (POOLS, ADVERTS, STATUSES, "services", "endpointslices.discovery.k8s.io", "pods", "nodes")


class MetalLB:
    def __init__(self, manager: Manager) -> None:
        self._m = manager
        self._told: dict[str, str] = {}
        manager.every(300, self._complain)

    def reconcile(self, changes: Changes) -> None:
        """Assign first, then announce."""
        if not self._m.served(POOLS) or not changes.keys() & set(CAUSES):
            return
        speakers = self._running("speaker")
        if self._running("controller"):
            self._assign()
        self._announce({pod["spec"]["nodeName"]: pod for pod in speakers})

    def _running(self, component: str) -> list[Obj]:
        label = "app.kubernetes.io/component"
        return [
            pod
            for pod in self._m.list("pods", NS)
            if (pod["metadata"].get("labels") or {}).get(label) == component and ready(pod)
        ]

    # -- the controller -----------------------------------------------------------------------------------------------
    def _pools(self) -> list[Pool]:
        return [
            Pool(
                pool["metadata"]["name"],
                ranges_of(pool["spec"].get("addresses") or ()),
                bool(pool["spec"].get("autoAssign", True)),
                _accepts(pool["spec"].get("serviceAllocation")),
            )
            for pool in self._m.list(POOLS, NS)
        ]

    def _assign(self) -> None:
        pools = self._pools()
        for service in self._m.list("services"):
            if is_balancer(service):
                self._serve(service, Allocator(self._m, pools, lambda s: request_of(s).sharing))
            elif POOL_ANNOTATION in (service["metadata"].get("annotations") or {}):
                self._clear(service)
        allocator = Allocator(self._m, pools, lambda s: request_of(s).sharing)
        for pool in pools:
            live = self._m.peek(POOLS, NS, pool.name)
            if live is not None:
                self._m.set_status(POOLS, live, pool_status(pool.size, allocator.used(pool)), manager="controller")

    def _serve(self, service: Obj, allocator: Allocator) -> None:
        asked = request_of(service)
        ips = held_ips(service)
        pool = allocator.may_keep(service, ips[0], asked) if ips else None
        if pool is not None:
            self._note(service, pool.name)
            return
        name = f"{service['metadata']['namespace']}/{service['metadata']['name']}"
        if ips:
            text = f'current IP for "{name}" not allowed by config, will attempt for new IP assignment: {ips}'
            self._m.event(service, "ClearAssignment", text, "metallb-controller")
            service = self._clear(service)
        ip, pool, why = allocator.choose(service, asked)
        uid = service["metadata"]["uid"]
        if pool is None:
            text = f'Failed to allocate IP for "{name}": {why}'
            if self._told.get(uid) != text:
                self._told[uid] = text
                self._m.event(service, "AllocationFailed", text, "metallb-controller", kind="Warning")
            return
        self._told.pop(uid, None)
        self._note(service, pool.name)
        status = {**(service.get("status") or {}), "loadBalancer": {"ingress": [{"ip": ip, "ipMode": "VIP"}]}}
        self._m.set_status("services", service, status, manager="controller")
        self._m.event(service, "IPAllocated", f'Assigned IP ["{ip}"]', "metallb-controller")

    def _note(self, service: Obj, pool: str) -> None:
        if (service["metadata"].get("annotations") or {}).get(POOL_ANNOTATION) == pool:
            return

        def edit(live: Obj) -> None:
            live["metadata"].setdefault("annotations", {})[POOL_ANNOTATION] = pool

        self._m.change("services", service, edit, manager="controller")

    def _clear(self, service: Obj) -> Obj:
        def edit(live: Obj) -> None:
            (live["metadata"].get("annotations") or {}).pop(POOL_ANNOTATION, None)

        self._m.set_status(
            "services", service, {**(service.get("status") or {}), "loadBalancer": {}}, manager="controller"
        )
        return self._m.change("services", service, edit, manager="controller")

    def _complain(self) -> None:
        """What could not be served is tried again, and said again, every few minutes."""
        for service in self._m.list("services"):
            text = self._told.get(service["metadata"]["uid"])
            if text is None and is_balancer(service) and not held_ips(service):
                self._told.setdefault(service["metadata"]["uid"], "")
            elif text:
                self._m.event(service, "AllocationFailed", text, "metallb-controller", kind="Warning")

    # -- the speakers -------------------------------------------------------------------------------------------------
    def _announce(self, speakers: dict[str, Obj]) -> None:
        statuses: dict[tuple[str, str], list[Obj]] = {}
        for item in self._m.list(STATUSES, NS):
            status = item.get("status") or {}
            statuses.setdefault((status.get("serviceNamespace", ""), status.get("serviceName", "")), []).append(item)
        for service in self._m.list("services"):
            meta = service["metadata"]
            mine = statuses.pop((meta["namespace"], meta["name"]), [])
            node = self._leader(service, set(speakers))
            self._settle(service, node, mine, speakers)
        for orphans in statuses.values():
            for item in orphans:
                self._m.storage.delete(STATUSES, NS, item["metadata"]["name"])

    def _leader(self, service: Obj, speakers: set[str]) -> str | None:
        """Who announces a service, by MetalLB's election among those who may."""
        ips = held_ips(service)
        pool_name = (service["metadata"].get("annotations") or {}).get(POOL_ANNOTATION)
        if not ips or not is_balancer(service) or pool_name is None:
            return None
        pool = self._m.peek(POOLS, NS, pool_name)
        nodes: set[str] = set()
        for advert in self._m.list(ADVERTS, NS):
            if pool is not None and _advertises(advert["spec"], pool, service):
                nodes |= self._allowed(advert["spec"].get("nodeSelectors"))
        nodes &= speakers
        if service["spec"].get("externalTrafficPolicy") == "Local":
            nodes &= self._with_endpoint(service)
        return next(iter(elect(nodes, ips[0])), None)

    def _allowed(self, selectors: list[Obj] | None) -> set[str]:
        out = set()
        for node in self._m.list("nodes"):
            labels = node["metadata"].get("labels") or {}
            if "node.kubernetes.io/exclude-from-external-load-balancers" in labels:
                continue
            if not selectors or any(selects(one, labels) for one in selectors):
                out.add(node["metadata"]["name"])
        return out

    def _with_endpoint(self, service: Obj) -> set[str]:
        meta = service["metadata"]
        return {
            point["nodeName"]
            for piece in self._m.list("endpointslices.discovery.k8s.io", meta["namespace"])
            if (piece["metadata"].get("labels") or {}).get("kubernetes.io/service-name") == meta["name"]
            for point in piece.get("endpoints") or ()
            if point["conditions"].get("ready")
        }

    def _settle(self, service: Obj, node: str | None, mine: list[Obj], speakers: dict[str, Obj]) -> None:
        """Have exactly one status, at `node`; a status object's node never changes, so a move is a new object."""
        right = [item for item in mine if node is not None and item["status"].get("node") == node]
        for item in mine:
            if item not in right[:1]:
                self._m.storage.delete(STATUSES, NS, item["metadata"]["name"])
        if node is None or right:
            return
        meta = service["metadata"]
        made: Obj = {
            "apiVersion": "metallb.io/v1beta1",
            "kind": "ServiceL2Status",
            "metadata": {
                "generateName": "l2-",
                "namespace": NS,
                "labels": {
                    "metallb.io/node": node,
                    "metallb.io/service-name": meta["name"],
                    "metallb.io/service-namespace": meta["namespace"],
                },
                "ownerReferences": [owner_ref(speakers[node], controller=False)],
            },
            "spec": {},
        }
        status = {"node": node, "serviceName": meta["name"], "serviceNamespace": meta["namespace"]}
        created = self._m.storage.create(clone(made), manager="speaker")
        self._m.set_status(STATUSES, created, status, manager="speaker")
        text = f'announcing from node "{node}" with protocol "layer2"'
        self._m.event(service, "nodeAssigned", text, "metallb-speaker", node=node)


def request_of(service: Obj) -> Request:
    """What a service asks of MetalLB, in its new or its old annotations or in the spec."""
    notes = service["metadata"].get("annotations") or {}

    def note(name: str) -> str:
        return str(notes.get(f"metallb.io/{name}") or notes.get(f"metallb.universe.tf/{name}") or "")

    ip = note("loadBalancerIPs").split(",")[0].strip() or service["spec"].get("loadBalancerIP") or ""
    return Request(ip, note("address-pool"), note("allow-shared-ip"))


def _accepts(allocation: Obj | None) -> Callable[[Obj], bool]:
    """A pool's serviceAllocation: none takes all."""
    if not allocation:
        return lambda _: True
    namespaces, selectors = allocation.get("namespaces"), allocation.get("serviceSelectors")

    def accepts(service: Obj) -> bool:
        meta = service["metadata"]
        if namespaces and meta["namespace"] not in namespaces:
            return False
        return not selectors or any(selects(one, meta.get("labels") or {}) for one in selectors)

    return accepts


def _advertises(spec: Obj, pool: Obj, service: Obj) -> bool:
    """Whether an L2Advertisement covers the pool and the service; one that names no pools covers all."""
    names, selectors = spec.get("ipAddressPools"), spec.get("ipAddressPoolSelectors")
    if names or selectors:
        labels = pool["metadata"].get("labels") or {}
        if pool["metadata"]["name"] not in (names or ()) and not any(selects(one, labels) for one in selectors or ()):
            return False
    wanted = spec.get("serviceSelectors")
    return not wanted or any(selects(one, service["metadata"].get("labels") or {}) for one in wanted)
