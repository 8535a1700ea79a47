"""Strategic merge patch: a merge patch that knows which lists merge by which key, and takes directives.

Directives: `$patch: replace | delete` on objects and list items, `$retainKeys`, `$deleteFromPrimitiveList/<field>`,
`$setElementOrder/<field>`. Which list merges how says `listkinds`.
"""

from __future__ import annotations

from collections.abc import Mapping

from pointsman.tui.demo.kube.jsonvalues import (
    Doc,
    Json,
    PatchError,
    bad_request,
    copy_json,
    internal,
    unprocessable,
    without_nulls,
)
from pointsman.tui.demo.kube.listkinds import ListKinds

_PATCH = "$patch"
_RETAIN_KEYS = "$retainKeys"
_DELETE_FROM = "$deleteFromPrimitiveList"
_ORDER = "$setElementOrder"


def strategic_merge(doc: Doc, patch: Mapping[str, Json], kind: str) -> Doc:
    """`doc`, an object of the builtin `kind`, after a strategic merge patch with its directives.

    Lists merge by the key the type declares (`listkinds`). Raises PatchError: 415 for a kind without declared keys (custom
    resources), 400 for malformed directives, 422 for lists of lists, 500 for items without their merge key, unknown
    `$patch` values and patches that contradict their `$setElementOrder`, each as an API server does.
    """
    schema = ListKinds.builtin(kind)
    if schema is None:
        raise PatchError(
            415,
            "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: "
            "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml, "
            "application/apply-patch+cbor",
        )
    if not isinstance(patch, dict):
        raise bad_request("error decoding patch: a strategic merge patch is an object")
    merged: Doc = _decoded(_merge_map(copy_json(doc), copy_json(patch), schema))
    return merged


def _decoded(value: Json) -> Json:
    """What reading the merged object as its Go type leaves: parts taken over whole may still hold directives and nulls."""
    if isinstance(value, dict):
        return {
            key: _decoded(item)
            for key, item in value.items()
            if item is not None and key not in (_PATCH, _RETAIN_KEYS) and not key.startswith((_ORDER, _DELETE_FROM))
        }
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    return value


def _merge_map(original: Doc, patch: Doc, schema: ListKinds) -> Doc:
    if _PATCH in patch:
        directive = patch.pop(_PATCH)
        if directive == "replace":
            return patch
        if directive == "delete":
            return {}
        raise _bad_patch_type(directive, patch)
    _retain_keys(original, patch)
    _merge_ordered_lists(original, patch, schema)
    # Removals first: JSON objects have no order, and an item both removed and added is meant to be there.
    for key in sorted(patch, key=lambda key: not key.startswith(_DELETE_FROM)):
        value = patch[key]
        is_deletion = key.startswith(_DELETE_FROM)
        if is_deletion:
            key = _directive_field(key, _DELETE_FROM, "primitive list")
        if value is None:
            original.pop(key, None)
        elif key not in original or type(original[key]) is not type(value):
            if not is_deletion:
                _set(original, key, value)
        elif isinstance(value, dict):
            field = schema.child(key)
            original[key] = value if field.replace else _merge_map(original[key], value, field)
        elif isinstance(value, list):
            original[key] = _merge_list(original[key], value, schema.child(key), is_deletion)
        else:
            original[key] = value
    return original


def _set(original: Doc, key: str, value: Json) -> None:
    """Take a value of the patch as it is, without its nulls and directives."""
    if isinstance(value, dict) and _PATCH in value:
        original.pop(key, None)
    else:
        original[key] = _without_directives(without_nulls(value))


def _without_directives(value: Json) -> Json:
    if isinstance(value, dict):
        return {k: _without_directives(v) for k, v in value.items() if not (isinstance(v, dict) and _PATCH in v)}
    if isinstance(value, list):
        return [_without_directives(item) for item in value if not (isinstance(item, dict) and _PATCH in item)]
    return value


def _retain_keys(original: Doc, patch: Doc) -> None:
    """`$retainKeys`: of the original keep only the listed fields; the patch may set no other."""
    if _RETAIN_KEYS not in patch:
        return
    retained = patch.pop(_RETAIN_KEYS)
    if not isinstance(retained, list):
        raise _bad_format("retainKeys")
    for key, value in patch.items():
        if value is not None and not key.startswith((_DELETE_FROM, _ORDER)) and key not in retained:
            raise _bad_format("retainKeys")
    for key in [key for key in original if key not in retained]:
        del original[key]


def _merge_ordered_lists(original: Doc, patch: Doc, schema: ListKinds) -> None:
    """`$setElementOrder/<field>`: merge that list and order it: the directive, then the live order."""
    for directive in [key for key in patch if key.startswith(_ORDER)]:
        order = patch.pop(directive)
        if not isinstance(order, list):
            raise internal(f"expected a []interface {{}}, but received a {_go_type(order)}")
        field = _directive_field(directive, _ORDER, "setElementOrder list")
        place = schema.child(field)
        live, change = original.get(field), patch.get(field)
        for value in (live, change):
            if value is not None and not isinstance(value, list):
                raise internal(f"expected a []interface {{}}, but received a {_go_type(value)}")
        _check_order(change or [], order, place.merge_key)
        if field in patch and change is None:
            continue
        if live is None and change is None:
            continue
        if change is None:
            merged = list(live or [])
        elif live is None:
            merged = _without_directives(change)
        else:
            merged = _merge_list(list(live), change, place, False)
        patch.pop(field, None)
        kind = _element_type(live or [], change or [])
        if kind is None:
            raise internal("no elements in any of the given slices")
        original[field] = _ordered(merged, order, _standing(live or [], change or [], place.merge_key), place.merge_key)


