"""Where Traefik's API can be asked: by its arguments and by the routes to ``api@internal``.

Since chart 29 (and so on k3s) the API is on, but nothing leads to it: ``/ping`` answers on the entry point ``traefik`` and
``/api`` is 404. What opens it is ``api.insecure``, or a route to the service ``api@internal``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pointsman.tui.answers.routes.build import base
from pointsman.tui.answers.routes.context import Context
from pointsman.tui.answers.routes.language import Asked, checked_rule
from pointsman.tui.answers.routes.model import Route
from pointsman.tui.answers.routes.traefik import INTERNAL, EntryPoint, Traefik
from pointsman.tui.model.kinds import MIDDLEWARES
from pointsman.tui.model.meta import Key
from pointsman.tui.store.snapshot import Snapshot

API = "api@internal"
DEFAULT_PORT = 8080
LOCKS = ("basicauth", "digestauth", "forwardauth")


@dataclass(frozen=True, slots=True)
class Door:
    """One way in: a port of the pod, and what a request must look like there. ``base`` stands before ``/api``; ``host`` is
    empty where any will do; ``how`` says what opens it, ``sure`` whether something does (else it is only worth a try)."""

    port: int
    base: str = ""
    host: str = ""
    tls: bool = False
    how: str = ""
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Exposure:
    """``doors`` in the order they should be tried. ``why`` says in a sentence why nothing is sure to lead to the API (empty if
    something is), ``mend`` what would, and ``offer`` whether a route on the entry point ``traefik`` would do."""

    traefik: Traefik
    doors: tuple[Door, ...]
    why: str = ""
    mend: str = ""
    offer: bool = False


def exposures(snapshot: Snapshot) -> tuple[Exposure, ...]:
    """One for each Traefik among the objects; none if there is none."""
    made = base(snapshot)
    if made.context.assumed:
        return ()
    return tuple(exposure(made.context, item, made.list.items) for item in made.context.traefiks)


def exposure(ctx: Context, traefik: Traefik, routes: tuple[Route, ...]) -> Exposure:
    point = internal_point(traefik)
    if traefik.api_insecure and traefik.api_base:
        why = "With api.insecure, api.basePath makes both /api and its own path answer 404 (as Traefik 3 is built)."
        return Exposure(traefik, (_try(point),), why, "Remove one of the two arguments.")
    if traefik.api_insecure:
        return Exposure(traefik, (Door(point.port, how="api.insecure"),))
    doors = sorted(
        _by_routes(ctx, traefik, routes), key=lambda door: (bool(door.host), door.tls, door.port != point.port)
    )
    if doors:
        return Exposure(traefik, tuple(doors))
    where = traefik.ref.path if traefik.ref is not None else "Traefik"
    if not traefik.api and not traefik.notes:
        why = f"The API of {where} is off: no argument --api or --api.dashboard."
        return Exposure(
            traefik, (_try(point),), why, "Set api.dashboard: true in the Helm values; that restarts Traefik."
        )
    why = f"The API of {where} is on, but no route leads to {API}, so its port {point.port} answers 404."
    mend = (
        f"An IngressRoute to {API} on the entry point {INTERNAL} opens it, without a restart and not to the LAN"
        " (:setup offers it)."
    )
    offer = traefik.crd and INTERNAL in traefik.entry_points and not ctx.exposed(traefik, point)
    if not offer:
        mend = (
            f"A route to {API} on an entry point that no Service exposes opens it; api.insecure would open it to all."
        )
    return Exposure(traefik, (_try(point),), why, mend, offer)


def internal_point(traefik: Traefik) -> EntryPoint:
    """Traefik's own entry point; it makes one on port 8080 where none is configured."""
    return traefik.entry_points.get(INTERNAL) or EntryPoint(INTERNAL, DEFAULT_PORT)


def api_path(traefik: Traefik) -> str:
    return f"{traefik.api_base}/api"


def _try(point: EntryPoint) -> Door:
    return Door(point.port, how="tried without knowing", sure=False)


def _by_routes(ctx: Context, traefik: Traefik, routes: tuple[Route, ...]) -> Iterator[Door]:
    for route in routes:
        if route.served_by != traefik.ref or route.dropped or route.protocol != "http":
            continue
        if not any(backend.name == API for backend in route.backends):
            continue
        for router in route.routers:
            rule, _ = checked_rule(router.rule, "http", router.syntax)
            host = next((name for name in route.hosts if "*" not in name), "")
            if rule is None or not rule.matches(Asked(host=host, path=f"{api_path(traefik)}/version")):
                continue
            locked = [use.name for use in route.middlewares if use.ref is not None and _locks(ctx, use.ref.key)]
            lock = f", behind the middleware {locked[0]}" if locked else ""
            for name in router.entry_points:
                point = traefik.entry_points.get(name)
                if point is not None and point.protocol == "tcp":
                    yield Door(point.port, traefik.api_base, host, router.tls or point.tls, f"{route.ref.title}{lock}")


def _locks(ctx: Context, key: Key) -> bool:
    obj = ctx.snapshot.get(MIDDLEWARES, *key)
    return obj is not None and any(name.lower() in LOCKS for name in obj.body.spec)
