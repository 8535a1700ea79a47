"""What the five route kinds of the Gateway API share: which listeners a route is on, its backends, its filters.

Hostnames of route and listener are intersected (Gateway API, HTTPRouteSpec.hostnames); a listener decides which namespaces
may use it. A route counts as attached if its controller says so in the status, or, before any status, if it would be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pointsman.tui.answers.ips.model import Problem
from pointsman.tui.answers.ref import ref
from pointsman.tui.answers.routes.context import Context
from pointsman.tui.answers.routes.crd import Parts, report
from pointsman.tui.answers.routes.gorule import quote, regexp_quote
from pointsman.tui.answers.routes.model import CILIUM, ELSEWHERE, TRAEFIK, Backend, Route, Router, Tls, Use
from pointsman.tui.answers.routes.traefik import Traefik
from pointsman.tui.answers.stack.gateway import CILIUM as CILIUM_GATEWAY
from pointsman.tui.answers.stack.traefik import GATEWAY_CONTROLLER
from pointsman.tui.answers.words import from_files, listed, sees
from pointsman.tui.model import selectors
from pointsman.tui.model.kinds import GATEWAYCLASSES, GATEWAYS, NAMESPACES, REFERENCEGRANTS
from pointsman.tui.model.meta import Key, Loose, Obj, dig, dig_dict, dig_list, dig_str

PROVIDER = "kubernetesgateway"
GROUP = "gateway.networking.k8s.io"
CONTROLLERS = {GATEWAY_CONTROLLER: TRAEFIK, CILIUM_GATEWAY: CILIUM}
PROTOCOLS = {
    "HTTPRoute": ("HTTP", "HTTPS"), "GRPCRoute": ("HTTP", "HTTPS"), "TLSRoute": ("TLS",), "TCPRoute": ("TCP", "TLS"),
    "UDPRoute": ("UDP",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A listener that a route is on, with the hostnames that both allow."""

    gateway: Obj[Loose]
    controller: str
    listener: str
    port: int
    protocol: str
    hosts: tuple[str, ...]
    secret: Key | None
    passthrough: bool

    @property
    def tls(self) -> bool:
        return self.protocol in ("HTTPS", "TLS")


@dataclass(slots=True)
class Attached:
    """Where a route stands. ``controller`` is that of the first Gateway it names."""

    places: list[Place]
    controller: str
    parts: Parts


def attached(ctx: Context, obj: Obj[Loose], kind: str) -> Attached:
    """The listeners of a route and what is wrong about that."""
    parts = Parts()
    places: list[Place] = []
    first = ""
    wanted = [name for name in dig_list(obj.body.spec, "hostnames") if isinstance(name, str)]
    for parent in dig_list(obj.body.spec, "parentRefs"):
        if dig_str(parent, "kind", default="Gateway") != "Gateway":
            parts.error("route-not-attached", f"its parent is a {dig_str(parent, 'kind')}, which is not followed here",
                        severity="info")  # fmt: skip
            continue
        key = (dig_str(parent, "namespace") or obj.namespace, dig_str(parent, "name"))
        gateway = ctx.snapshot.get(GATEWAYS, *key)
        if gateway is None:
            if sees(ctx.snapshot, GATEWAYS):
                parts.error("route-not-attached", f"Gateway {key[0]}/{key[1]} does not exist")
            continue
        controller = _controller(ctx, gateway)
        first = first or controller
        found = list(_listeners(ctx, gateway, controller, parent, obj, kind, wanted, parts))
        places += found
        _status(ctx, obj, key, parts)
    if not dig_list(obj.body.spec, "parentRefs"):
        parts.error("route-not-attached", "it names no Gateway (parentRefs)")
    if not places and not parts.dropped:
        parts.dropped = parts.problems[0].text if parts.problems else "it is on no listener of any Gateway"
    return Attached(places, first or "unknown", parts)


