"""Forms for routes. A route stands in the namespace of its service, so that no reference crosses namespaces."""

from __future__ import annotations

from typing import Any

from pointsman.tui.actions.making.form import (
    Filled,
    Form,
    Spec,
    Values,
    check_host,
    check_name,
    check_path,
    check_service,
    doc,
    one_of,
    service_ports,
    split_service,
    target_of,
)
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.build import base, route_list
from pointsman.tui.answers.routes.request import RequestError, parse_request
from pointsman.tui.answers.routes.trace import trace
from pointsman.tui.answers.routes.traefik import EntryPoint, Traefik
from pointsman.tui.model.kinds import (
    GATEWAYS,
    HTTPROUTES,
    INGRESSROUTES,
    INGRESSROUTETCPS,
    INGRESSROUTEUDPS,
    SERVICES,
    TLS_SECRETS,
)
from pointsman.tui.model.meta import dig_list, dig_str
from pointsman.tui.store.snapshot import Snapshot

TRAEFIK_API = "traefik.io/v1alpha1"
GATEWAY_API = "gateway.networking.k8s.io/v1"
DEFAULT, NONE, PASS = "default", "none", "passthrough"


def _namespace(values: Values) -> str:
    return split_service(values.get("service", ""))[0]


def _traefik(snapshot: Snapshot) -> Traefik:
    return base(snapshot).context.traefiks[0]


def _points(snapshot: Snapshot, protocol: str) -> list[EntryPoint]:
    """Entry points that a service leads to first: the others nobody reaches."""
    traefik, ctx = _traefik(snapshot), base(snapshot).context
    found = [point for point in traefik.entry_points.values() if point.protocol == protocol]
    return sorted(found, key=lambda point: (not ctx.exposed(traefik, point), point.name))


def _point_names(snapshot: Snapshot, protocol: str) -> tuple[str, ...]:
    return tuple(point.name for point in _points(snapshot, protocol))


def _suggested_name(values: str) -> str:
    return split_service(values)[1]


def _first(items: tuple[str, ...], wanted: str = "") -> str:
    return wanted if wanted in items else items[0] if items else ""


def _start(snapshot: Snapshot, protocol: str, namespace: str, at: Ref | None) -> tuple[tuple[str, ...], str]:
    """Services to choose from, and the one that the user is at."""
    ports = service_ports(snapshot, protocol, namespace, at)
    mine = at is not None and at.kind == SERVICES.id and bool(ports) and ports[0].startswith(f"{at.path}:")
    here = ports[0] if mine else ""
    return ports, here


def _tls_names(snapshot: Snapshot, namespace: str) -> tuple[str, ...]:
    return tuple(sorted(obj.name for obj in snapshot.all(TLS_SECRETS) if not namespace or obj.namespace == namespace))


def _check_tls(snapshot: Snapshot, value: str, values: Values) -> str:
    if value in (DEFAULT, NONE):
        return ""
    if snapshot.known(TLS_SECRETS) and snapshot.get(TLS_SECRETS, _namespace(values), value) is None:
        return (
            f"there is no TLS Secret {value} in {_namespace(values) or 'its namespace'}; {DEFAULT} takes Traefik's own"
        )
    return ""


# -- HTTP -----------------------------------------------------------------------------------------------------------------
def _http_fields(snapshot: Snapshot, namespace: str, at: Ref | None) -> tuple[Spec, ...]:
    ports, here = _start(snapshot, "tcp", namespace, at)
    points = _point_names(snapshot, "tcp")
    return (
        Spec("service", "to service", here, "media/jellyfin:8096", check_service("tcp"), ports),
        Spec("host", "host", "", "films.home.example", check_host),
        Spec("path", "path", "", "empty is everything", check_path),
        Spec("point", "entry point", _first(points, "websecure"), "", one_of(points, "an entry point of Traefik"), points),
        Spec("tls", "TLS", DEFAULT, "default, none, or a Secret's name", _check_tls,
             (DEFAULT, NONE, *_tls_names(snapshot, ""))),
        Spec("name", "name", _suggested_name(here), "films", check_name(INGRESSROUTES.id, _namespace)),
    )  # fmt: skip


def _rule(values: Values) -> str:
    path = values["path"]
    host = values["host"].lower()
    head = f"HostRegexp(`^[^.]+{_quoted(host[1:])}$`)" if host.startswith("*.") else f"Host(`{host}`)"
    return f"{head} && PathPrefix(`{path}`)" if path and path != "/" else head


