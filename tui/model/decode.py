"""Bytes of the API server into objects: lists by page, watch lines, and plain data from files.

One bad object never spoils a page: its body falls back to the metadata and :attr:`Obj.problem` says what was wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from pointsman.tui.model.kinds import Kind
from pointsman.tui.model.meta import Meta, Obj, Resource
from pointsman.tui.model.secrets import reduce_bytes

B = TypeVar("B", bound=Resource)


class DecodeError(ValueError):
    """The bytes are not what a Kubernetes API sends (HTML of a proxy, half a JSON document); the text is a sentence."""


class _ListMeta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")
    remaining_item_count: int | None = None


class _List(msgspec.Struct):
    kind: str = ""
    metadata: _ListMeta = msgspec.field(default_factory=_ListMeta)
    items: list[msgspec.Raw] | None = None


class _Line(msgspec.Struct):
    type: str = ""
    object: msgspec.Raw = msgspec.Raw(b"{}")


class Status(msgspec.Struct, frozen=True):
    """The API server's own error object (``kind: Status``)."""

    code: int = 0
    reason: str = ""
    message: str = ""


class _Head(msgspec.Struct):
    metadata: Meta = msgspec.field(default_factory=Meta)


class _BareMeta(msgspec.Struct, rename="camel"):
    name: Any = ""
    namespace: Any = ""
    uid: Any = ""
    resource_version: Any = ""


class _BareHead(msgspec.Struct):
    metadata: _BareMeta = msgspec.field(default_factory=_BareMeta)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: objects, the resource version to watch from, and the token of the next page (empty: last)."""

    items: list[Obj[Any]]
    resource_version: str
    next_page: str


@dataclass(frozen=True, slots=True)
class WatchLine:
    """One line of a watch. ``type`` as on the wire; ``obj`` for ADDED, MODIFIED, DELETED; ``status`` for ERROR."""

    type: str
    obj: Obj[Any] | None
    resource_version: str
    status: Status | None = None
    initial_events_end: bool = False


_list = msgspec.json.Decoder(_List)
_line = msgspec.json.Decoder(_Line)
_head = msgspec.json.Decoder(_Head)
_bare = msgspec.json.Decoder(_BareHead)
_status = msgspec.json.Decoder(Status)
_bodies: dict[type[Resource], msgspec.json.Decoder[Any]] = {}


def _decoder(body: type[Resource]) -> msgspec.json.Decoder[Any]:
    found = _bodies.get(body)
    if found is None:
        found = _bodies[body] = msgspec.json.Decoder(body)
    return found


def _without_nulls(value: Any) -> Any:
    """Go writes ``null`` for a nil list or map; to a reader that is the same as not there."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    return value


def decode_object(raw: bytes | msgspec.Raw, kind: Kind[B], origin: str = "") -> Obj[B]:
    """One object. Raises DecodeError only if there is no name in it to know it by."""
    data = reduce_bytes(raw) if kind.secret else bytes(raw)
    problem = ""
    body: Any
    try:
        body = _decoder(kind.body).decode(data)
    except (msgspec.DecodeError, RecursionError) as first:
        body, problem = _second_try(data, kind, first)
    if not body.metadata.name:
        raise DecodeError(f"an object of kind {kind.kind} without a name")
    return Obj(kind.id, body, data, problem, origin)


def _second_try(data: bytes, kind: Kind[Any], first: Exception) -> tuple[Any, str]:
    try:
        doc = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise DecodeError(f"not JSON: {error}") from None
    try:
        return msgspec.convert(_without_nulls(doc), kind.body), ""
    except msgspec.ValidationError:
        pass
    problem = f"part of this {kind.kind} could not be read: {first}"
    try:
        meta = msgspec.convert(_without_nulls(doc), _Head).metadata
    except msgspec.ValidationError:
        try:
            bare = msgspec.convert(doc, _BareHead).metadata
        except msgspec.ValidationError:
            raise DecodeError(f"an object of kind {kind.kind} without readable metadata") from None
        meta = Meta(name=str(bare.name), namespace=str(bare.namespace or ""), uid=str(bare.uid or ""))
    return kind.body(metadata=meta), problem


