"""Hand-made clusters for tests: documents in, a store or a snapshot out.

A kind of the core API without a document is LIVE and empty, as on a cluster; a kind of a CRD without one is ABSENT, unless
``serves`` names it. ``states`` sets other link states by kind id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import KINDS, Kind, kinds_of
from pointsman.tui.model.meta import dig_str
from pointsman.tui.model.times import rfc3339
from pointsman.tui.store.history import Observation
from pointsman.tui.store.snapshot import Cluster, Snapshot, State
from pointsman.tui.store.store import Store

NOW = 1_800_000_000.0
"""2027-01-15T08:00:00Z, the time of every hand-made picture."""

Doc = dict[str, Any]


def ago(seconds: float) -> str:
    """RFC 3339, this many seconds before NOW."""
    return rfc3339(NOW - seconds)


def docs(text: str) -> list[Doc]:
    """The documents of a YAML text."""
    return [doc for doc in yaml.safe_load_all(text) if doc]


def _kind_of(doc: Doc) -> Kind[Any]:
    group = doc["apiVersion"].rpartition("/")[0]
    found = list(kinds_of(group, doc["kind"]))
    if not found:
        raise AssertionError(f"no kind {doc['kind']} in group {group or 'core'}")
    if doc["kind"] == "Secret":
        helm = dig_str(doc, "metadata", "labels", "owner") == "helm"
        return next(kind for kind in found if bool(kind.label_selector) == helm)
    return found[0]


def make_store(
    *parts: str | Doc | Iterable[Doc],
    serves: Iterable[str] = (),
    states: Mapping[str, State] | None = None,
    cluster: Cluster | None = None,
    now: float = NOW,
    observed: Iterable[Observation] = (),
) -> Store:
    """A store with these documents, each part YAML text, one document or several."""
    clock = [now]
    store = Store(clock=lambda: clock[0])
    store.set_cluster(cluster or Cluster("test", "https://127.0.0.1:6443", "uid-1", "v1.35.2+k3s1"))
    store.set_link("kube", State.LIVE)
    by_kind: dict[str, list[Any]] = {}
    for part in parts:
        found = docs(part) if isinstance(part, str) else [part] if isinstance(part, dict) else list(part)
        for doc in found:
            kind = _kind_of(doc)
            meta = doc.setdefault("metadata", {})
            # A resource version as a server gives it: another one for another content.
            meta.setdefault("resourceVersion", str(int(hashlib.sha256(repr(doc).encode()).hexdigest()[:8], 16)))
            by_kind.setdefault(kind.id, []).append(from_doc(doc, kind))
    served = set(serves)
    for kind in KINDS.values():
        state = (states or {}).get(kind.id)
        if state is None:
            state = State.LIVE if kind.core or kind.id in by_kind or kind.id in served else State.ABSENT
        if kind.id in by_kind:
            store.replace(kind, by_kind[kind.id])
        store.set_kind_link(kind, state)
    store.observe(observed)
    return store


def make_snapshot(*parts: str | Doc | Iterable[Doc], **options: Any) -> Snapshot:
    return make_store(*parts, **options).snapshot()


# -- objects that nearly every test needs ---------------------------------------------------------------------------------
def node(
    name: str,
    ip: str,
    *,
    version: str = "v1.35.2+k3s1",
    ready: str = "True",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    conditions: Iterable[Doc] = (),
    server: bool = False,
    os_image: str = "Debian GNU/Linux 13 (trixie)",
) -> Doc:
    roles = {"node-role.kubernetes.io/control-plane": "true"} if server else {}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {"kubernetes.io/hostname": name, **roles, **(labels or {})},
            "annotations": dict(annotations or {}),
        },
        "spec": {},
        "status": {
            "addresses": [{"type": "InternalIP", "address": ip}, {"type": "Hostname", "address": name}],
            "nodeInfo": {"kubeletVersion": version, "osImage": os_image},
            "conditions": [
                {"type": "Ready", "status": ready, "lastTransitionTime": ago(86400), "reason": "KubeletReady"},
                *conditions,
            ],
        },
    }


def daemonset(
    name: str,
    namespace: str,
    image: str,
    labels: Mapping[str, str],
    *,
    ready: int = 3,
    wanted: int = 3,
    args: Iterable[str] = (),
    env: Mapping[str, str] | None = None,
    container: str = "",
    annotations: Mapping[str, str] | None = None,
    own_labels: Mapping[str, str] | None = None,
) -> Doc:
    doc = _workload("DaemonSet", name, namespace, image, labels, args, env, container, annotations, own_labels)
    doc["status"] = {
        "observedGeneration": 1,
        "desiredNumberScheduled": wanted,
        "currentNumberScheduled": wanted,
        "numberReady": ready,
        "numberAvailable": ready,
    }
    return doc


def deployment(
    name: str,
    namespace: str,
    image: str,
    labels: Mapping[str, str],
    *,
    ready: int = 1,
    wanted: int = 1,
    args: Iterable[str] = (),
    annotations: Mapping[str, str] | None = None,
    own_labels: Mapping[str, str] | None = None,
) -> Doc:
    doc = _workload("Deployment", name, namespace, image, labels, args, None, "", annotations, own_labels)
    doc["spec"]["replicas"] = wanted
    doc["status"] = {"observedGeneration": 1, "replicas": wanted, "readyReplicas": ready, "availableReplicas": ready}
    return doc


def _workload(
    kind: str,
    name: str,
    namespace: str,
    image: str,
    labels: Mapping[str, str],
    args: Iterable[str],
    env: Mapping[str, str] | None,
    container: str,
    annotations: Mapping[str, str] | None,
    own_labels: Mapping[str, str] | None,
) -> Doc:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": dict(labels if own_labels is None else own_labels),
            "annotations": dict(annotations or {}),
        },
        "spec": {
            "selector": {"matchLabels": dict(labels)},
            "template": {
                "metadata": {"labels": dict(labels)},
                "spec": {
                    "containers": [
                        {
                            "name": container or name,
                            "image": image,
                            "args": list(args),
                            "env": [{"name": key, "value": value} for key, value in (env or {}).items()],
                        }
                    ]
                },
            },
        },
    }


def pod(
    name: str,
    namespace: str,
    node_name: str,
    *,
    ip: str = "",
    labels: Mapping[str, str] | None = None,
    ready: bool = True,
    phase: str = "Running",
    since: float = 86400,
    image: str = "example/app:1",
) -> Doc:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(labels or {})},
        "spec": {"nodeName": node_name, "containers": [{"name": "main", "image": image}]},
        "status": {
            "phase": phase,
            "podIP": ip,
            "podIPs": [{"ip": ip}] if ip else [],
            "conditions": [{"type": "Ready", "status": str(ready), "lastTransitionTime": ago(since)}],
        },
    }


def service(
    name: str,
    namespace: str,
    *,
    ips: Iterable[str] = (),
    ports: Iterable[tuple[int, str]] = ((443, "TCP"),),
    annotations: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    spec: Mapping[str, Any] | None = None,
    conditions: Iterable[Doc] = (),
    type: str = "LoadBalancer",
) -> Doc:
    given = [{"ip": ip} for ip in ips]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": dict(labels or {}),
            "annotations": dict(annotations or {}),
        },
        "spec": {
            "type": type,
            "selector": {"app": name},
            "ports": [
                {"port": port, "protocol": protocol, "name": f"p{port}{protocol.lower()}"} for port, protocol in ports
            ],
            **(spec or {}),
        },
        "status": {"loadBalancer": {"ingress": given} if given else {}, "conditions": list(conditions)},
    }


def endpoints(service_name: str, namespace: str, nodes: Iterable[str], *, ready: bool | None = True) -> Doc:
    """An EndpointSlice with one endpoint on each node."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{service_name}-x",
            "namespace": namespace,
            "labels": {"kubernetes.io/service-name": service_name},
        },
        "addressType": "IPv4",
        "endpoints": [
            {
                "addresses": [f"10.42.{index}.9"],
                "conditions": {} if ready is None else {"ready": ready},
                "nodeName": node_name,
                "targetRef": {"kind": "Pod", "namespace": namespace, "name": f"{service_name}-{index}"},
            }
            for index, node_name in enumerate(nodes)
        ],
        "ports": [{"name": "main", "port": 8080, "protocol": "TCP"}],
    }


