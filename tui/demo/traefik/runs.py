"""What a Traefik makes of the cluster: its routers, services and middlewares with their states, as its API gives them.

The strings of errors and the shapes are those of Traefik 3.7; the tests run the real one on the same objects and compare.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pointsman.tui.answers.routes import names
from pointsman.tui.answers.routes.build import base
from pointsman.tui.answers.routes.context import Context
from pointsman.tui.answers.routes.language import checked_rule
from pointsman.tui.answers.routes.model import TRAEFIK, Backend, Route, Router
from pointsman.tui.answers.routes.traefik import EntryPoint, Traefik
from pointsman.tui.model import kinds as k
from pointsman.tui.model.meta import Key, Loose, Obj, dig, dig_dict, dig_list, dig_str
from pointsman.tui.store.snapshot import Snapshot

Item = dict[str, Any]
NOT_MADE = ("route-ignored", "route-missing-service", "route-missing-port", "route-cross-namespace")
"""Problems for which Traefik makes no router at all."""
COUNT = re.compile(r"(\w+) takes (\d+) values?, not (\d+)")
CONFLICT = (
    "router's TLSOptions configuration is conflicting with other routers on the same entrypoint and host, "
    "default TLS options will be used instead"
)
NEVER_BUILT = ("no valid entryPoint", "unknown TLS options", "no TLS on router")
"""Errors for which the router's service is never built, so nothing is known of its servers."""
TOP = (1 << 63) - 1
INTERNAL = "internal"


@dataclass
class Runs:
    """``items[protocol][kind][name]`` with kind routers, services or middlewares."""

    traefik: Traefik
    items: dict[str, dict[str, dict[str, Item]]] = field(
        default_factory=lambda: {
            protocol: {kind: {} for kind in ("routers", "services", "middlewares")}
            for protocol in ("http", "tcp", "udp")
        }
    )
    certificates: list[Key] = field(default_factory=list)

    def put(self, protocol: str, kind: str, name: str, item: Item) -> None:
        provider = name.rpartition("@")[2]
        self.items[protocol][kind][name] = {**item, "name": name, "provider": provider}


def runs(snapshot: Snapshot, traefik: Traefik, users: Mapping[Key, list[str]]) -> Runs:
    """``users`` are the lines of the Secrets that basicAuth and digestAuth name."""
    found = Runs(traefik)
    made = base(snapshot)
    _internal(found)
    _middlewares(found, snapshot, users)
    mine = [
        route
        for route in made.list.items
        if route.controller == TRAEFIK and route.served_by == traefik.ref and not _skipped(route)
    ]
    first = Counter(router.names[0] for route in mine for router in route.routers if router.names)
    for route in mine:
        for router in route.routers:
            # Two paths of an Ingress that come to the same name are told apart by their rules.
            twice = route.ref.kind == k.INGRESSES.id and first[router.names[0]] > 1 and len(router.names) > 1
            if router.names:
                name = router.names[1 if twice else 0]
                found.put(route.protocol, "routers", name, _router(found, made.context, snapshot, route, router, name))
    _conflicts(found)
    _uses(found)
    return found


def _conflicts(found: Runs) -> None:
    """Routers of one host and entry point with different TLS options get the default ones, and another name."""
    table = found.items["http"]["routers"]
    by_host: dict[tuple[str, str], list[str]] = {}
    for name, item in table.items():
        rule, _ = checked_rule(item["rule"]) if "tls" in item and item.get("using") else (None, None)
        for host in rule.hosts if rule is not None else ():
            for point in item["using"]:
                by_host.setdefault((point, host.lower()), []).append(name)
    renamed: dict[str, str] = {}
    for (point, _), called in by_host.items():
        if len({table[name]["tls"]["options"] for name in called}) > 1:
            renamed |= {name: f"{point}-conflicted-{name}" for name in called if table[name]["using"] == [point]}
    for name, fresh in renamed.items():
        item = table.pop(name)
        if item["tls"]["options"] != "default":
            item["error"] = [*item.get("error", ()), CONFLICT]
            item["status"] = "disabled" if item["status"] == "disabled" else "warning"
        table[fresh] = {**item, "name": fresh}