def _controller(ctx: Context, gateway: Obj[Loose]) -> str:
    name = dig_str(gateway.body.spec, "gatewayClassName")
    found = ctx.snapshot.get(GATEWAYCLASSES, "", name)
    controller = dig_str(found.body.spec, "controllerName") if found is not None else ""
    if not controller and name in ("traefik", "cilium"):
        return name
    return CONTROLLERS.get(controller, controller or "unknown")


def _listeners(
    ctx: Context, gateway: Obj[Loose], controller: str, parent: Any, obj: Obj[Loose], kind: str, wanted: list[str],
    parts: Parts,
) -> Iterator[Place]:  # fmt: skip
    section, port = dig_str(parent, "sectionName"), dig_str(parent, "port")
    named = refused = unmatched = 0
    for item in dig_list(gateway.body.spec, "listeners"):
        name, number = dig_str(item, "name"), dig(item, "port", default=0)
        protocol = dig_str(item, "protocol")
        if (section and name != section) or (port and str(number) != port) or protocol not in PROTOCOLS[kind]:
            continue
        named += 1
        if not _allowed(ctx, gateway, item, obj):
            refused += 1
            continue
        hosts = intersect(dig_str(item, "hostname"), wanted)
        if hosts is None:
            unmatched += 1
            continue
        certificate = next(iter(dig_list(item, "tls", "certificateRefs")), None)
        secret = None
        if certificate is not None:
            secret = (dig_str(certificate, "namespace") or gateway.namespace, dig_str(certificate, "name"))
        passthrough = dig_str(item, "tls", "mode") == "Passthrough"
        yield Place(gateway, controller, name, number if isinstance(number, int) else 0, protocol, hosts, secret,
                    passthrough)  # fmt: skip
    if not named:
        what = f"listener {section}" if section else f"a listener for {kind}"
        parts.error("route-not-attached", f"Gateway {gateway.path} has no {what.removeprefix('a ')}")
    elif refused == named:
        text = f"Gateway {gateway.path} does not allow routes of namespace {obj.namespace} (allowedRoutes)"
        parts.error("route-not-attached", text)
    elif refused + unmatched == named:
        text = f"none of its hostnames is one of Gateway {gateway.path}'s listeners"
        parts.error("route-not-attached", text)


def _allowed(ctx: Context, gateway: Obj[Loose], listener: Any, obj: Obj[Loose]) -> bool:
    way = dig_str(listener, "allowedRoutes", "namespaces", "from", default="Same")
    if way == "All":
        return True
    if way != "Selector":
        return obj.namespace == gateway.namespace
    namespace = ctx.snapshot.get(NAMESPACES, "", obj.namespace)
    labels: Mapping[str, str] = namespace.meta.labels if namespace is not None else {}
    wanted = dig_dict(listener, "allowedRoutes", "namespaces", "selector")
    try:
        return selectors.matches(wanted, labels)
    except selectors.SelectorError:
        return False


def intersect(listener: str, wanted: Sequence[str]) -> tuple[str, ...] | None:
    """Hostnames that both allow; an empty tuple is every host, None that there is none."""
    if not listener:
        return tuple(wanted)
    if not wanted:
        return (listener,)
    found = []
    for name in wanted:
        if name == listener or (listener.startswith("*.") and name.endswith(listener[1:])):
            found.append(name)
        elif name.startswith("*.") and listener.endswith(name[1:]):
            found.append(listener)
    return tuple(found) or None


