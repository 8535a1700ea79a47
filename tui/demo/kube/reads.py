"""get, list and watch."""

from __future__ import annotations

import base64
import json
import random
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence

from aiohttp import web

from pointsman.tui.demo.kube import selectors
from pointsman.tui.demo.kube.call import Call, document, encode, integer, partial
from pointsman.tui.demo.kube.changes import at_version
from pointsman.tui.demo.kube.errors import ApiError, Cause, bad_request, continue_expired, expired, invalid
from pointsman.tui.demo.kube.events import Event
from pointsman.tui.demo.kube.objects import Object, name_of, namespace_of
from pointsman.tui.demo.kube.selectors import Predicate
from pointsman.tui.demo.kube.storage import Key

BOOKMARK_SECONDS = 60.0
_SNAPSHOTS = 64
_SNAPSHOT_SECONDS = 300.0


class Snapshots:
    """Lists that are being read page by page: every page comes from the state at the first one's version."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Key, int], tuple[float, Sequence[Object]]] = OrderedDict()

    def keep(self, key: Key, version: int, objects: Sequence[Object]) -> None:
        self._kept[key, version] = (time.monotonic(), objects)
        self._kept.move_to_end((key, version))
        while len(self._kept) > _SNAPSHOTS:
            self._kept.popitem(last=False)

    def read(self, key: Key, version: int) -> Sequence[Object] | None:
        made, objects = self._kept.get((key, version), (0.0, None))
        return objects if time.monotonic() - made < _SNAPSHOT_SECONDS else None

    def clear(self) -> None:
        self._kept.clear()


async def get(call: Call) -> web.StreamResponse:
    obj = call.storage.get(call.info, call.target.namespace, call.target.name)
    return call.one(obj)


def _accepts(call: Call) -> Predicate:
    query, target = call.query, call.target
    tests: list[Predicate] = []
    if query.get("labelSelector"):
        tests.append(selectors.parse_labels(query["labelSelector"]))
    if query.get("fieldSelector"):
        tests.append(selectors.parse_fields(query["fieldSelector"], call.info.group, call.info.plural))
    if target.namespace:
        tests.append(lambda obj: namespace_of(obj) == target.namespace)
    if target.name:
        tests.append(lambda obj: name_of(obj) == target.name)
    return selectors.both(*tests)


async def list_(call: Call) -> web.StreamResponse:
    query, storage, info = call.query, call.storage, call.info
    accept = _accepts(call)
    limit = integer(query, "limit") or 0
    version, start, objects = storage.version, "", None
    if token := query.get("continue"):
        version, start = _read_token(token)
        objects = call.server.snapshots.read(info.key, version)
        if objects is None:
            raise continue_expired()
    else:
        _check_version(call, version)
    if objects is None:
        objects = storage.list(info)
    matching = [obj for obj in objects if accept(obj)]
    if start:
        matching = [obj for obj in matching if _place(obj) > start]
    metadata: Object = {"resourceVersion": str(version)}
    if limit and len(matching) > limit:
        call.server.snapshots.keep(info.key, version, objects)
        rest = len(matching) - limit
        matching = matching[:limit]
        metadata["continue"] = _token(version, _place(matching[-1]))
        if not query.get("labelSelector") and not query.get("fieldSelector"):
            metadata["remainingItemCount"] = rest
    return document(_listing(call, matching, metadata), form=call.form)


def _listing(call: Call, objects: Sequence[Object], metadata: Object) -> Object:
    info = call.info
    if call.form.is_table:
        return call.table(objects, metadata)
    if call.form.is_partial:
        items: Iterable[Object] = map(partial, objects)
        kind, api_version = "PartialObjectMetadataList", "meta.k8s.io/v1"
    else:
        kind, api_version = info.list_kind, info.api_version
        # Items of a built-in list carry no kind of their own, as in Go's typed lists.
        items = objects if info.custom else map(_bare, objects)
    return {"kind": kind, "apiVersion": api_version, "metadata": metadata, "items": list(items)}


def _bare(obj: Object) -> Object:
    return {key: value for key, value in obj.items() if key not in ("kind", "apiVersion")}


def _place(obj: Object) -> str:
    return f"{namespace_of(obj)}/{name_of(obj)}"


def _token(version: int, start: str) -> str:
    raw = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": start}).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _read_token(token: str) -> tuple[int, str]:
    try:
        read = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(read["rv"]), str(read["start"])
    except (ValueError, KeyError, TypeError):
        raise bad_request(
            "invalid continue token: continue key is not valid: illegal base64 or JSON in the token"
        ) from None


def _version_of(call: Call) -> int | None:
    text = call.query.get("resourceVersion", "")
    if not text:
        return None
    if not text.isdigit():
        why = f'strconv.ParseUint: parsing "{text}": invalid syntax'
        raise bad_request(f'invalid resource version: resourceVersion: Invalid value: "{text}": {why}')
    return int(text)


def _check_version(call: Call, current: int) -> None:
    wanted = _version_of(call)
    if wanted is None:
        return
    if wanted > current:
        raise _too_large(wanted, current)
    if call.query.get("resourceVersionMatch") == "Exact" and wanted not in (0, current):
        raise expired(wanted, current)


def _too_large(wanted: int, current: int) -> ApiError:
    text = f"Timeout: Too large resource version: {wanted}, current: {current}"
    cause = Cause("ResourceVersionTooLarge", "Too large resource version", "")
    return ApiError(504, "Timeout", text, causes=[cause], retry_after=1)


# Watching


async def watch(call: Call) -> web.StreamResponse:
    query, storage = call.query, call.storage
    accept = _accepts(call)
    since = _version_of(call)
    initial = query.get("sendInitialEvents", "").lower() in ("1", "true")
    bookmarks = query.get("allowWatchBookmarks", "").lower() in ("1", "true")
    if initial and query.get("resourceVersionMatch") != "NotOlderThan":
        text = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        raise invalid("ListOptions", "meta.k8s.io", "", [Cause("FieldValueForbidden", text, "resourceVersionMatch")])
    if since is not None and since > storage.version:
        raise _too_large(since, storage.version)
    seconds = integer(query, "timeoutSeconds") or random.randint(1800, 3600)
    first: list[Object] = []
    if initial or not since:
        # From here to the end of the handshake nothing else runs: the list and the watch meet without a gap.
        first = [obj for obj in storage.list(call.info) if accept(obj)]
        since = storage.version
    stream = _Stream(call, accept)
    try:
        reader = storage.watch(call.info, since)
    except ApiError as error:
        # Once a watch is let in, what fails is an event of the stream, as in the apiserver's watch cache.
        await stream.open()
        stream.fail(error)
        await stream.flush()
        await stream.close()
        return stream.response
    try:
        await stream.open()
        for obj in first:
            stream.put("ADDED", obj)
        if initial and bookmarks:
            stream.bookmark(storage.version, {"k8s.io/initial-events-end": "true"})
        await stream.flush()
        ends = time.monotonic() + seconds
        next_bookmark = time.monotonic() + BOOKMARK_SECONDS
        while not reader.closed and (left := ends - time.monotonic()) > 0:
            events = await reader.next(min(left, next_bookmark - time.monotonic()))
            await call.server.voice()
            for event in events:
                stream.event(event)
            if bookmarks and time.monotonic() >= next_bookmark:
                stream.bookmark(storage.version)
                next_bookmark = time.monotonic() + BOOKMARK_SECONDS
            await stream.flush()
        if bookmarks and not reader.closed:
            stream.bookmark(storage.version)
            await stream.flush()
        await stream.close()
    except ConnectionError:
        pass  # the client went away in the middle of a write
    finally:
        reader.close()
    return stream.response


class _Stream:
    """Watch events as JSON lines, in the form the client takes."""

    def __init__(self, call: Call, accept: Predicate) -> None:
        self.response = web.StreamResponse(headers={"Content-Type": "application/json", "Cache-Control": "no-cache"})
        self._call = call
        self._accept = accept
        self._lines: list[bytes] = []
        self._headed = False

    async def open(self) -> None:
        self.response.enable_chunked_encoding()
        await self.response.prepare(self._call.request)

    async def close(self) -> None:
        await self.response.write_eof()

    async def flush(self) -> None:
        if self._lines:
            payload = b"".join(self._lines)
            self._lines.clear()
            await self.response.write(payload)

    def event(self, event: Event) -> None:
        """One change, seen through the selector: what starts to match is added, what ceases to match is deleted."""
        now = event.type != "DELETED" and self._accept(event.object)
        before = event.previous is not None and self._accept(event.previous)
        if now and not before:
            self.put("ADDED", event.object)
        elif now:
            self.put("MODIFIED", event.object)
        elif before and event.previous is not None:
            # The last state that matched, at the version of the change that ended it.
            meta = {**event.previous["metadata"], "resourceVersion": str(event.version)}
            self.put("DELETED", {**event.previous, "metadata": meta})

    def put(self, kind: str, obj: Object) -> None:
        obj = at_version(obj, self._call.info)
        body = obj
        if self._call.form.is_table:
            body = self._call.table([obj], {"resourceVersion": obj["metadata"]["resourceVersion"]})
            if self._headed:
                body["columnDefinitions"] = None
            self._headed = True
        elif self._call.form.is_partial:
            body = partial(obj)
        self._lines.append(encode({"type": kind, "object": body}) + b"\n")

    def fail(self, error: ApiError) -> None:
        self._lines.append(encode({"type": "ERROR", "object": error.status()}) + b"\n")

    def bookmark(self, version: int, annotations: dict[str, str] | None = None) -> None:
        info, form = self._call.info, self._call.form
        metadata: Object = {"resourceVersion": str(version)}
        if annotations:
            metadata["annotations"] = annotations
        body: Object
        if form.is_table:
            # A Table's own metadata has no annotations: they sit in the metadata of its one row.
            inner = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
            body = self._call.table([], {"resourceVersion": str(version)})
            body["rows"] = [{"cells": [""] * len(body["columnDefinitions"]), "object": inner}] if annotations else []
        elif form.is_partial:
            body = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
        else:
            metadata["creationTimestamp"] = None
            body = {"kind": info.kind, "apiVersion": info.api_version, "metadata": metadata}
        self._lines.append(encode({"type": "BOOKMARK", "object": body}) + b"\n")