def _skipped(route: Route) -> bool:
    if route.off is not None:
        return True
    for problem in route.problems:
        if problem.severity == "error" and problem.id in NOT_MADE:
            alone = route.protocol == "http" or len(route.backends) < 2
            if alone or problem.id == "route-cross-namespace":
                return True
        if problem.id == "route-ignored":
            return True
    return not route.backends or (route.ref.kind in GATEWAY and bool(route.dropped))


GATEWAY = frozenset((k.HTTPROUTES.id, k.GRPCROUTES.id, k.TLSROUTES.id, k.TCPROUTES.id, k.UDPROUTES.id))


# -- routers --------------------------------------------------------------------------------------------------------------
def _router(found: Runs, ctx: Context, snapshot: Snapshot, route: Route, router: Router, name: str) -> Item:
    points = found.traefik.entry_points
    wanted = "udp" if route.protocol == "udp" else "tcp"
    using = sorted(one for one in router.entry_points if one in points and points[one].protocol == wanted)
    errors = [f'entryPoint "{one}" doesn\'t exist' for one in sorted(router.entry_points) if one not in using]
    disabled = not using
    if disabled:
        errors.append("no valid entryPoint for this router")
    item: Item = {"entryPoints": sorted(router.entry_points)}
    uses = [_called(use.name) for use in route.middlewares if not use.inline]
    if uses:
        item["middlewares"] = uses
    item["service"] = _service(found, ctx, snapshot, route, name)
    if route.protocol != "udp":
        item["rule"] = router.rule
        if name == names.DEFAULT:
            item["ruleSyntax"] = "default"
        item |= {"priority": router.priority} if using else {}
    tls = router.tls or any(points[one].tls for one in using)
    if tls and route.protocol != "udp":
        item["tls"] = (
            {"passthrough": router.passthrough} if route.protocol == "tcp" else {"options": _option(route, snapshot)}
        )
    if route.protocol == "http":
        item["observability"] = {"accessLogs": True, "metrics": True, "tracing": True, "traceVerbosity": "minimal"}
        if route.ref.kind not in GATEWAY:
            of = {"namespace": route.ref.namespace, "name": route.ref.name, "kind": route.kind}
            item["observability"]["metadata"] = {"ingress": of}
    if using and route.protocol != "udp":
        problem = _refusal(found, route, router, uses, item)
        errors += [problem] if problem else []
        disabled = disabled or bool(problem)
    if errors:
        item["error"] = errors
    if uses and any("unknown TLS options" in text for text in errors):
        item["middlewares"] = [
            use.removesuffix("@kubernetescrd") for use in uses
        ]  # it was given up before they were looked up
    if any(word in text for text in errors for word in NEVER_BUILT):
        found.items[route.protocol]["services"].get(_full(item["service"], "kubernetescrd"), {}).pop(
            "serverStatus", None
        )
    item["status"] = "disabled" if disabled else "warning" if errors else "enabled"
    if using:
        item["using"] = using
    if route.protocol != "udp":
        item["priorityStr"] = str(router.priority if using else 0)
    return item


def _called(name: str) -> str:
    """A middleware as a router names it: the objects' own by ``ns-name@kubernetescrd``."""
    return name if "@" in name else names.of_object(tuple(name.split("/", 1)))[0]  # type: ignore[arg-type]


def _option(route: Route, snapshot: Snapshot) -> str:
    if route.ref.kind != k.INGRESSROUTES.id:
        return "default"
    obj = snapshot.get(k.INGRESSROUTES, *route.ref.key)
    spec = obj.body.spec if obj is not None else {}
    name = dig_str(spec, "tls", "options", "name")
    return (
        names.normal(f"{dig_str(spec, 'tls', 'options', 'namespace') or route.ref.namespace}-{name}")
        if name
        else "default"
    )


