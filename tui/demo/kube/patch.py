"""The three patch types of the Kubernetes API: JSON patch, merge patch, strategic merge patch.

All are pure: they take JSON values, leave them untouched and return a new document, or raise PatchError with the HTTP
code and the Status reason and message an API server answers. Where RFC 6902 and a real API server differ, the server's
behaviour is kept, because its clients expect it: `replace` of a missing object member sets it, indices count from the
end when negative, `add` cannot replace the whole document, `test` of null holds for a missing member.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from pointsman.tui.demo.kube.listkinds import ListKinds

Json: TypeAlias = Any
Doc: TypeAlias = dict[str, Json]

MAX_OPERATIONS = 10_000
"""Operations one JSON patch may have; more are refused with 413, as an API server does."""
MAX_COPIED_BYTES = 3 * 1024 * 1024
"""JSON size that all `copy` operations of one patch may add up to (copies of copies grow exponentially)."""

_REJECTED = "the server rejected our request due to an error in our request"


class PatchError(Exception):
    """A patch that cannot be applied: `code` (HTTP), `reason` and `message` (Status), `detail` what exactly failed.

    An API server hides the cause of a 422 behind one general sentence in `message`; `detail` keeps it.
    """

    def __init__(self, code: int, reason: str, message: str, detail: str = "") -> None:
        super().__init__(detail or message)
        self.code = code
        self.reason = reason
        self.message = message
        self.detail = detail or message


def _bad_request(message: str) -> PatchError:
    return PatchError(400, "BadRequest", message)


def _unprocessable(detail: str) -> PatchError:
    return PatchError(422, "Invalid", _REJECTED, detail)


def _internal(message: str) -> PatchError:
    # Errors that strategic merge does not classify leave an API server as 500 with an empty reason.
    return PatchError(500, "", message)


def copy_json(value: Json) -> Json:
    """A deep copy of a JSON value."""
    if isinstance(value, dict):
        return {key: copy_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copy_json(item) for item in value]
    return value


def equal_json(left: Json, right: Json) -> bool:
    """Equality of JSON values: numbers by value, but true is not 1."""
    if isinstance(left, dict):
        return (
            isinstance(right, dict) and left.keys() == right.keys() and all(equal_json(left[k], right[k]) for k in left)
        )
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(equal_json, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


# RFC 6902: JSON patch -------------------------------------------------------------------------------------------------

_INDEX = re.compile(r"[+-]?[0-9]+\Z")


def json_patch(doc: Doc, ops: Sequence[Mapping[str, Json]]) -> Doc:
    """`doc` after the operations of an RFC 6902 patch; all or nothing.

    Raises PatchError: 400 for a patch that is not a list of objects, 413 for more than MAX_OPERATIONS, 422 for an
    operation that does not apply, a failed `test` included.
    """
    if not isinstance(ops, list) or not all(isinstance(op, dict) for op in ops):
        raise _bad_request("error decoding patch: a JSON patch is a list of operations")
    if len(ops) > MAX_OPERATIONS:
        raise PatchError(
            413,
            "RequestEntityTooLarge",
            f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {len(ops)}",
        )
    return _JsonPatch(copy_json(doc)).run(ops)


class _JsonPatch:
    def __init__(self, doc: Doc) -> None:
        self._doc: Json = doc
        self._copied = 0

    def run(self, ops: Sequence[Mapping[str, Json]]) -> Doc:
        steps: dict[str, Callable[[Mapping[str, Json]], None]] = {
            "add": self._add,
            "remove": self._remove,
            "replace": self._replace,
            "move": self._move,
            "copy": self._copy,
            "test": self._test,
        }
        for op in ops:
            name = op.get("op", "unknown")
            step = steps.get(name) if isinstance(name, str) else None
            if step is None:
                raise _unprocessable(f"Unexpected kind: {name}")
            step(op)
        if not isinstance(self._doc, dict):
            raise _unprocessable("the patched document is not an object")
        return self._doc

    def _find(self, op: Mapping[str, Json], field: str = "path") -> tuple[Json, str, str]:
        """The container the pointer's last token applies to, that token, and the pointer."""
        pointer = op.get(field)
        if not isinstance(pointer, str):
            raise _unprocessable(f"{op.get('op')} operation missing {field} field")
        tokens = [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")]
        where = self._doc
        if len(tokens) < 2:
            where = None
        for token in tokens[1:-1]:
            where = _get(where, token, None)
        if not isinstance(where, dict | list):
            raise _unprocessable(f'{op.get("op")} operation does not apply: doc is missing {field}: "{pointer}"')
        return where, tokens[-1], pointer

    def _add(self, op: Mapping[str, Json]) -> None:
        _insert(*self._find(op), copy_json(op.get("value")))

    def _remove(self, op: Mapping[str, Json]) -> None:
        where, key, pointer = self._find(op)
        if isinstance(where, dict):
            if key not in where:
                raise _unprocessable(f"Unable to remove nonexistent key: {pointer}")
            del where[key]
        else:
            del where[_index(key, len(where), pointer)]

    def _replace(self, op: Mapping[str, Json]) -> None:
        value = copy_json(op.get("value"))
        if op.get("path") == "":
            if not isinstance(value, dict | list):
                raise _unprocessable("replace operation value must be object or array")
            self._doc = value
            return
        where, key, pointer = self._find(op)
        if isinstance(where, dict):
            where[key] = value
        else:
            where[_index(key, len(where), pointer)] = value

    def _move(self, op: Mapping[str, Json]) -> None:
        where, key, _ = self._find(op, "from")
        value = _get(where, key, op.get("from"))
        if isinstance(where, dict):
            if key not in where:
                raise _unprocessable(f"Unable to remove nonexistent key: {op.get('from')}")
            del where[key]
        else:
            del where[_index(key, len(where), str(op.get("from")))]
        _insert(*self._find(op), value)

    def _copy(self, op: Mapping[str, Json]) -> None:
        where, key, pointer = self._find(op, "from")
        value = _get(where, key, pointer)
        self._copied += len(json.dumps(value, separators=(",", ":")))
        if self._copied > MAX_COPIED_BYTES:
            raise _unprocessable(f"the copies of this patch add up to more than {MAX_COPIED_BYTES} bytes")
        _insert(*self._find(op), copy_json(value))

    def _test(self, op: Mapping[str, Json]) -> None:
        if op.get("path") == "":
            found = self._doc
        else:
            where, key, pointer = self._find(op)
            found = _get(where, key, pointer)
        if not equal_json(found, op.get("value")):
            raise _unprocessable(f"testing value {op.get('path')} failed")


def _get(where: Json, key: str, pointer: str | None) -> Json:
    """The value at `key`, None when an object lacks it; a list index out of range raises, or is None without pointer."""
    if isinstance(where, dict):
        return where.get(key)
    if isinstance(where, list):
        if pointer is None and not (_INDEX.match(key) and -len(where) <= int(key) < len(where)):
            return None
        return where[_index(key, len(where), pointer or "")]
    return None


def _index(key: str, length: int, pointer: str) -> int:
    if not _INDEX.match(key):
        raise _unprocessable(f"value was not a proper array index: '{key}' in path '{pointer}'")
    index = int(key) if len(key) < 12 else length
    if not -length <= index < length:
        raise _unprocessable(f"Unable to access invalid index: {key} in path '{pointer}'")
    return index + length if index < 0 else index


def _insert(where: Json, key: str, pointer: str, value: Json) -> None:
    if isinstance(where, dict):
        where[key] = value
    elif key == "-":
        where.append(value)
    else:
        where.insert(_index(key, len(where) + 1, pointer), value)


# RFC 7386: merge patch ------------------------------------------------------------------------------------------------


def merge_patch(doc: Doc, patch: Mapping[str, Json]) -> Doc:
    """`doc` after an RFC 7386 merge patch: null removes, objects merge, all else replaces.

    Raises PatchError 400 for a patch that is not an object (for an API server, the document always is one).
    """
    if not isinstance(patch, dict):
        raise _bad_request("error decoding patch: a merge patch is an object")
    return _merged(doc, patch)


def _merged(doc: Mapping[str, Json], patch: Mapping[str, Json]) -> Doc:
    result = {key: copy_json(value) for key, value in doc.items() if key not in patch}
    for key, value in patch.items():
        current = doc.get(key)
        if value is None:
            continue
        if isinstance(value, dict) and isinstance(current, dict):
            result[key] = _merged(current, value)
        else:
            result[key] = _without_nulls(value)
    # Members keep their place, so that a diff of the two documents shows what changed and nothing else.
    return {key: result[key] for key in (*(k for k in doc if k in result), *(k for k in result if k not in doc))}


def _without_nulls(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


# Strategic merge patch ------------------------------------------------------------------------------------------------

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
        raise _bad_request("error decoding patch: a strategic merge patch is an object")
    return _merge_map(copy_json(doc), copy_json(patch), schema)


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
        original[key] = _without_directives(_without_nulls(value))


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
            raise _internal(f"expected a []interface {{}}, but received a {_go_type(order)}")
        field = _directive_field(directive, _ORDER, "setElementOrder list")
        place = schema.child(field)
        live, change = original.get(field), patch.get(field)
        for value in (live, change):
            if value is not None and not isinstance(value, list):
                raise _internal(f"expected a []interface {{}}, but received a {_go_type(value)}")
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
            raise _internal("no elements in any of the given slices")
        original[field] = _ordered(merged, order, live or [], place.merge_key)


def _check_order(change: list[Json], order: list[Json], merge_key: str) -> None:
    """The patch's items must appear in the order list, in its order."""
    if not order or not change:
        return
    wanted = [item for item in change if not (isinstance(item, dict) and _PATCH in item)]
    at = 0
    for item in order:
        if at < len(wanted) and _key_of(wanted[at], merge_key) == _key_of(item, merge_key):
            at += 1
    if at < len(wanted):
        raise _internal(
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
        raise _internal(f"cannot merge lists without merge key for {place.type_name}")
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
            raise _internal("merging lists cannot yet be specified in the patch")
        else:
            raise _bad_patch_type(directive, item)
    if replace:
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
        raise _internal(f"expected a map[string]interface {{}}, but received a {_go_type(item)}")
    if merge_key not in item:
        raise _internal(f"map: {_go(item)} does not contain declared merge key: {merge_key}")
    value = item[merge_key]
    if isinstance(value, dict | list):
        raise _internal(f"the merge key {merge_key} has no plain value")
    return value


def _element_type(*lists: list[Json]) -> type | None:
    """The one type of all items, None when there are none."""
    found: type | None = None
    for item in (item for items in lists for item in items):
        if isinstance(item, list):
            raise _unprocessable("lists of lists are not supported")
        if found is not None and type(item) is not found:
            raise _internal(f"list element types are not identical: {_go(list(lists))}")
        found = type(item)
    return found


def _directive_field(directive: str, prefix: str, what: str) -> str:
    name, slash, field = directive.partition("/")
    if not slash or name != prefix:
        raise _bad_format(what)
    return field


def _bad_format(what: str) -> PatchError:
    return _bad_request(f"invalid patch format of {what}")


def _bad_patch_type(directive: Json, where: Doc) -> PatchError:
    return _internal(f"unknown patch type: {_go(directive)} in map: {_go(where)}")


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
