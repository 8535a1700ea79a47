"""Addresses: who gives them, who announces them, what stands in the way."""

from __future__ import annotations

from typing import Any

import worlds

from doctorcases import IP, Case, Doc, cilium, classic, config_map, custom, kubeadm, patched, served, together
from pointsman.tui.model.neighbours import LanReading

LEASE = worlds.l2_lease("x/web", "shed")
AGENTS = [worlds.pod(f"cilium-{name}", "kube-system", name, labels={"k8s-app": "cilium"}) for name in worlds.NODES]
ONE_AGENT_LESS = [
    *AGENTS[1:],
    worlds.pod("cilium-shed", "kube-system", "shed", labels={"k8s-app": "cilium"}, ready=False),
]
LOCAL = {"externalTrafficPolicy": "Local"}
DOWN = [{"type": "Ready", "status": "False", "lastTransitionTime": worlds.ago(600)}]
EXCLUDED = {"node.kubernetes.io/exclude-from-external-load-balancers": ""}


def held(by: str = "shed", **options: Any) -> list[Doc]:
    """A service of Cilium with its lease."""
    return together(cilium(), AGENTS, served(), worlds.l2_lease("x/web", by, **options))


def leases(count: int) -> list[Doc]:
    return [worlds.l2_lease(f"x/s{number}", "shed") for number in range(count)]


def old_cilium(version: str) -> list[Doc]:
    found = cilium()
    return [
        patched(doc, spec__template__spec__containers=[
            {"name": "cilium-agent", "image": f"quay.io/cilium/cilium:{version}"}]) if doc["kind"] == "DaemonSet" else doc
        for doc in found
    ]  # fmt: skip


def labelled(*which: int) -> list[Doc]:
    """Three kubeadm nodes with MetalLB, some of them excluded from announcing."""
    nodes = kubeadm()
    for at in which:
        nodes[at] = patched(nodes[at], metadata__labels={**nodes[at]["metadata"]["labels"], **EXCLUDED})
    return together(nodes, worlds.metallb(), worlds.metallb_pool("lan", "192.168.7.100-192.168.7.120"),
                    worlds.l2_advertisement("lan", "lan"))  # fmt: skip


def ipvs(strict: bool | None, mode: str = "ipvs") -> list[Doc]:
    lines = ["apiVersion: kubeproxy.config.k8s.io/v1alpha1", f"mode: {mode}", "ipvs:", "  scheduler: rr"]
    if strict is not None:
        lines.append(f"  strictARP: {str(strict).lower()}")
    proxy = worlds.daemonset("kube-proxy", "kube-system", "kube-proxy:1", {"k8s-app": "kube-proxy"})
    return together(kubeadm(), worlds.metallb(), worlds.metallb_pool("lan", "192.168.7.100-192.168.7.120"),
                    worlds.l2_advertisement("lan", "lan"), proxy, config_map("kube-proxy", {"config.conf": "\n".join(lines)}))  # fmt: skip


def peers(state: str | None) -> list[Doc]:
    peer = {"name": "router", "peerAddress": "192.168.7.1", **({"peeringState": state} if state else {})}
    status = {"bgpInstances": [{"name": "a", "peers": [peer]}]}
    return together(cilium({"enable-bgp-control-plane": "true"}),
                    custom("cilium.io/v2", "CiliumBGPNodeConfig", "shed", {}, status=status))  # fmt: skip


def configuration(result: str, error: str = "") -> Doc:
    return custom("metallb.io/v1beta1", "ConfigurationState", "controller", {}, "metallb-system",
                  {"result": result, "errorSummary": error})  # fmt: skip


SHED, LOFT = "00:00:5e:00:53:11", "00:00:5e:00:53:12"


def lan(*macs: str) -> LanReading:
    """What the local network said of the address, and of the machines."""
    hosts = {"192.168.7.11": SHED, "192.168.7.12": LOFT, **({IP: macs[-1]} if macs else {})}
    return LanReading(IP, worlds.NOW, macs, hosts=hosts)


WEBHOOK = worlds.service("metallb-webhook-service", "metallb-system", type="ClusterIP")

