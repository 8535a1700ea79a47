"""The verbs: thin requests on raw bytes, refused here and now when they would write in read-only mode.

All verbs stand in this one file: what may be sent is decided here and nowhere else.
"""

from __future__ import annotations

import asyncio
import json
import re
import urllib.parse
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp

from pointsman.tui.model.decode import DecodeError, RawPage, split_page
from pointsman.tui.model.kinds import Kind
from pointsman.tui.sources.errors import ForbiddenError, KubeError, NotKubernetesError, ReadOnlyError
from pointsman.tui.sources.kube.connect import Connection
from pointsman.tui.sources.kube.diagnose import looks_like_html, not_kubernetes
from pointsman.tui.sources.kube.portforward import Forward, forward

JSON = "application/json"
PAGE = 500
LARGEST_BODY = 512 * 1024 * 1024
LARGEST_LINE = 64 * 1024 * 1024
FIELD_MANAGER = "pointsman"

APPLY = "application/apply-patch+yaml"
MERGE_PATCH = "application/merge-patch+json"
YAML = "application/yaml"

# SelfSubjectAccessReview, SelfSubjectRulesReview and SelfSubjectReview are POSTs that change nothing.
_REVIEWS = re.compile(r"^/apis/(authorization|authentication)\.k8s\.io/v[0-9a-z]+/selfsubject[a-z]*reviews$")
_FORWARD = re.compile(r"^/api/v1/namespaces/[^/]+/pods/[^/]+/portforward$")


def allowed_read_only(method: str, path: str) -> bool:
    """Whether a request may be sent in read-only mode: GET, reviews of one's own rights, port-forward; nothing else.

    A dry run is refused too: admission webhooks see it. So are ``exec``, ``attach`` and every ``proxy``, GET or not: they
    reach into pods.
    """
    reaches_in = re.search(r"/(exec|attach|proxy)(/|$)", path) is not None
    if method == "GET":
        return not reaches_in
    return method == "POST" and (_REVIEWS.match(path) is not None or _FORWARD.match(path) is not None)


def segment(text: str) -> str:
    """A name as one part of a path; a ``/`` in it cannot make two."""
    return urllib.parse.quote(text, safe="")


