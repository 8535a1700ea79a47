"""Services with their EndpointSlices.

Ports are written as in `kubectl create service`: `"http:80=8096 dns:53=53/udp"` is name, port, target and protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pointsman.tui.demo.scenario.fields import USER
from pointsman.tui.demo.scenario.world import DAY, Obj, World, selects, stamp

POOL_ANNOTATION = "metallb.io/ip-allocated-from-pool"


def service_ports(text: str) -> list[Obj]:
    """`"name:port=target/protocol"`, target and protocol being optional; a target may be a container port's name."""
    out = []
    for word in text.split():
        name, _, rest = word.partition(":")
        rest, _, protocol = rest.partition("/")
        number, _, target = rest.partition("=")
        port: Obj = {"name": name, "protocol": (protocol or "tcp").upper(), "port": int(number)}
        port["targetPort"] = int(target) if target.isdigit() else target or int(number)
        out.append(port)
    return out


def service(
    world: World,
    namespace: str,
    name: str,
    ports: str,
    selector: Mapping[str, str] | None,
    *,
    ip: str = "",
    local: bool = False,
    headless: bool = False,
    cluster_ip: str = "",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    age: float = 90 * DAY,
    manager: str = USER,
    status: Obj | None = None,
    pending: bool = False,
) -> Obj:
    """A ClusterIP service, or a LoadBalancer one that holds `ip` (or, `pending`, none); `local` keeps the client's address.

    Call it after the pods it selects: the EndpointSlice is made from them.
    """
    balancer = bool(ip) or pending
    items = service_ports(ports)
    address = "None" if headless else cluster_ip or world.cluster_ip()
    spec: Obj = {"ports": items}
    if selector is not None:
        spec["selector"] = dict(selector)
    spec |= {
        "clusterIP": address,
        "clusterIPs": [address],
        "type": "LoadBalancer" if balancer else "ClusterIP",
        "sessionAffinity": "None",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "internalTrafficPolicy": "Cluster",
    }
    if balancer:
        for one in items:
            one["nodePort"] = world.node_port()
        spec |= {"allocateLoadBalancerNodePorts": True, "externalTrafficPolicy": "Local" if local else "Cluster"}
        if local:
            spec["healthCheckNodePort"] = world.node_port()
    if status is None:
        status = {"loadBalancer": {"ingress": [{"ip": ip, "ipMode": "VIP"}]} if ip else {}}
    made = world.add(
        "v1",
        "Service",
        name,
        {"spec": spec, "status": status},
        namespace=namespace,
        age=age,
        labels=labels or selector,
        annotations=annotations,
        generation=None,
        manager=manager,
        status_manager="cilium-operator-lb-ipam" if world.variant == "cilium" else "controller",
    )
    if selector is not None:
        slice_for(world, made)
    return made


def slice_for(world: World, owner: Obj) -> Obj:
    """The EndpointSlice of a service with a selector, from the pods that are there."""
    meta = owner["metadata"]
    labels = dict(meta.get("labels") or {})
    if owner["spec"]["clusterIP"] == "None":
        labels["service.kubernetes.io/headless"] = ""
    labels |= {
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        "kubernetes.io/service-name": meta["name"],
    }
    pods = [
        pod
        for pod in world.find("Pod", meta["namespace"])
        if selects({"matchLabels": owner["spec"]["selector"]}, pod["metadata"].get("labels", {}))
    ]
    name = f"{meta['name']}-{world.suffix(5, 'endpoints', meta['namespace'], meta['name'])}"
    changed = max((pod["status"]["startTime"] for pod in pods), default=stamp(world.now))
    made = world.add(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        name,
        slice_body(owner, pods),
        namespace=meta["namespace"],
        age=89 * DAY,
        labels=labels,
        annotations={"endpoints.kubernetes.io/last-change-trigger-time": changed},
        owner=owner,
        manager="k3s",
    )
    made["metadata"]["generateName"] = meta["name"] + "-"
    return made


def slice_body(owner: Obj, pods: list[Obj]) -> Obj:
    """`addressType`, `endpoints` and `ports` of a service's slice for these pods, in the order of their names."""
    return {
        "addressType": "IPv4",
        "endpoints": [endpoint(pod) for pod in sorted(pods, key=lambda p: p["metadata"]["name"]) if _counts(pod)],
        "ports": [_slice_port(port, pods) for port in owner["spec"].get("ports") or ()],
    }


def _counts(pod: Obj) -> bool:
    return pod["status"].get("phase") in ("Running", "Pending") and bool(pod["status"].get("podIP"))


def endpoint(pod: Obj) -> Obj:
    meta, status = pod["metadata"], pod["status"]
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", []))
    leaving = "deletionTimestamp" in meta
    return {
        "addresses": [status["podIP"]],
        "conditions": {"ready": ready and not leaving, "serving": ready, "terminating": leaving},
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": {"kind": "Pod", "name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"]},
    }


def _slice_port(port: Obj, pods: list[Obj]) -> Obj:
    target: Any = port.get("targetPort", port["port"])
    if isinstance(target, str):
        named = (
            p for pod in pods for c in pod["spec"]["containers"] for p in c.get("ports", []) if p.get("name") == target
        )
        target = next(named, {"containerPort": port["port"]})["containerPort"]
    return {"name": port.get("name", ""), "port": target, "protocol": port.get("protocol", "TCP")}
