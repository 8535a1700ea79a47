"""What the list of routes holds. One :class:`Route` is one rule of one object. Times are seconds since 1970, None is "not
known"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pointsman.tui.answers.ips.model import Problem
from pointsman.tui.answers.owners import UNKNOWN, Owner
from pointsman.tui.answers.ref import Ref
from pointsman.tui.answers.routes.parking import Off
from pointsman.tui.model.kinds import KINDS
from pointsman.tui.model.meta import Key

TRAEFIK = "traefik"
CILIUM = "cilium"
DIRECT = ""
"""The controller of a LoadBalancer service without a route: nobody stands between."""
NOT_ASKED = "Traefik API not asked"
FOUND, MISSING, FORBIDDEN, ELSEWHERE, UNREAD = "found", "missing", "forbidden", "elsewhere", "unread"
"""Whether a middleware that a route names is there; elsewhere: it is of another provider, which cannot be seen from here."""
BY_TRAEFIK = "traefik"
"""The kind's id in the ``ref`` of a router that stands behind no object here: a file of Traefik's, Docker, another provider."""
ENABLED, WARNING, DISABLED, NOT_LOADED = "enabled", "warning", "disabled", "missing"
WORST = (NOT_LOADED, DISABLED, WARNING, ENABLED)
"""States of a router from the worst on; ``missing``: a live API has no router of the name."""


@dataclass(frozen=True, slots=True)
class Server:
    """One endpoint of a service port. ``serving`` is what proxies look at: ready, or terminating and still answering."""

    ip: str
    port: int
    ready: bool
    serving: bool
    pod: Key | None = None
    node: str = ""


@dataclass(frozen=True, slots=True)
class Backend:
    """Where a route sends requests. ``ref`` is None for what a proxy answers itself (``api@internal``); ``port`` as the route
    names it, ``number`` the service's port. ``ready`` and ``total`` are None where endpoints cannot be read."""

    name: str
    ref: Ref | None
    port: str = ""
    number: int | None = None
    weight: int | None = None
    servers: tuple[Server, ...] = ()
    ready: int | None = None
    total: int | None = None
    problem: Problem | None = None
    role: str = ""
    """``mirror`` or ``fallback`` for what gets a copy, or the requests only when the first fails."""
    external: str = ""
    """The host of an ExternalName service."""


@dataclass(frozen=True, slots=True)
class Use:
    """A middleware that a route (or its entry point) names, in order. ``ref`` is None where the object does not exist or is
    of another provider (``x@file``); ``why`` then says so, and ``state`` which of these it is."""

    name: str
    ref: Ref | None
    why: str = ""
    by: str = ""
    """The entry point whose default it is; empty for the route's own."""
    inline: Mapping[str, object] = field(default_factory=dict, hash=False)
    """A filter of the Gateway API that stands in the route itself."""
    state: str = FOUND


@dataclass(frozen=True, slots=True)
class Tls:
    """``secret`` is None where the controller's default or a resolver gives the certificate; ``not_after`` its end."""

    secret: Ref | None
    not_after: float | None = None
    detail: str = ""
    passthrough: bool = False


@dataclass(frozen=True, slots=True)
class Live:
    """What the proxy itself says. ``name`` is the router's (the worst one's, where a rule makes several), ``state`` one of
    :data:`WORST` or None for not known; ``why`` says why it is not known, or how old it is; empty for live news.

    ``servers`` are those that Traefik's own health check calls DOWN. ``others`` are further routers of the rule.
    """

    name: str | None = None
    state: str | None = None
    errors: tuple[str, ...] = ()
    why: str = NOT_ASKED
    service: str = ""
    down: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


UNASKED = Live()


@dataclass(frozen=True, slots=True)
class Router:
    """One rule as the controller runs it. ``rank`` orders the routers of one controller, the highest first;
    ``computed`` says that no priority is written in the object. ``error`` is why the controller refuses the rule."""

    rule: str
    syntax: str = "v3"
    priority: int = 0
    computed: bool = True
    rank: tuple[int, ...] = ()
    entry_points: tuple[str, ...] = ()
    tls: bool = False
    passthrough: bool = False
    gateway: Key | None = None
    port: int | None = None
    """The Gateway listener's port."""
    error: str = ""
    names: tuple[str, ...] = ()
    """What Traefik may call it, with the provider; the likeliest first."""


@dataclass(frozen=True, slots=True)
class Route:
    """One rule of an object, or a LoadBalancer service that has no route.

    ``dropped`` says why the controller makes no router of it (it then does not exist for requests), and is empty if it does.
    """

    ref: Ref
    rule_index: int
    protocol: str
    """http, tcp or udp."""
    controller: str
    hosts: tuple[str, ...] = ()
    match: str = ""
    routers: tuple[Router, ...] = ()
    entry_points: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    """Entry points with the ports they are reached at: ``websecure:443``."""
    middlewares: tuple[Use, ...] = ()
    backends: tuple[Backend, ...] = ()
    tls: Tls | None = None
    priority: int | None = None
    owner: Owner = UNKNOWN
    live: Live = UNASKED
    problems: tuple[Problem, ...] = ()
    dropped: str = ""
    served_by: Ref | None = None
    """The workload of the controller, where there are several."""
    off: Off | None = None
    """Switched off by this program, here or elsewhere; ``dropped`` then says so."""

    @property
    def kind(self) -> str:
        """The API's kind, or ``traefik`` for a router of Traefik's that no object here stands behind."""
        found = KINDS.get(self.ref.kind)
        return found.kind if found is not None else self.ref.kind

    @property
    def key(self) -> tuple[str, Key, int]:
        return (self.ref.kind, self.ref.key, self.rule_index)

    @property
    def ready(self) -> int | None:
        return _sum(item.ready for item in self.backends)

    @property
    def total(self) -> int | None:
        return _sum(item.total for item in self.backends)


def _sum(values: object) -> int | None:
    found = [value for value in values if value is not None]  # type: ignore[attr-defined]
    return sum(found) if found else None


@dataclass(frozen=True, slots=True)
class RouteList:
    """``unknown`` says which kinds could not be read; ``assumed`` that no Traefik is among the objects."""

    items: tuple[Route, ...]
    unknown: str = ""
    assumed: bool = False
