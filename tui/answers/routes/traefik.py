"""Traefik's static configuration, as its pod's arguments tell it: entry points, providers, what it may read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pointsman.tui.answers.ref import Ref, ref
from pointsman.tui.answers.stack.traefik import arguments, on
from pointsman.tui.model.core import Workload
from pointsman.tui.model.meta import Obj

ADDRESS = re.compile(r"(?P<ip>.*):(?P<port>[0-9]{1,5})(?:/(?P<protocol>tcp|udp))?")
INTERNAL = "traefik"
PRECEDENCE = ("kubernetesgateway", "kubernetescrd", "kubernetes")
"""Which provider wins at equal priority, the first one first (Traefik 3.7)."""
MOST_PRIORITY = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """``port`` is the container's; ``redirect`` the entry point (or port) that everything is sent to, with its scheme."""

    name: str
    port: int
    protocol: str = "tcp"
    tls: bool = False
    middlewares: tuple[str, ...] = ()
    default: bool = False
    redirect: str = ""
    redirect_scheme: str = "https"
    permanent: bool = True
    redirect_priority: int = MOST_PRIORITY - 1
    sanitize: bool = True


@dataclass(frozen=True, slots=True)
class Traefik:
    """One Traefik. ``ref`` is None for the one that is assumed where none is among the objects."""

    ref: Ref | None
    entry_points: Mapping[str, EntryPoint]
    crd: bool = True
    ingress: bool = True
    gateway: bool = False
    crd_class: str = ""
    ingress_class: str = ""
    cross_namespace: bool = False
    crd_empty: bool = False
    ingress_empty: bool = False
    external_names: bool = False
    crd_external_names: bool = False
    strict_prefix: bool = False
    crd_namespaces: frozenset[str] = frozenset()
    ingress_namespaces: frozenset[str] = frozenset()
    gateway_namespaces: frozenset[str] = frozenset()
    syntax: str = "v3"
    notes: tuple[str, ...] = ()
    precedence: Mapping[str, int] = field(default_factory=dict)
    api: bool = False
    """Whether the API is switched on at all; a router must still lead to it, unless it is ``api_insecure``."""
    api_insecure: bool = False
    api_base: str = ""
    """``api.basePath``, with a leading slash and without a closing one."""
    ping: str = ""
    """The entry point that answers ``/ping``; empty where none does."""
    metrics: str = ""
    """The entry point with Prometheus's metrics, likewise."""
    features: Mapping[str, bool] = field(default_factory=dict)
    """``accessLog`` and ``tracing``."""

    @property
    def assumed(self) -> bool:
        return self.ref is None

    @property
    def defaults(self) -> tuple[str, ...]:
        """The entry points of a route that names none: those marked so, or all for TCP but Traefik's own."""
        marked = tuple(name for name, item in self.entry_points.items() if item.default)
        return marked or tuple(
            name for name, item in self.entry_points.items() if item.protocol == "tcp" and name != INTERNAL
        )

    @property
    def udp_defaults(self) -> tuple[str, ...]:
        return tuple(name for name, item in self.entry_points.items() if item.protocol == "udp")


ASSUMED = Traefik(
    None,
    {"web": EntryPoint("web", 80), "websecure": EntryPoint("websecure", 443, tls=True)},
    gateway=True,
    cross_namespace=True,
    crd_empty=True,
    ingress_empty=True,
    external_names=True,
    crd_external_names=True,
    precedence={name: -index for index, name in enumerate(PRECEDENCE)},
)
"""Where there is no Traefik to read: the entry points that its chart and k3s have, and nothing forbidden."""


def read_traefik(item: Obj[Workload]) -> Traefik:
    values = arguments(item)

    def yes(name: str) -> bool:
        return values.get(name, "").lower() in ("true", "1", "t")

    def words(name: str) -> tuple[str, ...]:
        return tuple(word.strip() for word in values.get(name, "").split(",") if word.strip())

    crd, ingress, gateway = (f"providers.kubernetes{name}" for name in ("crd", "ingress", "gateway"))
    order = words("providers.precedence") or PRECEDENCE
    notes = []
    if "configfile" in values:
        notes.append("Traefik also reads a configuration file, which cannot be seen from here")
    points = _entry_points(values)
    return Traefik(
        ref(item),
        points,
        crd=on(values, crd),
        ingress=on(values, ingress),
        gateway=on(values, gateway),
        crd_class=values.get(f"{crd}.ingressclass", ""),
        ingress_class=values.get(f"{ingress}.ingressclass", ""),
        cross_namespace=yes(f"{crd}.allowcrossnamespace"),
        crd_empty=yes(f"{crd}.allowemptyservices"),
        ingress_empty=yes(f"{ingress}.allowemptyservices"),
        external_names=yes(f"{ingress}.allowexternalnameservices"),
        crd_external_names=yes(f"{crd}.allowexternalnameservices"),
        strict_prefix=yes(f"{ingress}.strictprefixmatching"),
        crd_namespaces=frozenset(words(f"{crd}.namespaces")),
        ingress_namespaces=frozenset(words(f"{ingress}.namespaces")),
        gateway_namespaces=frozenset(words(f"{gateway}.namespaces")),
        syntax=values.get("core.defaultrulesyntax", "v3").lower() or "v3",
        notes=tuple(notes),
        precedence={name.lower(): -index for index, name in enumerate(order)},
        api=on(values, "api"),
        api_insecure=yes("api.insecure"),
        api_base=_base_path(values.get("api.basepath", "")),
        ping=values.get("ping.entrypoint", INTERNAL) if on(values, "ping") else "",
        metrics=values.get("metrics.prometheus.entrypoint", INTERNAL) if on(values, "metrics.prometheus") else "",
        features={"accessLog": on(values, "accesslog"), "tracing": on(values, "tracing")},
    )


def _base_path(text: str) -> str:
    inner = text.strip("/")
    return f"/{inner}" if inner else ""


def _entry_points(values: Mapping[str, str]) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for key, value in values.items():
        parts = key.split(".")
        if len(parts) != 3 or parts[0] != "entrypoints" or parts[2] != "address":
            continue
        match = ADDRESS.fullmatch(value)
        if match is None:
            continue
        name = parts[1]
        base = f"entrypoints.{name}"
        to = f"{base}.http.redirections.entrypoint"
        priority = values.get(f"{to}.priority", "")
        found[name] = EntryPoint(
            name,
            int(match["port"]),
            match["protocol"] or "tcp",
            on(values, f"{base}.http.tls"),
            tuple(word for word in values.get(f"{base}.http.middlewares", "").split(",") if word),
            values.get(f"{base}.asdefault", "").lower() == "true",
            values.get(f"{to}.to", ""),
            values.get(f"{to}.scheme", "https"),
            values.get(f"{to}.permanent", "true").lower() != "false",
            int(priority) if re.fullmatch(r"-?[0-9]{1,19}", priority) else MOST_PRIORITY - 1,
            values.get(f"{base}.http.sanitizepath", "true").lower() != "false",
        )
    return found
