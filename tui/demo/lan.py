"""The demo's local network: the neighbour table that a machine beside the homelab would have, as ``ip neigh`` prints it.

Nothing is sent anywhere. Who answers follows from what runs: a node answers for its own address while it is up, and for a
service's address while the announcing agent there is ready and an object (a status, a lease) has it announce it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pointsman.tui.demo.controllers.addresses import held_ips
from pointsman.tui.demo.controllers.manager import labels_of, ready
from pointsman.tui.demo.scenario.nodes import MACHINES
from pointsman.tui.demo.scenario.platform.cilium_addresses import LEASE_PREFIX
from pointsman.tui.demo.scenario.platform.cilium_addresses import NS as CILIUM_NS
from pointsman.tui.demo.scenario.platform.metallb import NS as METALLB_NS

if TYPE_CHECKING:
    from pointsman.tui.demo.kube.storage import Storage

Obj = dict[str, Any]
STATUSES, LEASES = "servicel2statuses.metallb.io", "leases.coordination.k8s.io"
DEVICE = "eth0"
OTHERS = (("192.168.7.1", "00:00:5e:00:53:01"), ("192.168.7.20", "00:00:5e:00:53:20"))
"""The router and the NAS."""


def neighbours(storage: Storage) -> str:
    macs = {machine.name: machine.mac for machine in MACHINES}
    lines = [_line(ip, mac) for ip, mac in OTHERS]
    up: set[str] = set()
    for node in storage.list("nodes"):
        name = node["metadata"]["name"]
        alive = _condition(node, "Ready") == "True"
        up |= {name} if alive else set()
        own = [one["address"] for one in node["status"].get("addresses") or () if one["type"] == "InternalIP"]
        lines += [_line(ip, macs.get(name, "") if alive else "") for ip in own]
    speakers = _nodes_of(storage, METALLB_NS, "app.kubernetes.io/component", "speaker") & up
    agents = _nodes_of(storage, CILIUM_NS, "k8s-app", "cilium") & up
    for ip, nodes in sorted(_announced(storage).items()):
        answering = [node for node, by in nodes if node in (speakers if by == "metallb" else agents)]
        # Two that answer take turns; the one that was heard last stands in the table.
        lines.append(_line(ip, macs.get(answering[-1], "") if answering else ""))
    return "".join(f"{line}\n" for line in lines)


def _line(ip: str, mac: str) -> str:
    return f"{ip} dev {DEVICE} lladdr {mac} REACHABLE" if mac else f"{ip} dev {DEVICE} FAILED"


def _condition(obj: Obj, type: str) -> str:
    found = (one["status"] for one in (obj.get("status") or {}).get("conditions") or () if one["type"] == type)
    return str(next(found, "True"))


def _nodes_of(storage: Storage, namespace: str, label: str, value: str) -> set[str]:
    return {
        pod["spec"]["nodeName"]
        for pod in storage.list("pods", namespace)
        if labels_of(pod).get(label) == value and pod["spec"].get("nodeName") and ready(pod)
    }


def _announced(storage: Storage) -> dict[str, list[tuple[str, str]]]:
    """Each service's address with the nodes that hold it and by what."""
    statuses: dict[tuple[str, str], list[str]] = {}
    if storage.resources.find(STATUSES) is not None:
        for item in storage.list(STATUSES, METALLB_NS):
            status = item.get("status") or {}
            key = (status.get("serviceNamespace", ""), status.get("serviceName", ""))
            statuses.setdefault(key, []).append(str(status.get("node", "")))
    found: dict[str, list[tuple[str, str]]] = {}
    for service in storage.list("services"):
        meta = service["metadata"]
        for ip in held_ips(service):
            holders = found.setdefault(ip, [])
            holders += [(node, "metallb") for node in statuses.get((meta["namespace"], meta["name"]), ())]
            lease = storage.peek(LEASES, CILIUM_NS, f"{LEASE_PREFIX}{meta['namespace']}-{meta['name']}")
            if lease is not None and lease["spec"].get("holderIdentity"):
                holders.append((str(lease["spec"]["holderIdentity"]), "cilium"))
    return found
