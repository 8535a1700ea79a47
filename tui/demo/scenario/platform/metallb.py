"""MetalLB 0.16, installed with its Helm chart: layer 2 only, native BGP mode left unused."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from collections.abc import Iterable, Sequence

from pointsman.tui.demo.scenario.apps import account, namespace
from pointsman.tui.demo.scenario.crds import add_crds
from pointsman.tui.demo.scenario.crds.metallb import METALLB
from pointsman.tui.demo.scenario.events import TTL, make_event, put, restart
from pointsman.tui.demo.scenario.helm import helm_marks, release
from pointsman.tui.demo.scenario.pods import NODES, container, container_ports, pod_spec, template
from pointsman.tui.demo.scenario.services import POOL_ANNOTATION, service
from pointsman.tui.demo.scenario.workloads import daemon_set, deployment
from pointsman.tui.demo.scenario.world import DAY, MINUTE, Obj, World, parse, stamp

VERSION = "0.16.1"
NS = "metallb-system"
LAN = "192.168.7.100-192.168.7.250"
GUESTS = "192.168.7.60-192.168.7.69"
RESTARTED = 47 * MINUTE  # closet's speaker started again that long ago and took its addresses back
SELECT = {"app.kubernetes.io/name": "metallb", "app.kubernetes.io/instance": "metallb"}


def elect(nodes: Iterable[str], ip: str) -> list[str]:
    """The nodes in the order in which they would announce `ip`.

    MetalLB's speakers sort the candidates by the SHA-256 of `node#ip` (its first address) and take the lowest; no
    state, so a node that comes back takes its addresses back.
    """
    return sorted(nodes, key=lambda node: hashlib.sha256(f"{node}#{ip}".encode()).digest())


def add_metallb(
    world: World,
    pools: Sequence[tuple[str, str, bool]],
    advertised: Sequence[tuple[str, Sequence[str]]],
    *,
    speakers: Sequence[str] = NODES,
    age: float = 100 * DAY,
    node_selector: dict[str, str] | None = None,
) -> None:
    """`pools` are (name, range, autoAssign), `advertised` are (L2Advertisement, pools; none means all)."""
    labels, marks = helm_marks("metallb", NS)
    labels = {**SELECT, **labels, "app.kubernetes.io/version": f"v{VERSION}", "helm.sh/chart": f"metallb-{VERSION}"}
    level = {f"pod-security.kubernetes.io/{mode}": "privileged" for mode in ("audit", "enforce", "warn")}
    namespace(world, NS, age, labels=level)
    add_crds(world, "metallb.io", METALLB, age=age, labels=labels, annotations=marks)
    values: Obj = {"speaker": {"frr": {"enabled": False}}, "frrk8s": {"enabled": False}}
    if node_selector:
        values["speaker"]["nodeSelector"] = node_selector
    release(world, NS, "metallb", "metallb", VERSION, f"v{VERSION}", values, age=age)
    for name in ("metallb-controller", "metallb-speaker"):
        account(world, NS, name, age, {**labels, "app.kubernetes.io/component": name.split("-")[1]})
    _secrets(world, age)
    _controller(world, labels, marks, age)
    _speakers(world, labels, marks, age, speakers, node_selector)
    for name, addresses, auto in pools:
        world.add(
            "metallb.io/v1beta1",
            "IPAddressPool",
            name,
            {"spec": {"addresses": [addresses], "autoAssign": auto, "avoidBuggyIPs": False}},
            namespace=NS,
            age=age,
            status_manager="controller",
        )
    for name, wanted in advertised:
        spec = {"ipAddressPools": list(wanted)} if wanted else {}
        world.add("metallb.io/v1beta1", "L2Advertisement", name, {"spec": spec}, namespace=NS, age=age)
    _states(world, speakers, age)


def _secrets(world: World, age: float) -> None:
    key = base64.b64encode(base64.b64encode(hashlib.sha256(world.cluster_uid.encode()).digest() * 4)).decode()
    world.add("v1", "Secret", "metallb-memberlist", {"data": {"secretkey": key}, "type": "Opaque"}, namespace=NS,
              age=age, generation=None, manager="controller")  # fmt: skip
    text = "announcedInterfacesToExclude: [^docker.*, ^cbr.*, ^dummy.*, ^virbr.*, ^lxcbr.*, ^veth.*, ^lo$, ^cali.*, "
    text += "^tunl.*, ^flannel.*, ^kube-ipvs.*, ^cni.*, ^nodelocaldns.*, ^lxc.*]\n"
    world.add("v1", "ConfigMap", "metallb-excludel2", {"data": {"excludel2.yaml": text}}, namespace=NS, age=age,
              generation=None, manager="helm")  # fmt: skip


def _controller(world: World, labels: dict[str, str], marks: dict[str, str], age: float) -> None:
    own = {**SELECT, "app.kubernetes.io/component": "controller"}
    main = container(
        "controller",
        f"quay.io/metallb/controller:v{VERSION}",
        args=["--port=9120", "--health-probe-port=17472", "--log-level=info"],
        env=[
            {"name": "METALLB_POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
            {"name": "METALLB_ML_SECRET_NAME", "value": "metallb-memberlist"},
            {"name": "METALLB_DEPLOYMENT", "value": "metallb-controller"},
        ],
        ports=container_ports("metricshttps:9120 webhook-server:9443"),
        probe={"httpGet": {"path": "/readyz", "port": 17472, "scheme": "HTTP"}},
        security={"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
    )
    spec = pod_spec([main], account="metallb-controller", node_selector={"kubernetes.io/os": "linux"}, grace=0)
    deployment(world, NS, "metallb-controller", template(own, spec), own, nodes=["loft"], age=age, pod_age=min(9 * DAY, age),
               labels={**labels, **own}, annotations=marks, manager="helm")  # fmt: skip
    service(world, NS, "metallb-webhook-service", "https:443=9443", own, labels=labels, annotations=marks, age=age,
            manager="helm")  # fmt: skip


def _speakers(
    world: World,
    labels: dict[str, str],
    marks: dict[str, str],
    age: float,
    speakers: Sequence[str],
    node_selector: dict[str, str] | None,
) -> None:
    own = {**SELECT, "app.kubernetes.io/component": "speaker"}
    fields = {
        "METALLB_NODE_NAME": "spec.nodeName",
        "METALLB_HOST": "status.hostIP",
        "METALLB_ML_BIND_ADDR": "status.podIP",
    }
    env: list[Obj] = [
        {"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}}
        for name, path in fields.items()
    ]
    main = container(
        "speaker",
        f"quay.io/metallb/speaker:v{VERSION}",
        args=["--port=9120", "--health-probe-port=17472", "--log-level=info"],
        env=[
            *env,
            {
                "name": "METALLB_ML_LABELS",
                "value": "app.kubernetes.io/name=metallb,app.kubernetes.io/component=speaker",
            },
            {"name": "METALLB_ML_BIND_PORT", "value": "7946"},
            {"name": "METALLB_ML_SECRET_KEY_PATH", "value": "/etc/ml_secret_key"},
        ],
        ports=container_ports("metricshttps:9120 memberlist-tcp:7946 memberlist-udp:7946/udp"),
        mounts={"memberlist": "/etc/ml_secret_key", "metallb-excludel2": "/etc/metallb"},
        probe={"httpGet": {"path": "/readyz", "port": 17472, "scheme": "HTTP"}},
        security={
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"], "add": ["NET_RAW"]},
        },
    )
    for port in main["ports"]:
        port["hostPort"] = port["containerPort"]
    volumes: list[Obj] = [
        {"name": "memberlist", "secret": {"secretName": "metallb-memberlist", "defaultMode": 420}},
        {"name": "metallb-excludel2", "configMap": {"name": "metallb-excludel2", "defaultMode": 256}},
    ]
    where = {"kubernetes.io/os": "linux", **(node_selector or {})}
    spec = pod_spec([main], account="metallb-speaker", volumes=volumes, host_network=True, node_selector=where, grace=0)
    spec["dnsPolicy"] = "ClusterFirst"
    spec["tolerations"] = [
        {"key": f"node-role.kubernetes.io/{role}", "effect": "NoSchedule", "operator": "Exists"}
        for role in ("master", "control-plane")
    ]
    daemon_set(world, NS, "metallb-speaker", template(own, spec), own, nodes=speakers, age=age, pod_age=min(9 * DAY, age),
               labels={**labels, **own}, annotations=marks, manager="helm")  # fmt: skip


def _states(world: World, speakers: Sequence[str], age: float) -> None:
    done = {"status": "True", "reason": "Reconciled", "message": "", "lastTransitionTime": stamp(world.ago(9 * DAY))}
    status = {"result": "Valid", "conditions": [{"type": "configReconcilerValid", **done}]}
    both = {"result": "Valid", "conditions": [{"type": "poolReconcilerValid", **done}]}
    world.add("metallb.io/v1beta1", "ConfigurationState", "controller", {"status": both}, namespace=NS, age=age,
              labels={"metallb.io/component-type": "controller"}, manager="controller",
              status_manager="controller")  # fmt: skip
    for node in speakers:
        labels = {"metallb.io/component-type": "speaker", "metallb.io/node-name": node}
        world.add("metallb.io/v1beta1", "ConfigurationState", f"speaker-{node}", {"status": status}, namespace=NS,
                  age=age, labels=labels, manager="speaker", status_manager="speaker")  # fmt: skip


def announce(world: World, advertised_pools: Iterable[str], speakers: Sequence[str] = NODES) -> None:
    """A ServiceL2Status for every service whose pool is advertised, at the node that wins the election."""
    pools = set(advertised_pools)
    if "closet" in speakers:
        restart(world, speaker(world, "closet"), RESTARTED + 2)
    for svc in list(world.find("Service")):
        note = svc["metadata"].get("annotations", {})
        ingress = svc.get("status", {}).get("loadBalancer", {}).get("ingress", [])
        if not ingress or note.get(POOL_ANNOTATION) not in pools:
            continue
        order = elect(candidates(world, svc, speakers), ingress[0]["ip"])
        if order:
            meta = svc["metadata"]
            node = order[0]
            since = RESTARTED if node == "closet" else _up(world, node) * (0.4 + world.jitter(0.5, "announced", node))
            l2_status(world, meta["namespace"], meta["name"], node, since)
            text = f'announcing from node "{node}" with protocol "layer2"'
            if since < TTL:
                put(world, make_event(svc, "nodeAssigned", text, "metallb-speaker", world.ago(since), node=node))


def _up(world: World, node: str) -> float:
    """Seconds since the speaker of a node started."""
    return (world.now - parse(speaker(world, node)["status"]["startTime"])).total_seconds()


def speaker(world: World, node: str) -> Obj:
    return next(
        pod
        for pod in world.find("Pod", NS)
        if pod["spec"]["nodeName"] == node and pod["metadata"]["labels"]["app.kubernetes.io/component"] == "speaker"
    )


def candidates(world: World, svc: Obj, speakers: Sequence[str]) -> list[str]:
    """Nodes that may announce a service: any with a speaker, or with `Local` only those with a ready endpoint."""
    if svc["spec"].get("externalTrafficPolicy") != "Local":
        return list(speakers)
    meta = svc["metadata"]
    with_endpoint = {
        point["nodeName"]
        for piece in world.find("EndpointSlice", meta["namespace"])
        if piece["metadata"]["labels"]["kubernetes.io/service-name"] == meta["name"]
        for point in piece["endpoints"]
        if point["conditions"]["ready"]
    }
    return [node for node in speakers if node in with_endpoint]


def l2_status(world: World, svc_namespace: str, svc_name: str, node: str, age: float) -> Obj:
    labels = {
        "metallb.io/node": node,
        "metallb.io/service-name": svc_name,
        "metallb.io/service-namespace": svc_namespace,
    }
    status = {"node": node, "serviceName": svc_name, "serviceNamespace": svc_namespace}
    made = world.add(
        "metallb.io/v1beta1",
        "ServiceL2Status",
        f"l2-{world.suffix(5, 'l2', svc_namespace, svc_name)}",
        {"spec": {}, "status": status},
        namespace=NS,
        age=age + world.jitter(MINUTE, svc_name),
        labels=labels,
        owner=speaker(world, node),
        controller=False,
        manager="speaker",
        status_manager="speaker",
    )
    made["metadata"]["generateName"] = "l2-"
    return made


def count_pools(world: World) -> None:
    """Fill in each pool's counts of assigned and free addresses, once all services are known."""
    for pool in world.find("IPAddressPool"):
        name, span = pool["metadata"]["name"], pool["spec"]["addresses"][0]
        used = {
            item["ip"]
            for svc in world.find("Service")
            if svc["metadata"].get("annotations", {}).get(POOL_ANNOTATION) == name
            for item in svc["status"].get("loadBalancer", {}).get("ingress", [])
        }
        pool["status"] = pool_status(span_size(span), len(used))


def pool_status(size: int, used: int) -> Obj:
    return {"assignedIPv4": used, "assignedIPv6": 0, "availableIPv4": size - used, "availableIPv6": 0}


def span_size(text: str) -> int:
    """How many addresses a range `a-b` or a prefix holds."""
    first, last = span_ends(text)
    return last - first + 1


def span_ends(text: str) -> tuple[int, int]:
    if "-" in text:
        low, high = (int(ipaddress.IPv4Address(part.strip())) for part in text.split("-"))
        return low, high
    net = ipaddress.IPv4Network(text, strict=False)
    return int(net.network_address), int(net.broadcast_address)
