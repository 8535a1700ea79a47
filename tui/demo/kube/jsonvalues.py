"""JSON values and what can be wrong with a patch: shared by every kind of patch and by server-side apply."""

from __future__ import annotations

from typing import Any, TypeAlias

Json: TypeAlias = Any
Doc: TypeAlias = dict[str, Json]

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


def bad_request(message: str) -> PatchError:
    return PatchError(400, "BadRequest", message)


def unprocessable(detail: str) -> PatchError:
    return PatchError(422, "Invalid", _REJECTED, detail)


def internal(message: str) -> PatchError:
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


def without_nulls(value: Json) -> Json:
    """The value without object members that are null."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value
