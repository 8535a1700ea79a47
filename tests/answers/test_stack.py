"""Detection: each component by its published signs, the stack's name, and never "absent" of what could not be read."""

from __future__ import annotations

import json
from typing import Any

import pytest
import scenarios
import worlds

from pointsman.tui.answers.stack import Component, Health, Role, StackReport, detect
from pointsman.tui.answers.stack.facts import repository, tag
from pointsman.tui.answers.stack.kubeproxy import mode_in
from pointsman.tui.model.kinds import (
    CILIUMBGPCLUSTERCONFIGS,
    CILIUML2POLICIES,
    CILIUMNODES,
    CILIUMPOOLS,
    CONFIGMAPS,
    DAEMONSETS,
    DEPLOYMENTS,
    GATEWAYCLASSES,
    INGRESSCLASSES,
    NODES,
    PODS,
    SERVICES,
)
from pointsman.tui.store.snapshot import Cluster, State

CILIUM_FLAGS = (
    "--flannel-backend", "none", "--disable-kube-proxy", "--disable-network-policy", "--disable", "servicelb,traefik",
)  # fmt: skip


def only(report: StackReport, role: Role) -> Component:
    rows = [row for row in report.components if row.role is role]
    assert len(rows) == 1, rows
    return rows[0]


def names(report: StackReport, role: Role) -> list[str | None]:
    return [row.name for row in report.components if row.role is role]


# -- k3s --------------------------------------------------------------------------------------------------------------
def test_k3s_as_it_comes_is_classic() -> None:
    report = detect(worlds.make_snapshot(worlds.k3s_nodes()))
    assert report.stack == "classic"
    assert (report.distribution, report.version) == ("k3s", "v1.35.2+k3s1")
    cni, proxy = only(report, Role.CNI), only(report, Role.SERVICE_PROXY)
    assert (cni.name, cni.version, cni.health, cni.owner) == ("flannel", "1.35.2+k3s1", Health.OK, "builtin")
    assert "vxlan" in cni.detail
    assert (proxy.name, proxy.ready, proxy.wanted) == ("kube-proxy", 3, 3)
    assert "iptables" in proxy.detail
    assert only(report, Role.POLICY_ENGINE).name == "kube-router"
    assert only(report, Role.LOAD_BALANCER).name == "ServiceLB"
    assert only(report, Role.LOAD_BALANCER).standby


def test_k3s_flags_in_both_spellings() -> None:
    flags = ["--flannel-backend=wireguard-native", "--kube-proxy-arg", "proxy-mode=nftables", "--disable=servicelb",
             "--disable", "traefik", "--disable-network-policy"]  # fmt: skip
    report = detect(worlds.make_snapshot(worlds.k3s_nodes(*flags, flannel="wireguard")))
    assert "wireguard-native" in only(report, Role.CNI).detail
    assert "nftables" in only(report, Role.SERVICE_PROXY).detail
    assert only(report, Role.LOAD_BALANCER).name is None
    assert only(report, Role.POLICY_ENGINE).name is None


def test_annotations_alone_do_not_make_flannel_run() -> None:
    """The stale trap: after a move to Cilium the node annotations are still there."""
    report = detect(worlds.make_snapshot(worlds.k3s_nodes(*CILIUM_FLAGS), worlds.cilium()))
    assert names(report, Role.CNI) == ["Cilium"]
    assert report.stack == "cilium"
    assert any("flannel's annotations" in text for text in report.leftovers)


def test_k3s_whose_flags_are_not_to_be_seen_says_that_it_assumes() -> None:
    nodes = worlds.k3s_nodes()
    for node in nodes:
        del node["metadata"]["annotations"]["k3s.io/node-args"]
    report = detect(worlds.make_snapshot(nodes))
    assert "flags cannot be read" in only(report, Role.CNI).detail
    for role in (Role.POLICY_ENGINE, Role.LOAD_BALANCER):
        row = only(report, role)
        assert row.name is None
        assert row.detail.startswith("cannot tell")
    report = detect(worlds.make_snapshot(nodes, worlds.cilium()))
    assert names(report, Role.CNI) == ["Cilium"]
    assert names(report, Role.SERVICE_PROXY) == ["Cilium"]


