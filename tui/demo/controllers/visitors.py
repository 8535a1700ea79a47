"""Who asks Traefik for what: the lines of its access log, made from the routes, middlewares and endpoints of the moment.

The program's own reading of the routes says where a request ends; so a route without endpoints gives 503, one that Traefik
drops 404, one behind a password now and then 401. In the format that the pod's arguments ask for; without
``--accesslog`` there is nothing.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from pointsman.tui.demo.controllers.manager import Manager, Obj
from pointsman.tui.demo.scenario.world import stamp

if TYPE_CHECKING:
    from pointsman.tui.answers.routes.model import Route
    from pointsman.tui.demo.kube.events import Event

LAN = tuple(f"192.168.7.{last}" for last in (21, 24, 31, 31, 31, 42, 42, 50, 58, 77))
WORLD = ("203.0.113.54", "198.51.100.23", "203.0.113.9")
PUBLIC = ("home", "photos", "www", "vault", "git")
"""First words of the hosts that the internet knows too."""
PATHS: dict[str, tuple[str, ...]] = {
    "films": ("GET /web/", "GET /Users/me/Items?api_key=0f5d1c&Limit=24", "GET /Videos/8f21/hls1/main/{n}.ts",
              "POST /Sessions/Playing/Progress"),
    "photos": ("GET /api/timeline/buckets?size=MONTH", "GET /api/assets/{n}/thumbnail?size=preview", "POST /api/assets",
               "GET /api/server/ping"),
    "home": ("GET /api/websocket", "GET /frontend_latest/app.{n}.js", "POST /api/webhook/7d2e", "GET /lovelace/0"),
    "git": ("GET /keeper/homelab", "GET /keeper/homelab.git/info/refs?service=git-upload-pack",
            "POST /keeper/homelab.git/git-upload-pack", "GET /api/v1/version"),
    "grafana": ("GET /api/health", "POST /api/ds/query?ds_type=prometheus&requestId=Q{n}", "GET /d/nodes/nodes"),
    "vault": ("GET /", "POST /identity/connect/token", "GET /api/sync?excludeDomains=true", "GET /alive"),
    "pihole": ("GET /admin/", "GET /api/stats/summary", "GET /api/history"),
    "www": ("GET /", "GET /style.css", "GET /posts/{n}", "GET /feed.xml", "POST /wp-login.php", "GET /.env"),
    "series": ("GET /api/v3/queue", "GET /signalr/messages", "GET /"),
}  # fmt: skip
WEIGHTS = {"films": 9.0, "photos": 8.0, "home": 10.0, "git": 5.0, "www": 7.0, "grafana": 5.0, "vault": 4.0}
_SIZES = {"ts": 1_900_000, "thumbnail": 42_000, "app": 310_000, "git-upload-pack": 96_000}
_PREFIX = re.compile(r"PathPrefix\(`([^`]+)`\)")
_READ = frozenset(
    {"Pod", "Service", "EndpointSlice", "Deployment", "Ingress", "IngressClass", "IngressRoute", "Middleware", "TraefikService",
     "Secret", "Node"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Visit:
    """A route that can be asked. ``answers`` are what Traefik's middlewares may answer in place of the service."""

    host: str
    prefix: str
    entry_point: str
    router: str
    service: str
    servers: tuple[str, ...]
    answers: tuple[int, ...]
    kind: str
    weight: float