def event(
    reason: str,
    message: str,
    about: tuple[str, str, str],
    *,
    seconds_ago: float = 60,
    writer: str = "metallb-speaker",
    type: str = "Normal",
    count: int = 1,
) -> Doc:
    """``about`` is API kind, namespace and name of the object the event is on."""
    kind, namespace, name = about
    digest = hashlib.sha256(f"{reason}{message}{about}{seconds_ago}".encode()).hexdigest()[:12]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{name}.{digest}", "namespace": namespace or "default"},
        "involvedObject": {"kind": kind, "namespace": namespace, "name": name},
        "type": type,
        "reason": reason,
        "message": message,
        "count": count,
        "firstTimestamp": ago(seconds_ago),
        "lastTimestamp": ago(seconds_ago),
        "reportingComponent": writer,
    }


# -- whole stacks ---------------------------------------------------------------------------------------------------------
NODES = ("shed", "loft", "closet")


def k3s_nodes(*args: str, flannel: str = "vxlan") -> list[Doc]:
    """Three k3s nodes, ``shed`` the server with these flags; ``flannel`` is the annotated backend, empty for none."""
    import json

    notes = {"flannel.alpha.coreos.com/backend-type": flannel} if flannel else {}
    return [
        node(
            name,
            f"192.168.7.{11 + index}",
            server=index == 0,
            annotations={
                **notes,
                "k3s.io/node-args": json.dumps(["server", *args] if index == 0 else ["agent"]),
            },
        )
        for index, name in enumerate(NODES)
    ]