def _refusal(found: Runs, route: Route, router: Router, uses: Iterable[str], item: Item) -> str:
    """Why Traefik switches a router off, in its words; empty if it does not."""
    protocol = "http" if route.protocol == "http" else "tcp"
    rule, error = checked_rule(router.rule, protocol, router.syntax)
    if rule is None:
        text = error.text if error is not None else "no rule"
        if protocol == "tcp":
            where = f"1:{error.position}: " if error is not None and error.position else ""
            return f'invalid rule: "{router.rule}" , {where}{text}'
        text = text.partition(", did you")[0]
        if counted := COUNT.match(text):
            inner = f"error while adding rule {counted[1]}: unexpected number of parameters"
            text = f"{inner}; got {counted[3]}, expected one of [{counted[2]}]"
            return f"error while parsing rule {router.rule}: adding rule {router.rule}: {text}"
        if text.startswith("expected , or ) before the end") and error is not None:
            text = f"1:{error.position}: missing ',' before newline in argument list"
        return f"error while parsing rule {router.rule}: parsing rule {router.rule}: {text}"
    if any(problem.id == "route-missing-tls-option" for problem in route.problems):
        return f"building router handler: unknown TLS options: {item['tls']['options']}@kubernetescrd"
    if any(problem.id == "route-sni-without-tls" for problem in route.problems):
        return f'invalid rule: "{router.rule}" , has HostSNI matcher, but no TLS on router'
    for use in uses:
        if use not in found.items[route.protocol]["middlewares"]:
            return f'middleware "{use}" does not exist'
    return ""


# -- services -------------------------------------------------------------------------------------------------------------
def _service(found: Runs, ctx: Context, snapshot: Snapshot, route: Route, name: str) -> str:
    """The service of a router; what it consists of is put among the services."""
    own, _, provider = name.rpartition("@")
    backends = list(route.backends)
    if route.ref.kind == k.INGRESSES.id:
        called = "default-backend" if name == names.DEFAULT else _short(backends[0])
        return _balanced(found, route, backends[0], f"{called}@{provider}")
    if route.ref.kind in GATEWAY:
        children = [
            {"name": _balanced(found, route, one, f"{own}-svc-{one.ref.namespace}-{one.ref.name}-{index}@{provider}"),
             "weight": 1 if one.weight is None else one.weight}
            for index, one in enumerate(backends) if one.ref is not None
        ]  # fmt: skip
        found.put(route.protocol, "services", f"{own}-wrr@{provider}", _weighted(children))
        return f"{own}-wrr"
    written = _written(snapshot, route)
    if len(written) == 1:
        item = written[0]
        named = dig_str(item, "name")
        if "@" in named:
            return named
        if dig_str(item, "kind") == "TraefikService":
            return _traefik_service(
                found, ctx, snapshot, route, (dig_str(item, "namespace") or route.ref.namespace, named)
            )
        return _balanced(found, route, backends[0], name)
    children = []
    for item in written:
        namespace, named = dig_str(item, "namespace") or route.ref.namespace, dig_str(item, "name")
        if "@" in named:
            child = named
        elif dig_str(item, "kind") == "TraefikService":
            child = _traefik_service(found, ctx, snapshot, route, (namespace, named))
        else:
            backend = ctx.backend(namespace, named, dig_str(item, "port"))
            if backend.problem is not None and backend.problem.id != "route-no-endpoints":
                continue
            called = _short(backend) if route.protocol == "http" else f"{own}-{named}-{backend.port}"
            child = _balanced(found, route, backend, f"{called}@{provider}")
        weight = dig(item, "weight")
        children.append({"name": child, **({"weight": weight} if isinstance(weight, int) else {"weight": 1})})
    found.put(route.protocol, "services", name, _weighted(children))
    return own


def _written(snapshot: Snapshot, route: Route) -> list[Any]:
    obj: Obj[Loose] | None = snapshot.get(k.KINDS[route.ref.kind], *route.ref.key)
    return dig_list(obj.body.spec if obj is not None else {}, "routes", route.rule_index, "services")


