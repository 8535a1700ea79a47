"""Field ownership: server-side apply, and the tracking of every other write in metadata.managedFields.

A manager owns fields by applying them (operation Apply) or by changing them (Update); entries are told apart by manager,
operation, subresource and, for Update, apiVersion. Applying a field whose value another manager set to something else is
a conflict, unless forced; a field that its last applier leaves out goes away when nobody else owns it. The rules, the order
of entries and the wording of conflicts are those of a Kubernetes API server. Not kept: following a CRD whose lists or maps
change between atomic and keyed (the demo's CRDs do not change).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from pointsman.tui.demo.kube.entries import Entry, Id, Managed, capped, decode, managed_of, unmanaged, with_entries
from pointsman.tui.demo.kube.fieldsets import (
    LEAF,
    Fields,
    Path,
    difference,
    intersection,
    path_text,
    paths,
    union,
    with_structs,
    without,
)
from pointsman.tui.demo.kube.jsonvalues import PatchError, copy_json, equal_json
from pointsman.tui.demo.kube.listkinds import ListKinds
from pointsman.tui.demo.kube.structured import StructureError, check, compare, field_set, merge, remove

Doc: TypeAlias = dict[str, Any]

BEFORE_FIRST_APPLY = "before-first-apply"
"""The manager of what an object without managedFields had when it was first applied to."""
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""The annotation in which client-side apply keeps the configuration."""

# Identity and bookkeeping, which no manager owns.
_NEVER_OWNED: Fields = {
    "f:apiVersion": {},
    "f:kind": {},
    "f:metadata": {
        ".": {},
        **{
            f"f:{name}": {}
            for name in (
                "name",
                "namespace",
                "creationTimestamp",
                "selfLink",
                "uid",
                "clusterName",
                "generation",
                "managedFields",
                "resourceVersion",
            )
        },
    },
}


@dataclass(frozen=True, slots=True)
class ConflictCause:
    """One field that another manager owns: `conflict with "helm" using v1`, `.spec.replicas`."""

    message: str
    field: str


class ApplyConflict(Exception):  # noqa: N818 (the API calls it a conflict)
    """An apply that would change fields of other managers and is not forced; HTTP 409, reason Conflict.

    `message` is the Status message; each cause has type FieldManagerConflict.
    """

    def __init__(self, causes: Iterable[ConflictCause], message: str) -> None:
        super().__init__(message)
        self.causes = tuple(causes)
        self.message = message


def apply(
    live: Doc | None,
    config: Doc,
    *,
    manager: str,
    force: bool,
    subresource: str = "",
    now: str,
    schema: ListKinds,
) -> Doc:
    """The object after `manager` applied `config` to `live` (None: it is created), managedFields included.

    `now` is the RFC 3339 time of the request. The result shares nothing with the arguments; defaults, generation and
    resourceVersion are the caller's. When nothing but times of entries would change, the entries keep their times.
    Raises ApplyConflict, or PatchError: 400 for a config with managedFields, 500 for one that its schema does not allow.
    """
    if (config.get("metadata") or {}).get("managedFields") is not None:
        raise PatchError(400, "BadRequest", "metadata.managedFields must be nil")
    call = _Call(manager, subresource, str(config.get("apiVersion") or ""), now, schema)
    try:
        check(config, schema)
    except StructureError as error:
        raise PatchError(500, "", f"failed to create typed patch object ({_named(config)}): {error}") from error
    try:
        managed = decode((live or {}).get("metadata", {}).get("managedFields") or [])
    except ValueError as error:
        raise PatchError(500, "", f"failed to decode managed fields: {error}") from error
    before = unmanaged(live or {})
    try:
        if live and not managed:
            managed = call.update(schema.always(), before, managed, BEFORE_FIRST_APPLY)
        after, managed = _applied(call, before, config, managed, force)
    except StructureError as error:
        raise PatchError(500, "", f"failed to create typed live object ({_named(before)}): {error}") from error
    after = copy_json(after)
    if manager == "kubectl":
        _renew_last_applied(after, config)
    return with_entries(after, managed)


def _applied(call: _Call, before: Doc, config: Doc, managed: Managed, force: bool) -> tuple[Doc, Managed]:
    try:
        return call.apply(before, config, managed, force)
    except _ConflictError as conflict:
        rest = conflict.fields
        if call.manager == "kubectl":
            rest = _not_client_side(before, rest, call.schema)
        if any(rest.values()):
            raise _refusal(rest) from None
    return call.apply(before, config, managed, True)