@dataclass(frozen=True, slots=True)
class RawPage:
    """A page that is split into its items and not decoded further, so that a big one can be decoded in slices."""

    items: list[msgspec.Raw]
    resource_version: str
    next_page: str


def split_page(data: bytes, kind: Kind[Any]) -> RawPage:
    """A list response, split. Raises DecodeError if it is not a Kubernetes list."""
    try:
        page = _list.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise DecodeError(f"the answer to a list of {kind.resource} is not a Kubernetes list: {error}") from None
    if page.items is None and not page.kind.endswith("List") and not page.metadata.resource_version:
        raise DecodeError(f"the answer to a list of {kind.resource} is not a Kubernetes list")
    return RawPage(page.items or [], page.metadata.resource_version, page.metadata.continue_)


def decode_items(items: Iterable[msgspec.Raw], kind: Kind[Any], api_version: str = "") -> list[Obj[Any]]:
    """The items of a page. Those without a name are left out: nothing could ever refer to them.

    The API server leaves ``kind`` and ``apiVersion`` off the items of a list of a built-in kind, yet writes them in a
    watch event. With ``api_version`` they are put in front, exactly as in the event, so that an object has the same
    bytes by either way (a relist then changes nothing) and its YAML is complete.
    """
    found: list[Obj[Any]] = []
    head = b""
    if api_version and not kind.metadata_only and not kind.secret:
        head = f'{{"kind":"{kind.kind}","apiVersion":"{api_version}",'.encode()
    for item in items:
        raw: bytes | msgspec.Raw = item
        if head:
            data = bytes(item)
            if data.startswith(b'{"metadata"'):
                raw = head + data[1:]
        try:
            found.append(decode_object(raw, kind))
        except DecodeError:
            continue
    return found


def decode_page(data: bytes, kind: Kind[Any], api_version: str = "") -> Page:
    """A list response, decoded at once; as :func:`split_page` and :func:`decode_items`."""
    page = split_page(data, kind)
    return Page(decode_items(page.items, kind, api_version), page.resource_version, page.next_page)


INITIAL_EVENTS_END = "k8s.io/initial-events-end"


def decode_line(data: bytes, kind: Kind[Any]) -> WatchLine:
    """One line of a watch stream. Raises DecodeError for a line that is no watch event."""
    try:
        line = _line.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise DecodeError(f"a line of the watch on {kind.resource} is not a watch event: {error}") from None
    match line.type:
        case "ADDED" | "MODIFIED" | "DELETED":
            obj = decode_object(line.object, kind)
            return WatchLine(line.type, obj, obj.meta.resource_version)
        case "BOOKMARK":
            try:
                meta = _head.decode(line.object).metadata
            except (msgspec.DecodeError, RecursionError):
                return WatchLine(line.type, None, "")
            return WatchLine(
                line.type,
                None,
                meta.resource_version,
                initial_events_end=meta.annotations.get(INITIAL_EVENTS_END) == "true",
            )
        case _:
            return WatchLine(line.type, None, "", decode_status(bytes(line.object)))


def decode_status(data: bytes) -> Status | None:
    """The Status in an error response; None if the body is something else (HTML, plain text)."""
    try:
        return _status.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return None


def from_doc(doc: dict[str, Any], kind: Kind[B], origin: str = "") -> Obj[B]:
    """An object from plain data (a manifest). Raises DecodeError as decode_object does."""
    try:
        raw = msgspec.json.encode(doc)
    except (TypeError, msgspec.MsgspecError) as error:
        raise DecodeError(f"cannot be put as JSON: {error}") from None
    return decode_object(raw, kind, origin)
