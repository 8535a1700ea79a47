"""Claims and the local-path volumes behind them."""

from __future__ import annotations

from collections.abc import Mapping

from pointsman.tui.demo.scenario.world import Obj, World


def with_claims(template: Obj, claims: Mapping[str, str]) -> Obj:
    """The template with a volume for each bound claim of a StatefulSet's pod."""
    volumes = [{"name": volume, "persistentVolumeClaim": {"claimName": name}} for volume, name in claims.items()]
    spec = {**template["spec"], "volumes": [*volumes, *template["spec"].get("volumes", [])]} if volumes else None
    return {**template, "spec": spec} if spec else template


def claim_template(volume: str, size: str) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": volume},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": size}},
            "storageClassName": "local-path",
            "volumeMode": "Filesystem",
        },
        "status": {"phase": "Pending"},
    }


def claim(
    world: World, namespace: str, name: str, size: str, node: str, age: float, labels: Mapping[str, str] | None = None
) -> None:
    """A bound PersistentVolumeClaim and its local-path volume on `node`."""
    capacity = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": size}, "phase": "Bound"}
    uid = world.uid("PersistentVolumeClaim", namespace, name)
    volume = f"pvc-{uid}"
    world.add(
        "v1",
        "PersistentVolumeClaim",
        name,
        {
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": size}},
                "volumeName": volume,
                "storageClassName": "local-path",
                "volumeMode": "Filesystem",
            },
            "status": capacity,
        },
        namespace=namespace,
        age=age,
        labels=labels,
        annotations={
            "pv.kubernetes.io/bind-completed": "yes",
            "pv.kubernetes.io/bound-by-controller": "yes",
            "volume.beta.kubernetes.io/storage-provisioner": "rancher.io/local-path",
            "volume.kubernetes.io/selected-node": node,
            "volume.kubernetes.io/storage-provisioner": "rancher.io/local-path",
        },
        generation=None,
        manager="k3s",
    )
    path = f"/var/lib/rancher/k3s/storage/{volume}_{namespace}_{name}"
    term = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    ref = {"kind": "PersistentVolumeClaim", "namespace": namespace, "name": name, "uid": uid, "apiVersion": "v1"}
    world.add(
        "v1",
        "PersistentVolume",
        volume,
        {
            "spec": {
                "capacity": {"storage": size},
                "hostPath": {"path": path, "type": "DirectoryOrCreate"},
                "accessModes": ["ReadWriteOnce"],
                "claimRef": ref,
                "persistentVolumeReclaimPolicy": "Delete",
                "storageClassName": "local-path",
                "volumeMode": "Filesystem",
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [term]}]}},
            },
            "status": {"phase": "Bound"},
        },
        age=age,
        annotations={"pv.kubernetes.io/provisioned-by": "rancher.io/local-path"},
        generation=None,
        manager="local-path-provisioner",
    )
