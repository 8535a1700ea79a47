"""Structural OpenAPI v3 schemas at work: defaults, pruning, unknown fields and validation of custom resources.

Also walks the schemas of built-in kinds (which use `$ref`) through `resolve`. CEL rules are not evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pointsman.tui.demo.kube.errors import Cause
from pointsman.tui.demo.kube.objects import clone

Schema = Mapping[str, Any]
Resolve = Callable[[str], Schema]

_KEEP = "x-kubernetes-preserve-unknown-fields"
# Fields of every object that no CRD schema has to spell out.
_OBJECT_FIELDS = ("apiVersion", "kind", "metadata")


def no_refs(name: str) -> Schema:
    """For schemas without `$ref`."""
    raise KeyError(name)


def _target(schema: Schema, resolve: Resolve) -> Schema:
    """The schema itself, or what its `$ref` (also as the only entry of allOf) leads to."""
    while True:
        reference = schema.get("$ref")
        if reference is None and len(schema.get("allOf") or ()) == 1 and "properties" not in schema:
            reference = schema["allOf"][0].get("$ref")
        if reference is None:
            return schema
        schema = resolve(reference)


def _children(value: Any, schema: Schema, resolve: Resolve) -> Iterator[tuple[str, Any, Schema | None, Any]]:
    """`(path part, key, schema or None if unknown, child)` for each child of an object or list."""
    if isinstance(value, dict):
        properties = schema.get("properties") or {}
        extra = schema.get("additionalProperties")
        free = bool(schema.get(_KEEP)) or extra is True or (not properties and extra is None)
        for key, child in sorted(value.items()):
            found = properties.get(key)
            if found is None and isinstance(extra, Mapping):
                found = extra
            if found is not None:
                yield f".{key}", key, _target(found, resolve), child
            elif free:
                yield f".{key}", key, {_KEEP: True}, child
            else:
                yield f".{key}", key, None, child
    elif isinstance(value, list):
        items = schema.get("items")
        inner = _target(items, resolve) if isinstance(items, Mapping) else {_KEEP: True}
        for index, child in enumerate(value):
            yield f"[{index}]", index, inner, child


def unknown_fields(
    value: Any, schema: Schema, resolve: Resolve = no_refs, path: str = "", top: bool = True
) -> list[str]:
    """Paths of fields the schema does not know, e.g. `spec.rules[0].hots`. Does not look below unknown ones."""
    schema = _target(schema, resolve)
    found: list[str] = []
    for part, key, inner, child in _children(value, schema, resolve):
        here = (path + part).lstrip(".")
        if top and key in _OBJECT_FIELDS and (inner is None or key != "metadata" or "properties" not in inner):
            continue
        if inner is None:
            found.append(here)
        elif isinstance(child, (dict, list)):
            found.extend(
                unknown_fields(child, inner, resolve, here, top=bool(inner.get("x-kubernetes-embedded-resource")))
            )
    return found


def prune(value: Any, schema: Schema, resolve: Resolve = no_refs, top: bool = True) -> None:
    """Drop unknown fields in place, as the apiserver does before it stores an object."""
    doomed = []
    for _, key, inner, child in _children(value, _target(schema, resolve), resolve):
        if top and key in _OBJECT_FIELDS:
            continue
        if inner is None:
            doomed.append(key)
        else:
            prune(child, inner, resolve, top=bool(inner.get("x-kubernetes-embedded-resource")))
    for key in doomed:
        del value[key]


def apply_defaults(value: Any, schema: Schema) -> None:
    """Fill in `default` values in place, also inside defaults and list items."""
    if isinstance(value, dict):
        for key, inner in (schema.get("properties") or {}).items():
            if "default" in inner and (key not in value or (value[key] is None and not inner.get("nullable"))):
                value[key] = clone(inner["default"])
    for _, key, inner, child in _children(value, schema, no_refs):
        if inner is not None and isinstance(child, (dict, list)) and key != "metadata":
            apply_defaults(child, inner)


_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
}
_MAX_CAUSES = 20


@dataclass(frozen=True, slots=True)
class TypeMismatch:
    """A value of the wrong type; `path` begins with a dot, types are OpenAPI's."""

    path: str
    wanted: str
    found: str


# Maps of quantities, which may be written as numbers although their schema says string.
_QUANTITIES = ("limits", "requests", "capacity", "allocatable", "hard", "used", "overhead")


def type_errors(value: Any, schema: Schema, resolve: Resolve = no_refs, path: str = "") -> list[TypeMismatch]:
    """Values that Go could not decode into the type of their field. Broken formats and rules are none.

    A null is no value, except in a list, where no kind here has a use for one.
    """
    schema = _target(schema, resolve)
    kind = schema.get("type")
    if value is None or schema.get("format") == "int-or-string":
        return []
    if kind in _TYPES and not _TYPES[kind](value):
        if kind == "string" and _TYPES["number"](value) and path.split(".")[-2:-1] in ([name] for name in _QUANTITIES):
            return []
        return [TypeMismatch(path, kind, _go_type(value))]
    found: list[TypeMismatch] = []
    for part, _, inner, child in _children(value, schema, resolve):
        if child is None and isinstance(value, list):
            found.append(TypeMismatch(path + part, str((inner or {}).get("type", "object")), "null"))
        elif inner is not None:
            found.extend(type_errors(child, inner, resolve, path + part))
    return found