def _traefik_service(found: Runs, ctx: Context, snapshot: Snapshot, route: Route, key: Key) -> str:
    name = names.of_object(key)[0]
    short = name.rpartition("@")[0]
    if name in found.items[route.protocol]["services"]:
        return short
    obj = snapshot.get(k.TRAEFIKSERVICES, *key)
    children = []
    for item in dig_list(obj.body.spec if obj is not None else {}, "weighted", "services"):
        namespace, named = dig_str(item, "namespace") or key[0], dig_str(item, "name")
        backend = ctx.backend(namespace, named, dig_str(item, "port"))
        child = _balanced(found, route, backend, f"{_short(backend)}@kubernetescrd")
        children.append({"name": child, "weight": dig(item, "weight", default=1)})
    found.put(route.protocol, "services", name, _weighted(children))
    return short


def _short(backend: Backend) -> str:
    assert backend.ref is not None
    return names.normal(f"{backend.ref.namespace}-{backend.ref.name}-{backend.port}")


def _balanced(found: Runs, route: Route, backend: Backend, name: str) -> str:
    """A load balancer over the endpoints of one service port; its name without the provider."""
    item: Item = {"loadBalancer": {}}
    if route.protocol == "http":
        servers = [{"url": f"{_scheme(backend)}://{_host(one.ip)}:{one.port}"} for one in backend.servers if one.ready]
        item["loadBalancer"] = {"servers": servers} if servers else {}
        item["loadBalancer"] |= {
            "strategy": "wrr",
            "passHostHeader": True,
            "responseForwarding": {"flushInterval": "100ms"},
        }
        if backend.ref is not None and route.ref.kind not in GATEWAY:
            of = {"namespace": backend.ref.namespace, "name": backend.ref.name, "port": backend.port}
            item["observability"] = {"metadata": {"kubernetes": of}}
    else:
        servers = [{"address": f"{_host(one.ip)}:{one.port}"} for one in backend.servers if one.ready]
        item["loadBalancer"] = {"servers": servers} if servers else {}
    item |= {"status": "enabled", "type": "loadbalancer"}
    if route.protocol != "udp" and servers:
        item["serverStatus"] = {next(iter(one.values())): "UP" for one in servers}
    found.put(route.protocol, "services", name, item)
    return name.rpartition("@")[0]


def _scheme(backend: Backend) -> str:
    """Traefik takes https for port 443 and for a port whose name begins so."""
    return "https" if backend.number == 443 or backend.port.startswith("https") else "http"


def _host(ip: str) -> str:
    return f"[{ip}]" if ":" in ip else ip


def _weighted(children: list[Item]) -> Item:
    return {"weighted": {"services": children}, "status": "enabled", "type": "weighted"}


# -- middlewares ----------------------------------------------------------------------------------------------------------
def _middlewares(found: Runs, snapshot: Snapshot, users: Mapping[Key, list[str]]) -> None:
    for kind, protocol in ((k.MIDDLEWARES, "http"), (k.MIDDLEWARETCPS, "tcp")):
        for obj in snapshot.all(kind):
            body = _body(obj, users)
            if body is None:
                continue
            name = names.of_object(obj.key)[0]
            item: Item = {**body, "status": "enabled", "type": next(iter(body)).lower()}
            found.put(protocol, "middlewares", name, item)


def _body(obj: Obj[Loose], users: Mapping[Key, list[str]]) -> Item | None:
    """The configuration as Traefik makes it of the object; None where it cannot (its Secret is missing, two kinds in one)."""
    spec = obj.body.spec
    if len(spec) != 1:
        return None
    kind, config = next(iter(spec.items()))
    config = dict(config) if isinstance(config, dict) else {}
    if kind in ("basicAuth", "digestAuth"):
        lines = users.get((obj.namespace, dig_str(config, "secret")))
        if lines is None:
            return None
        config = {"users": lines, **{name: value for name, value in config.items() if name != "secret"}}
    elif kind == "chain":
        members = [
            names.of_object((dig_str(item, "namespace") or obj.namespace, dig_str(item, "name")))[0]
            for item in dig_list(config, "middlewares")
        ]
        config = {"middlewares": members}
    elif kind == "rateLimit":
        config = {"average": dig(config, "average", default=0), "period": "1s", **config}
    return {kind: config}


