"""Policies: refused, selecting nothing, enforced by nobody, doubtful, or shutting out too much."""

from __future__ import annotations

from typing import Any

import worlds

from doctorcases import Case, Doc, cilium, custom, patched, together

WEB = worlds.pod("web-1", "x", "shed", ip="10.42.0.9", labels={"app": "web"})
DNS = worlds.pod("coredns-1", "kube-system", "shed", ip="10.42.0.3", labels={"k8s-app": "kube-dns"})
SPACES = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in ("x", "kube-system")]
PODS = [WEB, DNS, *SPACES]
TO_DNS = {
    "toEndpoints": [{"matchLabels": {"k8s:io.kubernetes.pod.namespace": "kube-system", "k8s:k8s-app": "kube-dns"}}]
}
ASK = {**TO_DNS, "toPorts": [{"ports": [{"port": "53", "protocol": "ANY"}], "rules": {"dns": [{"matchPattern": "*"}]}}]}
FQDN = {"toFQDNs": [{"matchName": "a.example"}]}
FIREWALL = {"enable-host-firewall": "true"}


def np(labels: dict[str, str], name: str = "p", **spec: Any) -> Doc:
    return custom("networking.k8s.io/v1", "NetworkPolicy", name, {"podSelector": {"matchLabels": labels}, **spec}, "x")


def cnp(labels: dict[str, str], name: str = "p", **spec: Any) -> Doc:
    return custom(
        "cilium.io/v2", "CiliumNetworkPolicy", name, {"endpointSelector": {"matchLabels": labels}, **spec}, "x"
    )


def host(*rules: Doc) -> Doc:
    """A policy for all nodes."""
    return custom(
        "cilium.io/v2", "CiliumClusterwideNetworkPolicy", "nodes", {"nodeSelector": {}, "ingress": list(rules)}
    )


def said(status: str) -> Doc:
    made = cnp({"app": "web"}, ingress=[{}])
    made["status"] = {"conditions": [{"type": "Valid", "status": status, "message": "no such thing"}]}
    return made


def out(*peers: Doc, ports: list[Doc] | None = None) -> Doc:
    rule: Doc = {"to": list(peers), **({"ports": ports} if ports else {})}
    return np({"app": "web"}, policyTypes=["Egress"], egress=[rule])


def block(cidr: str) -> Doc:
    return {"ipBlock": {"cidr": cidr}}


SERVICE = patched(
    worlds.service("db", "x", type="ClusterIP"), spec__clusterIP="10.43.0.7", spec__clusterIPs=["10.43.0.7"]
)
UNIVERSE = [{"fromEntities": ["all"]}]
CLUSTER = {"fromEntities": ["cluster", "health"]}
LAN = {"fromCIDR": ["192.168.7.0/24"]}