def violations(value: Any, schema: Schema, resolve: Resolve = no_refs, path: str = "") -> list[Cause]:
    """What in `value` breaks the schema, worded as apiextensions' validator words it."""
    found: list[Cause] = []
    _violations(value, _target(schema, resolve), resolve, path, found)
    return found[:_MAX_CAUSES]


def _bad(found: list[Cause], path: str, value: Any, why: str) -> None:
    shown = f'"{value}"' if isinstance(value, str) else _go(value)
    found.append(Cause("FieldValueInvalid", f"Invalid value: {shown}: {path or '<nil>'} in body {why}", path))


def _wrong_type(found: list[Cause], path: str, value: Any, wanted: str) -> None:
    have = _go_type(value)
    text = f'Invalid value: "{have}": {path or "<nil>"} in body must be of type {wanted}: "{have}"'
    found.append(Cause("FieldValueTypeInvalid", text, path))


def _go(value: Any) -> str:
    if value is None:
        return '"null"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return '"object"'
    return '"array"' if isinstance(value, list) else str(value)


def _violations(value: Any, schema: Schema, resolve: Resolve, path: str, found: list[Cause]) -> None:
    if len(found) >= _MAX_CAUSES:
        return
    if value is None:
        if not schema.get("nullable") and schema.get("type"):
            _wrong_type(found, path, None, schema["type"])
        return
    if schema.get("x-kubernetes-int-or-string") or schema.get("format") == "int-or-string":
        if not isinstance(value, (str, int)) or isinstance(value, bool):
            _wrong_type(found, path, value, "integer,string")
            return
    elif (kind := schema.get("type")) in _TYPES and not _TYPES[kind](value):
        _wrong_type(found, path, value, kind)
        return
    _scalar(value, schema, path, found)
    if isinstance(value, dict):
        for name in schema.get("required") or ():
            if value.get(name) is None:
                field = f"{path}.{name}".lstrip(".")
                found.append(Cause("FieldValueRequired", "Required value", field))
    for part, key, inner, child in _children(value, schema, resolve):
        if child is None and key in (schema.get("required") or ()):
            continue
        if inner is not None and not (path == "" and key in _OBJECT_FIELDS):
            _violations(child, inner, resolve, (path + part).lstrip("."), found)
    _combined(value, schema, resolve, path, found)


def _go_type(value: Any) -> str:
    for name, test in _TYPES.items():
        if test(value):
            return name
    return "null"


def _scalar(value: Any, schema: Schema, path: str, found: list[Cause]) -> None:
    if "enum" in schema and value not in schema["enum"]:
        allowed = ", ".join(f'"{item}"' if isinstance(item, str) else _go(item) for item in schema["enum"])
        shown = f'"{value}"' if isinstance(value, str) else _go(value)
        found.append(Cause("FieldValueNotSupported", f"Unsupported value: {shown}: supported values: {allowed}", path))
    if isinstance(value, str):
        if "minLength" in schema and len(value) < schema["minLength"]:
            _bad(found, path, value, f"should be at least {schema['minLength']} chars long")
        if "maxLength" in schema and len(value) > schema["maxLength"]:
            text = f"Too long: may not be more than {schema['maxLength']} bytes"
            found.append(Cause("FieldValueTooLong", text, path))
        pattern = schema.get("pattern")
        if pattern and not _matches(pattern, value):
            _bad(found, path, value, f"should match '{pattern}'")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if "minimum" in schema and value < schema["minimum"]:
            _bad(found, path, value, f"should be greater than or equal to {schema['minimum']}")
        if "maximum" in schema and value > schema["maximum"]:
            _bad(found, path, value, f"should be less than or equal to {schema['maximum']}")
    elif isinstance(value, list):
        if "minItems" in schema and len(value) < schema["minItems"]:
            _bad(found, path, len(value), f"should have at least {schema['minItems']} items")
        if "maxItems" in schema and len(value) > schema["maxItems"]:
            text = f"Too many: {len(value)}: must have at most {schema['maxItems']} items"
            found.append(Cause("FieldValueTooMany", text, path))


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:  # RE2 syntax that Python does not have: nothing can be said
        return True


def _combined(value: Any, schema: Schema, resolve: Resolve, path: str, found: list[Cause]) -> None:
    for inner in schema.get("allOf") or ():
        _violations(value, _target(inner, resolve), resolve, path, found)
    for word in ("anyOf", "oneOf"):
        branches = schema.get(word)
        if not branches:
            continue
        problems = [violations(value, branch, resolve, path or "x") for branch in branches]
        passed = sum(not each for each in problems)
        if word == "oneOf" and passed > 1:
            _unmatched(
                found, f'"{path}" must validate one and only one schema (oneOf). Found {passed} valid alternatives'
            )
        elif passed == 0:
            rule = (
                "one and only one schema (oneOf). Found none valid"
                if word == "oneOf"
                else "at least one schema (anyOf)"
            )
            _unmatched(found, f'"{path}" must validate {rule}')
            found.extend(problems[0])
    negated = schema.get("not")
    if negated and not violations(value, negated, resolve, path or "x"):
        _unmatched(found, f'"{path}" must not validate the schema (not)')


def _unmatched(found: list[Cause], text: str) -> None:
    found.append(Cause("FieldValueInvalid", f'Invalid value: "": {text}', "<nil>"))
