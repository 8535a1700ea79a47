"""Discovery documents: what groups, versions and resources there are, in the legacy and in the aggregated form."""

from __future__ import annotations

from typing import Any

from pointsman.tui.demo.kube.negotiate import parse
from pointsman.tui.demo.kube.resources import ResourceInfo, Resources

Document = dict[str, Any]

# How a subresource's own kind differs from its parent's; others share it.
_OWN_KIND = {
    "scale": ("autoscaling", "v1", "Scale"),
    "eviction": ("policy", "v1", "Eviction"),
    "binding": ("", "v1", "Binding"),
    "portforward": ("", "v1", "PodPortForwardOptions"),
    "token": ("authentication.k8s.io", "v1", "TokenRequest"),
    "exec": ("", "v1", "PodExecOptions"),
    "attach": ("", "v1", "PodAttachOptions"),
}
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def wants_aggregated(accept: str) -> bool:
    for media, params in parse(accept):
        if media == "application/json" and params.get("as") == "APIGroupDiscoveryList":
            return params.get("v") == "v2"
        if media == "application/json":
            return False
    return False


def core_versions(host: str) -> Document:
    address = [{"clientCIDR": "0.0.0.0/0", "serverAddress": host}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": address}


def group_list(resources: Resources) -> Document:
    groups = [_group(name, versions) for name, versions in resources.groups().items() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(resources: Resources, name: str) -> Document | None:
    versions = resources.groups().get(name)
    if not name or not versions:
        return None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)}


def _group(name: str, versions: list[str]) -> Document:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def resource_list(resources: Resources, group_name: str, version: str) -> Document | None:
    found = resources.in_version(group_name, version)
    if not found:
        return None
    entries: list[Document] = []
    for info in found:
        entries.append(_resource(info))
        entries.extend(_subresource(info, name) for name in sorted(info.subresources))
    group_version = f"{group_name}/{version}" if group_name else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": entries}


def _resource(info: ResourceInfo) -> Document:
    entry: Document = {
        "name": info.plural,
        "singularName": info.singular,
        "namespaced": info.namespaced,
        "kind": info.kind,
        "verbs": sorted(info.verbs),
    }
    if info.short_names:
        entry["shortNames"] = list(info.short_names)
    if info.categories:
        entry["categories"] = list(info.categories)
    return entry


def _subresource(info: ResourceInfo, name: str) -> Document:
    entry: Document = {"name": f"{info.plural}/{name}", "singularName": "", "namespaced": info.namespaced}
    if name in _OWN_KIND:
        group_name, version, kind = _OWN_KIND[name]
        if (group_name, version) != (info.group, info.version):
            entry.update(group=group_name, version=version)
        entry["kind"] = kind
    else:
        entry["kind"] = info.kind
    entry["verbs"] = sorted(info.subresources[name])
    return entry


def aggregated(resources: Resources, core: bool) -> Document:
    """APIGroupDiscoveryList of the core group (`/api`) or of all others (`/apis`)."""
    items = [
        {
            "metadata": {"name": name, "creationTimestamp": None} if name else {"creationTimestamp": None},
            "versions": [_aggregated_version(resources, name, version) for version in versions],
        }
        for name, versions in resources.groups().items()
        if bool(name) is not core
    ]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def _aggregated_version(resources: Resources, group_name: str, version: str) -> Document:
    found = []
    for info in resources.in_version(group_name, version):
        entry: Document = {
            "resource": info.plural,
            "responseKind": {"group": info.group, "version": info.version, "kind": info.kind},
            "scope": "Namespaced" if info.namespaced else "Cluster",
            "singularResource": info.singular,
            "verbs": sorted(info.verbs),
        }
        if info.short_names:
            entry["shortNames"] = list(info.short_names)
        if info.categories:
            entry["categories"] = list(info.categories)
        if info.subresources:
            entry["subresources"] = [_aggregated_subresource(info, name) for name in sorted(info.subresources)]
        found.append(entry)
    return {"version": version, "resources": found, "freshness": "Current"}


def _aggregated_subresource(info: ResourceInfo, name: str) -> Document:
    own_group, own_version, own_kind = _OWN_KIND.get(name, (info.group, info.version, info.kind))
    return {
        "subresource": name,
        "responseKind": {"group": own_group, "version": own_version, "kind": own_kind},
        "verbs": sorted(info.subresources[name]),
    }