class Visitors:
    """The visitors of one homelab. What changes is looked at again when the next line is made."""

    def __init__(self, m: Manager) -> None:
        self._m = m
        self._visits: tuple[Visit, ...] | None = None
        self._fresh = False
        m.storage.listen(self._note)

    def _note(self, event: Event) -> None:
        if event.object.get("kind") in _READ:
            self._fresh = False

    def __call__(self, chance: random.Random, at: datetime, pod: Obj) -> list[str]:
        """One line of the log, or none where it is off. ``at`` is when the answer was sent."""
        form = _format(pod)
        visits = self.visits() if form else ()
        if not visits:
            return []
        found = _request(chance, at, visits)
        return [json.dumps(found, separators=(",", ":")) if form == "json" else _common(found, at)]

    def visits(self) -> tuple[Visit, ...]:
        """Every route there is, with where it leads now."""
        if self._visits is None or not self._fresh:
            self._fresh = True
            self._visits = tuple(_visits(self._routes()))
        return self._visits

    def _routes(self) -> tuple[Route, ...]:
        # Late: nobody reads this log before the demo is up, and what it needs takes its time to import.
        from pointsman.tui.answers.routes.build import route_list
        from pointsman.tui.demo.hubble.scene import snapshot_of

        storage = self._m.storage
        objects = (storage.raw(key, place) for key in storage.filled() for place in storage.places(key))
        known = [obj for obj in objects if obj is not None]
        return route_list(snapshot_of(known, self._m.now().timestamp())).items


def _format(pod: Obj) -> str:
    """``json`` or ``common``; empty where the log is off or goes elsewhere."""
    from pointsman.tui.answers.flows.traefiklog import Log, log_of
    from pointsman.tui.model.core import Container

    for part in pod["spec"]["containers"]:
        if part["name"] == "traefik":
            log, form, _ = log_of(msgspec.convert(part, Container, strict=False))
            return (form if form == "json" else "common") if log is Log.ON else ""
    return ""


def _visits(routes: tuple[Route, ...]) -> list[Visit]:
    found = []
    for route in routes:
        if route.protocol != "http" or route.controller != "traefik" or not route.hosts:
            continue
        host = route.hosts[0]
        if "*" in host or "(" in host:
            continue
        prefix = next(iter(_PREFIX.findall(route.match)), "")
        first = host.partition(".")[0]
        servers = tuple(
            f"{server.ip}:{server.port}" for backend in route.backends for server in backend.servers if server.serving
        )
        router, service = ("", "") if route.dropped else _names(route, host)
        point = (route.entry_points or ("websecure",))[0]
        weight = WEIGHTS.get(first, 1.0) / (4 if prefix else 1)
        found.append(
            Visit(host, prefix, point, router, service, servers, _answers(route), route.ref.kind, weight)
        )  # fmt: skip
    return found


def _answers(route: Route) -> tuple[int, ...]:
    codes = []
    for use in route.middlewares:
        if use.name.endswith(("auth", "private")):
            codes.append(401)
        if use.name.endswith(("lan-only", "private")):
            codes.append(403)
        if use.name.endswith("slow-down"):
            codes.append(429)
    return tuple(codes)


def _names(route: Route, host: str) -> tuple[str, str]:
    """Router and service as Traefik's providers name them."""
    from pointsman.tui.answers.routes import names

    meta = route.ref
    if meta.kind == "ingresses":
        router = names.of_path(meta.key, host, "", route.match)[0]
        backend = route.backends[0] if route.backends else None
        if backend is None or backend.ref is None:
            return router, router
        return router, f"{names.normal(f'{meta.namespace}-{backend.ref.name}-{backend.port}')}@{names.INGRESS}"
    router = names.of_rule(meta.key, route.rule_index, route.match)[0]
    return router, router


