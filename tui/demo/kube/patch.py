"""The three patch types of the Kubernetes API: JSON patch, merge patch and, from `strategic`, strategic merge patch.

All are pure: they take JSON values, leave them untouched and return a new document, or raise PatchError with the HTTP
code and the Status reason and message an API server answers. Where RFC 6902 and a real API server differ, the server's
behaviour is kept, because its clients expect it: `replace` of a missing object member sets it, indices count from the
end when negative, `add` cannot replace the whole document, `test` of null holds for a missing member.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence

from pointsman.tui.demo.kube.jsonvalues import (
    Doc,
    Json,
    PatchError,
    bad_request,
    copy_json,
    equal_json,
    unprocessable,
    without_nulls,
)
from pointsman.tui.demo.kube.strategic import strategic_merge

__all__ = ["PatchError", "json_patch", "merge_patch", "strategic_merge"]

MAX_OPERATIONS = 10_000
"""Operations one JSON patch may have; more are refused with 413, as an API server does."""
MAX_COPIED_BYTES = 3 * 1024 * 1024
"""JSON size that all `copy` operations of one patch may add up to (copies of copies grow exponentially)."""


# RFC 6902: JSON patch -------------------------------------------------------------------------------------------------

_INDEX = re.compile(r"[+-]?[0-9]+\Z")


def json_patch(doc: Doc, ops: Sequence[Mapping[str, Json]]) -> Doc:
    """`doc` after the operations of an RFC 6902 patch; all or nothing.

    Raises PatchError: 400 for a patch that is not a list of objects, 413 for more than MAX_OPERATIONS, 422 for an
    operation that does not apply, a failed `test` included.
    """
    if not isinstance(ops, list) or not all(isinstance(op, dict) for op in ops):
        raise bad_request("error decoding patch: a JSON patch is a list of operations")
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
                raise unprocessable(f"Unexpected kind: {name}")
            step(op)
        if not isinstance(self._doc, dict):
            raise unprocessable("the patched document is not an object")
        return self._doc

    def _find(self, op: Mapping[str, Json], field: str = "path") -> tuple[Json, str, str]:
        """The container the pointer's last token applies to, that token, and the pointer."""
        pointer = op.get(field)
        if not isinstance(pointer, str):
            raise unprocessable(f"{op.get('op')} operation missing {field} field")
        tokens = [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")]
        where = self._doc
        if len(tokens) < 2:
            where = None
        for token in tokens[1:-1]:
            where = _get(where, token, None)
        if not isinstance(where, dict | list):
            raise unprocessable(f'{op.get("op")} operation does not apply: doc is missing {field}: "{pointer}"')
        return where, tokens[-1], pointer

    def _add(self, op: Mapping[str, Json]) -> None:
        _insert(*self._find(op), copy_json(op.get("value")))

    def _remove(self, op: Mapping[str, Json]) -> None:
        where, key, pointer = self._find(op)
        if isinstance(where, dict):
            if key not in where:
                raise unprocessable(f"Unable to remove nonexistent key: {pointer}")
            del where[key]
        else:
            del where[_index(key, len(where), pointer)]

    def _replace(self, op: Mapping[str, Json]) -> None:
        value = copy_json(op.get("value"))
        if op.get("path") == "":
            if not isinstance(value, dict | list):
                raise unprocessable("replace operation value must be object or array")
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
                raise unprocessable(f"Unable to remove nonexistent key: {op.get('from')}")
            del where[key]
        else:
            del where[_index(key, len(where), str(op.get("from")))]
        _insert(*self._find(op), value)

    def _copy(self, op: Mapping[str, Json]) -> None:
        where, key, pointer = self._find(op, "from")
        value = _get(where, key, pointer)
        self._copied += len(json.dumps(value, separators=(",", ":")))
        if self._copied > MAX_COPIED_BYTES:
            raise unprocessable(f"the copies of this patch add up to more than {MAX_COPIED_BYTES} bytes")
        _insert(*self._find(op), copy_json(value))

    def _test(self, op: Mapping[str, Json]) -> None:
        if op.get("path") == "":
            found = self._doc
        else:
            where, key, pointer = self._find(op)
            found = _get(where, key, pointer)
        if not equal_json(found, op.get("value")):
            raise unprocessable(f"testing value {op.get('path')} failed")


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
        raise unprocessable(f"value was not a proper array index: '{key}' in path '{pointer}'")
    index = int(key) if len(key) < 12 else length
    if not -length <= index < length:
        raise unprocessable(f"Unable to access invalid index: {key} in path '{pointer}'")
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
        raise bad_request("error decoding patch: a merge patch is an object")
    return _merged(doc, patch)


def _merged(doc: Mapping[str, Json], patch: Mapping[str, Json]) -> Doc:
    result = {key: copy_json(value) for key, value in doc.items() if key not in patch}
    for key, value in patch.items():
        current = doc.get(key)
        if value is None:
            continue
        if isinstance(current, dict):
            result[key] = _merged(current, value) if isinstance(value, dict) else copy_json(value)
        else:
            result[key] = without_nulls(value)
    # Members keep their place, so that a diff of the two documents shows what changed and nothing else.
    return {key: result[key] for key in (*(k for k in doc if k in result), *(k for k in result if k not in doc))}