def _status(ctx: Context, obj: Obj[Loose], gateway: Key, parts: Parts) -> None:
    """What the controller says; every entry of the status for this Gateway counts."""
    seen = False
    for item in dig_list(obj.body.status, "parents"):
        parent = dig_dict(item, "parentRef")
        if (dig_str(parent, "namespace") or obj.namespace, dig_str(parent, "name")) != gateway:
            continue
        seen = True
        for condition in dig_list(item, "conditions"):
            if dig_str(condition, "status") != "False":
                continue
            kind, reason = dig_str(condition, "type"), dig_str(condition, "reason")
            message = dig_str(condition, "message") or reason
            text = f"Gateway {gateway[0]}/{gateway[1]}: {kind} is False ({reason}): {message}"
            parts.error("route-not-attached" if kind == "Accepted" else "route-unresolved", text,
                        drops=text if kind == "Accepted" else "")  # fmt: skip
    if not seen and not from_files(ctx.snapshot):
        text = f"no controller has taken it for Gateway {gateway[0]}/{gateway[1]} yet: its status is empty"
        parts.error("route-not-reconciled", text, severity="warn")


def backends(ctx: Context, obj: Obj[Loose], kind: str, items: Sequence[Any], parts: Parts) -> tuple[Backend, ...]:
    """A backend that cannot be used gets its share of the requests all the same, and answers with an error."""
    found = []
    for item in items:
        name = dig_str(item, "name")
        namespace = dig_str(item, "namespace") or obj.namespace
        weight = dig(item, "weight")
        share = weight if isinstance(weight, int) and not isinstance(weight, bool) else None
        if dig_str(item, "group") or dig_str(item, "kind", default="Service") != "Service":
            found.append(Backend(f"{dig_str(item, 'kind')} {name}", None, weight=share))
            continue
        backend = ctx.backend(namespace, name, dig_str(item, "port"))
        if namespace != obj.namespace and not _granted(ctx, obj, kind, namespace, name):
            text = f"no ReferenceGrant in {namespace} lets {kind}s of {obj.namespace} use Service {name}"
            backend = replace(backend, problem=Problem("route-not-granted", "error", text))
        elif not dig_str(item, "port"):
            text = f"the reference to Service {namespace}/{name} names no port"
            backend = replace(backend, problem=Problem("route-missing-port", "error", text))
        parts.add(backend.problem)
        found.append(replace(backend, weight=share))
    return tuple(found)


def _granted(ctx: Context, obj: Obj[Loose], kind: str, namespace: str, name: str) -> bool:
    if not sees(ctx.snapshot, REFERENCEGRANTS) and ctx.snapshot.state(REFERENCEGRANTS) != "absent":
        return True
    for grant in ctx.snapshot.all(REFERENCEGRANTS):
        if grant.namespace != namespace:
            continue
        froms = any(
            dig_str(item, "kind") == kind and dig_str(item, "namespace") == obj.namespace
            for item in dig_list(grant.body.spec, "from")
        )
        tos = any(
            dig_str(item, "kind") == "Service" and dig_str(item, "name") in ("", name)
            for item in dig_list(grant.body.spec, "to")
        )
        if froms and tos:
            return True
    return False


def filters(ctx: Context, obj: Obj[Loose], items: Sequence[Any], parts: Parts) -> tuple[Use, ...]:
    found = []
    for item in items:
        kind = dig_str(item, "type")
        if kind == "ExtensionRef":
            name = dig_str(item, "extensionRef", "name")
            if dig_str(item, "extensionRef", "kind") == "Middleware":
                use, _ = ctx.use(ctx.traefiks[0], obj.namespace, name, obj.namespace)
                report(use, parts)
                found.append(use)
            else:
                why = f"a {dig_str(item, 'extensionRef', 'kind')}, which is not known here"
                found.append(Use(name, None, why, state=ELSEWHERE))
            continue
        body = dig_dict(item, kind[:1].lower() + kind[1:]) if kind else {}
        found.append(Use(kind or "filter", None, "", "", {kind: body}))
    return tuple(found)