def _quoted(text: str) -> str:
    return text.replace(".", r"\.")


def _make_http(_: Snapshot, values: Values) -> Filled:
    namespace, name, port = target_of(values)
    rule = {"kind": "Rule", "match": _rule(values), "services": [{"name": name, "port": port}]}
    spec: dict[str, Any] = {"entryPoints": [values["point"]], "routes": [rule]}
    if values["tls"] != NONE:
        spec["tls"] = {} if values["tls"] == DEFAULT else {"secretName": values["tls"]}
    return Filled((doc(TRAEFIK_API, "IngressRoute", namespace, values["name"], spec),))


def _says_http(snapshot: Snapshot, values: Values) -> tuple[str, ...]:
    """The URL, and who handles it today."""
    host = values["host"].lower().replace("*", "any")
    if not host:
        return ()
    secure = values.get("tls", DEFAULT) != NONE
    url = f"{'https' if secure else 'http'}://{host}{values['path'] or '/'}"
    lines = [f"{url} goes to {values['service'] or 'the service'}"]
    try:
        found = trace(snapshot, parse_request(url))
    except RequestError:
        return tuple(lines)
    if found.winner is not None:
        lines.append(
            f"today {found.winner.kind} {found.winner.namespace}/{found.winner.name} handles it".replace(" /", " ")
        )
    if not any(host in route.hosts for route in route_list(snapshot).items):
        lines.append("your DNS must lead the name to Traefik's address; this program does not write DNS")
    return tuple(lines)


HTTP = Form(
    "http", "HTTP route", "IngressRoute: a host, and perhaps a path, to a service", INGRESSROUTES.id, _http_fields, _make_http,
    _says_http,
)  # fmt: skip


# -- HTTP by the Gateway API ----------------------------------------------------------------------------------------------
def _gateways(snapshot: Snapshot) -> tuple[str, ...]:
    """``ns/name`` and, with several listeners, ``ns/name:listener``."""
    found = []
    for obj in sorted(snapshot.all(GATEWAYS), key=lambda obj: obj.key):
        names = [dig_str(item, "name") for item in dig_list(obj.body.spec, "listeners")]
        found += [obj.path, *(f"{obj.path}:{name}" for name in names if name)]
    return tuple(found)


def _check_number(snapshot: Snapshot, value: str, values: Values) -> str:
    wrong = check_service("tcp")(snapshot, value, values)
    return wrong or ("" if split_service(value)[2].isdigit() else "the Gateway API takes port numbers only")


def _gateway_fields(snapshot: Snapshot, namespace: str, at: Ref | None) -> tuple[Spec, ...]:
    ports, here = _start(snapshot, "tcp", namespace, at)
    gateways = _gateways(snapshot)
    return (
        Spec("service", "to service", here, "media/jellyfin:8096", _check_number, ports),
        Spec("host", "host", "", "films.home.example", check_host),
        Spec("path", "path", "", "empty is everything", check_path),
        Spec("gateway", "gateway", _first(gateways), "kube-system/gateway:websecure",
             one_of(gateways, "a Gateway, or one of its listeners"), gateways),
        Spec("name", "name", _suggested_name(here), "films", check_name(HTTPROUTES.id, _namespace)),
    )  # fmt: skip


def _make_gateway(_snapshot: Snapshot, values: Values) -> Filled:
    namespace, name, port = target_of(values)
    path, _, listener = values["gateway"].partition(":")
    where, _, gateway = path.partition("/")
    parent = {"name": gateway, "namespace": where, **({"sectionName": listener} if listener else {})}
    rule: dict[str, Any] = {"backendRefs": [{"name": name, "port": port}]}
    if values["path"] and values["path"] != "/":
        rule["matches"] = [{"path": {"type": "PathPrefix", "value": values["path"]}}]
    spec = {"parentRefs": [parent], "hostnames": [values["host"].lower()], "rules": [rule]}
    return Filled((doc(GATEWAY_API, "HTTPRoute", namespace, values["name"], spec),))


HTTP_GATEWAY = Form(
    "http-gateway", "HTTP route of the Gateway API", "HTTPRoute at a Gateway", HTTPROUTES.id, _gateway_fields, _make_gateway,
    _says_http,
)  # fmt: skip