def test_a_node_that_is_not_ready_degrades_what_is_built_in() -> None:
    nodes = worlds.k3s_nodes()
    nodes[2]["status"]["conditions"][0]["status"] = "Unknown"
    report = detect(worlds.make_snapshot(nodes))
    assert only(report, Role.CNI).health is Health.DEGRADED
    closet = next(node for node in report.nodes if node.name == "closet")
    assert closet.ready is False
    assert "stopped reporting" in closet.problems[0]


def test_servicelb_at_work() -> None:
    svclb = worlds.daemonset(
        "svclb-web-12345678", "kube-system", "rancher/klipper-lb:v0.4.13", {"app": "svclb-web"}, ready=2,
        own_labels={"svccontroller.k3s.cattle.io/svcname": "web", "svccontroller.k3s.cattle.io/nodeselector": "false"},
    )  # fmt: skip
    report = detect(worlds.make_snapshot(worlds.k3s_nodes(), svclb))
    row = only(report, Role.LOAD_BALANCER)
    assert (row.name, row.version, row.health, row.standby) == ("ServiceLB", "0.4.13", Health.DEGRADED, False)


# -- the two stacks ---------------------------------------------------------------------------------------------------
def test_metallb_by_either_set_of_labels() -> None:
    chart = [
        worlds.daemonset("lb-metallb-speaker", "lb", "quay.io/metallb/speaker:v0.15.3",
                         {"app.kubernetes.io/name": "metallb", "app.kubernetes.io/component": "speaker"},
                         annotations={"meta.helm.sh/release-name": "lb", "meta.helm.sh/release-namespace": "lb"}),
        worlds.deployment("lb-metallb-controller", "lb", "quay.io/metallb/controller:v0.15.3",
                          {"app.kubernetes.io/name": "metallb", "app.kubernetes.io/component": "controller"}),
    ]  # fmt: skip
    for parts, version, owner in ((worlds.metallb(), "0.16.1", "unknown"), (chart, "0.15.3", "helm")):
        row = only(detect(worlds.make_snapshot(worlds.k3s_nodes("--disable=servicelb"), parts)), Role.LOAD_BALANCER)
        assert (row.name, row.version, row.owner, row.health) == ("MetalLB", version, owner, Health.OK)


@pytest.mark.parametrize(
    ("speakers", "controller", "health", "words"),
    [((), True, Health.DOWN, "0 of"), (("shed",), True, Health.DEGRADED, "pods ready")],
)
def test_metallb_in_trouble(speakers: tuple[str, ...], controller: bool, health: Health, words: str) -> None:
    snapshot = worlds.make_snapshot(worlds.k3s_nodes("--disable=servicelb"), worlds.metallb(speakers=speakers))
    row = only(detect(snapshot), Role.LOAD_BALANCER)
    assert row.health is health
    assert words in row.detail


def test_metallb_half_installed() -> None:
    parts = worlds.metallb()
    no_speaker = worlds.make_snapshot(worlds.k3s_nodes("--disable=servicelb"), parts[1])
    assert only(detect(no_speaker), Role.LOAD_BALANCER).health is Health.DOWN
    unseen = worlds.make_snapshot(
        worlds.k3s_nodes("--disable=servicelb"), parts[1], states={"daemonsets": State.FORBIDDEN}
    )
    assert "no speaker DaemonSet" not in only(detect(unseen), Role.LOAD_BALANCER).detail


def test_crds_without_pods_are_leftovers_not_components() -> None:
    report = detect(
        worlds.make_snapshot(
            worlds.k3s_nodes("--disable=servicelb"), worlds.metallb_pool("lan", "10.0.0.0/24"), worlds.cilium_pool("p")
        )
    )
    assert only(report, Role.LOAD_BALANCER).name is None
    assert len(report.leftovers) == 2
    assert report.stack == "classic"


