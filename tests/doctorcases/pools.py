"""Pools of addresses."""

from __future__ import annotations

import worlds

from doctorcases import RANGE, Case, Doc, cilium, classic, served, together

CONFLICT = {"type": "cilium.io/PoolConflict", "status": "True", "message": "overlaps with b"}
FULL = [{"type": f"cilium.io/IPs{name}", "status": "Unknown", "message": number}
        for name, number in (("Total", "1"), ("Used", "1"), ("Available", "0"))]  # fmt: skip


def pool(*ranges: str, **spec: object) -> list[Doc]:
    """The classic stack with another pool in place of its own."""
    return together(classic()[:-2], worlds.metallb_pool("lan", *ranges, **spec), worlds.l2_advertisement("lan", "lan"))


CASES: dict[str, Case] = {
    "pool-exhausted": Case(
        together(pool("192.168.7.104/32"), served()),
        {"one is free": together(pool("192.168.7.104/31"), served())},
        severity="warn", object="IPAddressPool/metallb-system/lan",
    ),
    "pool-overlap": Case(
        together(classic(), worlds.metallb_pool("more", "192.168.7.118-192.168.7.130")),
        {"apart": together(classic(), worlds.metallb_pool("more", "192.168.7.121-192.168.7.130")),
         "the other's controller is gone": together(classic(), worlds.cilium_pool("old", {"cidr": "192.168.7.96/27"}))},
        object="IPAddressPool/metallb-system/lan",
    ),
    "pool-conflict": Case(
        together(cilium(), worlds.cilium_pool("a", {"cidr": "10.0.0.0/24"}, conditions=[CONFLICT])),
        {"resolved": together(cilium(), worlds.cilium_pool("a", {"cidr": "10.0.0.0/24"},
                                                           conditions=[{**CONFLICT, "status": "False"}]))},
        object="CiliumLoadBalancerIPPool/a",
    ),
    "pool-invalid": Case(
        pool("192.168.7.100-192.168.7"), {"a range": pool(RANGE), "IPv6": pool("fd00::/112")},
        object="IPAddressPool/metallb-system/lan",
    ),
    "pool-empty": Case(pool(), {"not": pool(RANGE)}, severity="warn", object="IPAddressPool/metallb-system/lan"),
    "pool-holds-cluster-addresses": Case(
        pool("192.168.7.1-192.168.7.120"),
        {"beside them": pool(RANGE), "one address, on purpose": pool("192.168.7.11/32"),
         "no MetalLB": together(worlds.k3s_nodes(), worlds.metallb_pool("lan", "192.168.7.0/24"))},
        severity="warn", object="IPAddressPool/metallb-system/lan", text="192.168.7.11 of node shed",
    ),
    "pool-not-advertised": Case(
        together(worlds.k3s_nodes("--disable=servicelb"), worlds.metallb(), worlds.metallb_pool("lan", RANGE),
                 worlds.l2_advertisement("other", "other"), worlds.cilium({"enable-lb-ipam": "false"}), worlds.l2_policy(),
                 [worlds.pod(f"cilium-{name}", "kube-system", name, labels={"k8s-app": "cilium"}) for name in worlds.NODES],
                 served(), worlds.l2_lease("x/web", "shed")),
        {"advertised": together(classic(), served())}, severity="info", object="IPAddressPool/metallb-system/lan",
    ),
    "pool-disabled": Case(
        together(cilium(), worlds.cilium_pool("a", {"cidr": "10.0.0.0/24"}, disabled=True)),
        {"on": cilium()}, severity="info", object="CiliumLoadBalancerIPPool/a",
    ),
    "pool-idle": Case(
        together(classic(), worlds.cilium_pool("old", {"cidr": "10.0.0.0/24"})), {"its controller runs": cilium()},
        severity="info", object="CiliumLoadBalancerIPPool/old",
    ),
}  # fmt: skip
