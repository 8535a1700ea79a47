"""k3s' own objects: CoreDNS, metrics-server, the local-path provisioner, its addons and the API's own service."""

from __future__ import annotations

from collections.abc import Mapping

from pointsman.tui.demo.scenario.apps import account
from pointsman.tui.demo.scenario.crds import add_crds
from pointsman.tui.demo.scenario.crds.k3s import HELM_CATTLE, K3S
from pointsman.tui.demo.scenario.pods import NODE_IP, container, container_ports, pod_spec, template
from pointsman.tui.demo.scenario.services import service
from pointsman.tui.demo.scenario.workloads import deployment
from pointsman.tui.demo.scenario.world import DAY, World, digest, micro

OWNER = "deploy@shed"  # the field manager of k3s' addon controller is named after the node it runs on

ADDONS = (
    "aggregated-metrics-reader", "auth-delegator", "auth-reader", "ccm", "coredns", "local-storage", "metrics-apiservice",
    "metrics-server-deployment", "metrics-server-service", "resource-reader", "rolebindings", "runtimes", "traefik",
)  # fmt: skip

COREFILE = """\
.:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    hosts /etc/coredns/NodeHosts {
      ttl 60
      reload 15s
      fallthrough
    }
    prometheus :9153
    cache 30
    loop
    reload
    loadbalance
    forward . /etc/resolv.conf
}
"""


def add_k3s(world: World) -> None:
    add_crds(world, "helm.cattle.io", HELM_CATTLE, age=141 * DAY, manager="k3s")
    add_crds(world, "k3s.cattle.io", K3S, age=141 * DAY, manager="k3s")
    _api_service(world)
    for name in ADDONS:
        _addon(world, name)
    _coredns(world)
    _simple(world, "metrics-server", "rancher/mirrored-metrics-server:v0.8.0", "https:10250", "shed", "metrics-server",
            [f"--{flag}" for flag in ("cert-dir=/tmp", "secure-port=10250", "kubelet-use-node-status-port",
                                      "metric-resolution=15s")])  # fmt: skip
    service(world, "kube-system", "metrics-server", "https:443=https", {"k8s-app": "metrics-server"},
            labels=_marks("metrics-server-service") | {"kubernetes.io/cluster-service": "true"}, age=141 * DAY,
            manager=OWNER)  # fmt: skip
    _simple(world, "local-path-provisioner", "rancher/local-path-provisioner:v0.0.32", "", "shed", "local-storage",
            ["start", "--config", "/etc/config/config.json"])  # fmt: skip
    world.add(
        "storage.k8s.io/v1",
        "StorageClass",
        "local-path",
        {
            "provisioner": "rancher.io/local-path",
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "WaitForFirstConsumer",
        },
        age=141 * DAY,
        labels=_marks("local-storage"),
        annotations={"defaultVolumeType": "local", "storageclass.kubernetes.io/is-default-class": "true"},
        generation=None,
        manager=OWNER,
    )


def _marks(addon: str) -> dict[str, str]:
    return {"objectset.rio.cattle.io/hash": f"{digest('objectset', addon):032x}"[:32] + "00000000"}


def _owned(addon: str) -> dict[str, str]:
    return {
        "objectset.rio.cattle.io/id": "",
        "objectset.rio.cattle.io/owner-gvk": "k3s.cattle.io/v1, Kind=Addon",
        "objectset.rio.cattle.io/owner-name": addon,
        "objectset.rio.cattle.io/owner-namespace": "kube-system",
    }


def _addon(world: World, name: str) -> None:
    folder = "metrics-server/" if "metrics" in name or name.startswith(("auth-", "resource-")) else ""
    source = f"/var/lib/rancher/k3s/server/manifests/{folder}{name}.yaml"
    checksum = f"{digest('addon', name):032x}{digest('addon', name, 2):032x}"
    world.add(
        "k3s.cattle.io/v1",
        "Addon",
        name,
        {"spec": {"source": source, "checksum": checksum}},
        namespace="kube-system",
        age=141 * DAY,
        manager=OWNER,
    )


