"""Tables as an API server renders them for `kubectl get`: columns, their priority for `-o wide`, and cells.

What stands in a cell follows the printers of Kubernetes 1.36 (`rows_workloads`, `rows_network`, `rows_cluster` hold them by
kind) and, for custom resources, the CRD's additionalPrinterColumns. Column descriptions, which no client shows, are empty.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from pointsman.tui.demo.kube import jsonpath
from pointsman.tui.demo.kube.cells import UNKNOWN, Printer, human_duration, seconds_of, text
from pointsman.tui.demo.kube.rows_cluster import CLUSTER
from pointsman.tui.demo.kube.rows_network import NETWORK
from pointsman.tui.demo.kube.rows_workloads import WORKLOADS

Doc: TypeAlias = dict[str, Any]

_PRINTERS: dict[tuple[str, str], Printer] = {**WORKLOADS, **NETWORK, **CLUSTER}
_AGE_COLUMN: Doc = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}


def table(
    plural: str,
    group: str,
    objects: Sequence[Doc],
    *,
    now: float,
    include_object: str = "Metadata",
    crd_columns: list[Doc] | None = None,
) -> Doc:
    """A meta.k8s.io/v1 Table of `objects`, all of the resource `plural` in `group`.

    `now` is in seconds since the epoch. `include_object` is the request's includeObject: `None`, `Metadata` or `Object`.
    `crd_columns` are the additionalPrinterColumns of a custom resource's version (an empty list stands for the default, one
    Age column). A builtin resource without a printer of its own shows name and creation time, as upstream does. The list's
    own metadata (resourceVersion, continue) is the caller's to add.
    """
    if crd_columns is not None:
        columns = crd_columns or [_AGE_COLUMN]
        definitions = [_definition("Name", "string", "name"), *map(_crd_definition, columns)]
        rows: list[Doc] = [
            {"cells": [_name(obj), *(_crd_cell(column, obj, now) for column in columns)]} for obj in objects
        ]
    elif (plural, group) in _PRINTERS:
        printer = _PRINTERS[plural, group]
        definitions = [_definition(c.name, c.type, c.format, c.priority) for c in printer.columns]
        rows = [printer.row(obj, now) for obj in objects]
    else:
        definitions = [_definition("Name", "string", "name"), _definition("Created At", "date")]
        rows = [{"cells": [_name(obj), text(obj, "metadata", "creationTimestamp")]} for obj in objects]
    for row, obj in zip(rows, objects, strict=True):
        row["object"] = _object(obj, include_object)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {},
        "columnDefinitions": definitions,
        "rows": rows,
    }


def _name(obj: Mapping[str, Any]) -> str:
    return text(obj, "metadata", "name")


def _object(obj: Doc, include: str) -> Doc | None:
    if include == "None":
        return None
    if include == "Object":
        return obj
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj.get("metadata") or {}}


def _definition(name: str, type_: str, format_: str = "", priority: int = 0, description: str = "") -> Doc:
    return {"name": name, "type": type_, "format": format_, "description": description, "priority": priority}


def _crd_definition(column: Mapping[str, Any]) -> Doc:
    path = text(column, "jsonPath")
    description = text(column, "description") or f"Custom resource definition column (in JSONPath format): {path}"
    priority = column.get("priority")
    return _definition(
        text(column, "name"),
        text(column, "type"),
        text(column, "format"),
        priority if isinstance(priority, int) else 0,
        description,
    )


def _crd_cell(column: Mapping[str, Any], obj: Doc, now: float) -> Any:
    """The first value at the column's path as its type wants it; None, an empty cell, when there is none that fits."""
    try:
        found = jsonpath.find(text(column, "jsonPath"), obj)
    except (ValueError, RecursionError):
        return None
    if not found:
        return None
    value = found[0]
    match column.get("type"):
        case "string":
            return _crd_text(value)
        case "integer" if isinstance(value, int | float) and not isinstance(value, bool):
            return int(value)
        case "number" if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        case "boolean" if isinstance(value, bool):
            return value
        case "date" if isinstance(value, str):
            if not value:
                return UNKNOWN
            at = seconds_of(value)
            return "<invalid>" if at is None else human_duration(now - at)
    return None


def _crd_text(value: Any) -> str:
    """A value in a string column: as it is, or as JSON the way Go writes it."""
    if isinstance(value, str):
        return value
    if value is None:
        return "<no value>"
    written = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return written.translate({ord(char): f"\\u{ord(char):04x}" for char in "<>&"})