def track_update(
    before: Doc | None,
    after: Doc,
    *,
    manager: str,
    subresource: str = "",
    now: str,
    schema: ListKinds,
) -> Doc:
    """`after` with managedFields that say what `manager` changed from `before` (None: it is created).

    For creates, updates and all patches but apply. managedFields in `after` are what the client sent: they are taken when
    valid, an empty list (or one empty entry) clears them, anything else leaves those of `before`. `manager` is the
    request's fieldManager, else the first part of its User-Agent. The result shares structure with `after`.
    """
    call = _Call(manager, subresource, str(after.get("apiVersion") or ""), now, schema)
    managed = managed_of(before, after, subresource)
    # An object that lost its managedFields is tracked again only after the next apply.
    if managed or before is None:
        old = schema.always() if before is None else unmanaged(before)
        try:
            managed = capped(call.update(old, unmanaged(after), managed, manager))
        except StructureError:
            # A list whose items have no keys: nobody can be said to own what is in it, and the write is not refused.
            managed = {}
    return with_entries(after, managed)


def same_but_times(before: Doc, after: Doc) -> bool:
    """Whether a write changed nothing: equal but for resourceVersion, generation and the times of managedFields."""

    def bare(doc: Doc) -> Doc:
        metadata = doc.get("metadata") or {}
        entries = [{k: v for k, v in entry.items() if k != "time"} for entry in metadata.get("managedFields") or []]
        skipped = ("resourceVersion", "generation", "managedFields")
        return {**doc, "metadata": {**{k: v for k, v in metadata.items() if k not in skipped}, "": entries}}

    return equal_json(bare(before), bare(after))


class _ConflictError(Exception):
    def __init__(self, fields: dict[Id, Fields]) -> None:
        super().__init__("conflict")
        self.fields = fields


@dataclass(frozen=True, slots=True)
class _Call:
    """One write by one manager."""

    manager: str
    subresource: str
    version: str
    now: str
    schema: ListKinds

    def _id(self, manager: str, operation: str) -> Id:
        version = self.version if operation == "Update" else ""
        return Id(manager or "unknown", operation, version, self.subresource)

    def update(self, before: Doc, after: Doc, managed: Managed, manager: str) -> Managed:
        """Entries after `manager` turned one object into the other: what it changed is its own, and nobody else's."""
        reset = self.schema.reset(self.subresource)
        found = compare(before, after, self.schema)
        added, modified, removed = (without(fields, reset) for fields in (found.added, found.modified, found.removed))
        changed = union(added, modified)
        gone = union(changed, removed)
        result = {
            key: replace(entry, fields=rest)
            for key, entry in managed.items()
            if (rest := difference(entry.fields, gone))
        }
        own = difference(changed, _NEVER_OWNED)
        if own:
            key = self._id(manager, "Update")
            earlier = result.get(key)
            fields = union(own, earlier.fields) if earlier else own
            # A server's scale subresource tracks its field without a time.
            result[key] = Entry(fields, self.version, None if self.subresource == "scale" else self.now)
        return result

    def apply(self, live: Doc, config: Doc, managed: Managed, force: bool) -> tuple[Doc, Managed]:
        """The object and entries after applying `config`. Raises _ConflictError."""
        key = self._id(self.manager, "Apply")
        reset = self.schema.reset(self.subresource)
        last = managed.get(key)
        claimed = without(field_set(config, self.schema), reset)
        managed = {**managed, key: Entry(claimed, self.version, last.time if last else None)}
        merged = merge(live, config, self.schema)
        after = _settled(self._pruned(merged, managed, last), live, merged, self.schema.is_custom)

        found = compare(live, after, self.schema)
        added, modified, removed = (without(fields, reset) for fields in (found.added, found.modified, found.removed))
        changed = union(added, modified)
        conflicts = {
            other: both
            for other, entry in managed.items()
            if other != key and (both := intersection(entry.fields, changed))
        }
        if conflicts and not force:
            raise _ConflictError(conflicts)
        gone = union(changed, removed)
        result = {}
        for other, entry in managed.items():
            fields = difference(entry.fields, _NEVER_OWNED if other == key else gone)
            if fields:
                result[other] = replace(entry, fields=fields)
        if key in result and not equal_json(live, after):
            result[key] = replace(result[key], time=self.now)
        return after, result

    def _pruned(self, merged: Doc, managed: Managed, last: Entry | None) -> Doc:
        """`merged` without what the manager applied last time, now leaves out, and nobody else owns."""
        if last is None or not last.fields:
            return merged
        schema = self.schema
        dropped = with_structs(last.fields, schema)
        pruned = remove(merged, dropped, schema) or {}
        everything = with_structs(field_set(merged, schema), schema)
        owned: Fields = LEAF
        for entry in managed.values():
            owned = union(owned, entry.fields)
        kept = union(with_structs(field_set(pruned, schema), schema), with_structs(owned, schema))
        pruned = remove(merged, difference(everything, kept), schema) or {}
        # Only what this manager had: fields of nobody stay.
        left_out = difference(everything, with_structs(field_set(pruned, schema), schema))
        result: Doc = remove(merged, intersection(left_out, dropped), schema) or {}
        return result


