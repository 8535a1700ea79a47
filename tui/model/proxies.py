"""What Traefik itself says of its routers, services and middlewares: projections of its API's answers.

Every field may be missing, unknown or of the wrong type: then it is as if it were not there (Traefik 3.0 to 3.7 differ in
dozens of them). Times stay RFC 3339 strings. Nothing here holds a credential: see :mod:`pointsman.tui.sources.traefik.read`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

INTERNAL: Final = "internal"
"""The provider of what Traefik serves itself: its API, its dashboard, redirects of entry points."""
PROTOCOLS: Final = ("http", "tcp", "udp")


class Router(msgspec.Struct, frozen=True, gc=False):
    """``name`` is with its provider (``media-films-…@kubernetescrd``). ``status`` is enabled, warning or disabled; empty if it
    is not known. ``ingress`` is kind, namespace and name of the object it was made from, where Traefik tells (3.7, HTTP)."""

    name: str
    protocol: str = "http"
    provider: str = ""
    status: str = ""
    errors: tuple[str, ...] = ()
    rule: str = ""
    syntax: str = ""
    priority: int | None = None
    service: str = ""
    entry_points: tuple[str, ...] = ()
    using: tuple[str, ...] = ()
    """The entry points that exist."""
    middlewares: tuple[str, ...] = ()
    tls: bool = False
    passthrough: bool = False
    ingress: tuple[str, str, str] | None = None


class Service(msgspec.Struct, frozen=True, gc=False):
    """``servers`` are URLs or addresses; ``health`` says UP or DOWN of each, and is empty unless Traefik really checks: without
    a health check it reports UP for whatever it has not seen fail. ``children`` are a weighted (or mirroring, failover)
    service's own, with their weights."""

    name: str
    protocol: str = "http"
    provider: str = ""
    type: str = ""
    status: str = ""
    errors: tuple[str, ...] = ()
    used_by: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    health: tuple[tuple[str, str], ...] = ()
    children: tuple[tuple[str, int | None], ...] = ()


class Middleware(msgspec.Struct, frozen=True, gc=False):
    """``body`` is the configuration as JSON text, with every secret in it masked."""

    name: str
    protocol: str = "http"
    provider: str = ""
    type: str = ""
    status: str = ""
    errors: tuple[str, ...] = ()
    used_by: tuple[str, ...] = ()
    body: str = ""


class EntryPoint(msgspec.Struct, frozen=True, gc=False):
    name: str
    address: str = ""


class Certificate(msgspec.Struct, frozen=True, gc=False):
    """One that Traefik holds (3.7). ``status`` is enabled, warning (less than 30 days left) or expired."""

    name: str
    common_name: str = ""
    sans: tuple[str, ...] = ()
    not_after: str = ""
    issuer: str = ""
    status: str = ""


class Replica(msgspec.Struct, frozen=True):
    """One Traefik as it sees itself. ``where`` is ``namespace/pod`` or the address it was asked at; ``workload`` the kind's id,
    namespace and name of what the pod belongs to (None for an address).

    ``certificates`` is None where this version does not tell. ``truncated`` says that there was more than is kept.
    """

    where: str
    workload: tuple[str, str, str] | None = None
    version: str = ""
    routers: tuple[Router, ...] = ()
    services: tuple[Service, ...] = ()
    middlewares: tuple[Middleware, ...] = ()
    entry_points: tuple[EntryPoint, ...] = ()
    certificates: tuple[Certificate, ...] | None = None
    features: Mapping[str, str] = msgspec.field(default_factory=dict)
    """``accessLog``, ``metrics``, ``tracing`` as the overview tells them."""
    providers: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    """Sentences about answers that could not be read, in whole or in part."""


class ProxyState(msgspec.Struct, frozen=True):
    """What all the replicas that answered said last. ``version`` grows with each change; 0: nobody was asked yet."""

    replicas: tuple[Replica, ...] = ()
    silent: tuple[str, ...] = ()
    """Replicas that are there and did not answer, each with why."""
    version: int = 0


RESTING: Final = "asked only while Overview, Routes or a trace is on screen"
"""How the detail of the link ends while nobody looks: what is known is of then, and nothing is wrong."""
NOBODY: Final = ProxyState()