def test_cilium_roles_follow_its_configuration() -> None:
    config = {"enable-gateway-api": "true", "enable-ingress-controller": "true", "enable-bgp-control-plane": "true"}
    report = detect(
        worlds.make_snapshot(
            worlds.k3s_nodes(*CILIUM_FLAGS, flannel=""),
            worlds.cilium(config),
            worlds.cilium_pool("p"),
            worlds.l2_policy(),
        )
    )
    assert report.stack == "cilium"
    for role in Role:
        assert names(report, role) == (["Hubble"] if role is Role.FLOWS else ["Cilium"])
    assert only(report, Role.FLOWS).health is Health.DEGRADED  # no relay
    assert only(report, Role.CNI).owner == "helm"


@pytest.mark.parametrize(
    ("config", "role", "name"),
    [
        ({"kube-proxy-replacement": "false"}, Role.SERVICE_PROXY, "kube-proxy"),
        ({"kube-proxy-replacement": "partial"}, Role.SERVICE_PROXY, "kube-proxy"),
        ({"cni-chaining-mode": "flannel"}, Role.CNI, "flannel"),
        ({"enable-policy": "never"}, Role.POLICY_ENGINE, "kube-router"),
    ],
)
def test_what_cilium_leaves_to_others(config: dict[str, str], role: Role, name: str) -> None:
    report = detect(worlds.make_snapshot(worlds.k3s_nodes("--disable=servicelb"), worlds.cilium(config)))
    assert name in names(report, role)
    if role is not Role.SERVICE_PROXY:
        assert "Cilium" not in names(report, role)


def test_strict_is_the_old_word_for_true() -> None:
    report = detect(
        worlds.make_snapshot(worlds.k3s_nodes(*CILIUM_FLAGS), worlds.cilium({"kube-proxy-replacement": "strict"}))
    )
    assert names(report, Role.SERVICE_PROXY) == ["Cilium"]


def test_cilium_outside_of_kube_system() -> None:
    report = detect(worlds.make_snapshot(worlds.k3s_nodes(*CILIUM_FLAGS), worlds.cilium(namespace="cilium")))
    assert names(report, Role.SERVICE_PROXY) == ["Cilium"]


def test_the_pods_addresses_tell_whose_network_they_are_on() -> None:
    nodes = worlds.k3s_nodes("--disable=servicelb")
    for index, node in enumerate(nodes):
        node["spec"] = {"podCIDR": f"10.42.{index}.0/24", "podCIDRs": [f"10.42.{index}.0/24"]}
    cilium_nodes = [
        {"apiVersion": "cilium.io/v2", "kind": "CiliumNode", "metadata": {"name": name},
         "spec": {"ipam": {"podCIDRs": [f"10.52.{index}.0/24"]}}}
        for index, name in enumerate(worlds.NODES)
    ]  # fmt: skip
    old, new = (worlds.pod(f"p{net}", "ns", "shed", ip=f"10.{net}.0.9") for net in (42, 52))
    both = (nodes, worlds.cilium(), cilium_nodes)
    assert names(detect(worlds.make_snapshot(*both, old)), Role.CNI) == ["flannel"]
    assert names(detect(worlds.make_snapshot(*both, new)), Role.CNI) == ["Cilium"]
    half = detect(worlds.make_snapshot(*both, old, new))
    assert names(half, Role.CNI) == ["Cilium", "flannel"]
    assert all("1 of 2 pods" in row.detail for row in half.components if row.role is Role.CNI)


@pytest.mark.parametrize(
    ("extra", "stack"),
    [
        ([], "cilium"),
        (worlds.metallb(), "mixed"),
        (
            [worlds.daemonset("kube-vip-ds", "kube-system", "ghcr.io/kube-vip/kube-vip:v1.0.1", {"app": "kube-vip"},
                              env={"svc_enable": "true"})],
            "other",
        ),
    ],
)  # fmt: skip
def test_the_stack_is_decided_by_three_roles(extra: list[dict[str, Any]], stack: str) -> None:
    report = detect(worlds.make_snapshot(worlds.k3s_nodes(*CILIUM_FLAGS), worlds.cilium(), worlds.traefik(), extra))
    assert report.stack == stack


# -- other distributions and networks ---------------------------------------------------------------------------------
def kubeadm_nodes() -> list[dict[str, Any]]:
    notes = {"kubeadm.alpha.kubernetes.io/cri-socket": "unix:///run/containerd/containerd.sock"}
    return [worlds.node("n1", "10.0.0.1", version="v1.37.1", annotations=notes, server=True)]


