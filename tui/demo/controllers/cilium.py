"""Cilium: LB-IPAM and policy validation (the operator), L2 leases and endpoints (the agents)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from pointsman.tui.demo.controllers.addresses import Allocator, Pool, Request, held_ips, is_balancer, ranges_of
from pointsman.tui.demo.controllers.manager import Changes, Manager, Obj, ready
from pointsman.tui.demo.kube.objects import clone, micro_timestamp
from pointsman.tui.demo.scenario.platform.cilium_addresses import LEASE_PREFIX, NS, pool_conditions
from pointsman.tui.demo.scenario.platform.cilium_endpoints import endpoint_body, enforced, identity_of, security_labels
from pointsman.tui.demo.scenario.world import owner_ref, parse, selects

POOLS, L2_POLICIES = "ciliumloadbalancerippools.cilium.io", "ciliuml2announcementpolicies.cilium.io"
LEASES, ENDPOINTS = "leases.coordination.k8s.io", "ciliumendpoints.cilium.io"
CNP, CCNP = "ciliumnetworkpolicies.cilium.io", "ciliumclusterwidenetworkpolicies.cilium.io"
NETWORK_POLICIES = "networkpolicies.networking.k8s.io"
CAUSES = (POOLS, L2_POLICIES, CNP, CCNP, NETWORK_POLICIES, "services", "pods", "nodes")
SATISFIED = "cilium.io/IPAMRequestSatisfied"


def seconds(text: str, default: float) -> float:
    """A Go duration of whole seconds."""
    return float(text.removesuffix("s")) if text.removesuffix("s").isdigit() else default


class Cilium:
    def __init__(self, manager: Manager) -> None:
        self._m = manager
        self._late: set[str] = set()
        """Leases whose holder is held up, so that it does not renew them."""
        period = seconds(self._config("l2-announcements-retry-period"), 2)
        for lease in manager.list(LEASES, NS):
            name = lease["metadata"]["name"]
            if name.startswith(LEASE_PREFIX):
                self._renew_later(name, manager.random.uniform(0, period))

    def _config(self, key: str) -> str:
        found = self._m.peek("configmaps", NS, "cilium-config")
        return str((found or {}).get("data", {}).get(key, ""))

    def reconcile(self, changes: Changes) -> None:
        if not self._m.served(L2_POLICIES) or not (changes.keys() & set(CAUSES) or self._lost_lease(changes)):
            return
        if self._config("enable-lb-ipam") == "true" and self._operator():
            self._assign()
        if self._config("enable-l2-announcements") == "true":
            self._announce()
        if self._operator():
            self._validate()
        if self._m.scenario.variant == "cilium":
            self._endpoints()

    def _lost_lease(self, changes: Changes) -> bool:
        """Whether somebody deleted a lease."""
        places = changes.get(LEASES, ())
        return any(name.startswith(LEASE_PREFIX) and not self._m.peek(LEASES, NS, name) for _, name in places)

    def _operator(self) -> bool:
        return any(
            (p["metadata"].get("labels") or {}).get("io.cilium/app") == "operator" and ready(p)
            for p in self._m.list("pods", NS)
        )

    def agents(self) -> dict[str, Obj]:
        """Ready agents by node."""
        return {
            p["spec"]["nodeName"]: p
            for p in self._m.list("pods", NS)
            if (p["metadata"].get("labels") or {}).get("k8s-app") == "cilium" and ready(p)
        }

    # -- LB-IPAM ------------------------------------------------------------------------------------------------------
    def _assign(self) -> None:
        pools = [_pool(pool) for pool in self._m.list(POOLS)]
        if not pools:
            return  # dormant until the first pool
        for service in self._m.list("services"):
            if is_balancer(service):
                self._serve(service, Allocator(self._m, pools, lambda s: request_of(s).sharing))
            elif held_ips(service):
                self._m.set_status("services", service, {"loadBalancer": {}}, manager="cilium-operator-lb-ipam")
        allocator = Allocator(self._m, pools, lambda s: request_of(s).sharing)
        for pool in pools:
            live = self._m.peek(POOLS, "", pool.name)
            if live is not None:
                fresh = pool_conditions(pool.size, allocator.used(pool), self._m.stamp())
                before = {c["type"]: c for c in (live.get("status") or {}).get("conditions") or ()}
                kept = [
                    before[c["type"]] if before.get(c["type"], {}).get("message") == c["message"] else c for c in fresh
                ]
                self._m.set_status(POOLS, live, {"conditions": kept}, manager="cilium-operator-lb-ipam")

    def _serve(self, service: Obj, allocator: Allocator) -> None:
        asked, ips = request_of(service), held_ips(service)
        if ips and allocator.may_keep(service, ips[0], asked):
            return
        ip, pool, why = allocator.choose(service, asked)
        reason = "satisfied" if pool else "out_of_ips" if why.startswith("no available") else "pool_selector_mismatch"
        if not pool and asked.ip and not why.startswith("["):
            reason = "already_allocated"
        balancer: Obj = {"ingress": [{"ip": ip, "ipMode": "VIP"}]} if pool else {}
        before = (service.get("status") or {}).get("conditions") or []
        old = next((c for c in before if c["type"] == SATISFIED), None)
        fresh = {
            "type": SATISFIED,
            "status": "True" if pool else "False",
            "lastTransitionTime": self._m.stamp(),
            "reason": reason,
            "message": "" if pool else why,
        }
        if old and (old["status"], old["reason"], old["message"]) == (fresh["status"], reason, fresh["message"]):
            fresh = old
        conditions = [c for c in before if c["type"] != SATISFIED] + [fresh]
        status = {"loadBalancer": balancer, "conditions": conditions}
        self._m.set_status("services", service, status, manager="cilium-operator-lb-ipam")

    # -- L2 announcements ---------------------------------------------------------------------------------------------
    def _announce(self) -> None:
        agents = set(self.agents())
        wanted = set()
        for service in self._m.list("services"):
            if not is_balancer(service) or not held_ips(service):
                continue
            nodes = self._candidates(service)
            if nodes is None:
                continue
            meta = service["metadata"]
            name = f"{LEASE_PREFIX}{meta['namespace']}-{meta['name']}"
            wanted.add(name)
            self._hold(name, held_ips(service)[0], sorted(nodes & agents))
        for lease in self._m.list(LEASES, NS):
            name = lease["metadata"]["name"]
            if name.startswith(LEASE_PREFIX) and name not in wanted:
                self._m.storage.delete(LEASES, NS, name)

    def _candidates(self, service: Obj) -> set[str] | None:
        """The nodes that the announcement policies allow; None if no policy selects the service."""
        labels = with_pseudo_labels(service)
        found: set[str] | None = None
        for policy in self._m.list(L2_POLICIES):
            spec = policy["spec"]
            select = spec.get("serviceSelector")
            if not spec.get("loadBalancerIPs") or (select is not None and not selects(select, labels)):
                continue
            found = found or set()
            for node in self._m.list("ciliumnodes.cilium.io"):
                nodes = spec.get("nodeSelector")
                if nodes is None or selects(nodes, node["metadata"].get("labels") or {}):
                    found.add(node["metadata"]["name"])
        return found

    def _hold(self, name: str, ip: str, able: list[str]) -> None:
        """See that somebody holds the lease: first come, and no one is put out while he renews."""
        lease = self._m.peek(LEASES, NS, name)
        holder = lease["spec"].get("holderIdentity", "") if lease else ""
        if not able:
            return  # nobody can: what is there goes stale
        if lease is not None and holder in able:
            return
        node = able[sum(map(ord, ip)) % len(able)]
        now = micro_timestamp(self._m.now())
        duration = seconds(self._config("l2-announcements-lease-duration"), 15)
        spec: Obj = {
            "holderIdentity": node,
            "leaseDurationSeconds": int(duration),
            "acquireTime": now,
            "renewTime": now,
            "leaseTransitions": 0,
        }
        if lease is None:
            meta = {"name": name, "namespace": NS}
            made = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta, "spec": spec}
            self._m.storage.create(made, manager="cilium-agent")
            self._renew_later(name, seconds(self._config("l2-announcements-retry-period"), 2))
            return
        spec["leaseTransitions"] = int(lease["spec"].get("leaseTransitions", 0)) + 1
        self._m.change(LEASES, lease, lambda live: live.update(spec=spec), manager="cilium-agent")

    def hold_up(self, name: str) -> float:
        """Keep the holder from renewing a lease until :meth:`take_over`; seconds after which another may take it."""
        self._late.add(name)
        return seconds(self._config("l2-announcements-lease-duration"), 15) + 1

    def take_over(self, name: str, node: str) -> None:
        """Another agent gets hold of a lease (because its holder was late)."""
        self._late.discard(name)
        lease = self._m.peek(LEASES, NS, name)
        if lease is None or lease["spec"].get("holderIdentity") == node:
            return
        now = micro_timestamp(self._m.now())
        count = int(lease["spec"].get("leaseTransitions", 0)) + 1
        spec = {
            **lease["spec"],
            "holderIdentity": node,
            "acquireTime": now,
            "renewTime": now,
            "leaseTransitions": count,
        }
        self._m.change(LEASES, lease, lambda live: live.update(spec=spec), manager="cilium-agent")

    def _renew_later(self, name: str, wait: float) -> None:
        self._m.after(wait, lambda: self._renew(name))

    def _renew(self, name: str) -> None:
        lease = self._m.peek(LEASES, NS, name)
        if lease is None:
            return
        period = seconds(self._config("l2-announcements-retry-period"), 2)
        self._renew_later(name, period * self._m.random.uniform(0.95, 1.05))
        fresh = self._m.now() - parse(lease["spec"]["renewTime"]) > timedelta(seconds=period / 2)
        if fresh and name not in self._late and lease["spec"].get("holderIdentity") in self.agents():
            now = micro_timestamp(self._m.now())
            self._m.change(LEASES, lease, lambda live: live["spec"].update(renewTime=now), manager="cilium-agent")

    # -- policies and endpoints ---------------------------------------------------------------------------------------
    def _validate(self) -> None:
        """The operator's verdict on policies that have none for their present generation."""
        for resource in (CNP, CCNP):
            for policy in self._m.list(resource):
                problem = refused(policy)
                before = next(iter((policy.get("status") or {}).get("conditions") or ()), None)
                message = problem or "Policy validation succeeded"
                status = "False" if problem else "True"
                if before and (before["status"], before.get("message")) == (status, message):
                    continue
                now = self._m.stamp()
                valid = {"type": "Valid", "status": status, "lastTransitionTime": now, "message": message}
                self._m.set_status(resource, policy, {"conditions": [valid]}, manager="cilium-operator-generic")

    def _endpoints(self) -> None:
        network, cilium = list(self._m.list(NETWORK_POLICIES)), list(self._m.list(CNP))
        for pod in self._m.list("pods"):
            if pod["spec"].get("hostNetwork") or (pod.get("status") or {}).get("phase") != "Running":
                continue
            meta = pod["metadata"]
            valid = [p for p in cilium if not refused(p) and "endpointSelector" in (p.get("spec") or {})]
            body = endpoint_body(pod, self._identity(pod), enforced(pod, network, valid))
            live = self._m.peek(ENDPOINTS, meta["namespace"], meta["name"])
            if live is None:
                head = {
                    "name": meta["name"],
                    "namespace": meta["namespace"],
                    "labels": dict(meta.get("labels") or {}),
                    "ownerReferences": [owner_ref(pod, controller=False)],
                }
                made = {"apiVersion": "cilium.io/v2", "kind": "CiliumEndpoint", "metadata": head, **body}
                self._m.storage.create(made, manager="cilium-agent")
            elif live["status"] != body["status"]:
                self._m.change(ENDPOINTS, live, lambda obj, body=body: obj.update(clone(body)), manager="cilium-agent")  # type: ignore[misc]

    def _identity(self, pod: Obj) -> int:
        labels = security_labels(pod)
        number = identity_of(labels)
        if self._m.peek("ciliumidentities.cilium.io", "", str(number)) is None:
            mark = {"io.kubernetes.pod.namespace": pod["metadata"]["namespace"]}
            meta = {"name": str(number), "labels": mark}
            made = {"apiVersion": "cilium.io/v2", "kind": "CiliumIdentity", "metadata": meta, "security-labels": labels}
            self._m.storage.create(made, manager="cilium-operator-generic")
        return number


