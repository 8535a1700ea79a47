"""One change of one object, as plain data: what it was, what it shall be, and whether something else is like it. Pure."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from pointsman.tui.answers.ref import Ref
from pointsman.tui.model.decode import from_doc
from pointsman.tui.model.kinds import KINDS, Kind
from pointsman.tui.model.meta import dig_dict, dig_list, dig_str
from pointsman.tui.model.secrets import reduce_secret

Doc = dict[str, Any]

SERVER_FIELDS = ("resourceVersion", "uid", "generation", "creationTimestamp", "managedFields", "selfLink")
"""Parts of ``metadata`` that the server keeps by itself; they are no part of a change."""


@dataclass(frozen=True, slots=True)
class Change:
    """``before`` is the live object as it was read (None: not there), ``after`` what is wanted (None: to be deleted).

    ``version`` is the API version the object was read at; empty for the kind's preferred one. ``source`` is the user's own
    YAML, if there is one: then that is sent, as it was typed, and ``after`` is what it says.
    """

    ref: Ref
    before: Doc | None
    after: Doc | None
    version: str = ""
    source: str = ""

    @property
    def kind(self) -> Kind[Any]:
        return KINDS[self.ref.kind]

    @property
    def verb(self) -> str:
        """``create``, ``update`` or ``delete``."""
        if self.after is None:
            return "delete"
        return "create" if self.before is None else "update"

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return essence(self.before) == essence(self.after)

    def texts(self) -> tuple[str, str]:
        """Both sides as YAML, without the server's bookkeeping, for a diff."""
        return readable(self.before, self.kind), readable(self.after, self.kind)


def essence(doc: Doc | None) -> Doc | None:
    """The object without status and what the server keeps by itself: what a write is about."""
    if doc is None:
        return None
    kept = {key: value for key, value in doc.items() if key not in ("status", "metadata")}
    metadata = {key: value for key, value in dig_dict(doc, "metadata").items() if key not in SERVER_FIELDS}
    # An empty map of annotations is what remains when the last one goes; the server drops it.
    kept["metadata"] = {
        key: value for key, value in metadata.items() if value or key not in ("annotations", "labels", "finalizers")
    }
    return kept


def readable(doc: Doc | None, kind: Kind[Any]) -> str:
    """YAML of what a write is about; empty text for no object."""
    found = essence(doc)
    if found is None:
        return ""
    if kind.secret:
        found = reduce_secret(found)  # nobody reads a secret in a diff
    from pointsman.tui.answers.yaml_text import yaml_text  # PyYAML is not needed for the first paint

    return yaml_text(from_doc(found, kind))


def merge_patch(before: Any, after: Doc) -> Doc:
    """The JSON merge patch (RFC 7386) that makes ``after`` of ``before``."""
    old = before if isinstance(before, dict) else {}
    patch: Doc = {key: None for key in old if key not in after}
    for key, value in after.items():
        if key not in old:
            patch[key] = copy.deepcopy(value)
        elif isinstance(value, dict) and isinstance(old[key], dict):
            inner = merge_patch(old[key], value)
            if inner:
                patch[key] = inner
        elif value != old[key]:
            patch[key] = copy.deepcopy(value)
    return patch


def patched(before: Any, patch: Any) -> Any:
    """What a server makes of a merge patch."""
    if not isinstance(patch, dict):
        return patch
    found: Doc = dict(before) if isinstance(before, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = patched(found.get(key), value)
    return found


def fits(change: Change, live: Doc | None) -> bool:
    """Whether ``live`` holds everything that the change was to bring; what others added or the server filled in is no
    objection."""
    if change.after is None:
        # A pod is given time to end; that it is asked to is all that a deletion can do.
        return (
            live is None
            or bool(dig_str(live, "metadata", "deletionTimestamp"))
            or (
                change.before is not None
                and dig_str(live, "metadata", "uid") != dig_str(change.before, "metadata", "uid")
            )
        )
    if live is None:
        return False
    if change.before is None:
        return _holds(live, essence(change.after) or {})
    patch = merge_patch(essence(change.before), essence(change.after) or {})
    return _holds(live, patch)


def _holds(live: Any, patch: Any) -> bool:
    if isinstance(patch, dict):
        if not isinstance(live, dict):
            return not any(value is not None for value in patch.values())
        return all(
            (live.get(key) in (None, {}, []) if value is None else _holds(live.get(key), value))
            for key, value in patch.items()
        )
    if isinstance(patch, list):
        # The server may fill in fields of the elements (protocol: TCP), never drop or reorder elements.
        if not isinstance(live, list) or len(live) != len(patch):
            return False
        return all(_holds(one, other) for one, other in zip(live, patch, strict=True))
    return bool(live == patch) or (live is None and patch in ("", 0, False))


def untouched(before: Doc | None, live: Doc | None) -> bool:
    """Whether the object is the very one that was read, unchanged since."""
    if before is None or live is None:
        return before is live
    return version_of(before) == version_of(live) and dig_str(before, "metadata", "uid") == dig_str(
        live, "metadata", "uid"
    )


def version_of(doc: Doc | None) -> str:
    """``resourceVersion``."""
    return dig_str(doc, "metadata", "resourceVersion")


def api_version(doc: Doc) -> str:
    """``v1`` of ``networking.k8s.io/v1``."""
    return dig_str(doc, "apiVersion").rpartition("/")[2]


def last_writer(doc: Doc | None, before: Doc | None = None) -> tuple[str, str]:
    """The field manager that wrote last (status aside) and when, as the object says it; empty if it does not.

    With ``before`` only what was written since then counts: times have whole seconds, so they alone do not tell.
    """
    entries = [
        entry for entry in dig_list(doc, "metadata", "managedFields") if dig_str(entry, "subresource") != "status"
    ]
    known = dig_list(before, "metadata", "managedFields")
    # A manager that only lost fields keeps its time, so its entry is no sign of a write. Who only took fields away owns
    # nothing and leaves no sign at all.
    entries = [entry for entry in entries if not any(_same_write(entry, other) for other in known)]
    best = ("", "")
    for entry in entries:
        when = dig_str(entry, "time")
        if when >= best[1]:
            best = (dig_str(entry, "manager"), when)
    return best


def _same_write(entry: object, other: object) -> bool:
    return all(dig_str(entry, key) == dig_str(other, key) for key in ("manager", "operation", "subresource", "time"))


def created_from(before: Doc) -> Doc:
    """What is sent to make a deleted object again: without the old one's identity and status."""
    return copy.deepcopy(essence(before) or {})