def metallb(*, speakers: Iterable[str] = NODES, ready: int | None = None, controller: bool = True) -> list[Doc]:
    """MetalLB as its manifests install it: speaker pods on the nodes, the controller."""
    names = list(speakers)
    found = [
        daemonset(
            "speaker", "metallb-system", "quay.io/metallb/speaker:v0.16.1", {"app": "metallb", "component": "speaker"},
            ready=len(names) if ready is None else ready, wanted=3,
        )
    ]  # fmt: skip
    if controller:
        found.append(
            deployment(
                "controller", "metallb-system", "quay.io/metallb/controller:v0.16.1",
                {"app": "metallb", "component": "controller"},
            )
        )  # fmt: skip
    found += [
        pod(f"speaker-{name}", "metallb-system", name, labels={"app": "metallb", "component": "speaker"})
        for name in names
    ]
    return found


def metallb_pool(name: str, *addresses: str, **spec: Any) -> Doc:
    status = spec.pop("status", {})
    return {
        "apiVersion": "metallb.io/v1beta1",
        "kind": "IPAddressPool",
        "metadata": {"name": name, "namespace": "metallb-system", "labels": spec.pop("labels", {})},
        "spec": {"addresses": list(addresses), **spec},
        "status": status,
    }


def l2_advertisement(name: str = "lan", *pools: str, **spec: Any) -> Doc:
    return {
        "apiVersion": "metallb.io/v1beta1",
        "kind": "L2Advertisement",
        "metadata": {"name": name, "namespace": "metallb-system"},
        "spec": {"ipAddressPools": list(pools), **spec},
    }


def l2_status(service_path: str, node_name: str, *, since: float = 7200, suffix: str = "abcde") -> Doc:
    namespace, name = service_path.split("/")
    return {
        "apiVersion": "metallb.io/v1beta1",
        "kind": "ServiceL2Status",
        "metadata": {
            "name": f"l2-{suffix}",
            "namespace": "metallb-system",
            "creationTimestamp": ago(since),
            "labels": {
                "metallb.io/node": node_name,
                "metallb.io/service-name": name,
                "metallb.io/service-namespace": namespace,
            },
        },
        "status": {"node": node_name, "serviceName": name, "serviceNamespace": namespace},
    }