class KubeClient:
    """Requests to one API server. Paths are absolute (``/api/v1/pods``); errors are KubeError and nothing else."""

    def __init__(self, connection: Connection, *, read_only: bool = False) -> None:
        self._connection = connection
        self.read_only = read_only

    @property
    def server(self) -> str:
        """``host:port``."""
        return self._connection.server

    @property
    def connection(self) -> Connection:
        return self._connection

    @property
    def requests(self) -> int:
        """Requests sent so far, watches included; what "at rest" is measured by."""
        return self._connection.requests

    async def close(self) -> None:
        await self._connection.close()

    # -- reading ---------------------------------------------------------------------------------------------------

    async def get(
        self,
        path: str,
        accept: str = JSON,
        params: Mapping[str, str] | None = None,
        *,
        what: str = "",
        total: float | None = 60.0,
    ) -> bytes:
        """The body of a GET. ``total`` is the time limit in seconds."""
        headers = {"Accept": accept}
        async with self._connection.send(
            "GET", path, params=params, headers=headers, total=total, what=what
        ) as response:
            body = await _body(response, self.server)
            if looks_like_html(body, response.headers.get("Content-Type", "")):
                raise not_kubernetes(self.server, body, response.headers.get("Content-Type", ""))
            return body

    async def list_page(
        self, kind: Kind[Any], version: str = "", namespace: str = "", *, limit: int = PAGE, after: str = ""
    ) -> RawPage:
        """One page of a list; ``after`` is the token of the page before. ``limit`` 0 asks for all at once."""
        params = selector_params(kind)
        if limit:
            params["limit"] = str(limit)
        if after:
            params["continue"] = after
        accept = accept_for(kind, "PartialObjectMetadataList")
        what = f"list {kind.group_resource}" + (f" in {namespace}" if namespace else "")
        path = kind.url(version, segment(namespace))
        try:
            # No limit on the whole: on a slow line a page takes as long as it takes, as long as something comes.
            body = await self.get(path, accept, params, what=what, total=None)
            await asyncio.sleep(0)  # joining and splitting some MB take milliseconds each: others first
            return split_page(body, kind)
        except ForbiddenError as error:
            error.verb, error.resource, error.namespace = "list", kind.group_resource, namespace
            raise
        except DecodeError as error:
            raise NotKubernetesError(f"{self.server}: {error}.") from None

    @asynccontextmanager
    async def watch(
        self,
        kind: Kind[Any],
        version: str = "",
        namespace: str = "",
        *,
        resource_version: str,
        seconds: int = 290,
        idle: float | None = None,
    ) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        """Open a watch; the iterator gives the lines that came together and ends when the server ends the watch.

        ``seconds`` is how long the server is asked to keep it open; ``idle`` how long silence is borne (None: 40 s more
        than ``seconds``). Entering raises ExpiredError (410), ForbiddenError and the like; reading raises ConnectError.
        """
        params = selector_params(kind)
        params |= {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "timeoutSeconds": str(seconds),
        }
        # Without compression: a gzip stream would hold events back until its buffer is full.
        headers = {"Accept": accept_for(kind, "PartialObjectMetadata"), "Accept-Encoding": "identity"}
        what = f"watch {kind.group_resource}" + (f" in {namespace}" if namespace else "")
        async with self._connection.send(
            "GET",
            kind.url(version, segment(namespace)),
            params=params,
            headers=headers,
            total=None,
            idle=idle if idle is not None else seconds + 40.0,
            what=what,
        ) as response:
            yield _lines(response, self.server)

    async def logs(
        self,
        namespace: str,
        pod: str,
        container: str = "",
        *,
        follow: bool = False,
        previous: bool = False,
        tail: int | None = None,
        since: int | None = None,
        since_time: str = "",
        timestamps: bool = False,
    ) -> AsyncIterator[bytes]:
        """The lines of a container's log, without line ends, as raw bytes (the reader cleans them for the screen).

        ``tail`` in lines, ``since`` in seconds, ``since_time`` as RFC 3339 in whole seconds. Without ``follow`` it ends
        at the end of the log. A line longer than 1 MB is given in parts.
        """
        params: dict[str, str] = {}
        if container:
            params["container"] = container
        if follow:
            params["follow"] = "true"
        if previous:
            params["previous"] = "true"
        if tail is not None:
            params["tailLines"] = str(tail)
        if since is not None:
            params["sinceSeconds"] = str(max(1, since))
        if since_time:
            params["sinceTime"] = since_time
        if timestamps:
            params["timestamps"] = "true"
        path = f"/api/v1/namespaces/{segment(namespace)}/pods/{segment(pod)}/log"
        async with self._connection.send(
            "GET",
            path,
            params=params,
            headers={"Accept": "*/*", "Accept-Encoding": "identity"},
            total=None,
            idle=None if follow else 60.0,
            what=f"logs of {namespace}/{pod}",
        ) as response:
            rest = b""
            async for chunk in response.content.iter_any():
                parts = (rest + chunk).split(b"\n")
                rest = parts.pop()
                for line in parts:
                    yield line.removesuffix(b"\r")
                if len(rest) > 1024 * 1024:
                    yield rest
                    rest = b""
            if rest:
                yield rest

    def port_forward(self, namespace: str, pod: str, port: int) -> AbstractAsyncContextManager[Forward]:
        """A unix socket (``.path``) that leads to a port of a pod for as long as the block lasts.

        Entering raises KubeError if the pod cannot be reached; what goes wrong with a connection later is in
        ``.problem``. Each connection to the socket is one websocket to the API server.
        """
        return forward(self._connection, segment(namespace), segment(pod), port)

    # -- writing ---------------------------------------------------------------------------------------------------

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = JSON,
        accept: str = JSON,
        what: str = "",
        total: float | None = 30.0,
        warnings: list[str] | None = None,
    ) -> bytes:
        """Any request; the one door of every write. Raises ReadOnlyError before anything is sent.

        What the server warns of (the ``Warning`` headers of its answer) is added to ``warnings``.
        """
        if self.read_only and not allowed_read_only(method, path):
            raise ReadOnlyError(
                f"Read-only: {what or method.lower()} was not sent.", "Start without --read-only to change things."
            )
        headers = {"Accept": accept}
        if body is not None:
            headers["Content-Type"] = content_type
        async with self._connection.send(
            method, path, params=params, headers=headers, body=body, total=total, what=what
        ) as response:
            if warnings is not None:
                warnings += _warnings(response.headers.getall("Warning", []))
            return await _body(response, self.server)

    async def apply(
        self, path: str, text: bytes, *, force: bool = False, dry_run: bool = False, manager: str = FIELD_MANAGER
    ) -> bytes:
        """Server-side apply of the user's own YAML or JSON text, byte for byte, so that it means what kubectl makes of it.

        Raises ConflictError when another manager owns a field, unless ``force``.
        """
        params = write_params(dry_run, manager)
        if force:
            params["force"] = "true"
        return await self.request("PATCH", path, params=params, body=text, content_type=APPLY, what=f"apply {path}")

    async def patch(
        self,
        path: str,
        change: Mapping[str, Any],
        *,
        dry_run: bool = False,
        resource_version: str = "",
        manager: str = FIELD_MANAGER,
        warnings: list[str] | None = None,
    ) -> bytes:
        """A JSON merge patch (custom resources know no strategic one). With ``resource_version`` it is refused with
        ConflictError if the object has changed since."""
        doc = dict(change)
        if resource_version:
            doc["metadata"] = {**(doc.get("metadata") or {}), "resourceVersion": resource_version}
        body = json.dumps(doc).encode()
        return await self._write("PATCH", "patch", path, body, MERGE_PATCH, dry_run, manager, warnings)

    async def create(
        self,
        path: str,
        text: bytes,
        *,
        content_type: str = YAML,
        dry_run: bool = False,
        manager: str = FIELD_MANAGER,
        warnings: list[str] | None = None,
    ) -> bytes:
        """Create from YAML (or JSON, by ``content_type``) as it is; ``path`` is that of the collection."""
        return await self._write("POST", "create in", path, text, content_type, dry_run, manager, warnings)

    async def replace(
        self,
        path: str,
        text: bytes,
        *,
        content_type: str = YAML,
        dry_run: bool = False,
        manager: str = FIELD_MANAGER,
        warnings: list[str] | None = None,
    ) -> bytes:
        """Replace the whole object; its text must hold the resourceVersion it was made from."""
        return await self._write("PUT", "replace", path, text, content_type, dry_run, manager, warnings)

    async def _write(
        self,
        method: str,
        doing: str,
        path: str,
        body: bytes,
        content_type: str,
        dry_run: bool,
        manager: str,
        warnings: list[str] | None,
    ) -> bytes:
        """A write with a body: what all of them are asked with."""
        return await self.request(
            method,
            path,
            params=write_params(dry_run, manager),
            body=body,
            content_type=content_type,
            what=f"{doing} {path}",
            warnings=warnings,
        )

    async def delete(
        self,
        path: str,
        *,
        uid: str = "",
        resource_version: str = "",
        propagation: str = "Background",
        dry_run: bool = False,
        warnings: list[str] | None = None,
    ) -> bytes:
        """Delete. With ``uid`` or ``resource_version`` only that very object or state, else ConflictError."""
        options: dict[str, Any] = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
        preconditions = {key: value for key, value in (("uid", uid), ("resourceVersion", resource_version)) if value}
        if preconditions:
            options["preconditions"] = preconditions
        params = {"dryRun": "All"} if dry_run else None
        body = json.dumps(options).encode()
        return await self.request("DELETE", path, params=params, body=body, what=f"delete {path}", warnings=warnings)


