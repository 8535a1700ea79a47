"""Entries of metadata.managedFields: read from an object, written back in the server's order, capped in number."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from pointsman.tui.demo.kube.fieldsets import Fields, is_fields, union

Doc: TypeAlias = dict[str, Any]

ANCIENT_CHANGES = "ancient-changes"
"""The manager that inherits the oldest updates when more than MAX_UPDATERS have an entry."""
MAX_UPDATERS = 10


@dataclass(frozen=True, slots=True, order=True)
class Id:
    """What tells one entry from another. An applier has one entry, whatever the version; an updater one per version."""

    manager: str
    operation: str
    version: str
    subresource: str

    def __str__(self) -> str:
        text = json.dumps(self.manager, ensure_ascii=False)
        if self.subresource:
            text += f" with subresource {json.dumps(self.subresource, ensure_ascii=False)}"
        return f"{text} using {self.version}" if self.operation == "Update" else text


@dataclass(frozen=True, slots=True)
class Entry:
    """The fields of one manager, the apiVersion they are named by, and when they last changed (RFC 3339)."""

    fields: Fields
    version: str
    time: str | None = None


Managed: TypeAlias = dict[Id, Entry]


def unmanaged(doc: Doc) -> Doc:
    """The object without its managedFields."""
    metadata = doc.get("metadata")
    if not isinstance(metadata, dict) or "managedFields" not in metadata:
        return doc
    return {**doc, "metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}


def managed_of(before: Doc | None, after: Doc, subresource: str) -> Managed:
    """The entries an update starts from: those the client sent when valid, none when it clears them, else the stored."""
    own = ((before or {}).get("metadata") or {}).get("managedFields") or []
    sent = (after.get("metadata") or {}).get("managedFields")
    if not subresource:
        if sent == [] or sent == [{}]:
            return {}
        try:
            managed = decode(sent or [])
        except ValueError:
            managed = {}
        if managed:
            return managed
    try:
        return decode(own)
    except ValueError:
        return {}


def decode(entries: Any) -> Managed:
    """Entries by identity. Raises ValueError for one that an API server would not accept."""
    managed: Managed = {}
    if not isinstance(entries, list):
        raise ValueError("managedFields must be a list")
    for i, entry in enumerate(entries):
        if not isinstance(entry, dict) or entry.get("operation") not in ("Apply", "Update"):
            raise ValueError("operation must be `Apply` or `Update`")
        version = entry.get("apiVersion")
        if not isinstance(version, str) or not version:
            raise ValueError("apiVersion must not be empty")
        if entry.get("fieldsType") != "FieldsV1":
            kind = entry.get("fieldsType")
            problem = f'invalid fieldsType "{kind}"' if kind else "missing fieldsType"
            raise ValueError(f"{problem} in managed fields entry {i}")
        fields = entry.get("fieldsV1") or {}
        if not is_fields(fields):
            raise ValueError(f"error decoding set in managed fields entry {i}")
        operation = entry["operation"]
        key = Id(
            str(entry.get("manager") or ""),
            operation,
            version if operation == "Update" else "",
            str(entry.get("subresource") or ""),
        )
        time = entry.get("time")
        managed[key] = Entry(fields, version, time if isinstance(time, str) else None)
    return managed


def _seconds(time: str | None) -> int:
    try:
        return int(datetime.fromisoformat(time or "").timestamp())
    except ValueError:
        return 0


def with_entries(doc: Doc, managed: Managed) -> Doc:
    """The object with these entries, ordered by operation, time and name; without managedFields when there are none."""
    metadata = {key: value for key, value in (doc.get("metadata") or {}).items() if key != "managedFields"}
    ordered = sorted(
        managed.items(),
        key=lambda pair: (
            pair[0].operation,
            _seconds(pair[1].time),
            pair[0].manager,
            pair[1].version,
            pair[0].subresource,
        ),
    )
    if ordered:
        metadata["managedFields"] = [_encode(key, entry) for key, entry in ordered]
    return {**doc, "metadata": metadata}


def _encode(key: Id, entry: Entry) -> Doc:
    encoded: Doc = {"manager": key.manager, "operation": key.operation, "apiVersion": entry.version}
    if entry.time is not None:
        encoded["time"] = entry.time
    encoded["fieldsType"] = "FieldsV1"
    encoded["fieldsV1"] = _in_order(entry.fields)
    if key.subresource:
        encoded["subresource"] = key.subresource
    return encoded


def _in_order(fields: Fields) -> Doc:
    return {key: _in_order(fields[key]) for key in sorted(fields)}


def capped(managed: Managed) -> Managed:
    """At most MAX_UPDATERS updaters: the oldest of each version are merged into one entry."""
    updaters = sorted(
        (key for key in managed if key.operation == "Update"), key=lambda key: (_seconds(managed[key].time), key)
    )
    if len(updaters) <= MAX_UPDATERS:
        return managed
    result = dict(managed)
    count = len(updaters)
    first: dict[str, Id] = {}
    for key in updaters:
        if count <= MAX_UPDATERS:
            break
        entry = result[key]
        if entry.version not in first:
            first[entry.version] = key
            continue
        bucket = Id(ANCIENT_CHANGES, "Update", entry.version, "")
        if bucket not in result:
            result[bucket] = result.pop(first[entry.version])
        result[bucket] = replace(entry, fields=union(entry.fields, result[bucket].fields))
        if key != bucket:
            del result[key]
        count -= 1
    return result