# -- TCP and UDP ----------------------------------------------------------------------------------------------------------
def _check_sni(_snapshot: Snapshot, value: str, values: Values) -> str:
    if value == "*":
        return ""
    if values["tls"] == NONE:
        return "without TLS nobody sends a name: only * is possible"
    return check_host(_snapshot, value, values)


def _tcp_fields(snapshot: Snapshot, namespace: str, at: Ref | None) -> tuple[Spec, ...]:
    ports, here = _start(snapshot, "tcp", namespace, at)
    points = _point_names(snapshot, "tcp")
    return (
        Spec("service", "to service", here, "games/minecraft:25565", check_service("tcp"), ports),
        Spec("point", "entry point", "", "the port's entry point", one_of(points, "an entry point of Traefik"), points),
        Spec("tls", "TLS", NONE, "none, passthrough, default, or a Secret's name",
             lambda s, value, values: "" if value == PASS else _check_tls(s, value, values),
             (NONE, PASS, DEFAULT, *_tls_names(snapshot, ""))),
        Spec("sni", "name in TLS", "*", "* is every name", _check_sni),
        Spec("name", "name", _suggested_name(here), "minecraft", check_name(INGRESSROUTETCPS.id, _namespace)),
    )  # fmt: skip


def _make_tcp(_: Snapshot, values: Values) -> Filled:
    namespace, name, port = target_of(values)
    rule = {"match": f"HostSNI(`{values['sni'].lower()}`)", "services": [{"name": name, "port": port}]}
    spec: dict[str, Any] = {"entryPoints": [values["point"]], "routes": [rule]}
    if values["tls"] == PASS:
        spec["tls"] = {"passthrough": True}
    elif values["tls"] != NONE:
        spec["tls"] = {} if values["tls"] == DEFAULT else {"secretName": values["tls"]}
    return Filled((doc(TRAEFIK_API, "IngressRouteTCP", namespace, values["name"], spec),))


def _says_stream(snapshot: Snapshot, values: Values) -> tuple[str, ...]:
    """Where the entry point is reached, and what shares it."""
    traefik, ctx = _traefik(snapshot), base(snapshot).context
    point = traefik.entry_points.get(values.get("point", "").lower())
    if point is None:
        return ()
    outer = ctx.port_words(traefik, (point.name,))
    lines = [f"{outer[0] if outer else point.name} goes to {values['service'] or 'the service'}"]
    if not ctx.exposed(traefik, point) and not traefik.assumed:
        lines.append("no service leads to this entry point: nobody outside the cluster reaches it")
    lines += [
        f"{route.ref.title} is on this entry point too"
        for route in route_list(snapshot).items
        if point.name in route.entry_points and route.protocol == point.protocol
    ][:3]
    return tuple(lines)


TCP = Form(
    "tcp", "TCP route", "IngressRouteTCP: an entry point, perhaps a TLS name, to a service", INGRESSROUTETCPS.id, _tcp_fields,
    _make_tcp, _says_stream,
    "A port of its own needs an entry point of its own; those are part of how Traefik runs.",
)  # fmt: skip


def _udp_fields(snapshot: Snapshot, namespace: str, at: Ref | None) -> tuple[Spec, ...]:
    ports, here = _start(snapshot, "udp", namespace, at)
    points = _point_names(snapshot, "udp")
    return (
        Spec("service", "to service", here, "games/creative:19132", check_service("udp"), ports),
        Spec("point", "entry point", _first(points), "", one_of(points, "a UDP entry point of Traefik"), points),
        Spec("name", "name", _suggested_name(here), "creative", check_name(INGRESSROUTEUDPS.id, _namespace)),
    )


def _make_udp(_: Snapshot, values: Values) -> Filled:
    namespace, name, port = target_of(values)
    spec = {"entryPoints": [values["point"]], "routes": [{"services": [{"name": name, "port": port}]}]}
    return Filled((doc(TRAEFIK_API, "IngressRouteUDP", namespace, values["name"], spec),))


UDP = Form(
    "udp", "UDP route", "IngressRouteUDP: an entry point to a service", INGRESSROUTEUDPS.id, _udp_fields, _make_udp,
    _says_stream, "A port of its own needs an entry point of its own; those are part of how Traefik runs.",
)  # fmt: skip
