"""Whether a JSON line is, byte for byte, what the hubble CLI would write again for the flow in it.

The CLI reads a line and writes it anew: in the order of the fields' declaration, without empty fields, enums by name. A line
that is so already (the CLI's own, or the exporter's) need not be written anew, which is six times the work. It is read into
structures made from the table of fields, which know no other fields and no other values, and written from them: only if
this gives the very same bytes is the line taken as it is. Anything unusual (an escape, an unknown enum, a field that is empty
but there) is "no", and then the long way is gone.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

import msgspec

from pointsman.tui.wire.hubble import ENUMS, MESSAGES

_UNUSUAL: Final = (b"\\", b"<", b">", b"&", b"\xe2\x80\xa8", b"\xe2\x80\xa9")
"""What one of the two writers escapes and the other does not, or in another way."""
_TAIL: Final = re.compile(r"(?:\.(?:\d{3}){1,3}(?<!000))?Z")
_WIDE: Final = Annotated[str, msgspec.Meta(pattern=r"\A[1-9][0-9]{0,18}\Z")]
_NARROW: Final = Annotated[int, msgspec.Meta(gt=0, lt=2**32)]
_SIGNED: Final = Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]
_PLAIN: Final[dict[str, tuple[Any, Any]]] = {
    "string": (str, ""),
    "bool": (bool, False),
    "uint32": (_NARROW, 0),
    "int32": (_SIGNED, 0),
    "uint64": (_WIDE, ""),
    ".Timestamp": (str, ""),
    ".BoolValue": (bool | None, None),
}
_LEFT_OUT: Final = ("extensions", "node_status", "lost_events", "kafka")
"""Fields that are rare and would need more: a line that has one goes the long way."""
_CHOICES: Final = {
    "Layer4": ("TCP", "UDP", "ICMPv4", "ICMPv6", "SCTP", "VRRP", "IGMP"),
    "Layer7": ("dns", "http"),
}
_made: dict[str, type] = {}


def _class(full: str) -> type:
    """The structure of a message of the table."""
    found = _made.get(full)
    if found is not None:
        return found
    package, _, name = full.partition(".")
    fields: list[tuple[str, Any, Any]] = []
    for word in MESSAGES[full].split():
        head, _, kind = word.partition(":")
        key = head.partition("=")[0]
        kind = kind.partition("?")[0]
        repeated, kind = kind.startswith("*"), kind.removeprefix("*")
        if key in _LEFT_OUT:
            continue
        if kind in _PLAIN:
            type_, default = _PLAIN[kind]
        elif kind.startswith(".") or kind == "double":
            continue
        else:
            whole = kind if "." in kind else f"{package}.{kind}"
            if whole in ENUMS:
                # The first value is the empty one, which is left out.
                type_, default = Literal[tuple(item.partition("=")[0] for item in ENUMS[whole].split()[1:])], ""
            else:
                type_, default = _class(whole) | None, None
        if repeated:
            inner = type_ if kind in _PLAIN or default == "" else _class(kind if "." in kind else f"{package}.{kind}")
            fields.append((key, tuple[inner, ...], ()))  # type: ignore[valid-type]
        else:
            fields.append((key, type_, default))
    made = msgspec.defstruct(f"Canonical{name}", fields, omit_defaults=True, forbid_unknown_fields=True, gc=False)
    _made[full] = made
    return made


_decode: Final[Callable[[bytes], Any]] = msgspec.json.Decoder(_class("observer.GetFlowsResponse")).decode
_encode: Final = msgspec.json.Encoder().encode
_second: str = ""


def canonical(line: bytes) -> bool:
    """``line`` is without its end."""
    if any(part in line for part in _UNUSUAL):
        return False
    try:
        answer: Any = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    flow = answer.flow
    if flow is None or _encode(answer) != line:
        return False
    if not (_is_time(answer.time) and _is_time(flow.time)):
        return False
    if flow.l4 is not None and not _one(flow.l4, "Layer4"):
        return False
    if flow.l7 is not None and not _one(flow.l7, "Layer7"):
        return False
    return flow.tunnel is None or flow.tunnel.l4 is None or _one(flow.tunnel.l4, "Layer4")


def _one(value: Any, name: str) -> bool:
    """Whether no two alternatives are given at once."""
    return sum(getattr(value, key) is not None for key in _CHOICES[name]) <= 1


def _is_time(text: str) -> bool:
    """Whether a time is one, with as many digits as it is written with; none at all is fine."""
    global _second
    if not text:
        return True
    head = text[:19]
    if head != _second:
        if len(head) != 19 or head[10] != "T":
            return False
        try:
            datetime.datetime.fromisoformat(head)
        except ValueError:
            return False
        _second = head
    return _TAIL.fullmatch(text, 19) is not None
