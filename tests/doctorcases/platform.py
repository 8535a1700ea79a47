"""Nodes, the pods' network, the service proxy, DNS."""

from __future__ import annotations

import json
from typing import Any

import worlds

from doctorcases import Case, Doc, cilium, classic, config_map, custom, kubeadm, patched, together


def nodes(*args: str, **changes: Any) -> list[Doc]:
    """The k3s nodes, the second one changed."""
    found = worlds.k3s_nodes(*args)
    found[1] = patched(found[1], **changes)
    return found


def ready(status: str, message: str = "") -> list[Doc]:
    return [{"type": "Ready", "status": status, "message": message, "lastTransitionTime": worlds.ago(600)}]


def also(kind: str, status: str = "True") -> list[Doc]:
    return [*ready("True"), {"type": kind, "status": status, "message": "said so"}]


PRESSED = nodes(status__conditions=also("DiskPressure"))

DNS = patched(
    worlds.service("kube-dns", "kube-system", type="ClusterIP", ports=[(53, "UDP")], labels={"k8s-app": "kube-dns"}),
    spec__clusterIP="10.43.0.10",
)
DNS_PODS = worlds.deployment("coredns", "kube-system", "coredns:1", {"app": "kube-dns"}, ready=0)
DNS_READY = worlds.endpoints("kube-dns", "kube-system", ["shed"])
DNS_UNREADY = worlds.endpoints("kube-dns", "kube-system", ["shed"], ready=False)


def subnets(*texts: str) -> list[Doc]:
    """The k3s nodes with these pod ranges."""
    found = worlds.k3s_nodes()
    return [patched(node, spec__podCIDR=text, spec__podCIDRs=[text])
            for node, text in zip(found, texts, strict=False)]  # fmt: skip


def tunnels(**changes: Any) -> list[Doc]:
    """The k3s nodes as flannel annotates them, the second one changed."""
    found = []
    for at, node in enumerate(worlds.k3s_nodes()):
        notes = {
            **node["metadata"]["annotations"],
            "flannel.alpha.coreos.com/backend-data": json.dumps({"VNI": 1, "VtepMAC": f"02:00:00:00:00:{at:02x}"}),
            "flannel.alpha.coreos.com/public-ip": f"192.168.7.{11 + at}",
        }
        if at == 1:
            notes |= {f"flannel.alpha.coreos.com/{key.replace('_', '-')}": value for key, value in changes.items()}
        found.append(patched(node, metadata__annotations=notes, spec__podCIDR=f"10.42.{at}.0/24"))
    return found


def flannel_config(mtu: int | None, backend: dict[str, Any]) -> Doc:
    delegate = {"hairpinMode": True, **({"mtu": mtu} if mtu else {})}
    plugins = {"name": "cbr0", "plugins": [{"type": "flannel", "delegate": delegate}, {"type": "portmap"}]}
    network = {"Network": "10.244.0.0/16", "Backend": backend}
    return config_map("kube-flannel-cfg", {"cni-conf.json": json.dumps(plugins), "net-conf.json": json.dumps(network)},
                      "kube-flannel")  # fmt: skip


def dial(message: str, *, count: int = 5, seconds_ago: float = 300) -> Doc:
    return worlds.event(
        "Unhealthy", message, ("Pod", "x", "web"), count=count, seconds_ago=seconds_ago, writer="kubelet"
    )


def cilium_node(name: str, cidr: str) -> Doc:
    return custom("cilium.io/v2", "CiliumNode", name, {"ipam": {"podCIDRs": [cidr]}})


UNROUTED = "Get https://10.42.1.7:8443: dial tcp 10.42.1.7:8443: connect: no route to host"
PODS_RANGE = subnets("10.42.0.0/24", "10.42.1.0/24", "10.42.2.0/24")

PROXY = worlds.daemonset("kube-proxy", "kube-system", "kube-proxy:1", {"k8s-app": "kube-proxy"})


