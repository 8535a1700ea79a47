"""The list of routes of a snapshot. What depends on the objects is kept until one of them changes; what depends on the time
(certificates that end) is added for each picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pointsman.tui.answers.ips.model import Problem
from pointsman.tui.answers.routes.context import Context
from pointsman.tui.answers.routes.duplicates import marked
from pointsman.tui.answers.routes.kinds import KINDS
from pointsman.tui.answers.routes.live import join, key_of
from pointsman.tui.answers.routes.model import Route, RouteList
from pointsman.tui.answers.routes.parking import Off, off_of
from pointsman.tui.answers.words import blind
from pointsman.tui.model import kinds as k
from pointsman.tui.model.times import age
from pointsman.tui.store.memo import memoized
from pointsman.tui.store.snapshot import Snapshot

READS = (
    *(kind for kind, _ in KINDS), k.CONFIGMAPS, k.DAEMONSETS, k.DEPLOYMENTS, k.ENDPOINTSLICES, k.GATEWAYCLASSES,
    k.GATEWAYS, k.HELMCHARTS, k.HELM_RELEASES, k.INGRESSCLASSES, k.MIDDLEWARES, k.MIDDLEWARETCPS, k.NAMESPACES, k.NODES,
    k.REFERENCEGRANTS, k.REPLICASETS, k.STATEFULSETS, k.TLSOPTIONS, k.TLSSTORES, k.TLS_SECRETS, k.TRAEFIKSERVICES,
)  # fmt: skip
SOON = 14 * 86400.0
"""Seconds before a certificate's end from which it is a problem: issuers renew a month ahead."""


@dataclass(frozen=True, slots=True)
class Base:
    """The routes by the objects alone, without what depends on the time, and what they were read with."""

    list: RouteList
    context: Context


def route_list(snapshot: Snapshot) -> RouteList:
    """See the module."""
    found = joined(snapshot)
    if not any(route.tls is not None and route.tls.not_after is not None for route in found.items):
        return found
    return replace(found, items=tuple(_dated(route, snapshot.now) for route in found.items))


@memoized(*READS, also=key_of)
def joined(snapshot: Snapshot) -> RouteList:
    """The routes with what Traefik says of them, still without what depends on the time."""
    made = base(snapshot)
    return replace(made.list, items=marked(join(made.context, made.list.items, snapshot)))


@memoized(*READS)
def base(snapshot: Snapshot) -> Base:
    ctx = Context(snapshot)
    items = []
    for kind, read in KINDS:
        for obj in sorted(snapshot.all(kind), key=lambda item: item.key):
            off = off_of(obj)
            items += [route if off is None else _switched_off(route, off) for route in read(ctx, obj)]
    return Base(RouteList(tuple(items), blind_to(snapshot), ctx.assumed), ctx)


def _switched_off(route: Route, off: Off) -> Route:
    """A route that somebody switched off is as somebody wants it: what its parked field looks like is no problem."""
    by = f" by {off.by}" if off.by else ""
    return replace(route, problems=(), dropped=f"it is switched off{by}", off=off)


def blind_to(snapshot: Snapshot) -> str:
    """Which kinds that decide about routes could not be read. Files are not expected to hold them all."""
    kinds = [kind for kind, _ in KINDS] + [k.MIDDLEWARES, k.ENDPOINTSLICES, k.DEPLOYMENTS, k.GATEWAYS, k.INGRESSCLASSES]
    return blind(snapshot, *(kind for kind in kinds if not snapshot.known(kind)))


def _dated(route: Route, now: float) -> Route:
    tls = route.tls
    if tls is None or tls.not_after is None or tls.not_after - now > SOON:
        return route
    left = tls.not_after - now
    when = f"ended {age(-left)} ago" if left <= 0 else f"ends in {age(left)}"
    where = f"in Secret {tls.secret.path}" if tls.secret is not None else "that Traefik shows"
    problem = Problem("route-certificate", "error" if left <= 0 else "warn", f"the certificate {where} {when}")
    return replace(route, problems=(*route.problems, problem))
