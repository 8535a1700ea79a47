"""EndpointSlices that follow services and pods, and what every new namespace gets."""

from __future__ import annotations

from pointsman.tui.demo.controllers.manager import KCM, Changes, Manager, Obj, phase
from pointsman.tui.demo.scenario.services import slice_body
from pointsman.tui.demo.scenario.world import owner_ref, selects

SLICES = "endpointslices.discovery.k8s.io"
TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"


class Endpoints:
    def __init__(self, manager: Manager) -> None:
        self._m = manager

    def reconcile(self, changes: Changes) -> None:
        causes = ("services", "pods", SLICES)
        for namespace in sorted({namespace for resource in causes for namespace, _ in changes.get(resource, ())}):
            for service in self._m.list("services", namespace):
                if service["spec"].get("selector") and "deletionTimestamp" not in service["metadata"]:
                    self._follow(service)

    def _follow(self, service: Obj) -> None:
        meta = service["metadata"]
        select = {"matchLabels": service["spec"]["selector"]}
        pods = [
            pod
            for pod in self._m.list("pods", meta["namespace"])
            if selects(select, pod["metadata"].get("labels") or {}) and phase(pod) == "Running"
        ]
        body = slice_body(service, pods)
        mine = [
            piece
            for piece in self._m.list(SLICES, meta["namespace"])
            if (piece["metadata"].get("labels") or {}).get("kubernetes.io/service-name") == meta["name"]
        ]
        if not mine:
            self._create(service, body)
            return
        piece = mine[0]
        if any(piece.get(key) != value for key, value in body.items()):

            def edit(live: Obj) -> None:
                live.update(body)
                live["metadata"].setdefault("annotations", {})[TRIGGER] = self._m.stamp()

            self._m.change(SLICES, piece, edit)

    def _create(self, service: Obj, body: Obj) -> None:
        meta = service["metadata"]
        labels = {
            **(meta.get("labels") or {}),
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            "kubernetes.io/service-name": meta["name"],
        }
        if service["spec"].get("clusterIP") == "None":
            labels["service.kubernetes.io/headless"] = ""
        made = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "generateName": f"{meta['name']}-",
                "namespace": meta["namespace"],
                "labels": labels,
                "annotations": {TRIGGER: self._m.stamp()},
                "ownerReferences": [owner_ref(service)],
            },
            **body,
        }
        self._m.storage.create(made, manager=KCM)


class Namespaces:
    """The default service account and the root certificate of a new namespace."""

    def __init__(self, manager: Manager) -> None:
        self._m = manager

    def reconcile(self, changes: Changes) -> None:
        for _, name in sorted(changes.get("namespaces", ())):
            found = self._m.peek("namespaces", "", name)
            if found is None or "deletionTimestamp" in found["metadata"]:
                continue
            if self._m.peek("serviceaccounts", name, "default") is None:
                account = {
                    "apiVersion": "v1",
                    "kind": "ServiceAccount",
                    "metadata": {"name": "default", "namespace": name},
                }
                self._m.storage.create(account, manager=KCM)
            if self._m.peek("configmaps", name, "kube-root-ca.crt") is None:
                root = {
                    "apiVersion": "v1",
                    "kind": "ConfigMap",
                    "metadata": {"name": "kube-root-ca.crt", "namespace": name},
                    "data": {"ca.crt": self._m.scenario.traits["ca.crt"]},
                }
                self._m.storage.create(root, manager=KCM)


class Ingresses:
    """Traefik writes the address of its own service into the Ingresses of its class."""

    def __init__(self, manager: Manager) -> None:
        self._m = manager

    def reconcile(self, changes: Changes) -> None:
        resource = "ingresses.networking.k8s.io"
        places = changes.get(resource)
        if not places:
            return
        front = self._m.peek("services", "kube-system", "traefik")
        items = ((front or {}).get("status") or {}).get("loadBalancer", {}).get("ingress") or []
        status = {"loadBalancer": {"ingress": [{"ip": item["ip"]} for item in items]}}
        for namespace, name in sorted(places):
            ingress = self._m.peek(resource, namespace, name)
            if ingress and items and ingress["spec"].get("ingressClassName", "traefik") == "traefik":
                self._m.set_status(resource, ingress, status, manager="traefik")
