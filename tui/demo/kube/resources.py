"""What the demo's API serves: a table of built-in resources, and those that CustomResourceDefinitions add.

`Resources` is the only place that knows group, version, plural, short names and subresources; discovery, OpenAPI,
routing and storage all ask it. A CRD object that is stored adds its resources, one that goes away removes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
READ_VERBS = ("get", "list", "watch")


@dataclass(frozen=True, slots=True, eq=False)
class ResourceInfo:
    """One served resource at one version. Compared and hashed by identity: a CRD that changes makes new ones.

    `subresources` maps a name (`status`, `scale`, `log`, ...) to the verbs it allows. `generation` says whether the
    kind counts spec changes. `schema` and `columns` are a CRD version's OpenAPI v3 schema and printer columns;
    built-in kinds have neither here.
    """

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    subresources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    generation: bool = False
    singular: str = ""
    list_kind: str = ""
    custom: bool = False
    schema: Mapping[str, Any] | None = None
    columns: tuple[Mapping[str, Any], ...] = ()
    scale_paths: Mapping[str, str] | None = None

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def key(self) -> tuple[str, str]:
        """`(group, plural)`: what storage files objects under, whatever the version."""
        return self.group, self.plural

    @property
    def qualified(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def has_status(self) -> bool:
        return "status" in self.subresources


_STATUS = ("get", "patch", "update")


def _builtin(
    group: str,
    version: str,
    kind: str,
    plural: str,
    *,
    short: str = "",
    cluster: bool = False,
    status: bool = False,
    scale: bool = False,
    generation: bool = False,
    categories: str = "",
    verbs: tuple[str, ...] = ALL_VERBS,
    more: Mapping[str, tuple[str, ...]] | None = None,
) -> ResourceInfo:
    subresources: dict[str, tuple[str, ...]] = dict(more or {})
    if status:
        subresources["status"] = _STATUS
    if scale:
        subresources["scale"] = _STATUS
    return ResourceInfo(
        group=group,
        version=version,
        kind=kind,
        plural=plural,
        namespaced=not cluster,
        short_names=tuple(short.split()),
        categories=tuple(categories.split()),
        verbs=verbs,
        subresources=subresources,
        generation=generation,
        singular=kind.lower(),
        list_kind=f"{kind}List",
    )


BUILTIN: tuple[ResourceInfo, ...] = (
    _builtin("", "v1", "ConfigMap", "configmaps", short="cm"),
    _builtin("", "v1", "Endpoints", "endpoints", short="ep"),
    _builtin("", "v1", "Event", "events", short="ev"),
    _builtin("", "v1", "LimitRange", "limitranges", short="limits"),
    _builtin(
        "", "v1", "Namespace", "namespaces", short="ns", cluster=True, status=True,
        verbs=("create", "delete", "get", "list", "patch", "update", "watch"), more={"finalize": ("update",)},
    ),
    _builtin("", "v1", "Node", "nodes", short="no", cluster=True, status=True),
    _builtin("", "v1", "PersistentVolume", "persistentvolumes", short="pv", cluster=True, status=True),
    _builtin("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", short="pvc", status=True),
    _builtin(
        "", "v1", "Pod", "pods", short="po", status=True, categories="all", generation=True,
        more={"log": ("get",), "portforward": ("create", "get"), "eviction": ("create",), "binding": ("create",),
              "exec": ("create", "get"), "attach": ("create", "get")},
    ),
    _builtin(
        "", "v1", "ReplicationController", "replicationcontrollers", short="rc", status=True, scale=True,
        categories="all", generation=True,
    ),
    _builtin("", "v1", "ResourceQuota", "resourcequotas", short="quota", status=True),
    _builtin("", "v1", "Secret", "secrets"),
    _builtin("", "v1", "Service", "services", short="svc", status=True, categories="all"),
    _builtin("", "v1", "ServiceAccount", "serviceaccounts", short="sa", more={"token": ("create",)}),
    _builtin(
        "admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations",
        cluster=True, categories="api-extensions", generation=True,
    ),
    _builtin(
        "admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations",
        cluster=True, categories="api-extensions", generation=True,
    ),
    _builtin(
        "admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies", cluster=True,
        status=True, categories="api-extensions", generation=True,
    ),
    _builtin(
        "admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings",
        cluster=True, categories="api-extensions", generation=True,
    ),
    _builtin(
        "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", short="crd crds",
        cluster=True, status=True, categories="api-extensions", generation=True,
    ),
    _builtin(
        "apiregistration.k8s.io", "v1", "APIService", "apiservices", cluster=True, status=True,
        categories="api-extensions",
    ),
    _builtin("apps", "v1", "ControllerRevision", "controllerrevisions"),
    _builtin("apps", "v1", "DaemonSet", "daemonsets", short="ds", status=True, categories="all", generation=True),
    _builtin(
        "apps", "v1", "Deployment", "deployments", short="deploy", status=True, scale=True, categories="all",
        generation=True,
    ),
    _builtin(
        "apps", "v1", "ReplicaSet", "replicasets", short="rs", status=True, scale=True, categories="all",
        generation=True,
    ),
    _builtin(
        "apps", "v1", "StatefulSet", "statefulsets", short="sts", status=True, scale=True, categories="all",
        generation=True,
    ),
    _builtin(
        "autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", short="hpa", status=True,
        categories="all",
    ),
    _builtin("batch", "v1", "CronJob", "cronjobs", short="cj", status=True, categories="all", generation=True),
    _builtin("batch", "v1", "Job", "jobs", status=True, categories="all", generation=True),
    _builtin("coordination.k8s.io", "v1", "Lease", "leases"),
    _builtin("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", generation=True),
    _builtin("networking.k8s.io", "v1", "Ingress", "ingresses", short="ing", status=True, generation=True),
    _builtin("networking.k8s.io", "v1", "IngressClass", "ingressclasses", cluster=True, generation=True),
    _builtin("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", short="netpol", generation=True),
    _builtin("node.k8s.io", "v1", "RuntimeClass", "runtimeclasses", cluster=True),
    _builtin("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", short="pdb", status=True, generation=True),
    _builtin("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", cluster=True),
    _builtin("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", cluster=True),
    _builtin("rbac.authorization.k8s.io", "v1", "Role", "roles"),
    _builtin("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"),
    _builtin("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", short="pc", cluster=True, generation=True),
    _builtin("storage.k8s.io", "v1", "StorageClass", "storageclasses", short="sc", cluster=True),
)  # fmt: skip

# Answered by `reviews.py`, never stored.
VIRTUAL: tuple[ResourceInfo, ...] = (
    _builtin(
        "authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews", cluster=True, verbs=("create",)
    ),
    _builtin(
        "authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", cluster=True,
        verbs=("create",),
    ),
    _builtin(
        "authorization.k8s.io", "v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews", cluster=True,
        verbs=("create",),
    ),
    _builtin(
        "authorization.k8s.io", "v1", "SubjectAccessReview", "subjectaccessreviews", cluster=True, verbs=("create",)
    ),
)  # fmt: skip

CRD_KEY = ("apiextensions.k8s.io", "customresourcedefinitions")


def version_rank(version: str) -> tuple[int, int, int]:
    """Sort key that puts v2 before v1 before v1beta2 before v1beta1 before v1alpha1 (Kubernetes version priority)."""
    body = version[1:] if version.startswith("v") else ""
    for stage, word in ((1, "beta"), (2, "alpha")):
        major, found, minor = body.partition(word)
        if found and major.isdigit() and (minor or "0").isdigit():
            return stage, -int(major), -int(minor or 0)
    return (0, -int(body), 0) if body.isdigit() else (3, 0, 0)


def from_crd(crd: Mapping[str, Any]) -> list[ResourceInfo]:
    """The resources a CustomResourceDefinition serves, one for each served version. Raises KeyError if it lacks names."""
    spec = crd["spec"]
    names = spec["names"]
    found = []
    for version in spec.get("versions", []):
        if not version.get("served", False):
            continue
        declared = version.get("subresources") or {}
        subresources: dict[str, tuple[str, ...]] = {}
        if "status" in declared:
            subresources["status"] = _STATUS
        if "scale" in declared:
            subresources["scale"] = _STATUS
        found.append(
            ResourceInfo(
                group=spec["group"],
                version=version["name"],
                kind=names["kind"],
                plural=names["plural"],
                namespaced=spec.get("scope", "Namespaced") == "Namespaced",
                short_names=tuple(names.get("shortNames") or ()),
                categories=tuple(names.get("categories") or ()),
                subresources=subresources,
                generation=True,
                singular=names.get("singular") or names["kind"].lower(),
                list_kind=names.get("listKind") or f"{names['kind']}List",
                custom=True,
                schema=(version.get("schema") or {}).get("openAPIV3Schema"),
                columns=tuple(version.get("additionalPrinterColumns") or ()),
                scale_paths=declared.get("scale"),
            )
        )
    return found


class Resources:
    """The registry of served resources. `revision` grows with every change, so documents made from it can be cached."""

    def __init__(self, builtin: Iterable[ResourceInfo] = (*BUILTIN, *VIRTUAL)) -> None:
        self.revision = 0
        self._by_path: dict[tuple[str, str, str], ResourceInfo] = {}
        self._by_kind: dict[tuple[str, str, str], ResourceInfo] = {}
        self._preferred: dict[tuple[str, str], ResourceInfo] = {}
        self._crds: dict[str, list[ResourceInfo]] = {}
        for info in builtin:
            self._add(info)

    def _add(self, info: ResourceInfo) -> None:
        self._by_path[info.group, info.version, info.plural] = info
        self._by_kind[info.group, info.version, info.kind] = info
        now = self._preferred.get(info.key)
        if now is None or version_rank(info.version) < version_rank(now.version):
            self._preferred[info.key] = info
        self.revision += 1

    def __iter__(self) -> Iterator[ResourceInfo]:
        return iter(self._by_path.values())

    def at(self, group: str, version: str, plural: str) -> ResourceInfo | None:
        """The resource served at `/apis/GROUP/VERSION/PLURAL`, or None."""
        return self._by_path.get((group, version, plural))

    def of_kind(self, api_version: str, kind: str) -> ResourceInfo | None:
        """The resource that an object with this `apiVersion` and `kind` belongs to, or None."""
        group, _, version = api_version.rpartition("/")
        return self._by_kind.get((group, version, kind))

    def find(self, name: str) -> ResourceInfo | None:
        """By `plural` or `plural.group` as kubectl prints it, at the preferred version; None if not served."""
        plural, _, group = name.partition(".")
        return self._preferred.get((group, plural))

    def groups(self) -> dict[str, list[str]]:
        """Group → served versions, best first. The core group is the empty string."""
        found: dict[str, set[str]] = {}
        for info in self:
            found.setdefault(info.group, set()).add(info.version)
        return {group: sorted(versions, key=version_rank) for group, versions in sorted(found.items())}

    def in_version(self, group: str, version: str) -> list[ResourceInfo]:
        return sorted((i for i in self if i.group == group and i.version == version), key=lambda info: info.plural)

    def add_crd(self, crd: Mapping[str, Any]) -> None:
        """Serve (or serve anew) what a CRD object declares."""
        name = crd["metadata"]["name"]
        self.remove_crd(name)
        infos = from_crd(crd)
        self._crds[name] = infos
        for info in infos:
            self._add(info)

    def remove_crd(self, name: str) -> None:
        for info in self._crds.pop(name, ()):
            self._by_path.pop((info.group, info.version, info.plural), None)
            self._by_kind.pop((info.group, info.version, info.kind), None)
            self._preferred.pop(info.key, None)
            self.revision += 1
