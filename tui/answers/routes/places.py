"""A request that a route would handle, in the words a trace takes: where to begin when somebody asks about a route."""

from __future__ import annotations

import re

from pointsman.tui.answers.ips import ip_map
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.model import DIRECT, Route
from pointsman.tui.model.kinds import SERVICES
from pointsman.tui.store.snapshot import Snapshot

_PATH = re.compile(r"""(!?)\s*\b(?:PathPrefix|Path)\(\s*[`"](/[^`"]*)[`"]""")
_DEFAULT = {"http": 80, "https": 443}


def request_of(route: Route, snapshot: Snapshot) -> str:
    """``https://films.home.example/``, ``tcp://192.168.7.104:25565``; empty where nothing can be made of it.

    Hosts with a wildcard are given ``any`` for it. A stream without a name is asked for at the address that leads to it.
    """
    port, protocol = _port(route)
    host = next((host.replace("*", "any") for host in route.hosts if host), "")
    if route.protocol == "http" and route.controller != DIRECT:
        if not host:
            host = _address(route, snapshot, port, protocol)
        if not host:
            return ""
        scheme = "https" if route.tls is not None else "http"
        place = f":{port}" if port and port != _DEFAULT[scheme] else ""
        return f"{scheme}://{host}{place}{_path(route)}"
    address = host if host and host != "any" else _address(route, snapshot, port, protocol)
    return f"{protocol}://{address}:{port}" if address and port else ""


def _port(route: Route) -> tuple[int, str]:
    """The first port that the route is reached at."""
    for words in route.ports:
        place, _, protocol = words.partition("/")
        number = place.rpartition(":")[2].partition("/")[0]
        if number.isdigit():
            return int(number), "udp" if protocol == "udp" else "tcp"
    return 0, "udp" if route.protocol == "udp" else "tcp"


def _path(route: Route) -> str:
    return next((path for negated, path in _PATH.findall(route.match[:8192]) if not negated), "/")


def _address(route: Route, snapshot: Snapshot, port: int, protocol: str) -> str:
    """The address of the service itself, or of one that leads to the route's controller."""
    wanted = f"{port}/{protocol}"
    found = ip_map(snapshot).items
    for item in found:
        if item.ip and item.service == route.ref and wanted in item.ports:
            return _bracketed(item.ip)
    for item in found:
        if item.ip and wanted in item.ports and _leads(item.service, route):
            return _bracketed(item.ip)
    return ""


def _leads(service: Ref, route: Route) -> bool:
    return (
        route.served_by is not None and service.kind == SERVICES.id and service.namespace == route.served_by.namespace
    )


def _bracketed(ip: str) -> str:
    return f"[{ip}]" if ":" in ip else ip
