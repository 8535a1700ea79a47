"""Whose network the pods are on, where two of them could be: told by the ranges that the pods' addresses lie in."""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.tui.answers.ranges import Lookup, Range, parse_ip, parse_range
from pointsman.tui.model.kinds import CILIUMNODES, NODES, PODS
from pointsman.tui.model.meta import dig_list
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot

NODE, CILIUM = "node", "cilium"


@dataclass(frozen=True, slots=True)
class Carried:
    """Pods with an address in the nodes' own ranges (``node.spec.podCIDRs``: flannel's) and in Cilium's. Both are zero
    where the two are the same ranges, or nothing is known."""

    node: int = 0
    cilium: int = 0

    @property
    def total(self) -> int:
        return self.node + self.cilium


@memoized(PODS, NODES, CILIUMNODES)
def carried(snapshot: Snapshot) -> Carried:
    of_nodes: list[tuple[Range, str]] = []
    for node in snapshot.all(NODES):
        spec = node.body.spec
        texts = {spec.pod_cidr, *spec.pod_cidrs} - {""}
        of_nodes.extend((item, NODE) for text in texts if (item := parse_range(text)) is not None)
    of_cilium: list[tuple[Range, str]] = []
    for cilium_node in snapshot.all(CILIUMNODES):
        texts = {text for text in dig_list(cilium_node.body.spec, "ipam", "podCIDRs") if isinstance(text, str)}
        of_cilium.extend((item, CILIUM) for text in texts if (item := parse_range(text)) is not None)
    if not of_nodes or not of_cilium:
        return Carried()
    spans = {(item.family, item.first, item.last) for item, _ in of_nodes}
    if any((item.family, item.first, item.last) in spans for item, _ in of_cilium):
        return Carried()
    lookup = Lookup([*of_nodes, *of_cilium])
    found = {NODE: 0, CILIUM: 0}
    for pod in snapshot.all(PODS):
        if pod.body.spec.host_network or pod.body.status.phase not in ("Running", "Pending"):
            continue
        address = parse_ip(pod.body.status.pod_ip) if pod.body.status.pod_ip else None
        if address is None:
            continue
        for name in lookup.names(address)[:1]:
            found[name] += 1
    return Carried(found[NODE], found[CILIUM])
