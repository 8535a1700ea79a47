"""Structured merge and comparison of JSON objects under a schema: the arithmetic of server-side apply.

Every function walks values together with their `ListKinds` place. Lists keyed by fields match their items by key, sets by
value; atomic lists and maps are one field. The rules are those of sigs.k8s.io/structured-merge-diff.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from pointsman.tui.demo.kube.fieldsets import LEAF, Fields, is_member, item_element, node_of, path_text, value_element
from pointsman.tui.demo.kube.jsonvalues import equal_json
from pointsman.tui.demo.kube.listkinds import ListKinds

Json: TypeAlias = Any


class _Absent:
    """The value of a field that is not there (null is a value)."""


ABSENT: Final = _Absent()


class StructureError(ValueError):
    """A value that its schema does not allow; the text has the path first, as in `.spec.ports: duplicate entries ...`."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Which fields the second object has more, has less, and has with another value."""

    added: Fields
    removed: Fields
    modified: Fields


_Parts: TypeAlias = tuple["Fields | None", "Fields | None", "Fields | None"]
_SAME: _Parts = (None, None, None)


def _is_map(value: Json) -> bool:
    return isinstance(value, dict)


def _is_list(value: Json) -> bool:
    return isinstance(value, list)


def element_of(item: Json, place: ListKinds) -> str:
    """The path element of an item of an associative list. Raises StructureError for an item that has none."""
    if place.list_type == "set":
        if item is None or isinstance(item, dict | list):
            what = "an explicit null" if item is None else "a map type" if isinstance(item, dict) else "a list type"
            raise StructureError(f"associative list without keys has an element that's {what}")
        return value_element(item)
    if not isinstance(item, dict):
        what = "a null element" if item is None else "non-map elements"
        raise StructureError(f"associative list with keys may not have {what}")
    keys = {}
    for name, default in place.keys:
        if name in item:
            keys[name] = item[name]
        elif default is not None:
            keys[name] = default
    if not keys:
        names = " ".join(f'"{name}"' for name, _ in place.keys)
        raise StructureError(
            f"associative list with keys has an element that omits all key fields [{names}]"
            " (and doesn't have default values for any key fields)"
        )
    return item_element(keys)


def _by_element(items: Iterable[Json], place: ListKinds) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for item in items:
        found.setdefault(element_of(item, place), []).append(item)
    return found


def check(value: Json, place: ListKinds, path: tuple[str, ...] = ()) -> None:
    """Refuse what an applied configuration may not hold: duplicate or keyless list items, fields the schema lacks."""
    if _is_map(value):
        for key, item in value.items():
            if not place.declares(key):
                raise StructureError(f"{path_text((*path, f'f:{key}'))}: field not declared in schema")
            check(item, place.child(key), (*path, f"f:{key}"))
    elif _is_list(value):
        seen = set()
        for i, item in enumerate(value):
            element = f"i:{i}"
            if place.list_type != "atomic":
                try:
                    element = element_of(item, place)
                except StructureError as error:
                    raise StructureError(f"{path_text(path)}: element {i}: {error}") from None
                if element in seen:
                    raise StructureError(f"{path_text(path)}: duplicate entries for key {path_text((element,))}")
                seen.add(element)
            check(item, place.item(), (*path, element))


def field_set(value: Json, place: ListKinds) -> Fields:
    """The fields an applied configuration claims: its leaves, its list items, and what it sets to null or {}."""
    return _claimed(value, place) or LEAF


def _claimed(value: Json, place: ListKinds) -> Fields | None:
    if _is_map(value):
        if place.atomic:
            return LEAF
        children: dict[str, Fields] = {}
        for key, item in value.items():
            node = _claimed(item, place.child(key))
            if item is None or item == {} or not place.is_field(key):
                node = node_of(True, _children(node))
            if node is not None:
                children[f"f:{key}"] = node
        return children or None
    if _is_list(value):
        if place.list_type == "atomic":
            return LEAF
        inner = place.item()
        return {
            element: (node_of(True, _children(_claimed(items[0], inner))) or LEAF) if len(items) == 1 else LEAF
            for element, items in _by_element(value, place).items()
        } or None
    return None if value is None else LEAF


def _children(node: Fields | None) -> Fields:
    return {key: child for key, child in (node or LEAF).items() if key != "."}


def compare(before: Json, after: Json, place: ListKinds) -> Comparison:
    """The fields that differ between two objects."""
    added, removed, modified = _compare(before, after, place)
    return Comparison(added or LEAF, removed or LEAF, modified or LEAF)


def _whole(value: Json, place: ListKinds) -> Fields:
    """A value that came or went: the node itself and everything below are members."""
    if _is_map(value) and value and not place.atomic:
        return {".": LEAF, **{f"f:{key}": _whole(item, place.child(key)) for key, item in value.items()}}
    if _is_list(value) and value and place.list_type != "atomic":
        return {".": LEAF, **_whole_items(value, place)}
    return LEAF


def _whole_items(value: list[Json], place: ListKinds) -> dict[str, Fields]:
    inner = place.item()
    found = _by_element(value, place)
    return {element: _whole(items[0], inner) if len(items) == 1 else LEAF for element, items in found.items()}


