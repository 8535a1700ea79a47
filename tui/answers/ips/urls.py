"""The URLs behind an address: hosts of Ingresses, IngressRoutes and HTTPRoutes whose controller the service leads to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pointsman.tui.answers.stack import cilium, ingress, traefik
from pointsman.tui.answers.stack.facts import Facts
from pointsman.tui.model.core import Ingress, Service, Workload
from pointsman.tui.model.kinds import (
    GATEWAYS,
    GRPCROUTES,
    HTTPROUTES,
    INGRESSCLASSES,
    INGRESSES,
    INGRESSROUTES,
)
from pointsman.tui.model.meta import Key, Obj, dig, dig_list, dig_str
from pointsman.tui.store.snapshot import Snapshot

HOST = re.compile(r"(!?)\s*\bHost\(([^()]*)\)")
QUOTED = re.compile(r"`([^`]*)`|\"([^\"]*)\"")
CLASS_NOTE = "kubernetes.io/ingress.class"
DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
MOST = 200
"""URLs kept for one address: a screen shows a few, a script rarely wants more."""


def hosts_of(match: str) -> list[str]:
    """The hosts a Traefik rule names with ``Host(…)``, without those it negates; both kinds of quotes."""
    found: list[str] = []
    for negated, inner in HOST.findall(match[:8192]):
        if not negated:
            found.extend(one or other for one, other in QUOTED.findall(inner))
    return list(dict.fromkeys(host for host in found if host))


@dataclass(frozen=True, slots=True)
class Site:
    """A host that a controller serves. ``entry_points`` empty: all of the controller's defaults."""

    host: str
    tls: bool
    entry_points: tuple[str, ...] = ()


def url(host: str, tls: bool, port: int) -> str:
    scheme, default = ("https", 443) if tls else ("http", 80)
    return f"{scheme}://{host}" if port == default else f"{scheme}://{host}:{port}"


class Urls:
    """Sites by controller and by address, each list made once for all services."""

    def __init__(self, snapshot: Snapshot, found: Facts) -> None:
        self.snapshot = snapshot
        self.found = found

    def of(self, service: Obj[Service], ip: str) -> tuple[str, ...]:
        """https first, then by name."""
        result: set[str] = set()
        for site in self.by_address.get(ip, ()):
            result.update(self._plain(site, service))
        for workload in self._behind(service):
            values = traefik.arguments(workload)
            for site in self.traefik_sites:
                result.update(self._through(site, service, values))
        for controller in self._other_controllers(service):
            for site in self.by_controller.get(controller, ()):
                result.update(self._plain(site, service))
        if gateway := _own_gateway(service):
            for site in self.by_gateway.get(gateway, ()):
                result.update(self._plain(site, service))
        return tuple(sorted(result, key=lambda text: (not text.startswith("https"), text))[:MOST])

    # -- which controller is behind the service -------------------------------------------------------------------
    @cached_property
    def _traefiks(self) -> Mapping[str, tuple[Obj[Workload], ...]]:
        result: dict[str, list[Obj[Workload]]] = {}
        for item in traefik.workloads(self.found):
            result.setdefault(item.namespace, []).append(item)
        return {namespace: tuple(items) for namespace, items in result.items()}

    def _behind(self, service: Obj[Service]) -> list[Obj[Workload]]:
        return [item for item in self._traefiks.get(service.namespace, ()) if _selects(service, item)]

    @cached_property
    def _others(self) -> tuple[tuple[str, Obj[Workload]], ...]:
        names = {obj.body.spec.controller for obj in self.snapshot.all(INGRESSCLASSES)}
        return tuple((name, item) for name in sorted(names) if (item := ingress.workload(self.found, name)) is not None)

    def _other_controllers(self, service: Obj[Service]) -> Iterator[str]:
        for name, item in self._others:
            if item.namespace == service.namespace and _selects(service, item):
                yield name
        if service.name == "cilium-ingress" and service.namespace == cilium.namespace(self.found):
            yield ingress.CILIUM

    # -- sites ----------------------------------------------------------------------------------------------------
    @cached_property
    def _classes(self) -> tuple[Mapping[str, str], str]:
        """Controllers by IngressClass, and the controller of the default class."""
        default = ""
        found: dict[str, str] = {}
        for obj in self.snapshot.all(INGRESSCLASSES):
            found[obj.name] = obj.body.spec.controller
            if obj.meta.annotations.get(DEFAULT_CLASS) == "true":
                default = obj.body.spec.controller
        return found, default

    @cached_property
    def by_controller(self) -> Mapping[str, tuple[Site, ...]]:
        """Ingresses without an address in their status, by their class's controller."""
        result: dict[str, list[Site]] = {}
        classes, default = self._classes
        for obj in self.snapshot.all(INGRESSES):
            if any(point.ip for point in obj.body.status.load_balancer.ingress):
                continue
            name = obj.body.spec.ingress_class_name or obj.meta.annotations.get(CLASS_NOTE, "")
            controller = classes.get(name, "") if name else default
            if not controller and name == "traefik":
                controller = traefik.CONTROLLER
            result.setdefault(controller, []).extend(_ingress_sites(obj))
        return {name: tuple(sites) for name, sites in result.items()}

    @cached_property
    def by_address(self) -> Mapping[str, tuple[Site, ...]]:
        """Ingresses and Gateways say themselves at which addresses they are served."""
        result: dict[str, list[Site]] = {}
        for obj in self.snapshot.all(INGRESSES):
            points = [point.ip for point in obj.body.status.load_balancer.ingress if point.ip]
            if points:
                sites = list(_ingress_sites(obj))
                for ip in dict.fromkeys(points):
                    result.setdefault(ip, []).extend(sites)
        for gateway in self.snapshot.all(GATEWAYS):
            sites_here = self.by_gateway.get(gateway.key, ())
            for item in dig_list(gateway.body.status, "addresses"):
                if ip := dig_str(item, "value"):
                    result.setdefault(ip, []).extend(sites_here)
        return {ip: tuple(sites) for ip, sites in result.items()}

    @cached_property
    def by_gateway(self) -> Mapping[Key, tuple[Site, ...]]:
        """Hosts of the HTTPRoutes and GRPCRoutes by the Gateway they name as parent."""
        secure = {gateway.key: _listeners(gateway) for gateway in self.snapshot.all(GATEWAYS)}
        result: dict[Key, list[Site]] = {}
        for kind in (HTTPROUTES, GRPCROUTES):
            for route in self.snapshot.all(kind):
                for parent in dig_list(route.body.spec, "parentRefs"):
                    if dig_str(parent, "kind", default="Gateway") != "Gateway":
                        continue
                    key = (dig_str(parent, "namespace") or route.namespace, dig_str(parent, "name"))
                    section = dig_str(parent, "sectionName")
                    listeners = [item for item in secure.get(key, ()) if not section or item[0] == section]
                    names = [name for name in dig_list(route.body.spec, "hostnames") if isinstance(name, str)]
                    for _, tls, host in listeners:
                        for name in names or ([host] if host else []):
                            result.setdefault(key, []).append(Site(name, tls))
        return {key: tuple(dict.fromkeys(sites)) for key, sites in result.items()}

    @cached_property
    def traefik_sites(self) -> tuple[Site, ...]:
        """What any Traefik here serves: IngressRoutes, Ingresses of its class, routes of its Gateways."""
        found: list[Site] = []
        for obj in self.snapshot.all(INGRESSROUTES):
            spec = obj.body.spec
            tls = isinstance(dig(spec, "tls"), dict)
            entry_points = tuple(name for name in dig_list(spec, "entryPoints") if isinstance(name, str))
            for route in dig_list(spec, "routes"):
                found.extend(Site(host, tls, entry_points) for host in hosts_of(dig_str(route, "match")))
        found.extend(self.by_controller.get(traefik.CONTROLLER, ()))
        if "" not in self._classes[0].values() and not self._classes[1]:
            found.extend(self.by_controller.get("", ()))
        return tuple(dict.fromkeys(found))

    def _plain(self, site: Site, service: Obj[Service]) -> Iterator[str]:
        """On the port the scheme's own port, or whatever single port the service has."""
        wanted = 443 if site.tls else 80
        ports = [port.port for port in service.body.spec.ports if port.protocol in ("TCP", "")]
        if wanted in ports:
            yield url(site.host, site.tls, wanted)
        elif len(ports) == 1:
            yield url(site.host, site.tls, ports[0])

    def _through(self, site: Site, service: Obj[Service], values: Mapping[str, str]) -> Iterator[str]:
        """By way of Traefik's entry points that the service exposes."""
        for name, port in _exposed(service, values):
            if site.entry_points and name not in site.entry_points:
                continue
            tls = site.tls or traefik.on(values, f"entrypoints.{name.lower()}.http.tls")
            if not site.entry_points and tls != (port == 443) and port in (80, 443):
                continue
            yield url(site.host, tls, port)