CASES: dict[str, Case] = {
    "ip-pending": Case(
        together(classic(), worlds.service("web", "x")),
        {"it has one": together(classic(), served()), "no LoadBalancer": together(
            classic(), worlds.service("web", "x", type="ClusterIP"))},
        object="Service/x/web",
    ),
    "ip-not-announced": Case(
        together(classic()[:-1], worlds.l2_advertisement("other", "other"), served()),
        {"advertised": together(classic(), served()), "Cilium announces it": held()},
        object="Service/x/web",
        options={},
    ),
    "vip-ghost": Case(
        together(cilium(), ONE_AGENT_LESS, served(), LEASE),
        {"renewed": held(), "a node that is slow": held(renewed=50)},
        object="Service/x/web",
    ),
    "lan-ghost": Case(
        held(), {"it answers": held()}, object="Service/x/web", options={"lan": lan()}, quiet={"lan": lan(SHED)},
    ),
    "lan-conflict": Case(
        held(), {"the right one": held()}, object="Service/x/web", options={"lan": lan(LOFT)}, quiet={"lan": lan(SHED)},
    ),
    "two-announcers": Case(
        together(classic(), served(), worlds.l2_status("x/web", "shed", suffix="a"), worlds.l2_status("x/web", "loft", suffix="b")),
        {"one": together(classic(), served(), worlds.l2_status("x/web", "shed"))},
        object="Service/x/web",
    ),
    "l2-lease-flapping": Case(
        together(cilium(), AGENTS, served(), worlds.l2_lease("x/web", "shed", since=20, transitions=900)),
        {
            "settled": held(since=86400, transitions=900),
            "young, and moved twice": held(since=20, transitions=2),
        },
        object="Lease/kube-system/cilium-l2announce-x-web",
    ),
    "l2-lease-holder-gone": Case(
        held("attic"), {"here": held("loft")}, object="Service/x/web", text="is not a node of this cluster",
    ),
    "l2-lease-rate": Case(
        together(cilium({"l2-announcements-retry-period": "500ms"}), leases(12)),
        {
            "the defaults": together(cilium(), leases(12)),
            "a higher limit": together(
                cilium({"l2-announcements-retry-period": "500ms", "k8s-client-qps": "50"}), leases(12)
            ),
            "not a duration": together(cilium({"l2-announcements-retry-period": "soon"}), leases(12)),
            "switched off": together(
                cilium({"l2-announcements-retry-period": "500ms", "enable-l2-announcements": "false"}), leases(12)
            ),
        },
        severity="warn", object="ConfigMap/kube-system/cilium-config", text="24 requests a second",
    ),
    "lease-ambiguous": Case(
        together(cilium(), AGENTS, served("b-web", "a", ips=[IP]), served("web", "a-b", ips=["192.168.7.105"]),
                 worlds.l2_lease("a/b-web", "shed")),
        {"one": held()}, severity="info",
    ),
    "l2-selects-no-node": Case(
        together(classic()[:-1], worlds.l2_advertisement("lan", "lan", nodeSelectors=[{"matchLabels": {"rack": "b"}}])),
        {
            "one of two selectors": together(classic()[:-1], worlds.l2_advertisement(
                "lan", "lan", nodeSelectors=[{"matchLabels": {"rack": "b"}}, {"matchLabels": {"kubernetes.io/hostname": "shed"}}])),
            "any node": classic(),
            "Cilium's, on nodes that are there": together(cilium()[:-1], worlds.l2_policy(
                nodeSelector={"matchLabels": {"kubernetes.io/hostname": "shed"}})),
            "no MetalLB": together(worlds.k3s_nodes(), worlds.metallb_pool("lan", "10.0.0.0/24"), worlds.l2_advertisement(
                "lan", "lan", nodeSelectors=[{"matchLabels": {"rack": "b"}}])),
        },
        object="L2Advertisement/metallb-system/lan",
    ),
    "l2-policy-broken": Case(
        together(cilium()[:-1], worlds.l2_policy(loadBalancerIPs=False)),
        {
            "on": cilium(),
            "mended": together(cilium()[:-1], patched(worlds.l2_policy(), status={"conditions": [
                {"type": "io.cilium/bad-interface-regex", "status": "False"}]})),
        },
        severity="warn", object="CiliumL2AnnouncementPolicy/lan", text="both off",
    ),
    "l2-without-proxy": Case(
        cilium({"kube-proxy-replacement": "false"}),
        {
            "replaced": cilium(),
            "no policy": cilium({"kube-proxy-replacement": "false"})[:-1],
            "switched off": cilium({"kube-proxy-replacement": "false", "enable-l2-announcements": "false"}),
        },
        object="ConfigMap/kube-system/cilium-config",
    ),
    "l2-local-without-endpoint": Case(
        together(cilium(), AGENTS, served(spec=LOCAL), worlds.l2_lease("x/web", "loft")),
        {"there": together(cilium(), AGENTS, served(spec=LOCAL), LEASE),
         "Cluster": held("loft")},
        object="Service/x/web",
    ),
    "l2-local-ignored": Case(
        together(old_cilium("v1.19.4"), AGENTS, served(spec=LOCAL), LEASE),
        {
            "minded since 1.20.2": together(old_cilium("v1.20.2"), AGENTS, served(spec=LOCAL), LEASE),
            "Cluster": together(old_cilium("v1.19.4"), AGENTS, served(), LEASE),
            "a pod on every node": together(old_cilium("v1.19.4"), AGENTS, worlds.service("web", "x", ips=[IP], spec=LOCAL),
                                            worlds.endpoints("web", "x", worlds.NODES), LEASE),
        },
        severity="warn", object="Service/x/web", text="loft",
    ),
    "exclude-from-lb": Case(
        labelled(0, 1, 2),
        {
            "one is free": labelled(0, 1),
            "told to ignore it": [
                patched(doc, spec__template__spec__containers=[{"name": "speaker", "args": ["--ignore-exclude-lb"]}])
                if doc["metadata"]["name"] == "speaker" else doc for doc in labelled(0, 1, 2)
            ],
            "no MetalLB": [doc for doc in labelled(0, 1, 2) if doc["kind"] == "Node"],
        },
        object="Node/closet",
    ),
    "ipvs-without-strict-arp": Case(
        ipvs(False),
        {"strict": ipvs(True), "iptables": ipvs(None, "iptables"), "no MetalLB": [
            doc for doc in ipvs(False) if doc["metadata"].get("namespace") != "metallb-system"]},
        object="ConfigMap/kube-system/kube-proxy",
    ),
    "two-load-balancers": Case(
        together(classic(), worlds.cilium(), worlds.cilium_pool("b", {"cidr": "10.1.0.0/24"}), served()),
        {
            "one": together(classic(), served()),
            "told apart by class": together(classic(), worlds.cilium(), worlds.cilium_pool("b", {"cidr": "10.1.0.0/24"}),
                                            served(spec={"loadBalancerClass": "io.cilium/l2-announcer"})),
            "one is off": together(classic(), worlds.cilium({"enable-lb-ipam": "false"}),
                                   worlds.cilium_pool("b", {"cidr": "10.1.0.0/24"}), served()),
        },
        object="IPAddressPool/metallb-system/lan",
    ),
    "ip-foreign": Case(
        together(classic(), served(ips=["192.168.7.11"])),
        {
            "its own": together(classic(), served()),
            "ServiceLB is on": together(worlds.k3s_nodes(), classic()[3:], served(ips=["192.168.7.11"])),
            "of another class": together(classic(), served(ips=["10.9.9.9"], spec={"loadBalancerClass": "example.com/lb"})),
        },
        severity="warn", object="Service/x/web", text="the address of node shed",
    ),
    "ip-port-clash": Case(
        together(classic(), served("web"), served("site")),
        {"other ports": together(classic(), served("web"), served("site", ports=[(8443, "TCP")])),
         "other protocols": together(classic(), served("web"), served("site", ports=[(443, "UDP")]))},
        object="Service/x/site",
    ),
    "ip-invalid": Case(
        together(classic(), served(ips=["not-an-address"])), {"one": together(classic(), served())},
        severity="warn", object="Service/x/web",
    ),
    "ip-unclaimed": Case(
        together(worlds.k3s_nodes("--disable=servicelb"), served()),
        {"claimed": together(classic(), served())}, severity="info", object="Service/x/web",
    ),
    "ip-unreported": Case(
        together(classic(), {key: value for key, value in worlds.service("web", "x").items() if key != "status"}),
        {"told": together(classic(), served())}, severity="info", object="Service/x/web",
        options={"cluster": worlds.Cluster("files", origin="manifests")},
    ),
    "external-ip-unrouted": Case(
        together(classic(), served(type="ClusterIP", ips=[], spec={"externalIPs": ["203.0.113.7"]})),
        {"none": together(classic(), served(type="ClusterIP", ips=[]))}, severity="info", object="Service/x/web",
    ),
    "bgp-session-down": Case(
        peers("active"), {"established": peers("established"), "nobody says": peers(None)},
        object="Node/shed", text="is active",
    ),
    "metallb-config-invalid": Case(
        together(classic(), configuration("Invalid", "CIDR overlaps")),
        {"valid": together(classic(), configuration("Valid")), "unknown": together(classic(), configuration("Unknown"))},
        object="ConfigurationState/metallb-system/controller", text="CIDR overlaps",
    ),
    "metallb-webhook-down": Case(
        together(classic(), WEBHOOK, worlds.endpoints("metallb-webhook-service", "metallb-system", ["shed"], ready=False)),
        {
            "ready": together(classic(), WEBHOOK, worlds.endpoints("metallb-webhook-service", "metallb-system", ["shed"])),
            "another's": together(classic(), patched(WEBHOOK, metadata__namespace="cert-manager")),
        },
        severity="warn", object="Service/metallb-system/metallb-webhook-service",
    ),
}  # fmt: skip