def users_of(secret: Mapping[str, Any] | None) -> list[str] | None:
    """The lines of a Secret's one key."""
    import base64
    import binascii

    data = dig_dict(dict(secret or {}), "data")
    if len(data) != 1:
        return None
    try:
        text = base64.b64decode(str(next(iter(data.values())))).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return None
    return [line for line in text.split("\n") if line.strip()]


# -- what stands behind no object -----------------------------------------------------------------------------------------
def _internal(found: Runs) -> None:
    traefik = found.traefik
    own = traefik.entry_points.get("traefik") or EntryPoint("traefik", 8080)
    services = ["noop"]
    if traefik.api:
        services += ["api", "dashboard"]
    if traefik.api_insecure:
        _own(found, "api", own, "PathPrefix(`/api`)", TOP - 1)
        _own(found, "dashboard", own, "PathPrefix(`/`)", TOP - 2, ("dashboard_redirect", "dashboard_stripprefix"))
    for name, point, path in (("ping", traefik.ping, "/ping"), ("prometheus", traefik.metrics, "/metrics")):
        if point:
            services.append(name)
            _own(found, name, traefik.entry_points.get(point, own), f"PathPrefix(`{path}`)", TOP)
    for name in services:
        found.put("http", "services", f"{name}@{INTERNAL}", {"status": "enabled"})


def _own(found: Runs, name: str, point: EntryPoint, rule: str, priority: int, uses: tuple[str, ...] = ()) -> None:
    item: Item = {"entryPoints": [point.name]}
    if uses:
        item["middlewares"] = [f"{use}@{INTERNAL}" for use in uses]
    item |= {
        "service": f"{name}@{INTERNAL}", "rule": rule, "ruleSyntax": "default", "priority": priority,
        "observability": {"accessLogs": True, "metrics": True, "tracing": True, "traceVerbosity": "minimal"},
        "status": "enabled", "using": [point.name], "priorityStr": str(priority),
    }  # fmt: skip
    found.put("http", "routers", f"{name}@{INTERNAL}", item)


def _uses(found: Runs) -> None:
    """``usedBy``: by which routers a service or a middleware is named; Traefik leaves it out for the middlewares of TCP."""
    for protocol, tables in found.items.items():
        by_service: dict[str, list[str]] = {}
        by_middleware: dict[str, list[str]] = {}
        for name, router in tables["routers"].items():
            by_service.setdefault(_full(router["service"], router["provider"]), []).append(name)
            for use in router.get("middlewares", ()):
                by_middleware.setdefault(_full(use, router["provider"]), []).append(name)
        for kind, table in (("services", by_service), ("middlewares", by_middleware if protocol == "http" else {})):
            for name, item in tables[kind].items():
                if name in table:
                    item["usedBy"] = sorted(table[name])


def _full(name: str, provider: str) -> str:
    return name if "@" in name else f"{name}@{provider}"


def listed_certificates(snapshot: Snapshot) -> Iterator[Obj[Any]]:
    """The TLS Secrets that Traefik holds: those that a route names, and that of the default store."""
    wanted = {
        route.tls.secret.key
        for route in base(snapshot).list.items
        if route.controller == TRAEFIK and route.tls is not None and route.tls.secret is not None
    }
    for ingress in snapshot.all(k.INGRESSES):
        wanted |= {(ingress.namespace, item.secret_name) for item in ingress.body.spec.tls if item.secret_name}
    for obj in snapshot.all(k.TLS_SECRETS):
        if obj.key in wanted:
            yield obj
