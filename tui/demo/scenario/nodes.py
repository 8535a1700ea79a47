"""The three machines: `shed` runs the k3s server, `loft` and `closet` are agents."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pointsman.tui.demo.scenario.pods import NODE_IP
from pointsman.tui.demo.scenario.world import DAY, Obj, World, digest, micro, stamp

K3S = "v1.35.6+k3s1"


@dataclass(frozen=True)
class Machine:
    name: str
    os: str
    kernel: str
    arch: str
    cpu: int
    memory_ki: int
    disk_ki: int
    interface: str
    mac: str  # from the block reserved for documentation, 00-00-5E-00-53


MACHINES = (
    Machine("shed", "Debian GNU/Linux 13 (trixie)", "6.12.57+deb13-amd64", "amd64", 8, 32657408, 478615552, "enp1s0",
            "00:00:5e:00:53:11"),
    Machine("loft", "Ubuntu 24.04.3 LTS", "6.8.0-88-generic", "amd64", 4, 16281600, 239307776, "eno1",
            "00:00:5e:00:53:12"),
    Machine("closet", "Debian GNU/Linux 13 (trixie)", "6.12.57+deb13-arm64", "arm64", 4, 8123392, 119653888, "eth0",
            "00:00:5e:00:53:13"),
)  # fmt: skip

SERVER_FLAGS: dict[str, list[str]] = {
    "classic": ["--disable", "servicelb"],
    "cilium": [
        "--disable", "servicelb", "--flannel-backend", "none", "--disable-network-policy", "--disable-kube-proxy",
    ],
    "broken": ["--disable", "servicelb", "--disable-network-policy", "--disable-kube-proxy"],
}  # fmt: skip


def add_nodes(world: World) -> None:
    for index, machine in enumerate(MACHINES):
        _node(world, index, machine)
    for machine in MACHINES:
        node = world.get("Node", "", machine.name)
        renewed = world.ago(1 + world.jitter(8, "node-lease", machine.name))
        spec = {"holderIdentity": machine.name, "leaseDurationSeconds": 40, "renewTime": micro(renewed)}
        lease = world.add(
            "coordination.k8s.io/v1",
            "Lease",
            machine.name,
            {"spec": spec},
            namespace="kube-node-lease",
            generation=None,
            manager="k3s",
        )
        own = {"apiVersion": "v1", "kind": "Node", "name": machine.name, "uid": node["metadata"]["uid"]}
        lease["metadata"]["ownerReferences"] = [own]


def _node(world: World, index: int, machine: Machine) -> Obj:
    server = machine.name == "shed"
    cidr = f"10.42.{index}.0/24"
    labels = {
        "beta.kubernetes.io/arch": machine.arch,
        "beta.kubernetes.io/instance-type": "k3s",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": machine.arch,
        "kubernetes.io/hostname": machine.name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "k3s",
    }
    if server:
        labels["node-role.kubernetes.io/control-plane"] = "true"
    if machine.name == "closet":
        labels["home.example/zigbee"] = "true"
    joined = [] if server else ["--server", "https://192.168.7.11:6443", "--token", "********"]
    args = ["server", *SERVER_FLAGS[world.variant]] if server else ["agent", *joined]
    annotations = {
        "alpha.kubernetes.io/provided-node-ip": NODE_IP[machine.name],
        "k3s.io/hostname": machine.name,
        "k3s.io/internal-ip": NODE_IP[machine.name],
        "k3s.io/node-args": json.dumps(args, separators=(",", ":")),
        "k3s.io/node-config-hash": f"{digest('config', machine.name):032X}"[:52] + "====",
        "k3s.io/node-env": "{}",
        "node.alpha.kubernetes.io/ttl": "0",
        "volumes.kubernetes.io/controller-managed-attach-detach": "true",
    }
    if world.variant != "cilium":
        vtep = f"02:00:5e:00:53:{index + 0x21:02x}"
        annotations |= {
            "flannel.alpha.coreos.com/backend-data": json.dumps({"VNI": 1, "VtepMAC": vtep}, separators=(",", ":")),
            "flannel.alpha.coreos.com/backend-type": "vxlan",
            "flannel.alpha.coreos.com/kube-subnet-manager": "true",
            "flannel.alpha.coreos.com/public-ip": NODE_IP[machine.name],
        }
    node = world.add(
        "v1",
        "Node",
        machine.name,
        {
            "spec": {"podCIDR": cidr, "podCIDRs": [cidr], "providerID": f"k3s://{machine.name}"},
            "status": _status(world, machine),
        },
        age=(141 if server else 140) * DAY,
        labels=labels,
        annotations=annotations,
        generation=None,
        manager="k3s",
    )
    node["metadata"]["finalizers"] = ["wrangler.cattle.io/node"]
    return node


def _status(world: World, machine: Machine) -> Obj:
    boot = stamp(world.ago(23 * DAY + world.jitter(DAY, "boot", machine.name)))
    beat = stamp(world.ago(60 + world.jitter(200, "beat", machine.name)))
    network = "CiliumIsUp" if world.variant == "cilium" else "FlannelIsUp"
    text = "Cilium is running on this node" if world.variant == "cilium" else "Flannel is running on this node"
    conditions = [
        ("NetworkUnavailable", "False", network, text),
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ]
    amounts = {
        "cpu": str(machine.cpu),
        "ephemeral-storage": f"{machine.disk_ki}Ki",
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
        "memory": f"{machine.memory_ki}Ki",
        "pods": "110",
    }
    free = {**amounts, "ephemeral-storage": str(machine.disk_ki * 1024 * 95 // 100)}
    return {
        "addresses": [
            {"type": "InternalIP", "address": NODE_IP[machine.name]},
            {"type": "Hostname", "address": machine.name},
        ],
        "allocatable": free,
        "capacity": amounts,
        "conditions": [
            {
                "type": kind,
                "status": status,
                "lastHeartbeatTime": boot if kind == "NetworkUnavailable" else beat,
                "lastTransitionTime": boot,
                "reason": reason,
                "message": message,
            }
            for kind, status, reason, message in conditions
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "images": [],
        "nodeInfo": {
            "architecture": machine.arch,
            "bootID": world.uid("boot", "", machine.name),
            "containerRuntimeVersion": "containerd://2.1.5-k3s1",
            "kernelVersion": machine.kernel,
            "kubeProxyVersion": "",
            "kubeletVersion": K3S,
            "machineID": world.uid("machine", "", machine.name).replace("-", ""),
            "operatingSystem": "linux",
            "osImage": machine.os,
            "swap": {"capacity": 0},
            "systemUUID": world.uid("system", "", machine.name),
        },
        "runtimeHandlers": [
            {"name": "", "features": {"recursiveReadOnlyMounts": True, "userNamespaces": True}},
            {"name": "runc", "features": {"recursiveReadOnlyMounts": True, "userNamespaces": True}},
        ],
    }


def list_images(world: World) -> None:
    """Fill in what each node has pulled, once all pods are known."""
    for node in world.find("Node"):
        name = node["metadata"]["name"]
        images = {
            c["image"]
            for pod in world.find("Pod")
            if pod["spec"].get("nodeName") == name
            for c in pod["spec"]["containers"] + pod["spec"].get("initContainers", [])
        }
        node["status"]["images"] = [
            {
                "names": [
                    f"{image.rsplit(':', 1)[0]}@sha256:{digest('image', image):032x}{digest('image', image):032x}",
                    image,
                ],
                "sizeBytes": 8_000_000 + digest("size", image) % 300_000_000,
            }
            for image in sorted(images)
        ]
