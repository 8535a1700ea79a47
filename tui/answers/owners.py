"""Who owns an object, and so who will take a change back.

Signs, strongest first: GitOps labels and annotations (Flux, Argo CD), k3s' HelmChart and Addon (``objectset.rio.cattle.io``
annotations, or a Helm release that a HelmChart object made), Helm's own annotations, the controller in
``ownerReferences``, and at last the field managers. A label alone is a claim; ``unknown`` is an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.model.kinds import (
    CRONJOBS,
    DAEMONSETS,
    DEPLOYMENTS,
    HELM_RELEASES,
    HELMCHARTS,
    JOBS,
    REPLICASETS,
    STATEFULSETS,
    Kind,
)
from pointsman.tui.model.meta import Meta, Obj, OwnerReference, dig_str
from pointsman.tui.store.snapshot import Snapshot

FLUX = {
    "kustomize.toolkit.fluxcd.io/name": "Flux Kustomization",
    "helm.toolkit.fluxcd.io/name": "Flux HelmRelease",
}
ARGO_ID = "argocd.argoproj.io/tracking-id"
ARGO_INSTANCE = "argocd.argoproj.io/instance"
OBJECTSET = "objectset.rio.cattle.io/"
HELM_NAME = "meta.helm.sh/release-name"
HELM_NAMESPACE = "meta.helm.sh/release-namespace"
MANAGED_BY = "app.kubernetes.io/managed-by"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
SERVICELB = "svccontroller.k3s.cattle.io/"
ADDON_MANAGER = "addonmanager.kubernetes.io/mode"

WORKLOADS: dict[str, Kind[Any]] = {
    kind.kind: kind for kind in (REPLICASETS, DEPLOYMENTS, DAEMONSETS, STATEFULSETS, JOBS, CRONJOBS)
}
DISTRIBUTION_MANAGERS = {"kubeadm": "kubeadm", "k0s": "k0s"}
"""Field managers that are the distribution itself. Not k3s: its one binary also holds the controllers that write the
status of everybody's Deployments, so its name says nothing."""
GITOPS_MANAGERS = {
    "argocd-controller": "Argo CD",
    "argocd-application-controller": "Argo CD",
    "kustomize-controller": "Flux",
}
MANIFEST_MANAGERS = ("kubectl", "kustomize", "pointsman")
MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Owner:
    """``kind`` is helm, helmchart, addon, gitops, operator, manifest, builtin or unknown.

    ``text`` says it in a few words (``Helm release traefik``); ``reverts`` whether that owner undoes a manual change by
    itself (None: nobody can tell); ``object`` is the owning object where it is one of the kinds the program reads.
    """

    kind: str
    name: str
    text: str
    reverts: bool | None
    object: Ref | None = None


UNKNOWN = Owner("unknown", "", "nothing on it says who owns it", None)


def owner_of(obj: Obj[Any], snapshot: Snapshot) -> Owner:
    """The owner of an object; for a pod that of its Deployment, DaemonSet or StatefulSet."""
    seen = 0
    while seen < MAX_DEPTH:
        found = _labelled(obj.meta, snapshot)
        if found is not None:
            return found
        above = obj.meta.controller
        if above is None:
            return _by_manager(obj.meta)
        parent = _parent(above, obj.namespace, snapshot)
        if parent is None:
            if above.kind in WORKLOADS:
                return Owner("unknown", above.name, f"{above.kind} {above.name}, which cannot be read", None)
            return Owner("operator", above.name, f"the operator of {above.kind} {above.name}", True)
        obj = parent
        seen += 1
    return UNKNOWN


def _parent(above: OwnerReference, namespace: str, snapshot: Snapshot) -> Obj[Any] | None:
    kind = WORKLOADS.get(above.kind)
    return snapshot.get(kind, namespace, above.name) if kind else None


def top_of(obj: Obj[Any], snapshot: Snapshot) -> Ref:
    """The workload at the head of the chain of controllers (Pod → ReplicaSet → Deployment), or the object itself."""
    for _ in range(MAX_DEPTH):
        above = obj.meta.controller
        parent = _parent(above, obj.namespace, snapshot) if above else None
        if parent is None:
            break
        obj = parent
    return ref(obj)