CASES: dict[str, Case] = {
    "node-not-ready": Case(
        nodes(status__conditions=ready("False", "container runtime is down")),
        {"ready": worlds.k3s_nodes(), "says nothing": nodes(status__conditions=[])},
        object="Node/loft", text="not ready for 10m",
    ),
    "node-pressure": Case(
        PRESSED, {"none": nodes(status__conditions=also("DiskPressure", "False"))}, severity="warn", object="Node/loft",
    ),
    "node-network-not-ready": Case(
        together(nodes(spec__taints=[{"key": "node.cilium.io/agent-not-ready", "effect": "NoExecute"}])),
        {
            "another taint": nodes(spec__taints=[{"key": "node-role.kubernetes.io/control-plane"}]),
            "available": nodes(status__conditions=also("NetworkUnavailable", "False")),
        },
        object="Node/loft", text="left over, no Cilium agent runs",
    ),
    "component-degraded": Case(
        together(worlds.k3s_nodes("--disable=servicelb"), worlds.metallb(speakers=["shed", "loft"])),
        {"all ready": together(worlds.k3s_nodes("--disable=servicelb"), worlds.metallb())},
        severity="warn", object="DaemonSet/metallb-system/speaker",
    ),
    "coredns-down": Case(
        together(worlds.k3s_nodes(), DNS, patched(DNS_PODS, spec__template__metadata__labels={"app": "kube-dns"}), DNS_UNREADY),
        {
            "ready": together(worlds.k3s_nodes(), DNS, DNS_PODS, DNS_READY),
            "another namespace": together(worlds.k3s_nodes(), patched(DNS, metadata__namespace="x")),
            "no DNS service": together(worlds.k3s_nodes()),
        },
        object="Deployment/kube-system/coredns",
    ),
    "no-service-proxy": Case(
        together(worlds.k3s_nodes("--disable-kube-proxy")),
        {
            "inside k3s": worlds.k3s_nodes(),
            "Cilium": cilium(),
            "Cilium, its setting unknown": together(
                worlds.k3s_nodes("--disable-kube-proxy", "--flannel-backend=none"), worlds.cilium()[:2]
            ),
            "another network": together(
                worlds.node("a", "10.0.0.1", version="v1.36.0"),
                worlds.daemonset("calico-node", "kube-system", "calico/node:v3", {"k8s-app": "calico-node"}),
            ),
            "kubeadm": together(kubeadm(), PROXY),
        },
    ),
    "two-service-proxies": Case(
        together(kubeadm(flannel=False), worlds.cilium(), PROXY),
        {"Cilium alone": cilium(), "not replaced": together(
            kubeadm(flannel=False), worlds.cilium({"kube-proxy-replacement": "false"}), PROXY)},
        severity="info",
    ),
    "pod-cidr-overlap": Case(
        subnets("10.42.0.0/23", "10.42.1.0/24", "10.42.2.0/24"),
        {
            "apart": PODS_RANGE,
            "as Cilium has them": together(PODS_RANGE, [
                cilium_node(name, f"10.42.{at}.0/24") for at, name in enumerate(worlds.NODES)
            ]),
        },
        object="Node/shed",
    ),
    "pod-ip-clash": Case(
        together(worlds.pod("a", "x", "shed", ip="10.42.0.9"), worlds.pod("b", "y", "loft", ip="10.42.0.9")),
        {
            "apart": together(worlds.pod("a", "x", "shed", ip="10.42.0.9"), worlds.pod("b", "y", "loft", ip="10.42.1.9")),
            "one is done": together(
                worlds.pod("a", "x", "shed", ip="10.42.0.9"), worlds.pod("b", "y", "loft", ip="10.42.0.9", phase="Succeeded")
            ),
            "host network": together(*(
                patched(worlds.pod(name, "x", "shed", ip="192.168.7.11"), spec__hostNetwork=True) for name in "ab"
            )),
        },
        object="Pod/x/a",
    ),
    "flannel-tunnels": Case(
        tunnels(backend_type="host-gw"),
        {
            "alike": tunnels(),
            "an address of its own choice": tunnels(public_ip="203.0.113.9", public_ip_overwrite="203.0.113.9"),
            "another interface everywhere": [
                patched(node, status__addresses=[{"type": "InternalIP", "address": f"10.0.2.{at}"}])
                for at, node in enumerate(tunnels())
            ],
            "not in use": together(tunnels(backend_type="host-gw")[1:], cilium()),
        },
        object="Node/loft", text="backends differ",
    ),
    "mtu-mismatch": Case(
        together(kubeadm(), flannel_config(1500, {"Type": "vxlan"})),
        {
            "left to flannel": together(kubeadm(), flannel_config(None, {"Type": "vxlan"})),
            "small enough": together(kubeadm(), flannel_config(1450, {"Type": "vxlan"})),
            "jumbo frames": together(kubeadm(), flannel_config(8950, {"Type": "vxlan", "MTU": 9000})),
            "jumbo frames, unsaid": together(kubeadm(), flannel_config(8950, {"Type": "vxlan"})),
            "no overlay": together(kubeadm(), flannel_config(1500, {"Type": "host-gw"})),
            "not JSON": together(kubeadm(), config_map("kube-flannel-cfg", {"cni-conf.json": "{["}, "kube-flannel")),
        },
        severity="warn", object="ConfigMap/kube-flannel/kube-flannel-cfg",
    ),
    "host-firewall-suspected": Case(
        together(PODS_RANGE, dial(UNROUTED)),
        {
            "once": together(PODS_RANGE, dial(UNROUTED, count=1)),
            "long ago": together(PODS_RANGE, dial(UNROUTED, seconds_ago=7200)),
            "refused": together(PODS_RANGE, dial("dial tcp 10.42.1.7:8443: connect: connection refused")),
            "outside": together(PODS_RANGE, dial("dial tcp 203.0.113.7:443: connect: no route to host")),
            "the node is down": together(
                patched(PODS_RANGE[0]), patched(PODS_RANGE[1], status__conditions=ready("False")), PODS_RANGE[2],
                dial(UNROUTED),
            ),
        },
        severity="warn", object="Node/loft", text="a guess",
    ),
    "stale-cni-annotations": Case(
        together(worlds.k3s_nodes("--flannel-backend=none"), worlds.cilium()),
        {"flannel runs": worlds.k3s_nodes(), "none": cilium(), "the flags are not to be seen": together(
            patched(worlds.k3s_nodes()[1]), worlds.cilium())},
        severity="info", object="Node/closet",
    ),
    "stack-leftovers": Case(
        together(classic(), worlds.cilium_pool("old", {"cidr": "10.9.0.0/24"})),
        {"it runs": together(cilium()), "none": classic()},
        severity="info", text="no agent runs",
    ),
}  # fmt: skip