def _standing(live: list[Json], change: list[Json], merge_key: str) -> list[Json]:
    """The order that items outside of `$setElementOrder` are placed by: the live one.

    A server reads it from a list that it changed meanwhile: deleted items have made room, and new ones have moved up into
    that room. Where both happen, the place of items depends on it.
    """
    if not merge_key:
        return live
    deleted = {_key_of(item, merge_key) for item in change if item.get(_PATCH) == "delete"}
    kept = [item for item in live if _key_of(item, merge_key) not in deleted]
    if any(item.get(_PATCH) == "replace" for item in change):
        return kept
    known = {_key_of(item, merge_key) for item in kept}
    new = [item for item in change if _PATCH not in item and _key_of(item, merge_key) not in known]
    return [*kept, *new][: len(live)]


def _check_order(change: list[Json], order: list[Json], merge_key: str) -> None:
    """The patch's items must appear in the order list, in its order."""
    if not order or not change:
        return
    wanted = [item for item in change if not (isinstance(item, dict) and item.get(_PATCH) == "delete")]
    at = listed = 0
    while at < len(wanted) and listed < len(order):
        if isinstance(wanted[at], dict) and _PATCH in wanted[at]:
            at += 1
            continue
        if _key_of(wanted[at], merge_key) == _key_of(order[listed], merge_key):
            at += 1
        listed += 1
    if at < len(wanted):
        raise internal(
            f"The order in patch list:\n{_go(change)}\n doesn't match {_ORDER} list:\n{_go(order)}\n",
        )


def _merge_list(original: list[Json], patch: list[Json], place: ListKinds, is_deletion: bool) -> list[Json]:
    if not place.merge and not is_deletion:
        return patch
    kind = _element_type(original, patch)
    if kind is None:
        return original
    if kind is not dict:
        if is_deletion:
            return [item for item in original if item not in patch]
        return _ordered(list(dict.fromkeys([*original, *patch])), patch, original, "")
    key = place.merge_key
    if not key:
        raise internal(f"cannot merge lists without merge key for {place.type_name}")
    live = list(original)
    changes, replace = [], False
    for item in patch:
        directive = item.get(_PATCH)
        if _PATCH not in item:
            changes.append(item)
        elif directive == "delete":
            wanted = _key_of(item, key)
            live = [other for other in live if other.get(key) != wanted or key not in other]
        elif directive == "replace":
            replace = True
        elif directive == "merge":
            raise internal("merging lists cannot yet be specified in the patch")
        else:
            raise _bad_patch_type(directive, item)
    if replace:
        for item in changes:
            _key_of(item, key)
        return changes
    merged = list(live)
    for item in changes:
        wanted = _key_of(item, key)
        at = next((i for i, other in enumerate(merged) if key in other and other[key] == wanted), None)
        if at is None:
            merged.append(item)
        else:
            merged[at] = _merge_map(merged[at], item, place.item())
    return _ordered(merged, changes, live, key)


def _ordered(merged: list[Json], order: list[Json], live: list[Json], merge_key: str) -> list[Json]:
    """Items named by `order` in its order, the others in the live order, interleaved as the live list had them."""

    def ranks(items: list[Json]) -> dict[Json, int]:
        ranked: dict[Json, int] = {}
        for i, item in enumerate(items):
            ranked.setdefault(_key_of(item, merge_key), i)
        return ranked

    first, second = ranks(order), ranks(live)
    named = sorted((x for x in merged if _key_of(x, merge_key) in first), key=lambda x: first[_key_of(x, merge_key)])
    others = [x for x in merged if _key_of(x, merge_key) not in first]
    others.sort(key=lambda x: second.get(_key_of(x, merge_key), len(second)))
    result: list[Json] = []
    while named and others:
        a, b = second.get(_key_of(others[0], merge_key)), second.get(_key_of(named[0], merge_key))
        result.append(others.pop(0) if a is not None and b is not None and a < b else named.pop(0))
    return result + named + others


def _key_of(item: Json, merge_key: str) -> Json:
    if not merge_key:
        return item
    if not isinstance(item, dict):
        raise internal(f"expected a map[string]interface {{}}, but received a {_go_type(item)}")
    if merge_key not in item:
        raise internal(f"map: {_go(item)} does not contain declared merge key: {merge_key}")
    value = item[merge_key]
    if isinstance(value, dict | list):
        raise internal(f"the merge key {merge_key} has no plain value")
    return value


def _element_type(*lists: list[Json]) -> type | None:
    """The one type of all items, None when there are none."""
    found: type | None = None
    for item in (item for items in lists for item in items):
        if isinstance(item, list):
            raise unprocessable("lists of lists are not supported")
        if found is not None and type(item) is not found:
            raise internal(f"list element types are not identical: {_go(list(lists))}")
        found = type(item)
    return found


def _directive_field(directive: str, prefix: str, what: str) -> str:
    name, slash, field = directive.partition("/")
    if not slash or name != prefix:
        raise _bad_format(what)
    return field


def _bad_format(what: str) -> PatchError:
    return bad_request(f"invalid patch format of {what}")


def _bad_patch_type(directive: Json, where: Doc) -> PatchError:
    return internal(f"unknown patch type: {_go(directive)} in map: {_go(where)}")


def _go_type(value: Json) -> str:
    if isinstance(value, dict):
        return "map[string]interface {}"
    if isinstance(value, list):
        return "[]interface {}"
    return {str: "string", bool: "bool", int: "int64", float: "float64"}.get(type(value), "%!s(<nil>)")


def _go(value: Json) -> str:
    """A JSON value as the server's messages print it (Go's %v)."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{_go(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(_go, value)) + "]"
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