def test_kubeadm_with_flannel_and_kube_proxy() -> None:
    config = {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kube-proxy", "namespace": "kube-system"},
        "data": {"config.conf": "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nipvs:\n  mode: no\nmode: \"ipvs\" # x\n"},
    }  # fmt: skip
    net = {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kube-flannel-cfg", "namespace": "kube-flannel"},
        "data": {"net-conf.json": json.dumps({"Network": "10.244.0.0/16", "Backend": {"Type": "host-gw"}})},
    }  # fmt: skip
    proxy = worlds.daemonset(
        "kube-proxy", "kube-system", "registry.k8s.io/kube-proxy:v1.37.1", {"k8s-app": "kube-proxy"}
    )
    proxy["metadata"]["managedFields"] = [{"manager": "kubeadm", "operation": "Update"}]
    flannel = worlds.daemonset(
        "kube-flannel-ds", "kube-flannel", "ghcr.io/flannel-io/flannel:v0.28.9", {"app": "flannel"}, ready=0
    )
    snapshot = worlds.make_snapshot(
        kubeadm_nodes(), proxy, flannel, config, net, cluster=Cluster("c", version="v1.37.1")
    )
    report = detect(snapshot)
    assert (report.distribution, report.stack) == ("kubeadm", "classic")
    row = only(report, Role.SERVICE_PROXY)
    assert (row.version, row.detail, row.owner) == ("1.37.1", "ipvs", "builtin")
    row = only(report, Role.CNI)
    assert (row.version, row.health) == ("0.28.9", Health.DOWN)
    assert row.detail.startswith("host-gw")
    assert only(report, Role.POLICY_ENGINE).name is None  # flannel alone enforces nothing


@pytest.mark.parametrize(
    ("text", "mode"), [("mode: iptables", "iptables"), ("mode: ''", ""), ("a:\n  mode: ipvs", ""), ("mode:", "")]
)
def test_the_proxy_mode_is_read_at_the_top_level_only(text: str, mode: str) -> None:
    assert mode_in(text) == mode


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"version": "v1.36.4+k3s1"}, "k3s"),
        ({"version": "v1.36.4+rke2r1"}, "rke2"),
        ({"version": "v1.34.1+k0s.0"}, "k0s"),
        ({"version": "v1.36.0", "os_image": "Talos (v1.12.0)"}, "talos"),
        ({"version": "v1.36.0", "labels": {"microk8s.io/cluster": "true"}}, "microk8s"),
        ({"version": "v1.36.0", "annotations": {"kubeadm.alpha.kubernetes.io/cri-socket": "x"}}, "kubeadm"),
        ({"version": "v1.36.0"}, "unknown"),
    ],
)
def test_distributions(node: dict[str, Any], expected: str) -> None:
    cluster = Cluster("c", version="v1.36.0")
    snapshot = worlds.make_snapshot(worlds.node("n", "10.0.0.1", **node), cluster=cluster)
    assert detect(snapshot).distribution == expected


def test_kind_is_told_from_kubeadm_by_its_provider_id() -> None:
    node = kubeadm_nodes()[0]
    node["spec"]["providerID"] = "kind://docker/kind/kind-control-plane"
    assert detect(worlds.make_snapshot(node, cluster=Cluster("c", version="v1.37.1"))).distribution == "kind"


def test_calico_and_kube_router_are_other_networks() -> None:
    calico = worlds.daemonset("calico-node", "kube-system", "quay.io/calico/node:v3.31.0", {"k8s-app": "calico-node"})
    report = detect(worlds.make_snapshot(kubeadm_nodes(), calico))
    assert (report.stack, only(report, Role.CNI).name, only(report, Role.POLICY_ENGINE).name) == (
        "other", "Calico", "Calico",
    )  # fmt: skip
    router = worlds.daemonset(
        "kube-router", "kube-system", "quay.io/k0sproject/kube-router:v2.5.0", {"k8s-app": "kube-router"},
        args=["--run-router=true", "--run-service-proxy=true"],
    )  # fmt: skip
    report = detect(worlds.make_snapshot(kubeadm_nodes(), router))
    assert names(report, Role.SERVICE_PROXY) == ["kube-router"]


