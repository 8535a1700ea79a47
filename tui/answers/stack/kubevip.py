"""kube-vip, as far as it serves Services (``svc_enable``); its control-plane address alone is no load balancer."""

from __future__ import annotations

from collections.abc import Iterator

from pointsman.tui.answers.stack.build import from_workloads
from pointsman.tui.answers.stack.facts import Facts, containers, image_with
from pointsman.tui.answers.stack.model import Component, Role
from pointsman.tui.model.core import Workload
from pointsman.tui.model.meta import Obj
from pointsman.tui.store.snapshot import Snapshot


def daemonsets(found: Facts) -> tuple[Obj[Workload], ...]:
    return tuple(item for item in found.daemonsets if image_with(item, "kube-vip/kube-vip", "plndr/kube-vip"))


def setting(item: Obj[Workload], name: str) -> str:
    return next((env.value for part in containers(item) for env in part.env if env.name == name), "")


def serving(found: Facts) -> tuple[Obj[Workload], ...]:
    return tuple(item for item in daemonsets(found) if setting(item, "svc_enable").lower() == "true")


def detect(found: Facts, snapshot: Snapshot) -> Iterator[Component]:
    for item in serving(found)[:1]:
        ways = [word for word, name in (("ARP", "vip_arp"), ("BGP", "bgp_enable")) if setting(item, name) == "true"]
        detail = " and ".join(ways)
        if setting(item, "svc_election") == "true":
            detail += ", one leader for each service"
        yield from_workloads(snapshot, Role.LOAD_BALANCER, "kube-vip", "kube-vip", (item,), "kube-vip", detail)
