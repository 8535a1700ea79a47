"""The HTTP side of the demo's API server: who asks, what for, may they, and the handler that answers."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from pointsman.tui.demo.kube import authz, discovery, negotiate, reads, subresources, targets, writes
from pointsman.tui.demo.kube.authz import Attributes, User
from pointsman.tui.demo.kube.call import Call, document, failure
from pointsman.tui.demo.kube.errors import ApiError, forbidden, internal, no_such_path, unauthorized
from pointsman.tui.demo.kube.logs import PodLogs
from pointsman.tui.demo.kube.objects import Object
from pointsman.tui.demo.kube.openapi import OpenApi
from pointsman.tui.demo.kube.ports import Ports
from pointsman.tui.demo.kube.storage import Storage

Handler = Callable[[Call], Awaitable[web.StreamResponse]]
Extra = Callable[[web.Request, User], Awaitable[web.StreamResponse]]

_VERBS: dict[str, Handler] = {
    "get": reads.get,
    "list": reads.list_,
    "watch": reads.watch,
    "create": writes.create,
    "update": writes.update,
    "patch": writes.patch,
    "delete": writes.delete,
    "deletecollection": writes.delete_collection,
}
# How the API can be made to fail while it runs, and what a client then sees.
FAULTS = {
    "unavailable": "every request is answered with 503",
    "unauthorized": "every request is answered with 401",
    "silent": "nothing is answered, open watches say nothing, connections stay",
}
_HEALTH = ("/healthz", "/livez", "/readyz")
_MAX_LINE = 64 * 1024  # selectors travel in the URL
_MAX_BODY = 3 * 1024 * 1024  # what the apiserver takes, and etcd's own limit is below it


@dataclass(frozen=True, slots=True)
class Issued:
    """A service account's token."""

    token: str
    namespace: str
    name: str
    uid: str
    expires: datetime


