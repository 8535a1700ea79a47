"""The pods that do the announcing on each node: MetalLB's speaker, Cilium's agent, kube-vip."""

from __future__ import annotations

from collections.abc import Mapping

from pointsman.tui.answers.ips.model import IpKind
from pointsman.tui.model.core import Pod
from pointsman.tui.model.kinds import PODS
from pointsman.tui.model.meta import Obj
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot

SPEAKER, CILIUM, KUBE_VIP = "MetalLB speaker", "Cilium agent", "kube-vip"
AGENT_OF = {
    IpKind.METALLB_L2: SPEAKER,
    IpKind.METALLB_BGP: SPEAKER,
    IpKind.CILIUM_L2: CILIUM,
    IpKind.CILIUM_BGP: CILIUM,
    IpKind.KUBE_VIP: KUBE_VIP,
}
"""What announces the addresses of a kind; the other kinds have no agent of their own."""


def is_speaker(pod: Obj[Pod]) -> bool:
    """Manifests label ``app=metallb, component=speaker``, the chart ``app.kubernetes.io/…``."""
    labels = pod.meta.labels
    return (labels.get("app") == "metallb" and labels.get("component") == "speaker") or (
        labels.get("app.kubernetes.io/name") == "metallb" and labels.get("app.kubernetes.io/component") == "speaker"
    )


def _what(pod: Obj[Pod]) -> str:
    labels = pod.meta.labels
    if is_speaker(pod):
        return SPEAKER
    if labels.get("k8s-app") == "cilium":
        return CILIUM
    if any("kube-vip" in part.image.rpartition("/")[2] for part in pod.body.spec.containers):
        return KUBE_VIP
    return ""


@memoized(PODS)
def agents(snapshot: Snapshot) -> Mapping[tuple[str, str], Obj[Pod]]:
    """By what it is and its node; of two (an update under way) the younger."""
    found: dict[tuple[str, str], Obj[Pod]] = {}
    for pod in snapshot.all(PODS):
        what, node = _what(pod), pod.body.spec.node_name
        if not what or not node:
            continue
        old = found.get((what, node))
        if old is None or old.meta.creation_timestamp < pod.meta.creation_timestamp:
            found[(what, node)] = pod
    return found


def agent(snapshot: Snapshot, kind: IpKind, node: str) -> Obj[Pod] | None:
    """The pod on ``node`` that announces addresses of a kind."""
    what = AGENT_OF.get(kind)
    return agents(snapshot).get((what, node)) if what else None
