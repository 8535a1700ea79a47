"""OpenAPI schemas of the built-in kinds, read out of the `kubernetes` package's models when somebody asks.

The models carry every field, type and description of the API, so none of it is written down here. Importing them costs
some 0.4 s and 35 MB, which is why nothing else in the demo touches them: call `definitions` off the event loop.
"""

from __future__ import annotations

import re
import types
import typing
from datetime import datetime
from functools import cache
from typing import Any

from pointsman.tui.demo.kube.resources import ResourceInfo
from pointsman.tui.demo.kube.schema import Schema

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
def definitions(info: ResourceInfo) -> dict[str, Schema]:
    """Every schema that a built-in kind needs, by name, its own among them. Empty if the package has no such model."""
    import kubernetes.client.models as models

    root = getattr(models, _model_name(info), None)
    if root is None:
        return {}
    found: dict[str, Schema] = {}
    waiting = [root]
    while waiting:
        model = waiting.pop()
        name = _name_of_model(model.__name__)
        if name not in found:
            found[name], more = _schema_of(model)
            waiting.extend(more)
    return found


@cache
def _schema_of(model: Any) -> tuple[Schema, tuple[Any, ...]]:
    """One model's schema and the models it refers to."""
    properties: dict[str, Schema] = {}
    required: list[str] = []
    inner: list[Any] = []
    for attribute, field in model.model_fields.items():
        key = model.attribute_map.get(attribute, attribute)
        schema = _type_schema(field.annotation, inner)
        if "$ref" in schema:
            schema = {"allOf": [schema]}
        if field.description:
            schema["description"] = field.description
        properties[key] = schema
        if field.is_required():
            required.append(key)
    doc = (model.__doc__ or "").strip().partition("\n\n")[0].strip()
    schema = {"type": "object", "description": doc, "properties": properties}
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
    simple = {str: "string", int: "integer", bool: "boolean", float: "number"}.get(annotation)
    return {"type": simple} if simple else {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