class KubeServer:
    """Serves one Storage. `users` maps bearer tokens to users; `extra` adds handlers by path prefix (`/_demo/`)."""

    def __init__(
        self,
        storage: Storage,
        users: Mapping[str, User],
        *,
        git_version: str = "v1.35.0",
        logs: PodLogs | None = None,
        ports: Ports | None = None,
        extra: Mapping[str, Extra] | None = None,
    ) -> None:
        self.storage = storage
        self.users = dict(users)
        self.git_version = git_version
        self.logs = logs or PodLogs()
        self.ports = ports or Ports()
        self.snapshots = reads.Snapshots()
        self.openapi = OpenApi(storage.resources)
        self._issued: dict[str, Issued] = {}
        self.requests = 0
        self.faults: set[str] = set()
        self._voice = asyncio.Event()
        self._voice.set()
        self._extra = dict(extra or {})
        self._runner: web.ServerRunner | None = None

    async def start(self, context: ssl.SSLContext | None, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; returns the port."""
        # A client that goes away ends its handler: an idle watch would not notice before its next write.
        server = web.Server(
            self._answer,
            request_factory=_request,
            handler_cancellation=True,
            access_log=None,
            max_line_size=_MAX_LINE,
            max_field_size=_MAX_LINE,
        )
        runner = self._runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, host, port, ssl_context=context).start()
        return int(runner.addresses[0][1])

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def issue(self, account: Object, seconds: int) -> Issued:
        """A new token for a service account, good for so many seconds of the cluster's time."""
        meta = account["metadata"]
        issued = Issued(
            secrets.token_urlsafe(32),
            meta["namespace"],
            meta["name"],
            meta["uid"],
            self.storage.now() + timedelta(seconds=seconds),
        )
        self._issued[issued.token] = issued
        return issued

    def _account_of(self, token: str) -> User | None:
        issued = self._issued.get(token)
        if issued is None or self.storage.now() >= issued.expires:
            return None
        live = self.storage.peek("serviceaccounts", issued.namespace, issued.name)
        if live is None or live["metadata"]["uid"] != issued.uid:
            return None
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{issued.namespace}", "system:authenticated")
        return User(f"system:serviceaccount:{issued.namespace}:{issued.name}", groups, issued.uid)

    def fault(self, name: str, on: bool) -> None:
        """Switch one of FAULTS. Raises KeyError for another name."""
        if name not in FAULTS:
            raise KeyError(name)
        (self.faults.add if on else self.faults.discard)(name)
        if "silent" in self.faults:
            self._voice.clear()
        else:
            self._voice.set()

    async def voice(self) -> None:
        """Returns at once, or when the API is silent no longer."""
        await self._voice.wait()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests += 1
        try:
            return await self._dispatch(request)
        except ApiError as error:
            return failure(error)
        except web.HTTPRequestEntityTooLarge:
            text = f"Request entity too large: limit is {_MAX_BODY}"
            return failure(ApiError(413, "RequestEntityTooLarge", text))
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception as error:
            import logging

            logging.getLogger(__name__).exception("%s %s", request.method, request.path)
            return failure(internal(f"{type(error).__name__}: {error}"))

    async def _dispatch(self, request: Any) -> web.StreamResponse:
        path = request.path
        user = self._user(request)
        if self.faults and not any(path.startswith(prefix) for prefix in self._extra):
            await self.voice()
            if "unauthorized" in self.faults:
                raise unauthorized()
            if "unavailable" in self.faults:
                raise ApiError(503, "ServiceUnavailable", "the server is currently unable to handle the request")
        for prefix, handler in self._extra.items():
            if path.startswith(prefix):
                if not user.is_master:
                    raise forbidden("", "", "", authz.refusal(user, Attributes(request.method.lower(), path=path)))
                return await handler(request, user)
        parts = path.strip("/").split("/")
        if (parts[0] == "api" and len(parts) > 2) or (parts[0] == "apis" and len(parts) > 3):
            return await self._resource(request, user)
        return await self._plain(request, user, path, parts)

    def _user(self, request: web.BaseRequest) -> User:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        token = token.strip() if kind.lower() == "bearer" else ""
        user = self.users.get(token) or self._account_of(token)
        if user is None:
            raise unauthorized()
        wanted = request.headers.get("Impersonate-User")
        if wanted:
            self._authorize(user, Attributes("impersonate", "", "users", name=wanted))
            groups = tuple(request.headers.getall("Impersonate-Group", []))
            user = User(wanted, (*groups, "system:authenticated"))
        return user

    def _authorize(self, user: User, wanted: Attributes) -> None:
        if authz.decide(self.storage, user, wanted).allowed:
            return
        why = authz.refusal(user, wanted)
        if wanted.path:
            raise ApiError(403, "Forbidden", f"forbidden: {why}")
        error = forbidden(wanted.resource, wanted.group, wanted.name, why)
        if not wanted.name:
            error.message = f"{wanted.full_resource if not wanted.group else f'{wanted.full_resource}.{wanted.group}'} is forbidden: {why}"
        raise error

    async def _resource(self, request: Any, user: User) -> web.StreamResponse:
        target = targets.parse(self.storage.resources, request.method, request.path, request.query)
        self._authorize(user, target.attributes())
        call = Call(self, request, user, target, _form(request, target))
        if target.subresource and target.subresource != "status":
            return await subresources.handler(target.subresource)(call)
        return await _VERBS[target.verb](call)

    async def _plain(self, request: Any, user: User, path: str, parts: list[str]) -> web.StreamResponse:
        self._authorize(user, Attributes(request.method.lower(), path=path.rstrip("/") or "/"))
        resources = self.storage.resources
        accept = request.headers.get("Accept", "")
        found: Any = None
        match parts:
            case ["version"]:
                found = self._version()
            case ["healthz" | "livez" | "readyz", *_]:
                return web.Response(text="ok")
            case ["api"] | ["apis"]:
                core = parts[0] == "api"
                if discovery.wants_aggregated(accept):
                    return document(discovery.aggregated(resources, core), media=discovery.AGGREGATED)
                found = discovery.core_versions(request.host) if core else discovery.group_list(resources)
            case ["api", version]:
                found = discovery.resource_list(resources, "", version)
            case ["apis", group]:
                found = discovery.group(resources, group)
            case ["apis", group, version]:
                found = discovery.resource_list(resources, group, version)
            case ["openapi", "v3"]:
                found = self.openapi.index()
            case ["openapi", "v3", "api", version]:
                found = await self.openapi.document("", version)
            case ["openapi", "v3", "apis", group, version]:
                found = await self.openapi.document(group, version)
            case [""]:
                found = {"paths": ["/api", "/api/v1", "/apis", *_HEALTH, "/openapi/v3", "/version"]}
        if found is None and parts[0] == "apis" and len(parts) > 1 and parts[1] in resources.groups():
            raise no_such_path()
        if found is None:
            return web.Response(status=404, text="404 page not found\n")
        return document(found)

    def _version(self) -> dict[str, str]:
        major, minor = self.git_version.lstrip("v").split(".")[:2]
        return {
            "major": major,
            "minor": minor,
            "gitVersion": self.git_version,
            "gitCommit": "0" * 40,
            "gitTreeState": "clean",
            "buildDate": "2026-11-01T00:00:00Z",
            "goVersion": "go1.25.0",
            "compiler": "gc",
            "platform": "linux/amd64",
        }


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=_MAX_BODY)


def _form(request: web.BaseRequest, target: targets.Target) -> negotiate.Form:
    accept = request.headers.get("Accept", "")
    if target.subresource in ("log", "portforward"):
        return negotiate.Form()
    return negotiate.choose(accept)
