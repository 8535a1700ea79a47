"""flannel: its DaemonSet (also as Canal, and Talos' in kube-system), or the one inside k3s.

The node annotations outlive a move to another CNI, so they prove nothing alone: a DaemonSet or k3s' flags must agree.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from pointsman.tui.answers.stack import cilium
from pointsman.tui.answers.stack.build import builtin, from_workloads
from pointsman.tui.answers.stack.facts import Facts, containers, label
from pointsman.tui.answers.stack.model import Component, Role
from pointsman.tui.answers.stack.podnet import carried
from pointsman.tui.answers.words import plural
from pointsman.tui.model.core import Workload
from pointsman.tui.model.meta import Obj, dig_str
from pointsman.tui.store.snapshot import Snapshot

BACKEND = "flannel.alpha.coreos.com/backend-type"


def daemonsets(found: Facts) -> tuple[Obj[Workload], ...]:
    return tuple(
        item
        for item in found.daemonsets
        if label(item, "app") == "flannel"
        or label(item, "k8s-app") in ("flannel", "canal")
        or any(one.name == "kube-flannel" and "flannel" in one.image for one in containers(item))
    )


def annotated_backend(found: Facts) -> str:
    """The backend that most nodes' annotations name; empty if none does."""
    named = Counter(value for node in found.nodes if (value := node.meta.annotations.get(BACKEND)))
    return named.most_common(1)[0][0] if named else ""


def embedded(found: Facts) -> bool:
    """Whether k3s runs its own flannel. Without k3s' flags to read, the annotations count unless another CNI runs."""
    if not found.k3s:
        return False
    if found.flags.known:
        return found.flags.last("flannel-backend") != "none"
    return bool(annotated_backend(found)) and not cilium.agents(found)


def running(found: Facts) -> bool:
    return bool(daemonsets(found)) or embedded(found)


def detect(found: Facts, snapshot: Snapshot) -> Iterator[Component]:
    for item in daemonsets(found)[:1]:
        backend = _configured_backend(found, item) or annotated_backend(found)
        name = "Canal (flannel)" if "canal" in item.name else "flannel"
        detail, idle = _share(snapshot)
        yield from_workloads(snapshot, Role.CNI, "flannel", name, (item,), "flannel", backend + detail, standby=idle)
        if any("network-policies" in one.image for one in containers(item)):
            yield from_workloads(
                snapshot, Role.POLICY_ENGINE, "kube-network-policies", "kube-network-policies", (item,), "polic",
                "sidecar of flannel",
            )  # fmt: skip
        return
    if embedded(found):
        backend = found.flags.last("flannel-backend") or annotated_backend(found) or "vxlan"
        doubt = "" if found.flags.known else " (k3s' flags cannot be read; taken from the node annotations)"
        detail, idle = _share(snapshot)
        yield builtin(Role.CNI, "flannel", "flannel", found, f"{backend}, inside k3s{doubt}{detail}", standby=idle)


def _share(snapshot: Snapshot) -> tuple[str, bool]:
    """Beside Cilium: how many pods are on flannel's network, and whether none is while Cilium has some."""
    pods = carried(snapshot)
    if pods.node and pods.cilium:
        return f", {pods.node} of {plural(pods.total, 'pod')} on its network", False
    return "", bool(pods.cilium and not pods.node)


def _configured_backend(found: Facts, item: Obj[Workload]) -> str:
    obj = found.config(item.namespace, "kube-flannel-cfg")
    if obj is None:
        return ""
    try:
        return dig_str(json.loads(obj.body.data.get("net-conf.json", "{}")), "Backend", "Type")
    except ValueError:
        return ""


def leftovers(found: Facts, _snapshot: Snapshot) -> Iterator[str]:
    """Annotations that flannel left on the nodes."""
    if annotated_backend(found) and not running(found) and (found.flags.known or not found.k3s):
        yield "flannel's annotations are still on the nodes, but it does not run"
