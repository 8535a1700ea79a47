"""What Cilium's agents and operator write for each pod: endpoints and identities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pointsman.tui.demo.scenario.pods import NODE_IP
from pointsman.tui.demo.scenario.world import DAY, Obj, World, digest, selects

NS = "kube-system"


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
    labels = {f"k8s:{key}": value for key, value in (meta.get("labels") or {}).items() if key not in skip}
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
        {"name": port["name"], "port": port["containerPort"], "protocol": port.get("protocol", "TCP")}
        for one in pod["spec"]["containers"]
        for port in one.get("ports") or ()
        if "name" in port
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
    namespace, labels = pod["metadata"]["namespace"], pod["metadata"].get("labels") or {}
    ingress = egress = False
    for policy in network:
        if policy["metadata"]["namespace"] != namespace:
            continue
        spec = policy["spec"]
        if selects(spec.get("podSelector") or {}, labels):
            types = spec.get("policyTypes") or ("Ingress",)
            ingress |= "Ingress" in types
            egress |= "Egress" in types
    for policy in cilium:
        if policy["metadata"].get("namespace") == namespace and selects(policy["spec"]["endpointSelector"], labels):
            ingress |= bool(policy["spec"].get("ingress"))
            egress |= bool(policy["spec"].get("egress"))
    return ingress, egress
