"""Cilium 1.20, installed with its Helm chart: agents, operator, Envoy, Hubble, and what they write into the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pointsman.tui.demo.scenario.apps import account
from pointsman.tui.demo.scenario.crds import add_crds
from pointsman.tui.demo.scenario.crds.cilium import CILIUM
from pointsman.tui.demo.scenario.exposed import Exposed, expose
from pointsman.tui.demo.scenario.helm import helm_marks, release
from pointsman.tui.demo.scenario.platform import metallb
from pointsman.tui.demo.scenario.platform.traefik import grant
from pointsman.tui.demo.scenario.pods import NODE_IP, NODES, container, container_ports, pod_spec, template
from pointsman.tui.demo.scenario.services import service
from pointsman.tui.demo.scenario.workloads import daemon_set, deployment
from pointsman.tui.demo.scenario.world import DAY, Obj, World, digest, micro, selects, stamp

VERSION = "1.20.2"
ENVOY = "v1.36.4"
NS = "kube-system"
AGE = 96 * DAY
LEASE_PREFIX = "cilium-l2announce-"

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
SPEAKERS = ("shed", "loft")
GUEST_SERVICES = (
    Exposed("web", "site-guests", "192.168.7.240", "http:80=http", "site", pool="guests", days=2),
    Exposed("media", "jellyfin-guests", "192.168.7.241", "http:8096=http", "jellyfin", pool="guests", days=2),
)

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


def _hubble(world: World, labels: dict[str, str], marks: dict[str, str]) -> None:
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


# -- addresses --------------------------------------------------------------------------------------------------------


def add_load_balancer(world: World, pools: Sequence[tuple[str, str]]) -> None:
    """Pools, one announcement policy for the whole LAN, and a lease for each service that has an address."""
    for name, span in pools:
        lb_pool(world, name, span)
    l2_policy(world, "lan", {"matchExpressions": [{"key": "home.example/silent", "operator": "DoesNotExist"}]})
    order = ("shed", "loft", "closet")
    for svc in balanced(world):
        meta = svc["metadata"]
        node = order[_turn(svc) % 3]
        l2_lease(world, meta["namespace"], meta["name"], node, since=5 * DAY + world.jitter(9 * DAY, meta["name"]),
                 duration=30, period=10)  # fmt: skip


def _turn(svc: Obj) -> int:
    """Who came first to the lease; the same for services that share an address, else two nodes would answer for it."""
    return digest(svc["status"]["loadBalancer"]["ingress"][0]["ip"], "first come")


def balanced(world: World) -> list[Obj]:
    """Services that hold an address."""
    return [svc for svc in world.find("Service") if svc.get("status", {}).get("loadBalancer", {}).get("ingress")]


def lb_pool(world: World, name: str, span: str) -> Obj:
    first, last = span.split("-")
    spec: Obj = {"blocks": [{"start": first, "stop": last}], "disabled": False}
    if name != "lan":
        spec["serviceSelector"] = {"matchLabels": {"home.example/pool": name}}
    return world.add("cilium.io/v2", "CiliumLoadBalancerIPPool", name, {"spec": spec}, age=90 * DAY,
                     status_manager="cilium-operator-lb-ipam")  # fmt: skip


def l2_policy(world: World, name: str, services: Obj | None, nodes: Obj | None = None) -> Obj:
    spec: Obj = {"loadBalancerIPs": True, "interfaces": ["^enp[0-9]+s[0-9]+$", "^eno[0-9]+$", "^eth[0-9]+$"]}
    if services:
        spec["serviceSelector"] = services
    if nodes:
        spec["nodeSelector"] = nodes
    return world.add("cilium.io/v2alpha1", "CiliumL2AnnouncementPolicy", name, {"spec": spec}, age=90 * DAY)


def l2_lease(
    world: World,
    namespace: str,
    name: str,
    node: str,
    *,
    since: float,
    duration: int,
    period: float,
    transitions: int = 1,
    renewed: float | None = None,
) -> Obj:
    """The lease by which the agents agree who announces a service; `renewed` seconds ago, by default within a period."""
    if renewed is None:
        renewed = world.jitter(period, "lease", namespace, name)
    spec = {
        "holderIdentity": node,
        "leaseDurationSeconds": duration,
        "acquireTime": micro(world.ago(since)),
        "renewTime": micro(world.ago(renewed)),
        "leaseTransitions": transitions,
    }
    return world.add("coordination.k8s.io/v1", "Lease", f"{LEASE_PREFIX}{namespace}-{name}", {"spec": spec},
                     namespace=NS, age=60 * DAY, generation=None, manager="cilium-agent")  # fmt: skip


def count_pools(world: World) -> None:
    """Each pool's conditions: the numbers are in the messages."""
    for pool in world.find("CiliumLoadBalancerIPPool"):
        block = pool["spec"]["blocks"][0]
        select = pool["spec"].get("serviceSelector")
        used = {
            item["ip"]
            for svc in balanced(world)
            if (select is None or selects(select, svc["metadata"].get("labels", {})))
            for item in svc["status"]["loadBalancer"]["ingress"]
        }
        pool["status"] = {"conditions": pool_conditions(metallb.span_size(f"{block['start']}-{block['stop']}"), len(used),
                                                        stamp(world.ago(28 * DAY)))}  # fmt: skip