CILIUM_CONFIG = {
    "kube-proxy-replacement": "true",
    "enable-l2-announcements": "true",
    "enable-hubble": "true",
    "routing-mode": "tunnel",
    "tunnel-protocol": "vxlan",
    "ipam": "cluster-pool",
}


def cilium(config: Mapping[str, str] | None = None, *, ready: int = 3, namespace: str = "kube-system") -> list[Doc]:
    """Cilium's agent, operator and configuration."""
    helm = {"meta.helm.sh/release-name": "cilium", "meta.helm.sh/release-namespace": namespace}
    return [
        daemonset(
            "cilium", namespace, "quay.io/cilium/cilium:v1.20.2@sha256:0123", {"k8s-app": "cilium"}, ready=ready,
            container="cilium-agent", annotations=helm,
        ),
        deployment(
            "cilium-operator", namespace, "quay.io/cilium/operator-generic:v1.20.2", {"io.cilium/app": "operator"},
            annotations=helm,
        ),
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "cilium-config", "namespace": namespace},
            "data": {**CILIUM_CONFIG, **(config or {})},
        },
    ]  # fmt: skip


def cilium_pool(name: str, *blocks: Mapping[str, str], conditions: Iterable[Doc] = (), **spec: Any) -> Doc:
    return {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumLoadBalancerIPPool",
        "metadata": {"name": name},
        "spec": {"blocks": [dict(block) for block in blocks], **spec},
        "status": {"conditions": list(conditions)},
    }


def l2_policy(name: str = "lan", **spec: Any) -> Doc:
    return {
        "apiVersion": "cilium.io/v2alpha1",
        "kind": "CiliumL2AnnouncementPolicy",
        "metadata": {"name": name},
        "spec": {"loadBalancerIPs": True, **spec},
    }


def l2_lease(service_path: str, holder: str, *, since: float = 7200, renewed: float = 2, transitions: int = 1) -> Doc:
    namespace, name = service_path.split("/")
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": f"cilium-l2announce-{namespace}-{name}", "namespace": "kube-system"},
        "spec": {
            "holderIdentity": holder,
            "leaseDurationSeconds": 15,
            "acquireTime": ago(since),
            "renewTime": ago(renewed),
            "leaseTransitions": transitions,
        },
    }


def traefik(*, namespace: str = "kube-system", args: Iterable[str] = ()) -> list[Doc]:
    """Traefik as k3s packages it, with its IngressClass and its Service's selector."""
    labels = {"app.kubernetes.io/name": "traefik", "app.kubernetes.io/instance": "traefik-kube-system"}
    defaults = [
        "--entryPoints.web.address=:8000/tcp",
        "--entryPoints.websecure.address=:8443/tcp",
        "--entryPoints.traefik.address=:8080/tcp",
        "--entryPoints.websecure.http.tls=true",
        "--providers.kubernetescrd",
        "--providers.kubernetesingress",
    ]
    return [
        deployment(
            "traefik", namespace, "rancher/mirrored-library-traefik:3.7.8", labels, args=[*defaults, *args],
            annotations={"meta.helm.sh/release-name": "traefik", "meta.helm.sh/release-namespace": namespace},
        ),
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": {
                "name": "traefik",
                "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"},
            },
            "spec": {"controller": "traefik.io/ingress-controller"},
        },
    ]  # fmt: skip


def traefik_service(ip: str, **options: Any) -> Doc:
    doc = service(
        "traefik", "kube-system", ips=[ip], ports=[(80, "TCP"), (443, "TCP")],
        spec={"selector": {"app.kubernetes.io/name": "traefik"}}, **options,
    )  # fmt: skip
    doc["spec"]["ports"] = [
        {"name": "web", "port": 80, "protocol": "TCP", "targetPort": "web"},
        {"name": "websecure", "port": 443, "protocol": "TCP", "targetPort": "websecure"},
    ]
    return doc
