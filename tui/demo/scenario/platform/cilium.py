"""Cilium 1.20, installed with its Helm chart: agents, operator, Envoy, Hubble, and what they write into the API."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from pointsman.tui.demo.scenario.apps import account
from pointsman.tui.demo.scenario.crds import add_crds
from pointsman.tui.demo.scenario.crds.cilium import CILIUM
from pointsman.tui.demo.scenario.helm import helm_marks, release
from pointsman.tui.demo.scenario.platform.traefik import grant
from pointsman.tui.demo.scenario.pods import NODE_IP, NODES, container, container_ports, pod_spec, template
from pointsman.tui.demo.scenario.services import service
from pointsman.tui.demo.scenario.tls import authority, tls_data
from pointsman.tui.demo.scenario.workloads import daemon_set, deployment
from pointsman.tui.demo.scenario.world import DAY, Obj, World

VERSION = "1.20.2"
ENVOY = "v1.36.4"
NS = "kube-system"
AGE = 96 * DAY

# Half way through the move back: enforcement and address assignment are off, announcing is not, and timing is tighter.
HALF_WAY = {
    "cni-exclusive": "false",
    "enable-lb-ipam": "false",
    "enable-policy": "never",
    "l2-announcements-lease-duration": "15s",
    "l2-announcements-renew-deadline": "10s",
    "l2-announcements-retry-period": "5s",
    "unmanaged-pod-watcher-interval": "0",
}
HALF_WAY_VALUES: Obj = {
    "policyEnforcementMode": "never",
    "enableLBIPAM": False,
    "cni": {"exclusive": False, "uninstall": False},
    "operator": {"replicas": 1, "unmanagedPodWatcher": {"restart": False}},
    "l2announcements": {"enabled": True, "leaseDuration": "15s", "leaseRenewDeadline": "10s", "leaseRetryPeriod": "5s"},
}

# Helm values as the user gave them; the rest of the ConfigMap follows from the chart's defaults.
VALUES: Obj = {
    "kubeProxyReplacement": True,
    "k8sServiceHost": "127.0.0.1",
    "k8sServicePort": 6444,
    "ipam": {"mode": "cluster-pool", "operator": {"clusterPoolIPv4PodCIDRList": ["10.52.0.0/16"]}},
    "l2announcements": {
        "enabled": True,
        "leaseDuration": "30s",
        "leaseRenewDeadline": "20s",
        "leaseRetryPeriod": "10s",
    },
    "hubble": {"relay": {"enabled": True}, "ui": {"enabled": True}},
    "operator": {"replicas": 1},
}

CONFIG = {
    "agent-not-ready-taint-key": "node.cilium.io/agent-not-ready",
    "auto-direct-node-routes": "false",
    "bpf-events-drop-enabled": "true",
    "bpf-events-policy-verdict-enabled": "true",
    "bpf-events-trace-enabled": "true",
    "bpf-lb-acceleration": "disabled",
    "bpf-lb-sock": "false",
    "cilium-endpoint-gc-interval": "5m0s",
    "cluster-id": "0",
    "cluster-name": "default",
    "cluster-pool-ipv4-cidr": "10.52.0.0/16",
    "cluster-pool-ipv4-mask-size": "24",
    "cni-exclusive": "true",
    "custom-cni-conf": "false",
    "debug": "false",
    "default-lb-service-ipam": "lbipam",
    "enable-bgp-control-plane": "false",
    "enable-bpf-masquerade": "false",
    "enable-endpoint-health-checking": "true",
    "enable-health-checking": "true",
    "enable-hubble": "true",
    "enable-ipv4": "true",
    "enable-ipv4-masquerade": "true",
    "enable-ipv6": "false",
    "enable-k8s-networkpolicy": "true",
    "enable-l2-announcements": "true",
    "enable-l2-neigh-discovery": "false",
    "enable-l7-proxy": "true",
    "enable-lb-ipam": "true",
    "enable-policy": "default",
    "external-envoy-proxy": "true",
    "hubble-disable-tls": "false",
    "hubble-listen-address": ":4244",
    "hubble-socket-path": "/var/run/cilium/hubble.sock",
    "hubble-tls-cert-file": "/var/lib/cilium/tls/hubble/server.crt",
    "hubble-tls-client-ca-files": "/var/lib/cilium/tls/hubble/client-ca.crt",
    "hubble-tls-key-file": "/var/lib/cilium/tls/hubble/server.key",
    "identity-allocation-mode": "crd",
    "ipam": "cluster-pool",
    "k8s-client-burst": "20",
    "k8s-client-qps": "10",
    "kube-proxy-replacement": "true",
    "kube-proxy-replacement-healthz-bind-address": "",
    "l2-announcements-lease-duration": "30s",
    "l2-announcements-renew-deadline": "20s",
    "l2-announcements-retry-period": "10s",
    "monitor-aggregation": "medium",
    "operator-api-serve-addr": "127.0.0.1:9234",
    "policy-audit-mode": "false",
    "procfs": "/host/proc",
    "routing-mode": "tunnel",
    "tunnel-port": "8473",
    "tunnel-protocol": "vxlan",
    "unmanaged-pod-watcher-interval": "15s",
    "write-cni-conf-when-ready": "/host/etc/cni/net.d/05-cilium.conflist",
}


def add_cilium(world: World, changes: Mapping[str, str] | None = None, values: Obj | None = None) -> None:
    """The installation; `changes` are differences in cilium-config, `values` those in the Helm release."""
    labels, marks = helm_marks("cilium", NS)
    labels = {"app.kubernetes.io/part-of": "cilium", **labels}
    add_crds(world, "cilium.io", CILIUM, age=AGE, labels={"io.cilium.k8s.crd.schema.version": "1.32.3"},
             manager="cilium-operator-generic")  # fmt: skip
    config = {**CONFIG, **(changes or {})}
    world.add("v1", "ConfigMap", "cilium-config", {"data": dict(sorted(config.items()))}, namespace=NS, age=AGE,
              labels=labels, annotations=marks, generation=None, manager="helm")  # fmt: skip
    release(world, NS, "cilium", "cilium", VERSION, VERSION, {**VALUES, **(values or {})}, revision=3, age=41 * DAY,
            description="Upgrade complete")  # fmt: skip
    for name in ("cilium", "cilium-operator", "cilium-envoy", "hubble-relay", "hubble-ui"):
        account(world, NS, name, AGE, labels)
    _rights(world, labels, marks)
    _agents(world, labels, marks)
    _operator(world, labels, marks)
    _hubble(world, labels, marks)
    for index, name in enumerate(NODES):
        _cilium_node(world, index, name)


def _rights(world: World, labels: dict[str, str], marks: dict[str, str]) -> None:
    read = ["get", "list", "watch"]
    rules: list[Obj] = [
        {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": read},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": read},
        {"apiGroups": [""], "resources": ["namespaces", "services", "pods", "endpoints", "nodes"], "verbs": read},
        {
            "apiGroups": ["coordination.k8s.io"],
            "resources": ["leases"],
            "verbs": ["create", "get", "update", "list", "delete"],
        },
        {"apiGroups": ["cilium.io"], "resources": ["*"], "verbs": ["*"]},
    ]
    grant(world, "cilium", rules, NS, "cilium", AGE, labels, marks)


def _agents(world: World, labels: dict[str, str], marks: dict[str, str]) -> None:
    own = {"k8s-app": "cilium"}
    common = {**own, "app.kubernetes.io/name": "cilium-agent", "app.kubernetes.io/part-of": "cilium"}
    env: list[Obj] = [
        {"name": "K8S_NODE_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nodeName"}}},
        {
            "name": "CILIUM_K8S_NAMESPACE",
            "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}},
        },
        {"name": "KUBERNETES_SERVICE_HOST", "value": "127.0.0.1"},
        {"name": "KUBERNETES_SERVICE_PORT", "value": "6444"},
    ]
    agent = container(
        "cilium-agent",
        f"quay.io/cilium/cilium:v{VERSION}",
        command=["cilium-agent"],
        args=["--config-dir=/tmp/cilium/config-map"],
        env=env,
        ports=container_ports("peer-service:4244 health:9879"),
        mounts={"cilium-run": "/var/run/cilium", "bpf-maps": "/sys/fs/bpf", "etc-cni-netd": "/host/etc/cni/net.d"},
        probe={"httpGet": {"host": "127.0.0.1", "path": "/healthz", "port": 9879, "scheme": "HTTP"}},
        security={"privileged": True},
    )
    for port in agent["ports"]:
        port["hostPort"] = port["containerPort"]
    volumes = [
        {"name": name, "hostPath": {"path": path, "type": "DirectoryOrCreate"}}
        for name, path in (
            ("cilium-run", "/var/run/cilium"),
            ("bpf-maps", "/sys/fs/bpf"),
            ("etc-cni-netd", "/etc/cni/net.d"),
        )
    ]
    config = container("config", f"quay.io/cilium/cilium:v{VERSION}", command=["cilium-dbg", "build-config"])
    spec = pod_spec([agent], init=[config], account="cilium", volumes=volumes, host_network=True, tolerate_all=True,
                    priority_class="system-node-critical", node_selector={"kubernetes.io/os": "linux"}, grace=1)  # fmt: skip
    spec["dnsPolicy"] = "ClusterFirst"
    daemon_set(world, NS, "cilium", template(common, spec), own, age=AGE, pod_age=19 * DAY,
               labels={**common, **labels}, annotations=marks, manager="helm")  # fmt: skip
    service(world, NS, "hubble-peer", "peer-service:443=4244", own, labels=labels, annotations=marks, age=AGE,
            manager="helm")  # fmt: skip
    envoy_own = {"k8s-app": "cilium-envoy"}
    envoy_common = {**envoy_own, "app.kubernetes.io/name": "cilium-envoy", "app.kubernetes.io/part-of": "cilium"}
    envoy = container("cilium-envoy", f"quay.io/cilium/cilium-envoy:{ENVOY}", command=["/usr/bin/cilium-envoy-starter"],
                      ports=container_ports("envoy-metrics:9964"))  # fmt: skip
    envoy["ports"][0]["hostPort"] = 9964
    spec = pod_spec([envoy], account="cilium-envoy", host_network=True, tolerate_all=True, grace=1,
                    priority_class="system-node-critical")  # fmt: skip
    daemon_set(world, NS, "cilium-envoy", template(envoy_common, spec), envoy_own, age=AGE, pod_age=19 * DAY,
               labels={**envoy_common, **labels}, annotations=marks, manager="helm")  # fmt: skip


def _operator(world: World, labels: dict[str, str], marks: dict[str, str]) -> None:
    own = {"io.cilium/app": "operator", "name": "cilium-operator"}
    common = {**own, "app.kubernetes.io/name": "cilium-operator", "app.kubernetes.io/part-of": "cilium"}
    main = container("cilium-operator", f"quay.io/cilium/operator-generic:v{VERSION}",
                     command=["cilium-operator-generic"], args=["--config-dir=/tmp/cilium/config-map"],
                     ports=container_ports("health:9234"))  # fmt: skip
    main["ports"][0]["hostPort"] = 9234
    spec = pod_spec([main], account="cilium-operator", host_network=True, tolerate_all=True,
                    priority_class="system-cluster-critical")  # fmt: skip
    deployment(world, NS, "cilium-operator", template(common, spec), own, nodes=["shed"], age=AGE, pod_age=19 * DAY,
               labels={**common, **labels}, annotations=marks, manager="helm")  # fmt: skip


def _certificates(world: World, labels: dict[str, str], marks: dict[str, str]) -> None:
    """What the chart makes for the agents' and the relay's mutual TLS, good for a year."""
    root = base64.b64encode(authority(world.now.year).pem.encode()).decode()
    for name, host in (("hubble-server-certs", "*.default.hubble-grpc.cilium.io"),
                       ("hubble-relay-client-certs", "*.hubble-relay.cilium.io")):  # fmt: skip
        data = {"ca.crt": root, **tls_data(world, [host], 269)}
        world.add("v1", "Secret", name, {"data": data, "type": "kubernetes.io/tls"}, namespace=NS, age=AGE,
                  labels=labels, annotations=marks, generation=None, manager="helm")  # fmt: skip


def _hubble(world: World, labels: dict[str, str], marks: dict[str, str]) -> None:
    _certificates(world, labels, marks)
    relay = {"k8s-app": "hubble-relay"}
    common = {**relay, "app.kubernetes.io/name": "hubble-relay", "app.kubernetes.io/part-of": "cilium"}
    main = container("hubble-relay", f"quay.io/cilium/hubble-relay:v{VERSION}", command=["hubble-relay"], args=["serve"],
                     ports=container_ports("grpc:4245"))  # fmt: skip
    spec = pod_spec([main], account="hubble-relay", grace=1)
    deployment(world, NS, "hubble-relay", template(common, spec), relay, nodes=["loft"], age=AGE, pod_age=19 * DAY,
               labels={**common, **labels}, annotations=marks, manager="helm")  # fmt: skip
    service(world, NS, "hubble-relay", "grpc:80=grpc", relay, labels={**common, **labels}, annotations=marks, age=AGE,
            manager="helm")  # fmt: skip
    text = (
        "cluster-name: default\npeer-service: hubble-peer.kube-system.svc.cluster.local.:443\nlisten-address: :4245\n"
    )
    text += "disable-server-tls: true\n"
    world.add("v1", "ConfigMap", "hubble-relay-config", {"data": {"config.yaml": text}}, namespace=NS, age=AGE,
              labels=labels, annotations=marks, generation=None, manager="helm")  # fmt: skip
    ui = {"k8s-app": "hubble-ui"}
    common = {**ui, "app.kubernetes.io/name": "hubble-ui", "app.kubernetes.io/part-of": "cilium"}
    front = container("frontend", "quay.io/cilium/hubble-ui:v0.13.3", ports=container_ports("http:8081"))
    back = container("backend", "quay.io/cilium/hubble-ui-backend:v0.13.3", ports=container_ports("grpc:8090"))
    deployment(world, NS, "hubble-ui", template(common, pod_spec([front, back], account="hubble-ui")), ui,
               nodes=["loft"], age=AGE, pod_age=19 * DAY, labels={**common, **labels}, annotations=marks,
               manager="helm")  # fmt: skip
    service(world, NS, "hubble-ui", "http:80=8081", ui, labels={**common, **labels}, annotations=marks, age=AGE,
            manager="helm")  # fmt: skip


def _cilium_node(world: World, index: int, name: str) -> None:
    node = world.get("Node", "", name)
    own = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": node["metadata"]["uid"]}
    made = world.add(
        "cilium.io/v2",
        "CiliumNode",
        name,
        {
            "spec": {
                "addresses": [
                    {"type": "InternalIP", "ip": NODE_IP[name]},
                    {"type": "CiliumInternalIP", "ip": f"10.52.{index}.254"},
                ],
                "bootid": node["status"]["nodeInfo"]["bootID"],
                "encryption": {},
                "health": {"ipv4": f"10.52.{index}.253"},
                "ingress": {},
                "ipam": {"podCIDRs": [f"10.52.{index}.0/24"]},
            },
            "status": {"ipam": {"operator-status": {}}},
        },
        age=AGE,
        labels=node["metadata"]["labels"],
        generation=5,
        manager="cilium-agent",
    )
    made["metadata"]["ownerReferences"] = [own]
