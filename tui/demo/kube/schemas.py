"""OpenAPI schemas of the built-in kinds, read out of the `kubernetes` package's models when somebody asks.

The models carry every field, type and description of the API, so none of it is written down here. Importing them costs
some 0.4 s and 35 MB, which is why nothing else in the demo touches them: call `definitions` off the event loop.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from pointsman.tui.demo.kube.listkinds import ListKinds
from pointsman.tui.demo.kube.resources import ResourceInfo

_MODEL = re.compile(r"(?P<group>(?:[A-Z][a-z]+)?)V(?P<version>\d+(?:(?:alpha|beta)\d+)?)(?P<kind>[A-Z].*)")
REF = "#/components/schemas/"
OBJECT_META = "io.k8s.v1.ObjectMeta"


def definition_name(info: ResourceInfo) -> str:
    """The schema name of a resource's kind: `io.k8s.v1.Pod`, `io.traefik.v1alpha1.IngressRoute`."""
    if info.custom:
        return ".".join([*reversed(info.group.split(".")), info.version, info.kind])
    return _name_of_model(_model_name(info))


def _model_name(info: ResourceInfo) -> str:
    version = info.version.upper().replace("BETA", "beta").replace("ALPHA", "alpha")
    return f"CoreV1{info.kind}" if info.key == ("", "events") else f"{version}{info.kind}"


def _name_of_model(name: str) -> str:
    match = _MODEL.fullmatch(name)
    if match is None:
        return f"io.k8s.{name}"
    group = f"{match['group'].lower()}." if match["group"] else ""
    return f"io.k8s.{group}v{match['version'].lower()}.{match['kind']}"


@cache
def definitions(info: ResourceInfo) -> dict[str, Any]:
    """Every schema that a built-in kind needs, by name, its own among them. Empty if the package has no such model."""
    import kubernetes.client.models as models

    root = getattr(models, _model_name(info), None)
    if root is None:
        return {}
    found: dict[str, Any] = {}
    waiting = [root]
    while waiting:
        model = waiting.pop()
        name = _name_of_model(model.__name__)
        if name not in found:
            found[name], more = _schema_of(model)
            waiting.extend(more)
    if (place := ListKinds.builtin(info.kind)) is not None:
        _mark(found, _name_of_model(root.__name__), place, set())
    return found


def _mark(found: Mapping[str, Any], name: str, place: ListKinds, seen: set[str]) -> None:
    """Add what the models leave out: which lists merge by which keys. kubectl computes its patches from that."""
    if name in seen:
        return
    seen.add(name)
    for key, schema in found[name]["properties"].items():
        child = place.child(key)
        if child.list_type != "atomic" and schema.get("type") == "array":
            schema["x-kubernetes-list-type"] = child.list_type
            if child.keys:
                schema["x-kubernetes-list-map-keys"] = [name for name, _ in child.keys]
        if child.atomic:
            schema["x-kubernetes-map-type"] = "atomic"
        strategies = [word for word, on in (("merge", child.merge), ("retainKeys", child.retain)) if on]
        if strategies:
            schema["x-kubernetes-patch-strategy"] = ",".join(strategies)
        if child.merge_key:
            schema["x-kubernetes-patch-merge-key"] = child.merge_key
        below, inner = schema, child
        while "$ref" not in below:
            if "items" in below:
                below, inner = below["items"], inner.item()
            elif isinstance(below.get("additionalProperties"), Mapping):
                below, inner = below["additionalProperties"], inner.child("")
            elif below.get("allOf"):
                below = below["allOf"][0]
            else:
                break
        else:
            _mark(found, below["$ref"].removeprefix(REF), inner, seen)


@cache
def _schema_of(model: Any) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """One model's schema and the models it refers to."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    inner: list[Any] = []
    names = getattr(model, f"_{model.__name__}__properties")  # as on the wire, in the order of the fields
    for key, field in zip(names, model.model_fields.values(), strict=True):
        kind = _type_schema(field.annotation, inner)
        if "$ref" in kind:
            kind = {"allOf": [kind]}
        if field.description:
            kind["description"] = field.description
        properties[key] = kind
        if field.is_required():
            required.append(key)
    doc = (model.__doc__ or "").strip().partition("\n\n")[0].strip()
    schema: dict[str, Any] = {"type": "object", "description": doc, "properties": properties}
    if required:
        schema["required"] = required
    return schema, tuple(inner)


def _type_schema(annotation: Any, inner: list[Any]) -> dict[str, Any]:
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin is typing.Annotated:
        return _type_schema(arguments[0], inner)
    if origin in (typing.Union, types.UnionType):
        kept = [argument for argument in arguments if argument is not type(None)]
        if len(kept) == 1:
            return _type_schema(kept[0], inner)
        plain = {_type_schema(argument, inner).get("type") for argument in kept}
        if plain <= {"integer", "number"}:
            return {"type": "number"}
        if plain == {"string"}:
            return {"type": "string"}
        return {"oneOf": [{"type": "integer"}, {"type": "string"}], "format": "int-or-string"}
    if origin is list:
        return {"type": "array", "items": _type_schema(arguments[0], inner)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _type_schema(arguments[1], inner)}
    if annotation is datetime:
        return {"type": "string", "format": "date-time"}
    if hasattr(annotation, "model_fields"):
        inner.append(annotation)
        return {"$ref": REF + _name_of_model(annotation.__name__)}
    simple = {str: "string", bytes: "string", int: "integer", bool: "boolean", float: "number"}.get(annotation)
    return {"type": simple} if simple else {"x-kubernetes-preserve-unknown-fields": True}