def test_ingress_controllers_by_their_class() -> None:
    classes = [
        {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": name},
         "spec": {"controller": controller}}
        for name, controller in (("nginx", "k8s.io/ingress-nginx"), ("odd", "example.com/odd"))
    ]  # fmt: skip
    nginx = worlds.deployment(
        "ingress-nginx-controller", "ingress-nginx", "registry.k8s.io/ingress-nginx/controller:v1.14.0",
        {"app.kubernetes.io/name": "ingress-nginx"},
    )  # fmt: skip
    report = detect(worlds.make_snapshot(kubeadm_nodes(), classes, nginx))
    assert names(report, Role.INGRESS) == ["ingress-nginx"]  # the odd one has no pods: standby gives way
    report = detect(worlds.make_snapshot(kubeadm_nodes(), classes[1:]))
    row = only(report, Role.INGRESS)
    assert (row.name, row.health) == ("example.com/odd", Health.UNKNOWN)


def test_traefik_with_gateway_and_access_log() -> None:
    report = detect(
        worlds.make_snapshot(
            worlds.k3s_nodes(), worlds.traefik(args=["--providers.kubernetesGateway=true", "--accesslog=true"])
        )
    )
    assert only(report, Role.INGRESS).version == "3.7.8"
    assert only(report, Role.GATEWAY).name == "Traefik"
    assert only(report, Role.FLOWS).id == "traefik-log"


def test_gateway_crds_without_a_controller_are_named() -> None:
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "gatewayclasses.gateway.networking.k8s.io", "annotations": {
            "gateway.networking.k8s.io/bundle-version": "v1.6.1", "gateway.networking.k8s.io/channel": "standard"}},
    }  # fmt: skip
    report = detect(worlds.make_snapshot(worlds.k3s_nodes(), crd, serves=["gatewayclasses"]))
    assert only(report, Role.GATEWAY).name is None
    assert any("1.6.1, standard" in text for text in report.leftovers)


# -- what cannot be told ----------------------------------------------------------------------------------------------
def test_what_may_not_be_read_is_unknown_and_says_why() -> None:
    states = {kind.id: State.FORBIDDEN for kind in (DAEMONSETS, DEPLOYMENTS, NODES, INGRESSCLASSES, GATEWAYCLASSES)}
    report = detect(worlds.make_snapshot(states=states))
    assert report.stack == "unknown"
    assert [row.role for row in report.components] == [role for role in Role if role is not Role.FLOWS]
    for row in report.components:
        assert row.name is None
        assert row.health is Health.UNKNOWN
        assert "may not be read" in row.detail
    assert report.counts["nodes"] is None
    assert report.counts["pods"] == 0


def test_k3s_is_told_from_its_nodes_even_without_daemonsets() -> None:
    states = {"daemonsets": State.FORBIDDEN, "deployments": State.FORBIDDEN}
    report = detect(worlds.make_snapshot(worlds.k3s_nodes("--disable=servicelb"), states=states))
    assert report.stack == "classic"
    assert "may not be read" in only(report, Role.LOAD_BALANCER).detail


def test_cilium_without_its_configmap_claims_no_more_than_it_knows() -> None:
    snapshot = worlds.make_snapshot(
        worlds.k3s_nodes(*CILIUM_FLAGS), worlds.cilium()[:2], states={CONFIGMAPS.id: State.FORBIDDEN}
    )
    report = detect(snapshot)
    assert names(report, Role.CNI) == ["Cilium"]
    assert "configmaps may not be read" in only(report, Role.CNI).detail
    assert "no kube-proxy runs" in only(report, Role.SERVICE_PROXY).detail  # k3s' flags say so
    assert only(report, Role.POLICY_ENGINE).health is Health.UNKNOWN
    assert only(report, Role.LOAD_BALANCER).name is None
    with_proxy = worlds.make_snapshot(
        worlds.k3s_nodes("--flannel-backend=none"), worlds.cilium()[:2], worlds.l2_policy()
    )
    report = detect(with_proxy)
    assert names(report, Role.SERVICE_PROXY) == ["kube-proxy"]
    assert only(report, Role.LOAD_BALANCER).detail == "L2 (1 policy)"


