"""kube-vip, as far as it serves Services (``svc_enable``); its control-plane address alone is no load balancer.

It runs as a DaemonSet or as static pods, one file on each control-plane node.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pointsman.tui.answers.index import pod_ready
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.stack.build import from_workloads, health_of
from pointsman.tui.answers.stack.facts import Facts, containers, repository, tag
from pointsman.tui.answers.stack.model import Component, Role
from pointsman.tui.answers.words import plural
from pointsman.tui.model.core import Container, Pod, Workload
from pointsman.tui.model.kinds import PODS
from pointsman.tui.model.meta import Obj
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot

IMAGES = ("kube-vip/kube-vip", "plndr/kube-vip")
GLOBAL_LEASE = "plndr-svcs-lock"


@dataclass(frozen=True, slots=True)
class Serving:
    """Where kube-vip serves Services from, and the lease it elects one leader for all of them by."""

    namespace: str
    lease: str


def _of(parts: Sequence[Container]) -> Container | None:
    """The container that serves Services, if there is one."""
    for part in parts:
        name = repository(part.image)
        if name.removesuffix("-iptables").endswith(IMAGES):
            # Named without a value is how a snapshot file keeps it: nobody writes that down to switch it off.
            named = {env.name: env.value.lower() for env in part.env}
            return part if named.get("svc_enable") in ("true", "") else None
    return None


def setting(part: Container, name: str) -> str:
    return next((env.value for env in part.env if env.name == name), "")


def daemonsets(found: Facts) -> tuple[Obj[Workload], ...]:
    return tuple(item for item in found.daemonsets if _of(containers(item)) is not None)


@memoized(PODS)
def static_pods(snapshot: Snapshot) -> tuple[Obj[Pod], ...]:
    """Pods that no DaemonSet made (their owner is the node) and that serve Services."""
    return tuple(
        sorted(
            (
                pod
                for pod in snapshot.all(PODS)
                if _of(pod.body.spec.containers) is not None
                and (pod.meta.controller is None or pod.meta.controller.kind == "Node")
            ),
            key=lambda pod: pod.key,
        )
    )


def serving(found: Facts, snapshot: Snapshot) -> Serving | None:
    """Where it serves from; None if it does not run, or serves no Services."""
    for item in daemonsets(found):
        part = _of(containers(item))
        return Serving(item.namespace, (setting(part, "svc_leasename") if part else "") or GLOBAL_LEASE)
    for pod in static_pods(snapshot):
        part = _of(pod.body.spec.containers)
        return Serving(pod.namespace, (setting(part, "svc_leasename") if part else "") or GLOBAL_LEASE)
    return None


def detect(found: Facts, snapshot: Snapshot) -> Iterator[Component]:
    for item in daemonsets(found)[:1]:
        yield from_workloads(
            snapshot, Role.LOAD_BALANCER, "kube-vip", "kube-vip", (item,), "kube-vip", _ways(_of(containers(item)))
        )
        return
    pods = static_pods(snapshot)
    if not pods:
        return
    part = _of(pods[0].body.spec.containers)
    ready = sum(pod_ready(pod.body) for pod in pods)
    short = f", {ready} of {plural(len(pods), 'pod')} ready" if ready < len(pods) else ""
    yield Component(
        Role.LOAD_BALANCER,
        "kube-vip",
        "kube-vip",
        tag(part.image) if part else None,
        health_of(ready, len(pods)),
        "manifest",
        f"{_ways(part)}, static pods{short}",
        ready,
        len(pods),
        tuple(ref(pod) for pod in pods),
        owner_text="static pods: files on the nodes",
    )


def _ways(part: Container | None) -> str:
    if part is None:
        return ""
    ways = [word for word, name in (("ARP", "vip_arp"), ("BGP", "bgp_enable")) if setting(part, name) == "true"]
    each = ", one leader for each service" if setting(part, "svc_election") == "true" else ""
    return (" and ".join(ways) or "services") + each