def _labelled(meta: Meta, snapshot: Snapshot) -> Owner | None:
    labels, notes = meta.labels, meta.annotations
    for key, title in FLUX.items():
        if name := labels.get(key):
            return Owner("gitops", name, f"{title} {name}", True)
    if tracking := notes.get(ARGO_ID):
        name = tracking.split(":", 1)[0]
        return Owner("gitops", name, f"Argo CD application {name}", True)
    if name := labels.get(ARGO_INSTANCE):
        return Owner("gitops", name, f"Argo CD application {name}", True)
    gvk = notes.get(f"{OBJECTSET}owner-gvk", "")
    if gvk:
        name = notes.get(f"{OBJECTSET}owner-name", "")
        namespace = notes.get(f"{OBJECTSET}owner-namespace", "")
        if gvk.endswith("Kind=HelmChart"):
            return Owner("helmchart", name, f"HelmChart {namespace}/{name}", True, Ref("helmcharts", namespace, name))
        if gvk.endswith("Kind=Addon"):
            return Owner("addon", name, f"k3s add-on {name}", True, Ref("addons", namespace, name))
        title = gvk.rpartition("Kind=")[2]
        return Owner("operator", name, f"{title} {name}", True)
    release = notes.get(HELM_NAME, "")
    if release:
        namespace = notes.get(HELM_NAMESPACE, "") or meta.namespace
        chart = _helm_chart(release, namespace, snapshot)
        if chart is not None:
            return Owner("helmchart", chart.name, f"HelmChart {chart.path}", True, ref(chart))
        return _helm(release, namespace, snapshot)
    if labels.get(MANAGED_BY) == "Helm":
        name = labels.get("app.kubernetes.io/instance", "")
        return _helm(name, meta.namespace, snapshot)
    if any(key.startswith(SERVICELB) for key in labels):
        return Owner("builtin", "k3s", "k3s' ServiceLB", True)
    if labels.get(ADDON_MANAGER):
        return Owner("addon", "", "the add-on manager", labels[ADDON_MANAGER] == "Reconcile")
    return None


def _helm_chart(release: str, namespace: str, snapshot: Snapshot) -> Obj[Any] | None:
    """The k3s HelmChart whose release this is: same name, and its target namespace (or its own) is the release's."""
    for chart in snapshot.all(HELMCHARTS):
        target = dig_str(chart.body.spec, "targetNamespace") or chart.namespace
        if chart.name == release and target == namespace:
            return chart
    return None


def _helm(release: str, namespace: str, snapshot: Snapshot) -> Owner:
    newest = 0
    for secret in snapshot.all(HELM_RELEASES):
        labels = secret.meta.labels
        if labels.get("name") == release and secret.namespace == namespace:
            version = labels.get("version", "")
            newest = max(newest, int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0)
    text = f"Helm release {release}" if release else "Helm"
    if newest:
        text += f", revision {newest}"
    return Owner("helm", release, text, False)


def _by_manager(meta: Meta) -> Owner:
    managers = [field.manager for field in meta.managed_fields if field.operation and field.manager]
    for manager in managers:
        if manager in DISTRIBUTION_MANAGERS:
            return Owner("builtin", manager, f"part of {DISTRIBUTION_MANAGERS[manager]}", None)
        if manager in GITOPS_MANAGERS:
            return Owner("gitops", "", GITOPS_MANAGERS[manager], True)
        if manager.startswith("deploy@"):
            return Owner("addon", "", "k3s' manifests folder", True)
        if manager == "helm":
            return Owner("helm", "", "Helm", False)
    if LAST_APPLIED in meta.annotations:
        return Owner("manifest", "kubectl", "applied with kubectl", False)
    for manager in managers:
        if manager.startswith(MANIFEST_MANAGERS):
            return Owner("manifest", manager, f"written by {manager}", False)
    return UNKNOWN
