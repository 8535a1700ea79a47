"""Who owns an object, by the strongest sign on it."""

from __future__ import annotations

from typing import Any

import pytest
import scenarios
import worlds

from pointsman.tui.answers.owners import owner_of, top_of
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import DEPLOYMENTS, PODS, SERVICES

HELM = {"meta.helm.sh/release-name": "traefik", "meta.helm.sh/release-namespace": "kube-system"}
CHART = {
    "apiVersion": "helm.cattle.io/v1",
    "kind": "HelmChart",
    "metadata": {"name": "traefik", "namespace": "kube-system"},
}
GVK = "objectset.rio.cattle.io/owner-gvk"


def kind_of(meta: dict[str, Any], *others: Any) -> tuple[str, str, bool | None]:
    doc = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "kube-system", **meta}}
    found = owner_of(from_doc(doc, SERVICES), worlds.make_snapshot(*others))
    return found.kind, found.name, found.reverts


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({}, ("unknown", "", None)),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}, "annotations": HELM}, ("gitops", "apps", True)),
        ({"labels": {"helm.toolkit.fluxcd.io/name": "apps"}}, ("gitops", "apps", True)),
        ({"annotations": {"argocd.argoproj.io/tracking-id": "lab:/Service:ns/s"}}, ("gitops", "lab", True)),
        ({"annotations": {GVK: "k3s.cattle.io/v1, Kind=Addon", "objectset.rio.cattle.io/owner-name": "dns"}},
         ("addon", "dns", True)),
        ({"annotations": {GVK: "helm.cattle.io/v1, Kind=HelmChart", "objectset.rio.cattle.io/owner-name": "t"}},
         ("helmchart", "t", True)),
        ({"annotations": HELM}, ("helm", "traefik", False)),
        ({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, ("helm", "", False)),
        ({"labels": {"svccontroller.k3s.cattle.io/svcname": "x"}}, ("builtin", "k3s", True)),
        ({"managedFields": [{"manager": "kubeadm", "operation": "Update"}]}, ("builtin", "kubeadm", None)),
        ({"managedFields": [{"manager": "deploy@shed", "operation": "Apply"}]}, ("addon", "", True)),
        ({"managedFields": [{"manager": "kubectl-client-side-apply", "operation": "Update"}]},
         ("manifest", "kubectl-client-side-apply", False)),
        ({"managedFields": [{"manager": "k3s", "operation": "Update"}]}, ("unknown", "", None)),
        ({"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}, ("manifest", "kubectl", False)),
        ({"ownerReferences": [{"kind": "Installation", "name": "default", "uid": "u", "controller": True}]},
         ("operator", "default", True)),
        ({"ownerReferences": [{"kind": "ReplicaSet", "name": "gone", "uid": "u", "controller": True}]},
         ("unknown", "gone", None)),
    ],
)  # fmt: skip
def test_signs(meta: dict[str, Any], expected: tuple[str, str, bool | None]) -> None:
    assert kind_of(meta) == expected


def test_a_release_that_a_helmchart_made() -> None:
    assert kind_of({"annotations": HELM}, CHART)[0] == "helmchart"
    elsewhere = {**CHART, "spec": {"targetNamespace": "other"}}
    assert kind_of({"annotations": HELM}, elsewhere)[0] == "helm"


def test_a_pod_belongs_to_whom_its_deployment_belongs() -> None:
    def owned(kind: str, name: str, by: tuple[str, str]) -> dict[str, Any]:
        return {"apiVersion": "apps/v1" if kind != "Pod" else "v1", "kind": kind,
                "metadata": {"name": name, "namespace": "x",
                             "ownerReferences": [{"kind": by[0], "name": by[1], "uid": "u", "controller": True}]}}  # fmt: skip

    deployment = worlds.deployment("web", "x", "nginx:1", {"app": "web"}, annotations=HELM)
    pod = owned("Pod", "web-1-a", ("ReplicaSet", "web-1"))
    snapshot = worlds.make_snapshot(deployment, pod, owned("ReplicaSet", "web-1", ("Deployment", "web")))
    found = snapshot.get(PODS, "x", "web-1-a")
    assert found is not None
    assert owner_of(found, snapshot).kind == "helm"
    assert top_of(found, snapshot).title == "Deployment x/web"


def test_owners_in_a_circle_end() -> None:
    loop = worlds.deployment("a", "x", "nginx:1", {"a": "b"})
    loop["metadata"]["ownerReferences"] = [{"kind": "Deployment", "name": "a", "uid": "u", "controller": True}]
    snapshot = worlds.make_snapshot(loop)
    found = snapshot.get(DEPLOYMENTS, "x", "a")
    assert found is not None
    assert owner_of(found, snapshot).kind == "unknown"
    assert top_of(found, snapshot).name == "a"


def test_the_demo_names_the_owner_of_every_component() -> None:
    snapshot = scenarios.store_of("classic").snapshot()
    traefik = snapshot.get(DEPLOYMENTS, "kube-system", "traefik")
    assert traefik is not None
    assert owner_of(traefik, snapshot).text == "HelmChart kube-system/traefik"