def _compare(before: Json, after: Json, place: ListKinds) -> _Parts:
    if before is after:
        return _SAME
    if before is ABSENT:
        return _whole(after, place), None, None
    if after is ABSENT:
        return None, _whole(before, place), None
    # Null stands for an empty map or list where the other side has one.
    if _is_map(before if before is not None else after) and _is_map(after if after is not None else before):
        if place.atomic or not (before or after):
            return _SAME if equal_json(before, after) else (None, None, LEAF)
        return _compare_maps(before or {}, after or {}, place)
    if _is_list(before if before is not None else after) and _is_list(after if after is not None else before):
        if place.list_type == "atomic" or not (before or after):
            return _SAME if equal_json(before, after) else (None, None, LEAF)
        return _compare_lists(before or [], after or [], place)
    if isinstance(before, dict | list) or isinstance(after, dict | list):
        # Another type: the field itself is modified, what was below it is gone, what is below it is new.
        return _below(after, place), _below(before, place), LEAF
    return _SAME if equal_json(before, after) else (None, None, LEAF)


def _below(value: Json, place: ListKinds) -> Fields | None:
    return _children(_whole(value, place)) or None


def _collect(parts: Iterable[tuple[str, _Parts]]) -> _Parts:
    trees: tuple[dict[str, Fields], ...] = ({}, {}, {})
    for key, found in parts:
        for tree, node in zip(trees, found, strict=True):
            if node is not None:
                tree[key] = node
    added, removed, modified = (tree or None for tree in trees)
    return added, removed, modified


def _compare_maps(before: Mapping[str, Json], after: Mapping[str, Json], place: ListKinds) -> _Parts:
    keys = dict.fromkeys((*before, *after))
    return _collect(
        (f"f:{key}", _compare(before.get(key, ABSENT), after.get(key, ABSENT), place.child(key))) for key in keys
    )


def _compare_lists(before: list[Json], after: list[Json], place: ListKinds) -> _Parts:
    left, right, inner = _by_element(before, place), _by_element(after, place), place.item()

    def compared(element: str) -> _Parts:
        old, new = left.get(element, []), right.get(element, [])
        if len(old) > 1 and len(new) > 1:
            return _SAME if equal_json(old, new) else (None, None, LEAF)
        if len(old) > 1:
            return (_whole(new[0], inner) if new else None), LEAF, None
        if len(new) > 1:
            return LEAF, (_whole(old[0], inner) if old else None), None
        return _compare(old[0] if old else ABSENT, new[0] if new else ABSENT, inner)

    return _collect((element, compared(element)) for element in dict.fromkeys((*left, *right)))


def merge(live: Json, config: Json, place: ListKinds) -> Json:
    """`live` with `config` laid over it. Shares what it did not change with both; null over a map or list keeps it."""
    if config is ABSENT:
        return live
    if live is ABSENT:
        return config
    if (_is_map(live) or live is None) and (_is_map(config) or config is None):
        if place.atomic or not (live or config):
            return config
        left, right = live or {}, config or {}
        return {
            key: merge(left.get(key, ABSENT), right.get(key, ABSENT), place.child(key))
            for key in dict.fromkeys((*left, *right))
        }
    if (_is_list(live) or live is None) and (_is_list(config) or config is None):
        if place.list_type == "atomic" or not (live or config):
            return config
        return _merge_lists(live or [], config or [], place)
    return config


def _merge_lists(live: list[Json], config: list[Json], place: ListKinds) -> list[Json]:
    """Items of both, the shared ones in the order of `config`, the others where they stood in `live`."""
    inner = place.item()
    left = [(element_of(item, place), item) for item in live]
    right = [(element_of(item, place), item) for item in config]
    known = _by_element(live, place)
    wanted = {element for element, _ in right}
    shared = [element for element, _ in right if element in known]
    merged: set[str] = set()
    result: list[Json] = []

    def take(element: str, item: Json) -> None:
        old = known.get(element, [])
        # A live item that exists twice is not merged into, it is replaced.
        result.append(merge(old[0] if len(old) == 1 else ABSENT, item, inner))
        merged.add(element)
        if shared and shared[0] == element:
            shared.pop(0)

    at_live, at_config = 0, 0
    while at_live < len(left) or at_config < len(right):
        if at_live < len(left) and at_config < len(right):
            element = left[at_live][0]
            if element == right[at_config][0]:
                take(*right[at_config])
                at_live, at_config = at_live + 1, at_config + 1
                continue
            if element in wanted and shared and shared[0] != element:
                at_live += 1
                continue
        if at_live < len(left):
            element, item = left[at_live]
            if element not in wanted:
                result.append(item)
                at_live += 1
                continue
            if element in merged:
                at_live += 1
        if at_config < len(right):
            take(*right[at_config])
            at_config += 1
    return result


def remove(value: Json, fields: Fields, place: ListKinds) -> Json:
    """`value` without the members of `fields`; None when nothing stays, or when the value is atomic."""
    if _is_map(value):
        if place.atomic:
            return None
        kept = {}
        for key, item in value.items():
            node = fields.get(f"f:{key}")
            if node is None:
                kept[key] = item
            elif not is_member(node):
                kept[key] = remove(item, node, place.child(key))
        return kept or None
    if _is_list(value):
        if place.list_type == "atomic":
            return None
        items = []
        for item in value:
            node = fields.get(element_of(item, place))
            if node is None:
                items.append(item)
            elif not is_member(node):
                items.append(remove(item, node, place.item()))
        return items or None
    return value
