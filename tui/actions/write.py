"""One write of one object as an operation: sent with preconditions, read back, taken back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from pointsman.tui.actions.change import (
    Change,
    Doc,
    created_from,
    essence,
    fits,
    merge_patch,
    patched,
    untouched,
    version_of,
)
from pointsman.tui.actions.merge import take_back
from pointsman.tui.actions.operation import Found
from pointsman.tui.actions.source import with_bookkeeping
from pointsman.tui.model.meta import dig_str
from pointsman.tui.sources.errors import ConnectError, NotFoundError, NotKubernetesError, StatusError

if TYPE_CHECKING:
    from pointsman.tui.sources.kube.client import KubeClient

JSON, YAML = "application/json", "application/yaml"
READ_SECONDS = 10.0


def segment(text: str) -> str:
    """A name as one part of a path; a ``/`` in it cannot make two."""
    from urllib.parse import quote

    return quote(text, safe="")


def path_of(change: Change, *, collection: bool = False) -> str:
    """Where on the API server the object is (or is to be made)."""
    name = "" if collection else segment(change.ref.name)
    return change.kind.url(change.version, segment(change.ref.namespace), name)


async def read_object(client: KubeClient, change: Change) -> Doc | None:
    """The object as it is now; None if it is not there. Raises KubeError."""
    try:
        body = await client.get(path_of(change), what=f"get {change.ref.title}", total=READ_SECONDS)
    except NotFoundError:
        return None
    return _object(body, client.server)


def _object(body: bytes, server: str) -> Doc:
    try:
        doc = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        doc = None
    if not isinstance(doc, dict) or not isinstance(doc.get("metadata"), dict):
        raise NotKubernetesError(f"{server} gave no object as its answer.")
    return doc


async def send(client: KubeClient, change: Change, *, dry_run: bool = False, warnings: list[str] | None = None) -> Doc:
    """Send the change, or rehearse it, and give the server's answer. Raises KubeError.

    An update is a merge patch with the resourceVersion and uid that were read: a server refuses it with a conflict when
    anybody has changed the object since, or when it is another object of that name. The user's own text replaces the
    object, with that resourceVersion put into it. Unknown fields are errors.
    """
    if change.after is None:
        assert change.before is not None
        await client.delete(
            path_of(change),
            uid=dig_str(change.before, "metadata", "uid"),
            resource_version=version_of(change.before),
            dry_run=dry_run,
            warnings=warnings,
        )
        return change.before
    if change.before is None:
        body = change.source.encode() if change.source else json.dumps(created_from(change.after)).encode()
        raw = await client.create(
            path_of(change, collection=True),
            body,
            content_type=YAML if change.source else JSON,
            dry_run=dry_run,
            warnings=warnings,
        )
        return _object(raw, client.server)
    patch = _patch(change)
    if patch is None:
        raw = await client.replace(
            path_of(change),
            _whole(change).encode(),
            content_type=YAML if change.source else JSON,
            dry_run=dry_run,
            warnings=warnings,
        )
        return _object(raw, client.server)
    patch["metadata"] = {**patch.get("metadata", {}), "uid": dig_str(change.before, "metadata", "uid")}
    raw = await client.patch(
        path_of(change), patch, resource_version=version_of(change.before), dry_run=dry_run, warnings=warnings
    )
    return _object(raw, client.server)


def _patch(change: Change) -> Doc | None:
    """The merge patch that an update is sent as; None where the whole object must be: for the user's own text, and for a
    null that is meant as a value, which a merge patch cannot say."""
    before, after = essence(change.before) or {}, essence(change.after) or {}
    patch = merge_patch(before, after)
    return None if change.source or patched(before, patch) != after else patch


def _whole(change: Change) -> str:
    if change.source:
        return with_bookkeeping(change.source, change.before or {})[0]
    after = essence(change.after) or {}
    return json.dumps({**after, "metadata": {**after["metadata"], "resourceVersion": version_of(change.before)}})


class ObjectWrite:
    """A change as an :class:`~pointsman.tui.actions.operation.Operation`.

    ``stored`` is the object as the server answered it, ``live`` as it was last read; both None before that (``live`` also
    when the object is not there).
    """

    def __init__(self, client: KubeClient, change: Change) -> None:
        self.client = client
        self.change = change
        self.stored: Doc | None = None
        self.live: Doc | None = None
        self.lost: tuple[str, ...] = ()

    @property
    def once(self) -> bool:
        """Whether the transport sends it once at most: a patch or a creation. It sends anything else again when a kept
        connection turns out to be dead, and then a conflict may be with the first sending."""
        return self.change.after is not None and (self.change.before is None or _patch(self.change) is not None)

    async def probe(self) -> Found:
        """What is there now, compared with what was read when this was planned."""
        try:
            self.live = await read_object(self.client, self.change)
        except (ConnectError, StatusError):
            return Found.UNKNOWN
        if self.change.source and self.stored is not None and untouched(self.stored, self.live):
            return Found.DONE  # what the server made of the text is for it to say
        if untouched(self.change.before, self.live):
            return Found.DONE if self.change.empty else Found.BEFORE
        return Found.DONE if fits(self.change, self.live) else Found.OTHER

    async def apply(self) -> None:
        self.stored = await send(self.client, self.change)

    async def only_moved(self) -> bool:
        """Whether it is still that very object and nobody has changed anything but its status; reads it."""
        try:
            self.live = await read_object(self.client, self.change)
        except (ConnectError, StatusError):
            return False
        before = self.change.before
        same = dig_str(before, "metadata", "uid") == dig_str(self.live, "metadata", "uid")
        return before is not None and self.live is not None and same and essence(before) == essence(self.live)

    async def verify(self) -> Found:
        """Read back: does the object hold what was wanted?"""
        return await self.probe()

    async def undo(self) -> None:
        """Take the change back, and nothing else; ``lost`` then says what could not be put back."""
        self.live = await read_object(self.client, self.change)
        back = reverse(self.change, self.stored, self.live)
        self.lost = back.lost
        if back.change is not None and not back.change.empty:
            self.live = await send(self.client, back.change)


class Reverse:
    """The change that takes another one back; ``change`` is None if that cannot be done at all. ``lost`` are sentences
    on what stays as it is, ``notes`` on what cannot be as it was."""

    def __init__(self, change: Change | None, lost: tuple[str, ...] = (), notes: tuple[str, ...] = ()) -> None:
        self.change = change
        self.lost = lost
        self.notes = notes


def reverse(done: Change, stored: Doc | None, live: Doc | None) -> Reverse:
    """What takes ``done`` back from the object as it is now. Pure.

    ``stored`` is the object as the server kept it after the change; without it what was asked for is taken.
    """
    ref, version = done.ref, done.version
    if done.verb == "delete":
        assert done.before is not None
        if live is not None:
            return Reverse(None, (f"{ref.title} is there again: somebody made it anew",))
        renewed = ("it gets a new uid, and its status is made anew by its controller",)
        return Reverse(Change(ref, None, created_from(done.before), version), (), renewed)
    after = stored if stored is not None else done.after
    assert after is not None
    if live is None:
        if done.verb == "create":
            return Reverse(None, (f"{ref.title} is gone already",))
        return Reverse(None, (f"{ref.title} is not there any more: somebody deleted it",))
    if done.verb == "create":
        if dig_str(stored, "metadata", "uid") not in ("", dig_str(live, "metadata", "uid")):
            return Reverse(None, (f"{ref.title} is another object of that name than the one that was made",))
        # The journal keeps no contents of Secrets, so nobody can tell whether they changed.
        changed = not done.kind.secret and essence(stored) != essence(live)
        notes = ("it was changed since it was made; that is lost too",) if changed else ()
        return Reverse(Change(ref, live, None, version), (), notes)
    merged = take_back(essence(done.before) or {}, essence(after) or {}, essence(live) or {})
    # What the server keeps by itself goes back in: the change is judged and sent against the live object.
    whole = {**live, **merged.doc, "metadata": {**live["metadata"], **merged.doc.get("metadata", {})}}
    for key in live:
        if key not in merged.doc and key not in ("status", "metadata"):
            whole.pop(key, None)
    for key in live["metadata"]:
        if key in ("annotations", "labels", "finalizers") and key not in merged.doc.get("metadata", {}):
            whole["metadata"].pop(key, None)
    return Reverse(Change(ref, live, whole, version), merged.lost)