CASES: dict[str, Case] = {
    "policy-invalid": Case(
        together(cilium(), PODS, said("False")), {"valid": together(cilium(), PODS, said("True"))},
        object="CiliumNetworkPolicy/x/p", text="no such thing",
    ),
    "policy-not-enforced": Case(
        together(worlds.k3s_nodes("--disable-network-policy"), PODS, np({"app": "web"})),
        {
            "by k3s": together(worlds.k3s_nodes(), PODS, np({"app": "web"})),
            "by Cilium": together(cilium(), PODS, cnp({"app": "web"})),
            "cannot be told": together(worlds.node("a", "10.0.0.1", version="v1.36.0"), PODS, np({"app": "web"})),
        },
        severity="warn", object="NetworkPolicy/x/p",
    ),
    "policy-audit-mode": Case(
        together(cilium({"policy-audit-mode": "true"}), PODS, np({"app": "web"})),
        {"enforced": together(cilium(), PODS, np({"app": "web"})), "no policy": cilium({"policy-audit-mode": "true"})},
        severity="warn", object="ConfigMap/kube-system/cilium-config",
    ),
    "policy-selects-nothing": Case(
        together(worlds.k3s_nodes(), PODS, np({"app": "wbe"})),
        {
            "a pod": together(worlds.k3s_nodes(), PODS, np({"app": "web"})),
            "all": together(worlds.k3s_nodes(), PODS, np({})),
            "scaled to nothing": together(worlds.k3s_nodes(), PODS, np({"app": "idle"}), worlds.deployment(
                "idle", "x", "x:1", {"app": "idle"}, wanted=0, ready=0)),
            "Cilium's own words": together(cilium(), PODS, cnp({"k8s:app": "web"})),
        },
        severity="warn", object="NetworkPolicy/x/p",
    ),
    "policy-no-dns": Case(
        together(worlds.k3s_nodes(), PODS, out(block("203.0.113.0/24"), ports=[{"port": 443, "protocol": "TCP"}])),
        {
            "it may ask": together(worlds.k3s_nodes(), PODS, out(block("203.0.113.0/24")), np({}, "dns", policyTypes=["Egress"],
                                   egress=[{"ports": [{"port": 53, "protocol": "UDP"}]}])),
            "it only shuts": together(worlds.k3s_nodes(), PODS, np({}, policyTypes=["Egress"])),
        },
        severity="warn", object="NetworkPolicy/x/p",
    ),
    "policy-fqdn-unlearned": Case(
        together(cilium(), PODS, cnp({"app": "web"}, egress=[FQDN])),
        {"a DNS rule": together(cilium(), PODS, cnp({"app": "web"}, egress=[ASK, FQDN]))},
        severity="warn", object="CiliumNetworkPolicy/x/p",
    ),
    "policy-service-ips": Case(
        together(worlds.k3s_nodes(), PODS, SERVICE, out(block("10.43.0.7/32"))),
        {"outside": together(worlds.k3s_nodes(), PODS, SERVICE, out(block("203.0.113.7/32"))),
         "everything": together(worlds.k3s_nodes(), PODS, SERVICE, out(block("0.0.0.0/0")))},
        severity="warn", object="NetworkPolicy/x/p",
    ),
    "policy-pod-ips": Case(
        together(cilium(), PODS, cnp({"app": "web"}, ingress=[{"fromCIDR": ["10.42.0.3/32"]}])),
        {"outside": together(cilium(), PODS, cnp({"app": "web"}, ingress=[{"fromCIDR": ["203.0.113.0/24"]}]))},
        severity="warn", object="CiliumNetworkPolicy/x/p",
    ),
    "policy-shadowed": Case(
        together(cilium(), PODS, cnp({"app": "web"}, "allow", ingress=[LAN]), cnp({}, "deny", ingressDeny=[LAN])),
        {"beside it": together(cilium(), PODS, cnp({"app": "web"}, "allow", ingress=[LAN]),
                               cnp({}, "deny", ingressDeny=[{"fromCIDR": ["203.0.113.0/24"]}]))},
        severity="warn", object="CiliumNetworkPolicy/x/allow",
    ),
    "policy-duplicate": Case(
        together(worlds.k3s_nodes(), PODS, np({"app": "web"}), np({"app": "web"}, "q")),
        {"different": together(worlds.k3s_nodes(), PODS, np({"app": "web"}), np({"app": "web"}, "q", policyTypes=["Egress"]))},
        severity="info", object="NetworkPolicy/x/p",
    ),
    "host-policy-inert": Case(
        together(cilium(), PODS, host(CLUSTER)),
        {"the firewall is on": together(cilium(FIREWALL), PODS, host(*UNIVERSE)),
         "for pods": together(cilium(), PODS, cnp({"app": "web"}, ingress=[CLUSTER]))},
        severity="warn", object="CiliumClusterwideNetworkPolicy/nodes",
    ),
    "host-firewall-lockout": Case(
        together(cilium(FIREWALL), PODS, host({"fromEntities": ["world"], "toPorts": [
            {"ports": [{"port": "443", "protocol": "TCP"}]}]})),
        {
            "the cluster and the LAN": together(cilium(FIREWALL), PODS, host(CLUSTER, LAN)),
            "all": together(cilium(FIREWALL), PODS, host(*UNIVERSE)),
            "the firewall is off": together(cilium(), PODS, host(LAN)),
            "no policy for nodes": together(cilium(FIREWALL), PODS, cnp({"app": "web"}, ingress=[{}])),
        },
        object="CiliumClusterwideNetworkPolicy/nodes", text="SSH (22)",
    ),
}  # fmt: skip