def _exposed(service: Obj[Service], values: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Entry point and outer port: joined by the target port's number or name, or by the port's name."""
    names = {key.split(".")[1]: value for key, value in values.items() if _is_address(key)}
    for port in service.body.spec.ports:
        if port.protocol not in ("TCP", ""):
            continue
        for name, address in names.items():
            number = address.rpartition(":")[2].partition("/")[0]
            if str(port.target_port) in (number, name) or port.name == name:
                yield name, port.port
                break
        else:
            if not names and port.name:
                yield port.name, port.port


def _is_address(key: str) -> bool:
    parts = key.split(".")
    return len(parts) == 3 and parts[0] == "entrypoints" and parts[2] == "address"


def _selects(service: Obj[Service], item: Obj[Workload]) -> bool:
    selector = service.body.spec.selector
    return bool(selector) and selector.items() <= item.body.spec.template.metadata.labels.items()


def _ingress_sites(obj: Obj[Ingress]) -> Iterator[Site]:
    secure = {host for item in obj.body.spec.tls for host in item.hosts}
    everything = any(not item.hosts for item in obj.body.spec.tls)
    forced = obj.meta.annotations.get("traefik.ingress.kubernetes.io/router.tls") == "true"
    for host in dict.fromkeys(rule.host for rule in obj.body.spec.rules if rule.host):
        wildcard = f"*.{host.partition('.')[2]}"
        yield Site(host, forced or everything or host in secure or wildcard in secure)


def _listeners(gateway: Obj[Any]) -> tuple[tuple[str, bool, str], ...]:
    """Name, whether it speaks TLS, and host of each HTTP listener."""
    return tuple(
        (dig_str(item, "name"), dig_str(item, "protocol") == "HTTPS", dig_str(item, "hostname"))
        for item in dig_list(gateway.body.spec, "listeners")
        if dig_str(item, "protocol") in ("HTTP", "HTTPS")
    )


def _own_gateway(service: Obj[Service]) -> Key | None:
    """The Gateway that Cilium (or another controller) made this service for."""
    name = service.meta.labels.get("gateway.networking.k8s.io/gateway-name") or service.meta.labels.get(
        "io.cilium.gateway/owning-gateway"
    )
    if not name and service.name.startswith("cilium-gateway-"):
        name = service.name.removeprefix("cilium-gateway-")
    return (service.namespace, name) if name else None
