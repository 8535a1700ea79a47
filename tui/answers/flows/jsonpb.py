"""A message as the hubble CLI's ``-o jsonpb`` writes it, byte for byte.

The rules are those of protobuf's JSON form with the API's own names, as Go writes it: fields in the order of their
declaration, empty ones left out, enums by name (an unknown number as a number), 64-bit numbers as strings, times with 0, 3,
6 or 9 digits; then Go's JSON encoder makes ``<``, ``>``, ``&`` and the line separators safe for HTML.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any, Final

from pointsman.tui.wire.hubble import is_time

_text = json.JSONEncoder(ensure_ascii=False).encode
_UNSAFE: Final = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_INT64: Final = (3, 4, 6, 16, 18)
_FLOATS: Final = (1, 2)
_BOOL: Final = 8
_STRING: Final = 9
_MESSAGE: Final = 11
_ENUM: Final = 14

Writer = Callable[[Any], str]


def jsonpb(message: Any) -> str:
    """The line, without its end."""
    return _message(message).translate(_UNSAFE)


def stamp(seconds: int, nanos: int) -> str:
    """A Timestamp in its JSON form."""
    text = (_EPOCH + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    if not nanos:
        return f"{text}Z"
    digits = f"{nanos:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f"{text}.{digits}Z"


def _message(message: Any) -> str:
    plan = _plan(message.DESCRIPTOR)
    found = message.ListFields()
    if len(found) > 1:
        found.sort(key=_index)
    return "{" + ",".join([plan[field.number](value) for field, value in found]) + "}"


def _index(item: tuple[Any, Any]) -> int:
    return int(item[0].index)


_plans: dict[str, dict[int, Writer]] = {}


def _plan(descriptor: Any) -> dict[int, Writer]:
    plan = _plans.get(descriptor.full_name)
    if plan is None:
        plan = _plans[descriptor.full_name] = {field.number: _field(field) for field in descriptor.fields}
    return plan


def _field(field: Any) -> Writer:
    head = f'"{field.name}":'
    write = _value(field)
    if field.is_repeated:
        return lambda values: f"{head}[{','.join([write(value) for value in values])}]"
    return lambda value: head + write(value)


def _value(field: Any) -> Writer:
    kind = field.type
    if kind == _STRING:
        return _text
    if kind == _BOOL:
        return lambda value: "true" if value else "false"
    if kind == _ENUM:
        names = {number: f'"{item.name}"' for number, item in field.enum_type.values_by_number.items()}
        return lambda value: names.get(value) or str(value)
    if kind in _INT64:
        return lambda value: f'"{value}"'
    if kind in _FLOATS:
        return _float
    if kind == _MESSAGE:
        return _WELL_KNOWN.get(field.message_type.full_name, _message)
    return str


def _float(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return '"NaN"' if value != value else '"Infinity"' if value > 0 else '"-Infinity"'
    return str(int(value)) if value == int(value) and abs(value) < 1e21 else repr(value)


def _any(value: Any) -> str:
    # What is inside cannot be told without its type; the bytes are not thrown away.
    import base64

    return f'{{"@type":{_text(value.type_url)},"value":"{base64.b64encode(value.value).decode()}"}}'


_WELL_KNOWN: Final[dict[str, Writer]] = {
    # What is no time makes the CLI give up the whole line.
    "google.protobuf.Timestamp": lambda value: f'"{stamp(value.seconds, value.nanos)}"' if is_time(value) else "null",
    "google.protobuf.BoolValue": lambda value: "true" if value.value else "false",
    "google.protobuf.Int32Value": lambda value: str(value.value),
    "google.protobuf.UInt32Value": lambda value: str(value.value),
    "google.protobuf.FieldMask": lambda value: _text(",".join(value.paths)),
    "google.protobuf.Any": _any,
}