def pool_conditions(size: int, used: int, at: str) -> list[Obj]:
    numbers = {"IPsTotal": size, "IPsAvailable": size - used, "IPsUsed": used}
    out: list[Obj] = [{"type": "cilium.io/PoolConflict", "status": "False", "lastTransitionTime": at, "reason": "resolved",
            "message": ""}]  # fmt: skip
    out.extend(
        {"type": f"cilium.io/{name}", "status": "Unknown", "lastTransitionTime": at, "reason": "noreason",
         "message": str(number)}
        for name, number in numbers.items()
    )  # fmt: skip
    return out


def add_half_way(world: World) -> None:
    """Addresses come from MetalLB, but only `guests` is advertised by it; Cilium still announces all that is in `lan`.

    MetalLB's speakers run where a label lets them, on two of the three nodes. Cilium's LB-IPAM is off and its pool a
    leftover; its announcement policies are not.
    """
    where = {"home.example/metallb": "ready"}
    for name in SPEAKERS:
        world.get("Node", "", name)["metadata"]["labels"] |= where
    pools = [("lan", "192.168.7.100-192.168.7.239", True), ("guests", "192.168.7.240-192.168.7.244", False)]
    metallb.add_metallb(world, pools, [("guests", ["guests"])], speakers=SPEAKERS, age=2 * DAY, node_selector=where)
    for one in GUEST_SERVICES:
        expose(world, one)
    metallb.announce(world, ["guests"], SPEAKERS)
    pool = lb_pool(world, "lan", metallb.LAN)
    pool["status"] = {"conditions": pool_conditions(151, 9, stamp(world.ago(28 * DAY)))}
    absent = [{"key": f"home.example/{key}", "operator": "DoesNotExist"} for key in ("announce", "pool")]
    l2_policy(world, "lan", {"matchExpressions": absent})
    for svc in balanced(world):
        meta = svc["metadata"]
        if "home.example/pool" not in meta["labels"]:
            node = SPEAKERS[_turn(svc) % 2]
            since = 2 * DAY + world.jitter(DAY, meta["name"])
            l2_lease(world, meta["namespace"], meta["name"], node, since=since, duration=15, period=5, transitions=3)


# -- endpoints and identities -----------------------------------------------------------------------------------------


def add_endpoints(world: World) -> None:
    """A CiliumEndpoint for every pod on the pod network, and the identities their labels make."""
    for pod in list(world.find("Pod")):
        if pod["spec"].get("hostNetwork") or pod["status"]["phase"] != "Running":
            continue
        identity = add_identity(world, pod)
        body = endpoint_body(pod, identity, _directions(world, pod))
        meta = pod["metadata"]
        made = world.add("cilium.io/v2", "CiliumEndpoint", meta["name"], body, namespace=meta["namespace"],
                         labels=meta["labels"], owner=pod, controller=False, manager="cilium-agent")  # fmt: skip
        made["metadata"]["creationTimestamp"] = meta["creationTimestamp"]