def host_rule(hosts: Sequence[str], *, tcp: bool = False) -> tuple[str, int]:
    """Traefik's rule for hostnames, and what it adds to the priority."""
    name = "HostSNI" if tcp else "Host"
    inner = "[a-z0-9-]+" if tcp else r"[a-z0-9-\.]+"
    rules, priority = [], 0
    for host in dict.fromkeys(hosts):
        stars = host.count("*")
        priority = max(priority, len(host) - (stars if tcp else 0))
        if stars:
            pattern = regexp_quote(host).replace(r"\*\.", inner + r"\.", 1)
            rules.append(f"{name}Regexp({quote(f'^{pattern}$')})")
        else:
            rules.append(f"{name}({quote(host)})")
    if len(rules) < 2 or tcp:
        return " || ".join(rules), priority
    return f"({' || '.join(rules)})", priority


def specificity(hosts: Sequence[str]) -> tuple[int, int]:
    """An exact hostname before a wildcard, the longer before the shorter."""
    return max(((int(not host.startswith("*")), len(host)) for host in hosts), default=(-1, 0))


def traefik_of(ctx: Context, obj: Obj[Loose], parts: Parts) -> Traefik:
    """The Traefik that runs the Gateway provider."""
    for traefik in ctx.traefiks:
        if traefik.gateway and not (traefik.gateway_namespaces and obj.namespace not in traefik.gateway_namespaces):
            return traefik
    text = "ignored by Traefik: its provider kubernetesgateway is off"
    parts.error("route-ignored", text, drops=text, severity="warn")
    return ctx.traefiks[0]


def entry_point(traefik: Traefik, place: Place, parts: Parts) -> tuple[str, ...]:
    """The entry point with the listener's port."""
    wanted = "udp" if place.protocol == "UDP" else "tcp"
    names = tuple(
        name for name, point in traefik.entry_points.items() if point.port == place.port and point.protocol == wanted
    )
    if not names and not traefik.assumed:
        have = listed([f"{point.name} {point.port}" for point in traefik.entry_points.values()], 6)
        text = f"no entry point of Traefik has the port {place.port} of listener {place.listener}; there are {have}"
        parts.error("route-unknown-entry-point", text, drops=text)
    return names


def finish(
    ctx: Context, obj: Obj[Loose], index: int, protocol: str, at: Attached, routers: Sequence[Router], uses: Sequence[Use],
    found: Sequence[Backend], parts: Parts, hosts: Sequence[str] = (),
) -> Route:  # fmt: skip
    """Put a route together from what its kind has read."""
    tls: Tls | None = None
    for place in at.places:
        if place.secret is not None and tls is None:
            tls, problem = ctx.tls(*place.secret)
            parts.add(problem)
        elif place.tls and tls is None:
            tls = Tls(None, None, "passed through" if place.passthrough else "", place.passthrough)
    names = tuple(dict.fromkeys(name for router in routers for name in router.entry_points))
    points = names or tuple(dict.fromkeys(f"{place.gateway.name}/{place.listener}" for place in at.places))
    traefik = next((item for item in ctx.traefiks if item.gateway), None) if at.controller == TRAEFIK else None
    ports = ctx.port_words(traefik, names) if traefik is not None and names else tuple(
        dict.fromkeys(f"{place.listener}:{place.port}" for place in at.places)
    )  # fmt: skip
    shown = tuple(dict.fromkeys(host for place in at.places for host in place.hosts)) or tuple(hosts)
    rules = tuple(dict.fromkeys(router.rule for router in routers if router.rule))
    number = max((router.priority for router in routers), default=None) if at.controller == TRAEFIK else None
    if not found:
        parts.error("route-missing-service", "the rule names no backend", severity="warn")
    return Route(
        ref(obj), index, protocol, at.controller, shown, " || ".join(rules), tuple(routers), points, ports, tuple(uses),
        tuple(found), tls, number, ctx.owner(obj), problems=tuple(parts.problems), dropped=parts.dropped,
        served_by=traefik.ref if traefik is not None else None,
    )  # fmt: skip


def rules_of(obj: Obj[Loose]) -> Iterator[tuple[int, Any, int]]:
    """Index, rule, number of rules."""
    rules = dig_list(obj.body.spec, "rules")
    for index, rule in enumerate(rules):
        yield index, rule, len(rules)
