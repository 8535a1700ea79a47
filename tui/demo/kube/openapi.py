"""`/openapi/v3`: an index, and for each group and version a document that kubectl's apply, diff and explain can use."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from pointsman.tui.demo.kube import schemas
from pointsman.tui.demo.kube.objects import clone
from pointsman.tui.demo.kube.resources import ResourceInfo, Resources

Document = dict[str, Any]

_OBJECT_PARAMETERS = [
    {"name": "dryRun", "in": "query", "schema": {"type": "string", "uniqueItems": True}},
    {"name": "fieldManager", "in": "query", "schema": {"type": "string", "uniqueItems": True}},
    {"name": "fieldValidation", "in": "query", "schema": {"type": "string", "uniqueItems": True}},
]
_FORCE = {"name": "force", "in": "query", "schema": {"type": "boolean", "uniqueItems": True}}
_PATCH_TYPES = ("application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml")
_STRATEGIC = "application/strategic-merge-patch+json"


class OpenApi:
    """Documents by group and version, made when asked and kept until the served resources change."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._kept: dict[tuple[str, str], tuple[int, Document]] = {}

    def index(self) -> Document:
        paths = {}
        for group, versions in self._resources.groups().items():
            for version in versions:
                path = f"apis/{group}/{version}" if group else f"api/{version}"
                paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={self._hash(group, version)}"}
        return {"paths": paths}

    def _hash(self, group: str, version: str) -> str:
        infos = self._resources.in_version(group, version)
        return hashlib.sha256(repr(infos).encode()).hexdigest().upper()

    async def document(self, group: str, version: str) -> Document | None:
        """None for a group and version that is not served. Slow the first time, so it is made off the event loop."""
        revision = self._resources.revision
        kept = self._kept.get((group, version))
        if kept is not None and kept[0] == revision:
            return kept[1]
        infos = self._resources.in_version(group, version)
        if not infos:
            return None
        document = await asyncio.to_thread(_document, infos)
        self._kept[group, version] = (revision, document)
        return document


def _document(infos: list[ResourceInfo]) -> Document:
    components: Document = {}
    paths: Document = {}
    for info in infos:
        name = schemas.definition_name(info)
        if info.custom:
            components.update(_metadata_definitions())
            root = _custom_schema(info)
        else:
            components.update(schemas.definitions(info))
            root = dict(components.get(name) or {"type": "object"})
        root["x-kubernetes-group-version-kind"] = [_gvk(info)]
        components[name] = root
        paths.update(_paths(info, name))
    return {
        "openapi": "3.0.0",
        "info": {"title": "Pointsman demo homelab", "version": "v1"},
        "paths": paths,
        "components": {"schemas": components},
    }


def _gvk(info: ResourceInfo) -> Document:
    return {"group": info.group, "version": info.version, "kind": info.kind}


def _metadata_definitions() -> Document:
    from pointsman.tui.demo.kube.resources import BUILTIN

    config_map = next(info for info in BUILTIN if info.key == ("", "configmaps"))
    wanted = {"ObjectMeta", "ManagedFieldsEntry", "OwnerReference"}
    return {
        name: schema for name, schema in schemas.definitions(config_map).items() if name.rpartition(".")[2] in wanted
    }


def _custom_schema(info: ResourceInfo) -> Document:
    schema: Document = clone(dict(info.schema or {"type": "object", "x-kubernetes-preserve-unknown-fields": True}))
    if schema.get("x-kubernetes-preserve-unknown-fields") and "properties" not in schema:
        return schema
    properties = schema.setdefault("properties", {})
    properties.setdefault("apiVersion", {"type": "string"})
    properties.setdefault("kind", {"type": "string"})
    properties["metadata"] = {"allOf": [{"$ref": schemas.REF + schemas.OBJECT_META}]}
    return schema


def _paths(info: ResourceInfo, definition: str) -> Document:
    base = f"/apis/{info.group}/{info.version}" if info.group else f"/api/{info.version}"
    if info.namespaced:
        base += "/namespaces/{namespace}"
    body = {"schema": {"$ref": schemas.REF + definition}}
    gvk = _gvk(info)

    def operation(action: str, parameters: list[Document], media: tuple[str, ...] = ()) -> Document:
        made: Document = {
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": gvk,
            "parameters": parameters,
            "responses": {"200": {"description": "OK", "content": {"application/json": body}}},
        }
        if media:
            made["requestBody"] = {"content": dict.fromkeys(media, body)}
        return made

    collection: Document = {}
    single: Document = {}
    if "list" in info.verbs:
        collection["get"] = operation("list", [])
    if "create" in info.verbs:
        collection["post"] = operation("post", _OBJECT_PARAMETERS, ("*/*",))
    if "get" in info.verbs:
        single["get"] = operation("get", [])
    if "update" in info.verbs:
        single["put"] = operation("put", _OBJECT_PARAMETERS, ("*/*",))
    if "patch" in info.verbs:
        media = _PATCH_TYPES if info.custom else (*_PATCH_TYPES, _STRATEGIC)
        single["patch"] = operation("patch", [*_OBJECT_PARAMETERS, _FORCE], media)
    if "delete" in info.verbs:
        single["delete"] = operation("delete", _OBJECT_PARAMETERS[:1])
    found = {f"{base}/{info.plural}": collection}
    if single:
        found[f"{base}/{info.plural}/{{name}}"] = single
    return found