def security_labels(pod: Obj) -> dict[str, str]:
    """The labels that make a pod's identity: its own, less those that differ from pod to pod, and its namespace's."""
    meta = pod["metadata"]
    skip = ("pod-template-hash", "controller-revision-hash", "statefulset.kubernetes.io/pod-name",
            "apps.kubernetes.io/pod-index", "pod-template-generation")  # fmt: skip
    labels = {f"k8s:{key}": value for key, value in meta["labels"].items() if key not in skip}
    namespace = meta["namespace"]
    return labels | {
        "k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name": namespace,
        "k8s:io.cilium.k8s.policy.cluster": "default",
        "k8s:io.cilium.k8s.policy.serviceaccount": pod["spec"]["serviceAccountName"],
        "k8s:io.kubernetes.pod.namespace": namespace,
    }


def identity_of(labels: Mapping[str, str]) -> int:
    """A stable number in the range of cluster-wide identities."""
    return 1000 + digest(*sorted(labels.items())) % 64000


def add_identity(world: World, pod: Obj) -> int:
    labels = security_labels(pod)
    number = identity_of(labels)
    if ("CiliumIdentity", "", str(number)) not in world.objects:
        marks = {key.removeprefix("k8s:"): value for key, value in labels.items()}
        world.add("cilium.io/v2", "CiliumIdentity", str(number), {"security-labels": labels}, age=41 * DAY,
                  labels={"io.kubernetes.pod.namespace": marks["io.kubernetes.pod.namespace"]},
                  manager="cilium-operator-generic")  # fmt: skip
    return number


def endpoint_body(pod: Obj, identity: int, enforcing: tuple[bool, bool]) -> Obj:
    """What a CiliumEndpoint holds besides its metadata; `enforcing` is for ingress and for egress."""
    meta, status = pod["metadata"], pod["status"]
    labels = [f"{key}={value}" for key, value in sorted(security_labels(pod).items())]
    named = [
        {"name": port["name"], "port": port["containerPort"], "protocol": port["protocol"]}
        for one in pod["spec"]["containers"]
        for port in one.get("ports", [])
    ]
    state = {True: "enforcing", False: "non-enforcing"}
    body: Obj = {
        "status": {
            "encryption": {},
            "external-identifiers": {
                "cni-attachment-id": f"{digest(meta['uid'], 'cni'):032x}{digest(meta['uid']):032x}:eth0",
                "container-id": f"{digest(meta['uid'], 'cni'):032x}{digest(meta['uid']):032x}",
                "k8s-namespace": meta["namespace"],
                "k8s-pod-name": meta["name"],
                "pod-name": f"{meta['namespace']}/{meta['name']}",
            },
            "id": 10 + digest(meta["uid"], "endpoint") % 4000,
            "identity": {"id": identity, "labels": labels},
            "named-ports": named,
            "networking": {"addressing": [{"ipv4": status["podIP"]}], "node": NODE_IP[pod["spec"]["nodeName"]]},
            "policy": {
                side: {"enforcing": on, "state": state[on]}
                for side, on in zip(("ingress", "egress"), enforcing, strict=True)
            },
            "service-account": pod["spec"]["serviceAccountName"],
            "state": "ready",
        }
    }
    if not named:
        del body["status"]["named-ports"]
    return body


def _directions(world: World, pod: Obj) -> tuple[bool, bool]:
    return enforced(pod, world.find("NetworkPolicy"), [*world.find("CiliumNetworkPolicy")])


def enforced(pod: Obj, network: Iterable[Obj], cilium: Iterable[Obj]) -> tuple[bool, bool]:
    """Whether any policy puts the pod under default-deny, for ingress and for egress."""
    namespace, labels = pod["metadata"]["namespace"], pod["metadata"]["labels"]
    ingress = egress = False
    for policy in network:
        if policy["metadata"]["namespace"] != namespace:
            continue
        spec = policy["spec"]
        select = spec["podSelector"]
        if not select or selects(select, labels):
            ingress |= "Ingress" in spec["policyTypes"]
            egress |= "Egress" in spec["policyTypes"]
    for policy in cilium:
        if policy["metadata"].get("namespace") == namespace and selects(policy["spec"]["endpointSelector"], labels):
            ingress |= bool(policy["spec"].get("ingress"))
            egress |= bool(policy["spec"].get("egress"))
    return ingress, egress