def _request(chance: random.Random, at: datetime, visits: tuple[Visit, ...]) -> dict[str, Any]:
    visit = chance.choices(visits, [item.weight for item in visits])[0]
    first = visit.host.partition(".")[0]
    outside = first in PUBLIC and chance.random() < 0.18
    method, _, path = chance.choice(PATHS.get(first, ("GET /", "GET /api/status", "GET /favicon.ico"))).partition(" ")
    path = visit.prefix + path.replace("{n}", str(chance.randint(10, 9999)))
    client = f"{chance.choice(WORLD if outside else LAN)}:{chance.randint(32768, 60999)}"
    overhead = chance.randint(90_000, 900_000)
    secure = visit.entry_point != "web"
    found: dict[str, Any] = {
        "ClientAddr": client, "ClientHost": client.partition(":")[0], "ClientPort": client.partition(":")[2],
        "ClientUsername": "-", "DownstreamContentSize": 0, "DownstreamStatus": 404, "Duration": overhead,
        "GzipRatio": 0, "OriginContentSize": 0, "OriginDuration": 0, "OriginStatus": 0, "Overhead": overhead,
        "RequestAddr": visit.host, "RequestContentSize": 0, "RequestCount": chance.randint(1000, 99999),
        "RequestHost": visit.host, "RequestMethod": method, "RequestPath": path,
        "RequestPort": "-", "RequestProtocol": "HTTP/2.0" if secure else "HTTP/1.1",
        "RequestScheme": "https" if secure else "http", "RetryAttempts": 0,
    }  # fmt: skip
    if visit.router:
        found["RouterName"] = visit.router
        code = _stopped(chance, visit, outside)
        if code:
            found |= {"DownstreamStatus": code, "DownstreamContentSize": 17}
        else:
            _served(chance, visit, path, method, found)
    else:
        found["DownstreamContentSize"] = 19
    start = stamp_ns(at - timedelta(microseconds=found["Duration"] // 1000), chance)
    found |= {
        "StartLocal": start, "StartUTC": start, "TLSVersion": "1.3",
        "entryPointName": visit.entry_point, "level": "info", "msg": "", "time": stamp(at),
    }  # fmt: skip
    if not secure:
        del found["TLSVersion"]
    return found


def _stopped(chance: random.Random, visit: Visit, outside: bool) -> int:
    """What a middleware answers, or 0 where it lets the request through."""
    if 403 in visit.answers and outside:
        return 403
    if 401 in visit.answers and chance.random() < 0.08:
        return 401
    if 429 in visit.answers and outside and chance.random() < 0.2:
        return 429
    return 0


def _served(chance: random.Random, visit: Visit, path: str, method: str, found: dict[str, Any]) -> None:
    found["ServiceName"] = visit.service
    del found["GzipRatio"]
    if not visit.servers:
        found |= {"DownstreamStatus": 503, "DownstreamContentSize": 20}
        return
    server = chance.choice(visit.servers)
    took = int(chance.lognormvariate(16.2, 0.9))
    code = chance.choices((200, 304, 204, 404, 500), weights=(82, 9, 3, 4, 1))[0]
    if path.endswith(("/wp-login.php", "/.env")):
        code = 404
    elif path.endswith("/websocket"):
        code, took = 101, took * 400
    size = next((base for word, base in _SIZES.items() if word in path), 2_400)
    size = 0 if code in (101, 204, 304) or method == "HEAD" else max(17, int(size * chance.uniform(0.3, 1.7)))
    found |= {
        "ServiceAddr": server, "ServiceURL": f"http://{server}", "OriginStatus": code, "DownstreamStatus": code,
        "OriginDuration": took, "Duration": took + found["Overhead"], "OriginContentSize": size,
        "DownstreamContentSize": size,
    }  # fmt: skip


def stamp_ns(at: datetime, chance: random.Random) -> str:
    """RFC 3339 with nanoseconds, the last three made up."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}{chance.randint(0, 999):03d}Z"


def _common(found: dict[str, Any], at: datetime) -> str:
    """Traefik's variant of the common log format."""
    host, user, method, path = (found[key] for key in ("ClientHost", "ClientUsername", "RequestMethod", "RequestPath"))
    return (
        f'{host} - {user} [{at:%d/%b/%Y:%H:%M:%S} +0000] "{method} {path} {found["RequestProtocol"]}" '
        f'{found["OriginStatus"] or found["DownstreamStatus"]} {found["DownstreamContentSize"]} "-" "-" '
        f'{found["RequestCount"]} "{found.get("RouterName", "-")}" "{found.get("ServiceURL", "-")}" '
        f"{found['Duration'] // 1_000_000}ms"
    )
