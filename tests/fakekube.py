"""A small API server that misbehaves on demand, for tests of what the sources make of it.

It holds a few kinds, lists and watches them, and lets a test break any request: see ``FakeKube.on``. What it does when
left alone is what a kube-apiserver does; whether that is so is checked against a real one elsewhere.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web
from authority import Authority

Hook = Callable[[web.Request], Awaitable[web.StreamResponse | None]]

RESOURCES = {
    "/api/v1": [("nodes", "Node"), ("namespaces", "Namespace"), ("pods", "Pod"), ("services", "Service")],
    "/apis/apiextensions.k8s.io/v1": [("customresourcedefinitions", "CustomResourceDefinition")],
    "/apis/metallb.io/v1beta1": [("ipaddresspools", "IPAddressPool")],
}
TOKEN = "right-token"


class Watch:
    """One open watch; lines put into the queue are sent, ``None`` ends it in order, an exception cuts it off."""

    def __init__(self, request: web.Request) -> None:
        self.request = request
        self.queue: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()


class FakeKube:
    """State and faults. ``hits`` counts requests by path (watches as ``watch PATH``)."""

    def __init__(self) -> None:
        self.resources = {path: list(items) for path, items in RESOURCES.items()}
        self.objects: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
        self.hits: Counter[str] = Counter()
        self.hooks: dict[str, Hook] = {}
        self.watches: dict[str, list[Watch]] = {}
        self.rv = 100
        self.log: dict[str, list[tuple[int, bytes]]] = {}
        self.aggregated = True
        self.tokens = {TOKEN}
        self.seen: list[web.Request] = []
        self.peers: list[Any] = []
        self.port = 0
        self.authority = Authority()
        self.tls: ssl.SSLContext | None = None
        self._runner: web.AppRunner | None = None
        self._transports: set[asyncio.Transport] = set()
        self.put("/api/v1/namespaces", "", "kube-system")
        self.put("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "", "ipaddresspools.metallb.io")

    # -- what a test does ------------------------------------------------------------------------------------------

    def on(self, path: str, hook: Hook) -> None:
        """Answer ``path`` (or ``watch PATH``) with the hook; it gives None to let the request through."""
        self.hooks[path] = hook

    def put(self, path: str, namespace: str, name: str, **fields: Any) -> dict[str, Any]:
        """Create or change an object of the collection ``path`` and tell the watches."""
        self.rv += 1
        table = self.objects.setdefault(path, {})
        kind = next((kind for base, items in self.resources.items() for p, kind in items if f"{base}/{p}" == path), "X")
        metadata: dict[str, Any] = {
            "name": name,
            "uid": f"uid-{path}-{namespace}-{name}",
            "resourceVersion": str(self.rv),
        }
        if namespace:
            metadata["namespace"] = namespace
        metadata |= fields.pop("metadata", {})
        version = path.removeprefix("/apis/").removeprefix("/api/").rpartition("/")[0]
        doc = {"kind": kind, "apiVersion": version, "metadata": metadata, **fields}
        event = "MODIFIED" if (namespace, name) in table else "ADDED"
        table[(namespace, name)] = doc
        self.event(path, event, doc)
        return doc

    def remove(self, path: str, namespace: str, name: str) -> None:
        self.rv += 1
        doc = self.objects[path].pop((namespace, name))
        doc["metadata"]["resourceVersion"] = str(self.rv)
        self.event(path, "DELETED", doc)

    def event(self, path: str, type_: str, doc: Any) -> None:
        line = compact({"type": type_, "object": doc}).encode() + b"\n"
        self.log.setdefault(path, []).append((self.rv, line))
        self.send(path, line)

    def send(self, path: str, data: bytes | Exception | None) -> None:
        """Raw bytes (or the end) to every watch on ``path``."""
        for watch in self.watches.get(path, []):
            watch.queue.put_nowait(data)

    def cut(self) -> None:
        """Break every watch off without a proper end, as a dying server does."""
        for watches in self.watches.values():
            for watch in watches:
                watch.queue.put_nowait(ConnectionResetError())

    # -- serving ---------------------------------------------------------------------------------------------------

    async def start(self, port: int = 0) -> None:
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{tail:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port or self.port, ssl_context=self.tls, reuse_address=True)
        await site.start()
        server = site._server
        assert server is not None
        self.port = server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self.cut()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        for transport in self._transports:
            with contextlib.suppress(AttributeError):  # Python 3.11.2 forgets that a TLS transport may be closed
                transport.abort()
        self._transports.clear()
        await asyncio.sleep(0.02)  # TLS transports take a turn of the loop to close

    def use_tls(self, folder: Path, *, mutual: bool = False) -> None:
        issued = self.authority.issue("kube-apiserver", server=True)
        (folder / "server.crt").write_bytes(issued.certificate)
        (folder / "server.key").write_bytes(issued.key)
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.tls.load_cert_chain(folder / "server.crt", folder / "server.key")
        if mutual:
            self.tls.verify_mode = ssl.CERT_OPTIONAL
            self.tls.load_verify_locations(cadata=self.authority.certificate.decode())

    def kubeconfig(self, folder: Path, *, user: dict[str, Any] | None = None, **cluster: Any) -> str:
        """Write a kubeconfig for this server; keyword arguments with ``_`` for ``-`` go into its cluster entry."""
        scheme = "https" if self.tls else "http"
        entry: dict[str, Any] = {"server": f"{scheme}://127.0.0.1:{self.port}"}
        if self.tls:
            entry["certificate-authority-data"] = base64.b64encode(self.authority.certificate).decode()
        entry |= {key.replace("_", "-"): value for key, value in cluster.items()}
        entry = {key: value for key, value in entry.items() if value is not None}
        doc = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "fake",
            "clusters": [{"name": "fake", "cluster": entry}],
            "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "tester"}}],
            "users": [{"name": "tester", "user": {"token": TOKEN} if user is None else user}],
        }
        path = folder / "kubeconfig"
        path.write_text(yaml.safe_dump(doc))
        return str(path)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path = request.path.rstrip("/")
        watching = request.query.get("watch") == "1"
        key = f"watch {path}" if watching else path
        self.hits[key] += 1
        self.seen.append(request)
        if request.transport is not None:
            self._transports.add(request.transport)
        self.peers.append(request.get_extra_info("peercert"))
        hook = self.hooks.get(key) or self.hooks.get("*")
        if hook is not None:
            answer = await hook(request)
            if answer is not None:
                return answer
        if self.tls is not None and request.headers.get("Authorization", "") not in {
            f"Bearer {t}" for t in self.tokens
        }:
            certificate = request.get_extra_info("peercert")
            if not certificate:
                return status(401, "Unauthorized", "Unauthorized")
        if path == "/version":
            return web.json_response({"major": "1", "minor": "35", "gitVersion": "v1.35.0+fake"})
        if path in ("/api", "/apis"):
            return self._discovery(path, request)
        if path in self.resources:
            return web.json_response({"kind": "APIResourceList", "resources": self._legacy(path)})
        if path == "/api/v1/namespaces/kube-system":
            doc = self.objects["/api/v1/namespaces"].get(("", "kube-system"))
            return web.json_response(doc) if doc else status(404, "NotFound", "no kube-system")
        collection, namespace = path, ""
        parts = path.split("/")
        if "namespaces" in parts and parts[-1] != "namespaces":
            at = parts.index("namespaces")
            namespace = parts[at + 1]
            collection = "/".join(parts[:at] + parts[at + 2 :])
        base, _, plural = collection.rpartition("/")
        if plural not in {name for name, _ in self.resources.get(base, [])}:
            return status(404, "NotFound", "the server could not find the requested resource")
        if watching:
            return await self._watch(request, collection)
        docs = list(self.objects.get(collection, {}).values())
        if namespace:
            docs = [doc for doc in docs if doc["metadata"].get("namespace") == namespace]
        limit = int(request.query.get("limit", "0") or 0)
        start = int(request.query.get("continue") or 0)
        page = docs[start : start + limit] if limit else docs[start:]
        metadata: dict[str, Any] = {"resourceVersion": str(self.rv)}
        if limit and start + limit < len(docs):
            metadata["continue"] = str(start + limit)
        items = [{key: value for key, value in doc.items() if key not in ("kind", "apiVersion")} for doc in page]
        body = {"kind": "XList", "apiVersion": "v1", "metadata": metadata, "items": items}
        return web.json_response(body, dumps=compact)

    async def _watch(self, request: web.Request, path: str) -> web.StreamResponse:
        watch = Watch(request)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        self.watches.setdefault(path, []).append(watch)
        try:
            after = int(request.query["resourceVersion"])
            for line in [line for rv, line in self.log.get(path, []) if rv > after]:
                await response.write(line)
            timeout = float(request.query.get("timeoutSeconds", "60"))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    while (data := await watch.queue.get()) is not None:
                        if isinstance(data, Exception):
                            if request.transport is not None:
                                request.transport.abort()
                            break
                        await response.write(data)
        finally:
            self.watches[path].remove(watch)
        return response

    def _discovery(self, path: str, request: web.Request) -> web.Response:
        groups: dict[str, dict[str, str]] = {}
        for base in self.resources:
            if base.startswith("/api/") and path == "/api":
                groups.setdefault("", {})[base.rpartition("/")[2]] = base
            elif base.startswith("/apis/") and path == "/apis":
                _, _, group, version = base.split("/")
                groups.setdefault(group, {})[version] = base
        if self.aggregated and "APIGroupDiscoveryList" in request.headers.get("Accept", ""):
            items = [
                {
                    "metadata": {"name": group},
                    "versions": [
                        {
                            "version": version,
                            "freshness": "Current",
                            "resources": [
                                {"resource": name, "verbs": ["get", "list", "watch"]}
                                for name, _ in self.resources[base]
                            ],
                        }
                        for version, base in versions.items()
                    ],
                }
                for group, versions in groups.items()
            ]
            return web.json_response({"kind": "APIGroupDiscoveryList", "items": items})
        if path == "/api":
            return web.json_response({"kind": "APIVersions", "versions": list(groups.get("", {}))})
        listed = [
            {"name": group, "versions": [{"version": version} for version in versions]}
            for group, versions in groups.items()
        ]
        return web.json_response({"kind": "APIGroupList", "groups": listed})

    def _legacy(self, path: str) -> list[dict[str, Any]]:
        return [{"name": name, "verbs": ["get", "list", "watch"]} for name, _ in self.resources[path]]


def compact(value: Any) -> str:
    """JSON without spaces, as Go writes it."""
    return json.dumps(value, separators=(",", ":"))


def status(code: int, reason: str, message: str, **headers: str) -> web.Response:
    """The API server's error object."""
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
    }
    return web.json_response(
        body, status=code, headers={key.replace("_", "-"): value for key, value in headers.items()}
    )


@contextlib.asynccontextmanager
async def fake_kube(tls: Path | None = None) -> AsyncIterator[FakeKube]:
    """A running server; ``tls`` is a folder for its certificate, None is plain HTTP."""
    server = FakeKube()
    if tls is not None:
        server.use_tls(tls)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