def write_params(dry_run: bool, manager: str) -> dict[str, str]:
    """The query of a write: unknown fields are errors, never dropped in silence."""
    params = {"fieldManager": manager, "fieldValidation": "Strict"}
    if dry_run:
        params["dryRun"] = "All"
    return params


def selector_params(kind: Kind[Any]) -> dict[str, str]:
    params: dict[str, str] = {}
    if kind.label_selector:
        params["labelSelector"] = kind.label_selector
    if kind.field_selector:
        params["fieldSelector"] = kind.field_selector
    return params


def accept_for(kind: Kind[Any], partial: str) -> str:
    """Accept for a list or watch; plain JSON is the second choice, for servers without metadata-only answers."""
    return f"{JSON};as={partial};g=meta.k8s.io;v=v1,{JSON}" if kind.metadata_only else JSON


def _warnings(headers: list[str]) -> list[str]:
    """The texts of ``Warning: 299 - "text"`` headers (RFC 7234, 5.5), which is how API servers warn."""
    found = []
    for header in headers:
        match = re.match(r'\s*\d{3}\s+\S+\s+"((?:[^"\\]|\\.)*)"', header)
        if match:
            found.append(re.sub(r"\\(.)", r"\1", match.group(1)))
    return found


async def _body(response: aiohttp.ClientResponse, server: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        parts.append(chunk)
        size += len(chunk)
        if size > LARGEST_BODY:
            raise NotKubernetesError(f"{server} sends an answer that does not end.")
    return b"".join(parts)


async def _lines(response: aiohttp.ClientResponse, server: str) -> AsyncIterator[list[bytes]]:
    """Whole lines as they arrive, those of one read together."""
    parts: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        if b"\n" not in chunk:
            # A big object comes in many chunks: joined once, at its end.
            parts.append(chunk)
            size += len(chunk)
            if size > LARGEST_LINE:
                raise NotKubernetesError(f"{server} sends a watch event that does not end.")
            continue
        lines = b"".join((*parts, chunk)).split(b"\n")
        last = lines.pop()
        parts, size = ([last], len(last)) if last else ([], 0)
        found = [line for line in lines if line.strip()]
        if found:
            yield found
    if size:
        raise KubeError(f"{server} broke off in the middle of an event.")
