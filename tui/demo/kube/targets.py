"""From a URL to what it means: a resource, a namespace, a name, a subresource and the verb that RBAC knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from pointsman.tui.demo.kube.authz import Attributes
from pointsman.tui.demo.kube.errors import method_not_allowed, no_such_path
from pointsman.tui.demo.kube.resources import ResourceInfo, Resources


@dataclass(frozen=True, slots=True)
class Target:
    """`name` is empty for a collection, `namespace` for all namespaces and for cluster-scoped kinds."""

    info: ResourceInfo
    verb: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    def attributes(self) -> Attributes:
        # The apiserver takes a namespace's own name for the namespace of the request.
        namespace = self.name if self.info.key == ("", "namespaces") else self.namespace
        return Attributes(
            self.verb, self.info.group, self.info.plural, self.subresource, namespace=namespace, name=self.name
        )


def parse(resources: Resources, method: str, path: str, query: Mapping[str, str]) -> Target:
    """The target of `/api/v1/...` or `/apis/GROUP/VERSION/...`. Raises 404 and 405."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if parts[0] == "api":
        group, version, rest = "", parts[1], parts[2:]
    else:
        group, version, rest = parts[1], parts[2], parts[3:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and not (not group and rest[2] in ("status", "finalize")):
        namespace, rest = rest[1], rest[2:]
    plural, name, subresource = (*rest, "", "")[:3]
    info = resources.at(group, version, plural)
    if info is None or len(rest) > 3 or (namespace and not info.namespaced):
        raise no_such_path()
    if info.namespaced and not namespace and (name or method not in ("GET", "DELETE")):
        raise no_such_path()
    if subresource and subresource not in info.subresources:
        raise no_such_path()
    verb = _verb(method, bool(name), query)
    if verb == "create" and name and not subresource:
        raise method_not_allowed()
    allowed = info.subresources[subresource] if subresource else info.verbs
    if verb not in allowed and not (verb == "watch" and subresource):
        raise method_not_allowed()
    return Target(info, verb, namespace, name, subresource)


def _verb(method: str, named: bool, query: Mapping[str, str]) -> str:
    watching = query.get("watch", "").lower() in ("1", "true")
    match method, named:
        case "GET" | "HEAD", False:
            return "watch" if watching else "list"
        case "GET" | "HEAD", True:
            return "watch" if watching else "get"
        case "POST", _:
            return "create"
        case "PUT", True:
            return "update"
        case "PATCH", True:
            return "patch"
        case "DELETE", True:
            return "delete"
        case "DELETE", False:
            return "deletecollection"
    raise method_not_allowed()
