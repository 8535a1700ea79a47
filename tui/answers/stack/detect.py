"""Put the detectors' rows together and name the stack."""

from __future__ import annotations

from typing import Any

from pointsman.tui.answers.stack.counts import counts
from pointsman.tui.answers.stack.distribution import version_of
from pointsman.tui.answers.stack.facts import Facts, facts
from pointsman.tui.answers.stack.model import ALWAYS, Component, Health, Role, StackReport
from pointsman.tui.answers.stack.nodes import node_rows
from pointsman.tui.answers.stack.registry import DETECTORS, LEFTOVERS
from pointsman.tui.answers.words import blind, from_files, listed
from pointsman.tui.model.kinds import DAEMONSETS, DEPLOYMENTS, GATEWAYCLASSES, INGRESSCLASSES, NODES, Kind
from pointsman.tui.store.snapshot import Snapshot

SIDES = {
    (Role.CNI, "cilium"): "cilium",
    (Role.SERVICE_PROXY, "cilium"): "cilium",
    (Role.LOAD_BALANCER, "cilium"): "cilium",
    (Role.CNI, "flannel"): "classic",
    (Role.SERVICE_PROXY, "kube-proxy"): "classic",
    (Role.LOAD_BALANCER, "metallb"): "classic",
    (Role.LOAD_BALANCER, "servicelb"): "classic",
}
"""Which stack a component stands for. ServiceLB belongs to the classic side: it is k3s' own companion of flannel and
kube-proxy, and a cluster as k3s installs it is no foreign one."""

LOOKED_AT: dict[Role, tuple[Kind[Any], ...]] = {
    Role.CNI: (DAEMONSETS, NODES),
    Role.SERVICE_PROXY: (DAEMONSETS, NODES),
    Role.LOAD_BALANCER: (DAEMONSETS, DEPLOYMENTS),
    Role.INGRESS: (DEPLOYMENTS, DAEMONSETS, INGRESSCLASSES),
    Role.GATEWAY: (DEPLOYMENTS, GATEWAYCLASSES),
    Role.POLICY_ENGINE: (DAEMONSETS, NODES),
}
NOTHING = {
    Role.CNI: "no network for pods was found",
    Role.SERVICE_PROXY: "neither kube-proxy nor a replacement was found",
    Role.LOAD_BALANCER: "nothing gives LoadBalancer services an address",
    Role.INGRESS: "no Ingress controller was found",
    Role.GATEWAY: "no controller of the Gateway API was found",
    Role.POLICY_ENGINE: "nothing enforces NetworkPolicies",
}


def components(found: Facts, snapshot: Snapshot) -> tuple[Component, ...]:
    """The rows by role, in the order of :class:`Role`; standby rows only in roles where nothing else works."""
    rows = [row for detector in DETECTORS for row in detector(found, snapshot)]
    result: list[Component] = []
    for role in Role:
        mine = [row for row in rows if row.role is role]
        working = [row for row in mine if not row.standby] or mine
        if not working and role in ALWAYS:
            unseen = blind(snapshot, *LOOKED_AT[role])
            detail = f"cannot tell: {unseen}" if unseen else NOTHING[role]
            working = [Component(role, health=Health.UNKNOWN, detail=detail)]
        result.extend(working)
    return tuple(result)


def judge(rows: tuple[Component, ...], snapshot: Snapshot) -> tuple[str, str]:
    """The stack's name and the sentence that says why."""
    deciding = (Role.CNI, Role.SERVICE_PROXY, Role.LOAD_BALANCER)
    mine = [row for row in rows if row.role in deciding and row.name is not None]
    active = [row for row in mine if not row.standby]
    unseen = blind(snapshot, DAEMONSETS, NODES)
    if not active:
        if unseen or from_files(snapshot):
            return "unknown", f"cannot tell: {unseen or 'the files hold no sign of a network'}"
        return "none", "no network for pods, no service proxy and no load balancer was found"
    if unseen and not any(row.role is Role.CNI for row in active):
        return "unknown", f"cannot tell: {unseen}"
    sides = {SIDES.get((row.role, row.id), "other") for row in active}
    told = listed([f"{row.role.value.replace('-', ' ')} {row.name}" for row in active], most=6)
    if {"cilium", "classic"} <= sides:
        return "mixed", f"parts of both stacks work at once: {told}"
    if "other" in sides:
        return "other", f"neither of the two stacks: {told}"
    return sides.pop(), told


def detect(snapshot: Snapshot, namespace: str = "") -> StackReport:
    """What runs. Never says "absent" of what could not be read. ``namespace`` narrows the counts alone."""
    found = facts(snapshot)
    rows = components(found, snapshot)
    stack, why = judge(rows, snapshot)
    return StackReport(
        stack,
        why,
        found.distribution,
        version_of(found.nodes, snapshot.cluster.version),
        rows,
        node_rows(found.nodes),
        counts(snapshot, namespace),
        tuple(sentence for teller in LEFTOVERS for sentence in teller(found, snapshot)),
    )
