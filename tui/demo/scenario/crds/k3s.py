"""helm.cattle.io and k3s.cattle.io, which every k3s server brings along."""

from __future__ import annotations

from pointsman.tui.demo.scenario.crds import CONDITIONS, Crd

HELM_CATTLE = (
    Crd(
        "HelmChart",
        "helmcharts",
        spec={
            "targetNamespace": "str",
            "createNamespace": "bool",
            "chart": "str",
            "version": "str",
            "repo": "str",
            "repoCA": "str",
            "repoCAConfigMap": "any",
            "set": {"*": "intstr"},
            "valuesContent": "str",
            "valuesSecrets": ["any"],
            "helmVersion": "str",
            "bootstrap": "bool",
            "takeOwnership": "bool",
            "chartContent": "str",
            "jobImage": "str",
            "backOffLimit": "int32",
            "timeout": "str",
            "failurePolicy": "abort|reinstall",
            "authSecret": "any",
            "authPassCredentials": "bool",
            "insecureSkipTLSVerify": "bool",
            "plainHTTP": "bool",
            "dockerRegistrySecret": "any",
            "podSecurityContext": "any",
            "securityContext": "any",
        },
        status={"jobName": "str", "conditions": CONDITIONS},
        versions=("v1",),
        columns=(
            "Repo~string~.spec.repo",
            "Chart~string~.spec.chart",
            "Version~string~.spec.version",
            "TargetNamespace~string~.spec.targetNamespace",
            "Bootstrap~string~.spec.bootstrap",
            'Failed~string~.status.conditions[?(@.type=="Failed")].status',
        ),
    ),
    Crd(
        "HelmChartConfig",
        "helmchartconfigs",
        spec={"valuesContent": "str", "valuesSecrets": ["any"], "failurePolicy": "abort|reinstall"},
        versions=("v1",),
        subresource=False,
    ),
)

K3S = (
    Crd(
        "Addon",
        "addons",
        spec={"source": "str", "checksum": "str"},
        status={"gvks": ["any"]},
        versions=("v1",),
        subresource=False,
        columns=("Source~string~.spec.source", "Checksum~string~.spec.checksum"),
    ),
    Crd(
        "ETCDSnapshotFile",
        "etcdsnapshotfiles",
        spec="any",
        status="any",
        cluster=True,
        versions=("v1",),
        columns=(
            "SnapshotName~string~.spec.snapshotName",
            "Node~string~.spec.nodeName",
            "Location~string~.spec.location",
            "Size~string~.status.size",
            "CreationTime~date~.status.creationTime",
        ),
    ),
)
