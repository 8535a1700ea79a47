"""Who asks (bearer tokens, impersonation) and what they may do: RBAC, evaluated on the roles and bindings in storage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pointsman.tui.demo.kube.objects import Object, name_of, namespace_of
from pointsman.tui.demo.kube.storage import Storage


@dataclass(frozen=True, slots=True)
class User:
    """`uid` and `extra` as a TokenReview would give them; the group `system:masters` may do everything."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""

    @property
    def is_master(self) -> bool:
        return "system:masters" in self.groups


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a request wants to do. `path` is set for URLs that are no resource (`/version`)."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def full_resource(self) -> str:
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


@dataclass(frozen=True, slots=True)
class Decision:
    allowed: bool
    reason: str = ""


ADMIN = User("admin", ("system:masters", "system:authenticated"))
RESTRICTED = User("guest", ("demo:restricted", "system:authenticated"))


def decide(storage: Storage, user: User, wanted: Attributes) -> Decision:
    """Allowed by the first rule that matches; RBAC has no denials, so no match means no."""
    if user.is_master:
        return Decision(True)
    for rule, reason in _rules(storage, user, wanted.namespace):
        if _allows(rule, wanted):
            return Decision(True, reason)
    return Decision(False)


def refusal(user: User, wanted: Attributes) -> str:
    """The sentence of a 403 after `pods "x" is forbidden: ` (or as a whole, for a path)."""
    if wanted.path:
        return f'User "{user.name}" cannot {wanted.verb} path "{wanted.path}"'
    where = f'in the namespace "{wanted.namespace}"' if wanted.namespace else "at the cluster scope"
    return f'User "{user.name}" cannot {wanted.verb} resource "{wanted.full_resource}" in API group "{wanted.group}" {where}'


def rules_for(storage: Storage, user: User, namespace: str) -> tuple[list[Object], list[Object]]:
    """Resource rules and path rules of a user in a namespace, as SelfSubjectRulesReview lists them."""
    if user.is_master:
        return (
            [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
            [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
        )
    resources, paths = [], []
    for rule, _ in _rules(storage, user, namespace):
        if rule.get("nonResourceURLs"):
            paths.append({"verbs": rule.get("verbs", []), "nonResourceURLs": rule["nonResourceURLs"]})
        else:
            kept = {key: rule[key] for key in ("verbs", "apiGroups", "resources", "resourceNames") if rule.get(key)}
            resources.append(kept)
    return resources, paths


def _rules(storage: Storage, user: User, namespace: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    for binding in storage.list("clusterrolebindings.rbac.authorization.k8s.io"):
        if (subject := _subject(binding, user)) is not None:
            reason = f'RBAC: allowed by ClusterRoleBinding "{name_of(binding)}" of {_role_text(binding)} to {subject}'
            for rule in _role_rules(storage, binding, ""):
                yield rule, reason
    if not namespace:
        return
    for binding in storage.list("rolebindings.rbac.authorization.k8s.io", namespace):
        if (subject := _subject(binding, user)) is not None:
            place = f"{name_of(binding)}/{namespace}"
            reason = f'RBAC: allowed by RoleBinding "{place}" of {_role_text(binding)} to {subject}'
            for rule in _role_rules(storage, binding, namespace):
                if not rule.get("nonResourceURLs"):
                    yield rule, reason


def _role_text(binding: Mapping[str, Any]) -> str:
    reference = binding.get("roleRef") or {}
    return f'{reference.get("kind")} "{reference.get("name")}"'


def _subject(binding: Mapping[str, Any], user: User) -> str | None:
    for subject in binding.get("subjects") or ():
        kind, name = subject.get("kind"), subject.get("name")
        if kind == "User" and name == user.name:
            return f'User "{name}"'
        if kind == "Group" and name in user.groups:
            return f'Group "{name}"'
        if kind == "ServiceAccount":
            namespace = subject.get("namespace") or namespace_of(binding)
            if user.name == f"system:serviceaccount:{namespace}:{name}":
                return f'ServiceAccount "{name}/{namespace}"'
    return None


def _role_rules(storage: Storage, binding: Mapping[str, Any], namespace: str) -> Sequence[Mapping[str, Any]]:
    reference = binding.get("roleRef") or {}
    if reference.get("kind") == "Role":
        role = storage.peek("roles.rbac.authorization.k8s.io", namespace, str(reference.get("name")))
    else:
        role = storage.peek("clusterroles.rbac.authorization.k8s.io", "", str(reference.get("name")))
    return (role or {}).get("rules") or ()


def _allows(rule: Mapping[str, Any], wanted: Attributes) -> bool:
    if not _has(rule.get("verbs"), wanted.verb):
        return False
    if wanted.path:
        return any(_path_matches(pattern, wanted.path) for pattern in rule.get("nonResourceURLs") or ())
    names = rule.get("resourceNames")
    if not _has(rule.get("apiGroups"), wanted.group) or (names and wanted.name not in names):
        return False
    resources = rule.get("resources") or ()
    return _has(resources, wanted.full_resource) or bool(wanted.subresource and f"*/{wanted.subresource}" in resources)


def _has(items: Any, wanted: str) -> bool:
    return bool(items) and ("*" in items or wanted in items)


def _path_matches(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == path


def bootstrap() -> list[Object]:
    """Roles and bindings every cluster has, and the demo's restricted user: may look at much, at no secret, write nothing."""

    def role(name: str, *rules: Object) -> Object:
        return _rbac("ClusterRole", name, rules=list(rules))

    def bind(name: str, role_name: str, *groups: str) -> Object:
        return _rbac(
            "ClusterRoleBinding",
            name,
            roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role_name},
            subjects=[{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group} for group in groups],
        )

    read = ["get", "list", "watch"]
    reviews = ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]
    paths = [
        "/api",
        "/api/*",
        "/apis",
        "/apis/*",
        "/healthz",
        "/livez",
        "/openapi",
        "/openapi/*",
        "/readyz",
        "/version",
    ]
    core = ["pods", "services", "namespaces", "endpoints", "events", "nodes", "persistentvolumeclaims"]
    return [
        role(
            "cluster-admin",
            {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
            {"verbs": ["*"], "nonResourceURLs": ["*"]},
        ),
        bind("cluster-admin", "cluster-admin", "system:masters"),
        role(
            "system:basic-user",
            {"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": reviews},
            {"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]},
        ),
        bind("system:basic-user", "system:basic-user", "system:authenticated"),
        role("system:discovery", {"verbs": ["get"], "nonResourceURLs": paths}),
        bind("system:discovery", "system:discovery", "system:authenticated"),
        role(
            "demo:restricted",
            {"verbs": read, "apiGroups": [""], "resources": core},
            {
                "verbs": read,
                "apiGroups": ["apps"],
                "resources": ["deployments", "daemonsets", "replicasets", "statefulsets"],
            },
            {
                "verbs": read,
                "apiGroups": ["networking.k8s.io"],
                "resources": ["networkpolicies", "ingresses", "ingressclasses"],
            },
            {"verbs": read, "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]},
            {"verbs": read, "apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"]},
            {"verbs": read, "apiGroups": ["traefik.io"], "resources": ["*"]},
        ),
        bind("demo:restricted", "demo:restricted", "demo:restricted"),
    ]


def _rbac(kind: str, name: str, **more: Any) -> Object:
    labels = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": name, "labels": labels},
        **more,
    }