def test_cilium_of_which_only_the_pods_may_be_seen_is_no_more_than_a_guess() -> None:
    hidden = (CONFIGMAPS, CILIUMPOOLS, CILIUML2POLICIES, CILIUMBGPCLUSTERCONFIGS, CILIUMNODES)
    states = {kind.id: State.FORBIDDEN for kind in hidden}
    report = detect(worlds.make_snapshot(worlds.k3s_nodes(*CILIUM_FLAGS), worlds.cilium()[:2], states=states))
    row = only(report, Role.LOAD_BALANCER)
    assert (row.name, row.health, row.standby) == ("Cilium", Health.UNKNOWN, True)
    assert "whether it gives or announces addresses is unknown: ciliumloadbalancerippools" in row.detail
    assert report.stack == "cilium"
    beside = worlds.make_snapshot(
        worlds.k3s_nodes("--disable-kube-proxy"), worlds.cilium()[:2], worlds.metallb(), states=states
    )
    report = detect(beside)
    assert names(report, Role.CNI) == ["flannel"]  # by k3s' flags; whose network a pod is on may not be read
    assert names(report, Role.LOAD_BALANCER) == ["MetalLB"]


def test_an_emptied_configmap_is_none() -> None:
    """A snapshot file holds no ConfigMap data; missing keys must not be taken for the agent's defaults."""
    parts = worlds.cilium()
    parts[2]["data"] = {}
    report = detect(worlds.make_snapshot(worlds.k3s_nodes(*CILIUM_FLAGS), parts, worlds.cilium_pool("p")))
    assert report.stack == "cilium"
    assert "not to be seen" in only(report, Role.POLICY_ENGINE).detail


def test_an_empty_cluster_has_no_stack_and_empty_files_none_that_is_known() -> None:
    assert detect(worlds.make_snapshot()).stack == "none"
    files = Cluster("files", origin="manifests")
    assert detect(worlds.make_snapshot(cluster=files)).stack == "unknown"


def test_a_workload_without_status_has_unknown_health() -> None:
    parts = worlds.metallb()
    for part in parts:
        part.pop("status", None)
    row = only(detect(worlds.make_snapshot(worlds.k3s_nodes("--disable=servicelb"), parts)), Role.LOAD_BALANCER)
    assert (row.health, row.ready) == (Health.UNKNOWN, None)


def test_counts() -> None:
    snapshot = worlds.make_snapshot(
        worlds.k3s_nodes(),
        worlds.service("a", "x", ips=["10.0.0.1"]),
        worlds.service("b", "x", ips=["10.0.0.1"]),
        worlds.service("c", "y"),
        worlds.service("d", "y", type="ClusterIP", spec={"externalIPs": ["10.0.0.9"]}),
        worlds.pod("p", "x", "shed"),
    )
    found = detect(snapshot).counts
    assert found["nodes"] == found["nodes_ready"] == 3
    assert (found["services"], found["load_balancer_services"], found["ips"], found["pending_ips"]) == (4, 3, 2, 1)
    narrow = detect(snapshot, "x").counts
    assert (narrow["services"], narrow["pods"], narrow["pending_ips"], narrow["nodes"]) == (2, 1, 0, 3)
    assert detect(worlds.make_snapshot(states={SERVICES.id: State.DOWN, PODS.id: State.STALE})).counts["ips"] is None


def test_image_names() -> None:
    assert tag("quay.io/cilium/cilium:v1.20.2@sha256:ab") == "1.20.2"
    assert tag("localhost:5000/x/y") is None
    assert tag("nginx") is None
    assert tag("x:latest") == "latest"
    assert tag("x:vlatest") == "vlatest"
    assert repository("localhost:5000/x/y:1@sha256:ab") == "localhost:5000/x/y"


# -- the demo ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("variant", "stack"), [("classic", "classic"), ("cilium", "cilium"), ("broken", "mixed")])
def test_the_demo_homelabs(variant: Any, stack: str) -> None:
    report = detect(scenarios.store_of(variant).snapshot())
    assert (report.stack, report.distribution) == (stack, "k3s")
    assert all(node.ready and not node.problems for node in report.nodes)
    if variant != "broken":
        assert all(row.health is Health.OK for row in report.components if row.name is not None)
