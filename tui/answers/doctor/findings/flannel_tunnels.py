"""flannel's nodes that cannot reach each other, as their annotations tell: backends that differ, one tunnel address or MAC on
two nodes, no pod range, an address that is not the node's."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pointsman.tui.answers.doctor.exam import FACTS, Exam
from pointsman.tui.answers.doctor.model import Check, Sign
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.stack import flannel
from pointsman.tui.answers.words import listed
from pointsman.tui.model.core import Node
from pointsman.tui.model.kinds import DAEMONSETS, NODES
from pointsman.tui.model.meta import Obj, dig_str

PREFIX = "flannel.alpha.coreos.com/"


def look(exam: Exam) -> Iterator[Sign]:
    if not flannel.running(exam.facts):
        return
    nodes = [node for node in exam.facts.nodes if node.meta.annotations.get(f"{PREFIX}backend-type")]
    backends = _grouped(nodes, "backend-type")
    if len(backends) > 1:
        words = [f"{backend} on {listed([node.name for node in items])}" for backend, items in backends.items()]
        odd = min(backends.values(), key=len)
        yield Sign("error", ref(odd[0]), f"flannel's backends differ: {listed(words)}", (), tuple(map(ref, nodes)))
    for key, what in (("public-ip", "tunnel address"), ("mac", "tunnel MAC")):
        for value, items in _grouped(nodes, key).items():
            if value and len(items) > 1:
                names = listed([node.name for node in items])
                yield Sign("error", ref(items[0]), f"{names} have the same {what} {value}", (), tuple(map(ref, items)))
    for node in nodes:
        if not (node.body.spec.pod_cidr or node.body.spec.pod_cidrs):
            text = f"node {node.name} has no pod range (spec.podCIDR), so flannel gives it no subnet"
            yield Sign("error", ref(node), text)
    odd = [node for node in nodes if _elsewhere(node)]
    # On most nodes, it is another interface, chosen on purpose (--iface, --flannel-iface).
    for node in odd if 2 * len(odd) < len(nodes) else ():
        own = listed(sorted(address.address for address in node.body.status.addresses))
        public = node.meta.annotations[f"{PREFIX}public-ip"]
        yield Sign(
            "warn",
            ref(node),
            f"flannel's tunnel to {node.name} goes to {public}, which is none of its addresses",
            (f"annotation {PREFIX}public-ip; the node has {own}", "on the other nodes the two agree"),
        )


def _elsewhere(node: Obj[Node]) -> bool:
    """Whether the tunnel ends at an address that the node does not report, and nobody chose it."""
    notes = node.meta.annotations
    own = {address.address for address in node.body.status.addresses}
    public = notes.get(f"{PREFIX}public-ip", "")
    return bool(public and own) and public not in own and not notes.get(f"{PREFIX}public-ip-overwrite")


def _grouped(nodes: list[Obj[Node]], key: str) -> dict[str, list[Obj[Node]]]:
    found: dict[str, list[Obj[Node]]] = {}
    for node in nodes:
        found.setdefault(_value(node, key), []).append(node)
    return found


def _value(node: Obj[Node], key: str) -> str:
    if key != "mac":
        return node.meta.annotations.get(PREFIX + key, "")
    try:
        return dig_str(json.loads(node.meta.annotations.get(f"{PREFIX}backend-data", "{}")), "VtepMAC")
    except (ValueError, RecursionError):
        return ""


CHECK = Check(
    id="flannel-tunnels",
    title="nodes that flannel cannot connect (backends, tunnel addresses, pod ranges)",
    why="Pods on these nodes do not reach pods on others, while everything on one node works.",
    fix="Give all nodes the same backend and each its own address (--flannel-iface); restart flannel or k3s on the odd one.",
    reads=FACTS,
    look=look,
    needs=(NODES, DAEMONSETS),
)