def _settled(value: Any, live: Any, merged: Any, keep_empty: bool) -> Any:
    """The object without the nulls that a configuration's "not set" and removal leave behind; those of `live` stay.

    A map or list that lost its last entry, but that others own as such, is left out of a builtin object, as Go does, and
    kept empty in a custom resource, where a server has null and then finds that invalid.
    """
    if isinstance(value, dict):
        known, was = (item if isinstance(item, dict) else {} for item in (live, merged))
        result = {}
        for key, item in value.items():
            if item is not None or (key in known and known[key] is None):
                result[key] = _settled(item, known.get(key), was.get(key), keep_empty)
            elif keep_empty and isinstance(was.get(key), dict | list):
                result[key] = type(was[key])()
        return result
    if isinstance(value, list):
        return [_settled(item, None, None, keep_empty) if isinstance(item, dict) else item for item in value]
    return value


# Conflicts ------------------------------------------------------------------------------------------------------------


def _refusal(conflicts: Mapping[Id, Fields]) -> ApplyConflict:
    found: list[tuple[Id, Path]] = [(key, path) for key in sorted(conflicts) for path in paths(conflicts[key])]
    causes = [ConflictCause(f"conflict with {key}", path_text(path)) for key, path in found]
    if len(causes) == 1:
        return ApplyConflict(causes, f"Apply failed with 1 conflict: {causes[0].message}: {causes[0].field}")
    lines = []
    for key in sorted(conflicts):
        lines.append(f"conflicts with {key}:")
        lines += [f"- {path_text(path)}" for path in paths(conflicts[key])]
    return ApplyConflict(causes, f"Apply failed with {len(causes)} conflicts: " + "\n".join(lines))


def _not_client_side(live: Doc, conflicts: Mapping[Id, Fields], schema: ListKinds) -> dict[Id, Fields]:
    """Conflicts less those about fields that kubectl itself set by client-side apply and that still have that value."""
    annotations = (live.get("metadata") or {}).get("annotations") or {}
    try:
        config = json.loads(annotations.get(LAST_APPLIED) or "")
        if not isinstance(config, dict) or config.get("apiVersion") != live.get("apiVersion"):
            return dict(conflicts)
        check(config, schema)
    except ValueError:
        return dict(conflicts)
    found = compare(config, live, schema)
    owned = field_set(config, schema)
    for changed in (found.modified, found.added, found.removed):
        owned = difference(owned, changed)
    return {key: rest for key, fields in conflicts.items() if (rest := difference(fields, owned))}


def _renew_last_applied(after: Doc, config: Doc) -> None:
    """Keep the annotation of client-side apply true for someone who goes back to it."""
    annotations = (after.get("metadata") or {}).get("annotations")
    if not isinstance(annotations, dict) or not annotations.get(LAST_APPLIED):
        return
    applied = copy_json(config)
    own = (applied.get("metadata") or {}).get("annotations")
    if isinstance(own, dict):
        own.pop(LAST_APPLIED, None)
        if not own:
            del applied["metadata"]["annotations"]
    annotations[LAST_APPLIED] = json.dumps(applied, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n"


def _named(config: Doc) -> str:
    metadata = config.get("metadata") or {}
    group, _, version = str(config.get("apiVersion") or "").rpartition("/")
    gvk = f"{group}/{version}, Kind={config.get('kind')}"
    return f"{metadata.get('namespace') or ''}/{metadata.get('name') or ''}; {gvk}"
