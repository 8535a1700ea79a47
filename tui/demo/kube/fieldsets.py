"""Sets of object fields in the form managedFields stores them (fieldsV1), and the set operations on it.

A set is a tree of JSON objects. Keys are path elements: `f:name` a field or map key, `k:{"name":"x"}` a list item by its
keys, `v:"x"` an item of a set. A node is a member of the set when it is empty or holds `.`; other nodes only lead to
members. The root is no member. Trees are never changed in place: results share what they did not touch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from pointsman.tui.demo.kube.listkinds import ListKinds

Fields: TypeAlias = Mapping[str, Any]
Path: TypeAlias = tuple[str, ...]

LEAF: Fields = {}


def is_member(node: Fields) -> bool:
    """Whether the node itself, not only something below it, belongs to the set."""
    return not node or "." in node


def node_of(member: bool, children: Fields) -> Fields | None:
    """A node from its two parts, None when nothing is left."""
    if not children:
        return LEAF if member else None
    return {".": LEAF, **children} if member else children


def union(a: Fields, b: Fields) -> Fields:
    result = {key: node for key, node in a.items() if key != "."}
    for key, node in b.items():
        if key == ".":
            continue
        mine = result.get(key)
        if mine is None:
            result[key] = node
        elif mine is not node:
            result[key] = node_of(is_member(mine) or is_member(node), union(mine, node)) or LEAF
    return result


def difference(a: Fields, b: Fields) -> Fields:
    """Members of `a` that are not members of `b`; what is below a member of `b` stays."""
    result: dict[str, Any] = {}
    for key, node in a.items():
        if key == ".":
            continue
        other = b.get(key)
        kept = node if other is None else node_of(is_member(node) and not is_member(other), difference(node, other))
        if kept is not None:
            result[key] = kept
    return result


def without(a: Fields, b: Fields) -> Fields:
    """`a` less the members of `b` and all that is below them."""
    result: dict[str, Any] = {}
    for key, node in a.items():
        if key == ".":
            continue
        other = b.get(key)
        if other is None:
            result[key] = node
        elif not is_member(other):
            kept = node_of(is_member(node), without(node, other))
            if kept is not None:
                result[key] = kept
    return result


def intersection(a: Fields, b: Fields) -> Fields:
    result: dict[str, Any] = {}
    for key, node in a.items():
        other = b.get(key)
        if key == "." or other is None:
            continue
        kept = node_of(is_member(node) and is_member(other), intersection(node, other))
        if kept is not None:
            result[key] = kept
    return result


def with_structs(fields: Fields, place: ListKinds) -> Fields:
    """The set with every struct field that leads to a member made a member too (map keys and list items are not)."""
    result: dict[str, Any] = {}
    for key, node in fields.items():
        if key == ".":
            continue
        if not node:
            result[key] = node
            continue
        name = key[2:]
        is_field = key.startswith("f:")
        below = with_structs(node, place.child(name) if is_field else place.item())
        result[key] = node_of(is_member(node) or (is_field and place.is_field(name)), below) or LEAF
    return result


def paths(fields: Fields, prefix: Path = ()) -> Iterator[Path]:
    """Every member's path: at each level the members in order, then what is below them."""
    keys = sorted(key for key in fields if key != ".")
    for key in keys:
        if is_member(fields[key]):
            yield (*prefix, key)
    for key in keys:
        yield from paths(fields[key], (*prefix, key))


def path_text(path: Path) -> str:
    """A path as conflict messages print it: `.spec.containers[name="x"].image`, `.metadata.finalizers[="a"]`."""
    return "".join(map(_element_text, path))


def _element_text(element: str) -> str:
    kind, _, rest = element.partition(":")
    if kind == "f":
        return f".{rest}"
    try:
        value = json.loads(rest)
    except ValueError:
        return f"[{rest}]"
    if kind == "k" and isinstance(value, dict):
        return f"[{','.join(f'{key}={_quoted(value[key])}' for key in sorted(value))}]"
    return f"[={_quoted(value)}]"


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def item_element(keys: Mapping[str, Any]) -> str:
    """The path element of a list item with these key fields."""
    return "k:" + json.dumps(dict(sorted(keys.items())), ensure_ascii=False, separators=(",", ":"))


def value_element(value: Any) -> str:
    """The path element of an item of a set."""
    return "v:" + json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def is_fields(value: Any) -> bool:
    """Whether a value from outside is a well-formed set."""
    return isinstance(value, dict) and all(
        isinstance(key, str) and (key == "." or key[:2] in ("f:", "k:", "v:", "i:")) and is_fields(node)
        for key, node in value.items()
    )