def _api_service(world: World) -> None:
    own = {"component": "apiserver", "provider": "kubernetes"}
    service(world, "default", "kubernetes", "https:443=6443", None, cluster_ip="10.43.0.1", labels=own, age=141 * DAY,
            manager="k3s")  # fmt: skip
    world.add(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        "kubernetes",
        {
            "addressType": "IPv4",
            "endpoints": [{"addresses": [NODE_IP["shed"]], "conditions": {"ready": True}}],
            "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}],
        },
        namespace="default",
        age=141 * DAY,
        labels={"kubernetes.io/service-name": "kubernetes"},
        manager="k3s",
    )
    hashed = f"{digest(world.cluster_uid, 'apiserver'):026x}"[:26]
    identity = f"apiserver-{hashed}_{world.uid('apiserver', '', 'identity')}"
    spec = {
        "holderIdentity": identity,
        "leaseDurationSeconds": 3600,
        "renewTime": micro(world.ago(3)),
    }
    labels = {"apiserver.kubernetes.io/identity": "kube-apiserver", "kubernetes.io/hostname": "shed"}
    world.add("coordination.k8s.io/v1", "Lease", f"apiserver-{hashed}", {"spec": spec}, namespace="kube-system",
              age=23 * DAY, labels=labels, generation=None, manager="k3s")  # fmt: skip


def _coredns(world: World) -> None:
    account(world, "kube-system", "coredns", 141 * DAY)
    hosts = "".join(f"{ip} {name}\n" for name, ip in NODE_IP.items())
    world.add(
        "v1",
        "ConfigMap",
        "coredns",
        {"data": {"Corefile": COREFILE, "NodeHosts": hosts}},
        namespace="kube-system",
        age=141 * DAY,
        labels=_marks("coredns"),
        annotations=_owned("coredns"),
        generation=None,
        manager=OWNER,
    )
    probe = {"httpGet": {"path": "/ready", "port": 8181, "scheme": "HTTP"}}
    main = container(
        "coredns",
        "rancher/mirrored-coredns-coredns:1.13.1",
        args=["-conf", "/etc/coredns/Corefile"],
        ports=container_ports("dns:53/udp dns-tcp:53 metrics:9153"),
        mounts={"config-volume": "/etc/coredns"},
        cpu="100m",
        memory="170Mi",
        probe=probe,
    )
    items = [{"key": "Corefile", "path": "Corefile"}, {"key": "NodeHosts", "path": "NodeHosts"}]
    volume = {"name": "config-volume", "configMap": {"name": "coredns", "items": items, "defaultMode": 420}}
    spec = pod_spec([main], account="coredns", volumes=[volume], priority_class="system-cluster-critical")
    spec["dnsPolicy"] = "Default"
    labels = {"k8s-app": "kube-dns", "kubernetes.io/name": "CoreDNS"}
    deployment(world, "kube-system", "coredns", template({"k8s-app": "kube-dns"}, spec), {"k8s-app": "kube-dns"},
               nodes=["shed"], age=141 * DAY, pod_age=23 * DAY, labels=labels | _marks("coredns"),
               annotations=_owned("coredns"), manager=OWNER)  # fmt: skip
    service(
        world,
        "kube-system",
        "kube-dns",
        "dns:53=dns/udp dns-tcp:53=dns-tcp metrics:9153=metrics",
        {"k8s-app": "kube-dns"},
        cluster_ip="10.43.0.10",
        labels={
            "k8s-app": "kube-dns",
            "kubernetes.io/cluster-service": "true",
            "kubernetes.io/name": "CoreDNS",
            **_marks("coredns"),
        },
        annotations={**_owned("coredns"), "prometheus.io/port": "9153", "prometheus.io/scrape": "true"},
        age=141 * DAY,
        manager=OWNER,
    )


def _simple(world: World, name: str, image: str, ports: str, node: str, addon: str, args: list[str]) -> None:
    key = "k8s-app" if name == "metrics-server" else "app"
    own: Mapping[str, str] = {key: name}
    account(world, "kube-system", f"{name}-service-account" if "path" in name else name, 141 * DAY)
    main = container(name, image, args=args, ports=container_ports(ports) or None, cpu="100m", memory="70Mi")
    spec = pod_spec([main], account=f"{name}-service-account" if "path" in name else name,
                    priority_class="system-node-critical")  # fmt: skip
    deployment(world, "kube-system", name, template(own, spec), own, nodes=[node], age=141 * DAY, pod_age=23 * DAY,
               labels=dict(own) | _marks(addon), annotations=_owned(addon), manager=OWNER)  # fmt: skip