def refused(policy: Obj) -> str:
    """Why Cilium does not accept a policy; the demo knows two of its reasons."""
    rules = [policy.get("spec"), *(policy.get("specs") or ())]
    rules = [rule for rule in rules if rule]
    if not rules:
        return "Invalid CiliumNetworkPolicy specs: no rules found"
    for rule in rules:
        for direction, side in (("ingress", "from"), ("egress", "to")):
            for one in rule.get(direction) or ():
                kinds = [k for k in ("Endpoints", "CIDR", "CIDRSet", "Entities") if one.get(f"{side}{k}")]
                if len(kinds) > 1:
                    first, second = (f"{side.capitalize()}{kind}" for kind in kinds[:2])
                    return f"combining {first} and {second} is not supported yet"
    return ""


def request_of(service: Obj) -> Request:
    notes = service["metadata"].get("annotations") or {}
    ip = str(notes.get("lbipam.cilium.io/ips") or notes.get("io.cilium/lb-ipam-ips") or "")
    key = str(notes.get("lbipam.cilium.io/sharing-key") or notes.get("io.cilium/lb-ipam-sharing-key") or "")
    return Request(ip.split(",")[0].strip() or service["spec"].get("loadBalancerIP") or "", "", key)


def with_pseudo_labels(service: Obj) -> dict[str, str]:
    meta = service["metadata"]
    more = {"io.kubernetes.service.namespace": meta["namespace"], "io.kubernetes.service.name": meta["name"]}
    return {**(meta.get("labels") or {}), **more}


def _pool(pool: Obj) -> Pool:
    spec = pool["spec"]
    spans = [b.get("cidr") or f"{b.get('start')}-{b.get('stop') or b.get('start')}" for b in spec.get("blocks") or ()]
    return Pool(pool["metadata"]["name"], ranges_of(spans), not spec.get("disabled"), _accepts(spec))


def _accepts(spec: Obj) -> Callable[[Obj], bool]:
    select = spec.get("serviceSelector")
    return lambda service: select is None or selects(select, with_pseudo_labels(service))
