"""CustomResourceDefinitions written as shapes.

A shape is a dictionary of fields; a field's value is

- a word: `str`, `int`, `int32`, `int64`, `bool`, `intstr` (number or text), `time`, `any` (unknown fields kept),
  `strings` (map of text to text), `selector` (a LabelSelector), `a|b|c` (an enumeration); `=x` at the end is a default;
- a list of one shape: an array; a second item names the keys of a list that merges by key, space-separated;
- a dictionary: an object; the key `*` gives the shape of all its values;
- a `Default` of a shape and a value, for a default that is no single word.

A field name that ends in `!` is required. Long tails that nothing in the panel reads are `any`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pointsman.tui.demo.scenario.world import DAY, Obj, World, stamp

Shape = Mapping[str, Any]

SELECTOR: Shape = {
    "matchExpressions": [{"key!": "str", "operator!": "str", "values": ["str"]}],
    "matchLabels": "strings",
}
CONDITIONS = [
    {
        "type!": "str",
        "status!": "str",
        "lastTransitionTime": "time",
        "observedGeneration": "int64",
        "reason": "str",
        "message": "str",
    },
    "type",
]

_WORDS: dict[str, Obj] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "bool": {"type": "boolean"},
    "time": {"type": "string", "format": "date-time"},
    "intstr": {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True},
    "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    "strings": {"type": "object", "additionalProperties": {"type": "string"}},
}


@dataclass(frozen=True)
class Default:
    """What the server fills in where the field is missing."""

    shape: Any
    value: Any


@dataclass(frozen=True)
class Crd:
    """One definition. `columns` are `"Name~type~.json.path"`, with `~priority` where it is not 0, or `"Age"`."""

    kind: str
    plural: str
    spec: Any = None
    status: Any = None
    top: Shape = field(default_factory=dict)
    required: Sequence[str] = ()
    short: str = ""
    cluster: bool = False
    categories: str = ""
    versions: Sequence[str] = ("v1alpha1",)
    subresource: bool = True
    columns: Sequence[str] = ()


def schema(shape: Any) -> Obj:
    """OpenAPI v3 of a shape."""
    if isinstance(shape, Default):
        return schema(shape.shape) | {"default": shape.value}
    if isinstance(shape, str):
        word, _, default = shape.partition("=")
        if word == "selector":
            return schema(SELECTOR) | {"x-kubernetes-map-type": "atomic"}
        out: Obj = {"type": "string", "enum": word.split("|")} if "|" in word else dict(_WORDS[word])
        if default:
            out["default"] = int(default) if default.isdigit() else {"true": True, "false": False}.get(default, default)
        return out
    if isinstance(shape, list):
        out = {"type": "array", "items": schema(shape[0])}
        if len(shape) > 1:
            out |= {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": shape[1].split()}
        return out
    if set(shape) == {"*"}:
        return {"type": "object", "additionalProperties": schema(shape["*"])}
    out = {"type": "object", "properties": {name.rstrip("!"): schema(below) for name, below in shape.items()}}
    if required := [name[:-1] for name in shape if name.endswith("!")]:
        out["required"] = required
    return out


def full_schema(crd: Crd) -> Obj:
    parts: dict[str, Any] = {"apiVersion": "str", "kind": "str", **crd.top}
    if crd.spec is not None:
        parts["spec"] = crd.spec
    if crd.status is not None:
        parts["status"] = crd.status
    out = schema(parts)
    out["properties"]["metadata"] = {"type": "object"}
    if crd.required:
        out["required"] = list(crd.required)
    return out


def add_crds(
    world: World,
    group: str,
    crds: Sequence[Crd],
    *,
    age: float = 139 * DAY,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    manager: str = "helm",
) -> None:
    """Add the definitions and remember their schemas for the managedFields of what is made from them."""
    for crd in crds:
        body = full_schema(crd)
        world.schemas[crd.kind] = body
        names: Obj = {
            "plural": crd.plural,
            "singular": crd.kind.lower(),
            "kind": crd.kind,
            "listKind": f"{crd.kind}List",
        }
        if crd.short:
            names["shortNames"] = crd.short.split()
        if crd.categories:
            names["categories"] = crd.categories.split()
        versions = [_version(crd, name, body, storage=i == 0) for i, name in enumerate(crd.versions)]
        at = stamp(world.ago(age))
        world.add(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            f"{crd.plural}.{group}",
            {
                "spec": {
                    "group": group,
                    "names": names,
                    "scope": "Cluster" if crd.cluster else "Namespaced",
                    "versions": versions,
                    "conversion": {"strategy": "None"},
                },
                "status": {
                    "conditions": [
                        _condition("NamesAccepted", "NoConflicts", "no conflicts found", at),
                        _condition("Established", "InitialNamesAccepted", "the initial names have been accepted", at),
                    ],
                    "acceptedNames": names,
                    "storedVersions": [crd.versions[0]],
                },
            },
            age=age,
            labels=labels,
            annotations=annotations,
            manager=manager,
            status_manager="k3s",
        )


def _condition(kind: str, reason: str, message: str, at: str) -> Obj:
    return {"type": kind, "status": "True", "lastTransitionTime": at, "reason": reason, "message": message}


def _version(crd: Crd, name: str, body: Obj, *, storage: bool) -> Obj:
    out: Obj = {"name": name, "served": True, "storage": storage, "schema": {"openAPIV3Schema": body}}
    if crd.subresource:
        out["subresources"] = {"status": {}}
    if crd.columns:
        out["additionalPrinterColumns"] = [_column(text) for text in crd.columns]
    return out


def _column(text: str) -> Obj:
    if text == "Age":
        return {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}
    name, kind, path, *priority = text.split("~")
    out: Obj = {"name": name, "type": kind, "jsonPath": path}
    return out | ({"priority": int(priority[0])} if priority else {})
